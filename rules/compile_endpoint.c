/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The records of one endpoint that are no flows: who it is, where it lives, and what is closed for it. */
#include <stdio.h>
#include <string.h>

#include "compile_parts.h"

/* Whether what it publishes is not known for certain yet. */
static bool is_starting(const struct end *end)
{
	return endpoint_is_container(end->endpoint) && !(end->container && end->container->started);
}

/* The port of its bridge behind which the endpoint lives, or NULL.  Of two endpoints with one MAC none is known by it.
 */
static const struct port *find_port(const struct compilation *c, const struct end *end)
{
	const struct network *network = end->network;
	const struct port *port;

	for (size_t i = 0; i < network->endpoint_count; i++) {
		const struct endpoint *other = &network->endpoints[i];

		if (other != end->endpoint && memcmp(other->mac, end->endpoint->mac, sizeof(other->mac)) == 0)
			return NULL;
	}
	port = inventory_port(c->inventory, network->bridge, end->endpoint->mac);
	return port && network_is_newer(network, port) ? port : NULL;
}

static int add_link(struct compilation *c, enum policy_set set, const char *link, const char *comment)
{
	struct policy_record record = { .set = set, .comment = comment };

	snprintf(record.bridge, sizeof(record.bridge), "%s", link);
	return policy_add(c->policy, &record);
}

static int add_place(struct compilation *c, const struct port *port, const struct address *address)
{
	struct policy_record record = {
		.set = policy_set_of(POLICY_TOPIC_PLACES, address->family),
		.source = *address,
		.comment = "",
	};

	snprintf(record.bridge, sizeof(record.bridge), "%s", port->name);
	memcpy(record.mac, port->mac, sizeof(record.mac));
	return policy_add(c->policy, &record);
}

/* fe80:: with the EUI-64 of the MAC, which is what the kernel gives an interface by itself. */
static struct address link_local(const uint8_t mac[6])
{
	return (struct address){
		.family = ADDRESS_IPV6,
		.bytes = { 0xfe, 0x80, 0, 0, 0, 0, 0, 0, (uint8_t)(mac[0] ^ 2), mac[1], mac[2], 0xff, 0xfe, mac[3],
			   mac[4], mac[5] },
	};
}

/* Nobody else's, not even of one who may use more than its own. */
static int add_address(struct compilation *c, const struct end *end, const struct address *address)
{
	const struct policy_record record = {
		.set = policy_set_of(POLICY_TOPIC_ADDRESSES, address->family),
		.source = *address,
		.comment = compile_end_name(end),
	};

	return policy_add(c->policy, &record);
}

static int compile_port(struct compilation *c, const struct end *end)
{
	const struct port *port = find_port(c, end);
	struct address local;
	int r;

	if (!port)
		return 0;
	local = link_local(port->mac);
	r = add_link(c, POLICY_KNOWN_PORTS, port->name, compile_end_name(end));
	if (r == 0 && end->unguarded)
		r = add_link(c, POLICY_UNGUARDED, port->name, compile_end_name(end));
	if (r == 0 && end->endpoint->ipv4.family)
		r = add_place(c, port, &end->endpoint->ipv4);
	if (r == 0 && end->endpoint->ipv6.family)
		r = add_place(c, port, &end->endpoint->ipv6);
	if (r == 0 && end->endpoint->ipv6.family)
		r = add_place(c, port, &local);
	if (r == 0 && end->endpoint->ipv6.family)
		r = add_address(c, end, &local);
	return r;
}

/* What holds for one of its addresses. */
static int compile_states(struct compilation *c, const struct end *end, bool v6)
{
	const struct {
		enum policy_topic topic;
		bool holds;
	} states[] = {
		{ POLICY_TOPIC_ADDRESSES, true },
		{ POLICY_TOPIC_OBSERVED, end->observed },
		{ POLICY_TOPIC_STARTING, is_starting(end) },
		{ POLICY_TOPIC_CLOSED_INGRESS, end->boundary.ingress == FLOW_BOUNDARY_DECLARED },
		{ POLICY_TOPIC_CLOSED_EGRESS, end->boundary.egress == FLOW_BOUNDARY_DECLARED },
		{ POLICY_TOPIC_CLOSED_HOST, end->boundary.host == FLOW_BOUNDARY_DECLARED },
	};
	struct policy_record record = {
		.source = *compile_end_address(end, v6),
		.comment = compile_end_name(end),
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(states) / sizeof(states[0]); i++) {
		if (!states[i].holds)
			continue;
		record.set = policy_set_of(states[i].topic, record.source.family);
		r = policy_add(c->policy, &record);
	}
	return r;
}

static int compile_address(struct compilation *c, const struct end *end, bool v6, const char *comment)
{
	struct policy_record record = {
		.set = policy_set_of(POLICY_TOPIC_ENDPOINTS, v6 ? ADDRESS_IPV6 : ADDRESS_IPV4),
		.source = *compile_end_address(end, v6),
		.comment = comment,
	};
	int r;

	if (!record.source.family)
		return 0;
	memcpy(record.bridge, end->network->bridge, sizeof(record.bridge));
	r = policy_add(c->policy, &record);
	return r < 0 ? r : compile_states(c, end, v6);
}

int compile_endpoint(struct compilation *c, const struct end *end)
{
	struct policy_endpoint_comment parts;
	char comment[POLICY_COMMENT_MAX + 1];
	int r;

	snprintf(parts.container, sizeof(parts.container), "%s", compile_end_name(end));
	snprintf(parts.services, sizeof(parts.services), "%s", end->services);
	snprintf(parts.network, sizeof(parts.network), "%s", end->network->name);
	policy_endpoint_comment_format(&parts, comment);
	r = compile_address(c, end, false, comment);
	if (r == 0)
		r = compile_address(c, end, true, comment);
	return r < 0 ? r : compile_port(c, end);
}
