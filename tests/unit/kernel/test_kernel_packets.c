/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Real packets through the skeleton, in network namespaces of our own:
 *
 *      alice .2     bob .3          dora .2         eve .2    frank .3
 *         |          |                |                |        |
 *     ----+- br-test +----        --- br-two ---     --+- br-new+--
 *         10.77.0.1, fd77::1        10.78.0.1           10.79.0.1
 *                           (one host, forwarding)
 *
 * br-test and br-two are managed, br-new is named like a network of Docker's that nobody has told us of.
 */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#include "kernel_namespace.h"

#define DEADLINE_MS 5000

static const struct kernel_options options = { .mark = NAMESPACE_MARK };

enum { ALICE, BOB, DORA, EVE, FRANK, CONTAINERS };

static const struct {
	const char *name, *bridge, *mac, *ipv4, *gateway, *ipv6;
} containers[CONTAINERS] = {
	[ALICE] = { "alice", "br-test", "02:77:00:00:00:02", "10.77.0.2", "10.77.0.1", "fd77::2" },
	[BOB] = { "bob", "br-test", "02:77:00:00:00:03", "10.77.0.3", "10.77.0.1", "fd77::3" },
	[DORA] = { "dora", "br-two", "02:78:00:00:00:02", "10.78.0.2", "10.78.0.1", NULL },
	[EVE] = { "eve", "br-new", "02:79:00:00:00:02", "10.79.0.2", "10.79.0.1", NULL },
	[FRANK] = { "frank", "br-new", "02:79:00:00:00:03", "10.79.0.3", "10.79.0.1", NULL },
};

static int host = -1, inside[CONTAINERS];

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int this_namespace(void)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void enter(int fd)
{
	assert_int_equal(setns(fd, CLONE_NEWNET), 0);
}

static void make_container(size_t i)
{
	enter(host);
	run("ip link add %s type veth peer name eth0 address %s netns /proc/%d/fd/%d && ip link set %s master %s up",
	    containers[i].name, containers[i].mac, (int)getpid(), inside[i], containers[i].name, containers[i].bridge);
	enter(inside[i]);
	run("ip link set lo up && ip addr add %s/24 dev eth0 && ip link set eth0 up && ip route add default via %s",
	    containers[i].ipv4, containers[i].gateway);
	if (containers[i].ipv6)
		run("ip addr add %s/64 dev eth0 nodad", containers[i].ipv6);
	enter(host);
}

/* False where the host cannot let bridged packets come by our rules. */
static bool make_network(void)
{
	namespace_fresh();
	host = this_namespace();
	/* The switches are per namespace; all that counts is whether br_netfilter is there. */
	if (!namespace_put("/proc/sys/net/bridge/bridge-nf-call-iptables", "1") ||
	    !namespace_put("/proc/sys/net/bridge/bridge-nf-call-ip6tables", "1")) {
		close(host);
		print_message("skipped: br_netfilter is not loaded\n");
		return false;
	}
	for (size_t i = 0; i < CONTAINERS; i++) {
		assert_int_equal(unshare(CLONE_NEWNET), 0);
		inside[i] = this_namespace();
	}
	enter(host);
	run("ip link set lo up && ip link add br-test address 02:77:00:00:00:01 type bridge && "
	    "ip link add br-two address 02:78:00:00:00:01 type bridge && ip link add br-new type bridge && ip addr add "
	    "10.77.0.1/24 dev br-test && "
	    "ip addr add fd77::1/64 dev br-test nodad && ip addr add 10.78.0.1/24 dev br-two && "
	    "ip addr add 10.79.0.1/24 dev br-new && ip link set br-test up && ip link set br-two up && "
	    "ip link set br-new up");
	assert_true(namespace_put("/proc/sys/net/ipv4/ip_forward", "1"));
	for (size_t i = 0; i < CONTAINERS; i++)
		make_container(i);
	return true;
}

static void close_network(void)
{
	enter(host);
	for (size_t i = 0; i < CONTAINERS; i++)
		close(inside[i]);
	close(host);
}

/* ---- Sockets inside ---- */

static socklen_t make_address(const char *text, uint16_t port, struct sockaddr_storage *address)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;
	struct sockaddr_in *four = (struct sockaddr_in *)address;

	memset(address, 0, sizeof(*address));
	if (strchr(text, ':')) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons(port);
		assert_int_equal(inet_pton(AF_INET6, text, &six->sin6_addr), 1);
		return sizeof(*six);
	}
	four->sin_family = AF_INET;
	four->sin_port = htons(port);
	assert_int_equal(inet_pton(AF_INET, text, &four->sin_addr), 1);
	return sizeof(*four);
}

/* A socket lives in the namespace that it was made in, wherever its process goes. */
static int make_socket(size_t where, const char *address, int type, int protocol)
{
	int fd;

	enter(inside[where]);
	fd = socket(strchr(address, ':') ? AF_INET6 : AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
	enter(host);
	assert_true(fd >= 0);
	return fd;
}

static int bound(size_t where, const char *address, uint16_t port, int type)
{
	int fd = make_socket(where, address, type, 0), on = 1;
	struct sockaddr_storage at;
	socklen_t length = make_address(address, port, &at);

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, length), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 8), 0);
	return fd;
}

