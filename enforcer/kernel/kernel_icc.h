/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether Docker's drop for "ICC off" is really in the kernel.  The engine writes it when it makes the bridge and never
 * looks again: a flushed ruleset, or somebody's accept above it, and the setting is nothing but a word.
 */
#ifndef BULKHEAD_KERNEL_ICC_H
#define BULKHEAD_KERNEL_ICC_H

#include "cleanup.h"
#include "error.h"
#include "kernel.h"

enum kernel_icc_verdict {
	KERNEL_ICC_ABSENT,   /* nothing drops packets between two ports of that bridge */
	KERNEL_ICC_DROPPED,  /* all of them are dropped, but answers and what carries the mark */
	KERNEL_ICC_ACCEPTED, /* a rule accepts them before any drop */
	KERNEL_ICC_DOUBTFUL, /* there is a drop, and before it a rule that may let some of them pass */
};

struct kernel_icc;

/* Reads Docker's rules of both families, from where state->docker says that they are.  mark: bulkhead's bit, or 0. */
int kernel_icc_new(struct kernel *kernel, const struct kernel_state *state, uint32_t mark, struct kernel_icc **ret_icc,
		   struct error *err);
/* Accepts NULL. */
void kernel_icc_free(struct kernel_icc *icc);
CLEANUP_DEFINE(kernel_icc, kernel_icc_free)

/* What becomes of a packet from one port of that bridge to another that nobody has declared.  family: 0 IPv4, 1 IPv6.
 * The rules are followed in order, from the base chain, jumps too; one that asks for more than can be told here may
 * match or not.  where: what makes it so, "rule 2 of chain DOCKER-USER (handle 17)"; "" where there is no more to say.
 */
#define KERNEL_ICC_WHERE_SIZE 384
enum kernel_icc_verdict kernel_icc_verdict(const struct kernel_icc *icc, size_t family, const char *bridge,
					   char where[KERNEL_ICC_WHERE_SIZE]);

#endif
