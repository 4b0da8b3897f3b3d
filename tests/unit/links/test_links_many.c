/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ports at once, in haste, and behind closed doors.  Runs in namespaces of its own; where the host does not allow that,
 * the tests are skipped. */
#include "links.h"

#include <errno.h>
#include <linux/capability.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "links_scene.h"

#define MANY 200

/* Ports of a bridge with their peers in that namespace. */
static void make_many(pid_t there)
{
	ip("for i in $(seq 100 %d); do "
	   "echo link add v-$i group 7 type veth peer name p-$i; echo link set v-$i master br-a; "
	   "echo link set p-$i address 02:00:00:00:0${i%%??}:${i#?}; "
	   "echo link set p-$i netns %d; done | ip -batch -",
	   99 + MANY, (int)there);
}

static char *many_text(void)
{
	size_t size = 0;
	char *text = NULL;
	FILE *stream = open_memstream(&text, &size);

	assert_non_null(stream);
	for (int i = 100; i < 100 + MANY; i++)
		fprintf(stream, "br-a/v-%d=02:00:00:00:0%d:%02d ", i, i / 100, i % 100);
	fclose(stream);
	return text;
}

static void many_at_once(void **state)
{
	cleanup_of(links) struct links *links = NULL;
	cleanup_free char *expected = many_text();
	pid_t there;
	int fd;

	(void)state;
	NEED_NAMESPACE();
	there = other_namespace();
	fd = follow(&links);
	ip("ip link add br-a type bridge");
	make_many(there);
	assert_true(drain_all(links, fd));
	assert_ports(links, expected);
	ip("ip link del group 7");
	assert_true(drain_all(links, fd));
	assert_ports(links, "");
	end_namespace(there);
}

static void lost_messages(void **state)
{
	cleanup_of(links) struct links *links = NULL;
	cleanup_free char *expected = many_text();
	int fd, small = 4096;
	pid_t there;

	(void)state;
	NEED_NAMESPACE();
	there = other_namespace();
	fd = follow(&links);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	ip("ip link add br-a type bridge");
	make_many(there);
	/* One drain reads to the end: until then the kernel loses more without a word. */
	assert_true(drain(links).ports);
	assert_ports(links, expected);
	assert_false(drain_all(links, fd));
	/* From here on it follows again. */
	ip("ip link set v-100 nomaster");
	assert_true(drain_all(links, fd));
	ip("ip link set v-100 master br-a");
	assert_true(drain_all(links, fd));
	assert_ports(links, expected);
	ip("ip link del group 7");
	assert_true(drain(links).ports);
	/* Nobody asked since: still news. */
	ip("ip link del br-a");
	assert_true(drain(links).ports);
	assert_ports(links, "");
	end_namespace(there);
}

/* Without it the kernel tells nothing of another namespace's links. */
static void set_net_admin(bool on)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	assert_int_equal(syscall(SYS_capget, &header, data), 0);
	data[0].effective &= ~(1u << CAP_NET_ADMIN);
	if (on)
		data[0].effective |= 1u << CAP_NET_ADMIN;
	assert_int_equal(syscall(SYS_capset, &header, data), 0);
}

static bool drain_without_privilege(struct links *links, int fd)
{
	bool changed;

	set_net_admin(false);
	changed = drain_all(links, fd);
	set_net_admin(true);
	return changed;
}

static void unanswered_is_asked_again(void **state)
{
	cleanup_of(links) struct links *links = NULL;
	pid_t there;
	int fd;

	(void)state;
	NEED_NAMESPACE();
	there = other_namespace();
	fd = follow(&links);
	ip("ip link add br-a type bridge && ip " VETH(
		   "v", "p", "02:00:00:00:00:01") " && ip link set p netns %d && ip link set v master br-a",
	   (int)there);
	assert_true(drain_without_privilege(links, fd));
	set_net_admin(false);
	assert_ports(links, "br-a/v=? ");
	set_net_admin(true);
	/* By the next call … */
	assert_ports(links, "br-a/v=02:00:00:00:00:01 ");
	ip("ip link set v mtu 1400");
	assert_true(drain_without_privilege(links, fd)); /* what is not answered is not known any more */
	/* … and by the next message, which is news then. */
	ip("ip link set v mtu 1300");
	assert_true(drain_all(links, fd));
	assert_false(drain_all(links, fd));
	assert_ports(links, "br-a/v=02:00:00:00:00:01 ");
	end_namespace(there);
}

/* Ports come and go all the time: what is listed is whole. */
static void dump_while_ports_change(void **state)
{
	cleanup_of(links) struct links *links = NULL;
	pid_t child;

	(void)state;
	NEED_NAMESPACE();
	assert_int_equal(links_open(&links, NULL), 0);
	ip("ip link add br-a type bridge && for i in $(seq 60); do "
	   "echo link add v-$i group 7 master br-a type veth peer name p-$i; done | ip -batch -");
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		execl("/bin/sh", "sh", "-c",
		      "for i in $(seq 60); do echo link add x master br-a type veth peer name y; echo link del x; "
		      "done | exec ip -batch - >/dev/null 2>&1",
		      (char *)NULL);
		_exit(127);
	}
	while (waitpid(child, NULL, WNOHANG) == 0) {
		struct port *ports = NULL;
		size_t count = 0;
		int r = links_ports(links, &ports, &count, NULL);

		assert_true(r == 0 || r == -EINTR);
		if (r == 0)
			assert_true(count == 60 || count == 61);
		free(ports);
	}
	ip("ip link del group 7 && ip link del br-a");
	assert_ports(links, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(many_at_once, fresh_namespace),
		cmocka_unit_test_setup(lost_messages, fresh_namespace),
		cmocka_unit_test_setup(unanswered_is_asked_again, fresh_namespace),
		cmocka_unit_test_setup(dump_while_ports_change, fresh_namespace),
	};

	return cmocka_run_group_tests(tests, enter_namespace, NULL);
}
