/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Docker's drop among Docker's rules: as iptables-nft writes them, and as the engine's own backend does. */
#include <string.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernel_icc.h"
#include "kernel_namespace.h"

static const struct kernel_options options = { .mark = NAMESPACE_MARK };

/* What made the last verdict so. */
static char where[KERNEL_ICC_WHERE_SIZE];

static enum kernel_icc_verdict look(size_t family, const char *bridge)
{
	struct kernel *kernel = open_kernel();
	struct kernel_state state = read_kernel(kernel, &options);
	struct kernel_icc *icc = NULL;
	enum kernel_icc_verdict verdict;
	struct error err;

	if (kernel_icc_new(kernel, &state, options.mark, &icc, &err) < 0)
		fail_msg("%s", err.text);
	verdict = kernel_icc_verdict(icc, family, bridge, where);
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

static void assert_above(const char *rule, enum kernel_icc_verdict verdict, const char *because)
{
	enum kernel_icc_verdict found;

	namespace_fresh();
	make_chains("iptables");
	run("iptables -A FORWARD -i docker0 -o docker0 -j DROP && iptables -I DOCKER-USER %s", rule);
	found = look(0, "docker0");
	if (found != verdict || strncmp(where, because, strlen(because)) != 0)
		fail_msg("%s: %d, not %d: %s", rule, found, verdict, where);
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

/* What is above the drop, in DOCKER-USER, and what that makes of it. */
static void test_accepted_before(void **state)
{
	static const char *const harmless[] = {
		"-i docker1 -j ACCEPT",
		"! -i docker0 -j ACCEPT",
		"! -i docker0 -o docker0 -d 172.17.0.2 -p tcp --dport 80 -j ACCEPT",
		"-i docker0 ! -o docker0 -j ACCEPT",
		"-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
		"-m conntrack ! --ctstate NEW,INVALID,UNTRACKED -j ACCEPT",
		"-m state --state ESTABLISHED -j ACCEPT",
		"-m mark --mark 0x10000000/0x10000000 -j ACCEPT",
		"-i docker0 -j RETURN",
		"-p udp -j RETURN",
		"-p tcp -j DROP",
		"-p tcp -j DOCKER",
		"-m comment --comment hello -j RETURN",
		"-j LOG",
		"-j MARK --set-mark 1",
	};
	static const char *const open[] = {
		"-j ACCEPT",
		"-i docker0 -j ACCEPT",
		"-o docker+ -j ACCEPT",
		"! -i docker1 -j ACCEPT",
		"-i docker0 -o docker0 -j ACCEPT",
		"-m conntrack --ctstate NEW -j ACCEPT",
		"-m conntrack ! --ctstate INVALID -j ACCEPT",
		"-m comment --comment hello -j ACCEPT",
	};
	static const char *const doubtful[] = {
		"-p tcp -j ACCEPT",
		"-s 192.0.2.1 -j ACCEPT",
		"-m physdev --physdev-is-bridged -j ACCEPT",
		"-m mark --mark 1/1 -j ACCEPT",
		"-m mark ! --mark 0x10000000/0x10000000 -j ACCEPT",
		"-m conntrack --ctstate INVALID -j ACCEPT",
		"-m conntrack --ctstate RELATED,ESTABLISHED,UNTRACKED -j ACCEPT",
		"-j NFQUEUE --queue-num 1",
		"-i docker0 -p icmp -j ACCEPT",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		assert_above(harmless[i], KERNEL_ICC_DROPPED, "rule 6 of chain FORWARD (handle ");
	for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++)
		assert_above(open[i], KERNEL_ICC_ACCEPTED, "rule 1 of chain DOCKER-USER (handle ");
	for (size_t i = 0; i < sizeof(doubtful) / sizeof(doubtful[0]); i++)
		assert_above(doubtful[i], KERNEL_ICC_DOUBTFUL, "rule 1 of chain DOCKER-USER (handle ");
}

/* The same of what only nft can say; where: FORWARD. */
static void test_native_rules(void **state)
{
	static const struct {
		const char *rule;
		enum kernel_icc_verdict verdict;
	} cases[] = {
		{ "ct state established,related accept", KERNEL_ICC_DROPPED },
		{ "ct state established accept", KERNEL_ICC_DROPPED },
		{ "ct state new accept", KERNEL_ICC_ACCEPTED },
		{ "ct state new drop", KERNEL_ICC_DROPPED },
		{ "ct state untracked accept", KERNEL_ICC_DOUBTFUL },
		{ "ct state vmap { established : accept, new : accept }", KERNEL_ICC_DOUBTFUL },
		{ "meta mark and 0x10000000 == 0x10000000 accept", KERNEL_ICC_DROPPED },
		{ "meta mark set 0x10000000 accept", KERNEL_ICC_ACCEPTED },
		{ "iif lo accept", KERNEL_ICC_DROPPED },
		{ "iif docker0 accept", KERNEL_ICC_ACCEPTED },
		{ "iif 99 accept", KERNEL_ICC_DOUBTFUL },
		{ "iifname { \"docker0\", \"eth0\" } accept", KERNEL_ICC_ACCEPTED },
		{ "iifname { \"eth0\", \"eth1\" } accept", KERNEL_ICC_DROPPED },
		{ "iifname != { \"eth0\", \"eth1\" } accept", KERNEL_ICC_ACCEPTED },
		{ "iifname != { \"docker0\", \"eth1\" } accept", KERNEL_ICC_DROPPED },
		{ "iifname { \"docker*\", \"eth1\" } accept", KERNEL_ICC_DOUBTFUL },
		{ "iifname . oifname { \"docker0\" . \"docker0\" } accept", KERNEL_ICC_DOUBTFUL },
		{ "iifname vmap { \"docker0\" : accept }", KERNEL_ICC_ACCEPTED },
		{ "iifname vmap { \"docker0\" : jump DOCKER }", KERNEL_ICC_DROPPED },
		{ "iifname vmap { \"eth0\" : accept }", KERNEL_ICC_DROPPED },
		{ "oifname vmap { \"docker0\" : return }", KERNEL_ICC_ABSENT },
		{ "ip saddr 192.0.2.0/24 accept", KERNEL_ICC_DOUBTFUL },
		{ "ip saddr 192.0.2.0/24 return", KERNEL_ICC_DOUBTFUL },
		{ "ip saddr 192.0.2.0/24 goto DOCKER", KERNEL_ICC_DOUBTFUL },
		{ "ip saddr 192.0.2.0/24 drop", KERNEL_ICC_DROPPED },
		{ "limit rate 1/second accept", KERNEL_ICC_DOUBTFUL },
		{ "counter log prefix \"x\" accept", KERNEL_ICC_ACCEPTED },
		{ "goto DOCKER", KERNEL_ICC_ABSENT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		namespace_fresh();
		run("ip link add docker0 type bridge");
		make_chains("iptables");
		run("iptables -A FORWARD -i docker0 -o docker0 -j DROP && nft 'insert rule ip filter FORWARD %s'",
		    cases[i].rule);
		if (look(0, "docker0") != cases[i].verdict)
			fail_msg("%s: %d, not %d: %s", cases[i].rule, look(0, "docker0"), cases[i].verdict, where);
		assert_int_equal(*where != '\0', cases[i].verdict != KERNEL_ICC_ABSENT);
	}
}

/* Our own accept lets those pass that bulkhead has marked, unless somebody else marks everybody. */
static void test_mark_set_before(void **state)
{
	(void)state;
	namespace_fresh();
	make_chains("iptables");
	run("iptables -A FORWARD -i docker0 -o docker0 -j DROP && "
	    "iptables -I DOCKER-USER -m mark --mark 0x10000000/0x10000000 -j ACCEPT");
	assert_int_equal(look(0, "docker0"), KERNEL_ICC_DROPPED);
	run("iptables -I DOCKER-USER -j MARK --set-mark 0x10000000");
	assert_int_equal(look(0, "docker0"), KERNEL_ICC_DOUBTFUL);
	run("nft flush chain ip filter DOCKER-USER && nft add rule ip filter DOCKER-USER meta mark set 0x10000000 && "
	    "iptables -A DOCKER-USER -m mark --mark 0x10000000/0x10000000 -j ACCEPT");
	assert_int_equal(look(0, "docker0"), KERNEL_ICC_DOUBTFUL);
}

/* More jumps than are followed: nobody is told that it was followed to its end. */
static void test_deep(void **state)
{
	(void)state;
	namespace_fresh();
	make_chains("iptables");
	run("iptables -A FORWARD -i docker0 -o docker0 -j DROP");
	run("for i in $(seq 0 14); do iptables -N C$i; done; for i in $(seq 0 13); do "
	    "iptables -A C$i -j C$((i + 1)); iptables -A C$i -j C$((i + 1)); done; iptables -I FORWARD -j C0");
	assert_int_equal(look(0, "docker0"), KERNEL_ICC_DROPPED);
	run("iptables -A C14 -p tcp -j ACCEPT");
	assert_int_equal(look(0, "docker0"), KERNEL_ICC_DOUBTFUL);
	assert_non_null(strstr(where, "chain C14 "));
}

static void test_policy_and_dormant(void **state)
{
	(void)state;
	namespace_fresh();
	make_chains("iptables");
	assert_int_equal(look(0, "docker0"), KERNEL_ICC_ABSENT);
	run("iptables -P FORWARD DROP");
	assert_int_equal(look(0, "docker0"), KERNEL_ICC_DROPPED);
	assert_string_equal(where, "the policy of chain FORWARD");
	run("iptables -A FORWARD -i docker0 -o docker0 -j ACCEPT");
	assert_int_equal(look(0, "docker0"), KERNEL_ICC_ACCEPTED);
	run("iptables -R FORWARD 6 -p tcp -j ACCEPT");
	assert_int_equal(look(0, "docker0"), KERNEL_ICC_DOUBTFUL);
	run("iptables -R FORWARD 6 -i docker0 -o docker0 -j DROP");
	assert_int_equal(look(0, "docker0"), KERNEL_ICC_DROPPED);
	run("nft 'add table ip filter { flags dormant; }'");
	assert_int_equal(look(0, "docker0"), KERNEL_ICC_ABSENT);
	assert_non_null(strstr(where, "dormant"));
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
static void make_bridges(const char *verdict, const char *first, const char *jumps)
{
	namespace_fresh();
	run("nft -f - <<'END'\n"
	    "table ip docker-bridges {\n"
	    "  map filter-forward-in-jumps {\n"
	    "    type ifname : verdict\n"
	    "    elements = { \"br0\" : jump filter-forward-in__br0 }\n"
	    "  }\n"
	    "  map filter-forward-out-jumps {\n"
	    "    type ifname : verdict\n"
	    "    elements = { \"br0\" : jump filter-forward-out__br0 }\n"
	    "  }\n"
	    "  chain filter-FORWARD {\n"
	    "    %s\n"
	    "    iifname vmap @filter-forward-out-jumps\n"
	    "  }\n"
	    "  chain filter-forward-in__br0 {\n"
	    "    ct state established,related counter accept\n"
	    "    meta mark and 0x10000000 == 0x10000000 counter accept comment \"ALLOW FW MARK\"\n"
	    "    %s\n"
	    "    iifname \"br0\" counter %s comment \"ICC\"\n"
	    "    ip daddr 192.0.2.2 tcp dport 80 counter accept\n"
	    "    counter drop comment \"UNPUBLISHED PORT DROP\"\n"
	    "  }\n"
	    "  chain filter-forward-out__br0 {\n"
	    "    ct state established,related counter accept\n"
	    "    counter accept comment \"OUTGOING\"\n"
	    "  }\n"
	    "}\nEND",
	    jumps, first, verdict);
}

#define HOOK   "type filter hook forward priority filter; policy accept;\n"
#define VMAP   "oifname vmap @filter-forward-in-jumps"
#define HOOKED HOOK VMAP

static void test_nftables(void **state)
{
	(void)state;
	make_bridges("drop", "", HOOKED);
	assert_int_equal(look(0, "br0"), KERNEL_ICC_DROPPED);
	assert_non_null(strstr(where, "rule 3 of chain filter-forward-in__br0 "));
	assert_int_equal(look(0, "br1"), KERNEL_ICC_ABSENT);
	make_bridges("accept", "", HOOKED);
	assert_int_equal(look(0, "br0"), KERNEL_ICC_ACCEPTED);
	make_bridges("drop", "iifname \"br*\" counter accept", HOOKED);
	assert_int_equal(look(0, "br0"), KERNEL_ICC_ACCEPTED);
	/* A legacy link between two of its containers. */
	make_bridges("drop", "ip saddr 192.0.2.2 ip daddr 192.0.2.3 tcp dport 80 counter accept", HOOKED);
	assert_int_equal(look(0, "br0"), KERNEL_ICC_DOUBTFUL);
	/* A conditional return in that chain skips the drop, and leads to what the other direction accepts. */
	make_bridges("drop", "ip saddr 192.0.2.2 return", HOOKED);
	assert_int_equal(look(0, "br0"), KERNEL_ICC_DOUBTFUL);
	/* An internal network: what is not its own is dropped first, then everything. */
	make_bridges("drop", "iifname != \"br0\" counter drop comment \"INTERNAL NETWORK INGRESS\"", HOOKED);
	assert_int_equal(look(0, "br0"), KERNEL_ICC_DROPPED);
}

/* The chain with the drop stands there, and nothing leads to it. */
static void test_nftables_not_reached(void **state)
{
	static const char *const jumps[] = {
		"",
		VMAP, /* of no hook */
		HOOK,
		"type filter hook input priority filter; policy accept;\n" VMAP,
		HOOK "iifname \"br0\" accept\n" VMAP,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
		make_bridges("drop", "", jumps[i]);
		assert_int_not_equal(look(0, "br0"), KERNEL_ICC_DROPPED);
		assert_int_not_equal(look(0, "br0"), KERNEL_ICC_DOUBTFUL);
	}
	make_bridges("drop", "", HOOKED);
	run("nft delete element ip docker-bridges filter-forward-in-jumps '{ \"br0\" }'");
	assert_int_equal(look(0, "br0"), KERNEL_ICC_ACCEPTED);
	make_bridges("drop", "", HOOK "ip protocol tcp accept\n" VMAP);
	assert_int_equal(look(0, "br0"), KERNEL_ICC_DOUBTFUL);
	assert_non_null(strstr(where, "rule 1 of chain filter-FORWARD "));
	/* A map that is not by interface alone: where it leads cannot be told. */
	make_bridges("drop", "", HOOK "iifname . oifname vmap { \"br0\" . \"br0\" : jump filter-forward-in__br0 }");
	assert_int_equal(look(0, "br0"), KERNEL_ICC_DOUBTFUL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_iptables),
		cmocka_unit_test(test_accepted_before),
		cmocka_unit_test(test_docker_forward),
		cmocka_unit_test(test_native_rules),
		cmocka_unit_test(test_mark_set_before),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_policy_and_dormant),
		cmocka_unit_test(test_nftables),
		cmocka_unit_test(test_nftables_not_reached),
	};

	return cmocka_run_group_tests(tests, namespace_setup, NULL);
}
