/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether Docker's drop for "ICC off" is really in the kernel.  The engine writes it when it makes the bridge and never
 * looks again: after a flush of the ruleset, or with somebody's accept above it, the setting has no effect.
 */
#ifndef BULKHEAD_KERNEL_ICC_H
#define BULKHEAD_KERNEL_ICC_H

#include "cleanup.h"
#include "error.h"
#include "kernel.h"

enum kernel_icc_verdict {
	KERNEL_ICC_ABSENT,   /* nothing drops packets between two ports of that bridge */
	KERNEL_ICC_DROPPED,  /* all of them are dropped, except answers and packets with the mark */
	KERNEL_ICC_ACCEPTED, /* a rule accepts them before any drop */
	KERNEL_ICC_DOUBTFUL, /* a rule before the drop may let some of them pass */
};

struct kernel_icc;

/* Reads Docker's rules of both families, from where state->docker says that they are.  mark: bulkhead's bit, or 0. */
int kernel_icc_new(struct kernel *kernel, const struct kernel_state *state, uint32_t mark, struct kernel_icc **ret_icc,
		   struct error *err);
/* Accepts NULL. */
void kernel_icc_free(struct kernel_icc *icc);
CLEANUP_DEFINE(kernel_icc, kernel_icc_free)

/* What becomes of an undeclared packet from one port of that bridge to another.  family: 0 IPv4, 1 IPv6.  The rules are
 * followed in order, from the base chain, through jumps; a rule that asks for something that cannot be judged here may
 * match or not.  where: the rule that decides, "rule 2 of chain DOCKER-USER (handle 17)"; or "". */
#define KERNEL_ICC_WHERE_SIZE 384
enum kernel_icc_verdict kernel_icc_verdict(const struct kernel_icc *icc, size_t family, const char *bridge,
					   char where[KERNEL_ICC_WHERE_SIZE]);

#endif
