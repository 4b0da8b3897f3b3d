/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The attacker's program in the containers of the attack tests, and the witness at its victim: static, as probe.c is.
 * It sends what it is given; what that is, tests/engine/attacks says.  A mark is the text "bhmark:" and eight hex
 * digits somewhere in a frame.
 *
 *   attack listen LINK                       until SIGTERM, a line for each new mark at that link (or "any"):
 *                                            MARK SOURCE_MAC DESTINATION_MAC ETHERTYPE VLAN
 *   attack frames LINK HEX…                  whole Ethernet frames, as they are, one after the other
 *   attack marked MARK LINK HEX…             the same, with that packet mark
 *   attack packets HEX…                      whole IPv4 and IPv6 packets, which the kernel routes
 *   attack knock MARK LOG TARGET…            until SIGTERM: tries udp/ADDRESS/PORT (with the mark), tcp/ADDRESS/PORT
 *                                            again and again; LOG tells "open TARGET", "knocked" after some rounds, and
 *                                            "arrived MARK HEX" with a frame's head for each new mark, from the first
 *                                            moment on
 *   attack flood LINK COUNT AT BALANCE HEX   the frame COUNT times: its 16 bits at AT count up, those at BALANCE down,
 *                                            so that a checksum over both stays what it was
 *   attack push WAIT_MS ADDRESS PORT ROUNDS  long segments to a TCP echo, and back; prints the rounds that came back
 *   attack mtu WAIT_MS ADDRESS PORT          prints the path's MTU, as datagrams find it that may not be fragmented
 *   attack resolve WAIT_MS SERVER NAME       asks a name server and prints the IPv4 address, or "silent"
 *
 * Frames are sent from one CPU, so that they arrive in the order in which they were sent.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MARK_PREFIX  "bhmark:"
#define MARK_LENGTH  (sizeof(MARK_PREFIX) - 1 + 8)
#define FRAME_MAX    65536
#define NS_PER_MS    INT64_C(1000000)
#define ROUND_MS     20 /* between two rounds of knocking */
#define ROUNDS_KNOWN 6	/* rounds of knocking, after which it has been tried */
#define TCP_ROUNDS   15 /* a connection gets so many before it is tried anew */
#define PUSH_SIZE    4096
#define HEAD_SIZE    80 /* what is told of a frame */

union place {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static void die(const char *what)
{
	fprintf(stderr, "attack: %s: %s\n", what, strerror(errno));
	exit(3);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / NS_PER_MS;
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

static void stay_on_one_cpu(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET((size_t)sched_getcpu(), &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus) < 0)
		die("sched_setaffinity");
}

static socklen_t place_length(const union place *place)
{
	return place->any.sa_family == AF_INET ? sizeof(place->v4) : sizeof(place->v6);
}

static void place_parse(const char *address, unsigned port, union place *ret_place)
{
	memset(ret_place, 0, sizeof(*ret_place));
	if (inet_pton(AF_INET, address, &ret_place->v4.sin_addr) == 1) {
		ret_place->v4.sin_family = AF_INET;
		ret_place->v4.sin_port = htons((uint16_t)port);
	} else if (inet_pton(AF_INET6, address, &ret_place->v6.sin6_addr) == 1) {
		ret_place->v6.sin6_family = AF_INET6;
		ret_place->v6.sin6_port = htons((uint16_t)port);
	} else {
		errno = EINVAL;
		die(address);
	}
}

static int socket_to(const union place *place, int type)
{
	int fd = socket(place->any.sa_family, type, 0);

	if (fd < 0)
		die("socket");
	if (connect(fd, &place->any, place_length(place)) < 0 && errno != EINPROGRESS) {
		printf("%s\n", strerrorname_np(errno));
		exit(1);
	}
	return fd;
}

/* ---- frames ---- */

static uint8_t hex_digit(char digit)
{
	static const char digits[] = "0123456789abcdef";
	const char *place = digit ? strchr(digits, digit) : NULL;

	errno = EINVAL;
	if (!place)
		die("hexadecimal digits");
	return (uint8_t)(place - digits);
}

static size_t hex_parse(const char *text, uint8_t bytes[FRAME_MAX])
{
	size_t length = 0;

	for (; *text && length < FRAME_MAX; text += 2)
		bytes[length++] = (uint8_t)(hex_digit(text[0]) << 4 | hex_digit(text[1]));
	return length;
}

/* Without a link: of all links. */
static int packet_socket(const char *link, int protocol)
{
	struct sockaddr_ll place = { .sll_family = AF_PACKET, .sll_protocol = htons((uint16_t)protocol) };
	int fd = socket(AF_PACKET, SOCK_RAW, 0), size = 16 << 20, on = 1;

	if (fd < 0)
		die("AF_PACKET");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on));
	if (link) {
		place.sll_ifindex = (int)if_nametoindex(link);
		if (!place.sll_ifindex)
			die(link);
	}
	if (bind(fd, (struct sockaddr *)&place, sizeof(place)) < 0)
		die("bind");
	return fd;
}

