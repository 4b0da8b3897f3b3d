/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs in a user and network namespace of its own; where the host does not allow that, the tests are skipped. */
#include "links.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "links_scene.h"

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* The bridges' names, sorted, each followed by a blank. */
static void assert_bridges(struct links *links, const char *expected)
{
	struct error err = { 0 };
	char(*names)[16] = NULL, text[4096] = "";
	size_t count = 0;

	if (links_bridges(links, &names, &count, &err) < 0)
		fail_msg("%s", err.text);
	qsort(names, count, sizeof(*names), compare_names);
	for (size_t i = 0; i < count; i++) {
		strcat(text, names[i]);
		strcat(text, " ");
	}
	free(names);
	assert_string_equal(text, expected);
}

static void only_bridges_are_listed(void **state)
{
	cleanup_of(links) struct links *links = NULL;

	(void)state;
	NEED_NAMESPACE();
	assert_int_equal(links_open(&links, NULL), 0);
	assert_bridges(links, "");
	ip("ip link add br-a type bridge && ip link add exactly-15-byte type bridge && "
	   "ip link add veth-a type veth peer name veth-b && ip link set veth-a master br-a");
	assert_bridges(links, "br-a exactly-15-byte ");
	ip("ip link del exactly-15-byte && ip link set br-a name br-renamed");
	assert_bridges(links, "br-renamed ");
	ip("ip link del br-renamed && ip link del veth-a");
	assert_bridges(links, "");
}

/* More than one piece of a dump. */
static void many_bridges(void **state)
{
	cleanup_of(links) struct links *links = NULL;
	char(*names)[16] = NULL;
	size_t count = 0;

	(void)state;
	NEED_NAMESPACE();
	assert_int_equal(links_open(&links, NULL), 0);
	ip("for i in $(seq 60); do echo link add br-$i group 7 type bridge; done | ip -batch -");
	assert_int_equal(links_bridges(links, &names, &count, NULL), 0);
	assert_int_equal(count, 60);
	free(names);
	ip("ip link del group 7");
	assert_bridges(links, "");
}

static void coming_and_going_is_news(void **state)
{
	cleanup_of(links) struct links *links = NULL;
	int fd;

	(void)state;
	NEED_NAMESPACE();
	assert_int_equal(links_open(&links, NULL), 0);
	fd = links_monitor(links, NULL);
	assert_true(fd >= 0);
	assert_int_equal(links_monitor(links, NULL), fd);
	assert_bridges(links, "");
	assert_false(drain(links).bridges);
	ip("ip link add br-a type bridge");
	assert_true(wait_for(links, fd, true));
	assert_false(drain(links).bridges);
	ip("ip link set br-a name br-b");
	assert_true(wait_for(links, fd, true));
	ip("ip link del br-b");
	assert_true(wait_for(links, fd, true));
	/* Gone and back under the same name is another link. */
	ip("ip link add br-a type bridge");
	assert_bridges(links, "br-a ");
	drain(links);
	ip("ip link del br-a && ip link add br-a type bridge");
	assert_true(wait_for(links, fd, true));
	ip("ip link del br-a");
	assert_true(wait_for(links, fd, true));
}

/* Containers come and go, and with them veths and the bridge's carrier: no news. */
static void the_rest_is_no_news(void **state)
{
	cleanup_of(links) struct links *links = NULL;
	struct pollfd wait = { .events = POLLIN };

	(void)state;
	NEED_NAMESPACE();
	assert_int_equal(links_open(&links, NULL), 0);
	wait.fd = links_monitor(links, NULL);
	ip("ip link add br-a type bridge");
	assert_bridges(links, "br-a ");
	drain(links);
	ip("ip link set br-a up && ip link add veth-a type veth peer name veth-b && ip link set veth-a master br-a && "
	   "ip link set veth-a up && ip link set veth-b up && ip link set veth-a nomaster && ip link del veth-a");
	assert_int_equal(poll(&wait, 1, DEADLINE_MS), 1); /* something was said … */
	assert_false(drain(links).bridges);		  /* … that does not matter */
	ip("ip link del br-a");
	assert_true(wait_for(links, wait.fd, true));
}

/* More messages than the socket can hold, none of them read. */
static void lost_messages_are_news(void **state)
{
	cleanup_of(links) struct links *links = NULL;
	struct links_news news;
	int fd, small = 2048;

	(void)state;
	NEED_NAMESPACE();
	assert_int_equal(links_open(&links, NULL), 0);
	fd = links_monitor(links, NULL);
	assert_bridges(links, "");
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	ip("ip link add veth-a type veth peer name veth-b && "
	   "for i in $(seq 50); do echo link set veth-a mtu $((1000 + i)); done | ip -batch - && ip link del veth-a");
	news = drain(links);
	assert_true(news.bridges);
	assert_true(news.ports);
	while (drain(links).bridges)
		;
}

/* Links come and go all the time: a dump is whole, or an error, but never a part. */
static void dump_while_links_change(void **state)
{
	cleanup_of(links) struct links *links = NULL;
	pid_t child;

	(void)state;
	NEED_NAMESPACE();
	assert_int_equal(links_open(&links, NULL), 0);
	ip("for i in $(seq 60); do echo link add br-$i group 7 type bridge; done | ip -batch -");
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		execl("/bin/sh", "sh", "-c",
		      "for i in $(seq 60); do echo link add br-x type bridge; echo link del br-x; done | "
		      "exec ip -batch - >/dev/null 2>&1",
		      (char *)NULL);
		_exit(127);
	}
	while (waitpid(child, NULL, WNOHANG) == 0) {
		char(*names)[16] = NULL;
		size_t count = 0;
		int r = links_bridges(links, &names, &count, NULL);

		assert_true(r == 0 || r == -EINTR);
		if (r == 0)
			assert_true(count == 60 || count == 61);
		free(names);
	}
	ip("ip link del group 7");
	assert_bridges(links, "");
}

static void drain_without_subscription(void **state)
{
	cleanup_of(links) struct links *links = NULL;
	struct error err = { 0 };
	struct links_news news;

	(void)state;
	assert_int_equal(links_open(&links, NULL), 0);
	assert_int_equal(links_monitor_drain(links, &news, &err), -EBADF);
	assert_true(err.text[0]);
	links_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_bridges_are_listed),    cmocka_unit_test(many_bridges),
		cmocka_unit_test(coming_and_going_is_news),   cmocka_unit_test(the_rest_is_no_news),
		cmocka_unit_test(lost_messages_are_news),     cmocka_unit_test(dump_while_links_change),
		cmocka_unit_test(drain_without_subscription),
	};

	return cmocka_run_group_tests(tests, enter_namespace, NULL);
}