static bool wait_for(int fd, short events, int milliseconds)
{
	struct pollfd poll_fd = { .fd = fd, .events = events };

	return poll(&poll_fd, 1, milliseconds) > 0 && (poll_fd.revents & events);
}

/* Begins to connect; the answer comes, or not. */
static int begin_connect(size_t from, const char *address, uint16_t port)
{
	int fd = make_socket(from, address, SOCK_STREAM, 0);
	struct sockaddr_storage to;
	socklen_t length = make_address(address, port, &to);

	assert_true(connect(fd, (struct sockaddr *)&to, length) == 0 || errno == EINPROGRESS);
	return fd;
}

/* type and identifier: of IPv4; the other family sends an echo request. */
static void send_icmp(int fd, const char *address, int family, uint8_t type, uint16_t identifier)
{
	struct sockaddr_storage to;
	socklen_t length = make_address(address, 0, &to);
	/* A timestamp has room for three of them behind its header. */
	struct {
		struct icmphdr header;
		uint32_t times[3];
	} four = { .header = { .type = type, .un.echo = { .id = htons(identifier), .sequence = htons(1) } } };
	struct icmp6_hdr six = { .icmp6_type = ICMP6_ECHO_REQUEST };
	uint32_t sum = 0;

	if (family == AF_INET6) {
		assert_int_equal(sendto(fd, &six, sizeof(six), 0, (struct sockaddr *)&to, length), sizeof(six));
		return;
	}
	for (size_t i = 0; i < sizeof(four) / 2; i++)
		sum += ((const uint16_t *)(const void *)&four)[i];
	four.header.checksum = (uint16_t) ~((sum & 0xffff) + (sum >> 16));
	assert_int_equal(sendto(fd, &four, sizeof(four), 0, (struct sockaddr *)&to, length), sizeof(four));
}

/* ---- What passes ---- */

/* Whether the kernel remembers having denied it. */
static bool is_denied(struct kernel *kernel, const char *source, const char *destination, uint8_t protocol,
		      uint16_t port, struct kernel_denied *ret_denied)
{
	struct kernel_state state = read_kernel(kernel, &options);
	struct address from, to;
	bool found = false;

	assert_int_equal(address_parse(source, false, &from), 0);
	assert_int_equal(address_parse(destination, false, &to), 0);
	for (size_t i = 0; i < state.denied_count; i++) {
		const struct kernel_denied *denied = &state.denied[i];

		if (address_compare(&denied->source, &from) == 0 && address_compare(&denied->destination, &to) == 0 &&
		    denied->protocol == protocol && denied->port == port) {
			found = true;
			if (ret_denied)
				*ret_denied = *denied;
		}
	}
	kernel_state_clear(&state);
	return found;
}

static void wait_denied(struct kernel *kernel, const char *source, const char *destination, uint8_t protocol,
			uint16_t port)
{
	uint64_t deadline = now_ms() + DEADLINE_MS;

	while (!is_denied(kernel, source, destination, protocol, port, NULL)) {
		if (now_ms() > deadline)
			fail_msg("nobody remembers that %s -> %s %u/%u was denied", source, destination, protocol,
				 port);
		(void)poll(NULL, 0, 5);
	}
}

static const char *address_of(size_t who, bool ipv6)
{
	return ipv6 ? containers[who].ipv6 : containers[who].ipv4;
}

static void assert_tcp(size_t from, size_t to, bool ipv6, uint16_t port)
{
	int listener = bound(to, address_of(to, ipv6), port, SOCK_STREAM);
	int fd = begin_connect(from, address_of(to, ipv6), port);

	if (!wait_for(listener, POLLIN, DEADLINE_MS))
		fail_msg("%s -> %s tcp %u does not pass", containers[from].name, containers[to].name, port);
	assert_true(wait_for(fd, POLLOUT, DEADLINE_MS));
	close(fd);
	close(listener);
}

/* That nothing came is only sure once the packet is known to be dropped. */
static void assert_no_tcp(struct kernel *kernel, size_t from, size_t to, bool ipv6, uint16_t port)
{
	int listener = bound(to, address_of(to, ipv6), port, SOCK_STREAM);
	int fd = begin_connect(from, address_of(to, ipv6), port);

	wait_denied(kernel, address_of(from, ipv6), address_of(to, ipv6), IPPROTO_TCP, port);
	assert_false(wait_for(listener, POLLIN, 0));
	close(fd);
	close(listener);
}

static void send_datagram(size_t from, const char *address, uint16_t port)
{
	int fd = make_socket(from, address, SOCK_DGRAM, 0);
	struct sockaddr_storage to;
	socklen_t length = make_address(address, port, &to);

	assert_int_equal(sendto(fd, "x", 1, 0, (struct sockaddr *)&to, length), 1);
	close(fd);
}

