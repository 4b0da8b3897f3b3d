/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many packets were denied between which apps since the service started.  The kernel forgets a denial after an
 * hour, but a counter must not go back.
 */
#ifndef BULKHEAD_DENIED_TOTALS_H
#define BULKHEAD_DENIED_TOTALS_H

#include "kernel.h"

/* So many pairs are counted one by one; all others are counted together. */
#define DENIED_PAIRS_MAX 1024
/* What stands for an app: of a container in no app; of an address that no container has (the world's, or the host's).
 */
#define DENIED_NO_APP  "(no app)"
#define DENIED_OUTSIDE "(outside)"

struct denied_pair {
	char from[64], to[64]; /* apps */
	bool let_through;
	uint64_t packets;
};

struct denied_totals {
	struct kernel_denied *seen; /* the denials that were counted last, sorted */
	size_t seen_count;
	struct denied_pair *pairs; /* in the order of their first packets */
	size_t pair_count;
	uint64_t other;
};

/* Whether the list has packets that were not counted yet.  Sorts the list. */
bool denied_totals_differ(const struct denied_totals *totals, struct kernel_denied *denied, size_t count);

/* Counts packets since the last time, and takes the state's list of denials.  0, or -ENOMEM: nothing is counted. */
int denied_totals_take(struct denied_totals *totals, struct kernel_state *state);

/* Frees what it points to. */
void denied_totals_clear(struct denied_totals *totals);

#endif
