/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Docker's drop among Docker's rules: as iptables-nft writes them, and as the engine's own backend does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernel_icc.h"
#include "kernel_namespace.h"

static const struct kernel_options options = { .mark = NAMESPACE_MARK };

static enum kernel_icc_verdict look(size_t family, const char *bridge)
{
	struct kernel *kernel = open_kernel();
	struct kernel_state state = read_kernel(kernel, &options);
	struct kernel_icc *icc = NULL;
	enum kernel_icc_verdict verdict;
	struct error err;

	if (kernel_icc_new(kernel, &state, &icc, &err) < 0)
		fail_msg("%s", err.text);
	verdict = kernel_icc_verdict(icc, family, bridge);
	kernel_icc_free(icc);
	kernel_state_clear(&state);
	kernel_close(kernel);
	return verdict;
}

/* 20.10 to 27: in FORWARD. */
static void make_chains(const char *tool)
{
	run("%s -N DOCKER && %s -N DOCKER-USER && %s -N DOCKER-ISOLATION-STAGE-1", tool, tool, tool);
	run("%s -A DOCKER-USER -j RETURN && %s -A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DROP", tool,
	    tool);
	run("%s -A FORWARD -j DOCKER-USER && %s -A FORWARD -j DOCKER-ISOLATION-STAGE-1", tool, tool);
	run("%s -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", tool);
	run("%s -A FORWARD -o docker0 -j DOCKER && %s -A FORWARD -i docker0 ! -o docker0 -j ACCEPT", tool, tool);
}

static void test_iptables(void **state)
{
	(void)state;
	for (size_t family = 0; family < 2; family++) {
		const char *tool = family ? "ip6tables" : "iptables";

		namespace_fresh();
		assert_int_equal(look(family, "docker0"), KERNEL_ICC_ABSENT);
		make_chains(tool);
		assert_int_equal(look(family, "docker0"), KERNEL_ICC_ABSENT);
		run("%s -A FORWARD -i docker0 -o docker0 -j DROP", tool);
		assert_int_equal(look(family, "docker0"), KERNEL_ICC_DROPPED);
		assert_int_equal(look(family, "docker"), KERNEL_ICC_ABSENT);
		assert_int_equal(look(family, "docker01"), KERNEL_ICC_ABSENT);
		assert_int_equal(look(1 - family, "docker0"), KERNEL_ICC_ABSENT);
		run("%s -A FORWARD -i br-0123456789ab -o br-0123456789ab -j DROP", tool);
		assert_int_equal(look(family, "br-0123456789ab"), KERNEL_ICC_DROPPED);
	}
}

static void test_accepted_before(void **state)
{
	static const char *const harmless[] = { "-p tcp -j ACCEPT",
						"-i docker1 -j ACCEPT",
						"! -i docker0 -j ACCEPT",
						"-s 192.0.2.1 -j ACCEPT",
						"-m mark --mark 1/1 -j ACCEPT",
						"-i docker0 -j RETURN",
						"-j LOG" };
	static const char *const open[] = { "-j ACCEPT", "-i docker0 -j ACCEPT", "-o docker+ -j ACCEPT",
					    "! -i docker1 -j ACCEPT", "-i docker0 -o docker0 -j ACCEPT" };

	(void)state;
	for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++) {
		namespace_fresh();
		make_chains("iptables");
		run("iptables -A FORWARD -i docker0 -o docker0 -j DROP && iptables -I DOCKER-USER %s", harmless[i]);
		assert_int_equal(look(0, "docker0"), KERNEL_ICC_DROPPED);
	}
	for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
		namespace_fresh();
		make_chains("iptables");
		run("iptables -A FORWARD -i docker0 -o docker0 -j DROP && iptables -I DOCKER-USER %s", open[i]);
		assert_int_equal(look(0, "docker0"), KERNEL_ICC_ACCEPTED);
	}
}

/* 28.0.1 and newer: in a chain of its own, to which FORWARD jumps.  Without the jump it stands there for nothing. */
static void test_docker_forward(void **state)
{
	(void)state;
	namespace_fresh();
	make_chains("iptables");
	run("iptables -N DOCKER-FORWARD && iptables -A DOCKER-FORWARD -i docker0 -o docker0 -j DROP");
	assert_int_equal(look(0, "docker0"), KERNEL_ICC_ABSENT);
	run("iptables -A FORWARD -j DOCKER-FORWARD");
	assert_int_equal(look(0, "docker0"), KERNEL_ICC_DROPPED);
	run("iptables -F FORWARD");
	assert_int_equal(look(0, "docker0"), KERNEL_ICC_ABSENT);
}

/* The engine's nftables backend (29). */
static void make_bridges(const char *verdict, const char *first)
{
	namespace_fresh();
	run("nft -f - <<'END'\n"
	    "table ip docker-bridges {\n"
	    "  chain filter-forward-in__br0 {\n"
	    "    ct state established,related counter accept\n"
	    "    meta mark and 0x10000000 == 0x10000000 counter accept comment \"ALLOW FW MARK\"\n"
	    "    %s\n"
	    "    iifname \"br0\" counter %s comment \"ICC\"\n"
	    "    counter drop comment \"UNPUBLISHED PORT DROP\"\n"
	    "  }\n"
	    "}\nEND",
	    first, verdict);
}

static void test_nftables(void **state)
{
	(void)state;
	make_bridges("drop", "");
	assert_int_equal(look(0, "br0"), KERNEL_ICC_DROPPED);
	assert_int_equal(look(0, "br1"), KERNEL_ICC_ABSENT);
	make_bridges("accept", "");
	assert_int_equal(look(0, "br0"), KERNEL_ICC_ACCEPTED);
	make_bridges("drop", "iifname \"br*\" counter accept");
	assert_int_equal(look(0, "br0"), KERNEL_ICC_ACCEPTED);
	/* An internal network: what is not its own is dropped first, then everything. */
	make_bridges("drop", "iifname != \"br0\" counter drop comment \"INTERNAL NETWORK INGRESS\"");
	assert_int_equal(look(0, "br0"), KERNEL_ICC_DROPPED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_iptables),
		cmocka_unit_test(test_accepted_before),
		cmocka_unit_test(test_docker_forward),
		cmocka_unit_test(test_nftables),
	};

	return cmocka_run_group_tests(tests, namespace_setup, NULL);
}
