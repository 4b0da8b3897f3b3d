/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading and committing against a real kernel, in network namespaces of our own. */
#include <sys/wait.h>
#include <string.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>

#include "kernel_namespace.h"

static const struct kernel_options options = { .mark = NAMESPACE_MARK };

static struct policy *copy_without(const struct policy *policy, size_t left_out)
{
	struct policy *copy = new_policy();

	for (size_t i = 0; i < policy_count(policy); i++) {
		if (i != left_out)
			assert_int_equal(policy_add(copy, policy_at(policy, i)), 0);
	}
	policy_finish(copy);
	return copy;
}

static void test_from_nothing(void **state)
{
	struct policy *policy = some_policy();
	struct kernel_state read;
	struct policy_diff diff;
	struct kernel *kernel;

	(void)state;
	namespace_fresh();
	kernel = open_kernel();
	read = read_kernel(kernel, &options);
	assert_int_equal(read.skeleton, KERNEL_SKELETON_ABSENT);
	assert_false(read.exists);
	assert_int_equal(policy_count(read.policy), 0);
	assert_int_equal(read.docker[0].backend, KERNEL_DOCKER_NONE);
	assert_int_equal(read.docker[1].backend, KERNEL_DOCKER_NONE);
	kernel_state_clear(&read);
	install(kernel, &options, policy);
	read = read_kernel(kernel, &options);
	assert_int_equal(read.skeleton, KERNEL_SKELETON_WHOLE);
	assert_true(read.exists);
	assert_int_equal(read.flags, 0);
	assert_int_equal(policy_diff(read.policy, policy, &diff), 0);
	assert_true(policy_diff_empty(&diff));
	policy_diff_clear(&diff);
	kernel_state_clear(&read);
	kernel_close(kernel);
	policy_free(policy);
}

/* A change of nothing is no transaction: the generation stays. */
static void test_nothing_to_do(void **state)
{
	struct policy *policy = some_policy();
	struct kernel_state before, after;
	struct kernel *kernel;

	(void)state;
	namespace_fresh();
	kernel = open_kernel();
	install(kernel, &options, policy);
	before = read_kernel(kernel, &options);
	change_to(kernel, &options, policy);
	after = read_kernel(kernel, &options);
	assert_int_equal(before.generation, after.generation);
	kernel_state_clear(&before);
	kernel_state_clear(&after);
	kernel_close(kernel);
	policy_free(policy);
}

static void test_each_element_comes_and_goes(void **state)
{
	struct policy *policy = some_policy();
	struct kernel *kernel;

	(void)state;
	namespace_fresh();
	kernel = open_kernel();
	install(kernel, &options, policy);
	for (size_t i = 0; i < policy_count(policy); i++) {
		struct policy *less = copy_without(policy, i);

		change_to(kernel, &options, less);
		assert_kernel_holds(kernel, &options, less);
		change_to(kernel, &options, policy);
		assert_kernel_holds(kernel, &options, policy);
		policy_free(less);
	}
	kernel_close(kernel);
	policy_free(policy);
}

/* Another comment for every element: deleted and added again in one transaction, in hash and in interval sets. */
static void test_renamed_elements(void **state)
{
	struct policy *policy = some_policy(), *renamed = new_policy();
	struct kernel *kernel;

	(void)state;
	namespace_fresh();
	kernel = open_kernel();
	for (size_t i = 0; i < policy_count(policy); i++) {
		struct policy_record record = *policy_at(policy, i);

		record.comment = "another name";
		assert_int_equal(policy_add(renamed, &record), 0);
	}
	policy_finish(renamed);
	install(kernel, &options, policy);
	for (unsigned round = 0; round < 3; round++) {
		change_to(kernel, &options, renamed);
		assert_kernel_holds(kernel, &options, renamed);
		change_to(kernel, &options, policy);
		assert_kernel_holds(kernel, &options, policy);
	}
	kernel_close(kernel);
	policy_free(renamed);
	policy_free(policy);
}

