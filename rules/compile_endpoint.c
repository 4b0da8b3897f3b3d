/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The records of one endpoint that are no flows: who it is, and where it lives. */
#include <stdio.h>
#include <string.h>

#include "compile_parts.h"

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

static int compile_port(struct compilation *c, const struct end *end)
{
	const struct port *port = find_port(c, end);
	struct address local;
	int r;

	if (!port)
		return 0;
	local = compile_link_local(port->mac);
	r = add_link(c, POLICY_KNOWN_PORTS, port->name, compile_end_name(end));
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
