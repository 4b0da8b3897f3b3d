/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The live probe on bridges of our own, in a network namespace of our own: it sees each door that is open, says of none
 * that it is closed unless it would have seen it open, and leaves nothing behind.
 */
#include <sys/wait.h>
#include <string.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>

#include "kernel_namespace.h"
#include "loop.h"
#include "probe_addresses.h"
#include "probe_endpoints.h"
#include "probe_packets.h"
#include "probe_run.h"
#include "probe_socket.h"
#include "verify_probe.h"

/* ---- Findings, in place of verify.c: every check is asked for ---- */

static struct finding {
	char id[32], subject[64], evidence[1024], remedy[1024];
	enum verify_status status;
} findings[32];
static size_t finding_count;

bool verify_wants(const struct verify *verify, const char *id)
{
	(void)verify;
	(void)id;
	return true;
}

void verify_find(struct verify *verify, const char *id, enum verify_status status, const char *subject,
		 const char *remedy, const char *fmt, ...)
{
	struct finding *finding = &findings[finding_count++];
	va_list arguments;

	(void)verify;
	assert_true(finding_count < sizeof(findings) / sizeof(findings[0]));
	snprintf(finding->id, sizeof(finding->id), "%s", id);
	snprintf(finding->subject, sizeof(finding->subject), "%s", subject ? subject : "");
	snprintf(finding->remedy, sizeof(finding->remedy), "%s", remedy ? remedy : "");
	finding->status = status;
	va_start(arguments, fmt);
	vsnprintf(finding->evidence, sizeof(finding->evidence), fmt, arguments);
	va_end(arguments);
}

static const struct finding *finding_of(const char *id, const char *subject)
{
	for (size_t i = 0; i < finding_count; i++) {
		if (strcmp(findings[i].id, id) == 0 && strcmp(findings[i].subject, subject) == 0)
			return &findings[i];
	}
	fail_msg("nothing was said of %s, %s", id, subject);
	return NULL;
}

static void assert_found(const char *id, enum verify_status status)
{
	const struct finding *finding = finding_of(id, "network test");

	if (finding->status != status)
		fail_msg("%s: status %d, not %d: %s", id, finding->status, status, finding->evidence);
	/* What to do is said where, and only where, something is to be done. */
	assert_int_equal(finding->remedy[0] != '\0', status == VERIFY_FAIL);
}

static const char *const ids[] = { "probe-tcp", "probe-udp", "probe-icmp", "probe-ethertype", "probe-ipv6" };
#define IDS (sizeof(ids) / sizeof(ids[0]))

static void assert_all(enum verify_status status)
{
	for (size_t i = 0; i < IDS; i++)
		assert_found(ids[i], status);
}

/* ---- The host ---- */

static struct network networks[2];
static struct endpoint endpoint;
static struct network *network_list[2] = { &networks[0], &networks[1] };
static struct inventory inventory;
static const struct inventory *heard;

static void set_network(size_t i, const char *name, const char *bridge)
{
	networks[i] = (struct network){ .id = (char *)name, .name = (char *)name, .managed = true };
	snprintf(networks[i].bridge, sizeof(networks[i].bridge), "%s", bridge);
	inventory.networks = network_list;
	inventory.network_count = i + 1;
	heard = &inventory;
}

/* One managed network, "test", with a bridge as the engine makes it. */
static void make_host(void)
{
	namespace_fresh();
	memset(&inventory, 0, sizeof(inventory));
	heard = NULL;
	set_network(0, "test", "br-test");
	run("ip link set lo up && ip link add br-test address 02:77:00:00:00:01 type bridge && ip addr add "
	    "10.77.0.1/24 dev br-test && "
	    "ip addr add fd77::1/64 dev br-test nodad && ip link set br-test up");
}

static char *links_here(void)
{
	return output_of("ip -o link | cut -d: -f2 | sort");
}

/* Runs the group and says that it left everything as it was. */
static void probe(void)
{
	struct verify verify = { .inventory = heard, .root = "" };
	char *before = links_here(), *after;

	finding_count = 0;
	(verify_probe.run)(&verify);
	after = links_here();
	assert_same_text("the list of links", before, after);
	free(before);
	free(after);
}

/* ---- Doors ---- */

