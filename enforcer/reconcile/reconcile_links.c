/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile_links.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chosen_ports.h"
#include "reconcile_state.h"
#include "resolvers.h"

/* "br-" and the first twelve digits of a network's id: only the engine names bridges so. */
static bool named_by_docker(const char *name)
{
	return strncmp(name, "br-", 3) == 0 && strlen(name) == 15 && strspn(name + 3, "0123456789abcdef") == 12;
}

static const struct network *network_of_bridge(const struct inventory *inventory, const char *bridge)
{
	for (size_t i = 0; inventory && i < inventory->network_count; i++) {
		if (strcmp(inventory->networks[i]->bridge, bridge) == 0)
			return inventory->networks[i];
	}
	return NULL;
}

/* Whether our rule for unknown "br-…" bridges would close a bridge that is none of ours.  A bridge that is named by
 * Docker, and whose network we do not know, belongs to a network that is just being made: it stays closed. */
static bool is_foreign(const struct inventory *inventory, const char *name)
{
	const struct network *network = network_of_bridge(inventory, name);

	if (strncmp(name, "br-", 3) != 0)
		return false;
	return network ? !network->managed : !named_by_docker(name);
}

void reconcile_follow_bridges(struct reconciler *r)
{
	r->bridges_followed = true;
}

void reconcile_bridges_changed(struct reconciler *r, bool away)
{
	r->bridges_known = false;
	r->whose.away = away;
}

/* Asks the kernel for the bridges. */
static int read_bridges(struct reconciler *r, struct error *err)
{
	char(*names)[16];
	size_t count;
	int result = links_bridges(r->links, &names, &count, err);

	if (result < 0)
		return result;
	/* Without a listener, and without one's word, nobody is there to release them. */
	if ((r->bridges_followed || r->closed_count) &&
	    reconcile_bridges_look(&r->whose, r->links, names, count, r->closed, r->closed_count) < 0) {
		free(names);
		return error_oom(err);
	}
	free(r->bridges);
	r->bridges = names;
	r->bridge_count = count;
	r->bridges_known = r->bridges_followed;
	return 0;
}

/* Observing closes nothing. */
static bool closes_unclaimed(const struct reconciler *r)
{
	return binding_defaults(r->binding)->mode != FLOW_MODE_OBSERVE;
}

static int collect_closed(const struct reconciler *r, struct compile_links *links)
{
	char(*names)[16] = calloc(r->closed_count + r->whose.count + 1, sizeof(*names));
	size_t count = 0;

	if (!names)
		return -ENOMEM;
	/* Once the engine has spoken, its networks say what is closed. */
	for (size_t i = 0; !r->inventory && i < r->closed_count; i++)
		memcpy(names[count++], r->closed[i], sizeof(*names));
	for (size_t i = 0; closes_unclaimed(r) && i < r->whose.count; i++) {
		if (reconcile_bridge_is_closed(&r->whose.items[i], r->inventory))
			memcpy(names[count++], r->whose.items[i].name, sizeof(*names));
	}
	links->closed = names;
	links->closed_count = count;
	return 0;
}

bool reconcile_unclaimed_bridges(const struct reconciler *r, bool lately)
{
	return r->inventory && reconcile_bridges_doubt(&r->whose, r->inventory, lately);
}

bool reconcile_listed(struct reconciler *r, struct network *const *networks, size_t count, uint64_t asked,
		      void (*say)(const char *id, void *data), void *data)
{
	bool complete = true, released;

	for (size_t i = 0; r->inventory && i < count; i++) {
		if (!networks[i]->managed || inventory_network(r->inventory, networks[i]->id))
			continue;
		complete = false;
		say(networks[i]->id, data);
	}
	if (!r->inventory)
		return false;
	released = reconcile_bridges_judge_list(&r->whose, networks, count, asked, r->inventory);
	if (complete && asked > r->inventory->asked)
		r->inventory->asked = asked;
	r->doubtful = r->doubtful || released;
	return released;
}

int reconcile_closed_bridges(const struct reconciler *r, char (**ret_names)[16], size_t *ret_count)
{
	struct compile_links links = { 0 };

	if (collect_closed(r, &links) < 0)
		return -ENOMEM;
	*ret_names = links.closed;
	*ret_count = links.closed_count;
	return 0;
}

static bool is_closed(const struct compile_links *links, const char *name)
{
	for (size_t i = 0; i < links->closed_count; i++) {
		if (strcmp(links->closed[i], name) == 0)
			return true;
	}
	return false;
}

