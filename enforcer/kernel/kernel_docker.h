/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Our one rule in Docker's own chains, and how to see whether it is in order. */
#ifndef BULKHEAD_KERNEL_DOCKER_H
#define BULKHEAD_KERNEL_DOCKER_H

#include "kernel_internal.h"

/* IPv4 and IPv6.  mark 0: no rule is wanted. */
int kernel_docker_read(struct kernel *kernel, uint32_t mark, struct kernel_docker ret_docker[2], struct error *err);

/* Adds messages to the batch, for each family: `remove` takes every rule of ours out of Docker's chains, `add` puts one
 * to the top of the right chain. */
int kernel_docker_change(struct kernel *kernel, struct nft_batch *batch, uint32_t mark, const bool remove[2],
			 const bool add[2], struct error *err);

#endif
