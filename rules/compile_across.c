/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is declared into a network that the engine routes to.  It opens the ports that are published there at the
 * container's own address, for its other networks too; what is not declared is still denied between the networks.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compile_parts.h"

static bool is_routed(const struct network *network, bool v6)
{
	return v6 ? network->routed6 : network->routed4;
}

static bool any_is_routed(const struct inventory *inventory)
{
	for (size_t i = 0; i < inventory->network_count; i++) {
		const struct network *network = inventory->networks[i];

		if (compile_is_managed(network) && (network->routed4 || network->routed6))
			return true;
	}
	return false;
}

static size_t count_endpoints(const struct inventory *inventory)
{
	size_t count = 0;

	for (size_t i = 0; i < inventory->network_count; i++) {
		if (compile_is_managed(inventory->networks[i]))
			count += inventory->networks[i]->endpoint_count;
	}
	return count;
}

static int collect_network(struct compilation *c, const struct network *network)
{
	for (size_t i = 0; i < network->endpoint_count; i++) {
		const struct endpoint *endpoint = &network->endpoints[i];
		int r = compile_end_init(c, network, endpoint, inventory_container(c->inventory, endpoint->container),
					 &c->ends[c->end_count]);

		if (r < 0)
			return r;
		c->end_count++;
	}
	return 0;
}

/* Every end of the host. */
static int collect_ends(struct compilation *c)
{
	int r = 0;

	c->ends = calloc(count_endpoints(c->inventory) + 1, sizeof(*c->ends));
	if (!c->ends)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < c->inventory->network_count; i++) {
		if (compile_is_managed(c->inventory->networks[i]))
			r = collect_network(c, c->inventory->networks[i]);
	}
	return r;
}

void compile_across_clear(struct compilation *c)
{
	for (size_t i = 0; i < c->end_count; i++)
		compile_end_clear(&c->ends[i]);
	free(c->ends);
	c->ends = NULL;
	c->end_count = 0;
}

static bool is_of(const struct end *end, const char *container)
{
	return strcmp(end->endpoint->container, container) == 0;
}

/* A container reaches its own addresses without leaving its network namespace. */
static int compile_pair(struct compilation *c, const struct end *source, const struct end *destination)
{
	int r = 0;

	if (source->network == destination->network || !source->from_count || !destination->to_count ||
	    is_of(source, destination->endpoint->container))
		return 0;
	if (is_routed(destination->network, false))
		r = compile_flows_family(c, source, destination, false);
	if (r == 0 && is_routed(destination->network, true))
		r = compile_flows_family(c, source, destination, true);
	return r;
}

int compile_across(struct compilation *c, const char *container)
{
	int r = 0;

	if (!any_is_routed(c->inventory))
		return 0;
	if (!c->ends)
		r = collect_ends(c);
	for (size_t i = 0; r == 0 && i < c->end_count; i++) {
		if (container && !is_of(&c->ends[i], container))
			continue;
		for (size_t j = 0; r == 0 && j < c->end_count; j++) {
			r = compile_pair(c, &c->ends[i], &c->ends[j]);
			if (r == 0 && container)
				r = compile_pair(c, &c->ends[j], &c->ends[i]);
		}
	}
	return r;
}
