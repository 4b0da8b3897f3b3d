/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_skeleton.h"

#include <errno.h>
#include <string.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <libnftnl/chain.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>

#include "kernel.h"
#include "nft_expr.h"
#include "nft_rule.h"

#define TABLE_COMMENT	 "only declared flows pass between containers; see bulkhead(8)"
#define FORWARD_PRIORITY (-10) /* filter - 10: before Docker's and most others' */

/* nft's numbers for the types of a set's key (its src/datatype.h); a concatenation holds six bits for each. */
enum {
	TYPE_IPV4 = 7,
	TYPE_IPV6 = 8,
	TYPE_PROTOCOL = 12,
	TYPE_SERVICE = 13,
	TYPE_IFNAME = 41,
};
/* … and for their byte order, in the set's user data. */
enum {
	ORDER_CONCAT = 0,
	ORDER_HOST = 1,
	ORDER_NETWORK = 2,
};

struct set_spec {
	const char *name;
	uint8_t types[4], lengths[4]; /* bytes; 0 ends */
	uint32_t flags;
	bool counter;
};

#define FLOW4                                                                                                          \
	{ TYPE_IPV4, TYPE_IPV4, TYPE_PROTOCOL, TYPE_SERVICE },                                                         \
	{                                                                                                              \
		4, 4, 1, 2                                                                                             \
	}
#define FLOW6                                                                                                          \
	{ TYPE_IPV6, TYPE_IPV6, TYPE_PROTOCOL, TYPE_SERVICE },                                                         \
	{                                                                                                              \
		16, 16, 1, 2                                                                                           \
	}

static const struct set_spec set_specs[] = {
	{ "networks", { TYPE_IFNAME, TYPE_IFNAME }, { 16, 16 }, 0, false },
	{ "bridges", { TYPE_IFNAME }, { 16 }, 0, false },
	{ "foreign", { TYPE_IFNAME }, { 16 }, 0, false },
	{ "endpoints4", { TYPE_IFNAME, TYPE_IPV4 }, { 16, 4 }, 0, false },
	{ "endpoints6", { TYPE_IFNAME, TYPE_IPV6 }, { 16, 16 }, 0, false },
	{ "observed4", { TYPE_IPV4 }, { 4 }, 0, false },
	{ "observed6", { TYPE_IPV6 }, { 16 }, 0, false },
	{ "flows4", FLOW4, 0, true },
	{ "flows6", FLOW6, 0, true },
	{ "ranges4", FLOW4, NFT_SET_INTERVAL | NFT_SET_CONCAT, true },
	{ "ranges6", FLOW6, NFT_SET_INTERVAL | NFT_SET_CONCAT, true },
	{ "denied4", FLOW4, NFT_SET_TIMEOUT | NFT_SET_EVAL, true },
	{ "denied6", FLOW6, NFT_SET_TIMEOUT | NFT_SET_EVAL, true },
};

static const char *const chain_names[] = {
	"forward", "between", "replies",     "control", "control_replies", "admit",
	"deny",	   "leaving", "deny_across", "record",	"record_replies",  "record_control",
};

/* ---- Rules ---- */

