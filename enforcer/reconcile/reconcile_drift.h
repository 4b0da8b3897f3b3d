/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * If "repair" is false, what others changed is left as it is: this module tells whose a difference is.
 *
 * Three lists tell that: what the kernel has, what flow files and containers want, and what was committed last (the
 * base):
 *
 *     in want, not in base:                    ours to add           in base, not in want:    ours to remove
 *     in base and want, not in the kernel:     lost, left so         in the kernel alone:     foreign, left there
 *
 * So an element that somebody else deleted or added stays as he left it, until flow files or containers want something
 * else of that element, or a reload or restart makes everything right.  The base is in memory, and only while "repair"
 * is false.
 */
#ifndef BULKHEAD_RECONCILE_DRIFT_H
#define BULKHEAD_RECONCILE_DRIFT_H

#include "policy.h"
#include "reconcile_report.h"

struct reconcile_drift {
	struct policy *base; /* what was committed, without `touched`; NULL: not known, everything is made right */
	/* What events have committed since: records in that order, and whether each was added or removed. */
	struct policy *touched;
	bool *added;
	size_t capacity;
};

/* Whether anything is left at all: the base is known. */
bool reconcile_drift_leaves(const struct reconcile_drift *drift);

/* `want` was committed, all of it; takes it.  repair: no base is kept. */
void reconcile_drift_committed(struct reconcile_drift *drift, bool repair, struct policy *want);
/* One event's change was committed.  Where memory runs out the base is forgotten. */
void reconcile_drift_changed(struct reconcile_drift *drift, const struct policy_diff *diff);

/* Takes what others changed out of the diff from what the kernel has to `want`, and counts it.  0 or -ENOMEM. */
int reconcile_drift_leave(struct reconcile_drift *drift, const struct policy *want, struct policy_diff *diff,
			  struct reconcile_left *left);

/* What the kernel holds when the rest of the diff is committed.  NULL when out of memory. */
struct policy *reconcile_drift_target(const struct policy *have, const struct policy_diff *diff);

/* Frees what it holds: everything is made right the next time. */
void reconcile_drift_forget(struct reconcile_drift *drift);

#endif
