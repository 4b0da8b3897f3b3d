/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compile.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* One end of a pair: an endpoint with everybody who stands behind it. Usually that is one container; containers that
 * share a network namespace share its addresses too, so the address may do what any of them may. */
struct end {
	const struct network *network;
	const struct endpoint *endpoint;
	const struct container *container; /* NULL while the engine has not told us who it is */
	const struct flow_use *from, *to;
	size_t from_count, to_count;
	bool observed;
	struct flow_use *owned_from, *owned_to; /* where they had to be merged */
	char *services;				/* owned */
};

static void end_clear(struct end *end)
{
	free(end->owned_from);
	free(end->owned_to);
	free(end->services);
	memset(end, 0, sizeof(*end));
}

/* The ranges declared between one source and one destination, before they are made disjoint. */
struct range {
	uint8_t protocol_first, protocol_last;
	uint32_t first, last;
	char comment[POLICY_COMMENT_MAX + 1];
};

struct compilation {
	const struct binding *binding;
	const struct inventory *inventory;
	struct policy *policy;
	struct range *ranges;
	size_t range_count, range_capacity;
};

static int merge_uses(const struct flow_use *more, size_t more_count, struct flow_use **uses, size_t *count)
{
	struct flow_use *merged = calloc(*count + more_count + 1, sizeof(*merged));
	size_t i = 0, j = 0, n = 0;

	if (!merged)
		return -ENOMEM;
	while (i < *count || j < more_count) {
		if (j == more_count || (i < *count && (*uses)[i].flow <= more[j].flow)) {
			if (j < more_count && (*uses)[i].flow == more[j].flow)
				j++;
			merged[n++] = (*uses)[i++];
		} else {
			merged[n++] = more[j++];
		}
	}
	free(*uses);
	*uses = merged;
	*count = n;
	return 0;
}

static int join_services(char **services, const char *more)
{
	char *joined;

	if (!more || !*more || strcmp(*services, more) == 0)
		return 0;
	joined = realloc(*services, strlen(*services) + strlen(", ") + strlen(more) + 1);
	if (!joined)
		return -ENOMEM;
	if (*joined)
		strcat(joined, ", ");
	strcat(joined, more);
	*services = joined;
	return 0;
}

/* Adds what `other` may do to an end whose network namespace it shares. */
static int end_join(struct end *end, const struct container *other)
{
	if (merge_uses(other->from_flows, other->from_count, &end->owned_from, &end->from_count) < 0 ||
	    merge_uses(other->to_flows, other->to_count, &end->owned_to, &end->to_count) < 0 ||
	    join_services(&end->services, other->services) < 0)
		return -ENOMEM;
	end->from = end->owned_from;
	end->to = end->owned_to;
	end->observed = end->observed && other->observed;
	return 0;
}

static int copy_uses(struct end *end)
{
	if (merge_uses(end->from, end->from_count, &end->owned_from, &(size_t){ 0 }) < 0 ||
	    merge_uses(end->to, end->to_count, &end->owned_to, &(size_t){ 0 }) < 0)
		return -ENOMEM;
	return 0;
}

static int end_init(const struct compilation *c, const struct network *network, const struct endpoint *endpoint,
		    struct end *ret_end)
{
	struct container *container = inventory_container(c->inventory, endpoint->container);
	struct end end = { .network = network, .endpoint = endpoint, .container = container };

	if (container) {
		end.from = container->from_flows;
		end.from_count = container->from_count;
		end.to = container->to_flows;
		end.to_count = container->to_count;
		end.observed = container->observed;
	}
	end.services = strdup(container && container->services ? container->services : "");
	if (!end.services)
		return -ENOMEM;
	for (size_t i = 0; container && c->inventory->sharing && i < c->inventory->container_count; i++) {
		struct container *other = c->inventory->containers[i];

		if (!other->shares || !other->running || inventory_netns_owner(c->inventory, other) != container)
			continue;
		if ((!end.owned_from && copy_uses(&end) < 0) || end_join(&end, other) < 0) {
			end_clear(&end);
			return -ENOMEM;
		}
	}
	*ret_end = end;
	return 0;
}

static const char *end_name(const struct end *end)
{
	if (end->container && end->container->name)
		return end->container->name;
	return end->endpoint->name ? end->endpoint->name : end->endpoint->container;
}

