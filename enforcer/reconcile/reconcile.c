/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Read this first: the whole way of the data in one file.
 *
 *     flows + inventory ── compile ──► want ─┐
 *                                            ├─ policy_diff ─► kernel_commit   (one transaction, or nothing)
 *     kernel ── kernel_read ─────────► have ─┘
 *
 * For a change that one event brought, `have` is what the inventory compiled to before the event and `want` what it
 * compiles to after it, both only for the endpoints that changed: that is what the kernel holds as long as nobody else
 * wrote, and we hear of it when somebody does.  Whenever in doubt, everything is looked at.
 */
#include "reconcile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "loop.h"
#include "reconcile_drift.h"
#include "reconcile_links.h"

/* What reconcile_everything works with. */
struct plan {
	struct kernel_state state;
	struct policy *want;
	struct policy_diff diff;
	struct kernel_change change;
	struct reconcile_left left;
	bool tables_missing;
	struct policy *target; /* what the kernel is to hold in the end, where that is not `want` */
};

static void plan_clear(struct plan *plan)
{
	policy_diff_clear(&plan->diff);
	policy_free(plan->want);
	policy_free(plan->target);
	kernel_state_clear(&plan->state);
}

/* How much of the table has to be written anew. */
static enum kernel_install choose_install(const struct reconciler *r, const struct kernel_state *state)
{
	bool flags_missing = r->options.own && !r->flags_refused && !(state->flags & RECONCILE_FLAG_PERSIST);

	switch (state->skeleton) {
	case KERNEL_SKELETON_WHOLE:
		/* The kernel gives no flags to a table that was created without them. */
		return flags_missing ? KERNEL_REPLACE : KERNEL_KEEP;
	case KERNEL_SKELETON_RULES:
		return flags_missing ? KERNEL_REPLACE : KERNEL_RULES;
	default:
		return KERNEL_REPLACE;
	}
}

static int plan_want(struct reconciler *r, struct plan *plan, struct error *err)
{
	static const struct inventory nothing = { 0 };
	struct compile_links links = { 0 };
	int r_links, result;

	r_links = reconcile_links_collect(r, &links, err);
	if (r_links < 0)
		return r_links;
	result = compile_all(r->binding, r->inventory ? r->inventory : &nothing, &links, &plan->want, err);
	reconcile_links_clear(&links);
	return result;
}

static bool is_left(const struct reconcile_left *left)
{
	return left->lost || left->foreign || left->install != KERNEL_KEEP || left->docker[0] || left->docker[1];
}

/* Takes what others did out of the plan, and leaves what flow files and containers ask for. */
static int leave_drift(struct reconciler *r, struct plan *plan, struct error *err)
{
	struct kernel_change *change = &plan->change;

	plan->left.install = change->install;
	change->install = KERNEL_KEEP;
	for (size_t i = 0; i < 2; i++) {
		const struct kernel_docker *docker = &plan->state.docker[i];

		plan->left.docker[i] = change->docker_add[i] && !docker->installed && r->accept_stood[i];
		if (plan->left.docker[i])
			change->docker_add[i] = false;
	}
	if (reconcile_drift_leave(r, plan->want, &plan->diff, &plan->left) < 0)
		return error_oom(err);
	/* Without tables there is nothing to put elements into: what is ours to do waits until they are back. */
	plan->tables_missing = !plan->state.exists || !plan->state.guard_exists;
	if (plan->tables_missing)
		plan->diff.add_count = plan->diff.remove_count = 0;
	if (!is_left(&plan->left))
		return 0;
	plan->target = reconcile_drift_target(plan->state.policy, &plan->diff);
	return plan->target ? 0 : error_oom(err);
}

static int plan_make(struct reconciler *r, struct plan *plan, struct error *err)
{
	int result = kernel_read(r->kernel, &r->options, &plan->state, err);

	if (result < 0)
		return result;
	if (!r->inventory && plan->state.exists) {
		/* The engine is silent and the kernel holds the last word: keep it. */
		result = reconcile_copy_policy(plan->state.policy, &plan->want, err);
	} else {
		result = plan_want(r, plan, err);
	}
	if (result < 0)
		return result;
	if (policy_diff(plan->state.policy, plan->want, &plan->diff) < 0)
		return error_oom(err);
	plan->change = (struct kernel_change){
		.install = choose_install(r, &plan->state),
		.table_exists = plan->state.exists,
		.guard_exists = plan->state.guard_exists,
		.diff = &plan->diff,
		.want = plan->want,
		.from = plan->state.exists || plan->state.guard_exists ? &plan->state : NULL,
	};
	if (!r->inventory && plan->state.exists && !plan->state.guard_exists) {
		/* Installed by a version without a guard, which would shut out everybody whom the engine has not told
		 * us of yet. */
		plan->change.install = KERNEL_KEEP;
		return 0;
	}
	plan->change.adopt = plan->change.install != KERNEL_REPLACE && r->options.own &&
			     (plan->state.flags & RECONCILE_FLAG_PERSIST) &&
			     !(plan->state.flags & RECONCILE_FLAG_OWNER);
	for (size_t i = 0; i < 2; i++) {
		const struct kernel_docker *docker = &plan->state.docker[i];

		if (docker->backend != KERNEL_DOCKER_IPTABLES)
			continue;
		plan->change.docker_add[i] = docker->wanted && !docker->accept_present;
		/* One at the wrong place, or left from a time with another mark. */
		plan->change.docker_remove[i] = docker->installed && (plan->change.docker_add[i] || !docker->wanted);
	}
	return reconcile_drift_leaves(r) ? leave_drift(r, plan, err) : 0;
}