/* There and back: the answer is the reply direction's. */
static void assert_udp(size_t from, size_t to, uint16_t port)
{
	int server = bound(to, containers[to].ipv4, port, SOCK_DGRAM);
	int fd = make_socket(from, containers[to].ipv4, SOCK_DGRAM, 0);
	struct sockaddr_storage at, peer;
	socklen_t length = make_address(containers[to].ipv4, port, &at), peer_length = sizeof(peer);
	char byte;

	assert_int_equal(sendto(fd, "x", 1, 0, (struct sockaddr *)&at, length), 1);
	assert_true(wait_for(server, POLLIN, DEADLINE_MS));
	assert_int_equal(recvfrom(server, &byte, 1, 0, (struct sockaddr *)&peer, &peer_length), 1);
	assert_int_equal(sendto(server, "y", 1, 0, (struct sockaddr *)&peer, peer_length), 1);
	assert_true(wait_for(fd, POLLIN, DEADLINE_MS));
	close(fd);
	close(server);
}

static void assert_no_udp(struct kernel *kernel, size_t from, size_t to, uint16_t port)
{
	int server = bound(to, containers[to].ipv4, port, SOCK_DGRAM);

	send_datagram(from, containers[to].ipv4, port);
	wait_denied(kernel, containers[from].ipv4, containers[to].ipv4, IPPROTO_UDP, port);
	assert_false(wait_for(server, POLLIN, 0));
	close(server);
}

/* A request and its answer; type and identifier as in send_icmp. */
static bool answers(size_t from, const char *address, uint8_t type, uint16_t identifier, int milliseconds)
{
	int family = strchr(address, ':') ? AF_INET6 : AF_INET;
	int fd = make_socket(from, address, SOCK_RAW, family == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	uint64_t deadline = now_ms() + (uint64_t)milliseconds;
	bool answered = false;

	send_icmp(fd, address, family, type, identifier);
	while (!answered && now_ms() <= deadline && wait_for(fd, POLLIN, milliseconds)) {
		uint8_t packet[256];
		ssize_t length = recv(fd, packet, sizeof(packet), 0);

		answered = family == AF_INET6
				   ? length > 0 && packet[0] == ICMP6_ECHO_REPLY
				   : length > 20 && packet[20] == (type == ICMP_ECHO ? ICMP_ECHOREPLY : type + 1);
	}
	close(fd);
	return answered;
}

static bool echoes(size_t from, const char *address, int milliseconds)
{
	return answers(from, address, ICMP_ECHO, 77, milliseconds);
}

static void assert_no_echo(struct kernel *kernel, size_t from, size_t to)
{
	assert_false(echoes(from, containers[to].ipv4, 0));
	wait_denied(kernel, containers[from].ipv4, containers[to].ipv4, IPPROTO_ICMP, POLICY_ICMP_ECHO);
}

/* ---- Policies ---- */

/* The link-local address is the MAC's (RFC 4291, appendix A). */
static void add_guard(struct policy *policy, size_t who)
{
	unsigned mac[6];
	char link_local[64];

	assert_int_equal(
		sscanf(containers[who].mac, "%x:%x:%x:%x:%x:%x", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4], &mac[5]),
		6);
	snprintf(link_local, sizeof(link_local), "fe80::%x:%xff:fe%02x:%x", (mac[0] ^ 2) << 8 | mac[1], mac[2], mac[3],
		 mac[4] << 8 | mac[5]);
	add_record(policy, POLICY_ENDPOINTS4, containers[who].bridge, containers[who].ipv4, NULL, 0, 0, 0, "endpoint");
	if (containers[who].ipv6)
		add_record(policy, POLICY_ENDPOINTS6, containers[who].bridge, containers[who].ipv6, NULL, 0, 0, 0,
			   "endpoint");
	add_place(policy, POLICY_KNOWN_PORTS, containers[who].name, NULL, NULL);
	add_place(policy, POLICY_GATEWAYS, containers[who].name,
		  who == DORA ? "02:78:00:00:00:01" : "02:77:00:00:00:01", NULL);
	add_place(policy, POLICY_ADDRESSES4, "", NULL, containers[who].ipv4);
	add_place(policy, POLICY_ENDS4, "", NULL, containers[who].ipv4);
	if (containers[who].ipv6)
		add_place(policy, POLICY_ENDS6, "", NULL, containers[who].ipv6);
	add_place(policy, POLICY_PLACES4, containers[who].name, containers[who].mac, containers[who].ipv4);
	if (containers[who].ipv6)
		add_place(policy, POLICY_PLACES6, containers[who].name, containers[who].mac, containers[who].ipv6);
	add_place(policy, POLICY_PLACES6, containers[who].name, containers[who].mac, link_local);
}

static struct policy *two_networks(void)
{
	struct policy *policy = new_policy();

	add_guard(policy, ALICE);
	add_guard(policy, BOB);
	add_guard(policy, DORA);

	add_record(policy, POLICY_NETWORKS, "br-test", NULL, NULL, 0, 0, 0, "test");
	add_record(policy, POLICY_BRIDGES, "br-test", NULL, NULL, 0, 0, 0, "test");
	add_record(policy, POLICY_NETWORKS, "br-two", NULL, NULL, 0, 0, 0, "two");
	add_record(policy, POLICY_BRIDGES, "br-two", NULL, NULL, 0, 0, 0, "two");
	return policy;
}