/* A peer as the app's file says it. */
static void peer_text(const struct flow_app *app, const struct flow_peer *peer, char *text, size_t size)
{
	bool own = peer->app && strcmp(peer->app, app->name) == 0;

	switch (peer->kind) {
	case FLOW_PEER_SERVICE:
		snprintf(text, size, "%s%s%s", own ? "" : peer->app, own ? "" : "/", peer->service);
		break;
	case FLOW_PEER_APP:
		snprintf(text, size, "%s%s*", own ? "" : peer->app, own ? "" : "/");
		break;
	case FLOW_PEER_ALL:
		snprintf(text, size, "*/*");
		break;
	case FLOW_PEER_WORLD:
		snprintf(text, size, "world");
		break;
	case FLOW_PEER_HOST:
		snprintf(text, size, "host");
		break;
	}
}

static void flow_comment(const struct flow_app *app, const struct flow *flow, const struct end *source, uint32_t from,
			 const struct end *destination, uint32_t to, char text[POLICY_COMMENT_MAX + 1])
{
	struct policy_flow_comment parts;

	snprintf(parts.app, sizeof(parts.app), "%s", app->name);
	peer_text(app, &flow->from[from], parts.from, sizeof(parts.from));
	peer_text(app, &flow->to[to], parts.to, sizeof(parts.to));
	snprintf(parts.source, sizeof(parts.source), "%s", end_name(source));
	snprintf(parts.destination, sizeof(parts.destination), "%s", end_name(destination));
	policy_flow_comment_format(&parts, text);
}

static int add_range(struct compilation *c, uint8_t protocol_first, uint8_t protocol_last, const struct flow_port *port,
		     const char *comment)
{
	struct range *range;

	if (c->range_count == c->range_capacity) {
		size_t capacity = c->range_capacity ? c->range_capacity * 2 : 16;
		struct range *ranges = realloc(c->ranges, capacity * sizeof(*ranges));

		if (!ranges)
			return -ENOMEM;
		c->ranges = ranges;
		c->range_capacity = capacity;
	}
	range = &c->ranges[c->range_count++];
	range->protocol_first = protocol_first;
	range->protocol_last = protocol_last;
	range->first = port->first;
	range->last = port->last;
	strcpy(range->comment, comment);
	return 0;
}

static uint8_t protocol_number(enum flow_protocol protocol)
{
	switch (protocol) {
	case FLOW_UDP:
		return IPPROTO_UDP;
	case FLOW_SCTP:
		return IPPROTO_SCTP;
	default:
		return IPPROTO_TCP;
	}
}

/* The pair's record for one element of `ports`: an element of the hash, or a range for later. */
static int add_port(struct compilation *c, const struct policy_record *pair, bool v6, const struct flow_port *port,
		    const char *comment)
{
	struct policy_record record = *pair;

	record.set = v6 ? POLICY_FLOWS6 : POLICY_FLOWS4;
	record.comment = comment;
	if (port->protocol == FLOW_ANY)
		return add_range(c, 0, 255, port, comment);
	if (port->protocol == FLOW_ICMP) {
		record.protocol_first = record.protocol_last = v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
		record.port_first = record.port_last = v6 ? POLICY_ICMPV6_ECHO : POLICY_ICMP_ECHO;
		return policy_add(c->policy, &record);
	}
	record.protocol_first = record.protocol_last = protocol_number(port->protocol);
	if (port->first != port->last)
		return add_range(c, record.protocol_first, record.protocol_last, port, comment);
	record.port_first = record.port_last = port->first;
	return policy_add(c->policy, &record);
}

/* The range that names the segment beginning at `port`: of those that cover it, the one whose comment sorts first. */
static const struct range *covering(const struct compilation *c, uint8_t protocol, uint32_t port)
{
	const struct range *best = NULL;

	for (size_t i = 0; i < c->range_count; i++) {
		const struct range *range = &c->ranges[i];

		if (range->protocol_first == protocol && range->protocol_last == protocol && range->first <= port &&
		    port <= range->last && (!best || strcmp(range->comment, best->comment) < 0))
			best = range;
	}
	return best;
}

/* Where the next segment after `port` begins: at the nearest beginning of a range, or behind the nearest end. */
static uint32_t next_boundary(const struct compilation *c, uint8_t protocol, uint32_t port)
{
	uint32_t next = 65536;

	for (size_t i = 0; i < c->range_count; i++) {
		const struct range *range = &c->ranges[i];

		if (range->protocol_first != protocol || range->protocol_last != protocol)
			continue;
		if (range->first > port && range->first < next)
			next = range->first;
		if (range->last + 1 > port && range->last + 1 < next)
			next = range->last + 1;
	}
	return next;
}

/* Segments of one protocol, disjoint because the kernel refuses intervals that overlap, neighbours of the same flow
 * joined. */
