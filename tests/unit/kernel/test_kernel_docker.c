/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Our one rule among Docker's, in chains that iptables-nft itself made, and the engine's own tables of nftables. */
#include <string.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernel_namespace.h"

#define RULE_AS_PRINTED " -m mark --mark 0x10000000/0x10000000 -m comment --comment "

static const struct kernel_options options = { .mark = NAMESPACE_MARK };
static const struct kernel_options no_mark = { .mark = 0 };

/* What an engine with the iptables backend makes. */
static void make_docker_chains(const char *tool, bool docker_user)
{
	run("%s -N DOCKER && %s -A FORWARD -o docker0 -j DOCKER && %s -A FORWARD -i docker0 -o docker0 -j DROP", tool,
	    tool, tool);
	if (docker_user)
		run("%s -N DOCKER-USER && %s -A DOCKER-USER -j RETURN && %s -I FORWARD -j DOCKER-USER", tool, tool,
		    tool);
}

static struct kernel_docker look(struct kernel *kernel, size_t family, const struct kernel_options *with)
{
	struct kernel_state state = read_kernel(kernel, with);
	struct kernel_docker docker = state.docker[family];

	kernel_state_clear(&state);
	return docker;
}

static void assert_docker(struct kernel *kernel, size_t family, enum kernel_docker_backend backend, const char *chain,
			  bool present, unsigned installed)
{
	struct kernel_docker docker = look(kernel, family, &options);

	assert_int_equal(docker.backend, backend);
	assert_string_equal(docker.chain, chain);
	assert_int_equal(docker.accept_present, present);
	assert_int_equal(docker.installed, installed);
	assert_int_equal(docker.wanted, backend != KERNEL_DOCKER_NONE);
}

static void put_rule(struct kernel *kernel, bool ipv4, bool ipv6)
{
	struct kernel_change change = { .docker_add = { ipv4, ipv6 }, .docker_remove = { ipv4, ipv6 } };

	commit(kernel, &options, &change);
}

static void take_rule(struct kernel *kernel)
{
	struct kernel_change change = { .docker_remove = { true, true } };

	commit(kernel, &options, &change);
}

/* Whether the tool's listing of the chain has our rule as the first; the comment's text is ours to choose. */
static void assert_printed(const char *tool, const char *chain)
{
	char *list = output_of("%s -S %s | sed -n 2p", tool, chain), expected[256];

	snprintf(expected, sizeof(expected), "-A %s" RULE_AS_PRINTED, chain);
	if (strncmp(list, expected, strlen(expected)) != 0 || !strstr(list, " -j ACCEPT\n") ||
	    !strstr(list, "bulkhead"))
		fail_msg("%s prints %s", tool, list);
	free(list);
}

static void test_docker_user(void **state)
{
	char *before, *after;
	struct kernel *kernel;

	(void)state;
	namespace_fresh();
	make_docker_chains("iptables", true);
	before = output_of("iptables -S; ip6tables -S");
	kernel = open_kernel();
	assert_docker(kernel, 0, KERNEL_DOCKER_IPTABLES, "DOCKER-USER", false, 0);
	put_rule(kernel, true, false);
	assert_docker(kernel, 0, KERNEL_DOCKER_IPTABLES, "DOCKER-USER", true, 1);
	assert_printed("iptables", "DOCKER-USER");
	run("iptables-save >/dev/null && iptables -C DOCKER-USER -m mark --mark 0x10000000/0x10000000 -m comment "
	    "--comment \"$(iptables -S DOCKER-USER | sed -n 's/.*--comment \"\\{0,1\\}\\([^\"]*\\)\"\\{0,1\\} "
	    "-j.*/\\1/p')\" "
	    "-j ACCEPT");
	take_rule(kernel);
	assert_docker(kernel, 0, KERNEL_DOCKER_IPTABLES, "DOCKER-USER", false, 0);
	after = output_of("iptables -S; ip6tables -S");
	assert_string_equal(before, after);
	free(before);
	free(after);
	kernel_close(kernel);
}

