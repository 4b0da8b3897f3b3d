/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps of reconcile_everything up to the commit, and what they work with. */
#ifndef BULKHEAD_RECONCILE_PLAN_H
#define BULKHEAD_RECONCILE_PLAN_H

#include "reconcile_state.h"

struct reconcile_plan {
	struct kernel_state have;    /* what the kernel holds */
	struct policy *want;	     /* what it should hold */
	struct policy_diff diff;     /* from one to the other */
	struct kernel_change change; /* everything that is written */
	/* By family: our rule belongs into a chain of Docker's; it stood there after the last look, and is gone. */
	bool docker_wanted[2], docker_lost[2];
	/* What others changed and is left so; and what the kernel holds in the end, if that is not `want`. */
	struct reconcile_left left;
	struct policy *target;
	bool tables_missing; /* and are left so: no element is written */
};

/* Frees what the plan points to. */
void reconcile_plan_clear(struct reconcile_plan *plan);

/* Fills `want`: compiles flow files and inventory, or keeps what the kernel holds while the engine is silent. */
int reconcile_plan_want(struct reconciler *reconciler, struct reconcile_plan *plan, struct error *err);

/* Fills `diff` and `change`: everything that differs. */
int reconcile_plan_compare(struct reconciler *reconciler, struct reconcile_plan *plan, struct error *err);

/* Takes what others did out of `diff` and `change`, if "repair" is false: fills `left` and `target`. */
int reconcile_plan_leave_drift(struct reconciler *reconciler, struct reconcile_plan *plan, struct error *err);

/* Docker's part: our rule in Docker's chains.  Fills docker_wanted and docker_lost; then `change`, and takes what
 * others did out of it. */
void reconcile_docker_look(const struct reconciler *reconciler, struct reconcile_plan *plan);
void reconcile_docker_compare(struct reconcile_plan *plan);
void reconcile_docker_leave(struct reconcile_plan *plan);

#endif
