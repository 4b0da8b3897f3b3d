/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one program inside the containers of the engine tests: static, so that it is a whole image.
 *
 *   probe hold                              do nothing until SIGTERM
 *   probe serve RECEIPTS SPEC…              SPEC: tcp:80, udp:7000-7010; answers on IPv4 and IPv6, echoes what
 *                                           comes, and notes everything that arrived in the file RECEIPTS
 *   probe connect WAIT_MS TARGET…           TARGET: tcp/ADDRESS/PORT, udp/ADDRESS/PORT, icmp/ADDRESS; all at once
 *   probe stream LOG (tcp|udp) listen PORT  one end of a stream: a numbered record every millisecond, and a line in
 *   probe stream LOG (tcp|udp) ADDRESS PORT LOG for each record that arrives from the other end; as much more seldom
 *                                           as BULKHEAD_SLOWNESS says that the machine is slower than others
 *
 * `connect` prints "TARGET open|late|refused|silent|error:… MICROSECONDS" and exits with 0 if everything was open. Late
 * is a connection whose first packet was lost: a later one opened it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_MS INT64_C(1000000)

union place {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static void die(const char *what)
{
	fprintf(stderr, "probe: %s: %s\n", what, strerror(errno));
	exit(3);
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 * NS_PER_MS + now.tv_nsec;
}

static void leave(int signal_number)
{
	(void)signal_number;
	_exit(0);
}

/* The first process of a container gets no default action for SIGTERM. */
static void end_on_signals(void)
{
	struct sigaction action = { .sa_handler = leave };

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void allow_many_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static socklen_t place_length(const union place *place)
{
	return place->any.sa_family == AF_INET ? sizeof(place->v4) : sizeof(place->v6);
}

static bool place_parse(const char *address, unsigned port, union place *ret_place)
{
	memset(ret_place, 0, sizeof(*ret_place));
	if (inet_pton(AF_INET, address, &ret_place->v4.sin_addr) == 1) {
		ret_place->v4.sin_family = AF_INET;
		ret_place->v4.sin_port = htons((uint16_t)port);
		return true;
	}
	if (inet_pton(AF_INET6, address, &ret_place->v6.sin6_addr) == 1) {
		ret_place->v6.sin6_family = AF_INET6;
		ret_place->v6.sin6_port = htons((uint16_t)port);
		return true;
	}
	return false;
}

/* The address, without the prefix of an IPv4 address on an IPv6 socket. */
static const char *place_format(const union place *place, char text[INET6_ADDRSTRLEN])
{
	if (place->any.sa_family == AF_INET)
		return inet_ntop(AF_INET, &place->v4.sin_addr, text, INET6_ADDRSTRLEN);
	if (IN6_IS_ADDR_V4MAPPED(&place->v6.sin6_addr))
		return inet_ntop(AF_INET, &place->v6.sin6_addr.s6_addr[12], text, INET6_ADDRSTRLEN);
	return inet_ntop(AF_INET6, &place->v6.sin6_addr, text, INET6_ADDRSTRLEN);
}

static int listen_on(int type, unsigned port)
{
	struct sockaddr_in6 place = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	int fd = socket(AF_INET6, type | SOCK_NONBLOCK, 0), off = 0, on = 1;

	if (fd < 0)
		die("socket");
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&place, sizeof(place)) < 0)
		die("bind");
	if (type == SOCK_STREAM && listen(fd, 1024) < 0)
		die("listen");
	return fd;
}

/* ---- serve ---- */

enum serving {
	SERVE_ACCEPT,
	SERVE_DATAGRAMS,
	SERVE_CONNECTION,
};

static FILE *receipts;

static void receipt(const char *protocol, const union place *from, unsigned port)
{
	char text[INET6_ADDRSTRLEN];

	fprintf(receipts, "%s %s %u\n", protocol, place_format(from, text), port);
	fflush(receipts);
}

static void serve_add(int epoll, int fd, enum serving kind, unsigned port)
{
	struct epoll_event event = { .events = EPOLLIN };

	event.data.u64 = (uint64_t)kind << 48 | (uint64_t)port << 32 | (uint32_t)fd;
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		die("epoll_ctl");
}