static int send_frames(const char *link, uint32_t mark, char *const *texts)
{
	static uint8_t frame[FRAME_MAX];
	int fd = packet_socket(link, 0), failures = 0;

	/* CAP_NET_RAW is enough, since Linux 5.17. */
	if (mark && setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) < 0)
		die("SO_MARK");

	for (; *texts; texts++) {
		size_t length = hex_parse(*texts, frame);

		if (send(fd, frame, length, 0) < 0) {
			printf("%s\n", strerrorname_np(errno));
			failures++;
		}
	}
	return failures ? 1 : 0;
}

static int send_packets(char *const *texts)
{
	static uint8_t packet[FRAME_MAX];
	int failures = 0;

	for (; *texts; texts++) {
		size_t length = hex_parse(*texts, packet);
		union place place = { .any.sa_family = packet[0] >> 4 == 4 ? AF_INET : AF_INET6 };
		int fd = socket(place.any.sa_family, SOCK_RAW, IPPROTO_RAW); /* the header is in the data */

		if (fd < 0)
			die("SOCK_RAW");
		if (place.any.sa_family == AF_INET)
			memcpy(&place.v4.sin_addr, packet + 16, 4);
		else
			memcpy(&place.v6.sin6_addr, packet + 24, 16);
		if (sendto(fd, packet, length, 0, &place.any, place_length(&place)) < 0) {
			printf("%s\n", strerrorname_np(errno));
			failures++;
		}
		close(fd);
	}
	return failures ? 1 : 0;
}

static int flood(const char *link, const char *count, const char *at, const char *balance, const char *text)
{
	static uint8_t frame[FRAME_MAX];
	size_t length = hex_parse(text, frame), up = strtoul(at, NULL, 10), down = strtoul(balance, NULL, 10);
	int fd = packet_socket(link, 0);
	unsigned long sent = 0, wanted = strtoul(count, NULL, 10);

	for (uint32_t i = 0; i < wanted; i++) {
		uint16_t rising = htons((uint16_t)i), falling = htons((uint16_t)(UINT16_MAX - (i & UINT16_MAX)));

		memcpy(frame + up, &rising, sizeof(rising));
		memcpy(frame + down, &falling, sizeof(falling));
		sent += send(fd, frame, length, 0) == (ssize_t)length;
	}
	printf("sent %lu\n", sent);
	return sent == wanted ? 0 : 1;
}

/* ---- listen ---- */

struct arrival {
	uint8_t frame[FRAME_MAX];
	size_t length;
	unsigned vlan; /* the outermost tag, which the kernel takes out of the frame; 0x10000 without one */
};