static int flush_protocol(struct compilation *c, const struct policy_record *pair, bool v6, uint8_t protocol)
{
	struct policy_record record = *pair;
	uint32_t port = 0;
	int r;

	record.set = v6 ? POLICY_RANGES6 : POLICY_RANGES4;
	record.protocol_first = record.protocol_last = protocol;
	while (port < 65536) {
		const struct range *range = covering(c, protocol, port);
		uint32_t end = next_boundary(c, protocol, port);

		if (range) {
			const struct range *after;

			while (end < 65536 && (after = covering(c, protocol, end)) &&
			       strcmp(after->comment, range->comment) == 0)
				end = next_boundary(c, protocol, end);
			record.port_first = (uint16_t)port;
			record.port_last = (uint16_t)(end - 1);
			record.comment = range->comment;
			r = policy_add(c->policy, &record);
			if (r < 0)
				return r;
		}
		port = end;
	}
	return 0;
}

static int flush_ranges(struct compilation *c, const struct policy_record *pair, bool v6)
{
	static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP };
	struct policy_record record = *pair;

	if (!c->range_count)
		return 0;
	for (size_t i = 0; i < c->range_count; i++) {
		const struct range *range = &c->ranges[i];

		if (range->protocol_first == range->protocol_last)
			continue;
		if (!record.comment || strcmp(range->comment, record.comment) < 0)
			record.comment = range->comment;
	}
	if (record.comment) {
		/* "any" holds every other range of the pair in it. */
		record.set = v6 ? POLICY_RANGES6 : POLICY_RANGES4;
		record.protocol_last = 255;
		record.port_last = 65535;
		return policy_add(c->policy, &record);
	}
	for (size_t i = 0; i < sizeof(protocols); i++) {
		int r = flush_protocol(c, pair, v6, protocols[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Every flow from one end to another, in one family. */
static int compile_family(struct compilation *c, const struct end *source, const struct end *destination, bool v6)
{
	struct policy_record pair = {
		.source = v6 ? source->endpoint->ipv6 : source->endpoint->ipv4,
		.destination = v6 ? destination->endpoint->ipv6 : destination->endpoint->ipv4,
	};
	size_t i = 0, j = 0;

	if (!pair.source.family || !pair.destination.family)
		return 0;
	c->range_count = 0;
	while (i < source->from_count && j < destination->to_count) {
		const struct flow_use *from = &source->from[i], *to = &destination->to[j];
		char comment[POLICY_COMMENT_MAX + 1];
		const struct flow_app *app;
		const struct flow *flow;

		if (from->flow != to->flow) {
			from->flow < to->flow ? i++ : j++;
			continue;
		}
		flow = binding_flow(c->binding, from->flow, &app);
		flow_comment(app, flow, source, from->peer, destination, to->peer, comment);
		for (size_t k = 0; k < flow->port_count; k++) {
			int r = add_port(c, &pair, v6, &flow->ports[k], comment);

			if (r < 0)
				return r;
		}
		i++;
		j++;
	}
	return flush_ranges(c, &pair, v6);
}

static int compile_pair(struct compilation *c, const struct end *source, const struct end *destination)
{
	int r;

	if (!source->from_count || !destination->to_count)
		return 0;
	r = compile_family(c, source, destination, false);
	return r < 0 ? r : compile_family(c, source, destination, true);
}

static int compile_endpoint(struct compilation *c, const struct end *end)
{
	const struct address *addresses[] = { &end->endpoint->ipv4, &end->endpoint->ipv6 };
	struct policy_endpoint_comment parts;
	char comment[POLICY_COMMENT_MAX + 1];

	snprintf(parts.container, sizeof(parts.container), "%s", end_name(end));
	snprintf(parts.services, sizeof(parts.services), "%s", end->services);
	snprintf(parts.network, sizeof(parts.network), "%s", end->network->name);
	policy_endpoint_comment_format(&parts, comment);
	for (size_t i = 0; i < 2; i++) {
		struct policy_record record = { .source = *addresses[i], .comment = comment };
		int r;

		if (!record.source.family)
			continue;
		record.set = i ? POLICY_ENDPOINTS6 : POLICY_ENDPOINTS4;
		memcpy(record.bridge, end->network->bridge, sizeof(record.bridge));
		r = policy_add(c->policy, &record);
		if (r == 0 && end->observed) {
			record.set = i ? POLICY_OBSERVED6 : POLICY_OBSERVED4;
			memset(record.bridge, 0, sizeof(record.bridge));
			record.comment = end_name(end);
			r = policy_add(c->policy, &record);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

static int compile_bridge(struct compilation *c, enum policy_set set, const char *bridge, const char *comment)
{
	struct policy_record record = { .set = set, .comment = comment };

	snprintf(record.bridge, sizeof(record.bridge), "%s", bridge);
	return policy_add(c->policy, &record);
}

static void free_ends(struct end *ends, size_t count)
{
	for (size_t i = 0; i < count; i++)
		end_clear(&ends[i]);
	free(ends);
}

/* All ends of a network; *ret_ends has room for one more than there are. */
static int network_ends(const struct compilation *c, const struct network *network, struct end **ret_ends)
{
	struct end *ends = calloc(network->endpoint_count + 1, sizeof(*ends));

	if (!ends)
		return -ENOMEM;
	for (size_t i = 0; i < network->endpoint_count; i++) {
		int r = end_init(c, network, &network->endpoints[i], &ends[i]);

		if (r < 0) {
			free_ends(ends, i);
			return r;
		}
	}
	*ret_ends = ends;
	return 0;
}

static int compile_network(struct compilation *c, const struct network *network)
{
	struct end *ends = NULL;
	size_t count = network->endpoint_count;
	int r;

	if (!network->managed || !network->bridge[0])
		return 0;
	r = compile_bridge(c, POLICY_NETWORKS, network->bridge, network->name);
	if (r == 0)
		r = compile_bridge(c, POLICY_BRIDGES, network->bridge, network->name);
	if (r == 0)
		r = network_ends(c, network, &ends);
	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < count; i++) {
		r = compile_endpoint(c, &ends[i]);
		for (size_t j = 0; r == 0 && j < count; j++) {
			if (i != j)
				r = compile_pair(c, &ends[i], &ends[j]);
		}
	}
	free_ends(ends, count);
	return r;
}

static int compile_links(struct compilation *c, const struct compile_links *links)
{
	int r = 0;

	for (size_t i = 0; r == 0 && links && i < links->closed_count; i++)
		r = compile_bridge(c, POLICY_BRIDGES, links->closed[i], "closed: its network is not known yet");
	for (size_t i = 0; r == 0 && links && i < links->foreign_count; i++)
		r = compile_bridge(c, POLICY_FOREIGN, links->foreign[i], "not managed by bulkhead");
	return r;
}

/* Ends a compilation: the policy goes to the caller, or is freed. */
static int finish(struct compilation *c, int r, struct policy **ret_policy, struct error *err)
{
	free(c->ranges);
	if (r < 0) {
		policy_free(c->policy);
		return error_oom(err);
	}
	policy_finish(c->policy);
	*ret_policy = c->policy;
	return 0;
}

int compile_all(const struct binding *binding, const struct inventory *inventory, const struct compile_links *links,
		struct policy **ret_policy, struct error *err)
{
	struct compilation c = { .binding = binding, .inventory = inventory, .policy = policy_new() };
	int r = c.policy ? compile_links(&c, links) : -ENOMEM;

	for (size_t i = 0; r == 0 && i < inventory->network_count; i++)
		r = compile_network(&c, inventory->networks[i]);
	return finish(&c, r, ret_policy, err);
}

/* The endpoint itself, and both directions between it and each of its neighbours. */
static int compile_place(struct compilation *c, const struct network *network, const char *container)
{
	struct end end, neighbour;
	const struct endpoint *endpoint = NULL;
	int r;

	for (size_t i = 0; i < network->endpoint_count && !endpoint; i++) {
		if (strcmp(network->endpoints[i].container, container) == 0)
			endpoint = &network->endpoints[i];
	}
	if (!endpoint)
		return 0;
	r = end_init(c, network, endpoint, &end);
	if (r < 0)
		return r;
	r = compile_endpoint(c, &end);
	/* Without a flow there is no pair either; most strangers end here. */
	for (size_t i = 0; r == 0 && (end.from_count || end.to_count) && i < network->endpoint_count; i++) {
		if (&network->endpoints[i] == endpoint)
			continue;
		r = end_init(c, network, &network->endpoints[i], &neighbour);
		if (r < 0)
			break;
		r = compile_pair(c, &end, &neighbour);
		if (r == 0)
			r = compile_pair(c, &neighbour, &end);
		end_clear(&neighbour);
	}
	end_clear(&end);
	return r;
}

int compile_scope(const struct binding *binding, const struct inventory *inventory, const struct inventory_scope *scope,
		  struct policy **ret_policy, struct error *err)
{
	struct compilation c = { .binding = binding, .inventory = inventory, .policy = policy_new() };
	int r = c.policy ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < scope->count; i++) {
		const struct network *network = inventory_network(inventory, scope->items[i].network);

		if (network && network->managed && network->bridge[0])
			r = compile_place(&c, network, scope->items[i].container);
	}
	return finish(&c, r, ret_policy, err);
}