/* The kernel refuses ranges that overlap, but not where the one goes as the other comes. */
static void test_ranges_that_overlap(void **state)
{
	static const uint16_t steps[][2] = { { 7000, 7010 }, { 7000, 7020 }, { 7005, 7020 }, { 6990, 7030 },
					     { 7000, 7001 }, { 7001, 7001 }, { 0, 65535 },   { 7000, 7010 } };
	struct kernel *kernel;

	(void)state;
	namespace_fresh();
	kernel = open_kernel();
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct policy *policy = new_policy();

		for (unsigned j = 2; j < 20; j++) {
			char source[32];

			snprintf(source, sizeof(source), "10.0.0.%u", j);
			add_record(policy, POLICY_RANGES4, NULL, source, "10.0.0.200", 6, steps[i][0], steps[i][1],
				   "r");
			snprintf(source, sizeof(source), "fd00::%x", j);
			add_record(policy, POLICY_RANGES6, NULL, source, "fd00::200", 6, steps[i][0], steps[i][1], "r");
		}
		policy_finish(policy);
		if (i == 0)
			install(kernel, &options, policy);
		else
			change_to(kernel, &options, policy);
		assert_kernel_holds(kernel, &options, policy);
		policy_free(policy);
	}
	kernel_close(kernel);
}

/* Rules come back, sets stay: what they counted is not lost. */
static void test_flushed_rules(void **state)
{
	struct policy *policy = some_policy();
	struct kernel_change change = { .install = KERNEL_RULES, .table_exists = true, .guard_exists = true };
	struct policy_record key;
	struct kernel_state read;
	struct kernel *kernel;

	(void)state;
	namespace_fresh();
	kernel = open_kernel();
	install(kernel, &options, policy);
	run("nft delete element inet bulkhead flows4 '{ 172.18.0.2 . 172.18.0.3 . tcp . 5432 }'; "
	    "nft add element inet bulkhead flows4 "
	    "'{ 172.18.0.2 . 172.18.0.3 . tcp . 5432 counter packets 7 bytes 77 comment \"shop: web (web-1) -> db "
	    "(db-1)\" }'; "
	    "nft flush table inet bulkhead; nft add rule inet bulkhead forward drop");
	commit(kernel, &options, &change);
	read = read_kernel(kernel, &options);
	assert_int_equal(read.skeleton, KERNEL_SKELETON_WHOLE);
	assert_true(policy_equal(read.policy, policy));
	key = (struct policy_record){ .set = POLICY_FLOWS4,
				      .span.protocol_first = 6,
				      .span.protocol_last = 6,
				      .span.port_first = 5432,
				      .span.port_last = 5432 };
	assert_int_equal(address_parse("172.18.0.2", false, &key.source), 0);
	assert_int_equal(address_parse("172.18.0.3", false, &key.destination), 0);
	assert_non_null(policy_find(read.policy, &key));
	assert_int_equal(policy_find(read.policy, &key)->packets, 7);
	assert_int_equal(policy_find(read.policy, &key)->bytes, 77);
	kernel_state_clear(&read);
	kernel_close(kernel);
	policy_free(policy);
}

/* As many rules as there should be, in the right chains and as long: one says something else. */
static void test_a_rule_by_hand(void **state)
{
	static const char *const replaced[][2] = {
		{ "inet bulkhead starting", "counter accept" },
		{ "bridge bulkhead own4", "counter accept" },
		{ "inet bulkhead world_to_published", "goto deny_in" },
	};
	struct kernel_change change = { .install = KERNEL_RULES, .table_exists = true, .guard_exists = true };
	struct policy *policy = some_policy();
	struct kernel_state read;
	struct kernel *kernel;

	(void)state;
	namespace_fresh();
	kernel = open_kernel();
	install(kernel, &options, policy);
	for (size_t i = 0; i < sizeof(replaced) / sizeof(replaced[0]); i++) {
		const char *chain = replaced[i][0];

		run("nft replace rule %s handle $(nft -a list chain %s | sed -n 's/.*# handle //p' | tail -n 1) %s",
		    chain, chain, replaced[i][1]);
		read = read_kernel(kernel, &options);
		if (read.skeleton != KERNEL_SKELETON_RULES)
			fail_msg("%s in %s is not seen", replaced[i][1], chain);
		kernel_state_clear(&read);
		commit(kernel, &options, &change);
		read = read_kernel(kernel, &options);
		assert_int_equal(read.skeleton, KERNEL_SKELETON_WHOLE);
		kernel_state_clear(&read);
	}
	kernel_close(kernel);
	policy_free(policy);
}