/* False: nothing that came in from the link. */
static bool receive(int fd, struct arrival *ret_arrival)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	} control;
	struct sockaddr_ll from;
	struct iovec data = { .iov_base = ret_arrival->frame, .iov_len = FRAME_MAX };
	struct msghdr message = { .msg_name = &from,
				  .msg_namelen = sizeof(from),
				  .msg_iov = &data,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	ssize_t length = recvmsg(fd, &message, MSG_DONTWAIT);

	if (length < ETH_HLEN || from.sll_pkttype == PACKET_OUTGOING)
		return false;
	ret_arrival->length = (size_t)length;
	ret_arrival->vlan = 0x10000;
	for (struct cmsghdr *part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part)) {
		struct tpacket_auxdata auxiliary;

		if (part->cmsg_level != SOL_PACKET || part->cmsg_type != PACKET_AUXDATA)
			continue;
		memcpy(&auxiliary, CMSG_DATA(part), sizeof(auxiliary));
		if (auxiliary.tp_status & TP_STATUS_VLAN_VALID)
			ret_arrival->vlan = auxiliary.tp_vlan_tci;
	}
	return true;
}

/* Whether this mark is among the last ones that were told: who repeats himself is told of once. */
static bool is_known(const uint8_t *mark)
{
	static uint8_t known[256][MARK_LENGTH];
	static size_t next;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (memcmp(known[i], mark, MARK_LENGTH) == 0)
			return true;
	}
	memcpy(known[next++ % (sizeof(known) / sizeof(known[0]))], mark, MARK_LENGTH);
	return false;
}

/* The next mark in the frame behind `last`, or the first one. */
static const uint8_t *find_mark(const struct arrival *arrival, const uint8_t *last)
{
	const uint8_t *begin = last ? last + MARK_LENGTH : arrival->frame, *end = arrival->frame + arrival->length;
	const uint8_t *mark =
		begin < end ? memmem(begin, (size_t)(end - begin), MARK_PREFIX, strlen(MARK_PREFIX)) : NULL;

	return mark && mark + MARK_LENGTH <= end ? mark : NULL;
}

