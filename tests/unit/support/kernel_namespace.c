/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel_namespace.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool namespace_of_user;
static bool namespace_entered;

bool namespace_put(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");
	bool ok = file && fputs(text, file) >= 0;

	return file && fclose(file) == 0 && ok;
}

/* As a user: root in a user namespace of our own, so that nft(8) and ip(8) keep their capabilities. */
static bool namespace_become_root(void)
{
	char users[64], groups[64];

	snprintf(users, sizeof(users), "0 %u 1", (unsigned)geteuid());
	snprintf(groups, sizeof(groups), "0 %u 1", (unsigned)getegid());
	return unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS) == 0 &&
	       namespace_put("/proc/self/setgroups", "deny") && namespace_put("/proc/self/uid_map", users) &&
	       namespace_put("/proc/self/gid_map", groups);
}

int namespace_setup(void **state)
{
	(void)state;
	/* nft and ip live there, and a user's path may not lead there. */
	(void)setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	namespace_entered = unshare(CLONE_NEWNET) == 0;
	if (!namespace_entered)
		namespace_entered = namespace_of_user = namespace_become_root();
	if (!namespace_entered)
		fprintf(stderr, "skipped: this host lets us have no network namespace of our own\n");
	return 0;
}

void namespace_fresh(void)
{
	if (!namespace_entered)
		skip();
	assert_int_equal(unshare(CLONE_NEWNET), 0);
}

int try_to_run(const char *fmt, ...)
{
	char command[16384];
	va_list arguments;

	va_start(arguments, fmt);
	vsnprintf(command, sizeof(command), fmt, arguments);
	va_end(arguments);
	return system(command);
}

char *output_of(const char *fmt, ...)
{
	char command[16384], *text = NULL;
	size_t size = 0;
	va_list arguments;
	FILE *pipe;

	va_start(arguments, fmt);
	vsnprintf(command, sizeof(command), fmt, arguments);
	va_end(arguments);
	pipe = popen(command, "re");
	assert_non_null(pipe);
	if (getdelim(&text, &size, '\0', pipe) < 0) {
		free(text);
		text = strdup("");
	}
	assert_non_null(text);
	if (pclose(pipe) != 0)
		fail_msg("failed: %s", command);
	return text;
}

void assert_same_text(const char *what, const char *a, const char *b)
{
	size_t same = 0, line = 0;

	while (a[same] && a[same] == b[same]) {
		same++;
		if (a[same - 1] == '\n')
			line = same;
	}
	if (a[same] != b[same])
		fail_msg("%s differs:\n- %.*s\n+ %.*s", what, (int)strcspn(a + line, "\n"), a + line,
			 (int)strcspn(b + line, "\n"), b + line);
}

struct kernel *open_kernel(void)
{
	struct error err = { "" };
	struct kernel *kernel = NULL;

	if (kernel_open(&kernel, &err) < 0)
		fail_msg("%s", err.text);
	return kernel;
}

struct kernel_state read_kernel(struct kernel *kernel, const struct kernel_options *options)
{
	struct kernel_state state = { 0 };
	struct error err = { "" };

	if (kernel_read(kernel, options, &state, &err) < 0)
		fail_msg("%s", err.text);
	assert_non_null(state.policy);
	return state;
}

void commit(struct kernel *kernel, const struct kernel_options *options, const struct kernel_change *change)
{
	struct error err = { "" };

	if (kernel_commit(kernel, options, change, NULL, &err) < 0)
		fail_msg("%s", err.text);
}

void install(struct kernel *kernel, const struct kernel_options *options, struct policy *want)
{
	struct kernel_state state = read_kernel(kernel, options);
	struct kernel_change change = { .install = KERNEL_REPLACE,
					.table_exists = state.exists,
					.guard_exists = state.guard_exists,
					.want = want,
					.from = state.exists ? &state : NULL };

	commit(kernel, options, &change);
	kernel_state_clear(&state);
}

void change_to(struct kernel *kernel, const struct kernel_options *options, const struct policy *want)
{
	struct kernel_state state = read_kernel(kernel, options);
	struct kernel_change change = { .install = KERNEL_KEEP, .table_exists = true, .guard_exists = true };
	struct policy_diff diff;

	assert_int_equal(policy_diff(state.policy, want, &diff), 0);
	change.diff = &diff;
	commit(kernel, options, &change);
	policy_diff_clear(&diff);
	kernel_state_clear(&state);
}

void assert_kernel_holds(struct kernel *kernel, const struct kernel_options *options, const struct policy *want)
{
	struct kernel_state state = read_kernel(kernel, options);

	assert_int_equal(state.skeleton, KERNEL_SKELETON_WHOLE);
	assert_true(policy_equal(state.policy, want));
	kernel_state_clear(&state);
}