static struct policy *declared_flows(void)
{
	struct policy *policy = two_networks();

	add_flow(policy, POLICY_FLOWS4, "10.77.0.2", "10.77.0.3", IPPROTO_TCP, 5432, "t: a (alice) -> b (bob)");
	add_flow(policy, POLICY_FLOWS4, "10.77.0.2", "10.77.0.3", IPPROTO_UDP, 53, "t: a (alice) -> b (bob)");
	add_flow(policy, POLICY_FLOWS4, "10.77.0.2", "10.77.0.3", IPPROTO_ICMP, POLICY_ICMP_ECHO, "t: ping");
	add_flow(policy, POLICY_FLOWS6, "fd77::2", "fd77::3", IPPROTO_TCP, 5432, "t: a (alice) -> b (bob)");
	add_flow(policy, POLICY_FLOWS6, "fd77::2", "fd77::3", IPPROTO_ICMPV6, POLICY_ICMPV6_ECHO, "t: ping");
	add_record(policy, POLICY_RANGES4, NULL, "10.77.0.2", "10.77.0.3", IPPROTO_TCP, 7000, 7010, "t: range");
	policy_finish(policy);
	return policy;
}

/* The control: every door that the other tests find closed is open without us. */
static void test_without_the_table(void **state)
{
	(void)state;
	if (!make_network())
		skip();
	assert_tcp(ALICE, BOB, false, 5433);
	assert_tcp(BOB, ALICE, false, 5432);
	assert_tcp(ALICE, BOB, true, 5433);
	assert_tcp(ALICE, BOB, false, 7011);
	assert_tcp(ALICE, DORA, false, 5432);
	assert_tcp(EVE, FRANK, false, 80);
	assert_tcp(EVE, ALICE, false, 80);
	assert_udp(ALICE, BOB, 54);
	assert_true(echoes(BOB, containers[ALICE].ipv4, DEADLINE_MS));
	assert_true(answers(ALICE, containers[BOB].ipv4, ICMP_TIMESTAMP, POLICY_ICMP_ECHO, DEADLINE_MS));
	close_network();
}

static void test_what_is_declared(void **state)
{
	struct policy *policy = declared_flows();
	struct kernel_state read;
	struct kernel *kernel;

	(void)state;
	if (!make_network()) {
		policy_free(policy);
		skip();
	}
	kernel = open_kernel();
	install(kernel, &options, policy);
	assert_tcp(ALICE, BOB, false, 5432);
	assert_tcp(ALICE, BOB, false, 7000);
	assert_tcp(ALICE, BOB, false, 7010);
	assert_udp(ALICE, BOB, 53);
	assert_true(echoes(ALICE, containers[BOB].ipv4, DEADLINE_MS));
	assert_tcp(ALICE, BOB, true, 5432);
	assert_true(echoes(ALICE, containers[BOB].ipv6, DEADLINE_MS));
	/* All that was counted, and nothing was denied. */
	read = read_kernel(kernel, &options);
	assert_int_equal(read.skeleton, KERNEL_SKELETON_WHOLE);
	assert_int_equal(read.denied_count, 0);
	for (size_t i = 0; i < policy_count(read.policy); i++) {
		if (policy_set_is_flow(policy_at(read.policy, i)->set)) {
			assert_true(policy_at(read.policy, i)->packets >= 2);
			assert_true(policy_at(read.policy, i)->bytes >= 40);
		}
	}
	kernel_state_clear(&read);
	kernel_close(kernel);
	close_network();
	policy_free(policy);
}

static void test_what_is_not(void **state)
{
	struct policy *policy = declared_flows();
	struct kernel *kernel;

	(void)state;
	if (!make_network()) {
		policy_free(policy);
		skip();
	}
	kernel = open_kernel();
	install(kernel, &options, policy);
	assert_no_tcp(kernel, ALICE, BOB, false, 5433);
	assert_no_tcp(kernel, BOB, ALICE, false, 5432);
	assert_no_tcp(kernel, ALICE, BOB, false, 6999);
	assert_no_tcp(kernel, ALICE, BOB, false, 7011);
	assert_no_tcp(kernel, ALICE, BOB, true, 5433);
	assert_no_udp(kernel, ALICE, BOB, 54);
	assert_no_udp(kernel, ALICE, BOB, 5432);
	assert_no_echo(kernel, BOB, ALICE);
	/* What may echo may not send anything else, though it is numbered like an echo. */
	assert_false(answers(ALICE, containers[BOB].ipv4, ICMP_TIMESTAMP, POLICY_ICMP_ECHO, 0));
	wait_denied(kernel, containers[ALICE].ipv4, containers[BOB].ipv4, IPPROTO_ICMP, ICMP_TIMESTAMP << 8);
	/* From one network into another. */
	assert_no_tcp(kernel, ALICE, DORA, false, 5432);
	assert_no_tcp(kernel, DORA, BOB, false, 5432);
	kernel_close(kernel);
	close_network();
	policy_free(policy);
}