/* Elements by somebody's hand: read as they are, and put right by an ordinary difference. */
static void test_elements_by_hand(void **state)
{
	struct policy *policy = some_policy();
	struct kernel_state read;
	struct policy_diff diff;
	struct kernel *kernel;

	(void)state;
	namespace_fresh();
	kernel = open_kernel();
	install(kernel, &options, policy);
	run("nft delete element inet bulkhead flows4 '{ 172.18.0.2 . 172.18.0.3 . tcp . 5432 }'");
	run("nft add element inet bulkhead flows4 '{ 10.9.9.9 . 172.18.0.3 . tcp . 22 }'");
	run("nft add element inet bulkhead ranges6 '{ fd00::9 . fd00:18::3 . 6-17 . 1-1024 comment \"by hand\" }'");
	run("nft add element inet bulkhead foreign '{ \"br-test\" }'");
	read = read_kernel(kernel, &options);
	assert_int_equal(read.skeleton, KERNEL_SKELETON_WHOLE);
	assert_int_equal(policy_diff(read.policy, policy, &diff), 0);
	assert_int_equal(diff.remove_count, 3);
	assert_int_equal(diff.add_count, 1);
	policy_diff_clear(&diff);
	kernel_state_clear(&read);
	change_to(kernel, &options, policy);
	assert_kernel_holds(kernel, &options, policy);
	kernel_close(kernel);
	policy_free(policy);
}

static void assert_denied(const struct kernel_state *state, const char *source, const char *destination,
			  uint8_t protocol, uint16_t port, uint64_t packets, uint64_t bytes, uint64_t age_ms)
{
	struct address from, to;

	assert_int_equal(address_parse(source, false, &from), 0);
	assert_int_equal(address_parse(destination, false, &to), 0);
	for (size_t i = 0; i < state->denied_count; i++) {
		const struct kernel_denied *denied = &state->denied[i];

		if (address_compare(&denied->source, &from) || address_compare(&denied->destination, &to))
			continue;
		assert_int_equal(denied->protocol, protocol);
		assert_int_equal(denied->port, port);
		assert_int_equal(denied->packets, packets);
		assert_int_equal(denied->bytes, bytes);
		/* A test on a busy machine may take a while, and the kernel's clock has ticks. */
		assert_in_range(denied->age_ms + 20, age_ms, age_ms + 60000);
		return;
	}
	fail_msg("nobody remembers %s", source);
}

/* A new table for an old one: what was counted and who was denied is carried over. */
static void test_replace_remembers(void **state)
{
	struct policy *policy = some_policy(), *more = some_policy();
	struct kernel_state read;
	struct kernel *kernel;
	size_t counted = 0;

	(void)state;
	namespace_fresh();
	kernel = open_kernel();
	for (size_t i = 0; i < policy_count(policy); i++) {
		struct policy_record *record = (struct policy_record *)(uintptr_t)policy_at(policy, i);

		if (policy_set_is_flow(record->set))
			record->packets = record->bytes = 100 + i;
	}
	install(kernel, &options, policy);
	run("nft add element inet bulkhead denied4 "
	    "'{ 172.18.0.7 . 172.18.0.3 . tcp . 6379 counter packets 5 bytes 300 expires 30m }'");
	run("nft add element inet bulkhead denied6 "
	    "'{ fd00::7 . fd00:18::3 . udp . 53 counter packets 1 bytes 80 expires 59m }'");
	add_flow(more, POLICY_FLOWS4, "172.18.0.99", "172.18.0.3", 6, 1, "new");
	policy_finish(more);
	install(kernel, &options, more);
	read = read_kernel(kernel, &options);
	assert_int_equal(read.skeleton, KERNEL_SKELETON_WHOLE);
	assert_true(policy_equal(read.policy, more));
	for (size_t i = 0; i < policy_count(policy); i++) {
		const struct policy_record *now = policy_find(read.policy, policy_at(policy, i));

		assert_non_null(now);
		assert_int_equal(now->packets, policy_at(policy, i)->packets);
		assert_int_equal(now->bytes, policy_at(policy, i)->bytes);
		counted += now->packets != 0;
	}
	assert_int_equal(counted, 33);
	assert_int_equal(read.denied_count, 2);
	assert_denied(&read, "172.18.0.7", "172.18.0.3", 6, 6379, 5, 300, 30 * 60 * 1000);
	assert_denied(&read, "fd00::7", "fd00:18::3", 17, 53, 1, 80, 60 * 1000);
	kernel_state_clear(&read);
	kernel_close(kernel);
	policy_free(more);
	policy_free(policy);
}