/* ip6tables of Docker 20.10: there is no DOCKER-USER, and Docker's drop stands in FORWARD. */
static void test_forward(void **state)
{
	char *before, *after;
	struct kernel *kernel;

	(void)state;
	namespace_fresh();
	make_docker_chains("iptables", true);
	make_docker_chains("ip6tables", false);
	before = output_of("iptables -S; ip6tables -S");
	kernel = open_kernel();
	assert_docker(kernel, 1, KERNEL_DOCKER_IPTABLES, "FORWARD", false, 0);
	put_rule(kernel, true, true);
	assert_docker(kernel, 0, KERNEL_DOCKER_IPTABLES, "DOCKER-USER", true, 1);
	assert_docker(kernel, 1, KERNEL_DOCKER_IPTABLES, "FORWARD", true, 1);
	assert_printed("ip6tables", "FORWARD");
	take_rule(kernel);
	after = output_of("iptables -S; ip6tables -S");
	assert_string_equal(before, after);
	free(before);
	free(after);
	kernel_close(kernel);
}

/* A family that Docker does not manage, and a host that has iptables rules without any Docker. */
static void test_no_docker(void **state)
{
	struct kernel *kernel;
	char *list;

	(void)state;
	namespace_fresh();
	run("iptables -A FORWARD -j ACCEPT; ip6tables -A FORWARD -j ACCEPT");
	kernel = open_kernel();
	assert_docker(kernel, 0, KERNEL_DOCKER_NONE, "", false, 0);
	assert_docker(kernel, 1, KERNEL_DOCKER_NONE, "", false, 0);
	put_rule(kernel, true, true);
	list = output_of("iptables -S; ip6tables -S");
	assert_null(strstr(list, "mark"));
	free(list);
	kernel_close(kernel);
}

/* iptables-restore writes what it read in its own way; the rule is still ours, and is still removed. */
static void test_after_restore(void **state)
{
	struct kernel *kernel;
	char *list;

	(void)state;
	namespace_fresh();
	make_docker_chains("iptables", true);
	kernel = open_kernel();
	put_rule(kernel, true, false);
	run("iptables-save | iptables-restore");
	assert_printed("iptables", "DOCKER-USER");
	assert_docker(kernel, 0, KERNEL_DOCKER_IPTABLES, "DOCKER-USER", true, 1);
	take_rule(kernel);
	list = output_of("iptables -S DOCKER-USER");
	assert_null(strstr(list, "mark"));
	free(list);
	kernel_close(kernel);
}

/* Docker puts its jump on top again, an administrator's rule comes first, a restore doubles: put right as one. */
static void test_out_of_place(void **state)
{
	struct kernel *kernel;
	char *list;

	(void)state;
	namespace_fresh();
	make_docker_chains("iptables", true);
	kernel = open_kernel();
	put_rule(kernel, true, false);
	run("iptables -I DOCKER-USER -s 192.0.2.1 -j DROP");
	assert_docker(kernel, 0, KERNEL_DOCKER_IPTABLES, "DOCKER-USER", false, 1);
	put_rule(kernel, true, false);
	assert_docker(kernel, 0, KERNEL_DOCKER_IPTABLES, "DOCKER-USER", true, 1);
	run("iptables-save | grep -- '--mark' | sed '1i *filter\n$a COMMIT' | iptables-restore --noflush");
	assert_docker(kernel, 0, KERNEL_DOCKER_IPTABLES, "DOCKER-USER", false, 2);
	put_rule(kernel, true, false);
	assert_docker(kernel, 0, KERNEL_DOCKER_IPTABLES, "DOCKER-USER", true, 1);
	list = output_of("iptables -S DOCKER-USER");
	assert_non_null(strstr(list, "-s 192.0.2.1/32 -j DROP"));
	free(list);
	kernel_close(kernel);
}

