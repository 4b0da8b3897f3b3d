/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The owner and persist flags of a table.  What the kernel does with them (tried on 6.18):
 *  - both are set when a table is created, or not at all: a plain table cannot be given them (EOPNOTSUPP);
 *  - the owner is the netlink socket that created the table; everybody else gets EPERM, and `nft flush ruleset` passes
 *    the table by;
 *  - when the socket closes the table stays, without an owner: `persist` is all that is left of its flags;
 *  - whoever sends both flags for such an orphan owns it; a transaction that fails takes that back, too;
 *  - Linux before 6.9 refuses flags that it does not know (EOPNOTSUPP, EINVAL).
 */
#include <string.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "kernel_namespace.h"

#define FLAG_OWNER   0x2u
#define FLAG_PERSIST 0x4u

static const struct kernel_options options = { .mark = NAMESPACE_MARK };
static const struct kernel_options own = { .mark = NAMESPACE_MARK, .own = true };

/* A new table of our own; NULL, and a word, where the kernel cannot do that. */
static struct kernel *own_a_table(struct policy *policy)
{
	struct kernel *kernel;
	struct kernel_state read;
	uint32_t flags;

	namespace_fresh();
	kernel = open_kernel();
	install(kernel, &own, policy);
	read = read_kernel(kernel, &own);
	flags = read.flags;
	assert_int_equal(read.skeleton, KERNEL_SKELETON_WHOLE);
	assert_int_equal(read.owner != 0, (flags & FLAG_OWNER) != 0);
	kernel_state_clear(&read);
	if (flags == (FLAG_OWNER | FLAG_PERSIST))
		return kernel;
	/* Both were refused, and the table is there all the same. */
	assert_int_equal(flags, 0);
	print_message("skipped: this kernel knows no owner and persist flags\n");
	kernel_close(kernel);
	return NULL;
}

static void assert_flags(struct kernel *kernel, uint32_t flags)
{
	struct kernel_state read = read_kernel(kernel, &own);

	assert_int_equal(read.skeleton, KERNEL_SKELETON_WHOLE);
	assert_int_equal(read.flags, flags);
	assert_int_equal(read.owner != 0, (flags & FLAG_OWNER) != 0);
	kernel_state_clear(&read);
}

/* Nobody else touches the table while its owner lives. */
static void test_owned(void **state)
{
	struct kernel_change remove = { .remove_table = true, .table_exists = true, .guard_exists = true };
	struct policy *policy = some_policy(), *nothing = new_policy();
	struct kernel *kernel = own_a_table(policy), *other;
	struct error err = { "" };

	(void)state;
	policy_finish(nothing);
	if (kernel) {
		assert_int_not_equal(try_to_run("nft delete table inet bulkhead 2>/dev/null"), 0);
		assert_int_not_equal(try_to_run("nft flush table inet bulkhead 2>/dev/null"), 0);
		run("nft flush ruleset");
		assert_kernel_holds(kernel, &own, policy);
		/* A second one of us is refused, and told what. */
		other = open_kernel();
		assert_int_equal(kernel_commit(other, &own, &remove, NULL, &err), -EPERM);
		assert_non_null(strstr(err.text, "table inet bulkhead"));
		kernel_close(other);
		/* The owner itself may do all. */
		change_to(kernel, &own, nothing);
		assert_kernel_holds(kernel, &own, nothing);
		install(kernel, &own, policy);
		assert_kernel_holds(kernel, &own, policy);
		assert_flags(kernel, FLAG_OWNER | FLAG_PERSIST);
		commit(kernel, &own, &remove);
		kernel_close(kernel);
	}
	policy_free(nothing);
	policy_free(policy);
	if (!kernel)
		skip();
}

/* It outlives the owner, and the next one takes it over with all that it holds. */
static void test_adopted(void **state)
{
	struct kernel_change adopt = {
		.install = KERNEL_KEEP, .table_exists = true, .guard_exists = true, .adopt = true
	};
	struct policy *policy = some_policy(), *nothing = new_policy();
	struct kernel *kernel = own_a_table(policy);

	(void)state;
	policy_finish(nothing);
	if (kernel) {
		kernel_close(kernel);
		kernel = open_kernel();
		assert_flags(kernel, FLAG_PERSIST);
		assert_kernel_holds(kernel, &own, policy);
		commit(kernel, &own, &adopt);
		assert_flags(kernel, FLAG_OWNER | FLAG_PERSIST);
		assert_kernel_holds(kernel, &own, policy);
		assert_int_not_equal(try_to_run("nft delete table inet bulkhead 2>/dev/null"), 0);
		/* What is ours already may be claimed again. */
		commit(kernel, &own, &adopt);
		change_to(kernel, &own, nothing);
		assert_kernel_holds(kernel, &own, nothing);
		kernel_close(kernel);
		/* With new rules in the same transaction. */
		run("nft flush table inet bulkhead");
		kernel = open_kernel();
		adopt.install = KERNEL_RULES;
		commit(kernel, &own, &adopt);
		assert_flags(kernel, FLAG_OWNER | FLAG_PERSIST);
		kernel_close(kernel);
	}
	policy_free(nothing);
	policy_free(policy);
	if (!kernel)
		skip();
}