static const struct nft_rule rule_specs[] = {
#define RULE(chain_name, nft_text, ...)                                                                                \
	{                                                                                                              \
		.chain = chain_name, .text = nft_text, __VA_ARGS__                                                     \
	}
	RULE("forward", "iifname . oifname @networks goto between", .key = NFT_RULE_KEY_IN_OUT, .set = "networks",
	     .end = NFT_RULE_END_GOTO, .target = "between", .comment = "both ends on one managed network"),
	RULE("forward", "iifname @bridges goto leaving", .key = NFT_RULE_KEY_IN, .set = "bridges",
	     .end = NFT_RULE_END_GOTO, .target = "leaving"),
	RULE("forward", "iifname \"br-*\" iifname != @foreign goto leaving", .match = NFT_RULE_MATCH_FROM_BR,
	     .key = NFT_RULE_KEY_IN, .set = "foreign", .except = true, .end = NFT_RULE_END_GOTO, .target = "leaving",
	     .comment = "a network that bulkhead has not met yet"),

	RULE("between", "icmpv6 type nd-neighbor-solicit ip6 hoplimit 255 goto admit", .match = NFT_RULE_MATCH_SOLICIT,
	     .end = NFT_RULE_END_GOTO, .target = "admit", .comment = "address resolution"),
	RULE("between", "icmpv6 type nd-neighbor-advert ip6 hoplimit 255 goto admit", .match = NFT_RULE_MATCH_ADVERT,
	     .end = NFT_RULE_END_GOTO, .target = "admit", .comment = "address resolution"),
	RULE("between", "meta l4proto icmp goto control", .match = NFT_RULE_MATCH_ICMP, .end = NFT_RULE_END_GOTO,
	     .target = "control"),
	RULE("between", "meta l4proto ipv6-icmp goto control", .match = NFT_RULE_MATCH_ICMPV6, .end = NFT_RULE_END_GOTO,
	     .target = "control"),
	RULE("between", "ct direction reply goto replies", .match = NFT_RULE_MATCH_REPLY, .end = NFT_RULE_END_GOTO,
	     .target = "replies"),
	RULE("between", "ip saddr . ip daddr . meta l4proto . th dport @flows4 goto admit", .key = NFT_RULE_KEY_FORTH,
	     .family = 4, .set = "flows4", .end = NFT_RULE_END_GOTO, .target = "admit"),
	RULE("between", "ip6 saddr . ip6 daddr . meta l4proto . th dport @flows6 goto admit", .key = NFT_RULE_KEY_FORTH,
	     .family = 6, .set = "flows6", .end = NFT_RULE_END_GOTO, .target = "admit"),
	RULE("between", "ip saddr . ip daddr . meta l4proto . th dport @ranges4 goto admit", .key = NFT_RULE_KEY_FORTH,
	     .family = 4, .set = "ranges4", .end = NFT_RULE_END_GOTO, .target = "admit"),
	RULE("between", "ip6 saddr . ip6 daddr . meta l4proto . th dport @ranges6 goto admit",
	     .key = NFT_RULE_KEY_FORTH, .family = 6, .set = "ranges6", .end = NFT_RULE_END_GOTO, .target = "admit"),
	RULE("between", "goto deny", .end = NFT_RULE_END_GOTO, .target = "deny"),

	RULE("replies", "ip daddr . ip saddr . meta l4proto . th sport @flows4 goto admit", .key = NFT_RULE_KEY_BACK,
	     .family = 4, .set = "flows4", .end = NFT_RULE_END_GOTO, .target = "admit"),
	RULE("replies", "ip6 daddr . ip6 saddr . meta l4proto . th sport @flows6 goto admit", .key = NFT_RULE_KEY_BACK,
	     .family = 6, .set = "flows6", .end = NFT_RULE_END_GOTO, .target = "admit"),
	RULE("replies", "ip daddr . ip saddr . meta l4proto . th sport @ranges4 goto admit", .key = NFT_RULE_KEY_BACK,
	     .family = 4, .set = "ranges4", .end = NFT_RULE_END_GOTO, .target = "admit"),
	RULE("replies", "ip6 daddr . ip6 saddr . meta l4proto . th sport @ranges6 goto admit", .key = NFT_RULE_KEY_BACK,
	     .family = 6, .set = "ranges6", .end = NFT_RULE_END_GOTO, .target = "admit"),
	RULE("replies", "goto deny", .end = NFT_RULE_END_GOTO, .target = "deny"),

	/* Conntrack gives an ICMP error to the connection that it is about, so an echo, and errors about any declared
	 * connection, are looked up alike; its addresses are the packet's own, so that nobody else can send an error
	 * about it.  Not `th dport`: of ICMP that is the checksum, which the sender chooses. */
	RULE("control", "ct direction reply goto control_replies", .match = NFT_RULE_MATCH_REPLY,
	     .end = NFT_RULE_END_GOTO, .target = "control_replies"),
	RULE("control",
	     "meta l4proto icmp ip saddr . ip daddr . ct protocol . ct original proto-dst @flows4 goto admit",
	     .match = NFT_RULE_MATCH_ICMP, .key = NFT_RULE_KEY_CONTROL_FORTH, .family = 4, .set = "flows4",
	     .end = NFT_RULE_END_GOTO, .target = "admit", .comment = "echo, and errors about a declared connection"),
	RULE("control",
	     "meta l4proto ipv6-icmp ip6 saddr . ip6 daddr . ct protocol . ct original proto-dst @flows6 goto admit",
	     .match = NFT_RULE_MATCH_ICMPV6, .key = NFT_RULE_KEY_CONTROL_FORTH, .family = 6, .set = "flows6",
	     .end = NFT_RULE_END_GOTO, .target = "admit"),
	RULE("control",
	     "meta l4proto icmp ip saddr . ip daddr . ct protocol . ct original proto-dst @ranges4 goto admit",
	     .match = NFT_RULE_MATCH_ICMP, .key = NFT_RULE_KEY_CONTROL_FORTH, .family = 4, .set = "ranges4",
	     .end = NFT_RULE_END_GOTO, .target = "admit"),
	RULE("control",
	     "meta l4proto ipv6-icmp ip6 saddr . ip6 daddr . ct protocol . ct original proto-dst @ranges6 goto admit",
	     .match = NFT_RULE_MATCH_ICMPV6, .key = NFT_RULE_KEY_CONTROL_FORTH, .family = 6, .set = "ranges6",
	     .end = NFT_RULE_END_GOTO, .target = "admit"),
	RULE("control", "goto deny", .end = NFT_RULE_END_GOTO, .target = "deny"),

	RULE("control_replies",
	     "meta l4proto icmp ip daddr . ip saddr . ct protocol . ct original proto-dst @flows4 goto admit",
	     .match = NFT_RULE_MATCH_ICMP, .key = NFT_RULE_KEY_CONTROL_BACK, .family = 4, .set = "flows4",
	     .end = NFT_RULE_END_GOTO, .target = "admit"),
	RULE("control_replies",
	     "meta l4proto ipv6-icmp ip6 daddr . ip6 saddr . ct protocol . ct original proto-dst @flows6 goto admit",
	     .match = NFT_RULE_MATCH_ICMPV6, .key = NFT_RULE_KEY_CONTROL_BACK, .family = 6, .set = "flows6",
	     .end = NFT_RULE_END_GOTO, .target = "admit"),
	RULE("control_replies",
	     "meta l4proto icmp ip daddr . ip saddr . ct protocol . ct original proto-dst @ranges4 goto admit",
	     .match = NFT_RULE_MATCH_ICMP, .key = NFT_RULE_KEY_CONTROL_BACK, .family = 4, .set = "ranges4",
	     .end = NFT_RULE_END_GOTO, .target = "admit"),
	RULE("control_replies",
	     "meta l4proto ipv6-icmp ip6 daddr . ip6 saddr . ct protocol . ct original proto-dst @ranges6 goto admit",
	     .match = NFT_RULE_MATCH_ICMPV6, .key = NFT_RULE_KEY_CONTROL_BACK, .family = 6, .set = "ranges6",
	     .end = NFT_RULE_END_GOTO, .target = "admit"),
	RULE("control_replies", "goto deny", .end = NFT_RULE_END_GOTO, .target = "deny"),

	/* With mark 0 this is `accept`. */
	RULE("admit", "meta mark set meta mark | MARK accept", .end = NFT_RULE_END_MARK_ACCEPT,
	     .comment = "the mark passes Docker's own drop"),

	RULE("deny", "ct direction reply ip saddr @observed4 goto admit", .match = NFT_RULE_MATCH_REPLY,
	     .key = NFT_RULE_KEY_SOURCE, .family = 4, .set = "observed4", .end = NFT_RULE_END_GOTO, .target = "admit"),
	RULE("deny", "ct direction reply ip6 saddr @observed6 goto admit", .match = NFT_RULE_MATCH_REPLY,
	     .key = NFT_RULE_KEY_SOURCE, .family = 6, .set = "observed6", .end = NFT_RULE_END_GOTO, .target = "admit"),
	RULE("deny", "jump record", .end = NFT_RULE_END_JUMP, .target = "record"),
	RULE("deny", "ip daddr @observed4 goto admit", .key = NFT_RULE_KEY_DESTINATION, .family = 4, .set = "observed4",
	     .end = NFT_RULE_END_GOTO, .target = "admit", .comment = "mode observe: recorded and let through"),
	RULE("deny", "ip6 daddr @observed6 goto admit", .key = NFT_RULE_KEY_DESTINATION, .family = 6,
	     .set = "observed6", .end = NFT_RULE_END_GOTO, .target = "admit"),
	RULE("deny", "counter drop", .end = NFT_RULE_END_DROP, .comment = "not declared"),

	/* On a bridge whose network is not known yet: else a neighbour that was asked for in vain stays unreachable for
	 * seconds after the network is. */
	RULE("leaving", "icmpv6 type nd-neighbor-solicit ip6 hoplimit 255 goto admit", .match = NFT_RULE_MATCH_SOLICIT,
	     .end = NFT_RULE_END_GOTO, .target = "admit", .comment = "address resolution"),
	RULE("leaving", "icmpv6 type nd-neighbor-advert ip6 hoplimit 255 goto admit", .match = NFT_RULE_MATCH_ADVERT,
	     .end = NFT_RULE_END_GOTO, .target = "admit", .comment = "address resolution"),
	RULE("leaving", "oifname @bridges goto deny_across", .key = NFT_RULE_KEY_OUT, .set = "bridges",
	     .end = NFT_RULE_END_GOTO, .target = "deny_across", .comment = "from one network into another"),
	RULE("leaving", "oifname \"br-*\" oifname != @foreign goto deny_across", .match = NFT_RULE_MATCH_TO_BR,
	     .key = NFT_RULE_KEY_OUT, .set = "foreign", .except = true, .end = NFT_RULE_END_GOTO,
	     .target = "deny_across"),

	RULE("deny_across", "ct direction reply ip saddr @observed4 accept", .match = NFT_RULE_MATCH_REPLY,
	     .key = NFT_RULE_KEY_SOURCE, .family = 4, .set = "observed4", .end = NFT_RULE_END_ACCEPT),
	RULE("deny_across", "ct direction reply ip6 saddr @observed6 accept", .match = NFT_RULE_MATCH_REPLY,
	     .key = NFT_RULE_KEY_SOURCE, .family = 6, .set = "observed6", .end = NFT_RULE_END_ACCEPT),
	RULE("deny_across", "jump record", .end = NFT_RULE_END_JUMP, .target = "record"),
	RULE("deny_across", "ip daddr @observed4 accept", .key = NFT_RULE_KEY_DESTINATION, .family = 4,
	     .set = "observed4", .end = NFT_RULE_END_ACCEPT,
	     .comment = "without the mark: Docker's isolation of networks stays"),
	RULE("deny_across", "ip6 daddr @observed6 accept", .key = NFT_RULE_KEY_DESTINATION, .family = 6,
	     .set = "observed6", .end = NFT_RULE_END_ACCEPT),
	RULE("deny_across", "counter drop", .end = NFT_RULE_END_DROP, .comment = "not declared"),

	RULE("record", "meta pkttype broadcast return", .match = NFT_RULE_MATCH_BROADCAST, .end = NFT_RULE_END_RETURN),
	RULE("record", "meta pkttype multicast return", .match = NFT_RULE_MATCH_MULTICAST, .end = NFT_RULE_END_RETURN),
	RULE("record", "meta l4proto icmp goto record_control", .match = NFT_RULE_MATCH_ICMP, .end = NFT_RULE_END_GOTO,
	     .target = "record_control"),
	RULE("record", "meta l4proto ipv6-icmp goto record_control", .match = NFT_RULE_MATCH_ICMPV6,
	     .end = NFT_RULE_END_GOTO, .target = "record_control"),
	RULE("record", "ct direction reply goto record_replies", .match = NFT_RULE_MATCH_REPLY,
	     .end = NFT_RULE_END_GOTO, .target = "record_replies"),
	RULE("record", "update @denied4 { ip saddr . ip daddr . meta l4proto . th dport }", .key = NFT_RULE_KEY_FORTH,
	     .family = 4, .set = "denied4", .update = true),
	RULE("record", "update @denied6 { ip6 saddr . ip6 daddr . meta l4proto . th dport }", .key = NFT_RULE_KEY_FORTH,
	     .family = 6, .set = "denied6", .update = true),

	RULE("record_replies", "update @denied4 { ip daddr . ip saddr . meta l4proto . th sport }",
	     .key = NFT_RULE_KEY_BACK, .family = 4, .set = "denied4", .update = true),
	RULE("record_replies", "update @denied6 { ip6 daddr . ip6 saddr . meta l4proto . th sport }",
	     .key = NFT_RULE_KEY_BACK, .family = 6, .set = "denied6", .update = true),

	RULE("record_control",
	     "meta l4proto icmp update @denied4 { ip saddr . ip daddr . meta l4proto . ct original proto-dst }",
	     .match = NFT_RULE_MATCH_ICMP, .key = NFT_RULE_KEY_ICMP, .family = 4, .set = "denied4", .update = true),
	RULE("record_control",
	     "meta l4proto ipv6-icmp update @denied6 { ip6 saddr . ip6 daddr . meta l4proto . ct original proto-dst }",
	     .match = NFT_RULE_MATCH_ICMPV6, .key = NFT_RULE_KEY_ICMP, .family = 6, .set = "denied6", .update = true),
#undef RULE
};
#define RULE_COUNT  (sizeof(rule_specs) / sizeof(rule_specs[0]))
#define SET_COUNT   (sizeof(set_specs) / sizeof(set_specs[0]))
#define CHAIN_COUNT (sizeof(chain_names) / sizeof(chain_names[0]))