static void print_mac(const uint8_t *mac)
{
	printf(" %02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

_Noreturn static void listen_on(const char *link)
{
	static struct arrival arrival;
	int fd = packet_socket(strcmp(link, "any") == 0 ? NULL : link, ETH_P_ALL);
	struct pollfd wait = { .fd = fd, .events = POLLIN };

	printf("listening\n");
	fflush(stdout);
	for (;;) {
		poll(&wait, 1, -1);
		if (!receive(fd, &arrival))
			continue;
		for (const uint8_t *mark = NULL; (mark = find_mark(&arrival, mark));) {
			if (is_known(mark))
				continue;
			printf("%.*s", (int)MARK_LENGTH, (const char *)mark);
			print_mac(arrival.frame + ETH_ALEN);
			print_mac(arrival.frame);
			printf(" %02x%02x", arrival.frame[12], arrival.frame[13]);
			if (arrival.vlan > UINT16_MAX)
				printf(" -\n");
			else
				printf(" %04x\n", arrival.vlan);
		}
		fflush(stdout);
	}
}

/* ---- knock ---- */

struct target {
	const char *text;
	bool tcp, opened;
	union place place;
	int fd; /* of tcp: the connection that is being tried, or -1 */
};

static FILE *knock_log;

static void knock_say(const char *word, int length, const char *text)
{
	fprintf(knock_log, "%s %.*s\n", word, length, text);
	fflush(knock_log);
}

static void target_parse(const char *text, struct target *ret_target)
{
	char protocol[8], address[INET6_ADDRSTRLEN + 1];
	unsigned port;

	errno = EINVAL;
	if (sscanf(text, "%7[a-z]/%46[0-9a-fA-F.:]/%u", protocol, address, &port) != 3)
		die(text);
	ret_target->text = text;
	ret_target->tcp = strcmp(protocol, "tcp") == 0;
	ret_target->fd = -1;
	place_parse(address, port, &ret_target->place);
}

static void knock_tcp(struct target *target, unsigned long round)
{
	struct linger reset = { .l_onoff = 1 };
	struct pollfd wait = { .fd = target->fd, .events = POLLOUT };
	socklen_t length = sizeof(errno);

	if (target->fd >= 0 && poll(&wait, 1, 0) > 0) {
		if (getsockopt(target->fd, SOL_SOCKET, SO_ERROR, &errno, &length) == 0 && !errno && !target->opened) {
			target->opened = true;
			knock_say("open", (int)strlen(target->text), target->text);
		}
	} else if (target->fd >= 0 && round % TCP_ROUNDS) {
		return;
	}
	if (target->fd >= 0) {
		setsockopt(target->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(target->fd);
	}
	target->fd = socket(target->place.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (target->fd >= 0)
		(void)!connect(target->fd, &target->place.any, place_length(&target->place));
}

/* A socket for each datagram: an error that came for the one before says nothing about the next one. */
static void knock_udp(const struct target *target, const char *mark)
{
	int fd = socket(target->place.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return;
	(void)!sendto(fd, mark, strlen(mark), 0, &target->place.any, place_length(&target->place));
	close(fd);
}

static void knock_tell(const struct arrival *arrival, const uint8_t *mark)
{
	fprintf(knock_log, "arrived %.*s ", (int)MARK_LENGTH, (const char *)mark);
	for (size_t i = 0; i < arrival->length && i < HEAD_SIZE; i++)
		fprintf(knock_log, "%02x", arrival->frame[i]);
	fputc('\n', knock_log);
	fflush(knock_log);
}

/* Until the next round is due. */
static void knock_hear(int fd, struct arrival *arrival)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };

	for (int64_t until = now_ms() + ROUND_MS, left; (left = until - now_ms()) > 0;) {
		if (poll(&wait, 1, (int)left) < 1 || !receive(fd, arrival))
			continue;
		for (const uint8_t *mark = NULL; (mark = find_mark(arrival, mark));) {
			if (!is_known(mark))
				knock_tell(arrival, mark);
		}
	}
}

_Noreturn static void knock(const char *mark, const char *log, char *const *texts, size_t count)
{
	static struct arrival arrival;
	struct target *targets = calloc(count, sizeof(*targets));
	int fd = packet_socket(NULL, ETH_P_ALL);

	knock_log = fopen(log, "w");
	if (!targets || !knock_log)
		die(log);
	for (size_t i = 0; i < count; i++)
		target_parse(texts[i], &targets[i]);
	for (unsigned long round = 0;; round++) {
		for (size_t i = 0; i < count; i++) {
			if (targets[i].tcp)
				knock_tcp(&targets[i], round);
			else
				knock_udp(&targets[i], mark);
		}
		if (round == ROUNDS_KNOWN)
			knock_say("knocked", (int)strlen(mark), mark);
		knock_hear(fd, &arrival);
	}
}

/* ---- legitimate traffic that a wall must not break ---- */

static int push(const char *wait_ms, const char *address, const char *port, const char *rounds)
{
	static char data[PUSH_SIZE];
	int64_t until = now_ms() + strtol(wait_ms, NULL, 10);
	long round, wanted = strtol(rounds, NULL, 10);
	union place place;
	int fd;

	place_parse(address, (unsigned)strtoul(port, NULL, 10), &place);
	fd = socket_to(&place, SOCK_STREAM | SOCK_NONBLOCK);
	for (round = 0; round < wanted; round++) {
		struct pollfd wait = { .fd = fd, .events = POLLOUT };
		size_t back = 0;

		if (poll(&wait, 1, (int)(until - now_ms())) < 1 || send(fd, data, sizeof(data), 0) < 0)
			break;
		wait.events = POLLIN;
		while (back < sizeof(data) && until > now_ms() && poll(&wait, 1, (int)(until - now_ms())) > 0) {
			ssize_t size = recv(fd, data, sizeof(data), 0);

			if (size <= 0)
				break;
			back += (size_t)size;
		}
		if (back < sizeof(data))
			break;
	}
	printf("%ld\n", round);
	return round == wanted ? 0 : 1;
}

static int find_mtu(const char *wait_ms, const char *address, const char *port)
{
	static const char data[1400];
	int64_t until = now_ms() + strtol(wait_ms, NULL, 10);
	int probe = IP_PMTUDISC_DO, mtu = 0, first = 0;
	socklen_t length = sizeof(mtu);
	union place place;
	bool v4;
	int fd;

	place_parse(address, (unsigned)strtoul(port, NULL, 10), &place);
	v4 = place.any.sa_family == AF_INET;
	fd = socket_to(&place, SOCK_DGRAM | SOCK_NONBLOCK);
	/* The constants of both families have the same values. */
	setsockopt(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_MTU_DISCOVER : IPV6_MTU_DISCOVER, &probe, sizeof(probe));
	do {
		struct pollfd pause = { .fd = -1 };

		(void)!send(fd, data, sizeof(data), 0);
		poll(&pause, 1, 20);
		if (getsockopt(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_MTU : IPV6_MTU, &mtu, &length) < 0)
			die("IP_MTU");
		first = first ? first : mtu;
	} while (mtu == first && mtu == 1500 && now_ms() < until);
	printf("%d\n", mtu);
	return 0;
}

static size_t write_question(const char *name, uint8_t *question)
{
	static const uint8_t header[] = { 0x12, 0x34, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0 };
	static const uint8_t tail[] = { 0, 0, 1, 0, 1 }; /* the root, type A, class IN */
	size_t length = sizeof(header);

	memcpy(question, header, sizeof(header));
	while (*name) {
		size_t label = strcspn(name, ".");

		question[length++] = (uint8_t)label;
		memcpy(question + length, name, label);
		length += label;
		name += label + (name[label] == '.');
	}
	memcpy(question + length, tail, sizeof(tail));
	return length + sizeof(tail);
}

/* The last four bytes of an answer with one record of type A are the address. */
static int resolve(const char *wait_ms, const char *server, const char *name)
{
	uint8_t question[512], answer[512];
	char text[INET_ADDRSTRLEN];
	union place place;
	struct pollfd wait = { .events = POLLIN };
	ssize_t length;

	errno = EINVAL;
	if (strlen(name) > 200)
		die(name);
	place_parse(server, 53, &place);
	wait.fd = socket_to(&place, SOCK_DGRAM);
	(void)!send(wait.fd, question, write_question(name, question), 0);
	if (poll(&wait, 1, (int)strtol(wait_ms, NULL, 10)) < 1) {
		printf("silent\n");
		return 1;
	}
	length = recv(wait.fd, answer, sizeof(answer), 0);
	if (length < 0) {
		printf("%s\n", strerrorname_np(errno));
		return 1;
	}
	if (length < 16 || answer[7] != 1) {
		printf("no answer, code %u\n", length > 3 ? answer[3] & 15U : 0U);
		return 1;
	}
	printf("%s\n", inet_ntop(AF_INET, answer + length - 4, text, sizeof(text)));
	return 0;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	end_on_signals();
	stay_on_one_cpu();
	if (argc == 3 && strcmp(verb, "listen") == 0)
		listen_on(argv[2]);
	if (argc >= 4 && strcmp(verb, "frames") == 0)
		return send_frames(argv[2], 0, argv + 3);
	if (argc >= 5 && strcmp(verb, "marked") == 0)
		return send_frames(argv[3], (uint32_t)strtoul(argv[2], NULL, 0), argv + 4);
	if (argc >= 3 && strcmp(verb, "packets") == 0)
		return send_packets(argv + 2);
	if (argc >= 5 && strcmp(verb, "knock") == 0)
		knock(argv[2], argv[3], argv + 4, (size_t)argc - 4);
	if (argc == 7 && strcmp(verb, "flood") == 0)
		return flood(argv[2], argv[3], argv[4], argv[5], argv[6]);
	if (argc == 6 && strcmp(verb, "push") == 0)
		return push(argv[2], argv[3], argv[4], argv[5]);
	if (argc == 5 && strcmp(verb, "mtu") == 0)
		return find_mtu(argv[2], argv[3], argv[4]);
	if (argc == 5 && strcmp(verb, "resolve") == 0)
		return resolve(argv[2], argv[3], argv[4]);
	fprintf(stderr, "attack: usage: see the head of attack.c\n");
	return 2;
}