static void serve_spec(int epoll, const char *spec)
{
	bool tcp = strncmp(spec, "tcp:", 4) == 0;
	unsigned first, last;

	if (!tcp && strncmp(spec, "udp:", 4) != 0)
		die(spec);
	switch (sscanf(spec + 4, "%u-%u", &first, &last)) {
	case 1:
		last = first;
		break;
	case 2:
		break;
	default:
		die(spec);
	}
	for (unsigned port = first; port <= last; port++)
		serve_add(epoll, listen_on(tcp ? SOCK_STREAM : SOCK_DGRAM, port), tcp ? SERVE_ACCEPT : SERVE_DATAGRAMS,
			  port);
}

static void serve_accept(int epoll, int listener, unsigned port)
{
	union place from;
	socklen_t length = sizeof(from);
	int fd = accept4(listener, &from.any, &length, SOCK_NONBLOCK);

	if (fd < 0)
		return;
	receipt("tcp", &from, port);
	serve_add(epoll, fd, SERVE_CONNECTION, port);
}

static void serve_datagram(int fd, unsigned port)
{
	char buffer[2048];
	union place from;
	socklen_t length = sizeof(from);
	ssize_t size = recvfrom(fd, buffer, sizeof(buffer), 0, &from.any, &length);

	if (size < 0)
		return;
	receipt("udp", &from, port);
	(void)!sendto(fd, buffer, (size_t)size, 0, &from.any, length);
}

static void serve_connection(int fd)
{
	char buffer[2048];
	ssize_t size = read(fd, buffer, sizeof(buffer));

	if (size == 0 || (size < 0 && errno != EAGAIN))
		close(fd);
	else if (size > 0)
		(void)!write(fd, buffer, (size_t)size);
}

_Noreturn static void serve(const char *file, char *const *specs)
{
	int epoll = epoll_create1(0);

	if (epoll < 0)
		die("epoll_create1");
	receipts = fopen(file, "w");
	if (!receipts)
		die(file);
	for (; *specs; specs++)
		serve_spec(epoll, *specs);
	fprintf(receipts, "ready\n");
	fflush(receipts);
	for (;;) {
		struct epoll_event events[64];
		int count = epoll_wait(epoll, events, 64, -1);

		for (int i = 0; i < count; i++) {
			int fd = (int)(events[i].data.u64 & UINT32_MAX);
			unsigned port = (unsigned)(events[i].data.u64 >> 32) & 0xffff;

			switch ((enum serving)(events[i].data.u64 >> 48)) {
			case SERVE_ACCEPT:
				serve_accept(epoll, fd, port);
				break;
			case SERVE_DATAGRAMS:
				serve_datagram(fd, port);
				break;
			case SERVE_CONNECTION:
				serve_connection(fd);
				break;
			}
		}
	}
}

/* ---- connect ---- */

struct target {
	const char *text;
	enum { TARGET_TCP, TARGET_UDP, TARGET_ICMP } protocol;
	union place place;
	int fd;
	uint16_t id; /* of an echo request */
	int64_t began, ended;
	const char *result; /* NULL: not known yet */
};

static void target_done(struct target *target, const char *result)
{
	target->ended = now_ns();
	target->result = result;
}

/* Whether TCP has sent the first packet again. */
static bool sent_again(int fd)
{
	struct tcp_info info;
	socklen_t length = sizeof(info);

	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 && info.tcpi_total_retrans;
}

static void target_failed(struct target *target)
{
	target_done(target, errno == ECONNREFUSED ? "refused" : strerrorname_np(errno));
}

static void target_parse(const char *text, struct target *ret_target)
{
	char protocol[8], address[INET6_ADDRSTRLEN + 1];
	unsigned port = 0;
	int fields = sscanf(text, "%7[a-z]/%46[0-9a-fA-F.:]/%u", protocol, address, &port);

	ret_target->text = text;
	ret_target->protocol = TARGET_ICMP;
	if (fields == 3)
		ret_target->protocol = strcmp(protocol, "tcp") == 0 ? TARGET_TCP : TARGET_UDP;
	errno = EINVAL;
	if (fields < 2 || !place_parse(address, port, &ret_target->place))
		die(text);
}

static uint16_t checksum(const void *data, size_t length)
{
	const uint8_t *bytes = data;
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < length; i += 2)
		sum += (uint32_t)(bytes[i] << 8 | bytes[i + 1]);
	sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t) ~(sum + (sum >> 16)));
}