struct policy *new_policy(void)
{
	struct policy *policy = policy_new();

	assert_non_null(policy);
	return policy;
}

void add_record(struct policy *policy, enum policy_set set, const char *bridge, const char *source,
		const char *destination, uint8_t protocol, uint16_t first, uint16_t last, const char *comment)
{
	struct policy_record record = {
		.set = set,
		.span.protocol_first = protocol,
		.span.protocol_last = protocol,
		.span.port_first = first,
		.span.port_last = last,
		.comment = comment,
	};

	if (bridge)
		snprintf(record.link, sizeof(record.link), "%s", bridge);
	if (source)
		assert_int_equal(address_parse(source, false, &record.source), 0);
	if (destination)
		assert_int_equal(address_parse(destination, false, &record.destination), 0);
	assert_int_equal(policy_add(policy, &record), 0);
}

void add_place(struct policy *policy, enum policy_set set, const char *port, const char *mac, const char *address)
{
	struct policy_record record = { .set = set, .comment = "" };

	snprintf(record.link, sizeof(record.link), "%s", port);
	if (mac)
		assert_int_equal(sscanf(mac, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &record.mac[0], &record.mac[1],
					&record.mac[2], &record.mac[3], &record.mac[4], &record.mac[5]),
				 6);
	if (address)
		assert_int_equal(address_parse(address, false, &record.source), 0);
	assert_int_equal(policy_add(policy, &record), 0);
}

/* "192.0.2.0/24". */
static void add_network(const char *text, struct address *address, uint8_t *length)
{
	struct cidr cidr;

	assert_int_equal(cidr_parse(text, &cidr), 0);
	*address = cidr.base;
	*length = cidr.length;
}

/* A record of the boundary; source NULL in sets of published ports. */
static void add_boundary(struct policy *policy, enum policy_set set, const char *source, const char *destination,
			 uint8_t protocol, uint16_t first, uint16_t last, const char *comment)
{
	struct policy_record record = {
		.set = set,
		.span.protocol_first = protocol,
		.span.protocol_last = protocol,
		.span.port_first = first,
		.span.port_last = last,
		.comment = comment,
	};

	if (source)
		add_network(source, &record.source, &record.source_length);
	add_network(destination, &record.destination, &record.destination_length);
	assert_int_equal(policy_add(policy, &record), 0);
}

void add_flow(struct policy *policy, enum policy_set set, const char *source, const char *destination, uint8_t protocol,
	      uint16_t port, const char *comment)
{
	add_record(policy, set, NULL, source, destination, protocol, port, port, comment);
}

/* Some elements of a set whose keys are intervals of addresses. */
static void add_intervals(struct policy *policy, enum policy_set set)
{
	bool v6 = policy_set_family(set) == ADDRESS_IPV6;

	if (policy_set_shape(set) == POLICY_SHAPE_PUBLISHED) {
		add_boundary(policy, set, NULL, v6 ? "::/0" : "0.0.0.0/0", 6, 8080, 8080, "db-1 (shop/db) on 80/tcp");
		if (!v6)
			add_boundary(policy, set, NULL, "192.0.2.1", 17, 53, 53, "db-1 (shop/db) on 53/udp");
	} else if (policy_set_shape(set) == POLICY_SHAPE_BOUNDARY && v6) {
		add_boundary(policy, set, "2001:db8::/32", "fd00:18::3", 6, 443, 443,
			     "shop: world (2001:db8::/32) -> db (db-1)");
		add_boundary(policy, set, "fd00:18::3", "::/0", 6, 1, 65535, "shop: db (db-1) -> world (anywhere)");
	} else if (policy_set_shape(set) == POLICY_SHAPE_BOUNDARY) {
		add_boundary(policy, set, "203.0.113.0/24", "172.18.0.3", 6, 443, 443,
			     "shop: world (203.0.113.0/24) -> db (db-1)");
		add_boundary(policy, set, "172.18.0.3", "0.0.0.0/0", 17, 53, 60, "shop: db (db-1) -> world (anywhere)");
	}
}

struct policy *some_policy(void)
{
	static const enum policy_topic closed[] = { POLICY_TOPIC_CLOSED_INGRESS, POLICY_TOPIC_CLOSED_EGRESS,
						    POLICY_TOPIC_CLOSED_HOST };
	struct policy *policy = new_policy();
	struct policy_record any = { .set = POLICY_RANGES4,
				     .span.protocol_last = 255,
				     .span.port_last = 65535,
				     .comment = "shop: web (web-1) -> db (db-2)" };