/* Nothing of a refused transaction is applied, and the error names the one element in hundreds that was refused. */
static void test_refused(void **state)
{
	struct policy *policy = some_policy(), *wanted = some_policy(), *nothing = new_policy();
	struct kernel_change change = { .install = KERNEL_KEEP, .table_exists = true, .guard_exists = true };
	struct error err = { "" };
	struct policy_diff diff;
	struct kernel *kernel;

	(void)state;
	namespace_fresh();
	kernel = open_kernel();
	install(kernel, &options, policy);
	for (unsigned i = 1; i < 250; i++) {
		char source[32];

		snprintf(source, sizeof(source), "10.7.0.%u", i);
		add_flow(wanted, POLICY_FLOWS4, source, "10.7.1.1", 6, 80, "new");
	}
	policy_finish(wanted);
	assert_int_equal(policy_diff(policy, wanted, &diff), 0);
	change.diff = &diff;
	/* Somebody was faster, with another comment. */
	run("nft add element inet bulkhead flows4 '{ 10.7.0.177 . 10.7.1.1 . tcp . 80 comment \"by hand\" }'");
	assert_int_equal(kernel_commit(kernel, &options, &change, NULL, &err), -EEXIST);
	assert_non_null(strstr(err.text, "10.7.0.177 . 10.7.1.1 . tcp . 80"));
	assert_non_null(strstr(err.text, "flows4"));
	assert_non_null(strstr(err.text, "File exists"));
	policy_diff_clear(&diff);
	run("nft delete element inet bulkhead flows4 '{ 10.7.0.177 . 10.7.1.1 . tcp . 80 }'");
	assert_kernel_holds(kernel, &options, policy);
	/* Gone already: the caller thinks of a kernel that is not so. */
	run("nft delete element inet bulkhead ranges4 '{ 172.18.0.2 . 172.18.0.3 . tcp . 7000-7010 }'");
	policy_finish(nothing);
	assert_int_equal(policy_diff(policy, nothing, &diff), 0);
	assert_int_equal(kernel_commit(kernel, &options, &change, NULL, &err), -ENOENT);
	assert_non_null(strstr(err.text, "172.18.0.2 . 172.18.0.3 . tcp . 7000-7010"));
	policy_diff_clear(&diff);
	run("nft add element inet bulkhead ranges4 "
	    "'{ 172.18.0.2 . 172.18.0.3 . tcp . 7000-7010 comment \"shop: web (web-1) -> db (db-1)\" }'");
	assert_kernel_holds(kernel, &options, policy);
	/* The socket is good for another one. */
	change_to(kernel, &options, wanted);
	assert_kernel_holds(kernel, &options, wanted);
	kernel_close(kernel);
	policy_free(nothing);
	policy_free(wanted);
	policy_free(policy);
}

static unsigned long send_limit(void)
{
	FILE *file = fopen("/proc/sys/net/core/wmem_max", "re");
	unsigned long limit = 0;

	if (file) {
		if (fscanf(file, "%lu", &limit) != 1)
			limit = 0;
		fclose(file);
	}
	return limit;
}

static void test_many_at_once(void **state)
{
	struct policy *policy = new_policy(), *nothing = new_policy();
	struct kernel *kernel;

	(void)state;
	if (namespace_of_user && send_limit() < 4ul << 20) {
		print_message("skipped: a user's socket takes no transaction of this size\n");
		skip();
	}
	namespace_fresh();
	policy_finish(nothing);
	for (unsigned i = 0; i < 10000; i++) {
		char source[32], comment[64];

		snprintf(source, sizeof(source), "10.%u.%u.%u", 1 + i % 3, i / 100 % 100, i % 100);
		snprintf(comment, sizeof(comment), "app-%u: web (web-%u) -> db (db-%u)", i % 7, i, i);
		add_flow(policy, i % 2 ? POLICY_FLOWS4 : POLICY_RANGES4, source, "10.9.0.1", 6, (uint16_t)i, comment);
	}
	policy_finish(policy);
	kernel = open_kernel();
	install(kernel, &options, nothing);
	change_to(kernel, &options, policy);
	assert_kernel_holds(kernel, &options, policy);
	install(kernel, &options, policy);
	assert_kernel_holds(kernel, &options, policy);
	change_to(kernel, &options, nothing);
	assert_kernel_holds(kernel, &options, nothing);
	kernel_close(kernel);
	policy_free(nothing);
	policy_free(policy);
}

