/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose a difference is, where "repair" is false: from three lists, and what events did in between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "reconcile_drift.h"

/* ---- Policies of few flows, written as texts: "a1 b2" are the keys a and b with the comments 1 and 2 ---- */

static void add(struct policy *policy, char key, char comment)
{
	const char text[2] = { comment, '\0' };
	struct policy_record record = {
		.set = POLICY_FLOWS4, .span.protocol_first = 6, .span.protocol_last = 6, .comment = text
	};

	record.span.port_first = record.span.port_last = (uint16_t)key;
	assert_int_equal(address_parse("192.0.2.1", false, &record.source), 0);
	assert_int_equal(address_parse("192.0.2.2", false, &record.destination), 0);
	assert_int_equal(policy_add(policy, &record), 0);
}

static struct policy *make(const char *text)
{
	struct policy *policy = policy_new();

	for (; *text; text += 2 + (text[2] == ' '))
		add(policy, text[0], text[1]);
	policy_finish(policy);
	return policy;
}

static void print(const struct policy *policy, char text[256])
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < policy_count(policy); i++)
		used += (size_t)snprintf(text + used, 256 - used, "%s%c%s", i ? " " : "",
					 (char)policy_at(policy, i)->span.port_first, policy_at(policy, i)->comment);
}

struct scene {
	bool repair;
	struct reconcile_drift drift;
};

static void begin(struct scene *scene, const char *base)
{
	*scene = (struct scene){ 0 };
	assert_false(reconcile_drift_leaves(&scene->drift));
	if (base)
		reconcile_drift_committed(&scene->drift, scene->repair, make(base));
}

/* An event changes what is wanted from one list to another. */
static void change(struct scene *scene, const char *before, const char *after)
{
	struct policy *from = make(before), *to = make(after);
	struct policy_diff diff;

	assert_int_equal(policy_diff(from, to, &diff), 0);
	reconcile_drift_changed(&scene->drift, &diff);
	policy_diff_clear(&diff);
	policy_free(from);
	policy_free(to);
}

/* What the kernel holds in the end. */
static void compare(struct scene *scene, const char *have_text, const char *want_text, const char *target_text,
		    size_t lost, size_t foreign)
{
	struct policy *have = make(have_text), *want = make(want_text), *target;
	struct reconcile_left left = { 0 };
	struct policy_diff diff;
	char text[256];

	assert_true(reconcile_drift_leaves(&scene->drift));
	assert_int_equal(policy_diff(have, want, &diff), 0);
	assert_int_equal(reconcile_drift_leave(&scene->drift, want, &diff, &left), 0);
	target = reconcile_drift_target(have, &diff);
	assert_non_null(target);
	print(target, text);
	assert_string_equal(text, target_text);
	assert_int_equal(left.lost, lost);
	assert_int_equal(left.foreign, foreign);
	policy_free(target);
	policy_diff_clear(&diff);
	policy_free(have);
	reconcile_drift_committed(&scene->drift, scene->repair, want);
}

static void end(struct scene *scene)
{
	reconcile_drift_forget(&scene->drift);
}

/* ---- */

static void whose(void **state)
{
	static const struct {
		const char *base, *have, *want, *target;
		size_t lost, foreign;
	} cases[] = {
		/* nobody changed anything; ours alone */
		{ "a1 b1", "a1 b1", "a1 b1", "a1 b1", 0, 0 },
		{ "a1 b1", "a1 b1", "a1 c1", "a1 c1", 0, 0 },
		{ "a1", "a1", "a2", "a2", 0, 0 },
		/* somebody deleted, added, renamed */
		{ "a1 b1", "a1", "a1 b1", "a1", 1, 0 },
		{ "a1", "a1 x1", "a1", "a1 x1", 0, 1 },
		{ "a1", "a9", "a1", "a9", 1, 1 },
		{ "a1 b1", "", "a1 b1", "", 2, 0 },
		/* and ours in the same comparison */
		{ "a1 b1", "a1 x1", "a1 b1 c1", "a1 c1 x1", 1, 1 },
		{ "a1 b1 c1", "a1 c1 x1", "a1 b1", "a1 x1", 1, 1 },
		/* what is wanted of that very element changes: it is not his any more */
		{ "a1 b1", "a1", "a1", "a1", 0, 0 },
		{ "a1", "a1 x1", "a1 x1", "a1 x1", 0, 0 },
		{ "a1", "a1 x9", "a1 x1", "a1 x1", 0, 0 },
		{ "a1", "", "a2", "a2", 0, 0 },
		{ "a1", "a9", "a2", "a2", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scene scene;

		begin(&scene, cases[i].base);
		compare(&scene, cases[i].have, cases[i].want, cases[i].target, cases[i].lost, cases[i].foreign);
		/* And so it stays, however often it is looked at. */
		compare(&scene, cases[i].target, cases[i].want, cases[i].target, cases[i].lost, cases[i].foreign);
		end(&scene);
	}
}

static void events_in_between(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, "a1 b1 c1");
	change(&scene, "b1", "b2 d1");
	change(&scene, "c1", "");
	change(&scene, "d1", "");
	change(&scene, "", "c3");
	compare(&scene, "a1 b2 c3", "a1 b2 c3", "a1 b2 c3", 0, 0);
	change(&scene, "c3", "e1");
	compare(&scene, "a1 b2 x1", "a1 b2 e1", "a1 b2 x1", 1, 1);
	/* It is gone from what is wanted, and comes back: made anew. */
	compare(&scene, "a1 b2 x1", "a1 b2", "a1 b2 x1", 0, 1);
	compare(&scene, "a1 b2 x1", "a1 b2 e1", "a1 b2 e1 x1", 0, 1);
	/* Many: folded on the way. */
	for (int i = 0; i < 5000; i++)
		change(&scene, i % 2 ? "f1" : "", i % 2 ? "" : "f1");
	change(&scene, "", "g1");
	compare(&scene, "a1 b2 e1", "a1 b2 e1 g1", "a1 b2 e1", 1, 0);
	end(&scene);
}

