/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile_parts.h"

static int compile_bridge(struct compilation *c, enum policy_set set, const char *bridge, const char *comment)
{
	struct policy_record record = { .set = set, .comment = comment };

	snprintf(record.link, sizeof(record.link), "%s", bridge);
	return policy_add(c->policy, &record);
}

static int endpoint_end(const struct compilation *c, const struct network *network, const struct endpoint *endpoint,
			struct end *ret_end)
{
	return compile_end_init(c, network, endpoint, inventory_container(c->inventory, endpoint->container), ret_end);
}

static void free_ends(struct end *ends, size_t count)
{
	for (size_t i = 0; i < count; i++)
		compile_end_clear(&ends[i]);
	free(ends);
}

/* All ends of a network; *ret_ends has room for one more than there are. */
static int network_ends(const struct compilation *c, const struct network *network, struct end **ret_ends)
{
	struct end *ends = calloc(network->endpoint_count + 1, sizeof(*ends));

	if (!ends)
		return -ENOMEM;
	for (size_t i = 0; i < network->endpoint_count; i++) {
		int r = endpoint_end(c, network, &network->endpoints[i], &ends[i]);

		if (r < 0) {
			free_ends(ends, i);
			return r;
		}
	}
	*ret_ends = ends;
	return 0;
}

/* All that an endpoint has for itself. */
static int compile_own(struct compilation *c, const struct end *end)
{
	int r = compile_endpoint(c, end);

	return r < 0 ? r : compile_boundary(c, end);
}

static int compile_to_all_published(struct compilation *c, const struct end *end)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->publisher_count; i++)
		r = compile_to_published(c, end, &c->publishers[i]);
	return r;
}

/* Whether somebody behind the endpoint routes for others. */
static int is_unguarded(const struct compilation *c, const struct network *network, const struct endpoint *endpoint,
			bool *ret_unguarded)
{
	const struct container *container = inventory_container(c->inventory, endpoint->container);
	struct end end;
	int r;

	*ret_unguarded = container && container->unguarded;
	if (*ret_unguarded || !c->inventory->sharing)
		return 0;
	r = endpoint_end(c, network, endpoint, &end);
	if (r < 0)
		return r;
	*ret_unguarded = end.unguarded;
	compile_end_clear(&end);
	return 0;
}

/* The network's own record, whichever of its endpoints is looked at: it must not go with one of two. */
static int compile_routed(struct compilation *c, const struct network *network)
{
	bool unguarded = false;
	int r = 0;

	for (size_t i = 0; r == 0 && !unguarded && i < network->endpoint_count; i++)
		r = is_unguarded(c, network, &network->endpoints[i], &unguarded);
	return r == 0 && unguarded ? compile_bridge(c, POLICY_ROUTED, network->bridge, network->name) : r;
}

static int compile_network(struct compilation *c, const struct network *network)
{
	struct end *ends = NULL;
	size_t count = network->endpoint_count;
	int r;

	if (!compile_is_managed(network))
		return 0;
	r = compile_bridge(c, POLICY_NETWORKS, network->bridge, network->name);
	if (r == 0)
		r = compile_bridge(c, POLICY_BRIDGES, network->bridge, network->name);
	if (r == 0)
		r = compile_bridge(c, POLICY_GUARDED, network->bridge, network->name);
	if (r == 0)
		r = compile_routed(c, network);
	if (r == 0)
		r = network_ends(c, network, &ends);
	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < count; i++) {
		r = compile_own(c, &ends[i]);
		for (size_t j = 0; r == 0 && j < count; j++) {
			if (i != j)
				r = compile_flows(c, &ends[i], &ends[j]);
		}
		if (r == 0)
			r = compile_to_all_published(c, &ends[i]);
	}
	free_ends(ends, count);
	return r;
}

static int compile_links(struct compilation *c, const struct compile_links *links)
{
	int r = 0;

	for (size_t i = 0; r == 0 && links && i < links->closed_count; i++) {
		r = compile_bridge(c, POLICY_BRIDGES, links->closed[i], COMPILE_CLOSED_COMMENT);
		if (r == 0)
			r = compile_bridge(c, POLICY_GUARDED, links->closed[i], COMPILE_CLOSED_COMMENT);
	}
	for (size_t i = 0; r == 0 && links && i < links->foreign_count; i++)
		r = compile_bridge(c, POLICY_FOREIGN, links->foreign[i], "not managed by bulkhead");
	return r;
}

/* Ends a compilation: the policy goes to the caller, or is freed. */
static int finish(struct compilation *c, int r, struct policy **ret_policy, struct error *err)
{
	compile_ranges_clear(c);
	compile_publishers_clear(c);
	compile_states_clear(c);
	compile_across_clear(c);
	if (r < 0) {
		policy_free(c->policy);
		return error_oom(err);
	}
	policy_finish(c->policy);
	policy_merge(c->policy);
	*ret_policy = c->policy;
	return 0;
}

int compile_all(const struct binding *binding, const struct inventory *inventory, const struct compile_links *links,
		struct policy **ret_policy, struct error *err)
{
	struct compilation c = { .binding = binding, .inventory = inventory, .policy = policy_new() };
	int r = c.policy ? compile_links(&c, links) : -ENOMEM;

