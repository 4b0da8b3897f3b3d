/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who hears what of whose changes. */
#include <string.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include "kernel_namespace.h"

static const struct kernel_options options = { .mark = NAMESPACE_MARK };

/* The kernel tells of a change before the call that made it returns, so what is not there now does not come. */
static struct kernel_news drain(struct kernel *kernel)
{
	struct kernel_news news = { 0 };
	struct error err = { "" };

	if (kernel_monitor_drain(kernel, &news, &err) < 0)
		fail_msg("%s", err.text);
	return news;
}

static struct kernel *watch(void)
{
	struct kernel *kernel = open_kernel();
	struct error err = { "" };
	struct kernel_news news;
	int fd = kernel_monitor(kernel, &err);

	if (fd < 0)
		fail_msg("%s", err.text);
	assert_int_equal(kernel_monitor(kernel, &err), fd);
	/* Nothing there: nothing said, and no waiting. */
	news = drain(kernel);
	assert_false(news.ours || news.docker || news.lost);
	return kernel;
}

static void assert_readable(struct kernel *kernel, bool expected)
{
	struct error err = { "" };
	struct pollfd poll_fd = { .fd = kernel_monitor(kernel, &err), .events = POLLIN };

	assert_int_equal(poll(&poll_fd, 1, 0), expected);
}

static void test_own_changes_are_no_news(void **state)
{
	struct policy *policy = some_policy(), *nothing = new_policy();
	struct kernel_change rules = { .install = KERNEL_RULES, .table_exists = true, .guard_exists = true };
	struct kernel_change clear = { .remove_table = true, .table_exists = true, .guard_exists = true };
	struct kernel_news news;
	struct kernel *kernel;

	(void)state;
	namespace_fresh();
	policy_finish(nothing);
	kernel = watch();
	install(kernel, &options, policy);
	change_to(kernel, &options, nothing);
	commit(kernel, &options, &rules);
	install(kernel, &options, policy);
	commit(kernel, &options, &clear);
	assert_readable(kernel, true);
	news = drain(kernel);
	assert_false(news.ours || news.docker || news.lost);
	assert_readable(kernel, false);
	kernel_close(kernel);
	policy_free(nothing);
	policy_free(policy);
}

struct news_case {
	const char *command;
	bool ours, docker;
};

static const struct news_case news_cases[] = {
	{ "nft add element inet bulkhead flows4 '{ 10.0.0.1 . 10.0.0.2 . tcp . 1 }'", true, false },
	{ "nft delete element inet bulkhead flows4 '{ 172.18.0.2 . 172.18.0.3 . tcp . 5432 }'", true, false },
	{ "nft flush set inet bulkhead flows4", true, false },
	{ "nft insert rule inet bulkhead forward accept", true, false },
	{ "nft flush chain inet bulkhead deny", true, false },
	{ "nft add chain inet bulkhead other", true, false },
	{ "nft chain inet bulkhead forward '{ policy drop; }'", true, false },
	{ "nft add set inet bulkhead other '{ type ipv4_addr; }'", true, false },
	{ "nft add table inet bulkhead '{ flags dormant; }'", true, false },
	{ "nft delete table inet bulkhead", true, false },
	/* Memories are nobody's policy. */
	{ "nft add element inet bulkhead denied4 '{ 10.0.0.1 . 10.0.0.2 . tcp . 1 }'", false, false },
	{ "nft flush set inet bulkhead denied6", false, false },
	{ "nft add table inet other; nft add chain inet other forward; nft add rule inet other forward drop", false,
	  false },
	{ "nft add table ip bulkhead; nft add chain ip bulkhead forward", false, false },
	{ "iptables -A DOCKER-USER -j RETURN", false, true },
	{ "iptables -F DOCKER-USER", false, true },
	{ "iptables -I FORWARD -j DROP", false, true },
	{ "iptables -N DOCKER-USER2; iptables -A INPUT -j ACCEPT", false, false },
	{ "ip6tables -I FORWARD -j DROP", false, true },
	{ "iptables -t nat -A POSTROUTING -j MASQUERADE", false, false },
	{ "nft delete table ip filter", false, true },
	{ "nft add table ip docker-bridges; nft add chain ip docker-bridges x", false, true },
	{ "nft flush ruleset", true, true },
};