const char *nft_skeleton_rule_text(size_t index)
{
	return index < RULE_COUNT ? rule_specs[index].text : "";
}

/* ---- Sets ---- */

static size_t part_count(const struct set_spec *spec)
{
	size_t count = 0;

	while (count < 4 && spec->lengths[count])
		count++;
	return count;
}

/* nft's notes about the key: its byte order, and for a concatenation that it is one (an empty "typeof"). */
static int set_userdata(struct nftnl_set *set, const struct set_spec *spec)
{
	static const uint8_t concat[] = { 0, 4, ORDER_CONCAT, 0, 0, 0, 3, 8, 0, 4, 13, 0, 0, 0, 1, 0 };
	uint8_t simple[] = { 0, 4, spec->types[0] == TYPE_IFNAME ? ORDER_HOST : ORDER_NETWORK, 0, 0, 0 };

	if (part_count(spec) > 1)
		return nftnl_set_set_data(set, NFTNL_SET_USERDATA, concat, sizeof(concat));
	return nftnl_set_set_data(set, NFTNL_SET_USERDATA, simple, sizeof(simple));
}

static int set_counter(struct nftnl_set *set)
{
	struct nftnl_expr *expr = nftnl_expr_alloc("counter");

	if (!expr)
		return -ENOMEM;
	/* libnftnl takes the expression itself, and frees it with the set. */
	return nftnl_set_set_data(set, NFTNL_SET_EXPR, expr, 0);
}

