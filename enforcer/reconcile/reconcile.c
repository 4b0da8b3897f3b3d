/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Read this first: the whole way of the data in one file.
 *
 *     flows + inventory ── compile ──► want ─┐
 *                                            ├─ policy_diff ─► kernel_commit   (one transaction, or nothing)
 *     kernel ── kernel_read ─────────► have ─┘
 *
 * reconcile_changes.c takes a shorter way for one event: it compiles the changed endpoints alone, before and after the
 * event, and takes what was compiled before for `have`.  The kernel holds just that as long as nobody else writes to
 * our tables, and we hear of it when somebody does.  In doubt it calls reconcile_everything.
 */
#include "reconcile.h"

#include <errno.h>

#include "loop.h"
#include "reconcile_plan.h"
#include "reconcile_state.h"

static void describe(const struct reconcile_plan *plan, struct reconcile_report *report);
static int commit(struct reconciler *r, struct reconcile_plan *plan, struct reconcile_report *report,
		  struct error *err);
static int read_back(struct reconciler *r, const struct reconcile_plan *plan, struct reconcile_tables *ret_tables,
		     struct error *err);
static void remember(struct reconciler *r, struct reconcile_plan *plan);

int reconcile_everything(struct reconciler *r, const struct reconcile_cause *cause, bool dry,
			 struct reconcile_report *ret_report, struct error *err)
{
	struct reconcile_report report = { .full = true, .cause = *cause };
	struct reconcile_plan plan = { 0 };
	uint64_t began = loop_now_ns();
	int result;

	result = reconciler_read_kernel(r, &plan.have, err);
	if (result == 0)
		result = reconcile_plan_want(r, &plan, err);
	if (result == 0)
		result = reconcile_plan_compare(r, &plan, err);
	if (result == 0)
		result = reconcile_plan_leave_drift(r, &plan, err);
	if (result == 0) {
		describe(&plan, &report);
		report.work_ns = loop_now_ns() - began;
		if (r->observer && report.changed)
			r->observer(&plan.diff, &report, r->observer_data);
	}
	if (result == 0 && !dry && (report.changed || report.adopted)) {
		result = commit(r, &plan, &report, err);
		if (result == 0)
			result = read_back(r, &plan, &report.tables, err);
	}
	if (result == 0 && !dry)
		remember(r, &plan);
	if (!dry)
		r->doubtful = result < 0 || !r->inventory;
	reconcile_plan_clear(&plan);
	if (result == 0)
		*ret_report = report;
	return result;
}

static void describe_tables(const struct kernel_state *state, struct reconcile_tables *tables)
{
	*tables = (struct reconcile_tables){
		.owned = state->owner != 0,
		.persistent = (state->flags & KERNEL_FLAG_PERSIST) != 0,
		.knows_bridge_names = state->guard_by_bridge,
		.backend = { state->docker[0].backend, state->docker[1].backend },
		.elements = policy_count(state->policy),
		.generation = state->generation,
	};
}

static void describe(const struct reconcile_plan *plan, struct reconcile_report *report)
{
	const struct kernel_change *change = &plan->change;

	report->added = plan->diff.add_count;
	report->removed = plan->diff.remove_count;
	report->install = change->install;
	report->adopted = change->adopt;
	report->left = plan->left;
	report->docker =
		change->docker_add[0] || change->docker_add[1] || change->docker_remove[0] || change->docker_remove[1];
	report->docker_lost = plan->docker_lost[0] || plan->docker_lost[1];
	report->changed = report->added || report->removed || change->install != KERNEL_KEEP || report->docker;
	describe_tables(&plan->have, &report->tables);
}

static int commit(struct reconciler *r, struct reconcile_plan *plan, struct reconcile_report *report, struct error *err)
{
	uint64_t began = loop_now_ns();
	int result = kernel_commit(r->kernel, &r->options, &plan->change, &report->commit_ns, err);

	report->done_ns = loop_now_ns();
	report->work_ns += report->done_ns - began - report->commit_ns;
	/* read_back needs `want` alone: the other lists are not kept in memory beside those that it reads. */
	policy_diff_clear(&plan->diff);
	kernel_state_clear(&plan->have);
	return result;
}

/* The kernel has acknowledged the transaction; the tables have to show it, too. */
static int read_back(struct reconciler *r, const struct reconcile_plan *plan, struct reconcile_tables *ret_tables,
		     struct error *err)
{
	struct kernel_state state = { 0 };
	int result = reconciler_read_kernel(r, &state, err);

	if (result < 0)
		return result;
	if ((state.skeleton != KERNEL_SKELETON_WHOLE && plan->left.install == KERNEL_KEEP) ||
	    !policy_equal(state.policy, plan->target ? plan->target : plan->want))
		result = error_set(err, -EAGAIN,
				   "the kernel does not hold what was just committed: somebody else writes to the "
				   "tables " KERNEL_TABLE " at the same time");
	if (r->options.own && !(state.flags & KERNEL_FLAG_PERSIST))
		r->flags_refused = true;
	describe_tables(&state, ret_tables);
	kernel_state_clear(&state);
	return result;
}

/* Keeps what the next comparison has to know of this one. */
static void remember(struct reconciler *r, struct reconcile_plan *plan)
{
	for (size_t i = 0; i < 2; i++)
		r->accept_stood[i] = plan->docker_wanted[i];
	/* Nothing was committed into tables that are missing. */
	if (r->inventory && !plan->tables_missing)
		reconcile_drift_committed(&r->drift, r->config->repair, steal(plan->want));
}
