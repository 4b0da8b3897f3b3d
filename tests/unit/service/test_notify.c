/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "notify.h"

/* An abstract socket of this process's own that plays the supervisor. */
static int supervisor(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char name[64];
	size_t length;

	assert_true(fd >= 0);
	length = (size_t)snprintf(name, sizeof(name), "@bulkhead-test-%d", (int)getpid());
	memcpy(address.sun_path, name, length);
	address.sun_path[0] = '\0';
	assert_int_equal(
		bind(fd, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)), 0);
	assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
	return fd;
}

static void test_says_what_it_is_told(void **state)
{
	int fd = supervisor();
	char text[128];
	ssize_t length;

	(void)state;
	notify_send("READY=1\nSTATUS=following");
	length = recv(fd, text, sizeof(text), MSG_DONTWAIT);
	assert_int_equal(length, strlen("READY=1\nSTATUS=following"));
	assert_memory_equal(text, "READY=1\nSTATUS=following", (size_t)length);
	notify_reloading();
	length = recv(fd, text, sizeof(text), MSG_DONTWAIT);
	assert_true(length > 0);
	assert_memory_equal(text, "RELOADING=1\nMONOTONIC_USEC=", strlen("RELOADING=1\nMONOTONIC_USEC="));
	close(fd);
}

/* A supervisor that does not read must not stop the service: its queue holds ten or so (net.unix.max_dgram_qlen). */
static void test_does_not_wait_for_ever(void **state)
{
	int fd = supervisor();

	(void)state;
	alarm(60); /* ends this program if it blocks */
	for (int i = 0; i < 40; i++)
		notify_send("WATCHDOG=1");
	alarm(0);
	close(fd);
	/* … nor one that is gone, or was never there. */
	notify_send("WATCHDOG=1");
	unsetenv("NOTIFY_SOCKET");
	notify_send("WATCHDOG=1");
}

static void test_watchdog(void **state)
{
	char pid[32];

	(void)state;
	unsetenv("WATCHDOG_PID");
	unsetenv("WATCHDOG_USEC");
	assert_int_equal(notify_watchdog_ms(), 0);
	setenv("WATCHDOG_USEC", "30000000", 1);
	assert_int_equal(notify_watchdog_ms(), 15000);
	setenv("WATCHDOG_PID", "1", 1);
	assert_int_equal(notify_watchdog_ms(), 0);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("WATCHDOG_PID", pid, 1);
	assert_int_equal(notify_watchdog_ms(), 15000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_says_what_it_is_told),
		cmocka_unit_test(test_does_not_wait_for_ever),
		cmocka_unit_test(test_watchdog),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