static void test_open(void **state)
{
	(void)state;
	make_host();
	probe();
	assert_int_equal(finding_count, IDS);
	assert_all(VERIFY_FAIL);
	assert_non_null(strstr(finding_of("probe-tcp", "network test")->evidence, "10.77.0.253 to 10.77.0.254"));
	assert_non_null(strstr(finding_of("probe-ipv6", "network test")->evidence, "fe80::"));
	assert_non_null(strstr(finding_of("probe-ipv6", "network test")->evidence, "fd77::ffff:ffff:ffff:fffe"));
}

/* Each kind closed alone: only what is said of it changes. */
static void test_each_closed_alone(void **state)
{
	static const char *const drops[IDS] = {
		"ip protocol tcp", "ip protocol udp", "ip protocol icmp", "ether type 0x88b5", "ether type ip6",
	};

	(void)state;
	make_host();
	run("nft add table bridge drops && "
	    "nft 'add chain bridge drops forward { type filter hook forward priority 0; }'");
	for (size_t i = 0; i < IDS; i++) {
		run("nft flush chain bridge drops forward && nft add rule bridge drops forward %s drop", drops[i]);
		probe();
		for (size_t j = 0; j < IDS; j++)
			assert_found(ids[j], i == j ? VERIFY_PASS : VERIFY_FAIL);
	}
	run("nft flush chain bridge drops forward && nft add rule bridge drops forward drop");
	probe();
	assert_all(VERIFY_PASS);
	/* Half of a check's kinds is not the check. */
	run("nft flush chain bridge drops forward && nft add rule bridge drops forward ip6 saddr != fe80::/10 drop");
	probe();
	assert_found("probe-ipv6", VERIFY_FAIL);
	assert_null(strstr(finding_of("probe-ipv6", "network test")->evidence, "fd77::"));
}

/* Two networks at once, each judged for itself. */
static void test_two_networks(void **state)
{
	(void)state;
	make_host();
	set_network(1, "other", "br-other");
	run("ip link add br-other type bridge && ip link set br-other mtu 9000 up && "
	    "nft add table bridge drops && "
	    "nft 'add chain bridge drops forward { type filter hook forward priority 0; }' && "
	    "nft add rule bridge drops forward ip saddr 10.77.0.0/24 drop");
	probe();
	assert_int_equal(finding_count, 2 * IDS);
	assert_found("probe-tcp", VERIFY_PASS);
	assert_found("probe-ethertype", VERIFY_FAIL);
	assert_int_equal(finding_of("probe-tcp", "network other")->status, VERIFY_FAIL);
	/* A bridge without addresses: nobody's, and nothing of IPv6 but link-local. */
	assert_non_null(strstr(finding_of("probe-tcp", "network other")->evidence, "192.0.2.253 to 192.0.2.254"));
	assert_non_null(strstr(finding_of("probe-ipv6", "network other")->evidence, "link-local"));
	assert_null(strstr(finding_of("probe-ipv6", "network other")->evidence, "IPv6 TCP"));
}

/* What conntrack finds fault with, many a host drops: that would be silence for a reason of our own making. */
static void test_nothing_wrong_with_them(void **state)
{
	(void)state;
	make_host();
	if (!namespace_put("/proc/sys/net/bridge/bridge-nf-call-iptables", "1") ||
	    !namespace_put("/proc/sys/net/bridge/bridge-nf-call-ip6tables", "1")) {
		print_message("skipped: br_netfilter is not loaded\n");
		skip();
	}
	run("nft add table inet sound && "
	    "nft 'add chain inet sound forward { type filter hook forward priority 0; policy drop; }' && "
	    "nft add rule inet sound forward ct state new accept");
	probe();
	assert_all(VERIFY_FAIL);
	for (int kind = 0; kind < PROBE_KINDS; kind++)
		assert_non_null(strstr(finding_of(kind == PROBE_TCP    ? "probe-tcp"
						  : kind == PROBE_UDP  ? "probe-udp"
						  : kind == PROBE_ICMP ? "probe-icmp"
						  : kind == PROBE_RAW  ? "probe-ethertype"
								       : "probe-ipv6",
						  "network test")
					       ->evidence,
				       probe_kind_name((enum probe_kind)kind)));
	run("nft flush chain inet sound forward && nft add rule inet sound forward ct state invalid accept");
	probe();
	for (size_t i = 0; i < IDS; i++)
		assert_found(ids[i], strcmp(ids[i], "probe-ethertype") == 0 ? VERIFY_FAIL : VERIFY_PASS);
}