	if (r == 0)
		r = compile_publishers(&c);
	for (size_t i = 0; r == 0 && i < c.publisher_count; i++)
		r = compile_published(&c, &c.publishers[i]);
	if (r == 0)
		r = compile_unsettled(&c);
	for (size_t i = 0; r == 0 && i < inventory->network_count; i++)
		r = compile_network(&c, inventory->networks[i]);
	if (r == 0)
		r = compile_across(&c, NULL);
	return finish(&c, r, ret_policy, err);
}

/* The endpoint itself, and both directions between it and each of its neighbours. */
static int compile_place(struct compilation *c, const struct network *network, const char *container)
{
	const struct endpoint *endpoint = network_endpoint(network, container);
	struct end end, neighbour;
	int r;

	if (!endpoint)
		return 0;
	r = endpoint_end(c, network, endpoint, &end);
	if (r < 0)
		return r;
	r = compile_own(c, &end);
	/* Without a flow there is no pair either; most strangers end here. */
	for (size_t i = 0; r == 0 && (end.from_count || end.to_count) && i < network->endpoint_count; i++) {
		if (&network->endpoints[i] == endpoint)
			continue;
		r = endpoint_end(c, network, &network->endpoints[i], &neighbour);
		if (r < 0)
			break;
		r = compile_flows(c, &end, &neighbour);
		if (r == 0)
			r = compile_flows(c, &neighbour, &end);
		compile_end_clear(&neighbour);
	}
	compile_end_clear(&end);
	return r;
}

/* From one endpoint to one publisher, or to all of them (NULL). */
static int compile_to_published_from(struct compilation *c, const struct network *network,
				     const struct endpoint *endpoint, const struct publisher *publisher)
{
	struct end end;
	int r = endpoint_end(c, network, endpoint, &end);

	if (r < 0)
		return r;
	r = publisher ? compile_to_published(c, &end, publisher) : compile_to_all_published(c, &end);
	compile_end_clear(&end);
	return r;
}

/* All that a container publishes, and everybody's way to it. */
static int compile_publisher(struct compilation *c, const struct publisher *publisher)
{
	int r = compile_published(c, publisher);

	for (size_t i = 0; i < c->inventory->network_count; i++) {
		const struct network *network = c->inventory->networks[i];

		for (size_t j = 0; r == 0 && compile_is_managed(network) && j < network->endpoint_count; j++)
			r = compile_to_published_from(c, network, &network->endpoints[j], publisher);
	}
	return r;
}

/* What a container has wherever it lives: its own published ports, and its ways to those of all others. */
static int compile_container(struct compilation *c, const char *id)
{
	const struct container *container = inventory_container(c->inventory, id);
	int r = 0;

	if (!container)
		return 0;
	for (size_t i = 0; r == 0 && i < c->publisher_count; i++) {
		if (c->publishers[i].end.container == container)
			r = compile_publisher(c, &c->publishers[i]);
	}
	for (size_t i = 0; r == 0 && c->publisher_count && i < c->inventory->network_count; i++) {
		const struct network *network = c->inventory->networks[i];
		const struct endpoint *endpoint = compile_is_managed(network) ? network_endpoint(network, id) : NULL;

		if (endpoint)
			r = compile_to_published_from(c, network, endpoint, NULL);
	}
	return r;
}

/* The same, and into networks that the engine routes to. */
static int compile_everywhere(struct compilation *c, const char *id)
{
	int r = compile_container(c, id);

	return r < 0 ? r : compile_across(c, id);
}

/* Whether anybody in the scope publishes ports, or may be on the way to those of others; most are strangers. */
static bool needs_publishers(const struct inventory *inventory, const struct inventory_scope *scope)
{
	for (size_t i = 0; inventory->publishing && i < scope->count; i++) {
		const struct container *container = inventory_container(inventory, scope->items[i].container);

		if (container && (container->published_count || container->from_count || inventory->sharing))
			return true;
	}
	return false;
}

/* Whether an earlier item of the scope is of the same container. */
static bool is_repeated(const struct inventory_scope *scope, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (strcmp(scope->items[i].container, scope->items[index].container) == 0)
			return true;
	}
	return false;
}

int compile_scope(const struct binding *binding, const struct inventory *inventory, const struct inventory_scope *scope,
		  struct policy **ret_policy, struct error *err)
{
	struct compilation c = { .binding = binding, .inventory = inventory, .policy = policy_new() };
	/* What the whole host shares is the same before and after, unless the scope's containers are the cause. */
	int r = c.policy ? compile_unsettled(&c) : -ENOMEM;

	if (r == 0 && needs_publishers(inventory, scope))
		r = compile_publishers(&c);
	for (size_t i = 0; r == 0 && i < scope->count; i++) {
		const struct network *network = inventory_network(inventory, scope->items[i].network);

		if (network && compile_is_managed(network))
			r = compile_routed(&c, network) ?: compile_place(&c, network, scope->items[i].container);
		if (r == 0 && !is_repeated(scope, i))
			r = compile_everywhere(&c, scope->items[i].container);
	}
	return finish(&c, r, ret_policy, err);
}