static int describe_key(struct nftnl_set *set, const struct set_spec *spec)
{
	uint32_t type = 0, length = 0;

	for (size_t i = 0; i < part_count(spec); i++) {
		type = type << 6 | spec->types[i];
		length += (spec->lengths[i] + 3u) & ~3u; /* each part fills whole registers */
	}
	nftnl_set_set_u32(set, NFTNL_SET_KEY_TYPE, type);
	nftnl_set_set_u32(set, NFTNL_SET_KEY_LEN, length);
	if (spec->flags & NFT_SET_CONCAT)
		return nftnl_set_set_data(set, NFTNL_SET_DESC_CONCAT, spec->lengths, (uint32_t)part_count(spec));
	return 0;
}

static int build_set(const struct set_spec *spec, uint32_t id, struct nftnl_set **ret_set)
{
	struct nftnl_set *set = nftnl_set_alloc();
	int r = 0;

	if (!set)
		return -ENOMEM;
	nftnl_set_set_u32(set, NFTNL_SET_FAMILY, NFPROTO_INET);
	nftnl_set_set_u32(set, NFTNL_SET_ID, id);
	nftnl_set_set_u32(set, NFTNL_SET_FLAGS, spec->flags);
	if (nftnl_set_set_str(set, NFTNL_SET_TABLE, KERNEL_TABLE) < 0 ||
	    nftnl_set_set_str(set, NFTNL_SET_NAME, spec->name) < 0 || describe_key(set, spec) < 0 ||
	    set_userdata(set, spec) < 0)
		r = -ENOMEM;
	if (spec->flags & NFT_SET_TIMEOUT) {
		nftnl_set_set_u64(set, NFTNL_SET_TIMEOUT, KERNEL_DENIED_MS);
		nftnl_set_set_u32(set, NFTNL_SET_DESC_SIZE, KERNEL_DENIED_SIZE);
	}
	if (r == 0 && spec->counter)
		r = set_counter(set);
	if (r < 0) {
		nftnl_set_free(set);
		return r;
	}
	*ret_set = set;
	return 0;
}

