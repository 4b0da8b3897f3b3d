/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What we build and what nft builds of contrib/docs/ruleset.nft: the kernel must not be able to tell them apart. */
#include <string.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "kernel_namespace.h"
#include "nft_skeleton.h"

static const struct kernel_options options = { .mark = NAMESPACE_MARK };

/* Messages of one kind about our table, without what the kernel numbers by itself. */
struct dump {
	char *text; /* a line of hexadecimal for each message */
	size_t length;
	FILE *out;
	uint16_t handle, position; /* attributes to leave out */
};

static int find_name(const struct nlattr *attribute, void *data)
{
	const char **name = data;

	if (mnl_attr_get_type(attribute) == NFTA_EXPR_NAME)
		*name = mnl_attr_get_str(attribute);
	return MNL_CB_OK;
}

/* All but the swap of one byte, which nft 1.0.6 writes into keys of intervals, and kernels from 6.12.118 on refuse. */
static int write_expression(const struct nlattr *expression, void *data)
{
	const uint8_t *bytes = mnl_attr_get_payload(expression);
	struct dump *dump = data;
	const char *name = "";

	if (mnl_attr_parse_nested(expression, find_name, &name) < 0)
		return MNL_CB_ERROR;
	if (strcmp(name, "byteorder") == 0)
		return MNL_CB_OK;
	fprintf(dump->out, " %s:", name);
	for (size_t i = 0; i < mnl_attr_get_payload_len(expression); i++)
		fprintf(dump->out, "%02x", bytes[i]);
	return MNL_CB_OK;
}

static int write_attribute(const struct nlattr *attribute, void *data)
{
	struct dump *dump = data;
	const uint8_t *bytes = mnl_attr_get_payload(attribute);
	uint16_t type = mnl_attr_get_type(attribute);

	if (type == dump->handle || type == dump->position)
		return MNL_CB_OK;
	if (dump->handle == NFTA_RULE_HANDLE && type == NFTA_RULE_EXPRESSIONS)
		return mnl_attr_parse_nested(attribute, write_expression, dump);
	fprintf(dump->out, " %u:", type);
	for (size_t i = 0; i < mnl_attr_get_payload_len(attribute); i++)
		fprintf(dump->out, "%02x", bytes[i]);
	return MNL_CB_OK;
}

static int write_message(const struct nlmsghdr *message, void *data)
{
	struct dump *dump = data;

	if (mnl_attr_parse(message, sizeof(struct nfgenmsg), write_attribute, dump) < 0)
		return MNL_CB_ERROR;
	fputc('\n', dump->out);
	return MNL_CB_OK;
}

/* The caller frees the text. */
static char *dump_messages(uint16_t family, uint16_t type, uint16_t handle, uint16_t position)
{
	static char buffer[65536];
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	struct dump dump = { .handle = handle, .position = position };
	struct nlmsghdr *request = nftnl_nlmsg_build_hdr(buffer, type, family, NLM_F_DUMP, 1);
	ssize_t length;
	int more = 1;

	assert_non_null(socket);
	assert_int_equal(mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID), 0);
	dump.out = open_memstream(&dump.text, &dump.length);
	assert_non_null(dump.out);
	assert_true(mnl_socket_sendto(socket, request, request->nlmsg_len) > 0);
	while (more > 0) {
		length = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));
		assert_true(length > 0);
		more = mnl_cb_run(buffer, (size_t)length, 1, mnl_socket_get_portid(socket), write_message, &dump);
	}
	assert_int_equal(more, 0);
	fclose(dump.out);
	mnl_socket_close(socket);
	return dump.text;
}

/* Everything that tells one table from another. */
struct picture {
	char *list, *sets, *chains, *rules;
};

static void take_picture(struct picture *picture, uint16_t family)
{
	picture->list = output_of("nft list table %s bulkhead", family == NFPROTO_INET ? "inet" : "bridge");
	picture->sets = dump_messages(family, NFT_MSG_GETSET, NFTA_SET_HANDLE, 0);
	picture->chains = dump_messages(family, NFT_MSG_GETCHAIN, NFTA_CHAIN_HANDLE, NFTA_CHAIN_USE);
	picture->rules = dump_messages(family, NFT_MSG_GETRULE, NFTA_RULE_HANDLE, NFTA_RULE_POSITION);
}