static void test_clear(void **state)
{
	struct kernel_change change = { .remove_table = true, .table_exists = true, .guard_exists = true };
	struct policy *policy = some_policy();
	char *list;
	struct kernel *kernel;

	(void)state;
	namespace_fresh();
	kernel = open_kernel();
	install(kernel, &options, policy);
	commit(kernel, &options, &change);
	list = output_of("nft list ruleset");
	assert_string_equal(list, "");
	free(list);
	/* Nothing to remove is no error. */
	change.table_exists = change.guard_exists = false;
	commit(kernel, &options, &change);
	kernel_close(kernel);
	policy_free(policy);
}

/* Writes one policy after the other, each in one transaction, until it is killed. */
static void toggle_for_ever(struct policy *a, struct policy *b)
{
	struct kernel *kernel = NULL;
	struct error err;

	/* Also when a check fails: a test leaves nothing behind. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || kernel_open(&kernel, &err) < 0)
		_exit(1);
	for (;;) {
		struct kernel_change change = {
			.install = KERNEL_REPLACE, .table_exists = true, .guard_exists = true, .want = a
		};

		if (kernel_commit(kernel, &options, &change, NULL, &err) < 0)
			_exit(1);
		change.want = b;
		if (kernel_commit(kernel, &options, &change, NULL, &err) < 0)
			_exit(1);
	}
}

/* While somebody writes, what is read is one state or the other, or nothing at all; never half of each. */
static void test_reading_is_consistent(void **state)
{
	struct policy *a = some_policy(), *b = new_policy();
	unsigned good = 0, status;
	struct kernel *kernel;
	pid_t child;

	(void)state;
	namespace_fresh();
	for (uint8_t i = 0; i < 200; i++) {
		char source[32];

		snprintf(source, sizeof(source), "10.0.0.%u", i);
		add_flow(b, i % 2 ? POLICY_FLOWS4 : POLICY_RANGES4, source, "10.0.1.1", 6, i, "b");
	}
	policy_finish(b);
	kernel = open_kernel();
	install(kernel, &options, a);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		toggle_for_ever(a, b);
	for (unsigned i = 0; i < 100; i++) {
		struct kernel_state read = { 0 };
		struct error err = { "" };
		int r = kernel_read(kernel, &options, &read, &err);

		if (r == 0) {
			assert_int_equal(read.skeleton, KERNEL_SKELETON_WHOLE);
			assert_true(policy_equal(read.policy, a) || policy_equal(read.policy, b));
			good++;
		} else {
			assert_int_equal(r, -EAGAIN);
			assert_null(read.policy);
			assert_non_null(strstr(err.text, "changed"));
		}
		kernel_state_clear(&read);
	}
	print_message("%u of 100 readings in between succeeded\n", good);
	/* Still at it: nothing that we did made it fail. */
	assert_int_equal(waitpid(child, (int *)&status, WNOHANG), 0);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, (int *)&status, 0), child);
	change_to(kernel, &options, a);
	assert_kernel_holds(kernel, &options, a);
	kernel_close(kernel);
	policy_free(b);
	policy_free(a);
}

/* The time of a commit is its system calls'. */
static void test_time_is_told(void **state)
{
	struct kernel_change change = { .install = KERNEL_REPLACE };
	struct policy *policy = some_policy();
	struct error err = { "" };
	struct kernel *kernel;
	uint64_t ns = 0;

	(void)state;
	namespace_fresh();
	kernel = open_kernel();
	change.want = policy;
	assert_int_equal(kernel_commit(kernel, &options, &change, &ns, &err), 0);
	assert_in_range(ns, 1, 10ull * 1000 * 1000 * 1000);
	kernel_close(kernel);
	policy_free(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_from_nothing),
		cmocka_unit_test(test_nothing_to_do),
		cmocka_unit_test(test_each_element_comes_and_goes),
		cmocka_unit_test(test_renamed_elements),
		cmocka_unit_test(test_ranges_that_overlap),
		cmocka_unit_test(test_flushed_rules),
		cmocka_unit_test(test_a_rule_by_hand),
		cmocka_unit_test(test_elements_by_hand),
		cmocka_unit_test(test_replace_remembers),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_many_at_once),
		cmocka_unit_test(test_clear),
		cmocka_unit_test(test_reading_is_consistent),
		cmocka_unit_test(test_time_is_told),
	};

	return cmocka_run_group_tests(tests, namespace_setup, NULL);
}