/* Rules that are nearly ours. */
static void test_others_rules(void **state)
{
	static const char *const rules[] = {
		"-m mark --mark 0x10000000/0x10000000 -j ACCEPT", /* somebody else's: works, but is not ours */
		"-m mark --mark 0x20000000/0x20000000 -j ACCEPT",
		"-m mark ! --mark 0x10000000/0x10000000 -j ACCEPT",
		"-m mark --mark 0x10000000/0x10000000 -j RETURN",
		"-s 10.0.0.1 -m mark --mark 0x10000000/0x10000000 -j ACCEPT",
	};
	struct kernel *kernel;

	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		char *list;

		namespace_fresh();
		make_docker_chains("iptables", true);
		run("iptables -I DOCKER-USER %s", rules[i]);
		kernel = open_kernel();
		assert_docker(kernel, 0, KERNEL_DOCKER_IPTABLES, "DOCKER-USER", false, 0);
		put_rule(kernel, true, false);
		assert_docker(kernel, 0, KERNEL_DOCKER_IPTABLES, "DOCKER-USER", true, 1);
		take_rule(kernel);
		list = output_of("iptables -S DOCKER-USER");
		assert_int_equal(try_to_run("iptables -C DOCKER-USER %s", rules[i]), 0);
		free(list);
		kernel_close(kernel);
	}
}

/* A rule for the bit of another configuration is ours, and not in order. */
static void test_another_mark(void **state)
{
	const struct kernel_options other = { .mark = 0x40 };
	struct kernel_docker docker;
	struct kernel *kernel;

	(void)state;
	namespace_fresh();
	make_docker_chains("iptables", true);
	kernel = open_kernel();
	put_rule(kernel, true, false);
	docker = look(kernel, 0, &other);
	assert_true(docker.wanted);
	assert_false(docker.accept_present);
	assert_int_equal(docker.installed, 1);
	docker = look(kernel, 0, &no_mark);
	assert_false(docker.wanted);
	assert_int_equal(docker.installed, 1);
	kernel_close(kernel);
}

/* The rule came to FORWARD when there was no DOCKER-USER; a newer engine made one, and the old rule must not stay. */
static void test_a_chain_that_came_later(void **state)
{
	struct kernel *kernel;
	char *list;

	(void)state;
	namespace_fresh();
	make_docker_chains("ip6tables", false);
	kernel = open_kernel();
	put_rule(kernel, false, true);
	run("ip6tables -N DOCKER-USER && ip6tables -I FORWARD -j DOCKER-USER");
	put_rule(kernel, false, true);
	take_rule(kernel);
	list = output_of("ip6tables -S");
	assert_null(strstr(list, "mark"));
	free(list);
	kernel_close(kernel);
}

/* What Docker 29 makes with its own backend, with and without "bridge-accept-fwmark". */
static void make_docker_bridges(const char *family, const char *accept)
{
	run("nft -f - <<'END'\n"
	    "table %s docker-bridges {\n"
	    "	map filter-forward-in-jumps { type ifname : verdict\n elements = { \"br-test\" : jump in } }\n"
	    "	chain filter-FORWARD {\n"
	    "		type filter hook forward priority filter; policy accept;\n"
	    "		oifname vmap @filter-forward-in-jumps\n"
	    "	}\n"
	    "	chain in {\n"
	    "		ct state established,related counter accept\n"
	    "		%s\n"
	    "		iifname \"br-test\" counter drop comment \"ICC\"\n"
	    "	}\n"
	    "}\n"
	    "END",
	    family, accept);
}