static void send_echo(struct target *target)
{
	bool v4 = target->place.any.sa_family == AF_INET;
	struct icmphdr echo = { .type = v4 ? ICMP_ECHO : ICMP6_ECHO_REQUEST };

	echo.un.echo.id = htons(target->id);
	if (v4) /* the kernel computes that of IPv6 */
		echo.checksum = checksum(&echo, sizeof(echo));
	if (send(target->fd, &echo, sizeof(echo), 0) < 0)
		target_failed(target);
}

static void target_begin(struct target *target)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_RAW };
	int family = target->place.any.sa_family, protocol = 0;

	if (target->protocol == TARGET_ICMP)
		protocol = family == AF_INET ? (int)IPPROTO_ICMP : (int)IPPROTO_ICMPV6;
	target->fd = socket(family, types[target->protocol] | SOCK_NONBLOCK, protocol);
	if (target->fd < 0)
		die("socket");
	target->began = now_ns();
	if (connect(target->fd, &target->place.any, place_length(&target->place)) < 0) {
		if (errno != EINPROGRESS)
			target_failed(target);
	} else if (target->protocol == TARGET_TCP) {
		target_done(target, "open");
	} else if (target->protocol == TARGET_UDP) {
		if (send(target->fd, "probe", 5, 0) < 0)
			target_failed(target);
	} else {
		send_echo(target);
	}
}

/* Whether what came is the answer to our echo request. */
static bool is_echo_reply(const struct target *target, const uint8_t *packet, size_t size)
{
	size_t header = target->place.any.sa_family == AF_INET ? (size_t)(packet[0] & 15) * 4 : 0;
	uint8_t type = target->place.any.sa_family == AF_INET ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY;
	struct icmphdr echo;

	if (size < header + sizeof(echo))
		return false;
	memcpy(&echo, packet + header, sizeof(echo));
	return echo.type == type && echo.un.echo.id == htons(target->id);
}

static void target_answered(struct target *target)
{
	uint8_t buffer[2048];
	socklen_t length = sizeof(errno);
	ssize_t size;

	if (target->protocol == TARGET_TCP) {
		if (getsockopt(target->fd, SOL_SOCKET, SO_ERROR, &errno, &length) < 0 || errno)
			target_failed(target);
		else
			target_done(target, sent_again(target->fd) ? "late" : "open");
		return;
	}
	size = recv(target->fd, buffer, sizeof(buffer), 0);
	if (size < 0 && errno != EAGAIN)
		target_failed(target);
	else if (size > 0 && (target->protocol == TARGET_UDP || is_echo_reply(target, buffer, (size_t)size)))
		target_done(target, "open");
}

static void await_answers(struct target *targets, size_t count, int64_t deadline)
{
	struct pollfd *fds = calloc(count, sizeof(*fds));
	size_t waiting;
	bool over;

	if (!fds)
		die("calloc");
	do {
		int64_t left = deadline - now_ns();

		/* What is there when the time is over has come in time. */
		over = left <= 0;
		waiting = 0;
		for (size_t i = 0; i < count; i++) {
			fds[i].fd = targets[i].result ? -1 : targets[i].fd;
			fds[i].events = targets[i].protocol == TARGET_TCP ? POLLOUT : POLLIN;
			waiting += !targets[i].result;
		}
		if (!waiting || poll(fds, (nfds_t)count, over ? 0 : (int)(left / NS_PER_MS) + 1) == 0)
			break;
		for (size_t i = 0; i < count; i++) {
			if (!targets[i].result && fds[i].revents)
				target_answered(&targets[i]);
		}
	} while (!over);
	free(fds);
}