/* A network named like Docker's that nobody has told us of is closed; one that is not managed is left alone. */
static void test_an_unknown_network(void **state)
{
	struct policy *policy = two_networks(), *left_alone = two_networks();
	struct kernel *kernel;

	(void)state;
	if (!make_network()) {
		policy_free(left_alone);
		policy_free(policy);
		skip();
	}
	policy_finish(policy);
	add_record(left_alone, POLICY_FOREIGN, "br-new", NULL, NULL, 0, 0, 0, "not managed");
	policy_finish(left_alone);
	kernel = open_kernel();
	install(kernel, &options, policy);
	assert_no_tcp(kernel, EVE, FRANK, false, 80);
	assert_no_tcp(kernel, EVE, ALICE, false, 80);
	assert_no_tcp(kernel, ALICE, EVE, false, 80);
	change_to(kernel, &options, left_alone);
	assert_tcp(EVE, FRANK, false, 81);
	kernel_close(kernel);
	close_network();
	policy_free(left_alone);
	policy_free(policy);
}

/* Deleting the element cuts the live connection, both ways, in the same commit. */
static void test_withdrawal(void **state)
{
	struct policy *policy = declared_flows(), *nothing = two_networks();
	int listener, client, server;
	struct kernel *kernel;
	char byte;

	(void)state;
	if (!make_network()) {
		policy_free(nothing);
		policy_free(policy);
		skip();
	}
	policy_finish(nothing);
	kernel = open_kernel();
	install(kernel, &options, policy);
	listener = bound(BOB, containers[BOB].ipv4, 5432, SOCK_STREAM);
	client = begin_connect(ALICE, containers[BOB].ipv4, 5432);
	assert_true(wait_for(listener, POLLIN, DEADLINE_MS));
	server = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	assert_true(server >= 0 && wait_for(client, POLLOUT, DEADLINE_MS));
	assert_int_equal(send(server, "a", 1, 0), 1);
	assert_true(wait_for(client, POLLIN, DEADLINE_MS));
	assert_int_equal(recv(client, &byte, 1, 0), 1);
	change_to(kernel, &options, nothing);
	/* The reply direction first: there is no blanket acceptance of what is established. */
	assert_int_equal(send(server, "b", 1, 0), 1);
	wait_denied(kernel, containers[ALICE].ipv4, containers[BOB].ipv4, IPPROTO_TCP, 5432);
	assert_false(wait_for(client, POLLIN, 0));
	assert_int_equal(send(client, "c", 1, 0), 1);
	assert_false(wait_for(server, POLLIN, 50));
	/* And back again: the connection was not broken, only barred. */
	change_to(kernel, &options, policy);
	assert_true(wait_for(client, POLLIN, DEADLINE_MS));
	assert_true(wait_for(server, POLLIN, DEADLINE_MS));
	close(server);
	close(client);
	close(listener);
	kernel_close(kernel);
	close_network();
	policy_free(nothing);
	policy_free(policy);
}

/* Mode observe: recorded, and let through, also from another network. */
static void test_observed(void **state)
{
	struct policy *policy = two_networks();
	struct kernel_denied denied;
	struct kernel *kernel;

	(void)state;
	if (!make_network()) {
		policy_free(policy);
		skip();
	}
	add_record(policy, POLICY_OBSERVED4, NULL, "10.77.0.3", NULL, 0, 0, 0, "bob");
	add_record(policy, POLICY_OBSERVED6, NULL, "fd77::3", NULL, 0, 0, 0, "bob");
	policy_finish(policy);
	kernel = open_kernel();
	install(kernel, &options, policy);
	assert_tcp(ALICE, BOB, false, 8080);
	assert_tcp(ALICE, BOB, true, 8080);
	assert_tcp(DORA, BOB, false, 8081);
	assert_true(echoes(ALICE, containers[BOB].ipv4, DEADLINE_MS));
	assert_true(is_denied(kernel, "10.77.0.2", "10.77.0.3", IPPROTO_TCP, 8080, &denied));
	assert_true(denied.packets >= 1 && denied.bytes >= 40 && denied.age_ms < DEADLINE_MS);
	assert_true(is_denied(kernel, "fd77::2", "fd77::3", IPPROTO_TCP, 8080, NULL));
	assert_true(is_denied(kernel, "10.78.0.2", "10.77.0.3", IPPROTO_TCP, 8081, NULL));
	/* Observed is who is reached, not who reaches. */
	assert_no_tcp(kernel, BOB, ALICE, false, 8080);
	kernel_close(kernel);
	close_network();
	policy_free(policy);
}

/* ---- The layer-2 guard ---- */

/* How many packets the drops of a chain have counted. */
static unsigned long dropped_in(const char *chain)
{
	char *list = output_of("nft list chain %s", chain);
	unsigned long total = 0, packets;

	for (const char *at = list; (at = strstr(at, "counter packets ")); at++) {
		if (sscanf(at, "counter packets %lu", &packets) == 1)
			total += packets;
	}
	free(list);
	return total;
}

