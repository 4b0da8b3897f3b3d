/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A pulse on many paths: a numbered packet on each of them every millisecond, and a record of each that arrives.
 *
 *   pulse send COUNTS TARGET…         TARGET: PATH=udp/ADDRESS/PORT, or PATH=raw/LINK/MAC (a frame that is not IP); the
 *                                     number of packets so far stands in the file COUNTS, 8 bytes a target
 *   pulse receive LOG LINK PORT…      a record (struct record) in LOG for each that arrives
 *
 * PATH is a number, and goes with each packet.  Where BULKHEAD_SLOWNESS says that the machine is so many times slower
 * than others, packets are as much more seldom.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_MS   INT64_C(1000000)
#define TARGETS_MAX 16
#define ETHERTYPE   0x88b5 /* for experiments: no protocol's */
#define MAGIC	    0x70756c73

union place {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_ll link;
};

struct packet {
	uint32_t magic, path; /* the path is the sender's number of it */
	uint64_t number;
	int64_t sent;
};

struct record {
	uint64_t path, number;
	int64_t sent, arrived;
};

struct target {
	int fd;
	union place place;
	socklen_t length;
	uint32_t path;
};

static void die(const char *what)
{
	fprintf(stderr, "pulse: %s: %s\n", what, strerror(errno));
	exit(3);
}

static void leave(int signal_number)
{
	(void)signal_number;
	_exit(0);
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 * NS_PER_MS + now.tv_nsec;
}

static int packet_socket(const char *link, struct sockaddr_ll *ret_place)
{
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK, htons(ETHERTYPE));
	struct sockaddr_ll place = { .sll_family = AF_PACKET,
				     .sll_protocol = htons(ETHERTYPE),
				     .sll_ifindex = (int)if_nametoindex(link),
				     .sll_halen = ETH_ALEN };

	if (fd < 0 || !place.sll_ifindex || bind(fd, (struct sockaddr *)&place, sizeof(place)) < 0)
		die(link);
	*ret_place = place;
	return fd;
}

/* PATH=udp/ADDRESS/PORT, PATH=raw/LINK/MAC */
static void target_parse(const char *text, struct target *ret_target)
{
	struct target target = { .length = sizeof(target.place.v4) };
	char kind[8], where[64], last[32];
	uint8_t *mac = target.place.link.sll_addr;

	errno = EINVAL;
	if (sscanf(text, "%" SCNu32 "=%7[a-z]/%63[^/]/%31s", &target.path, kind, where, last) != 4)
		die(text);
	if (strcmp(kind, "raw") == 0) {
		target.fd = packet_socket(where, &target.place.link);
		target.length = sizeof(target.place.link);
		if (sscanf(last, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4],
			   &mac[5]) != 6)
			die(text);
	} else {
		bool six = strchr(where, ':') != NULL;
		void *address = six ? (void *)&target.place.v6.sin6_addr : (void *)&target.place.v4.sin_addr;

		target.place.any.sa_family = six ? AF_INET6 : AF_INET;
		target.place.v4.sin_port = htons((uint16_t)atoi(last)); /* where sin6_port is, too */
		target.length = six ? sizeof(target.place.v6) : sizeof(target.place.v4);
		if (inet_pton(target.place.any.sa_family, where, address) != 1)
			die(text);
		/* Not connected: no error about one packet keeps the next from being sent. */
		target.fd = socket(target.place.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
		if (target.fd < 0)
			die("socket");
	}
	*ret_target = target;
}

static int64_t packet_gap(void)
{
	const char *slowness = getenv("BULKHEAD_SLOWNESS");

	return slowness && atoi(slowness) > 1 ? atoi(slowness) * NS_PER_MS : NS_PER_MS;
}

_Noreturn static void send_all(const char *file, char *const *texts, size_t count)
{
	struct target targets[TARGETS_MAX];
	int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	uint64_t *counts, number = 0;
	int64_t gap = packet_gap();

	if (fd < 0 || ftruncate(fd, sizeof(*counts) * TARGETS_MAX) < 0 || count > TARGETS_MAX)
		die(file);
	counts = mmap(NULL, sizeof(*counts) * TARGETS_MAX, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (counts == MAP_FAILED)
		die(file);
	for (size_t i = 0; i < count; i++)
		target_parse(texts[i], &targets[i]);
	for (int64_t next = now_ns();; number++) {
		struct timespec until;
		int64_t now = now_ns();

		/* After a pause it goes on from here: no burst. */
		next = next + gap > now ? next + gap : now;
		until = (struct timespec){ .tv_sec = next / (1000 * NS_PER_MS), .tv_nsec = next % (1000 * NS_PER_MS) };
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
		for (size_t i = 0; i < count; i++) {
			struct packet packet = { MAGIC, targets[i].path, number, now_ns() };

			if (sendto(targets[i].fd, &packet, sizeof(packet), MSG_DONTWAIT, &targets[i].place.any,
				   targets[i].length) == sizeof(packet))
				counts[i]++;
		}
	}
}

static int listen_on(const char *port)
{
	struct sockaddr_in6 place = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)atoi(port)) };
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0), off = 0, room = 4 << 20;

	if (fd < 0)
		die("socket");
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (bind(fd, (struct sockaddr *)&place, sizeof(place)) < 0)
		die("bind");
	return fd;
}

_Noreturn static void receive_all(const char *file, const char *link, char *const *ports, size_t count)
{
	struct pollfd waits[TARGETS_MAX];
	struct sockaddr_ll ignored;
	int log = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	if (log < 0 || count >= TARGETS_MAX)
		die(file);
	for (size_t i = 0; i < count; i++)
		waits[i] = (struct pollfd){ .fd = listen_on(ports[i]), .events = POLLIN };
	waits[count] = (struct pollfd){ .fd = packet_socket(link, &ignored), .events = POLLIN };
	printf("listening\n");
	fflush(stdout);
	for (;;) {
		if (poll(waits, count + 1, -1) < 0)
			continue;
		for (size_t i = 0; i <= count; i++) {
			uint8_t buffer[256]; /* a frame is padded */
			struct packet packet;

			while (recv(waits[i].fd, buffer, sizeof(buffer), 0) >= (ssize_t)sizeof(packet)) {
				struct record record;

				memcpy(&packet, buffer, sizeof(packet));
				record = (struct record){ packet.path, packet.number, packet.sent, now_ns() };
				if (packet.magic == MAGIC && write(log, &record, sizeof(record)) != sizeof(record))
					die(file);
			}
		}
	}
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = leave };

	/* The first process of a container gets no default action for it. */
	sigaction(SIGTERM, &action, NULL);
	if (argc >= 4 && strcmp(argv[1], "send") == 0)
		send_all(argv[2], argv + 3, (size_t)argc - 3);
	if (argc >= 4 && strcmp(argv[1], "receive") == 0)
		receive_all(argv[2], argv[3], argv + 4, (size_t)argc - 4);
	fprintf(stderr, "pulse: usage: see the head of pulse.c\n");
	return 2;
}