/* ---- Neighbours ---- */

/* A namespace with a port on the bridge, and what it hears at it. */
static int bystander(int *ret_here, int *ret_there)
{
	int ear;

	*ret_here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	*ret_there = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	ear = probe_socket_ear(PROBE_SOCKET_EVERY_LINK);
	assert_true(ear >= 0);
	assert_int_equal(setns(*ret_here, CLONE_NEWNET), 0);
	run("ip link add port address 02:77:00:00:00:02 type veth peer name inside netns /proc/%d/fd/%d && "
	    "ip link set port master br-test up",
	    (int)getpid(), *ret_there);
	return ear;
}

/* Nobody else on the bridge gets anything but the questions whose the addresses are. */
static void test_nobody_else_hears(void **state)
{
	int here, there, link, size, questions = 0, ear;
	uint8_t frame[2048];

	(void)state;
	make_host();
	ear = bystander(&here, &there);
	assert_int_equal(setns(there, CLONE_NEWNET), 0);
	run("ip link set inside addrgenmode none up");
	assert_int_equal(setns(here, CLONE_NEWNET), 0);
	probe();
	assert_all(VERIFY_FAIL);
	while ((size = probe_socket_receive(ear, frame, sizeof(frame), &link)) > 0) {
		bool solicitation = frame[12] == 0x86 && frame[13] == 0xdd && frame[20] == 58 && frame[54] == 135;

		/* The bridge itself may have something to say. */
		if (frame[6] != 0x02)
			fail_msg("heard from %02x:%02x:%02x…: type %02x%02x, protocol %u, %u", frame[6], frame[7],
				 frame[8], frame[12], frame[13], frame[20], frame[54]);
		questions += solicitation || (frame[12] == 0x08 && frame[13] == 0x06);
	}
	assert_true(questions > 0);
	close(ear);
	close(here);
	close(there);
}

/* ---- Addresses that nobody holds ---- */

static void test_held_addresses(void **state)
{
	int here, there;

	(void)state;
	make_host();
	/* .254 is an endpoint's, .253 and .252 a neighbour's, .251 the host's own, and the last of IPv6 a neighbour's.
	 */
	endpoint = (struct endpoint){ .container = (char *)"c", .name = (char *)"c" };
	assert_int_equal(address_parse("10.77.0.254", false, &endpoint.ipv4), 0);
	networks[0].endpoints = &endpoint;
	networks[0].endpoint_count = 1;
	close(bystander(&here, &there));
	run("ip addr add 10.77.0.251/24 dev br-test");
	assert_int_equal(setns(there, CLONE_NEWNET), 0);
	run("ip addr add 10.77.0.253/24 dev inside && ip addr add 10.77.0.252/24 dev inside && "
	    "ip addr add fd77::ffff:ffff:ffff:fffe/64 dev inside nodad && ip link set inside up");
	assert_int_equal(setns(here, CLONE_NEWNET), 0);
	probe();
	close(here);
	close(there);
	assert_all(VERIFY_FAIL);
	assert_non_null(strstr(finding_of("probe-tcp", "network test")->evidence, "10.77.0.249 to 10.77.0.250"));
	assert_non_null(strstr(finding_of("probe-ipv6", "network test")->evidence,
			       "fd77::ffff:ffff:ffff:fffc to fd77::ffff:ffff:ffff:fffd"));
}

/* ---- What cannot be told ---- */

static void test_bridge_down(void **state)
{
	(void)state;
	make_host();
	run("ip link set br-test down");
	probe();
	assert_all(VERIFY_SKIP);
}

/* A bridge that the engine names and that is not there is no network that is safe. */
static void test_bridge_gone(void **state)
{
	(void)state;
	make_host();
	set_network(0, "test", "br-absent");
	probe();
	assert_all(VERIFY_UNKNOWN);
	assert_non_null(strstr(finding_of("probe-tcp", "network test")->evidence, "br-absent is no link"));
}

