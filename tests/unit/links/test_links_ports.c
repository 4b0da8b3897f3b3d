/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ports of bridges and who is behind them.  Runs in namespaces of its own; where the host does not allow that, the
 * tests are skipped. */
#include "links.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "links_scene.h"

static void here_and_elsewhere(void **state)
{
	cleanup_of(links) struct links *links = NULL;
	pid_t there, further;

	(void)state;
	NEED_NAMESPACE();
	there = other_namespace();
	further = other_namespace();
	assert_int_equal(links_open(&links, NULL), 0);
	assert_ports(links, "");
	ip("ip " VETH("veth-0", "peer-0", "02:00:00:00:00:01")); /* lower indices than the bridges */
	ip("ip link add br-a type bridge && ip link add br-b type bridge");
	ip("ip " VETH("veth-1", "peer-1", "02:00:00:00:00:02") " && ip " VETH("veth-2", "peer-2", "02:00:00:00:00:03"));
	ip("ip " VETH("veth-3", "peer-3", "02:00:00:00:00:04")); /* no port */
	ip("ip link set veth-0 master br-a && ip link set veth-1 master br-b && ip link set veth-2 master br-a");
	ip("ip link set peer-1 netns %d && ip link set peer-2 netns %d", (int)there, (int)further);
	assert_ports(links, "br-a/veth-0=02:00:00:00:00:01 br-a/veth-2=02:00:00:00:00:03 "
			    "br-b/veth-1=02:00:00:00:00:02 ");
	/* Without a subscription every call looks anew. */
	ip_in(further, "ip link set peer-2 address 02:00:00:00:00:0f");
	ip("ip link set veth-0 nomaster");
	assert_ports(links, "br-a/veth-2=02:00:00:00:00:0f br-b/veth-1=02:00:00:00:00:02 ");
	end_namespace(there);
	end_namespace(further);
	/* The kernel takes a namespace apart in its own time. */
	for (int64_t end = now_ms() + DEADLINE_MS;;) {
		cleanup_free char *text = ports_text(links);

		if (!text[0])
			break;
		assert_true(now_ms() < end);
		poll(NULL, 0, 5);
	}
}

static void port_without_peer(void **state)
{
	cleanup_of(links) struct links *links = NULL;

	(void)state;
	NEED_NAMESPACE();
	if (access("/dev/net/tun", R_OK | W_OK) < 0)
		skip();
	follow(&links);
	ip("ip link add br-a type bridge && ip tuntap add tap-0 mode tap && ip link set tap-0 master br-a");
	assert_true(drain(links).ports);
	assert_ports(links, "br-a/tap-0=? ");
	assert_false(drain(links).ports);
}

static void two_with_one_mac(void **state)
{
	cleanup_of(links) struct links *links = NULL;

	(void)state;
	NEED_NAMESPACE();
	follow(&links);
	ip("ip link add br-a type bridge && ip " VETH("v-2", "p-2", "02:00:00:00:00:01") " && ip " VETH(
		"v-1", "p-1", "02:00:00:00:00:01") " && ip link set v-1 master br-a && ip link set v-2 master br-a");
	drain(links);
	assert_ports(links, "br-a/v-1=02:00:00:00:00:01 br-a/v-2=02:00:00:00:00:01 ");
	/* And a cable from one bridge to another: each end is the other's peer. */
	ip("ip link add br-b type bridge && ip link set v-1 address 02:00:00:00:00:07 && ip link set p-1 master br-b");
	drain(links);
	assert_ports(links, "br-a/v-1=02:00:00:00:00:01 br-a/v-2=02:00:00:00:00:01 br-b/p-1=02:00:00:00:00:07 ");
}

/* As Docker 20.10 starts a container: the port joins, the peer gets its MAC, moves, and comes up. */
static void mac_set_later(void **state)
{
	cleanup_of(links) struct links *links = NULL;
	pid_t there;
	int fd;

	(void)state;
	NEED_NAMESPACE();
	there = other_namespace();
	fd = follow(&links);
	ip("ip link add br-a type bridge && ip link set br-a up");
	ip("ip " VETH("veth-a", "veth-b", "02:00:00:00:00:01") " && ip link set veth-a master br-a");
	assert_true(drain_all(links, fd));
	assert_ports(links, "br-a/veth-a=02:00:00:00:00:01 ");
	ip("ip link set veth-b address 02:00:00:00:00:02");
	assert_true(drain_all(links, fd));
	assert_ports(links, "br-a/veth-a=02:00:00:00:00:02 ");
	ip("ip link set veth-b netns %d", (int)there);
	assert_false(drain_all(links, fd));
	assert_ports(links, "br-a/veth-a=02:00:00:00:00:02 ");
	ip("ip link set veth-a up");
	ip_in(there,
	      "ip link set veth-b name eth0 && ip link set eth0 address 02:00:00:00:00:03 && ip link set eth0 up");
	assert_true(wait_for(links, fd, false));
	assert_ports(links, "br-a/veth-a=02:00:00:00:00:03 ");
	/* And back. */
	ip_in(there, "ip link set eth0 netns %d", (int)getpid());
	drain_all(links, fd);
	ip("ip link set eth0 address 02:00:00:00:00:04");
	assert_true(drain_all(links, fd));
	assert_ports(links, "br-a/veth-a=02:00:00:00:00:04 ");
	ip("ip link del veth-a && ip link del br-a");
	assert_true(drain_all(links, fd));
	assert_ports(links, "");
	end_namespace(there);
}

