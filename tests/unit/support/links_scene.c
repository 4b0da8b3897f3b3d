/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "links_scene.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

bool have_namespace;

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

int enter_namespace(void **state)
{
	(void)state;
	/* ip lives there, and a user's path may not lead there. */
	(void)setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	have_namespace = unshare(CLONE_NEWNET) == 0 || become_root();
	return 0;
}

void ip(const char *fmt, ...)
{
	char command[4096];
	va_list arguments;

	va_start(arguments, fmt);
	vsnprintf(command, sizeof(command), fmt, arguments);
	va_end(arguments);
	if (system(command) != 0)
		fail_msg("failed: %s", command);
}

pid_t other_namespace(void)
{
	int ready[2];
	char byte = 0;
	pid_t child;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWNET) == 0 && write(ready[1], "1", 1) == 1)
			pause();
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return child;
}

void end_namespace(pid_t child)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

void ip_in(pid_t where, const char *fmt, ...)
{
	char command[4096], path[64];
	va_list arguments;
	int status = -1;
	pid_t child;

	va_start(arguments, fmt);
	vsnprintf(command, sizeof(command), fmt, arguments);
	va_end(arguments);
	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)where);
	child = fork();
	if (!child) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);

		if (fd >= 0 && setns(fd, CLONE_NEWNET) == 0)
			execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	waitpid(child, &status, 0);
	if (status != 0)
		fail_msg("failed there: %s", command);
}

int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct links_news drain(struct links *links)
{
	struct links_news news = { true, true };
	struct error err = { 0 };

	if (links_monitor_drain(links, &news, &err) < 0)
		fail_msg("%s", err.text);
	return news;
}

bool wait_for(struct links *links, int fd, bool bridges)
{
	int64_t end = now_ms() + DEADLINE_MS;

	while (now_ms() < end) {
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		struct links_news news;

		poll(&wait, 1, (int)(end - now_ms()));
		news = drain(links);
		if (bridges ? news.bridges : news.ports)
			return true;
	}
	return false;
}

char *ports_text(struct links *links)
{
	struct port *ports = NULL;
	struct error err = { 0 };
	size_t count = 0, size = 0;
	char *text = NULL;
	FILE *stream;

	if (links_ports(links, &ports, &count, &err) < 0)
		fail_msg("%s", err.text);
	stream = open_memstream(&text, &size);
	assert_non_null(stream);
	for (size_t i = 0; i < count; i++) {
		const uint8_t *m = ports[i].mac;

		fprintf(stream, "%s/%s=", ports[i].bridge, ports[i].name);
		if (memcmp(m, (const uint8_t[6]){ 0 }, 6) == 0)
			fputs("? ", stream);
		else
			fprintf(stream, "%02x:%02x:%02x:%02x:%02x:%02x ", m[0], m[1], m[2], m[3], m[4], m[5]);
	}
	fclose(stream);
	free(ports);
	return text;
}

void assert_ports(struct links *links, const char *expected)
{
	cleanup_free char *text = ports_text(links);

	assert_string_equal(text, expected);
}

bool drain_all(struct links *links, int fd)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	bool changed = false;

	while (poll(&wait, 1, 0) > 0)
		changed |= drain(links).ports;
	return changed;
}

int follow(struct links **ret_links)
{
	int fd;

	assert_int_equal(links_open(ret_links, NULL), 0);
	fd = links_monitor(*ret_links, NULL);
	assert_true(fd >= 0);
	free(ports_text(*ret_links));
	drain_all(*ret_links, fd);
	return fd;
}

int fresh_namespace(void **state)
{
	(void)state;
	return have_namespace && unshare(CLONE_NEWNET) < 0 ? -1 : 0;
}
