/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs in a user and network namespace of its own; where the host does not allow that, the tests are skipped. */
#include "links.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#define DEADLINE_MS 5000

static bool have_namespace;

static bool put(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");
	bool ok = file && fputs(text, file) >= 0;

	return file && fclose(file) == 0 && ok;
}

/* Root in a namespace of our own, so that ip(8) keeps its capabilities. */
static bool become_root(void)
{
	char users[64], groups[64];

	snprintf(users, sizeof(users), "0 %u 1", (unsigned)geteuid());
	snprintf(groups, sizeof(groups), "0 %u 1", (unsigned)getegid());
	return unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 && put("/proc/self/setgroups", "deny") &&
	       put("/proc/self/uid_map", users) && put("/proc/self/gid_map", groups);
}

static int enter_namespace(void **state)
{
	(void)state;
	have_namespace = unshare(CLONE_NEWNET) == 0 || become_root();
	return 0;
}

__attribute__((format(printf, 1, 2))) static void ip(const char *fmt, ...)
{
	char command[4096];
	va_list arguments;

	va_start(arguments, fmt);
	vsnprintf(command, sizeof(command), fmt, arguments);
	va_end(arguments);
	if (system(command) != 0)
		fail_msg("failed: %s", command);
}

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

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool drain(struct links *links)
{
	struct error err = { 0 };
	bool changed = true;

	if (links_monitor_drain(links, &changed, &err) < 0)
		fail_msg("%s", err.text);
	return changed;
}

/* Waits for news until the deadline. */
static bool news(struct links *links, int fd)
{
	int64_t end = now_ms() + DEADLINE_MS;

	while (now_ms() < end) {
		struct pollfd wait = { .fd = fd, .events = POLLIN };

		poll(&wait, 1, (int)(end - now_ms()));
		if (drain(links))
			return true;
	}
	return false;
}

#define NEED_NAMESPACE()                                                                                               \
	do {                                                                                                           \
		if (!have_namespace)                                                                                   \
			skip();                                                                                        \
	} while (0)

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
	assert_false(drain(links));
	ip("ip link add br-a type bridge");
	assert_true(news(links, fd));
	assert_false(drain(links));
	ip("ip link set br-a name br-b");
	assert_true(news(links, fd));
	ip("ip link del br-b");
	assert_true(news(links, fd));
	/* Gone and back under the same name is another link. */
	ip("ip link add br-a type bridge");
	assert_bridges(links, "br-a ");
	drain(links);
	ip("ip link del br-a && ip link add br-a type bridge");
	assert_true(news(links, fd));
	ip("ip link del br-a");
	assert_true(news(links, fd));
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
	assert_false(drain(links));			  /* … that does not matter */
	ip("ip link del br-a");
	assert_true(news(links, wait.fd));
}

/* More messages than the socket can hold, none of them read. */
static void lost_messages_are_news(void **state)
{
	cleanup_of(links) struct links *links = NULL;
	int fd, small = 2048;

	(void)state;
	NEED_NAMESPACE();
	assert_int_equal(links_open(&links, NULL), 0);
	fd = links_monitor(links, NULL);
	assert_bridges(links, "");
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	ip("ip link add veth-a type veth peer name veth-b && "
	   "for i in $(seq 50); do echo link set veth-a mtu $((1000 + i)); done | ip -batch - && ip link del veth-a");
	assert_true(drain(links));
	while (drain(links))
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
	bool changed;

	(void)state;
	assert_int_equal(links_open(&links, NULL), 0);
	assert_int_equal(links_monitor_drain(links, &changed, &err), -EBADF);
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
