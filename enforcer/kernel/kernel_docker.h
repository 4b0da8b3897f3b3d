/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Our one rule in Docker's own chains, and how to see whether it is in order. */
#ifndef BULKHEAD_KERNEL_DOCKER_H
#define BULKHEAD_KERNEL_DOCKER_H

#include "kernel_internal.h"

/* Fills both families.  mark 0: nothing is wanted. */
int kernel_docker_read(struct kernel *kernel, uint32_t mark, struct kernel_docker ret_docker[2], struct error *err);

/* Adds to the batch: every rule of ours out of the chains of the families in `remove`, one to the top of those in
 * `add`. */
int kernel_docker_change(struct kernel *kernel, struct nft_batch *batch, uint32_t mark, const bool remove[2],
			 const bool add[2], struct error *err);

#endif