static void nothing_is_left(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, NULL);
	change(&scene, "", "a1");
	assert_false(reconcile_drift_leaves(&scene.drift));
	reconcile_drift_committed(&scene.drift, scene.repair, make("a1"));
	assert_true(reconcile_drift_leaves(&scene.drift));
	reconcile_drift_forget(&scene.drift);
	assert_false(reconcile_drift_leaves(&scene.drift));
	scene.repair = true;
	reconcile_drift_committed(&scene.drift, scene.repair, make("a1"));
	assert_false(reconcile_drift_leaves(&scene.drift));
}

/* ---- Intervals that overlap ---- */

static struct policy_record interval(enum policy_set set, const char *source, uint8_t source_length,
				     const char *destination, uint8_t destination_length, uint16_t first, uint16_t last)
{
	struct policy_record record = {
		.set = set,
		.source_length = source_length,
		.destination_length = destination_length,
		.span.protocol_first = 6,
		.span.protocol_last = 6,
		.span.port_first = first,
		.span.port_last = last,
		.comment = "",
	};

	if (source)
		assert_int_equal(address_parse(source, false, &record.source), 0);
	assert_int_equal(address_parse(destination, false, &record.destination), 0);
	return record;
}

static void overlaps(void **state)
{
	struct policy_record a = interval(POLICY_INGRESS4, "203.0.113.0", 24, "172.18.0.3", 32, 80, 90), b = a;

	(void)state;
	assert_true(policy_record_overlaps(&a, &b));
	b.span.port_first = b.span.port_last = 90;
	assert_true(policy_record_overlaps(&a, &b));
	b.span.port_first = b.span.port_last = 91;
	assert_false(policy_record_overlaps(&a, &b));
	b = interval(POLICY_INGRESS4, "203.0.113.128", 25, "172.18.0.0", 16, 1, 100);
	assert_true(policy_record_overlaps(&a, &b) && policy_record_overlaps(&b, &a));
	b = interval(POLICY_INGRESS4, "203.0.112.0", 24, "172.18.0.0", 16, 1, 100);
	assert_false(policy_record_overlaps(&a, &b) || policy_record_overlaps(&b, &a));
	b = interval(POLICY_EGRESS4, "203.0.113.0", 24, "172.18.0.3", 32, 80, 90);
	assert_false(policy_record_overlaps(&a, &b));
	a = interval(POLICY_PUBLISHED4, NULL, 0, "0.0.0.0", 0, 80, 80);
	b = interval(POLICY_PUBLISHED4, NULL, 0, "192.0.2.1", 32, 80, 80);
	assert_true(policy_record_overlaps(&a, &b) && policy_record_overlaps(&b, &a));
	a = interval(POLICY_RANGES4, "172.18.0.2", 0, "172.18.0.3", 0, 80, 90);
	b = interval(POLICY_RANGES4, "172.18.0.2", 0, "172.18.0.3", 0, 85, 86);
	assert_true(policy_record_overlaps(&a, &b));
	b = interval(POLICY_RANGES4, "172.18.0.2", 0, "172.18.0.4", 0, 85, 86);
	assert_false(policy_record_overlaps(&a, &b));
	a.set = b.set = POLICY_FLOWS4;
	assert_false(policy_record_overlaps(&a, &a));
}

/* One that is in the way of what a flow file asks for would make the kernel refuse everything. */
static void foreign_in_the_way(void **state)
{
	struct policy_record wanted = interval(POLICY_RANGES4, "172.18.0.2", 0, "172.18.0.3", 0, 80, 90);
	struct policy_record foreign = interval(POLICY_RANGES4, "172.18.0.2", 0, "172.18.0.3", 0, 85, 99);
	struct policy_record elsewhere = interval(POLICY_RANGES4, "172.18.0.2", 0, "172.18.0.3", 0, 100, 110);
	struct policy *have = policy_new(), *want = policy_new();
	struct reconcile_left left = { 0 };
	struct policy_diff diff;
	struct scene scene;

	(void)state;
	begin(&scene, "");
	assert_int_equal(policy_add(have, &foreign) | policy_add(have, &elsewhere), 0);
	assert_int_equal(policy_add(want, &wanted), 0);
	policy_finish(have);
	policy_finish(want);
	assert_int_equal(policy_diff(have, want, &diff), 0);
	assert_int_equal(reconcile_drift_leave(&scene.drift, want, &diff, &left), 0);
	assert_int_equal(diff.add_count, 1);
	assert_int_equal(diff.remove_count, 1);
	assert_int_equal(diff.remove[0]->span.port_first, 85);
	assert_int_equal(left.foreign, 1);
	policy_diff_clear(&diff);
	policy_free(have);
	policy_free(want);
	end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whose),    cmocka_unit_test(events_in_between),  cmocka_unit_test(nothing_is_left),
		cmocka_unit_test(overlaps), cmocka_unit_test(foreign_in_the_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