int reconcile_links_collect(struct reconciler *r, struct compile_links *ret_links, struct error *err)
{
	int result = r->bridges_known ? 0 : read_bridges(r, err);

	if (result < 0)
		return result;
	ret_links->foreign = calloc(r->bridge_count + 1, sizeof(*ret_links->foreign));
	if (!ret_links->foreign || collect_closed(r, ret_links) < 0) {
		reconcile_links_clear(ret_links);
		return error_oom(err);
	}
	for (size_t i = 0; i < r->bridge_count; i++) {
		if (is_foreign(r->inventory, r->bridges[i]) && !is_closed(ret_links, r->bridges[i]))
			memcpy(ret_links->foreign[ret_links->foreign_count++], r->bridges[i],
			       sizeof(*ret_links->foreign));
	}
	return 0;
}

void reconcile_links_clear(struct compile_links *links)
{
	free(links->foreign);
	free(links->closed);
	memset(links, 0, sizeof(*links));
}

static bool has_link(char (*names)[16], size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

const struct network *reconcile_elsewhere(const struct reconciler *r)
{
	for (size_t i = 0; r->inventory && i < r->inventory->network_count; i++) {
		const struct network *network = r->inventory->networks[i];

		if (network->managed && network->bridge[0] && !has_link(r->bridges, r->bridge_count, network->bridge))
			return network;
	}
	return NULL;
}

int reconcile_links_check(struct reconciler *r, const struct inventory *inventory, struct error *err)
{
	const struct network *missing = NULL;
	size_t managed = 0, absent = 0;
	/* Read again: the engine may tell of a bridge before the news of its link was read. */
	int result = read_bridges(r, err);

	if (result < 0)
		return result;
	for (size_t i = 0; i < inventory->network_count; i++) {
		const struct network *network = inventory->networks[i];

		if (!network->managed || !network->bridge[0])
			continue;
		managed++;
		if (!has_link(r->bridges, r->bridge_count, network->bridge)) {
			absent++;
			missing = network;
		}
	}
	/* A single missing bridge may just have been removed: the next event will tell.  If all are missing, the engine
	 * is that of another host or namespace. */
	if (managed && absent == managed)
		return error_set(err, -ENXIO,
				 "the engine's network %s has the bridge %s, which is not a link of this network "
				 "namespace: the engine is on another host, or rootless; run bulkhead where the engine "
				 "runs (for a rootless engine: inside its network namespace)",
				 missing->name, missing->bridge);
	return 0;
}

int reconcile_look_at_ports(struct reconciler *r, struct error *err)
{
	struct port *ports;
	size_t count;
	int result = links_ports(r->links, &ports, &count, err);

	if (result == 0)
		free(ports);
	return result;
}

static bool has_unknown_port(const struct inventory *inventory, const struct network *network, bool only_new)
{
	for (size_t i = 0; i < inventory->port_count; i++) {
		const struct port *port = &inventory->ports[i];
		bool newer = network_is_newer(network, port);

		if (strcmp(port->bridge, network->bridge) == 0 &&
		    (!newer || (!only_new && !network_tells_of(network, port->mac))))
			return true;
	}
	return false;
}

size_t reconcile_unknown_ports(const struct reconciler *r, bool only_new, void (*say)(const char *id, void *data),
			       void *data)
{
	const struct inventory *inventory = r->inventory;
	size_t count = 0;

	for (size_t i = 0; inventory && i < inventory->network_count; i++) {
		const struct network *network = inventory->networks[i];

		if (!network->managed || !has_unknown_port(inventory, network, only_new))
			continue;
		if (say)
			say(network->id, data);
		count++;
	}
	return count;
}

int reconcile_links_look(struct reconciler *r, const struct config *config, struct inventory *inventory,
			 struct error *err)
{
	struct address *resolvers;
	struct port *ports;
	size_t port_count, resolver_count;
	int result = links_ports(r->links, &ports, &port_count, err);

	if (result < 0)
		return result;
	(void)inventory_set_ports(inventory, ports, port_count, NULL);
	result = resolvers_read(config, &resolvers, &resolver_count, err);
	if (result < 0)
		return result;
	free(inventory->resolvers);
	inventory->resolvers = resolvers;
	inventory->resolver_count = resolver_count;
	chosen_ports_read(&inventory->chosen_first, &inventory->chosen_last);
	return 0;
}