/* Silence about addresses that are not the network's own. */
static void test_borrowed_addresses(void **state)
{
	(void)state;
	make_host();
	run("ip addr flush dev br-test && nft add table bridge drops && "
	    "nft 'add chain bridge drops forward { type filter hook forward priority 0; }'");
	/* What arrives has arrived. */
	probe();
	assert_all(VERIFY_FAIL);
	run("nft add rule bridge drops forward drop");
	probe();
	assert_found("probe-tcp", VERIFY_UNKNOWN);
	assert_found("probe-udp", VERIFY_UNKNOWN);
	assert_found("probe-icmp", VERIFY_UNKNOWN);
	assert_found("probe-ethertype", VERIFY_PASS);
	assert_found("probe-ipv6", VERIFY_PASS);
	assert_non_null(strstr(finding_of("probe-tcp", "network test")->evidence, "its bridge br-test has no address"));
	/* Containers have IPv6 that the bridge knows nothing of. */
	endpoint = (struct endpoint){ .container = (char *)"c", .name = (char *)"c" };
	assert_int_equal(address_parse("fd77::2", false, &endpoint.ipv6), 0);
	networks[0].endpoints = &endpoint;
	networks[0].endpoint_count = 1;
	probe();
	assert_found("probe-ipv6", VERIFY_UNKNOWN);
	/* No room in the one subnet, enough in the other. */
	run("ip addr add 10.77.0.1/30 dev br-test && ip addr add fd77::1/64 dev br-test nodad");
	probe();
	assert_found("probe-tcp", VERIFY_UNKNOWN);
	assert_found("probe-ipv6", VERIFY_PASS);
	run("ip addr flush dev br-test && ip addr add 10.77.0.1/29 dev br-test && ip addr add fd77::1/127 dev br-test "
	    "nodad");
	probe();
	assert_found("probe-tcp", VERIFY_PASS);
	assert_found("probe-ipv6", VERIFY_UNKNOWN);
}

/* A port that does not forward yet is as silent as a closed one. */
static void test_spanning_tree(void **state)
{
	(void)state;
	make_host();
	run("ip link set br-test type bridge stp_state 1");
	probe();
	assert_all(VERIFY_UNKNOWN);
	assert_non_null(strstr(finding_of("probe-tcp", "network test")->evidence, "spanning tree"));
}

static void test_no_engine(void **state)
{
	struct verify verify = { .engine_error = "nobody listens" };

	(void)state;
	finding_count = 0;
	(verify_probe.run)(&verify);
	assert_int_equal(finding_count, IDS);
	for (size_t i = 0; i < IDS; i++) {
		assert_int_equal(finding_of(ids[i], "")->status, VERIFY_UNKNOWN);
		assert_string_equal(finding_of(ids[i], "")->evidence, "nobody listens");
	}
}

static void test_nothing_managed(void **state)
{
	(void)state;
	make_host();
	networks[0].managed = false;
	probe();
	for (size_t i = 0; i < IDS; i++)
		assert_int_equal(finding_of(ids[i], "")->status, VERIFY_WARN);
	assert_non_null(strstr(finding_of("probe-tcp", "")->evidence, "excludes every bridge network"));
	set_network(0, "none", "");
	networks[0].managed = false;
	probe();
	for (size_t i = 0; i < IDS; i++)
		assert_int_equal(finding_of(ids[i], "")->status, VERIFY_SKIP);
}

/* Runs in a child, whose exit status says what failed. */
static int without_privilege(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { { 0 } };
	struct verify verify = { .inventory = heard };

	if (syscall(SYS_capset, &header, none) < 0)
		return 2;
	finding_count = 0;
	(verify_probe.run)(&verify);
	for (size_t i = 0; i < finding_count; i++) {
		if (findings[i].status != VERIFY_UNKNOWN || !strstr(findings[i].evidence, "SYS_ADMIN"))
			return 3;
	}
	return finding_count == IDS ? 0 : 4;
}

