/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The live probe's throwaway endpoints: on each bridge a sender and a receiver, behind a port each, as containers are.
 *
 *     namespace of the senders          host          namespace of the receivers
 *           bhp…s ───────────── bhp…s ─ bridge ─ bhp…r ───────────── bhp…r
 *
 * All senders share a network namespace, and all receivers.  Neither has a name: nothing but this process holds them,
 * so whatever ends it, the kernel takes them away, and the ports with them.
 */
#ifndef BULKHEAD_PROBE_ENDPOINTS_H
#define BULKHEAD_PROBE_ENDPOINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cleanup.h"
#include "error.h"
#include "links_make.h"
#include "probe_packets.h"

/* One network's. */
struct probe_place {
	const char *network, *bridge; /* names, borrowed */
	bool down;		      /* the bridge is: nothing passes it, and there is nothing to probe */
	char problem[512];	      /* why it could not be probed; "" where it could */
	struct probe_ends ends;
	bool borrowed4, borrowed6; /* its addresses are not of the network's own subnet, which has none to give */
	bool has_ipv6;		   /* the bridge has an IPv6 subnet beside the link-local one */
	bool uses_ipv6;		   /* … and containers of the network are known to have one: the caller's to fill */
	char sender[16], receiver[16];	/* names of the ports; "" before they were made */
	int sender_port, receiver_port; /* their indexes, on the host … */
	int sender_link;		/* … and inside */
	int ear;			/* at the sender's port: what has left it, and stands before the bridge */
	/* What the run found, a bit for each enum probe_kind. */
	unsigned sent;
	unsigned left;	  /* got to the sender's port */
	unsigned audible; /* heard by the receiver when it came past the bridge */
	unsigned arrived; /* heard by the receiver, through the bridge */
};

struct probe_namespace {
	int fd;	     /* of the namespace */
	int packets; /* the senders' voice, the receivers' ear; at every link */
	struct links_maker *links;
};

struct probe_endpoints {
	struct probe_namespace senders, receivers;
	struct links_maker *host;
	int voice; /* the host's */
	struct probe_place *places;
	size_t count;
	bool lost; /* the receivers' ear could not hear everything */
};

/* Two empty namespaces, and room for `count` places, of which the caller fills in the names.  -EPERM: without the
 * privilege. */
int probe_endpoints_new(size_t count, struct probe_endpoints **ret_endpoints, struct error *err);

/* Makes each place's endpoints and waits until its bridge lets frames pass at both ports.  What goes wrong at one is
 * its problem alone. */
void probe_endpoints_make(struct probe_endpoints *endpoints);

/* Notes as a problem where an endpoint is not there any more as it was made. */
void probe_endpoints_recheck(struct probe_endpoints *endpoints);

/* Whether there is something to be found out. */
bool probe_place_works(const struct probe_place *place);

/* Removes everything, and is back when the ports are gone.  Accepts NULL. */
void probe_endpoints_free(struct probe_endpoints *endpoints);
CLEANUP_DEFINE(probe_endpoints, probe_endpoints_free)

#endif