static int connect_all(const char *wait, char *const *texts, size_t count)
{
	struct target *targets = calloc(count, sizeof(*targets));
	struct linger reset = { .l_onoff = 1 };
	int failures = 0;

	if (!targets || !count)
		die("targets");
	allow_many_files();
	for (size_t i = 0; i < count; i++) {
		target_parse(texts[i], &targets[i]);
		targets[i].id = (uint16_t)((unsigned)getpid() * 64 + i);
	}
	for (size_t i = 0; i < count; i++)
		target_begin(&targets[i]);
	await_answers(targets, count, now_ns() + strtol(wait, NULL, 10) * NS_PER_MS);
	for (size_t i = 0; i < count; i++) {
		if (!targets[i].result)
			target_done(&targets[i], "silent");
		failures += strcmp(targets[i].result, "open") != 0;
		printf("%s %s %" PRId64 "\n", targets[i].text, targets[i].result,
		       (targets[i].ended - targets[i].began) / 1000);
		setsockopt(targets[i].fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(targets[i].fd);
	}
	free(targets);
	return failures ? 1 : 0;
}

/* ---- stream ---- */

struct record {
	uint64_t number;
	int64_t sent;
};

/* The connection, or a UDP socket that is connected to whoever sent first. */
static int stream_listen(int type, unsigned port)
{
	int fd = listen_on(type, port);
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	union place from;
	socklen_t length = sizeof(from);

	printf("listening\n");
	fflush(stdout);
	while (poll(&wait, 1, -1) < 1)
		;
	if (type == SOCK_STREAM)
		return accept4(fd, NULL, NULL, SOCK_NONBLOCK);
	if (recvfrom(fd, NULL, 0, MSG_PEEK, &from.any, &length) < 0 || connect(fd, &from.any, length) < 0)
		die("stream");
	return fd;
}

static int stream_connect(int type, const char *address, unsigned port)
{
	union place place;
	int fd;

	errno = EINVAL;
	if (!place_parse(address, port, &place))
		die(address);
	fd = socket(place.any.sa_family, type, 0);
	if (fd < 0 || connect(fd, &place.any, place_length(&place)) < 0)
		die("connect");
	if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		die("fcntl");
	return fd;
}

/* Reads what is there; a record may come in two pieces. */
static void stream_receive(int fd, FILE *log)
{
	static uint8_t buffer[4096];
	static size_t held;
	ssize_t size = recv(fd, buffer + held, sizeof(buffer) - held, 0);
	int64_t arrived = now_ns();
	struct record record;
	size_t used = 0;

	if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR && errno != ECONNREFUSED)) {
		fprintf(log, "end %s %" PRId64 "\n", size ? strerrorname_np(errno) : "EOF", arrived);
		exit(0);
	}
	held += size > 0 ? (size_t)size : 0;
	for (; held - used >= sizeof(record); used += sizeof(record)) {
		memcpy(&record, buffer + used, sizeof(record));
		fprintf(log, "%" PRIu64 " %" PRId64 " %" PRId64 "\n", record.number, record.sent, arrived);
	}
	held -= used;
	memmove(buffer, buffer + used, held);
	fflush(log);
}

static int64_t record_gap(void)
{
	const char *slowness = getenv("BULKHEAD_SLOWNESS");

	return slowness && atoi(slowness) > 1 ? atoi(slowness) * NS_PER_MS : NS_PER_MS;
}

_Noreturn static void stream(const char *file, int type, const char *address, unsigned port)
{
	FILE *log = fopen(file, "w");
	struct record record = { 0 };
	struct pollfd wait = { .events = POLLIN };
	int on = 1, room = 4 << 20;
	int64_t next, gap = record_gap();

	if (!log)
		die(file);
	wait.fd = strcmp(address, "listen") == 0 ? stream_listen(type, port) : stream_connect(type, address, port);
	if (type == SOCK_STREAM)
		setsockopt(wait.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	/* What comes while this process does not run has to wait for it, not to be lost. */
	else if (setsockopt(wait.fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) < 0)
		setsockopt(wait.fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	for (next = now_ns();;) {
		int64_t left = next - now_ns();
		struct timespec timeout = { .tv_nsec = (long)left };

		if (left <= 0) {
			record.number++;
			record.sent = now_ns();
			/* A full buffer loses the record; an error will show on reading. */
			(void)!send(wait.fd, &record, sizeof(record), MSG_NOSIGNAL);
			next += gap * (1 + -left / gap);
			continue;
		}
		if (ppoll(&wait, 1, &timeout, NULL) > 0)
			stream_receive(wait.fd, log);
	}
}

int main(int argc, char **argv)
{
	end_on_signals();
	if (argc == 2 && strcmp(argv[1], "hold") == 0) {
		for (;;)
			pause();
	}
	if (argc >= 3 && strcmp(argv[1], "serve") == 0)
		serve(argv[2], argv + 3);
	if (argc >= 4 && strcmp(argv[1], "connect") == 0)
		return connect_all(argv[2], argv + 3, (size_t)argc - 3);
	if (argc == 6 && strcmp(argv[1], "stream") == 0)
		stream(argv[2], strcmp(argv[3], "tcp") == 0 ? SOCK_STREAM : SOCK_DGRAM, argv[4],
		       (unsigned)atoi(argv[5]));
	fprintf(stderr, "probe: usage: see the head of probe.c\n");
	return 2;
}