static void free_picture(struct picture *picture)
{
	free(picture->list);
	free(picture->sets);
	free(picture->chains);
	free(picture->rules);
}

static size_t count_lines(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

static const struct {
	uint16_t family;
	size_t sets, chains, rules; /* sets and chains exactly, rules at least */
} tables[] = {
	{ NFPROTO_INET, 44, 52, 160 },
	{ NFPROTO_BRIDGE, 10, 17, 35 },
};
#define TABLE_COUNT (sizeof(tables) / sizeof(tables[0]))

static void compare_pictures(size_t table, const struct picture *ours, const struct picture *theirs)
{
	assert_same_text("nft's list", theirs->list, ours->list);
	assert_int_equal(count_lines(theirs->sets), tables[table].sets);
	assert_same_text("a set", theirs->sets, ours->sets);
	assert_int_equal(count_lines(theirs->chains), tables[table].chains);
	assert_same_text("a chain", theirs->chains, ours->chains);
	assert_true(count_lines(theirs->rules) > tables[table].rules);
	assert_same_text("a rule", theirs->rules, ours->rules);
}

static void test_builds_what_nft_builds(void **state)
{
	struct picture ours[TABLE_COUNT], theirs[TABLE_COUNT];
	struct policy *nothing = new_policy();
	struct kernel *kernel;

	(void)state;
	namespace_fresh();
	policy_finish(nothing);
	kernel = open_kernel();
	install(kernel, &options, nothing);
	for (size_t i = 0; i < TABLE_COUNT; i++)
		take_picture(&ours[i], tables[i].family);
	kernel_close(kernel);
	namespace_fresh();
	run("nft -f " TESTS_DIR "/../contrib/docs/ruleset.nft");
	for (size_t i = 0; i < TABLE_COUNT; i++) {
		take_picture(&theirs[i], tables[i].family);
		compare_pictures(i, &ours[i], &theirs[i]);
		free_picture(&ours[i]);
		free_picture(&theirs[i]);
	}
	policy_free(nothing);
}

/* A table that came through nft's hands is as good as ours: no repair, no lost counters. */
static void test_recognises_what_nft_builds(void **state)
{
	struct kernel_state read;
	struct kernel *kernel;

	(void)state;
	namespace_fresh();
	run("nft -f " TESTS_DIR "/../contrib/docs/ruleset.nft");
	kernel = open_kernel();
	read = read_kernel(kernel, &options);
	assert_int_equal(read.skeleton, KERNEL_SKELETON_WHOLE);
	kernel_state_clear(&read);
	kernel_close(kernel);
}

/* `nft list ruleset` is a backup that `nft -f` takes back, with the elements, names and counters of every set. */
static void test_list_is_a_backup(void **state)
{
	char file[] = "/tmp/test-skeleton.XXXXXX";
	struct policy *policy = some_policy();
	char *before, *after;
	struct kernel *kernel;
	int fd;

	(void)state;
	namespace_fresh();
	kernel = open_kernel();
	/* Compiled records count nothing yet; these go on counting. */
	for (size_t i = 0; i < policy_count(policy); i++) {
		struct policy_record *record = (struct policy_record *)(uintptr_t)policy_at(policy, i);

		if (policy_set_is_flow(record->set)) {
			record->packets = 3 + i;
			record->bytes = 1000 * i;
		}
	}
	install(kernel, &options, policy);
	kernel_close(kernel);
	before = output_of("nft list ruleset");
	assert_non_null(strstr(before, "172.18.0.2 . 172.18.0.4 . 0-255 . 0-65535"));
	assert_non_null(strstr(before, "fd00:18::2 . fd00:18::3 . tcp . 5432"));
	assert_non_null(strstr(before, "comment \"shop: web (web-1) -> db (db-1)\""));
	fd = mkstemp(file);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, before, strlen(before)), (ssize_t)strlen(before));
	close(fd);
	namespace_fresh();
	if (try_to_run("nft -f %s", file) != 0) {
		unlink(file);
		fail_msg("nft does not take back what it listed");
	}
	unlink(file);
	after = output_of("nft list ruleset");
	assert_same_text("the list", before, after);
	kernel = open_kernel();
	assert_kernel_holds(kernel, &options, policy);
	kernel_close(kernel);
	free(before);
	free(after);
	policy_free(policy);
}