/* ---- The whole ---- */

static int build_chain(const char *name, struct nftnl_chain **ret_chain)
{
	struct nftnl_chain *chain = nftnl_chain_alloc();

	if (!chain)
		return -ENOMEM;
	nftnl_chain_set_u32(chain, NFTNL_CHAIN_FAMILY, NFPROTO_INET);
	if (nftnl_chain_set_str(chain, NFTNL_CHAIN_TABLE, KERNEL_TABLE) < 0 ||
	    nftnl_chain_set_str(chain, NFTNL_CHAIN_NAME, name) < 0) {
		nftnl_chain_free(chain);
		return -ENOMEM;
	}
	if (strcmp(name, "forward") == 0) {
		nftnl_chain_set_u32(chain, NFTNL_CHAIN_HOOKNUM, NF_INET_FORWARD);
		nftnl_chain_set_s32(chain, NFTNL_CHAIN_PRIO, FORWARD_PRIORITY);
		nftnl_chain_set_u32(chain, NFTNL_CHAIN_POLICY, NF_ACCEPT);
		if (nftnl_chain_set_str(chain, NFTNL_CHAIN_TYPE, "filter") < 0) {
			nftnl_chain_free(chain);
			return -ENOMEM;
		}
	}
	*ret_chain = chain;
	return 0;
}

