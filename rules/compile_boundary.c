/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What passes between a container and the world or the host, where its boundary is declared. */
#include <netinet/in.h>
#include <stdio.h>

#include "compile_parts.h"

#define DNS_PORT 53

int64_t compile_find_peer(const struct flow_peer *peers, size_t count, enum flow_peer_kind kind)
{
	for (size_t i = 0; i < count; i++) {
		if (peers[i].kind == kind)
			return (int64_t)i;
	}
	return -1;
}

/* Every address of a family. */
static struct cidr anywhere(bool v6)
{
	return (struct cidr){ .base.family = v6 ? ADDRESS_IPV6 : ADDRESS_IPV4 };
}

/* Collects a range of the use's flow with one network outside, if the flow knows of an outside of that kind. */
static int add_outside(struct compilation *c, const struct end *end, const struct flow_use *use, bool inward,
		       enum flow_peer_kind kind, const struct range *range, const struct cidr *network,
		       const char *name)
{
	const struct flow_app *app;
	const struct flow *flow = binding_flow(c->binding, use->flow, &app);
	int64_t peer = inward ? compile_find_peer(flow->from, flow->from_count, kind)
			      : compile_find_peer(flow->to, flow->to_count, kind);
	char comment[POLICY_COMMENT_MAX + 1];

	if (peer < 0)
		return 0;
	if (inward)
		compile_comment_inward(app, flow, (uint32_t)peer, name, end, use->peer, comment);
	else
		compile_comment_outward(app, flow, end, use->peer, (uint32_t)peer, name, comment);
	return compile_ranges_add(c, range, network, comment);
}

int compile_world_ranges(struct compilation *c, const struct end *end, const struct flow_use *use, bool inward,
			 const struct range *range, bool v6)
{
	const struct flow_app *app;
	const struct flow *flow = binding_flow(c->binding, use->flow, &app);
	const struct cidr all = anywhere(v6);
	int r = 0;

	if (!flow->cidr_count)
		return add_outside(c, end, use, inward, FLOW_PEER_WORLD, range, &all, "anywhere");
	for (size_t i = 0; r == 0 && i < flow->cidr_count; i++) {
		const struct cidr *cidr = &flow->cidrs[i];
		char address[ADDRESS_TEXT_SIZE], text[ADDRESS_TEXT_SIZE + 4];

		if (cidr->base.family != all.base.family)
			continue;
		snprintf(text, sizeof(text), "%s/%u", address_format(&cidr->base, address), cidr->length);
		r = add_outside(c, end, use, inward, FLOW_PEER_WORLD, range, cidr, text);
	}
	return r;
}

/* Collects all that the end's flows admit between it and one kind of outside. */
static int add_flows(struct compilation *c, const struct end *end, bool inward, enum flow_peer_kind kind, bool v6)
{
	const struct flow_use *uses = inward ? end->to : end->from;
	size_t count = inward ? end->to_count : end->from_count;
	const struct cidr all = anywhere(v6);
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		const struct flow_app *app;
		const struct flow *flow = binding_flow(c->binding, uses[i].flow, &app);

		for (size_t j = 0; r == 0 && j < flow->port_count; j++) {
			struct range range = compile_range_of(&flow->ports[j], v6);

			r = kind == FLOW_PEER_WORLD
				    ? compile_world_ranges(c, end, &uses[i], inward, &range, v6)
				    : add_outside(c, end, &uses[i], inward, kind, &range, &all, "this host");
		}
	}
	return r;
}

/* Name servers may be asked whatever the boundary: the engine's resolver asks them from within the container. */
static int add_resolvers(struct compilation *c, const struct end *end, bool v6)
{
	static const uint8_t protocols[] = { IPPROTO_UDP, IPPROTO_TCP };
	int r = 0;

	for (size_t i = 0; i < c->inventory->resolver_count; i++) {
		const struct address *address = &c->inventory->resolvers[i];
		const struct cidr network = { *address, (uint8_t)(address_length(address) * 8) };
		char comment[POLICY_COMMENT_MAX + 1], text[ADDRESS_TEXT_SIZE];

		if (address->family != (v6 ? ADDRESS_IPV6 : ADDRESS_IPV4))
			continue;
		compile_comment_own(end, "*", "dns", address_format(address, text), comment);
		for (size_t j = 0; r == 0 && j < sizeof(protocols); j++) {
			const struct range range = {
				.span = span_of(protocols[j], DNS_PORT, DNS_PORT),
			};

			r = compile_ranges_add(c, &range, &network, comment);
		}
	}
	return r;
}