/* A flow's counters live in its element: one that only gets another comment keeps them. */
static void keep_counters(const struct plan *plan)
{
	for (size_t i = 0; plan->diff.renamed && i < plan->diff.add_count; i++) {
		const struct policy_record *before = policy_find(plan->state.policy, plan->diff.add[i]);
		struct policy_record *record = (struct policy_record *)(uintptr_t)plan->diff.add[i];

		if (before) {
			record->packets = before->packets;
			record->bytes = before->bytes;
		}
	}
}

static void describe_kernel(const struct kernel_state *state, struct reconcile_kernel *kernel)
{
	*kernel = (struct reconcile_kernel){
		.flags = state->flags,
		.generation = state->generation,
		.owned = state->owner != 0,
		.knows_bridge_names = state->guard_by_bridge,
		.backend = { state->docker[0].backend, state->docker[1].backend },
		.elements = policy_count(state->policy),
	};
}

static void describe(const struct plan *plan, struct reconcile_report *report)
{
	report->full = true;
	report->added = plan->diff.add_count;
	report->removed = plan->diff.remove_count;
	report->install = plan->change.install;
	report->adopted = plan->change.adopt;
	report->left = plan->left;
	describe_kernel(&plan->state, &report->kernel);
	report->docker = plan->change.docker_add[0] || plan->change.docker_add[1] || plan->change.docker_remove[0] ||
			 plan->change.docker_remove[1];
	for (size_t i = 0; i < 2; i++) {
		const struct kernel_docker *docker = &plan->state.docker[i];

		report->docker_wanted[i] = docker->backend == KERNEL_DOCKER_IPTABLES && docker->wanted;
		report->docker_gone[i] = report->docker_wanted[i] && !docker->installed;
	}
	report->changed = report->added || report->removed || plan->change.install != KERNEL_KEEP || report->docker;
}

/* What is known of the kernel from now on. */
static void remember(struct reconciler *r, struct plan *plan, const struct reconcile_report *report)
{
	for (size_t i = 0; i < 2; i++)
		r->accept_stood[i] = report->docker_wanted[i];
	/* Nothing was committed where the tables are not there. */
	if (r->inventory && !plan->tables_missing)
		reconcile_drift_committed(r, steal(plan->want));
}

/* A transaction that was acknowledged is believed when the kernel says the same in its own words. */
static int read_back(struct reconciler *r, const struct plan *plan, struct reconcile_kernel *ret_kernel,
		     struct error *err)
{
	struct kernel_state state = { 0 };
	int result = kernel_read(r->kernel, &r->options, &state, err);

	if (result < 0)
		return result;
	if ((state.skeleton != KERNEL_SKELETON_WHOLE && plan->left.install == KERNEL_KEEP) ||
	    !policy_equal(state.policy, plan->target ? plan->target : plan->want))
		result = error_set(err, -EAGAIN,
				   "the kernel does not hold what was just committed: somebody else writes to the "
				   "tables " KERNEL_TABLE " at the same time");
	if (r->options.own && !(state.flags & RECONCILE_FLAG_PERSIST))
		r->flags_refused = true;
	describe_kernel(&state, ret_kernel);
	kernel_state_clear(&state);
	return result;
}

int reconcile_everything(struct reconciler *r, bool dry, reconcile_observer_fn *observer, void *data,
			 struct reconcile_report *ret_report, struct error *err)
{
	struct reconcile_report report = { 0 };
	struct plan plan = { 0 };
	uint64_t began = loop_now_ns();
	int result = plan_make(r, &plan, err);

