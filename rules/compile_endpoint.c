/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The records of one endpoint that are no flows: who it is, and where it lives. */
#include <stdio.h>
#include <string.h>

#include "compile_parts.h"

static int add_link(struct compilation *c, enum policy_set set, const char *link, const char *comment)
{
	struct policy_record record = { .set = set, .comment = comment };

	snprintf(record.link, sizeof(record.link), "%s", link);
	return policy_add(c->policy, &record);
}

static int add_place(struct compilation *c, const struct port *port, const struct address *address)
{
	struct policy_record record = {
		.set = policy_set_of(POLICY_TOPIC_PLACES, address->family),
		.source = *address,
		.comment = "",
	};

	snprintf(record.link, sizeof(record.link), "%s", port->name);
	memcpy(record.mac, port->mac, sizeof(record.mac));
	return policy_add(c->policy, &record);
}

static int add_gateway(struct compilation *c, const struct port *port)
{
	static const uint8_t unknown[sizeof(port->bridge_mac)];
	struct policy_record record = { .set = POLICY_GATEWAYS, .comment = "" };

	if (memcmp(port->bridge_mac, unknown, sizeof(unknown)) == 0)
		return 0;
	snprintf(record.link, sizeof(record.link), "%s", port->name);
	memcpy(record.mac, port->bridge_mac, sizeof(record.mac));
	return policy_add(c->policy, &record);
}

/* Another endpoint of the network with that MAC, or NULL. */
static const struct endpoint *find_twin(const struct end *end)
{
	for (size_t i = 0; i < end->network->endpoint_count; i++) {
		const struct endpoint *other = &end->network->endpoints[i];

		if (other != end->endpoint && memcmp(other->mac, end->endpoint->mac, sizeof(other->mac)) == 0)
			return other;
	}
	return NULL;
}

/* "shop-evil-1 has the MAC of shop-web-1": why a port is refused. */
static void explain(const struct end *end, char text[POLICY_COMMENT_MAX + 1])
{
	const struct endpoint *twin = find_twin(end);

	snprintf(text, POLICY_COMMENT_MAX + 1, "%.50s has the MAC of %.50s", twin ? twin->name : "somebody",
		 compile_end_name(end));
}

/* Other ports with the endpoint's MAC: the bridge would take each frame of theirs for word that it has moved. */
static int refuse_others(struct compilation *c, const struct end *end, const struct port *own)
{
	const struct port *first;
	size_t count = inventory_ports_of(c->inventory, end->network->bridge, end->endpoint->mac, &first);
	char comment[POLICY_COMMENT_MAX + 1];
	int r = 0;

	if (count < 2)
		return 0;
	explain(end, comment);
	for (size_t i = 0; r == 0 && i < count; i++) {
		if (&first[i] != own)
			r = add_link(c, POLICY_REFUSED, first[i].name, comment);
	}
	return r;
}

/* One endpoint for all that share its MAC says which ports are refused: the one that has a place, or the first. */
static bool speaks_for_twins(const struct compilation *c, const struct end *end, const struct port *own)
{
	for (size_t i = 0; !own && i < end->network->endpoint_count; i++) {
		const struct endpoint *other = &end->network->endpoints[i];

		if (memcmp(other->mac, end->endpoint->mac, sizeof(other->mac)) == 0 &&
		    (inventory_place(c->inventory, end->network, other) || other < end->endpoint))
			return false;
	}
	return true;
}

static int compile_port(struct compilation *c, const struct end *end)
{
	const struct port *port = inventory_place(c->inventory, end->network, end->endpoint);
	struct address local;
	int r = 0;

	if (speaks_for_twins(c, end, port))
		r = refuse_others(c, end, port);
	if (r < 0 || !port)
		return r;
	local = compile_link_local(port->mac);
	r = add_link(c, POLICY_KNOWN_PORTS, port->name, compile_end_name(end));
	if (r == 0)
		r = add_gateway(c, port);
	if (r == 0 && end->unguarded)
		r = add_link(c, POLICY_UNGUARDED, port->name, compile_end_name(end));
	if (r == 0 && end->endpoint->ipv4.family)
		r = add_place(c, port, &end->endpoint->ipv4);
	if (r == 0 && end->endpoint->ipv6.family)
		r = add_place(c, port, &end->endpoint->ipv6);
	if (r == 0 && end->endpoint->ipv6.family)
		r = add_place(c, port, &local);
	return r;
}

static int compile_address(struct compilation *c, const struct end *end, bool v6, const char *comment)
{
	struct policy_record record = {
		.set = policy_set_of(POLICY_TOPIC_ENDPOINTS, v6 ? ADDRESS_IPV6 : ADDRESS_IPV4),
		.source = *compile_end_address(end, v6),
		.comment = comment,
	};

	if (!record.source.family)
		return 0;
	memcpy(record.link, end->network->bridge, sizeof(record.link));
	return policy_add(c->policy, &record);
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
	if (r == 0)
		r = compile_states(c, end);
	return r < 0 ? r : compile_port(c, end);
}
