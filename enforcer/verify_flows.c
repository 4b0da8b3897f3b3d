/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flows that open nothing, because of what runs on this host. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "binding.h"
#include "verify_blind.h"

/* A flow's containers that run, at one end. */
struct end {
	struct container **containers;
	size_t count;
	bool outside; /* the world or the host is at that end, too */
};

static bool takes_part(const struct flow_use *uses, size_t count, uint32_t flow)
{
	for (size_t i = 0; i < count; i++) {
		if (uses[i].flow == flow)
			return true;
	}
	return false;
}

static bool is_outside(const struct flow_peer *peers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (peers[i].kind == FLOW_PEER_WORLD || peers[i].kind == FLOW_PEER_HOST)
			return true;
	}
	return false;
}

static void collect(const struct inventory *inventory, uint32_t flow, bool from, struct end *end)
{
	end->count = 0;
	for (size_t i = 0; i < inventory->container_count; i++) {
		struct container *container = inventory->containers[i];
		const struct flow_use *uses = from ? container->from_flows : container->to_flows;

		if (container->running && takes_part(uses, from ? container->from_count : container->to_count, flow))
			end->containers[end->count++] = container;
	}
}

/* Containers that share a network namespace are reached where its owner is. */
static bool share_network(const struct inventory *inventory, struct container *a, struct container *b)
{
	const struct container *one = inventory_netns_owner(inventory, a), *other = inventory_netns_owner(inventory, b);

	for (size_t i = 0; one && other && i < inventory->network_count; i++) {
		const struct network *network = inventory->networks[i];

		if (network->managed && network_endpoint(network, one->id) && network_endpoint(network, other->id))
			return true;
	}
	return false;
}

/* Whether some pair can talk: on one network, or through a port that is published. */
static bool meet(const struct inventory *inventory, const struct end *from, const struct end *to)
{
	for (size_t i = 0; i < from->count; i++) {
		for (size_t j = 0; j < to->count; j++) {
			if (to->containers[j]->published_count || from->containers[i] == to->containers[j] ||
			    share_network(inventory, from->containers[i], to->containers[j]))
				return true;
		}
	}
	return false;
}

static void print_peer(const struct flow_peer *peer, char text[160])
{
	static const char *const words[] = {
		[FLOW_PEER_ALL] = "*/*",
		[FLOW_PEER_WORLD] = "world",
		[FLOW_PEER_HOST] = "host",
	};

	if (peer->kind == FLOW_PEER_SERVICE)
		snprintf(text, 160, "%s/%s", peer->app, peer->service);
	else if (peer->kind == FLOW_PEER_APP)
		snprintf(text, 160, "%s/*", peer->app);
	else
		snprintf(text, 160, "%s", words[peer->kind]);
}

static void judge(struct verify *verify, const struct flow *flow, const struct flow_app *app, const struct end *from,
		  const struct end *to)
{
	char subject[4300], source[160], destination[160];
	bool nobody_from = !from->count && !from->outside, nobody_to = !to->count && !to->outside;

	snprintf(subject, sizeof(subject), "flow %s:%u", app->file ? app->file : app->name, flow->line);
	print_peer(&flow->from[0], source);
	print_peer(&flow->to[0], destination);
	if (nobody_from || nobody_to)
		verify_find(
			verify, "flow-unmatched", VERIFY_WARN, subject,
			"start them, or look whether the names are right: bulkhead list --endpoints; a flow that is "
			"not needed any more should go",
			"%s%s -> %s%s: no running container is its %s", source, flow->from_count > 1 ? ", ..." : "",
			destination, flow->to_count > 1 ? ", ..." : "",
			nobody_from && nobody_to ? "\"from\", and none its \"to\""
			: nobody_from		 ? "\"from\""
						 : "\"to\"");
	else if (!from->outside && !to->outside && !meet(verify->reconciler->inventory, from, to))
		verify_find(verify, "flow-apart", VERIFY_WARN, subject,
			    "put both on one network (networks: in the Compose file), or publish the port",
			    "%s -> %s: their containers share no managed network, so the flow opens nothing", source,
			    destination);
}

void verify_flows(struct verify *verify)
{
	const struct reconciler *reconciler = verify->reconciler;
	const struct inventory *inventory = reconciler->inventory;
	cleanup_free struct container **sources = calloc(inventory->container_count + 1, sizeof(*sources));
	cleanup_free struct container **destinations = calloc(inventory->container_count + 1, sizeof(*sources));
	size_t count = 0;

	if (!sources || !destinations) {
		verify->out_of_memory = true;
		return;
	}
	for (size_t i = 0; i < reconciler->flows->count; i++)
		count += reconciler->flows->apps[i]->flow_count;
	for (uint32_t i = 0; i < count; i++) {
		const struct flow_app *app;
		const struct flow *flow = binding_flow(reconciler->binding, i, &app);
		struct end from = { .containers = sources }, to = { .containers = destinations };

		from.outside = is_outside(flow->from, flow->from_count);
		to.outside = is_outside(flow->to, flow->to_count);
		collect(inventory, i, true, &from);
		collect(inventory, i, false, &to);
		judge(verify, flow, app, &from, &to);
	}
}
