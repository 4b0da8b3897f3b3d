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

struct reconciler;

/* Those that are known to be the host's, for the next run; the array is the caller's.  0 or -ENOMEM.  And those of the
 * last run. */
int reconcile_sockets_tell(const struct reconciler *reconciler, uint64_t **ret_cookies, size_t *ret_count);
void reconcile_sockets_know(struct reconciler *reconciler, const uint64_t *cookies, size_t count);

/* Whether the host's ports have changed since it was asked last. */
bool reconcile_sockets_news(struct reconciler *reconciler);

/* Looks at the host's sockets.  True if that changes what is compiled: then everything should be looked at. */
bool reconcile_look_at_sockets(struct reconciler *reconciler);

#endif