static void test_changes_by_others(void **state)
{
	struct policy *policy = some_policy();
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(news_cases) / sizeof(news_cases[0]); i++) {
		const struct news_case *expected = &news_cases[i];
		struct kernel_news news;
		struct kernel *kernel;

		namespace_fresh();
		run("iptables -N DOCKER-USER && iptables -A DOCKER-USER -j RETURN && iptables -I FORWARD -j "
		    "DOCKER-USER && ip6tables -S >/dev/null");
		kernel = watch();
		install(kernel, &options, policy);
		drain(kernel);
		run("%s", expected->command);
		if (expected->ours || expected->docker)
			assert_readable(kernel, true);
		news = drain(kernel);
		if (news.ours != expected->ours || news.docker != expected->docker || news.lost) {
			print_error("%s: ours %d, docker %d, lost %d\n", expected->command, news.ours, news.docker,
				    news.lost);
			wrong++;
		}
		if (news.ours && (strcmp(news.name, "nft") != 0 || news.pid == 0)) {
			print_error("%s: by \"%s\" (%u)\n", expected->command, news.name, news.pid);
			wrong++;
		}
		kernel_close(kernel);
	}
	policy_free(policy);
	assert_int_equal(wrong, 0);
}

/* Chains of Docker's come and go without a rule. */
static void test_chains_of_docker(void **state)
{
	struct kernel_news news;
	struct kernel *kernel;

	(void)state;
	namespace_fresh();
	run("iptables -S >/dev/null; nft list tables | grep -q 'table ip filter' || nft add table ip filter");
	kernel = watch();
	run("nft add chain ip filter DOCKER-USER");
	news = drain(kernel);
	assert_true(news.docker);
	run("nft add chain ip filter OTHER");
	news = drain(kernel);
	assert_false(news.docker);
	run("nft delete chain ip filter DOCKER-USER");
	news = drain(kernel);
	assert_true(news.docker);
	kernel_close(kernel);
}

/* Who changed ours is not who changed something else a moment later. */
static void test_the_author_is_who_changed_ours(void **state)
{
	struct policy *policy = some_policy();
	struct kernel_news news;
	struct kernel *kernel;

	(void)state;
	namespace_fresh();
	kernel = watch();
	install(kernel, &options, policy);
	drain(kernel);
	run("nft flush chain inet bulkhead deny");
	run("iptables -A INPUT -j ACCEPT");
	news = drain(kernel);
	assert_true(news.ours);
	assert_string_equal(news.name, "nft");
	kernel_close(kernel);
	policy_free(policy);
}

/* The packet path writes to our sets too: counters, and who was denied.  That is no news. */
static void test_packets_are_no_news(void **state)
{
	struct policy *policy = new_policy();
	struct kernel_state read;
	struct kernel_news news;
	struct kernel *kernel;

	(void)state;
	namespace_fresh();
	policy_finish(policy);
	run("ip link set lo up");
	kernel = watch();
	install(kernel, &options, policy);
	/* Loopback does not forward; what the forward chain would do is done to what comes in. */
	run("nft -f - <<'END'\n"
	    "add chain inet bulkhead test { type filter hook input priority 0; }\n"
	    "add rule inet bulkhead test udp dport 9 jump record\n"
	    "END");
	drain(kernel);
	run("for i in 1 2 3; do echo x >/dev/udp/127.0.0.1/9; done 2>/dev/null || "
	    "python3 -c 'import socket\nfor i in range(3): socket.socket(socket.AF_INET, "
	    "socket.SOCK_DGRAM).sendto(b\"x\", (\"127.0.0.1\", 9))'");
	news = drain(kernel);
	assert_false(news.ours || news.docker || news.lost);
	read = read_kernel(kernel, &options);
	assert_int_equal(read.denied_count, 1);
	assert_int_equal(read.denied[0].port, 9);
	assert_int_equal(read.denied[0].packets, 3);
	kernel_state_clear(&read);
	kernel_close(kernel);
	policy_free(policy);
}

/* More than the socket's buffer holds: said, and over with. */
static void test_lost_messages(void **state)
{
	struct kernel_news news = { 0 };
	struct kernel *kernel;
	struct error err = { "" };
	int least = 1, fd;

	(void)state;
	namespace_fresh();
	kernel = watch();
	fd = kernel_monitor(kernel, &err);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least)), 0);
	run("i=0; while [ $i -lt 200 ]; do echo \"add table inet other$i\"; i=$((i + 1)); done | nft -f -");
	/* A drain is bounded; the loss may be told by a later one. */
	for (unsigned i = 0; i < 100 && !news.lost; i++)
		news = drain(kernel);
	assert_true(news.lost);
	assert_readable(kernel, false);
	kernel_close(kernel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_changes_are_no_news),
		cmocka_unit_test(test_changes_by_others),
		cmocka_unit_test(test_chains_of_docker),
		cmocka_unit_test(test_packets_are_no_news),
		cmocka_unit_test(test_the_author_is_who_changed_ours),
		cmocka_unit_test(test_lost_messages),
	};

	return cmocka_run_group_tests(tests, namespace_setup, NULL);
}
