/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commits what one event changed: a network, a container, ports.  The cost depends on the change, not on the host. */
#include "reconcile.h"

#include <errno.h>
#include <stdlib.h>

#include "compile.h"
#include "loop.h"
#include "reconcile_state.h"

/* Whether a record with counters gets another comment: then the counters have to be read first. */
static bool renames_flows(const struct policy_diff *diff)
{
	size_t counted = 0;

	if (!diff->renamed)
		return false;
	for (size_t i = 0; i < diff->add_count; i++)
		counted += policy_set_row(diff->add[i]->set)->element == POLICY_ELEMENT_COUNTED;
	for (size_t i = 0; i < diff->remove_count; i++)
		counted += policy_set_row(diff->remove[i]->set)->element == POLICY_ELEMENT_COUNTED;
	return counted >= 2;
}

static int look_at_everything(struct reconciler *r, struct reconcile_report *ret_report, struct error *err)
{
	return reconcile_everything(r, &(struct reconcile_cause){ .what = "event" }, false, ret_report, err);
}

/* Commits what changed for the scope's endpoints: from `before` to what the inventory compiles to now. */
static int reconcile_scope(struct reconciler *r, const struct inventory_scope *scope, const struct policy *before,
			   uint64_t began, struct reconcile_report *ret_report, struct error *err)
{
	struct reconcile_report report = { 0 };
	cleanup_of(policy) struct policy *want = NULL;
	struct policy_diff diff = { 0 };
	int result;

	result = compile_scope(r->binding, r->inventory, scope, &want, err);
	if (result == 0 && policy_diff(before, want, &diff) < 0)
		result = error_oom(err);
	if (result == 0 && renames_flows(&diff)) {
		policy_diff_clear(&diff);
		return look_at_everything(r, ret_report, err);
	}
	report.added = diff.add_count;
	report.removed = diff.remove_count;
	report.changed = report.added || report.removed;
	if (result == 0 && report.changed) {
		struct kernel_change change = { .install = KERNEL_KEEP, .table_exists = true, .diff = &diff };

		result = kernel_commit(r->kernel, &r->options, &change, &report.commit_ns, err);
		report.done_ns = loop_now_ns();
		report.work_ns = report.done_ns - began - report.commit_ns;
		if (result == 0)
			reconcile_drift_changed(&r->drift, &diff);
		if (result == 0 && r->observer)
			r->observer(&diff, &report, r->observer_data);
	}
	policy_diff_clear(&diff);
	if (result < 0 && result != -ENOMEM) {
		/* The kernel does not hold what we thought: somebody changed it.  Look at everything. */
		r->doubtful = true;
		return look_at_everything(r, ret_report, err);
	}
	r->doubtful = r->doubtful || result < 0;
	if (result == 0)
		*ret_report = report;
	return result;
}

/* How each function below ends: the inventory was changed, or could not be (result).  Clears the scope. */
static int finish(struct reconciler *r, int result, struct inventory_scope *scope, const struct policy *before,
		  uint64_t began, struct reconcile_report *ret_report, struct error *err)
{
	if (result == 0 && r->inventory)
		inventory_hold(r->inventory, scope);
	if (result < 0)
		r->doubtful = true;
	else if (scope->all || r->doubtful)
		result = look_at_everything(r, ret_report, err);
	else if (scope->count)
		result = reconcile_scope(r, scope, before, began, ret_report, err);
	inventory_scope_clear(scope);
	return result;
}

int reconcile_network(struct reconciler *r, const char *id, struct network *network,
		      struct reconcile_report *ret_report, struct error *err)
{
	cleanup_of(network) struct network *next = network;
	cleanup_of(policy) struct policy *before = NULL;
	struct inventory_scope scope = { 0 };
	uint64_t began = loop_now_ns();
	int result;

	*ret_report = (struct reconcile_report){ 0 };
	if (!r->inventory)
		return 0;
	if (next)
		next->managed = next->managed && config_manages(r->config, next->name, next->id);
	if (next && inventory_name_newcomers(r->inventory, next) < 0)
		return error_oom(err);
	if (next)
		network_keep_places(next, inventory_network(r->inventory, id));
	result = inventory_network_changes(r->inventory, id, next, &scope) < 0 ? error_oom(err) : 0;
	if (result == 0 && !scope.all)
		result = compile_scope(r->binding, r->inventory, &scope, &before, err);
	if (result == 0 && !next)
		inventory_remove_network(r->inventory, id);
	else if (result == 0 && inventory_put_network(r->inventory, steal(next)) < 0)
		result = error_oom(err);
	return finish(r, result, &scope, before, began, ret_report, err);
}