static void test_docker_29(void **state)
{
	static const struct {
		const char *accept;
		bool present;
	} cases[] = {
		{ "", false },
		{ "meta mark & 0x10000000 == 0x10000000 counter accept comment \"ALLOW FWMARK\"", true },
		{ "meta mark 0x10000000 counter accept", true },
		{ "meta mark & 0x20000000 == 0x20000000 counter accept", false },
		{ "meta mark & 0x10000000 == 0x10000000 counter drop", false },
		{ "meta mark & 0x10000000 != 0x10000000 counter accept", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct kernel_docker docker;
		struct kernel *kernel;
		char *before, *after;

		namespace_fresh();
		make_docker_bridges("ip", cases[i].accept);
		before = output_of("nft list ruleset");
		kernel = open_kernel();
		docker = look(kernel, 0, &options);
		assert_int_equal(docker.backend, KERNEL_DOCKER_NFTABLES);
		assert_true(docker.wanted);
		assert_string_equal(docker.chain, "");
		if (docker.accept_present != cases[i].present)
			fail_msg("%s: %d", cases[i].accept, docker.accept_present);
		assert_docker(kernel, 1, KERNEL_DOCKER_NONE, "", false, 0);
		docker = look(kernel, 0, &no_mark);
		assert_false(docker.wanted);
		/* The engine's own tables are never written to. */
		put_rule(kernel, true, true);
		take_rule(kernel);
		after = output_of("nft list ruleset");
		assert_string_equal(before, after);
		free(before);
		free(after);
		kernel_close(kernel);
	}
}

/* All or nothing, Docker's chains included. */
static void test_one_transaction(void **state)
{
	struct policy *policy = some_policy(), *more = some_policy();
	struct kernel_change change = { .install = KERNEL_REPLACE, .docker_add = { true, true }, .want = policy };
	struct error err = { "" };
	struct policy_diff diff;
	struct kernel_state read;
	struct kernel *kernel;

	(void)state;
	namespace_fresh();
	make_docker_chains("iptables", true);
	make_docker_chains("ip6tables", false);
	kernel = open_kernel();
	commit(kernel, &options, &change);
	assert_kernel_holds(kernel, &options, policy);
	assert_docker(kernel, 0, KERNEL_DOCKER_IPTABLES, "DOCKER-USER", true, 1);
	assert_docker(kernel, 1, KERNEL_DOCKER_IPTABLES, "FORWARD", true, 1);
	/* An element is refused: the rules of Docker's chains stay as they are, too. */
	add_flow(more, POLICY_FLOWS4, "10.0.0.1", "10.0.0.2", 6, 80, "new");
	policy_finish(more);
	assert_int_equal(policy_diff(policy, more, &diff), 0);
	run("nft add element inet bulkhead flows4 '{ 10.0.0.1 . 10.0.0.2 . tcp . 80 }'");
	change = (struct kernel_change){ .install = KERNEL_KEEP,
					 .table_exists = true,
					 .guard_exists = true,
					 .diff = &diff,
					 .docker_remove = { true, true } };
	assert_true(kernel_commit(kernel, &options, &change, NULL, &err) < 0);
	assert_docker(kernel, 0, KERNEL_DOCKER_IPTABLES, "DOCKER-USER", true, 1);
	assert_docker(kernel, 1, KERNEL_DOCKER_IPTABLES, "FORWARD", true, 1);
	policy_diff_clear(&diff);
	/* What clear does. */
	change = (struct kernel_change){
		.remove_table = true, .table_exists = true, .guard_exists = true, .docker_remove = { true, true }
	};
	commit(kernel, &options, &change);
	read = read_kernel(kernel, &options);
	assert_false(read.exists);
	assert_int_equal(read.docker[0].installed + read.docker[1].installed, 0);
	kernel_state_clear(&read);
	kernel_close(kernel);
	policy_free(more);
	policy_free(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_docker_user),  cmocka_unit_test(test_forward),
		cmocka_unit_test(test_no_docker),    cmocka_unit_test(test_after_restore),
		cmocka_unit_test(test_out_of_place), cmocka_unit_test(test_others_rules),
		cmocka_unit_test(test_another_mark), cmocka_unit_test(test_a_chain_that_came_later),
		cmocka_unit_test(test_docker_29),    cmocka_unit_test(test_one_transaction),
	};

	return cmocka_run_group_tests(tests, namespace_setup, NULL);
}