	add_record(policy, POLICY_NETWORKS, "br-test", NULL, NULL, 0, 0, 0, "shop_default");
	add_record(policy, POLICY_NETWORKS, "docker0", NULL, NULL, 0, 0, 0, "bridge");
	add_record(policy, POLICY_BRIDGES, "br-test", NULL, NULL, 0, 0, 0, "shop_default");
	add_record(policy, POLICY_BRIDGES, "docker0", NULL, NULL, 0, 0, 0, "bridge");
	add_record(policy, POLICY_FOREIGN, "br-lan", NULL, NULL, 0, 0, 0, "not managed");
	add_record(policy, POLICY_ROUTED, "br-test", NULL, NULL, 0, 0, 0, "shop_default");
	add_record(policy, POLICY_ENDPOINTS4, "br-test", "172.18.0.2", NULL, 0, 0, 0,
		   "web-1 (shop/web) on shop_default");
	add_record(policy, POLICY_ENDPOINTS4, "br-test", "172.18.0.3", NULL, 0, 0, 0, "db-1 (shop/db) on shop_default");
	add_record(policy, POLICY_ENDPOINTS6, "br-test", "fd00:18::2", NULL, 0, 0, 0,
		   "web-1 (shop/web) on shop_default");
	add_record(policy, POLICY_OBSERVED4, NULL, "172.18.0.9", NULL, 0, 0, 0, "observed-1");
	add_record(policy, POLICY_OBSERVED6, NULL, "fd00:18::9", NULL, 0, 0, 0, "observed-1");
	add_flow(policy, POLICY_FLOWS4, "172.18.0.2", "172.18.0.3", 6, 5432, "shop: web (web-1) -> db (db-1)");
	add_flow(policy, POLICY_FLOWS4, "172.18.0.2", "172.18.0.3", 1, POLICY_ICMP_ECHO,
		 "shop: web (web-1) -> db (db-1)");
	add_flow(policy, POLICY_FLOWS4, "172.18.0.2", "172.18.0.3", 17, 53, "shop: web (web-1) -> db (db-1)");
	add_flow(policy, POLICY_FLOWS6, "fd00:18::2", "fd00:18::3", 6, 5432, "shop: web (web-1) -> db (db-1)");
	add_flow(policy, POLICY_FLOWS6, "fd00:18::2", "fd00:18::3", 58, POLICY_ICMPV6_ECHO,
		 "shop: web (web-1) -> db (db-1)");
	add_record(policy, POLICY_RANGES4, NULL, "172.18.0.2", "172.18.0.3", 6, 7000, 7010,
		   "shop: web (web-1) -> db (db-1)");
	add_record(policy, POLICY_RANGES4, NULL, "172.18.0.2", "172.18.0.3", 6, 7012, 7012,
		   "shop: web (web-1) -> db (db-1)");
	add_record(policy, POLICY_RANGES6, NULL, "fd00:18::2", "fd00:18::3", 132, 0, 65535,
		   "shop: web (web-1) -> db (db-1)");
	add_record(policy, POLICY_STARTING4, NULL, "172.18.0.8", NULL, 0, 0, 0, "starting-1");
	add_record(policy, POLICY_STARTING6, NULL, "fd00:18::8", NULL, 0, 0, 0, "starting-1");
	for (size_t i = 0; i < 3; i++) {
		add_record(policy, policy_set_of(closed[i], ADDRESS_IPV4), NULL, "172.18.0.3", NULL, 0, 0, 0, "db-1");
		add_record(policy, policy_set_of(closed[i], ADDRESS_IPV6), NULL, "fd00:18::3", NULL, 0, 0, 0, "db-1");
	}
	for (enum policy_set set = 0; set < POLICY_SET_COUNT; set++)
		add_intervals(policy, set);
	add_place(policy, POLICY_KNOWN_PORTS, "veth1234567", NULL, NULL);
	add_place(policy, POLICY_KNOWN_PORTS, "veth89abcde", NULL, NULL);
	add_place(policy, POLICY_UNGUARDED, "veth89abcde", NULL, NULL);
	add_place(policy, POLICY_GUARDED, "br-test", NULL, NULL);
	add_place(policy, POLICY_ADDRESSES4, "", NULL, "172.18.0.2");
	add_place(policy, POLICY_ADDRESSES6, "", NULL, "fd00:18::2");
	add_place(policy, POLICY_PLACES4, "veth1234567", "02:42:ac:12:00:02", "172.18.0.2");
	add_place(policy, POLICY_PLACES6, "veth1234567", "02:42:ac:12:00:02", "fd00:18::2");
	add_place(policy, POLICY_PLACES6, "veth1234567", "02:42:ac:12:00:02", "fe80::42:acff:fe12:2");
	assert_int_equal(address_parse("172.18.0.2", false, &any.source), 0);
	assert_int_equal(address_parse("172.18.0.4", false, &any.destination), 0);
	assert_int_equal(policy_add(policy, &any), 0);
	policy_finish(policy);
	return policy;
}
