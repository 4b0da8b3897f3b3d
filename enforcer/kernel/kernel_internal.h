/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel_*.c files share: the socket, and the ways to ask and to write. */
#ifndef BULKHEAD_KERNEL_INTERNAL_H
#define BULKHEAD_KERNEL_INTERNAL_H

#include "kernel.h"
#include "nft_batch.h"

struct mnl_socket;
struct nft_skeleton;
struct nlmsghdr;

struct kernel {
	struct mnl_socket *socket;
	struct mnl_socket *monitor; /* or NULL */
	uint32_t port;		    /* our address, which notifications of our own changes carry */
	uint32_t sequence;
	bool flags_refused;	     /* this kernel does not know the owner and persist flags */
	bool ibrname_known, ibrname; /* whether it knows `meta ibrname`, once that was tried */
};

typedef int kernel_message_fn(const struct nlmsghdr *header, void *data);

/* Sends a dump request that `fill` completes (may be NULL) and gives every answer to `message`.  -EINTR: the ruleset
 * changed meanwhile, what was seen is worthless.  -ENOENT: the table or chain does not exist. */
int kernel_dump(struct kernel *kernel, uint16_t type, uint16_t family, void (*fill)(struct nlmsghdr *, void *),
		void *fill_data, kernel_message_fn *message, void *data, struct error *err);

/* Opens and binds a socket of its own.  groups: a mask of multicast groups.  receive_buffer: in bytes; less where this
 * process may not have so much.  flags: SOCK_NONBLOCK or 0.  0 or negative errno. */
int kernel_socket_open(int flags, unsigned groups, int receive_buffer, struct mnl_socket **ret_socket);

/* The ruleset's generation. */
int kernel_generation(struct kernel *kernel, uint32_t *ret_generation, struct error *err);

/* Waits for a transaction that is just being committed to be over.  -EINTR: that generation is not the newest. */
int kernel_await_commit(struct kernel *kernel, uint32_t generation, struct error *err);

/* Sends a finished batch and reads every reply.  0 only if the kernel acknowledged each message.  *ret_refused, if not
 * NULL: the sequence number of the message that it refused, or 0. */
int kernel_send(struct kernel *kernel, const struct nft_batch *batch, uint32_t *ret_refused, struct error *err);

/* Sends a batch without its end: the kernel checks it like any other, and commits nothing.  0 or the first error. */
int kernel_rehearse(struct kernel *kernel, const struct nft_batch *batch, struct error *err);

/* The skeleton for this kernel. */
int kernel_skeleton_new(struct kernel *kernel, const struct kernel_options *options, struct nft_skeleton **ret_skeleton,
			struct error *err);

#endif