static void wait_dropped_in(const char *chain, unsigned long before)
{
	uint64_t deadline = now_ms() + DEADLINE_MS;

	while (dropped_in(chain) == before) {
		if (now_ms() > deadline)
			fail_msg("%s dropped nothing", chain);
		(void)poll(NULL, 0, 5);
	}
}

/* A connection that nobody answers because that chain dropped it. */
static void assert_dropped_in(const char *chain, size_t from, const char *address, int listener, uint16_t port)
{
	unsigned long before = dropped_in(chain);
	int fd = begin_connect(from, address, port);

	wait_dropped_in(chain, before);
	assert_false(wait_for(listener, POLLIN, 0));
	close(fd);
}

static int listen_on_host(const char *address, uint16_t port)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_storage at;
	socklen_t length = make_address(address, port, &at);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, length), 0);
	assert_int_equal(listen(fd, 8), 0);
	return fd;
}

/* From the host, or from the world through it. */
static void send_from_host(const char *address, uint16_t port)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_storage to;
	socklen_t length = make_address(address, port, &to);

	assert_true(fd >= 0);
	assert_int_equal(sendto(fd, "x", 1, 0, (struct sockaddr *)&to, length), 1);
	close(fd);
}

static void add_bridge(struct policy *policy, const char *bridge, const char *name)
{
	add_record(policy, POLICY_NETWORKS, bridge, NULL, NULL, 0, 0, 0, name);
	add_record(policy, POLICY_BRIDGES, bridge, NULL, NULL, 0, 0, 0, name);
}

/* A port that nobody has told us of is closed to everything: other containers, whatever their flows, and the host. */
static void test_an_unknown_port(void **state)
{
	struct policy *policy = new_policy(), *known = declared_flows();
	struct kernel *kernel;
	int at_host, at_bob, at_alice;
	unsigned long before;
	char byte;

	(void)state;
	if (!make_network()) {
		policy_free(known);
		policy_free(policy);
		skip();
	}
	add_bridge(policy, "br-test", "test");
	add_guard(policy, BOB);
	/* The address is somebody's; who has it now is not known. */
	add_record(policy, POLICY_ENDPOINTS4, "br-test", containers[ALICE].ipv4, NULL, 0, 0, 0, "endpoint");
	add_flow(policy, POLICY_FLOWS4, "10.77.0.2", "10.77.0.3", IPPROTO_TCP, 5432, "t: a (alice) -> b (bob)");
	policy_finish(policy);
	at_host = listen_on_host("10.77.0.1", 8125);
	at_bob = bound(BOB, containers[BOB].ipv4, 5432, SOCK_STREAM);
	at_alice = bound(ALICE, containers[ALICE].ipv4, 99, SOCK_DGRAM);
	send_from_host(containers[ALICE].ipv4, 99);
	assert_true(wait_for(at_alice, POLLIN, DEADLINE_MS));
	assert_int_equal(recv(at_alice, &byte, 1, 0), 1);
	assert_tcp(ALICE, BOB, false, 5433);
	/* Both know each other's MAC, so the drop is one of IP. */
	kernel = open_kernel();
	install(kernel, &options, policy);
	assert_dropped_in("inet bulkhead unknown", ALICE, containers[BOB].ipv4, at_bob, 5432);
	/* Now it has to ask for it, and ARP is nothing that table inet sees. */
	enter(inside[ALICE]);
	run("ip neigh flush all");
	enter(host);
	assert_dropped_in("bridge bulkhead forward", ALICE, containers[BOB].ipv4, at_bob, 5432);
	assert_dropped_in("inet bulkhead unknown", ALICE, "10.77.0.1", at_host, 8125);
	before = dropped_in("bridge bulkhead postrouting");
	send_from_host(containers[ALICE].ipv4, 99);
	wait_dropped_in("bridge bulkhead postrouting", before);
	assert_false(wait_for(at_alice, POLLIN, 0));
	change_to(kernel, &options, known);
	close(at_bob);
	/* Nor is what was asked for in vain in the way. */
	enter(inside[ALICE]);
	run("ip neigh flush all");
	enter(host);
	assert_tcp(ALICE, BOB, false, 5432);
	close(begin_connect(ALICE, "10.77.0.1", 8125));
	assert_true(wait_for(at_host, POLLIN, DEADLINE_MS));
	send_from_host(containers[ALICE].ipv4, 99);
	assert_true(wait_for(at_alice, POLLIN, DEADLINE_MS));
	close(at_alice);
	close(at_host);
	kernel_close(kernel);
	close_network();
	policy_free(known);
	policy_free(policy);
}

/* The host opens nothing to an address that nobody has, or whose published ports are not known: what waits for the
 * address to be resolved would get there without being asked again. */
