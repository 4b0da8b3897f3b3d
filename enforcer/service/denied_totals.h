/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many packets were denied between which apps, ever: the kernel forgets who was denied after an hour, a counter
 * must not go back.
 */
#ifndef BULKHEAD_DENIED_TOTALS_H
#define BULKHEAD_DENIED_TOTALS_H

#include "kernel.h"

/* Pairs that are told one by one; the others count together. */
#define DENIED_PAIRS_MAX 1024
/* Who is no app: a container of none, and an address that no container has (the world, or the host). */
#define DENIED_NO_APP  "(no app)"
#define DENIED_OUTSIDE "(outside)"

struct denied_pair {
	char from[64], to[64]; /* apps */
	bool let_through;
	uint64_t packets;
};

struct denied_totals {
	struct kernel_denied *seen; /* what was counted already, sorted */
	size_t seen_count;
	struct denied_pair *pairs; /* in the order in which they came */
	size_t pair_count;
	uint64_t other;
};

/* Whether the list, which is sorted by this, has anything that was not counted yet. */
bool denied_totals_differ(const struct denied_totals *totals, struct kernel_denied *denied, size_t count);

/* Counts what came since the last time; takes the state's list of denials.  0, or -ENOMEM: nothing is counted. */
int denied_totals_take(struct denied_totals *totals, struct kernel_state *state);

/* Frees what it points to. */
void denied_totals_clear(struct denied_totals *totals);

#endif