	if (result == 0) {
		keep_counters(&plan);
		describe(&plan, &report);
		report.work_ns = loop_now_ns() - began;
		if (observer && report.changed)
			observer(&plan.diff, &report, data);
		if (!dry && (report.changed || report.adopted)) {
			began = loop_now_ns();
			result = kernel_commit(r->kernel, &r->options, &plan.change, &report.commit_ns, err);
			report.done_ns = loop_now_ns();
			report.work_ns += report.done_ns - began - report.commit_ns;
			/* Only `want` is needed for what follows: not both lists and a third one in memory. */
			policy_diff_clear(&plan.diff);
			kernel_state_clear(&plan.state);
			if (result == 0)
				result = read_back(r, &plan, &report.kernel, err);
		}
	}
	if (!dry && result == 0)
		remember(r, &plan, &report);
	if (!dry)
		r->doubtful = result < 0 || !r->inventory;
	plan_clear(&plan);
	if (result == 0)
		*ret_report = report;
	return result;
}

/* Lists tell no bindings: those that are known stay known. */
static int keep_bindings(const struct reconciler *r, struct inventory *inventory, struct error *err)
{
	for (size_t i = 0; i < inventory->container_count; i++) {
		struct container *container = inventory->containers[i];
		const struct container *known = NULL;

		if (r->inventory)
			known = inventory_container(r->inventory, container->id);
		if (inventory_settle(inventory, container, known) < 0)
			return error_oom(err);
	}
	return 0;
}

int reconcile_set_inventory(struct reconciler *r, struct inventory *inventory, struct error *err)
{
	int result;

	for (size_t i = 0; i < inventory->network_count; i++) {
		struct network *network = inventory->networks[i];

		network->managed = network->managed && config_manages(r->config, network->name);
	}
	result = reconcile_links_check(r, inventory, err);
	if (result == 0)
		result = reconcile_links_look(r, r->config, inventory, err);
	if (result == 0)
		result = keep_bindings(r, inventory, err);
	if (result == 0 && binding_bind_all(r->binding, inventory) < 0)
		result = error_oom(err);
	if (result < 0) {
		inventory_free(inventory);
		return result;
	}
	inventory_free(r->inventory);
	r->inventory = inventory;
	r->doubtful = true;
	return 0;
}

int reconcile_set_flows(struct reconciler *r, const struct config *config, struct flow_set *flows, struct error *err)
{
	const struct binding_defaults defaults = { .mode = config->mode, .boundary = config->boundary };
	struct binding *binding = binding_new(flows, &defaults);
	int result = r->inventory ? reconcile_links_look(r, config, r->inventory, err) : 0;

	if (result < 0) {
		binding_free(binding);
		flow_set_free(flows);
		return result;
	}
	if (!binding || (r->inventory && binding_bind_all(binding, r->inventory) < 0)) {
		/* Containers that are bound already refer to the new flows: take nothing for known. */
		binding_free(binding);
		flow_set_free(flows);
		r->doubtful = true;
		if (r->inventory && r->binding)
			(void)binding_bind_all(r->binding, r->inventory);
		return error_oom(err);
	}
	binding_free(r->binding);
	flow_set_free(r->flows);
	r->binding = binding;
	r->flows = flows;
	r->config = config;
	r->options.mark = config->mark;
	r->doubtful = true;
	/* All is made right once, whoever changed what. */
	reconcile_drift_forget(r);
	r->accept_stood[0] = r->accept_stood[1] = false;
	for (size_t i = 0; r->inventory && i < r->inventory->network_count; i++) {
		struct network *network = r->inventory->networks[i];

		network->managed = network->bridge[0] && config_manages(config, network->name);
	}
	return 0;
}

int reconcile_new(const struct config *config, struct flow_set *flows, bool own, struct reconciler **ret_reconciler,
		  struct error *err)
{
	cleanup_of(reconciler) struct reconciler *r = calloc(1, sizeof(*r));
	int result;

	if (!r) {
		flow_set_free(flows);
		return error_oom(err);
	}
	r->drift = calloc(1, sizeof(*r->drift));
	if (!r->drift) {
		flow_set_free(flows);
		return error_oom(err);
	}
	r->options.own = own && config->owner;
	r->doubtful = true;
	result = reconcile_set_flows(r, config, flows, err);
	if (result == 0)
		result = kernel_open(&r->kernel, err);
	if (result == 0)
		result = links_open(&r->links, err);
	if (result < 0)
		return result;
	*ret_reconciler = steal(r);
	return 0;
}

void reconcile_free(struct reconciler *r)
{
	if (!r)
		return;
	inventory_free(r->inventory);
	binding_free(r->binding);
	flow_set_free(r->flows);
	kernel_close(r->kernel);
	links_close(r->links);
	if (r->drift)
		reconcile_drift_forget(r);
	free(r->drift);
	free(r->closed);
	free(r->bridges);
	free(r);
}
