/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ports of the host that are closed to containers while it is not known which of them a container will publish. */
#include <netinet/in.h>

#include "compile_parts.h"

/* The engine's own range (moby, libnetwork/portallocator), where the kernel tells none. */
#define CHOSEN_FIRST 49153
#define CHOSEN_LAST  65535

enum unsettled {
	SETTLED,
	CHOOSING, /* the engine may be choosing a port */
	UNKNOWN,  /* or any port may be about to be published */
};

/* Of one endpoint.  Who is observed is not shielded: it would be let through to. */
static int judge(const struct compilation *c, const struct network *network, const struct endpoint *endpoint,
		 enum unsettled *unsettled)
{
	const struct container *container = inventory_container(c->inventory, endpoint->container);
	struct end end;
	int r;

	if (container_is_settled(container) || !endpoint_is_container(endpoint))
		return 0;
	r = compile_end_init(c, network, endpoint, container, &end);
	if (r < 0)
		return r;
	if (!end.observed && !(container && container->bindings_known))
		*unsettled = UNKNOWN;
	else if (!end.observed && *unsettled == SETTLED)
		*unsettled = CHOOSING;
	compile_end_clear(&end);
	return 0;
}

/* The count, which is almost always 0, is of all networks. */
static int find_unsettled(const struct compilation *c, enum unsettled *ret_unsettled)
{
	const struct inventory *inventory = c->inventory;
	int r = 0;

	*ret_unsettled = SETTLED;
	for (size_t i = 0; inventory->unsettled && i < inventory->network_count; i++) {
		const struct network *network = inventory->networks[i];

		for (size_t j = 0; r == 0 && compile_is_managed(network) && j < network->endpoint_count; j++)
			r = judge(c, network, &network->endpoints[j], ret_unsettled);
	}
	return r;
}

/* Whether a socket of the host's serves the port, at whatever address. */
static bool host_serves(const struct inventory *inventory, uint8_t family, uint8_t protocol, unsigned port)
{
	for (size_t i = 0; i < inventory->held_count; i++) {
		const struct published_port *held = &inventory->held[i];

		if (held->address.family == family && held->protocol == protocol && held->host_port == port)
			return true;
	}
	return false;
}

/* The first port from `port` on, up to `last`, that a socket of the host's serves; last + 1 if there is none. */
static unsigned next_held(const struct inventory *inventory, uint8_t family, uint8_t protocol, unsigned port,
			  unsigned last)
{
	unsigned found = last + 1;

	for (size_t i = 0; i < inventory->held_count; i++) {
		const struct published_port *held = &inventory->held[i];

		if (held->address.family == family && held->protocol == protocol && held->host_port >= port &&
		    held->host_port < found)
			found = held->host_port;
	}
	return found;
}

/* All ports of the range but those that a socket of the host's serves. */
static int add_unsettled(struct compilation *c, struct policy_record *like, uint8_t protocol, unsigned first,
			 unsigned last)
{
	uint8_t family = like->destination.family;
	int r = 0;

	for (unsigned port = first; r == 0 && port <= last;) {
		unsigned end = next_held(c->inventory, family, protocol, port, last);

		if (end > port) {
			like->span = span_of(protocol, (uint16_t)port, (uint16_t)(end - 1));
			r = policy_add(c->policy, like);
		}
		for (port = end; port <= last && host_serves(c->inventory, family, protocol, port);)
			port++;
	}
	return r;
}

int compile_unsettled(struct compilation *c)
{
	static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP };
	const struct inventory *inventory = c->inventory;
	uint16_t first = inventory->chosen_first ? inventory->chosen_first : CHOSEN_FIRST;
	uint16_t last = inventory->chosen_first ? inventory->chosen_last : CHOSEN_LAST;
	enum unsettled unsettled;
	int r = find_unsettled(c, &unsettled);

	if (r < 0 || unsettled == SETTLED)
		return r;
	if (unsettled == UNKNOWN) {
		first = 1;
		last = UINT16_MAX;
	}
	for (size_t i = 0; r == 0 && i < 2 * sizeof(protocols); i++) {
		const uint8_t family = i % 2 ? ADDRESS_IPV6 : ADDRESS_IPV4;
		struct policy_record like = {
			.set = policy_set_of(POLICY_TOPIC_UNSETTLED, family),
			.destination.family = family,
			.comment = unsettled == UNKNOWN ? "who starts may publish any port" : "a port is being chosen",
		};

		r = add_unsettled(c, &like, protocols[i / 2], first, last);
	}
	return r;
}