static void test_without_privilege(void **state)
{
	pid_t child;
	int status;

	(void)state;
	make_host();
	child = fork();
	if (child == 0)
		_exit(without_privilege());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- Whether it would have heard ---- */

static struct probe_endpoints *made_endpoints(const char *bridge)
{
	struct probe_endpoints *endpoints;
	struct error err = { "" };

	if (probe_endpoints_new(1, &endpoints, &err) < 0)
		fail_msg("%s", err.text);
	endpoints->places[0].network = "test";
	endpoints->places[0].bridge = bridge;
	probe_endpoints_make(endpoints);
	assert_string_equal(endpoints->places[0].problem, "");
	assert_int_equal(probe_addresses_choose(&inventory, endpoints, &err), 0);
	return endpoints;
}

static void run_probe(struct probe_endpoints *endpoints)
{
	struct error err = { "" };

	if (probe_run(endpoints, &err) < 0)
		fail_msg("%s", err.text);
}

/* A bridge's MTU and MAC follow its ports', unless somebody has set them. */
static void test_bridge_stays_as_it_is(void **state)
{
	static const char *const ask = "ip -o link show br-auto | grep -o 'mtu [0-9]*\\|link/ether [0-9a-f:]*'";
	struct probe_endpoints *endpoints;
	char *before, *meanwhile;

	(void)state;
	make_host();
	run("ip link add br-auto type bridge && ip link add port address 02:77:00:00:00:02 mtu 9000 type veth peer "
	    "name inside mtu 9000 && ip link set port master br-auto up && ip link set inside up && "
	    "ip link set br-auto up");
	before = output_of("%s", ask);
	assert_string_equal(before, "mtu 9000\nlink/ether 02:77:00:00:00:02\n");
	endpoints = made_endpoints("br-auto");
	meanwhile = output_of("%s", ask);
	assert_same_text("the bridge", before, meanwhile);
	probe_endpoints_free(endpoints);
	free(before);
	free(meanwhile);
}

/* A sender whose packets do not get to the bridge, and a receiver that is deaf, are found out. */
static void test_deaf_and_dumb(void **state)
{
	const unsigned all = (1u << PROBE_KINDS) - 1;
	struct probe_endpoints *endpoints;
	unsigned which;

	(void)state;
	make_host();
	endpoints = made_endpoints("br-test");
	run("ip link set %s down", endpoints->places[0].sender);
	run_probe(endpoints);
	assert_int_equal(probe_judge(&endpoints->places[0], endpoints->lost, all, &which), PROBE_NOT_LEFT);
	assert_int_equal(which, all);
	probe_endpoints_recheck(endpoints);
	assert_int_equal(probe_judge(&endpoints->places[0], endpoints->lost, all, &which), PROBE_NOT_SENT);
	probe_endpoints_free(endpoints);
	endpoints = made_endpoints("br-test");
	run("ip link set %s down", endpoints->places[0].receiver);
	run_probe(endpoints);
	assert_int_equal(endpoints->places[0].left, all);
	assert_int_equal(probe_judge(&endpoints->places[0], endpoints->lost, all, &which), PROBE_NOT_AUDIBLE);
	probe_endpoints_free(endpoints);
	endpoints = made_endpoints("br-test");
	run("nft add table bridge drops && "
	    "nft 'add chain bridge drops forward { type filter hook forward priority 0; policy drop; }'");
	run_probe(endpoints);
	assert_int_equal(probe_judge(&endpoints->places[0], false, all, &which), PROBE_SILENT);
	assert_int_equal(probe_judge(&endpoints->places[0], true, all, &which), PROBE_TOO_LOUD);
	probe_endpoints_free(endpoints);
}

/* ---- Whatever ends it ---- */

static void test_killed(void **state)
{
	char *before, *after = NULL, *meanwhile;
	uint64_t deadline;
	pid_t child;
	char byte;
	int ready[2];

	(void)state;
	make_host();
	before = links_here();
	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		(void)made_endpoints("br-test");
		if (write(ready[1], "x", 1) == 1)
			(void)poll(NULL, 0, 60000);
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	meanwhile = links_here();
	assert_non_null(strstr(meanwhile, "bhp"));
	free(meanwhile);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	/* The kernel does it on its own time. */
	deadline = loop_now_ns() + 60000000000ull;
	do {
		free(after);
		(void)poll(NULL, 0, 10);
		after = links_here();
	} while (strcmp(before, after) != 0 && loop_now_ns() < deadline);
	assert_same_text("the list of links", before, after);
	free(before);
	free(after);
}

/* ---- Bytes ---- */

static struct probe_ends some_ends(void)
{
	struct probe_ends ends = { .from_mac = { 0x0a, 1, 2, 3, 4, 5 }, .to_mac = { 0x0a, 6, 7, 8, 9, 10 } };

	assert_int_equal(address_parse("10.77.0.253", false, &ends.from4), 0);
	assert_int_equal(address_parse("10.77.0.254", false, &ends.to4), 0);
	assert_int_equal(address_parse("fd77::fd", false, &ends.from6), 0);
	assert_int_equal(address_parse("fd77::fe", false, &ends.to6), 0);
	return ends;
}

static void test_labels(void **state)
{
	struct probe_label label = { .way = PROBE_DIRECT, .place = 513 }, read;
	struct probe_ends ends = some_ends();
	uint8_t frame[PROBE_FRAME_SIZE], other[PROBE_TOKEN_SIZE];

	(void)state;
	memset(label.token, 0xa5, sizeof(label.token));
	memcpy(other, label.token, sizeof(other));
	other[PROBE_TOKEN_SIZE - 1] ^= 1;
	for (int kind = 0; kind < PROBE_KINDS; kind++) {
		size_t size;

		label.kind = (enum probe_kind)kind;
		size = probe_packet_build(&ends, &label, frame);
		assert_in_range(size, 60, sizeof(frame));
		assert_true(probe_packet_read(frame, size, label.token, &read));
		assert_int_equal(read.kind, kind);
		assert_int_equal(read.way, PROBE_DIRECT);
		assert_int_equal(read.place, 513);
		assert_false(probe_packet_read(frame, size, other, &read));
		/* Cut off within the label. */
		for (size_t cut = 0; cut < size; cut++) {
			bool whole =
				memmem(frame, cut, label.token, PROBE_TOKEN_SIZE) &&
				cut >= (size_t)((uint8_t *)memmem(frame, cut, label.token, PROBE_TOKEN_SIZE) - frame) +
						PROBE_TOKEN_SIZE + 4;

			assert_int_equal(probe_packet_read(frame, cut, label.token, &read), whole);
		}
	}
	ends.from6 = ends.to6 = (struct address){ .family = ADDRESS_NONE };
	label.kind = PROBE_IPV6_TCP;
	assert_int_equal(probe_packet_build(&ends, &label, frame), 0);
	label.kind = PROBE_LINK_ECHO;
	assert_true(probe_packet_build(&ends, &label, frame) > 0);
}

static void test_holders(void **state)
{
	const uint8_t mac[6] = { 2, 1, 2, 3, 4, 5 };
	struct address address, holder;
	uint8_t frame[PROBE_FRAME_SIZE];
	size_t size;

	(void)state;
	assert_int_equal(address_parse("10.77.0.9", false, &address), 0);
	size = probe_packet_ask(mac, &address, frame);
	/* Who asks says nothing of himself. */
	holder = probe_packet_holder(frame, size);
	assert_memory_equal(holder.bytes, "\0\0\0\0", 4);
	memcpy(frame + 28, address.bytes, 4);
	holder = probe_packet_holder(frame, size);
	assert_int_equal(address_compare(&holder, &address), 0);
	for (size_t cut = 0; cut < 42; cut++)
		assert_int_equal(probe_packet_holder(frame, cut).family, ADDRESS_NONE);
	assert_int_equal(address_parse("fd77::9", false, &address), 0);
	size = probe_packet_ask(mac, &address, frame);
	assert_int_equal(size, 14 + 40 + 24);
	frame[54] = 136; /* an advertisement of the same target */
	holder = probe_packet_holder(frame, size);
	assert_int_equal(address_compare(&holder, &address), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_holders),
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_each_closed_alone),
		cmocka_unit_test(test_two_networks),
		cmocka_unit_test(test_nothing_wrong_with_them),
		cmocka_unit_test(test_held_addresses),
		cmocka_unit_test(test_nobody_else_hears),
		cmocka_unit_test(test_bridge_down),
		cmocka_unit_test(test_bridge_gone),
		cmocka_unit_test(test_borrowed_addresses),
		cmocka_unit_test(test_spanning_tree),
		cmocka_unit_test(test_no_engine),
		cmocka_unit_test(test_nothing_managed),
		cmocka_unit_test(test_without_privilege),
		cmocka_unit_test(test_deaf_and_dumb),
		cmocka_unit_test(test_bridge_stays_as_it_is),
		cmocka_unit_test(test_killed),
	};

	return cmocka_run_group_tests(tests, namespace_setup, NULL);
}