static void test_from_the_host(void **state)
{
	struct policy *policy = two_networks(), *starting = two_networks();
	struct kernel *kernel;
	int listener, fd;

	(void)state;
	if (!make_network()) {
		policy_free(starting);
		policy_free(policy);
		skip();
	}
	policy_finish(policy);
	add_record(starting, POLICY_STARTING4, NULL, containers[BOB].ipv4, NULL, 0, 0, 0, "bob");
	policy_finish(starting);
	listener = bound(BOB, containers[BOB].ipv4, 80, SOCK_STREAM);
	kernel = open_kernel();
	install(kernel, &options, starting);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	{
		struct sockaddr_storage to;
		socklen_t length = make_address(containers[BOB].ipv4, 80, &to);

		assert_int_equal(connect(fd, (struct sockaddr *)&to, length), -1);
		assert_int_equal(errno, ECONNREFUSED);
		length = make_address("10.77.0.50", 80, &to);
		assert_int_equal(connect(fd, (struct sockaddr *)&to, length), -1);
		assert_int_equal(errno, ECONNREFUSED);
		change_to(kernel, &options, policy);
		length = make_address(containers[BOB].ipv4, 80, &to);
		assert_int_equal(connect(fd, (struct sockaddr *)&to, length), 0);
	}
	assert_true(wait_for(listener, POLLIN, DEADLINE_MS));
	close(fd);
	close(listener);
	kernel_close(kernel);
	close_network();
	policy_free(starting);
	policy_free(policy);
}

/* An address that somebody else has the flows of, taken by hand. */
static void test_a_taken_address(void **state)
{
	struct policy *policy = new_policy();
	struct kernel *kernel;
	int listener;

	(void)state;
	if (!make_network()) {
		policy_free(policy);
		skip();
	}
	add_bridge(policy, "br-test", "test");
	add_guard(policy, ALICE);
	add_guard(policy, BOB);
	add_flow(policy, POLICY_FLOWS4, "10.77.0.99", "10.77.0.3", IPPROTO_TCP, 5432, "t: c (carol) -> b (bob)");
	policy_finish(policy);
	listener = bound(BOB, containers[BOB].ipv4, 5432, SOCK_STREAM);
	enter(inside[ALICE]);
	run("ip addr add 10.77.0.99/24 dev eth0 && ip route add 10.77.0.3 dev eth0 src 10.77.0.99");
	enter(host);
	/* The control, which also lets both learn each other's MAC. */
	close(begin_connect(ALICE, containers[BOB].ipv4, 5432));
	assert_true(wait_for(listener, POLLIN, DEADLINE_MS));
	close(accept(listener, NULL, NULL));
	kernel = open_kernel();
	install(kernel, &options, policy);
	assert_dropped_in("bridge bulkhead sent", ALICE, containers[BOB].ipv4, listener, 5432);
	close(listener);
	kernel_close(kernel);
	close_network();
	policy_free(policy);
}

/* With br_netfilter switched off no rule of table inet sees what passes on one bridge; the guard does. */
static void test_switched_off(void **state)
{
	struct policy *policy = declared_flows();
	struct kernel *kernel;
	int listener;

	(void)state;
	if (!make_network()) {
		policy_free(policy);
		skip();
	}
	listener = bound(BOB, containers[BOB].ipv4, 5433, SOCK_STREAM);
	kernel = open_kernel();
	install(kernel, &options, policy);
	assert_tcp(ALICE, BOB, false, 5432);
	assert_true(namespace_put("/proc/sys/net/bridge/bridge-nf-call-iptables", "0"));
	assert_dropped_in("bridge bulkhead marked", ALICE, containers[BOB].ipv4, listener, 5433);
	assert_true(namespace_put("/proc/sys/net/bridge/bridge-nf-call-iptables", "1"));
	assert_tcp(ALICE, BOB, false, 5432);
	close(listener);
	kernel_close(kernel);
	close_network();
	policy_free(policy);
}

/* Somebody else's rules that remember the whole mark with the connection, as hosts with several uplinks have them: the
 * bit that an admitted packet carried comes back with the next one. */
static void test_restored_marks(void **state)
{
	struct policy *policy = declared_flows();
	struct kernel *kernel;

	(void)state;
	if (!make_network()) {
		policy_free(policy);
		skip();
	}
	run("nft add table inet uplinks && "
	    "nft 'add chain inet uplinks in { type filter hook prerouting priority mangle; }' && "
	    "nft 'add chain inet uplinks out { type filter hook postrouting priority mangle; }' && "
	    "nft add rule inet uplinks in meta mark set ct mark && "
	    "nft add rule inet uplinks out ct mark set meta mark");
	kernel = open_kernel();
	install(kernel, &options, policy);
	assert_tcp(ALICE, BOB, false, 5432);
	assert_tcp(ALICE, BOB, true, 5432);
	assert_no_tcp(kernel, ALICE, BOB, false, 5433);
	kernel_close(kernel);
	close_network();
	policy_free(policy);
}