static int build_table(struct nftnl_table **ret_table)
{
	struct nftnl_table *table = nftnl_table_alloc();
	uint8_t comment[NFT_EXPR_COMMENT_SIZE];

	if (!table)
		return -ENOMEM;
	nftnl_table_set_u32(table, NFTNL_TABLE_FAMILY, NFPROTO_INET);
	if (nftnl_table_set_str(table, NFTNL_TABLE_NAME, KERNEL_TABLE) < 0 ||
	    nftnl_table_set_data(table, NFTNL_TABLE_USERDATA, comment, nft_expr_comment(TABLE_COMMENT, comment)) < 0) {
		nftnl_table_free(table);
		return -ENOMEM;
	}
	*ret_table = table;
	return 0;
}

static int build(struct nft_skeleton *skeleton, uint32_t mark)
{
	int r = build_table(&skeleton->table);

	skeleton->sets = calloc(SET_COUNT, sizeof(*skeleton->sets));
	skeleton->chains = calloc(CHAIN_COUNT, sizeof(*skeleton->chains));
	skeleton->rules = calloc(RULE_COUNT, sizeof(*skeleton->rules));
	if (r < 0 || !skeleton->sets || !skeleton->chains || !skeleton->rules)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < SET_COUNT; i++, skeleton->set_count += r == 0)
		r = build_set(&set_specs[i], (uint32_t)i + 1, &skeleton->sets[i]);
	for (size_t i = 0; r == 0 && i < CHAIN_COUNT; i++, skeleton->chain_count += r == 0)
		r = build_chain(chain_names[i], &skeleton->chains[i]);
	for (size_t i = 0; r == 0 && i < RULE_COUNT; i++, skeleton->rule_count += r == 0)
		r = nft_rule_build(&rule_specs[i], mark, &skeleton->rules[i]);
	return r;
}

int nft_skeleton_new(uint32_t mark, struct nft_skeleton **ret_skeleton, struct error *err)
{
	cleanup_of(nft_skeleton) struct nft_skeleton *skeleton = calloc(1, sizeof(*skeleton));

	if (!skeleton || build(skeleton, mark) < 0)
		return error_oom(err);
	*ret_skeleton = steal(skeleton);
	return 0;
}

void nft_skeleton_free(struct nft_skeleton *skeleton)
{
	if (!skeleton)
		return;
	for (size_t i = 0; i < skeleton->set_count; i++)
		nftnl_set_free(skeleton->sets[i]);
	for (size_t i = 0; i < skeleton->chain_count; i++)
		nftnl_chain_free(skeleton->chains[i]);
	for (size_t i = 0; i < skeleton->rule_count; i++)
		nftnl_rule_free(skeleton->rules[i]);
	if (skeleton->table)
		nftnl_table_free(skeleton->table);
	free(skeleton->sets);
	free(skeleton->chains);
	free(skeleton->rules);
	free(skeleton);
}
