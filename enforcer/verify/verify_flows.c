/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flows that open nothing, because of what runs on this host. */
#include "verify_flows.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "binding.h"
#include "engine_version.h"

/* The containers that run, and which names of the flow files stand for each. */
struct running {
	struct container **containers;
	bool **matched;
	size_t count;
};

/* Those of them that are at one end of a flow, or are one peer of it. */
struct end {
	struct container **containers;
	size_t count;
	bool outside; /* the world or the host is there, too */
};

/* A flow, as it is judged. */
struct judged {
	struct verify *verify;
	const struct running *running;
	const struct flow *flow;
	uint32_t index;
	char subject[4300];
	struct end from, to, peer;
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

/* Everybody at that end. */
static void collect(const struct judged *judged, bool from, struct end *end)
{
	const struct flow *flow = judged->flow;

	end->count = 0;
	end->outside = from ? is_outside(flow->from, flow->from_count) : is_outside(flow->to, flow->to_count);
	for (size_t i = 0; i < judged->running->count; i++) {
		struct container *container = judged->running->containers[i];

		if (from ? takes_part(container->from_flows, container->from_count, judged->index)
			 : takes_part(container->to_flows, container->to_count, judged->index))
			end->containers[end->count++] = container;
	}
}

/* One peer of the list at that end, alone. */
static void collect_peer(struct judged *judged, bool from, size_t peer)
{
	const struct binding *binding = judged->verify->binding;
	struct end *end = &judged->peer;

	end->count = 0;
	end->outside = is_outside(from ? &judged->flow->from[peer] : &judged->flow->to[peer], 1);
	for (size_t i = 0; i < judged->running->count; i++) {
		if (binding_is_peer(binding, judged->running->matched[i], judged->index, from, peer))
			end->containers[end->count++] = judged->running->containers[i];
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

/* Whether it lives on a managed network with an address of that family; routed: on one that the engine routes to. */
static bool lives(const struct inventory *inventory, const struct container *container, uint8_t family, bool routed)
{
	for (size_t i = 0; i < inventory->network_count; i++) {
		const struct network *network = inventory->networks[i];
		const struct endpoint *endpoint = network->managed ? network_endpoint(network, container->id) : NULL;
		bool v6 = family == ADDRESS_IPV6;

		if (endpoint && (v6 ? endpoint->ipv6.family : endpoint->ipv4.family) &&
		    (!routed || (v6 ? network->routed6 : network->routed4)))
			return true;
	}
	return false;
}

static bool covers(const struct flow *flow, const struct published_port *port)
{
	static const uint8_t numbers[] = {
		[FLOW_TCP] = IPPROTO_TCP,
		[FLOW_UDP] = IPPROTO_UDP,
		[FLOW_SCTP] = IPPROTO_SCTP,
	};

	for (size_t i = 0; i < flow->port_count; i++) {
		const struct flow_port *declared = &flow->ports[i];

		if (declared->protocol == FLOW_ANY ||
		    (declared->protocol != FLOW_ICMP && numbers[declared->protocol] == port->protocol &&
		     declared->first <= port->container_port && port->container_port <= declared->last))
			return true;
	}
	return false;
}

/* Whether anything of what the flow declares is published at an address of the host. */
static bool publishes(const struct flow *flow, const struct container *container)
{
	for (size_t i = 0; i < container->published_count; i++) {
		if (covers(flow, &container->published[i]))
			return true;
	}
	return false;
}

/* Whether the engine opens, at the container's own address of that family, anything of what the flow declares. */
static bool opens(const struct flow *flow, const struct container *container, uint8_t family)
{
	for (size_t i = 0; i < container->direct_count; i++) {
		if (container->direct[i].address.family == family && covers(flow, &container->direct[i]))
			return true;
	}
	return false;
}

/* What the engine lets pass into every network that it routes to, from its other networks since 28. */
static bool pings(const struct judged *judged)
{
	const struct docker_version *version = judged->verify->version;

	for (size_t i = 0; version && i < judged->flow->port_count; i++) {
		enum flow_protocol protocol = judged->flow->ports[i].protocol;

		if ((protocol == FLOW_ICMP || protocol == FLOW_ANY) &&
		    engine_version_compare(version->version, "28") >= 0)
			return true;
	}
	return false;
}

/* From one network into another one that the engine routes to. */
static bool is_routed_to(const struct judged *judged, struct container *from, struct container *to)
{
	const struct inventory *inventory = judged->verify->inventory;
	static const uint8_t families[] = { ADDRESS_IPV4, ADDRESS_IPV6 };
	const struct container *source = inventory_netns_owner(inventory, from);
	const struct container *destination = inventory_netns_owner(inventory, to);

	for (size_t i = 0; source && destination && i < sizeof(families); i++) {
		if ((opens(judged->flow, destination, families[i]) || pings(judged)) &&
		    lives(inventory, source, families[i], false) && lives(inventory, destination, families[i], true))
			return true;
	}
	return false;
}

/* Whether some pair can talk: on one network, through a port that is published, or because the engine routes. */
static bool meet(const struct judged *judged, const struct end *from, const struct end *to)
{
	const struct inventory *inventory = judged->verify->inventory;

	for (size_t i = 0; i < from->count; i++) {
		for (size_t j = 0; j < to->count; j++) {
			if (publishes(judged->flow, to->containers[j]) || from->containers[i] == to->containers[j] ||
			    share_network(inventory, from->containers[i], to->containers[j]) ||
			    is_routed_to(judged, from->containers[i], to->containers[j]))
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

/* "shop/web, ...": the whole list of that end. */
static void print_end(const struct judged *judged, bool from, char text[170])
{
	const struct flow *flow = judged->flow;
	char first[160];

	print_peer(from ? &flow->from[0] : &flow->to[0], first);
	snprintf(text, 170, "%s%s", first, (from ? flow->from_count : flow->to_count) > 1 ? ", ..." : "");
}

static void say(struct judged *judged, const char *id, bool from, size_t peer, const char *remedy, const char *what)
{
	char one[160], others[170];

	print_peer(from ? &judged->flow->from[peer] : &judged->flow->to[peer], one);
	print_end(judged, !from, others);
	verify_find(judged->verify, id, VERIFY_WARN, judged->subject, remedy, "%s -> %s: %s", from ? one : others,
		    from ? others : one, what);
}

/* Each peer of a list opens something, or does not.  Returns how many of them have somebody whom they do not reach. */
static size_t judge_end(struct judged *judged, bool from, bool say_apart)
{
	const struct end *others = from ? &judged->to : &judged->from;
	size_t peers = from ? judged->flow->from_count : judged->flow->to_count, apart = 0;

	for (size_t i = 0; i < peers; i++) {
		collect_peer(judged, from, i);
		if (judged->peer.outside)
			continue;
		if (!judged->peer.count) {
			say(judged, "flow-unmatched", from, i,
			    "start them, or look whether the names are right: bulkhead list --endpoints; a flow that "
			    "is "
			    "not needed any more should go",
			    from ? "no running container is its \"from\"" : "no running container is its \"to\"");
			continue;
		}
		if (others->outside || !others->count ||
		    meet(judged, from ? &judged->peer : others, from ? others : &judged->peer))
			continue;
		apart++;
		if (say_apart)
			say(judged, "flow-apart", from, i,
			    "put both on one network (networks: in the Compose file), or publish the port",
			    "their containers share no managed network, so the flow opens nothing");
	}
	return apart;
}

static size_t count_inside(const struct judged *judged)
{
	size_t count = 0;

	for (size_t i = 0; i < judged->flow->from_count; i++)
		count += !is_outside(&judged->flow->from[i], 1);
	return count;
}

static void judge(struct judged *judged, const struct flow_app *app)
{
	size_t apart;

	snprintf(judged->subject, sizeof(judged->subject), "flow %s:%u", app->file ? app->file : app->name,
		 judged->flow->line);
	collect(judged, true, &judged->from);
	collect(judged, false, &judged->to);
	apart = judge_end(judged, true, true);
	/* Where nobody reaches anybody that is said. */
	(void)judge_end(judged, false, apart < count_inside(judged));
}

static void running_clear(struct running *running)
{
	for (size_t i = 0; i < running->count; i++)
		free(running->matched[i]);
	free(running->matched);
	free(running->containers);
}

static int find_running(const struct verify *verify, struct running *running)
{
	const struct inventory *inventory = verify->inventory;

	running->containers = calloc(inventory->container_count + 1, sizeof(*running->containers));
	running->matched = calloc(inventory->container_count + 1, sizeof(*running->matched));
	if (!running->containers || !running->matched)
		return -ENOMEM;
	for (size_t i = 0; i < inventory->container_count; i++) {
		struct container *container = inventory->containers[i];

		if (!container->running)
			continue;
		if (binding_match(verify->binding, container, &running->matched[running->count]) < 0)
			return -ENOMEM;
		running->containers[running->count++] = container;
	}
	return 0;
}

static void judge_all(struct verify *verify, const struct running *running)
{
	cleanup_free struct container **room = calloc(3 * (running->count + 1), sizeof(*room));
	struct judged judged = { .verify = verify, .running = running };
	size_t count = 0;

	if (!room) {
		verify->out_of_memory = true;
		return;
	}
	judged.from.containers = room;
	judged.to.containers = room + running->count + 1;
	judged.peer.containers = room + 2 * (running->count + 1);
	for (size_t i = 0; i < verify->flows->count; i++)
		count += verify->flows->apps[i]->flow_count;
	for (uint32_t i = 0; i < count; i++) {
		const struct flow_app *app;

		judged.index = i;
		judged.flow = binding_flow(verify->binding, i, &app);
		judge(&judged, app);
	}
}

void verify_flows(struct verify *verify)
{
	struct running running = { 0 };

	if (find_running(verify, &running) < 0)
		verify->out_of_memory = true;
	else
		judge_all(verify, &running);
	running_clear(&running);
}