/* A published port is reached by way of the engine's proxy, which speaks as the host: whoever a flow leads from. */
static int add_proxied(struct compilation *c, const struct end *end, const struct published_port *port, bool v6)
{
	const struct range range = {
		.span = span_of(port->protocol, port->container_port, port->container_port),
	};
	const struct cidr all = anywhere(v6);
	int r = 0;

	for (size_t i = 0; r == 0 && i < end->to_count; i++) {
		const struct flow_app *app;
		const struct flow *flow = binding_flow(c->binding, end->to[i].flow, &app);
		char comment[POLICY_COMMENT_MAX + 1];

		if (!compile_range_covers(flow, port->protocol, port->container_port))
			continue;
		compile_comment_inward(app, flow, 0, "this host", end, end->to[i].peer, comment);
		r = compile_ranges_add(c, &range, &all, comment);
	}
	return r;
}

static struct policy_record record_of(enum policy_topic topic, bool v6)
{
	return (struct policy_record){ .set = policy_set_of(topic, v6 ? ADDRESS_IPV6 : ADDRESS_IPV4) };
}

static int compile_ingress(struct compilation *c, const struct end *end, bool v6)
{
	struct policy_record world = record_of(POLICY_TOPIC_INGRESS, v6);
	struct policy_record host = record_of(POLICY_TOPIC_FROM_HOST, v6);
	int r;

	world.destination = host.destination = *compile_end_address(end, v6);
	world.destination_length = host.destination_length = v6 ? 128 : 32;
	r = add_flows(c, end, true, FLOW_PEER_WORLD, v6);
	if (r == 0)
		r = compile_ranges_flush(c, &world, COMPILE_SOURCE);
	if (r == 0)
		r = add_flows(c, end, true, FLOW_PEER_HOST, v6);
	/* What a container says that it will publish opens nothing before it has. */
	for (size_t i = 0; r == 0 && end->container && end->container->started && i < end->published_count; i++)
		r = add_proxied(c, end, &end->published[i], v6);
	return r < 0 ? r : compile_ranges_flush(c, &host, COMPILE_SOURCE);
}

static int compile_outward(struct compilation *c, const struct end *end, enum flow_peer_kind kind,
			   struct policy_record record, bool v6)
{
	int r = add_flows(c, end, false, kind, v6);

	record.source = *compile_end_address(end, v6);
	record.source_length = v6 ? 128 : 32;
	if (r == 0)
		r = add_resolvers(c, end, v6);
	return r < 0 ? r : compile_ranges_flush(c, &record, COMPILE_DESTINATION);
}

static int compile_family(struct compilation *c, const struct end *end, bool v6)
{
	const struct flow_boundaries *boundary = &end->boundary;
	int r = 0;

	if (!compile_end_address(end, v6)->family)
		return 0;
	if (boundary->ingress == FLOW_BOUNDARY_DECLARED)
		r = compile_ingress(c, end, v6);
	if (r == 0 && boundary->egress == FLOW_BOUNDARY_DECLARED)
		r = compile_outward(c, end, FLOW_PEER_WORLD, record_of(POLICY_TOPIC_EGRESS, v6), v6);
	if (r == 0 && boundary->host == FLOW_BOUNDARY_DECLARED)
		r = compile_outward(c, end, FLOW_PEER_HOST, record_of(POLICY_TOPIC_TO_HOST, v6), v6);
	return r;
}

int compile_boundary(struct compilation *c, const struct end *end)
{
	int r = compile_family(c, end, false);

	return r < 0 ? r : compile_family(c, end, true);
}
