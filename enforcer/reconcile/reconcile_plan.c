/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile_plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compile.h"
#include "reconcile_links.h"

void reconcile_plan_clear(struct reconcile_plan *plan)
{
	policy_diff_clear(&plan->diff);
	policy_free(plan->want);
	policy_free(plan->target);
	kernel_state_clear(&plan->have);
}

/* ---- What should be ---- */

static int compile(struct reconciler *r, struct policy **ret_want, struct error *err)
{
	static const struct inventory nothing = { 0 };
	struct compile_links links = { 0 };
	int result = reconcile_links_collect(r, &links, err);

	if (result < 0)
		return result;
	result = compile_all(r->binding, r->inventory ? r->inventory : &nothing, &links, ret_want, err);
	reconcile_links_clear(&links);
	return result;
}

/* A record of a bridge that was closed because nobody knew whose it is, and is somebody else's. */
static bool is_released(const struct reconcile_bridges *bridges, const struct policy_record *record)
{
	return (record->set == POLICY_BRIDGES || record->set == POLICY_GUARDED) &&
	       strcmp(record->comment, COMPILE_CLOSED_COMMENT) == 0 &&
	       reconcile_bridges_released(bridges, record->link);
}

/* What the kernel has, and of what is closed that which it lacks. */
static int join(const struct reconcile_bridges *bridges, const struct policy *have, const struct policy *closed,
		struct policy **ret_joined, struct error *err)
{
	cleanup_of(policy) struct policy *joined = policy_new();
	int r = joined ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < policy_count(have); i++) {
		if (!is_released(bridges, policy_at(have, i)))
			r = policy_add(joined, policy_at(have, i));
	}
	for (size_t i = 0; r == 0 && i < policy_count(closed); i++) {
		if (!policy_find(have, policy_at(closed, i)))
			r = policy_add(joined, policy_at(closed, i));
	}
	if (r < 0)
		return error_oom(err);
	policy_finish(joined);
	*ret_joined = steal(joined);
	return 0;
}

static int keep(struct reconciler *r, struct reconcile_plan *plan, struct error *err)
{
	static const struct inventory nothing = { 0 };
	cleanup_of(policy) struct policy *closed = NULL;
	struct compile_links links = { 0 };
	int result = reconcile_links_collect(r, &links, err);

	if (result == 0)
		result = compile_all(r->binding, &nothing, &links, &closed, err);
	reconcile_links_clear(&links);
	return result < 0 ? result : join(&r->whose, plan->have.policy, closed, &plan->want, err);
}

int reconcile_plan_want(struct reconciler *r, struct reconcile_plan *plan, struct error *err)
{
	/* Of two containers with one MAC, the one that the kernel knows was there first. */
	if (r->inventory && plan->have.policy)
		inventory_adopt(r->inventory, plan->have.policy);
	/* The engine has not been heard, and the kernel holds what it said last: keep that, and close what is new. */
	if (!r->inventory && plan->have.exists)
		return keep(r, plan, err);
	return compile(r, &plan->want, err);
}

/* ---- What differs ---- */

/* How much of the tables has to be written anew. */
static enum kernel_install choose_install(const struct reconciler *r, const struct kernel_state *have)
{
	bool flags_missing = r->options.own && !r->flags_refused && !(have->flags & KERNEL_FLAG_PERSIST);

	switch (have->skeleton) {
	case KERNEL_SKELETON_WHOLE:
		/* The kernel gives no flags to a table that was created without them. */
		return flags_missing ? KERNEL_REPLACE : KERNEL_KEEP;
	case KERNEL_SKELETON_RULES:
		return flags_missing ? KERNEL_REPLACE : KERNEL_RULES;
	default:
		return KERNEL_REPLACE;
	}
}

/* Whether the tables stay, have no owner, and become ours. */
static bool choose_adopt(const struct reconciler *r, const struct reconcile_plan *plan)
{
	uint32_t flags = plan->have.flags;

	return plan->change.install != KERNEL_REPLACE && r->options.own && (flags & KERNEL_FLAG_PERSIST) &&
	       !(flags & KERNEL_FLAG_OWNER);
}

int reconcile_plan_compare(struct reconciler *r, struct reconcile_plan *plan, struct error *err)
{
	const struct kernel_state *have = &plan->have;
	/* A version without a guard installed the table.  A guard would shut out everybody now: the engine has not told
	 * us of anybody yet. */
	bool wait = !r->inventory && have->exists && !have->guard_exists;

	if (policy_diff(have->policy, plan->want, &plan->diff) < 0)
		return error_oom(err);
	/* A flow's counters live in its element: an element that gets another comment keeps them. */
	if (plan->diff.renamed)
		policy_take_counters(plan->want, have->policy);
	plan->change = (struct kernel_change){
		.install = wait ? KERNEL_KEEP : choose_install(r, have),
		.table_exists = have->exists,
		.guard_exists = have->guard_exists,
		.diff = &plan->diff,
		.want = plan->want,
		.from = have->exists || have->guard_exists ? have : NULL,
	};
	reconcile_docker_look(r, plan);
	if (!wait) {
		plan->change.adopt = choose_adopt(r, plan);
		reconcile_docker_compare(plan);
	}
	return 0;
}

/* ---- What others changed and is left as it is ---- */

static bool is_left(const struct reconcile_left *left)
{
	return left->lost || left->foreign || left->install != KERNEL_KEEP || left->docker[0] || left->docker[1];
}

int reconcile_plan_leave_drift(struct reconciler *r, struct reconcile_plan *plan, struct error *err)
{
	if (!reconcile_drift_leaves(&r->drift))
		return 0;
	plan->left.install = plan->change.install;
	plan->change.install = KERNEL_KEEP;
	reconcile_docker_leave(plan);
	if (reconcile_drift_leave(&r->drift, plan->want, &plan->diff, &plan->left) < 0)
		return error_oom(err);
	/* Elements cannot be added to tables that are missing: ours wait until the tables are back. */
	plan->tables_missing = !plan->have.exists || !plan->have.guard_exists;
	if (plan->tables_missing)
		plan->diff.add_count = plan->diff.remove_count = 0;
	if (!is_left(&plan->left))
		return 0;
	plan->target = reconcile_drift_target(plan->have.policy, &plan->diff);
	return plan->target ? 0 : error_oom(err);
}
