/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The traffic of the benchmark, and the one program in its containers: static, so that it is a whole image.
 *
 *   traffic hold                       does nothing until SIGTERM
 *   traffic serve PORT                 TCP: PORT is thrown away, PORT + 1 closed at once; UDP on PORT is echoed
 *   traffic measure ADDRESS PORT MS    three measures of MS milliseconds each against such a server
 *
 * `serve` prints "ready"; `measure` prints "NAME VALUE" a line: bytes/s of one established connection, new
 * connections/s, UDP round trips/s with one under way at a time.
 *
 * New connections end with a reset, so that neither end runs out of ports.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_MS INT64_C(1000000)
/* A peer that does not answer for so long never will: what is measured is a rate, not a timeout. */
#define DEADLINE_S 5
#define CHUNK	   (128 * 1024)
#define DATAGRAM   64

static void die(const char *what)
{
	fprintf(stderr, "traffic: %s: %s\n", what, strerror(errno));
	exit(3);
}

static void leave(int signal_number)
{
	(void)signal_number;
	_exit(0);
}

/* As a container's first process it would not be ended by them otherwise. */
static void end_on_signals(void)
{
	struct sigaction action = { .sa_handler = leave };

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 * NS_PER_MS + now.tv_nsec;
}

static long number(const char *text, long most)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (*end || value < 1 || value > most) {
		fprintf(stderr, "traffic: %s: a number from 1 to %ld is needed\n", text, most);
		exit(2);
	}
	return value;
}

static struct sockaddr_in place(const char *address, long port)
{
	struct sockaddr_in found = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

	if (address && inet_pton(AF_INET, address, &found.sin_addr) != 1) {
		fprintf(stderr, "traffic: %s is no IPv4 address\n", address);
		exit(2);
	}
	return found;
}

static int make_socket(int type)
{
	struct timeval limit = { .tv_sec = DEADLINE_S };
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0)
		die("socket");
	return fd;
}

static int connect_to(int type, const struct sockaddr_in *where)
{
	int fd = make_socket(type);

	if (connect(fd, (const struct sockaddr *)where, sizeof(*where)) < 0)
		die("connect");
	return fd;
}

/* ---- The server: one process a service ---- */

static int listen_on(int type, long port)
{
	struct sockaddr_in where = place(NULL, port);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    bind(fd, (struct sockaddr *)&where, sizeof(where)) < 0 || (type == SOCK_STREAM && listen(fd, 1024) < 0))
		die("listen");
	return fd;
}

static void serve_sink(int listener)
{
	static char buffer[CHUNK];

	for (;;) {
		int fd = accept(listener, NULL, NULL);

		while (fd >= 0 && read(fd, buffer, sizeof(buffer)) > 0)
			;
		if (fd >= 0)
			close(fd);
	}
}

static void serve_connections(int listener)
{
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd >= 0)
			close(fd);
	}
}

static void serve_echo(int fd)
{
	char buffer[2048];
	struct sockaddr_in from;

	for (;;) {
		socklen_t length = sizeof(from);
		ssize_t size = recvfrom(fd, buffer, sizeof(buffer), 0, (struct sockaddr *)&from, &length);

		if (size >= 0)
			(void)sendto(fd, buffer, (size_t)size, 0, (struct sockaddr *)&from, length);
	}
}

static void serve_apart(void (*service)(int), int fd)
{
	pid_t child = fork();

	if (child < 0)
		die("fork");
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		service(fd);
	}
}

static int serve(long port)
{
	int sink = listen_on(SOCK_STREAM, port), connections = listen_on(SOCK_STREAM, port + 1);
	int echo = listen_on(SOCK_DGRAM, port);

	puts("ready");
	fflush(stdout);
	serve_apart(serve_sink, sink);
	serve_apart(serve_connections, connections);
	serve_echo(echo);
	return 0;
}

/* ---- The client ---- */

static double per_second(int64_t count, int64_t began)
{
	return (double)count * 1e9 / (double)(now_ns() - began);
}

static double measure_throughput(const struct sockaddr_in *where, int64_t span)
{
	static char buffer[CHUNK];
	int fd = connect_to(SOCK_STREAM, where);
	int64_t began, sent = 0;

	/* Past slow start. */
	for (began = now_ns(); now_ns() - began < span / 5;) {
		if (write(fd, buffer, sizeof(buffer)) < 0)
			die("write");
	}
	for (began = now_ns(); now_ns() - began < span;) {
		ssize_t size = write(fd, buffer, sizeof(buffer));

		if (size < 0)
			die("write");
		sent += size;
	}
	close(fd);
	return per_second(sent, began);
}

static double measure_connections(const struct sockaddr_in *where, int64_t span)
{
	struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	int64_t began = now_ns(), count = 0;

	for (; now_ns() - began < span; count++) {
		int fd = connect_to(SOCK_STREAM, where);

		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(fd);
	}
	return per_second(count, began);
}

static double measure_round_trips(const struct sockaddr_in *where, int64_t span)
{
	int fd = connect_to(SOCK_DGRAM, where);
	int64_t began = now_ns(), count = 0;
	char buffer[DATAGRAM] = "";

	for (; now_ns() - began < span; count++) {
		if (send(fd, buffer, sizeof(buffer), 0) < 0 || recv(fd, buffer, sizeof(buffer), 0) < 0)
			die("round trip");
	}
	close(fd);
	return per_second(count, began);
}

static int measure(const char *address, long port, long milliseconds)
{
	struct sockaddr_in first = place(address, port), second = place(address, port + 1);
	int64_t span = milliseconds * NS_PER_MS;

	printf("throughput %.0f\n", measure_throughput(&first, span));
	printf("connections %.1f\n", measure_connections(&second, span));
	printf("round_trips %.1f\n", measure_round_trips(&first, span));
	return 0;
}

int main(int argc, char **argv)
{
	end_on_signals();
	if (argc == 2 && strcmp(argv[1], "hold") == 0) {
		for (;;)
			pause();
	}
	if (argc == 3 && strcmp(argv[1], "serve") == 0)
		return serve(number(argv[2], 65534));
	if (argc == 5 && strcmp(argv[1], "measure") == 0)
		return measure(argv[2], number(argv[3], 65534), number(argv[4], 60000));
	fprintf(stderr, "usage: traffic hold | serve PORT | measure ADDRESS PORT MILLISECONDS\n");
	return 2;
}