/* Without a mark, packets are accepted as they are. */
static void test_no_mark(void **state)
{
	const struct kernel_options no_mark = { .mark = 0 }, other_mark = { .mark = 0x20 };
	struct policy *policy = some_policy();
	struct kernel_state read;
	struct kernel *kernel;
	char *list;

	(void)state;
	namespace_fresh();
	kernel = open_kernel();
	install(kernel, &no_mark, policy);
	assert_kernel_holds(kernel, &no_mark, policy);
	list = output_of("nft list ruleset");
	assert_null(strstr(list, "meta mark"));
	assert_non_null(strstr(list, "iifname . oifname @networks goto between"));
	assert_non_null(strstr(list, "iifname @bridges goto known"));
	assert_non_null(strstr(list, "jump fragments\n\t\tether type ip accept"));
	assert_non_null(strstr(list, "from who it says it is\"\n\t\taccept"));
	free(list);
	/* The mark is a rule's; another one asks for other rules, and for nothing else. */
	read = read_kernel(kernel, &other_mark);
	assert_int_equal(read.skeleton, KERNEL_SKELETON_RULES);
	kernel_state_clear(&read);
	install(kernel, &other_mark, policy);
	list = output_of("nft list chain bridge bulkhead checked");
	assert_non_null(strstr(list, "meta mark set meta mark | 0x00000020 accept"));
	free(list);
	kernel_close(kernel);
	policy_free(policy);
}

/* What kernels without NFT_BRIDGE_META refuse, against what `nft --debug=netlink` makes of the same text. */
static void test_ibrname(void **state)
{
	static const char *const expected[] = {
		"[ meta load bri_iifname => reg 1 ]", "[ lookup reg 1 set guarded ]",
		"[ counter pkts 0 bytes 0 ]",	      "[ immediate reg 0 drop ]",
		"[ meta load bri_oifname => reg 1 ]",
	};
	struct nft_skeleton *with, *without;
	struct nft_skeleton_part *part;
	char text[4096] = "";
	size_t more = 0;
	struct error err;

	(void)state;
	assert_int_equal(nft_skeleton_new(NAMESPACE_MARK, true, &with, &err), 0);
	assert_int_equal(nft_skeleton_new(NAMESPACE_MARK, false, &without, &err), 0);
	part = &with->parts[NFT_SKELETON_BRIDGE];
	for (size_t i = 0; i < part->rule_count; i++) {
		if (!strstr(part->texts[i], "brname"))
			continue;
		assert_true(nftnl_rule_snprintf(text + strlen(text), sizeof(text) - strlen(text), part->rules[i],
						NFTNL_OUTPUT_DEFAULT, 0) > 0);
		more++;
	}
	assert_int_equal(more, 2);
	assert_int_equal(part->rule_count, without->parts[NFT_SKELETON_BRIDGE].rule_count + more);
	assert_int_equal(part->chain_count, without->parts[NFT_SKELETON_BRIDGE].chain_count);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		if (!strstr(text, expected[i]))
			fail_msg("no %s in %s", expected[i], text);
	}
	nft_skeleton_free(without);
	nft_skeleton_free(with);
}

/* Whether the kernel knows it is tried without leaving a trace. */
static void test_the_probe_leaves_nothing(void **state)
{
	struct kernel *kernel;
	struct kernel_state read;
	char *list;

	(void)state;
	namespace_fresh();
	kernel = open_kernel();
	read = read_kernel(kernel, &options);
	assert_int_equal(read.skeleton, KERNEL_SKELETON_ABSENT);
	assert_int_equal(read.guard_by_bridge, try_to_run("nft add table bridge t && nft add chain bridge t c && "
							  "nft add rule bridge t c meta ibrname x 2>/dev/null") == 0);
	run("nft delete table bridge t");
	list = output_of("nft list ruleset");
	assert_string_equal(list, "");
	free(list);
	kernel_state_clear(&read);
	kernel_close(kernel);
}

struct damage {
	const char *what, *command;
	enum kernel_skeleton expected;
};

