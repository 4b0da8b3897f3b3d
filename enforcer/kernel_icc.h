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
	KERNEL_ICC_ABSENT,   /* no rule about packets between two ports of that bridge */
	KERNEL_ICC_DROPPED,  /* they are dropped, but for what a rule with further conditions accepts before */
	KERNEL_ICC_ACCEPTED, /* a rule without further conditions accepts them before any drop */
};

struct kernel_icc;

/* Reads Docker's rules of both families, from where state->docker says that they are. */
int kernel_icc_new(struct kernel *kernel, const struct kernel_state *state, struct kernel_icc **ret_icc,
		   struct error *err);
/* Accepts NULL. */
void kernel_icc_free(struct kernel_icc *icc);
CLEANUP_DEFINE(kernel_icc, kernel_icc_free)

/* What becomes of a packet from one port of that bridge to another.  family: 0 IPv4, 1 IPv6.  The rules are followed in
 * order, jumps too; one that asks for more than the two interfaces is taken not to match. */
enum kernel_icc_verdict kernel_icc_verdict(const struct kernel_icc *icc, size_t family, const char *bridge);

#endif
