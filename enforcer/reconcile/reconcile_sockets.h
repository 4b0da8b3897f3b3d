/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ports that the host itself serves.  While a container starts, what it may publish is closed; but a port that a socket
 * of the host's serves cannot become the container's, and closing it would only harm the host.  A socket is the host's
 * if it was there when no container could have been publishing its port: docker-proxy's come while their container
 * starts.
 */
#ifndef BULKHEAD_RECONCILE_SOCKETS_H
#define BULKHEAD_RECONCILE_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "host_sockets.h"
#include "inventory.h"

struct reconcile_socket {
	uint64_t cookie;
	uint64_t seen; /* since when no container could have its port, CLOCK_MONOTONIC in nanoseconds; 0: one could */
	bool proven;   /* for long enough, once: it is the host's */
};

struct reconcile_sockets {
	struct reconcile_socket *items;
	size_t count;
	bool news; /* the host's ports are others than when reconcile_sockets_news was asked last */
};
void reconcile_sockets_clear(struct reconcile_sockets *sockets);

/* What the engine tells of a start may come so much later than docker-proxy's socket. */
#define RECONCILE_SOCKETS_DOUBT_NS (UINT64_C(2) * 1000000000)

/* Takes note of which of the sockets are the host's, at that time, and gives their ports to the inventory.
 * *ret_changed: the inventory's are others than before.  0 or -ENOMEM. */
int reconcile_sockets_judge(struct reconcile_sockets *sockets, const struct host_socket *found, size_t count,
			    uint64_t now, struct inventory *inventory, bool *ret_changed);

#endif