/* What somebody may have done to our table, each by itself, and what it takes to put it right. */
static const struct damage damages[] = {
	{ "a deleted table", "nft delete table inet bulkhead", KERNEL_SKELETON_FOREIGN },
	{ "a deleted guard", "nft delete table bridge bulkhead", KERNEL_SKELETON_FOREIGN },
	{ "both deleted", "nft delete table inet bulkhead; nft delete table bridge bulkhead", KERNEL_SKELETON_ABSENT },
	{ "a flushed guard", "nft flush table bridge bulkhead", KERNEL_SKELETON_RULES },
	{ "a guard that marks everybody", "nft insert rule bridge bulkhead prerouting goto checked",
	  KERNEL_SKELETON_RULES },
	{ "a guard that sleeps", "nft add table bridge bulkhead '{ flags dormant; }'", KERNEL_SKELETON_FOREIGN },
	{ "a chain more in the guard", "nft add chain bridge bulkhead other", KERNEL_SKELETON_FOREIGN },
	{ "a flushed ruleset", "nft flush ruleset", KERNEL_SKELETON_ABSENT },
	{ "flushed rules", "nft flush table inet bulkhead", KERNEL_SKELETON_RULES },
	{ "a flushed chain", "nft flush chain inet bulkhead deny", KERNEL_SKELETON_RULES },
	{ "a rule on top", "nft insert rule inet bulkhead forward accept", KERNEL_SKELETON_RULES },
	{ "a rule at the end", "nft add rule inet bulkhead record_icmp counter", KERNEL_SKELETON_RULES },
	{ "a rule that begins like ours", "nft insert rule inet bulkhead between goto deny", KERNEL_SKELETON_RULES },
	{ "a swapped verdict",
	  "nft flush chain bridge bulkhead checked; nft add rule bridge bulkhead checked 'meta mark set meta mark | "
	  "0x10000000 drop comment \"table inet bulkhead lets no packet in without it\"'",
	  KERNEL_SKELETON_RULES },
	{ "a lost comment",
	  "nft flush chain inet bulkhead arriving; nft add rule inet bulkhead arriving ct direction reply goto "
	  "arriving_replies; "
	  "nft add rule inet bulkhead arriving ip daddr @closed_ingress4 goto ingress; "
	  "nft add rule inet bulkhead arriving ip6 daddr @closed_ingress6 goto ingress",
	  KERNEL_SKELETON_RULES },
	{ "a name instead of a pattern",
	  "nft flush chain inet bulkhead input; nft add rule inet bulkhead input iifname @bridges goto "
	  "input_bridges; "
	  "nft add rule inet bulkhead input 'iifname \"lo*\" accept'; "
	  "nft add rule inet bulkhead input ip daddr . meta l4proto . th dport @published_closed4 goto "
	  "world_to_published comment "
	  "'\"published by a container whose ingress is declared\"'; "
	  "nft add rule inet bulkhead input ip6 daddr . meta l4proto . th dport @published_closed6 goto "
	  "world_to_published",
	  KERNEL_SKELETON_RULES },
	{ "a chain more", "nft add chain inet bulkhead other", KERNEL_SKELETON_FOREIGN },
	{ "a base chain more",
	  "nft add chain inet bulkhead other '{ type filter hook forward priority -20; policy drop; }'",
	  KERNEL_SKELETON_FOREIGN },
	{ "a set more", "nft add set inet bulkhead other '{ type ipv4_addr; }'", KERNEL_SKELETON_FOREIGN },
	{ "another policy", "nft chain inet bulkhead forward '{ policy drop; }'", KERNEL_SKELETON_FOREIGN },
	{ "a dormant table", "nft add table inet bulkhead '{ flags dormant; }'", KERNEL_SKELETON_FOREIGN },
	{ "an element for everybody", "nft add element inet bulkhead flows4 '{ * }'", KERNEL_SKELETON_FOREIGN },
	{ "two bridges joined", "nft add element inet bulkhead networks '{ \"br-a\" . \"br-b\" }'",
	  KERNEL_SKELETON_FOREIGN },
	{ "a network of sources", "nft add element inet bulkhead ranges4 '{ 10.0.0.0/8 . 10.0.0.1 . tcp . 1-9 }'",
	  KERNEL_SKELETON_FOREIGN },
	/* Others' tables are not ours to judge. */
	{ "a foreign table", "nft add table inet other; nft add chain inet other forward", KERNEL_SKELETON_WHOLE },
	{ "an interval that is no network",
	  "nft add element inet bulkhead egress4 '{ 10.0.0.1 . 10.0.0.1-10.0.0.9 . tcp . 1-9 }'",
	  KERNEL_SKELETON_FOREIGN },
	{ "another family's", "nft add table ip bulkhead; nft add chain ip bulkhead forward", KERNEL_SKELETON_WHOLE },
};

