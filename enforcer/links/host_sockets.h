/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which ports of this network namespace its own sockets serve: TCP that listens, UDP that is bound. */
#ifndef BULKHEAD_HOST_SOCKETS_H
#define BULKHEAD_HOST_SOCKETS_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "inventory.h"

struct host_socket {
	struct published_port port; /* container_port is 0 */
	uint64_t cookie;	    /* the kernel's, which no other socket has as long as it runs */
};

/* All of them, by sock_diag(7), in no order.  One that serves both families is there twice, with one cookie.  The array
 * is the caller's.  A kernel that cannot tell (no inet_diag) tells of none. */
int host_sockets_read(struct host_socket **ret_sockets, size_t *ret_count, struct error *err);

/* One message of the kernel's, whatever it holds: 0, 1 or 2 sockets.  Pure. */
size_t host_sockets_parse(const void *message, size_t length, uint8_t protocol, struct host_socket ret_sockets[2]);

#endif
