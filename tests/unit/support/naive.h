/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The oracle of compile: what the section "Flow files" of the design says, decided anew for every packet with nothing
 * but loops and string compares.  It must not use what it judges, so it calls neither binding.c nor compile.c, and of
 * inventory.c nothing either.
 */
#ifndef BULKHEAD_TESTS_NAIVE_H
#define BULKHEAD_TESTS_NAIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "binding.h"
#include "flow.h"
#include "inventory.h"

struct naive_packet {
	const struct network *network; /* the source is on its bridge */
	const struct network *into;    /* the destination is there; NULL: on the same */
	struct address source, destination;
	uint8_t protocol;
	uint16_t port; /* of ICMP: type and code, the type in the upper byte */
};

const struct flow_app *naive_app(const struct flow_set *flows, const char *name);
const struct endpoint *naive_endpoint(const struct network *network, const struct address *address);

/* Whether a flow admits the packet; only_app NULL: a flow of any app. */
bool naive_passes(const struct flow_set *flows, const struct inventory *inventory, const char *only_app,
		  const struct naive_packet *packet);

/* Whether would-be denials to the endpoint are let through: everybody who lives there must be observed. */
bool naive_end_observed(const struct flow_set *flows, enum flow_mode host, const struct inventory *inventory,
			const struct endpoint *endpoint);

/* Everything that a verdict is made of. */
struct naive {
	const struct flow_set *flows;
	const struct inventory *inventory;
	const struct binding_defaults *defaults;
};

/* Between an endpoint and one address outside, or (address NULL) the host. */
struct naive_outside {
	const struct endpoint *endpoint;
	const struct address *address;
	bool v6;
	uint8_t protocol;
	uint16_t port;
};

bool naive_is_managed(const struct network *network);

/* Bit by bit. */
bool naive_is_in(const struct address *address, const struct address *base, unsigned length);

enum naive_side {
	NAIVE_INGRESS,
	NAIVE_EGRESS,
	NAIVE_HOST,
};

/* Whether that boundary of an endpoint is closed: by anybody who lives there. */
bool naive_is_closed(const struct naive *naive, const struct endpoint *endpoint, enum naive_side side);

/* Whether somebody who lives there matches a definition that says "guard": "off". */
bool naive_is_unguarded(const struct naive *naive, const struct endpoint *endpoint);

/* Whether a flow leads from the outside to the endpoint, or the other way. */
bool naive_declared(const struct naive *naive, const struct naive_outside *packet, bool inward);

/* From the world; packet->address is there. */
bool naive_may_arrive(const struct naive *naive, const struct naive_outside *packet);
bool naive_may_leave(const struct naive *naive, const struct naive_outside *packet);

/* To an address of the host at which nothing is published. */
bool naive_may_reach_host(const struct naive *naive, const struct naive_outside *packet, const struct address *address);

/* From the host, which may be the engine's proxy that carries on what came to a published port. */
bool naive_host_may_reach(const struct naive *naive, const struct naive_outside *packet);

/* The container that the endpoint is of, if it runs by now. */
bool naive_has_started(const struct inventory *inventory, const struct endpoint *endpoint);

/* Who publishes there: one of the endpoints of the container (any of them stands for it), and which port of its own.
 * Only such as live on a managed network count. */
const struct endpoint *naive_publisher(const struct inventory *inventory, const struct address *address,
				       uint8_t protocol, uint16_t host_port, uint16_t *ret_port);

/* Whether a flow leads from one endpoint's container to another one's, wherever both live; to itself it may. */
bool naive_leads(const struct naive *naive, const struct endpoint *source, const struct endpoint *destination,
		 uint8_t protocol, uint16_t port);

/* What the engine redirects to a published port's container, between two networks or back to itself. */
bool naive_redirected(const struct naive *naive, const struct endpoint *source, const struct endpoint *destination,
		      bool v6, uint8_t protocol, uint16_t port);

/* The engine starts a container that it has connected, so what it publishes is not certain yet. */
bool naive_is_starting(const struct inventory *inventory, const struct endpoint *endpoint);
/* The engine has made it, and not given it to anybody yet. */
bool naive_is_newcomer(const struct network *network, const struct endpoint *endpoint);

/* Whether some container that is not observed is about to publish a port that nobody can name beforehand: 1 if the
 * engine chooses it, 2 if it may be any. */
unsigned naive_is_unsettled(const struct naive *naive);

/* The one port of the network's bridge that has the endpoint's MAC, which no other endpoint and no other port has. */
const struct port *naive_port(const struct inventory *inventory, const struct network *network,
			      const struct endpoint *endpoint);

#endif