int reconcile_container(struct reconciler *r, const char *id, struct container *container,
			struct reconcile_report *ret_report, struct error *err)
{
	cleanup_of(container) struct container *next = container;
	cleanup_of(policy) struct policy *before = NULL;
	struct inventory_scope scope = { 0 };
	uint64_t began = loop_now_ns();
	struct container *now;
	int result = 0;

	*ret_report = (struct reconcile_report){ 0 };
	if (!r->inventory)
		return 0;
	now = inventory_container(r->inventory, id);
	if (next && container_complete(next, now) < 0)
		result = error_oom(err);
	if (result == 0 && ((!now && !next) || (now && next && container_equal(now, next))))
		return 0;
	if (result == 0 && next && binding_bind(r->binding, next) < 0)
		result = error_oom(err);
	if (result == 0 && inventory_container_changes(r->inventory, id, &scope) < 0)
		result = error_oom(err);
	/* Other containers change as well if this one begins or ends to share another's network namespace, or takes
	 * over a published port. */
	scope.all = scope.all || (next && next->shares) || (now && now->shares) ||
		    (next && inventory_published_twice(r->inventory, next));
	if (result == 0 && !scope.all)
		result = compile_scope(r->binding, r->inventory, &scope, &before, err);
	if (result == 0 && !next)
		inventory_remove_container(r->inventory, id);
	else if (result == 0 && inventory_put_container(r->inventory, steal(next)) < 0)
		result = error_oom(err);
	return finish(r, result, &scope, before, began, ret_report, err);
}

bool reconcile_lacks_bindings(const struct container *container)
{
	return !container->bindings_known;
}

int reconcile_bindings(struct reconciler *r, const char *id, struct container *told,
		       struct reconcile_report *ret_report, struct error *err)
{
	cleanup_of(container) struct container *next = told;
	cleanup_of(policy) struct policy *before = NULL;
	struct inventory_scope scope = { 0 };
	uint64_t began = loop_now_ns();
	struct container *now;
	int result = 0;

	*ret_report = (struct reconcile_report){ 0 };
	now = r->inventory ? inventory_container(r->inventory, id) : NULL;
	if (!now || now->bindings_known || !next->bindings_known)
		return 0;
	/* Compiled as if it had the bindings: do others claim the same ports? */
	next->started = now->started;
	if (container_complete(next, NULL) < 0 || inventory_container_changes(r->inventory, id, &scope) < 0)
		result = error_oom(err);
	scope.all = scope.all || now->shares || (!now->started && inventory_published_twice(r->inventory, next));
	if (result == 0 && !scope.all)
		result = compile_scope(r->binding, r->inventory, &scope, &before, err);
	if (result == 0 && inventory_complete(r->inventory, now, next) < 0)
		result = error_oom(err);
	return finish(r, result, &scope, before, began, ret_report, err);
}

int reconcile_ended(struct reconciler *r, const char *id, struct reconcile_report *ret_report, struct error *err)
{
	cleanup_of(policy) struct policy *before = NULL;
	struct inventory_scope scope = { 0 };
	uint64_t began = loop_now_ns();
	struct container *now;
	int result;

	*ret_report = (struct reconcile_report){ 0 };
	now = r->inventory ? inventory_container(r->inventory, id) : NULL;
	if (!now || !now->started)
		return 0;
	result = inventory_container_changes(r->inventory, id, &scope) < 0 ? error_oom(err) : 0;
	/* Another container may publish the same ports by now. */
	scope.all = scope.all || now->shares || now->binding_count;
	if (result == 0 && !scope.all)
		result = compile_scope(r->binding, r->inventory, &scope, &before, err);
	if (result == 0 && inventory_end(r->inventory, now) < 0)
		result = error_oom(err);
	return finish(r, result, &scope, before, began, ret_report, err);
}

int reconcile_ports(struct reconciler *r, struct reconcile_report *ret_report, struct error *err)
{
	cleanup_of(policy) struct policy *before = NULL;
	cleanup_free struct port *ports = NULL;
	struct inventory_scope scope = { 0 };
	uint64_t began = loop_now_ns();
	size_t count = 0;
	int result;

	*ret_report = (struct reconcile_report){ 0 };
	result = links_ports(r->links, &ports, &count, err);
	if (!r->inventory) {
		scope.all = result == 0 && reconcile_bridges_judge_ports(&r->whose, ports, count);
		return finish(r, result, &scope, before, began, ret_report, err);
	}
	if (result == 0 && inventory_port_changes(r->inventory, ports, count, &scope) < 0)
		result = error_oom(err);
	if (result == 0 && !scope.all)
		result = compile_scope(r->binding, r->inventory, &scope, &before, err);
	if (result == 0)
		(void)inventory_set_ports(r->inventory, steal(ports), count, NULL);
	scope.all = scope.all || (result == 0 && reconcile_bridges_judge(&r->whose, r->inventory));
	return finish(r, result, &scope, before, began, ret_report, err);
}