static void moved_renamed_and_deleted(void **state)
{
	cleanup_of(links) struct links *links = NULL;
	pid_t there;
	int fd;

	(void)state;
	NEED_NAMESPACE();
	there = other_namespace();
	fd = follow(&links);
	ip("ip link add br-a type bridge && ip link add br-b type bridge && ip " VETH(
		   "v", "p", "02:00:00:00:00:01") " && ip link set p netns %d && ip link set v master br-a",
	   (int)there);
	assert_true(drain_all(links, fd));
	assert_ports(links, "br-a/v=02:00:00:00:00:01 ");
	ip("ip link set v master br-b");
	assert_true(drain_all(links, fd));
	assert_ports(links, "br-b/v=02:00:00:00:00:01 ");
	ip("ip link set v name w");
	assert_true(drain_all(links, fd));
	assert_ports(links, "br-b/w=02:00:00:00:00:01 ");
	ip("ip link set br-b name br-c");
	assert_true(drain_all(links, fd));
	assert_ports(links, "br-c/w=02:00:00:00:00:01 ");
	ip("ip link set br-a name br-b"); /* without ports */
	assert_false(drain_all(links, fd));
	ip("ip link set w nomaster");
	assert_true(drain_all(links, fd));
	assert_ports(links, "");
	ip("ip link set w master br-c");
	assert_true(drain_all(links, fd));
	assert_ports(links, "br-c/w=02:00:00:00:00:01 ");
	ip("ip link del br-c");
	assert_true(drain_all(links, fd));
	assert_ports(links, "");
	ip("ip link set w master br-b");
	assert_true(drain_all(links, fd));
	ip_in(there, "ip link del p");
	assert_true(drain_all(links, fd));
	assert_ports(links, "");
	end_namespace(there);
}

/* A port whose host end goes into another namespace is none any more. */
static void port_moves_away(void **state)
{
	cleanup_of(links) struct links *links = NULL;
	pid_t there;
	int fd;

	(void)state;
	NEED_NAMESPACE();
	there = other_namespace();
	fd = follow(&links);
	ip("ip link add br-a type bridge && ip " VETH("v", "p", "02:00:00:00:00:01") " && ip link set v master br-a");
	assert_true(drain_all(links, fd));
	ip("ip link set v netns %d", (int)there);
	assert_true(drain_all(links, fd));
	assert_ports(links, "");
	end_namespace(there);
}

static void the_rest_is_no_news(void **state)
{
	cleanup_of(links) struct links *links = NULL;
	struct pollfd wait = { .events = POLLIN };

	(void)state;
	NEED_NAMESPACE();
	wait.fd = follow(&links);
	ip("ip link add br-a address 02:00:00:00:00:aa type bridge && ip " VETH(
		"v", "p", "02:00:00:00:00:01") " && ip link set v master br-a");
	assert_true(drain_all(links, wait.fd));
	ip("ip link set v mtu 1400 && ip link set br-a up && ip link set v up && ip link set p up && "
	   "ip link set v down && ip link set p name q && ip link set v address 02:00:00:00:00:09 && "
	   "ip link add br-b type bridge && ip link del br-b");
	assert_int_equal(poll(&wait, 1, DEADLINE_MS), 1);
	assert_false(drain_all(links, wait.fd));
	assert_ports(links, "br-a/v=02:00:00:00:00:01 ");
}

/* The host speaks by it. */
static void the_bridges_own_mac_is_news(void **state)
{
	cleanup_of(links) struct links *links = NULL;
	struct error err;
	struct port *ports;
	size_t count;
	int fd;

	(void)state;
	NEED_NAMESPACE();
	fd = follow(&links);
	ip("ip link add br-a address 02:00:00:00:00:aa type bridge && ip " VETH(
		"v", "p", "02:00:00:00:00:01") " && "
					       "ip link set v master br-a");
	assert_true(drain_all(links, fd));
	ip("ip link set br-a address 02:00:00:00:00:bb");
	assert_true(drain_all(links, fd));
	assert_int_equal(links_ports(links, &ports, &count, &err), 0);
	assert_int_equal(count, 1);
	assert_memory_equal(ports->bridge_mac, ((const uint8_t[]){ 2, 0, 0, 0, 0, 0xbb }), 6);
	free(ports);
}

/* What a table is worth that is older than the subscription. */
static void subscribed_later(void **state)
{
	cleanup_of(links) struct links *links = NULL;
	int fd;

	(void)state;
	NEED_NAMESPACE();
	assert_int_equal(links_open(&links, NULL), 0);
	assert_ports(links, "");
	ip("ip link add br-a type bridge && ip " VETH("v", "p", "02:00:00:00:00:01") " && ip link set v master br-a");
	fd = links_monitor(links, NULL);
	assert_ports(links, "br-a/v=02:00:00:00:00:01 ");
	ip("ip link set v nomaster");
	assert_true(drain_all(links, fd));
	assert_ports(links, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(here_and_elsewhere, fresh_namespace),
		cmocka_unit_test_setup(port_without_peer, fresh_namespace),
		cmocka_unit_test_setup(two_with_one_mac, fresh_namespace),
		cmocka_unit_test_setup(mac_set_later, fresh_namespace),
		cmocka_unit_test_setup(moved_renamed_and_deleted, fresh_namespace),
		cmocka_unit_test_setup(port_moves_away, fresh_namespace),
		cmocka_unit_test_setup(the_rest_is_no_news, fresh_namespace),
		cmocka_unit_test_setup(the_bridges_own_mac_is_news, fresh_namespace),
		cmocka_unit_test_setup(subscribed_later, fresh_namespace),
	};

	return cmocka_run_group_tests(tests, enter_namespace, NULL);
}
