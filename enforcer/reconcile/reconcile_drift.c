/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile_drift.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Events' records are folded into the base when there are so many of them. */
#define TOUCHED_MAX 4096

static void forget_touched(struct reconcile_drift *drift)
{
	policy_free(drift->touched);
	drift->touched = NULL;
	free(drift->added);
	drift->added = NULL;
	drift->capacity = 0;
}

void reconcile_drift_forget(struct reconcile_drift *drift)
{
	policy_free(drift->base);
	drift->base = NULL;
	forget_touched(drift);
}

bool reconcile_drift_leaves(const struct reconcile_drift *drift)
{
	return drift->base != NULL;
}

void reconcile_drift_committed(struct reconcile_drift *drift, bool repair, struct policy *want)
{
	reconcile_drift_forget(drift);
	if (repair)
		policy_free(want);
	else
		drift->base = want;
}

/* ---- What events committed ---- */

static int touch(struct reconcile_drift *drift, const struct policy_record *record, bool added)
{
	size_t count;

	if (!drift->touched)
		drift->touched = policy_new();
	if (!drift->touched)
		return -ENOMEM;
	count = policy_count(drift->touched);
	if (count == drift->capacity) {
		size_t capacity = drift->capacity ? drift->capacity * 2 : 64;
		bool *grown = realloc(drift->added, capacity * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		drift->added = grown;
		drift->capacity = capacity;
	}
	drift->added[count] = added;
	return policy_add(drift->touched, record);
}

/* A record, when an event touched it, and how. */
struct touched {
	const struct policy_record *record;
	size_t order;
	bool added;
};

static int compare_touched(const void *a, const void *b)
{
	const struct touched *x = a, *y = b;
	int order = policy_record_compare(x->record, y->record);

	return order ? order : (x->order > y->order) - (x->order < y->order);
}

/* What became of each key in the end.  The caller frees the list. */
static int last_words(const struct reconcile_drift *drift, struct touched **ret_list, size_t *ret_count)
{
	size_t count = policy_count(drift->touched), kept = 0;
	struct touched *list = calloc(count + 1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		list[i] = (struct touched){ policy_at(drift->touched, i), i, drift->added[i] };
	qsort(list, count, sizeof(*list), compare_touched);
	for (size_t i = 0; i < count; i++) {
		if (i + 1 < count && policy_record_compare(list[i].record, list[i + 1].record) == 0)
			continue;
		list[kept++] = list[i];
	}
	*ret_list = list;
	*ret_count = kept;
	return 0;
}

/* Applies to the base what events committed since. */
static int fold(struct reconcile_drift *drift)
{
	cleanup_of(policy) struct policy *base = NULL;
	cleanup_free struct touched *list = NULL;
	size_t count, i = 0, j = 0;
	int r = 0;

	if (!drift->touched)
		return 0;
	base = policy_new();
	if (!base || last_words(drift, &list, &count) < 0)
		return -ENOMEM;
	while (r == 0 && (i < policy_count(drift->base) || j < count)) {
		int order = i == policy_count(drift->base) ? 1
			    : j == count		   ? -1
					 : policy_record_compare(policy_at(drift->base, i), list[j].record);

		if (order < 0)
			r = policy_add(base, policy_at(drift->base, i));
		else if (list[j].added)
			r = policy_add(base, list[j].record);
		i += order <= 0;
		j += order >= 0;
	}
	if (r < 0)
		return r;
	policy_finish(base);
	policy_free(drift->base);
	drift->base = steal(base);
	forget_touched(drift);
	return 0;
}

void reconcile_drift_changed(struct reconcile_drift *drift, const struct policy_diff *diff)
{
	int result = 0;

	if (!drift->base)
		return;
	for (size_t i = 0; result == 0 && i < diff->remove_count; i++)
		result = touch(drift, diff->remove[i], false);
	for (size_t i = 0; result == 0 && i < diff->add_count; i++)
		result = touch(drift, diff->add[i], true);
	if (result == 0 && policy_count(drift->touched) > TOUCHED_MAX)
		result = fold(drift);
	if (result < 0)
		reconcile_drift_forget(drift);
}

/* ---- What is whose ---- */

/* Whether the policy holds the record, with its comment. */
static bool holds(const struct policy *policy, const struct policy_record *record)
{
	const struct policy_record *found = policy_find(policy, record);

	return found && strcmp(found->comment, record->comment) == 0;
}

/* Whether a foreign interval overlaps one that is ours to add: the kernel would refuse the whole transaction. */
static bool is_in_the_way(const struct policy_record *foreign, const struct policy_diff *diff, size_t ours)
{
	for (size_t i = 0; i < ours; i++) {
		if (policy_record_overlaps(diff->add[i], foreign))
			return true;
	}
	return false;
}

int reconcile_drift_leave(struct reconcile_drift *drift, const struct policy *want, struct policy_diff *diff,
			  struct reconcile_left *left)
{
	const struct policy *base;
	size_t kept = 0;

	if (fold(drift) < 0)
		return -ENOMEM;
	base = drift->base;
	for (size_t i = 0; i < diff->add_count; i++) {
		if (holds(base, diff->add[i]))
			left->lost++;
		else
			diff->add[kept++] = diff->add[i];
	}
	diff->add_count = kept;
	kept = 0;
	for (size_t i = 0; i < diff->remove_count; i++) {
		const struct policy_record *record = diff->remove[i], *wanted = policy_find(want, record);
		/* If only its comment differs, the record that is wanted decides. */
		bool ours = wanted ? !holds(base, wanted) : holds(base, record);

		if (ours || is_in_the_way(record, diff, diff->add_count))
			diff->remove[kept++] = record;
		else
			left->foreign++;
	}
	diff->remove_count = kept;
	return 0;
}

struct policy *reconcile_drift_target(const struct policy *have, const struct policy_diff *diff)
{
	cleanup_of(policy) struct policy *target = policy_new();
	size_t removed = 0;
	int r = target ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < policy_count(have); i++) {
		/* diff->remove points to records of `have`, in the same order. */
		if (removed < diff->remove_count && diff->remove[removed] == policy_at(have, i))
			removed++;
		else
			r = policy_add(target, policy_at(have, i));
	}
	for (size_t i = 0; r == 0 && i < diff->add_count; i++)
		r = policy_add(target, diff->add[i]);
	if (r < 0)
		return NULL;
	policy_finish(target);
	return steal(target);
}