/* Docker's own drop, with ICC off: what is declared passes it by our mark, IPv6 and its neighbour discovery too. */
static void test_beside_dockers_drop(void **state)
{
	struct kernel_change change = { .install = KERNEL_REPLACE, .docker_add = { true, true } };
	struct policy *policy = declared_flows();
	struct kernel *kernel;

	(void)state;
	if (!make_network()) {
		policy_free(policy);
		skip();
	}
	run("iptables -N DOCKER-USER && iptables -I FORWARD -j DOCKER-USER && "
	    "iptables -A FORWARD -i br-test -o br-test -j DROP && ip6tables -N DOCKER && "
	    "ip6tables -A FORWARD -i br-test -o br-test -j DROP");
	change.want = policy;
	kernel = open_kernel();
	commit(kernel, &options, &change);
	assert_tcp(ALICE, BOB, false, 5432);
	assert_tcp(ALICE, BOB, true, 5432);
	assert_udp(ALICE, BOB, 53);
	assert_no_tcp(kernel, ALICE, BOB, false, 5433);
	/* The control: without our rule in Docker's chain the drop is final. */
	change = (struct kernel_change){ .docker_remove = { true, true } };
	commit(kernel, &options, &change);
	{
		int listener = bound(BOB, containers[BOB].ipv4, 5432, SOCK_STREAM);
		int fd = begin_connect(ALICE, containers[BOB].ipv4, 5432);

		assert_false(wait_for(listener, POLLIN, 200));
		close(fd);
		close(listener);
	}
	kernel_close(kernel);
	close_network();
	policy_free(policy);
}

/* With ICC off the engine dropped it before anybody observed: it still does, and what is declared still passes. */
static void test_observed_beside_dockers_drop(void **state)
{
	struct kernel_change change = { .install = KERNEL_REPLACE, .docker_add = { true, false } };
	struct policy *policy = two_networks();
	struct kernel *kernel;
	int listener;

	(void)state;
	if (!make_network()) {
		policy_free(policy);
		skip();
	}
	add_record(policy, POLICY_OBSERVED4, NULL, "10.77.0.3", NULL, 0, 0, 0, "bob");
	add_flow(policy, POLICY_FLOWS4, "10.77.0.2", "10.77.0.3", IPPROTO_TCP, 5432, "t: a (alice) -> b (bob)");
	policy_finish(policy);
	run("iptables -N DOCKER-USER && iptables -N DROPS && iptables -A DROPS -j DROP && "
	    "iptables -I FORWARD -j DOCKER-USER && iptables -A FORWARD -i br-test -o br-test -j DROPS");
	change.want = policy;
	kernel = open_kernel();
	commit(kernel, &options, &change);
	assert_tcp(ALICE, BOB, false, 5432);
	listener = bound(BOB, containers[BOB].ipv4, 8080, SOCK_STREAM);
	assert_dropped_in("ip filter DROPS", ALICE, containers[BOB].ipv4, listener, 8080);
	assert_true(is_denied(kernel, "10.77.0.2", "10.77.0.3", IPPROTO_TCP, 8080, NULL));
	close(listener);
	/* The control: with ICC on. */
	run("iptables -F DROPS");
	assert_tcp(ALICE, BOB, false, 8081);
	assert_true(is_denied(kernel, "10.77.0.2", "10.77.0.3", IPPROTO_TCP, 8081, NULL));
	kernel_close(kernel);
	close_network();
	policy_free(policy);
}

/* Observed is an address; who has it behind a port that is not known gets nothing, with the mark or without. */
static void test_observed_at_an_unknown_port(void **state)
{
	struct policy *policy = new_policy();
	struct kernel *kernel;
	int listener;

	(void)state;
	if (!make_network()) {
		policy_free(policy);
		skip();
	}
	add_bridge(policy, "br-test", "test");
	add_bridge(policy, "br-two", "two");
	add_guard(policy, ALICE);
	add_guard(policy, DORA);
	add_record(policy, POLICY_OBSERVED4, NULL, "10.77.0.3", NULL, 0, 0, 0, "bob");
	policy_finish(policy);
	/* The control, which also lets both learn each other's MAC. */
	assert_tcp(ALICE, BOB, false, 8080);
	assert_tcp(DORA, BOB, false, 8080);
	listener = bound(BOB, containers[BOB].ipv4, 8080, SOCK_STREAM);
	kernel = open_kernel();
	install(kernel, &options, policy);
	assert_dropped_in("bridge bulkhead forwarded", ALICE, containers[BOB].ipv4, listener, 8080);
	assert_dropped_in("bridge bulkhead postrouting", DORA, containers[BOB].ipv4, listener, 8080);
	close(listener);
	kernel_close(kernel);
	close_network();
	policy_free(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_the_table),
		cmocka_unit_test(test_what_is_declared),
		cmocka_unit_test(test_what_is_not),
		cmocka_unit_test(test_an_unknown_network),
		cmocka_unit_test(test_withdrawal),
		cmocka_unit_test(test_observed),
		cmocka_unit_test(test_restored_marks),
		cmocka_unit_test(test_beside_dockers_drop),
		cmocka_unit_test(test_an_unknown_port),
		cmocka_unit_test(test_a_taken_address),
		cmocka_unit_test(test_from_the_host),
		cmocka_unit_test(test_switched_off),
		cmocka_unit_test(test_observed_beside_dockers_drop),
		cmocka_unit_test(test_observed_at_an_unknown_port),
	};

	return cmocka_run_group_tests(tests, namespace_setup, NULL);
}