static void test_sees_damage(void **state)
{
	struct policy *policy = some_policy();
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		struct kernel_state read;
		struct kernel *kernel;

		namespace_fresh();
		kernel = open_kernel();
		install(kernel, &options, policy);
		assert_kernel_holds(kernel, &options, policy);
		run("%s", damages[i].command);
		read = read_kernel(kernel, &options);
		if (read.skeleton != damages[i].expected) {
			print_error("%s: judged %d, not %d\n", damages[i].what, read.skeleton, damages[i].expected);
			wrong++;
		}
		kernel_state_clear(&read);
		/* And whatever it was, a replacement mends it. */
		install(kernel, &options, policy);
		assert_kernel_holds(kernel, &options, policy);
		kernel_close(kernel);
	}
	policy_free(policy);
	assert_int_equal(wrong, 0);
}

/* What sets of an older version hold is read by their older names, so that an upgrade has it at once. */
static void test_reads_older_names(void **state)
{
	struct policy *policy = some_policy();
	struct kernel_state read;
	struct kernel *kernel;

	(void)state;
	namespace_fresh();
	kernel = open_kernel();
	install(kernel, &options, policy);
	kernel_close(kernel);
	run("older=$(nft list ruleset | sed 's/known_ports/ports/; s/published_observed\\([46]\\)/watched\\1/; "
	    "s/published_closed\\([46]\\)/gated\\1/; s/world_to_published\\([46]\\)/gates\\1/; "
	    "s/\\bto_published\\([46]\\)/doors\\1/'); nft flush ruleset; echo \"$older\" | nft -f -");
	kernel = open_kernel();
	read = read_kernel(kernel, &options);
	assert_int_equal(read.skeleton, KERNEL_SKELETON_FOREIGN);
	assert_true(policy_equal(read.policy, policy));
	kernel_state_clear(&read);
	install(kernel, &options, policy);
	assert_kernel_holds(kernel, &options, policy);
	kernel_close(kernel);
	policy_free(policy);
}

/* A set or a chain with the right name and the wrong nature, or another comment: replaced as a whole. */
static void test_sees_other_sets(void **state)
{
	static const char *const changes[] = {
		"s/^\\(\\tset flows4 {\\)$/\\1\\n\\t\\ttimeout 1h/",	/* flows that end by themselves */
		"s/size 4096/size 10/",					/* forgets */
		"/set ranges4/,/}/ s/counter/limit rate over 1\\/day/", /* not what it counts with */
		"/set flows6/,/}/ s/counter//",
		"/set observed4/,/}/ s/type ipv4_addr/type ipv4_addr; flags interval/",
		"/set flows4 /,/}/ s/comment \".*\"/comment \"of somebody\"/",
		"/set flows4 /,/}/ {/comment/d}",
		"/chain between /,/}/ s/comment \".*\"/comment \"of somebody\"/",
		"/chain between /,/}/ {/comment/d}",
	};
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct kernel_state read;
		struct kernel *kernel;

		namespace_fresh();
		run("sed '%s' " TESTS_DIR "/../contrib/docs/ruleset.nft | nft -f -", changes[i]);
		kernel = open_kernel();
		read = read_kernel(kernel, &options);
		if (read.skeleton != KERNEL_SKELETON_FOREIGN) {
			print_error("%s: judged %d\n", changes[i], read.skeleton);
			wrong++;
		}
		kernel_state_clear(&read);
		kernel_close(kernel);
	}
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_builds_what_nft_builds),
		cmocka_unit_test(test_recognises_what_nft_builds),
		cmocka_unit_test(test_list_is_a_backup),
		cmocka_unit_test(test_no_mark),
		cmocka_unit_test(test_ibrname),
		cmocka_unit_test(test_the_probe_leaves_nothing),
		cmocka_unit_test(test_sees_damage),
		cmocka_unit_test(test_reads_older_names),
		cmocka_unit_test(test_sees_other_sets),
	};

	return cmocka_run_group_tests(tests, namespace_setup, NULL);
}