/* All or nothing: who fails to change an orphan does not own it either. */
static void test_adoption_that_is_refused(void **state)
{
	struct kernel_change adopt = {
		.install = KERNEL_KEEP, .table_exists = true, .guard_exists = true, .adopt = true
	};
	struct policy *policy = some_policy(), *gone = new_policy(), *nothing = new_policy();
	struct kernel *kernel = own_a_table(policy), *other;
	struct error err = { "" };
	struct policy_diff diff;

	(void)state;
	add_flow(gone, POLICY_FLOWS4, "10.0.0.1", "10.0.0.2", 6, 1, "was never there");
	policy_finish(gone);
	policy_finish(nothing);
	assert_int_equal(policy_diff(gone, nothing, &diff), 0);
	if (kernel) {
		/* The owner lives. */
		other = open_kernel();
		assert_int_equal(kernel_commit(other, &own, &adopt, NULL, &err), -EPERM);
		kernel_close(kernel);
		adopt.diff = &diff;
		assert_int_equal(kernel_commit(other, &own, &adopt, NULL, &err), -ENOENT);
		assert_flags(other, FLAG_PERSIST);
		kernel_close(other);
	}
	policy_diff_clear(&diff);
	policy_free(nothing);
	policy_free(gone);
	policy_free(policy);
	if (!kernel)
		skip();
}

/* A table of `apply` becomes the service's own, with what it counted; the kernel can only do that by replacement. */
static void test_ownership_of_a_plain_table(void **state)
{
	struct kernel_change adopt = {
		.install = KERNEL_KEEP, .table_exists = true, .guard_exists = true, .adopt = true
	};
	struct policy *policy = some_policy();
	struct error err = { "" };
	struct kernel_state read;
	struct kernel *kernel;

	(void)state;
	namespace_fresh();
	kernel = open_kernel();
	install(kernel, &options, policy);
	assert_true(kernel_commit(kernel, &own, &adopt, NULL, &err) < 0);
	assert_non_null(strstr(err.text, "ownership of table inet bulkhead"));
	install(kernel, &own, policy);
	read = read_kernel(kernel, &own);
	assert_int_equal(read.skeleton, KERNEL_SKELETON_WHOLE);
	assert_true(read.flags == 0 || read.flags == (FLAG_OWNER | FLAG_PERSIST));
	assert_true(policy_equal(read.policy, policy));
	kernel_state_clear(&read);
	kernel_close(kernel);
	policy_free(policy);
}

/* An element that the kernel refuses with the same number as unknown flags must not cost the flags. */
static void test_refused_elements_do_not_cost_the_flags(void **state)
{
	struct policy *policy = some_policy(), *broken = some_policy();
	struct kernel_change change = {
		.install = KERNEL_REPLACE, .table_exists = true, .guard_exists = true, .want = broken
	};
	struct kernel *kernel = own_a_table(policy);
	struct error err = { "" };

	(void)state;
	if (!kernel) {
		policy_free(broken);
		policy_free(policy);
		skip();
	}
	/* A range that ends before it begins. */
	add_record(broken, POLICY_RANGES4, NULL, "10.0.0.1", "10.0.0.2", 6, 10, 5, "broken");
	policy_finish(broken);
	assert_true(kernel_commit(kernel, &own, &change, NULL, &err) < 0);
	install(kernel, &own, policy);
	assert_flags(kernel, FLAG_OWNER | FLAG_PERSIST);
	kernel_close(kernel);
	policy_free(broken);
	policy_free(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_owned),
		cmocka_unit_test(test_adopted),
		cmocka_unit_test(test_adoption_that_is_refused),
		cmocka_unit_test(test_ownership_of_a_plain_table),
		cmocka_unit_test(test_refused_elements_do_not_cost_the_flags),
	};

	return cmocka_run_group_tests(tests, namespace_setup, NULL);
}
