/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_skeleton.h"

#include <errno.h>
#include <string.h>

#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter/nf_tables.h>
#include <libnftnl/chain.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>

#include "kernel.h"
#include "nft_expr.h"

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
	"forward", "between",	  "replies", "control",	       "admit",		 "deny",
	"leaving", "deny_across", "record",  "record_replies", "record_control",
};

/* ---- Rules ---- */

/* What a rule asks first. */
enum match {
	MATCH_NONE,
	MATCH_FROM_BR,	 /* iifname "br-*" */
	MATCH_TO_BR,	 /* oifname "br-*" */
	MATCH_SOLICIT,	 /* icmpv6 type nd-neighbor-solicit ip6 hoplimit 255 */
	MATCH_ADVERT,	 /* icmpv6 type nd-neighbor-advert ip6 hoplimit 255 */
	MATCH_ICMP,	 /* meta l4proto icmp */
	MATCH_ICMPV6,	 /* meta l4proto ipv6-icmp */
	MATCH_REPLY,	 /* ct direction reply */
	MATCH_BROADCAST, /* meta pkttype broadcast */
	MATCH_MULTICAST, /* meta pkttype multicast */
};

/* What it looks up. */
enum key {
	KEY_NONE,
	KEY_IN,		 /* iifname */
	KEY_OUT,	 /* oifname */
	KEY_IN_OUT,	 /* iifname . oifname */
	KEY_SOURCE,	 /* ip saddr */
	KEY_DESTINATION, /* ip daddr */
	KEY_FORTH,	 /* ip saddr . ip daddr . meta l4proto . th dport */
	KEY_BACK,	 /* ip daddr . ip saddr . meta l4proto . th sport */
	KEY_ORIGINAL,	 /* ct original ip saddr . ct original ip daddr . ct protocol . ct original proto-dst */
	KEY_ICMP,	 /* ip saddr . ip daddr . meta l4proto . ct original proto-dst */
};

enum end {
	END_NONE,
	END_GOTO,
	END_JUMP,
	END_RETURN,
	END_ACCEPT,
	END_DROP,
	END_MARK_ACCEPT,
};

struct rule_spec {
	const char *chain;
	const char *text; /* the rule in nft syntax: what the fields after it build */
	enum match match;
	enum key key;
	uint8_t family; /* of the key's addresses */
	const char *set;
	bool except; /* != @set */
	bool update; /* update @set { key } */
	enum end end;
	const char *target;
	const char *comment;
};

static const struct rule_spec rule_specs[] = {
#define RULE(chain_name, nft_text, ...)                                                                                \
	{                                                                                                              \
		.chain = chain_name, .text = nft_text, __VA_ARGS__                                                     \
	}
	RULE("forward", "iifname . oifname @networks goto between", .key = KEY_IN_OUT, .set = "networks",
	     .end = END_GOTO, .target = "between", .comment = "both ends on one managed network"),
	RULE("forward", "iifname @bridges goto leaving", .key = KEY_IN, .set = "bridges", .end = END_GOTO,
	     .target = "leaving"),
	RULE("forward", "iifname \"br-*\" iifname != @foreign goto leaving", .match = MATCH_FROM_BR, .key = KEY_IN,
	     .set = "foreign", .except = true, .end = END_GOTO, .target = "leaving",
	     .comment = "a network that bulkhead has not met yet"),

	RULE("between", "icmpv6 type nd-neighbor-solicit ip6 hoplimit 255 goto admit", .match = MATCH_SOLICIT,
	     .end = END_GOTO, .target = "admit", .comment = "address resolution"),
	RULE("between", "icmpv6 type nd-neighbor-advert ip6 hoplimit 255 goto admit", .match = MATCH_ADVERT,
	     .end = END_GOTO, .target = "admit", .comment = "address resolution"),
	RULE("between", "meta l4proto icmp goto control", .match = MATCH_ICMP, .end = END_GOTO, .target = "control"),
	RULE("between", "meta l4proto ipv6-icmp goto control", .match = MATCH_ICMPV6, .end = END_GOTO,
	     .target = "control"),
	RULE("between", "ct direction reply goto replies", .match = MATCH_REPLY, .end = END_GOTO, .target = "replies"),
	RULE("between", "ip saddr . ip daddr . meta l4proto . th dport @flows4 goto admit", .key = KEY_FORTH,
	     .family = 4, .set = "flows4", .end = END_GOTO, .target = "admit"),
	RULE("between", "ip6 saddr . ip6 daddr . meta l4proto . th dport @flows6 goto admit", .key = KEY_FORTH,
	     .family = 6, .set = "flows6", .end = END_GOTO, .target = "admit"),
	RULE("between", "ip saddr . ip daddr . meta l4proto . th dport @ranges4 goto admit", .key = KEY_FORTH,
	     .family = 4, .set = "ranges4", .end = END_GOTO, .target = "admit"),
	RULE("between", "ip6 saddr . ip6 daddr . meta l4proto . th dport @ranges6 goto admit", .key = KEY_FORTH,
	     .family = 6, .set = "ranges6", .end = END_GOTO, .target = "admit"),
	RULE("between", "goto deny", .end = END_GOTO, .target = "deny"),

	RULE("replies", "ip daddr . ip saddr . meta l4proto . th sport @flows4 goto admit", .key = KEY_BACK,
	     .family = 4, .set = "flows4", .end = END_GOTO, .target = "admit"),
	RULE("replies", "ip6 daddr . ip6 saddr . meta l4proto . th sport @flows6 goto admit", .key = KEY_BACK,
	     .family = 6, .set = "flows6", .end = END_GOTO, .target = "admit"),
	RULE("replies", "ip daddr . ip saddr . meta l4proto . th sport @ranges4 goto admit", .key = KEY_BACK,
	     .family = 4, .set = "ranges4", .end = END_GOTO, .target = "admit"),
	RULE("replies", "ip6 daddr . ip6 saddr . meta l4proto . th sport @ranges6 goto admit", .key = KEY_BACK,
	     .family = 6, .set = "ranges6", .end = END_GOTO, .target = "admit"),
	RULE("replies", "goto deny", .end = END_GOTO, .target = "deny"),

	/* Conntrack gives an ICMP error to the connection that it is about, so both directions of an echo, and errors
	 * about any declared connection, are the same lookup.  Not `th dport`: of ICMP that is the checksum, which the
	 * sender chooses. */
	RULE("control",
	     "meta l4proto icmp ct original ip saddr . ct original ip daddr . ct protocol . ct original proto-dst "
	     "@flows4 goto admit",
	     .match = MATCH_ICMP, .key = KEY_ORIGINAL, .family = 4, .set = "flows4", .end = END_GOTO, .target = "admit",
	     .comment = "echo, and errors about a declared connection"),
	RULE("control",
	     "meta l4proto ipv6-icmp ct original ip6 saddr . ct original ip6 daddr . ct protocol . ct original "
	     "proto-dst @flows6 goto admit",
	     .match = MATCH_ICMPV6, .key = KEY_ORIGINAL, .family = 6, .set = "flows6", .end = END_GOTO,
	     .target = "admit"),
	RULE("control",
	     "meta l4proto icmp ct original ip saddr . ct original ip daddr . ct protocol . ct original proto-dst "
	     "@ranges4 goto admit",
	     .match = MATCH_ICMP, .key = KEY_ORIGINAL, .family = 4, .set = "ranges4", .end = END_GOTO,
	     .target = "admit"),
	RULE("control",
	     "meta l4proto ipv6-icmp ct original ip6 saddr . ct original ip6 daddr . ct protocol . ct original "
	     "proto-dst @ranges6 goto admit",
	     .match = MATCH_ICMPV6, .key = KEY_ORIGINAL, .family = 6, .set = "ranges6", .end = END_GOTO,
	     .target = "admit"),
	RULE("control", "goto deny", .end = END_GOTO, .target = "deny"),

	/* With mark 0 this is `accept`. */
	RULE("admit", "meta mark set meta mark | MARK accept", .end = END_MARK_ACCEPT,
	     .comment = "the mark passes Docker's own drop"),

	RULE("deny", "ct direction reply ip saddr @observed4 goto admit", .match = MATCH_REPLY, .key = KEY_SOURCE,
	     .family = 4, .set = "observed4", .end = END_GOTO, .target = "admit"),
	RULE("deny", "ct direction reply ip6 saddr @observed6 goto admit", .match = MATCH_REPLY, .key = KEY_SOURCE,
	     .family = 6, .set = "observed6", .end = END_GOTO, .target = "admit"),
	RULE("deny", "jump record", .end = END_JUMP, .target = "record"),
	RULE("deny", "ip daddr @observed4 goto admit", .key = KEY_DESTINATION, .family = 4, .set = "observed4",
	     .end = END_GOTO, .target = "admit", .comment = "mode observe: recorded and let through"),
	RULE("deny", "ip6 daddr @observed6 goto admit", .key = KEY_DESTINATION, .family = 6, .set = "observed6",
	     .end = END_GOTO, .target = "admit"),
	RULE("deny", "counter drop", .end = END_DROP, .comment = "not declared"),

	/* On a bridge whose network is not known yet: else a neighbour that was asked for in vain stays unreachable for
	 * seconds after the network is. */
	RULE("leaving", "icmpv6 type nd-neighbor-solicit ip6 hoplimit 255 goto admit", .match = MATCH_SOLICIT,
	     .end = END_GOTO, .target = "admit", .comment = "address resolution"),
	RULE("leaving", "icmpv6 type nd-neighbor-advert ip6 hoplimit 255 goto admit", .match = MATCH_ADVERT,
	     .end = END_GOTO, .target = "admit", .comment = "address resolution"),
	RULE("leaving", "oifname @bridges goto deny_across", .key = KEY_OUT, .set = "bridges", .end = END_GOTO,
	     .target = "deny_across", .comment = "from one network into another"),
	RULE("leaving", "oifname \"br-*\" oifname != @foreign goto deny_across", .match = MATCH_TO_BR, .key = KEY_OUT,
	     .set = "foreign", .except = true, .end = END_GOTO, .target = "deny_across"),

	RULE("deny_across", "ct direction reply ip saddr @observed4 accept", .match = MATCH_REPLY, .key = KEY_SOURCE,
	     .family = 4, .set = "observed4", .end = END_ACCEPT),
	RULE("deny_across", "ct direction reply ip6 saddr @observed6 accept", .match = MATCH_REPLY, .key = KEY_SOURCE,
	     .family = 6, .set = "observed6", .end = END_ACCEPT),
	RULE("deny_across", "jump record", .end = END_JUMP, .target = "record"),
	RULE("deny_across", "ip daddr @observed4 accept", .key = KEY_DESTINATION, .family = 4, .set = "observed4",
	     .end = END_ACCEPT, .comment = "without the mark: Docker's isolation of networks stays"),
	RULE("deny_across", "ip6 daddr @observed6 accept", .key = KEY_DESTINATION, .family = 6, .set = "observed6",
	     .end = END_ACCEPT),
	RULE("deny_across", "counter drop", .end = END_DROP, .comment = "not declared"),

	RULE("record", "meta pkttype broadcast return", .match = MATCH_BROADCAST, .end = END_RETURN),
	RULE("record", "meta pkttype multicast return", .match = MATCH_MULTICAST, .end = END_RETURN),
	RULE("record", "meta l4proto icmp goto record_control", .match = MATCH_ICMP, .end = END_GOTO,
	     .target = "record_control"),
	RULE("record", "meta l4proto ipv6-icmp goto record_control", .match = MATCH_ICMPV6, .end = END_GOTO,
	     .target = "record_control"),
	RULE("record", "ct direction reply goto record_replies", .match = MATCH_REPLY, .end = END_GOTO,
	     .target = "record_replies"),
	RULE("record", "update @denied4 { ip saddr . ip daddr . meta l4proto . th dport }", .key = KEY_FORTH,
	     .family = 4, .set = "denied4", .update = true),
	RULE("record", "update @denied6 { ip6 saddr . ip6 daddr . meta l4proto . th dport }", .key = KEY_FORTH,
	     .family = 6, .set = "denied6", .update = true),

	RULE("record_replies", "update @denied4 { ip daddr . ip saddr . meta l4proto . th sport }", .key = KEY_BACK,
	     .family = 4, .set = "denied4", .update = true),
	RULE("record_replies", "update @denied6 { ip6 daddr . ip6 saddr . meta l4proto . th sport }", .key = KEY_BACK,
	     .family = 6, .set = "denied6", .update = true),

	RULE("record_control",
	     "meta l4proto icmp update @denied4 { ip saddr . ip daddr . meta l4proto . ct original proto-dst }",
	     .match = MATCH_ICMP, .key = KEY_ICMP, .family = 4, .set = "denied4", .update = true),
	RULE("record_control",
	     "meta l4proto ipv6-icmp update @denied6 { ip6 saddr . ip6 daddr . meta l4proto . ct original proto-dst }",
	     .match = MATCH_ICMPV6, .key = KEY_ICMP, .family = 6, .set = "denied6", .update = true),
#undef RULE
};
#define RULE_COUNT  (sizeof(rule_specs) / sizeof(rule_specs[0]))
#define SET_COUNT   (sizeof(set_specs) / sizeof(set_specs[0]))
#define CHAIN_COUNT (sizeof(chain_names) / sizeof(chain_names[0]))

const char *nft_skeleton_rule_text(size_t index)
{
	return index < RULE_COUNT ? rule_specs[index].text : "";
}

static int equal_u8(struct nftnl_rule *rule, uint8_t value)
{
	return nft_expr_equal(rule, NFT_REG_1, &value, sizeof(value));
}

static int match_meta_u8(struct nftnl_rule *rule, uint32_t meta, uint8_t value)
{
	return nft_expr_meta(rule, meta, NFT_REG_1) ?: equal_u8(rule, value);
}

static int match_name(struct nftnl_rule *rule, uint32_t meta)
{
	/* Without the terminator: what nft writes for "br-*". */
	return nft_expr_meta(rule, meta, NFT_REG_1) ?: nft_expr_equal(rule, NFT_REG_1, "br-", 3);
}

static int match_neighbour(struct nftnl_rule *rule, uint8_t type)
{
	const uint8_t hop_limit = 255; /* RFC 4861, 7.1: anything less came through a router */

	return match_meta_u8(rule, NFT_META_NFPROTO, NFPROTO_IPV6)
		       ?: match_meta_u8(rule, NFT_META_L4PROTO, IPPROTO_ICMPV6)
		       ?: nft_expr_payload(rule, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1, NFT_REG_1)
		       ?: equal_u8(rule, type)
		       ?: nft_expr_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, 7, 1, NFT_REG_1)
		       ?: equal_u8(rule, hop_limit);
}

static int add_match(struct nftnl_rule *rule, enum match match)
{
	const uint8_t reply = IP_CT_DIR_REPLY;

	switch (match) {
	case MATCH_NONE:
		return 0;
	case MATCH_FROM_BR:
		return match_name(rule, NFT_META_IIFNAME);
	case MATCH_TO_BR:
		return match_name(rule, NFT_META_OIFNAME);
	case MATCH_SOLICIT:
		return match_neighbour(rule, 135);
	case MATCH_ADVERT:
		return match_neighbour(rule, 136);
	case MATCH_ICMP:
		return match_meta_u8(rule, NFT_META_L4PROTO, IPPROTO_ICMP);
	case MATCH_ICMPV6:
		return match_meta_u8(rule, NFT_META_L4PROTO, IPPROTO_ICMPV6);
	case MATCH_REPLY:
		return nft_expr_ct(rule, NFT_CT_DIRECTION, -1, NFT_REG_1)
			       ?: nft_expr_equal(rule, NFT_REG_1, &reply, sizeof(reply));
	case MATCH_BROADCAST:
		return match_meta_u8(rule, NFT_META_PKTTYPE, 1 /* PACKET_BROADCAST */);
	case MATCH_MULTICAST:
		return match_meta_u8(rule, NFT_META_PKTTYPE, 2 /* PACKET_MULTICAST */);
	}
	return -EINVAL;
}

static int load_address(struct nftnl_rule *rule, uint8_t family, bool source, uint32_t reg)
{
	if (family == 4)
		return nft_expr_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, source ? 12 : 16, 4, reg);
	return nft_expr_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, source ? 8 : 24, 16, reg);
}

/* The registers that hold a flow's four parts side by side, as a lookup wants them. */
static const struct {
	uint32_t source, destination, protocol, port;
} flow_registers[] = {
	[4] = { NFT_REG_1, NFT_REG32_01, NFT_REG32_02, NFT_REG32_03 },
	[6] = { NFT_REG_1, NFT_REG_2, NFT_REG_3, NFT_REG32_09 },
};

static int load_family(struct nftnl_rule *rule, uint8_t family)
{
	return match_meta_u8(rule, NFT_META_NFPROTO, family == 4 ? NFPROTO_IPV4 : NFPROTO_IPV6);
}

static int load_flow(struct nftnl_rule *rule, uint8_t family, enum key key, bool interval)
{
	uint32_t first = flow_registers[family].source, second = flow_registers[family].destination;
	uint32_t protocol = flow_registers[family].protocol;
	bool forth = key != KEY_BACK;
	int r;

	r = load_family(rule, family) ?: load_address(rule, family, forth, first)
					     ?: load_address(rule, family, !forth, second)
					     ?: nft_expr_meta(rule, NFT_META_L4PROTO, protocol);
	if (r == 0 && interval)
		r = nft_expr_byteorder(rule, protocol);
	if (r < 0)
		return r;
	if (key == KEY_ICMP)
		return nft_expr_ct(rule, NFT_CT_PROTO_DST, IP_CT_DIR_ORIGINAL, flow_registers[family].port);
	return nft_expr_payload(rule, NFT_PAYLOAD_TRANSPORT_HEADER, forth ? 2 : 0, 2, flow_registers[family].port);
}

static int load_original(struct nftnl_rule *rule, uint8_t family)
{
	uint32_t source = family == 4 ? NFT_CT_SRC_IP : NFT_CT_SRC_IP6;
	uint32_t destination = family == 4 ? NFT_CT_DST_IP : NFT_CT_DST_IP6;

	return nft_expr_ct(rule, source, IP_CT_DIR_ORIGINAL, flow_registers[family].source)
		       ?: nft_expr_ct(rule, destination, IP_CT_DIR_ORIGINAL, flow_registers[family].destination)
		       ?: nft_expr_ct(rule, NFT_CT_PROTOCOL, -1, flow_registers[family].protocol)
		       ?: nft_expr_ct(rule, NFT_CT_PROTO_DST, IP_CT_DIR_ORIGINAL, flow_registers[family].port);
}

static int load_key(struct nftnl_rule *rule, const struct rule_spec *spec)
{
	switch (spec->key) {
	case KEY_NONE:
		return 0;
	case KEY_IN:
		return nft_expr_meta(rule, NFT_META_IIFNAME, NFT_REG_1);
	case KEY_OUT:
		return nft_expr_meta(rule, NFT_META_OIFNAME, NFT_REG_1);
	case KEY_IN_OUT:
		return nft_expr_meta(rule, NFT_META_IIFNAME, NFT_REG_1)
			       ?: nft_expr_meta(rule, NFT_META_OIFNAME, NFT_REG_2);
	case KEY_SOURCE:
	case KEY_DESTINATION:
		return load_family(rule, spec->family)
			       ?: load_address(rule, spec->family, spec->key == KEY_SOURCE, NFT_REG_1);
	case KEY_FORTH:
	case KEY_BACK:
	case KEY_ICMP:
		return load_flow(rule, spec->family, spec->key, strncmp(spec->set, "ranges", 6) == 0);
	case KEY_ORIGINAL:
		return load_original(rule, spec->family);
	}
	return -EINVAL;
}

static int add_end(struct nftnl_rule *rule, const struct rule_spec *spec, uint32_t mark)
{
	switch (spec->end) {
	case END_NONE:
		return 0;
	case END_GOTO:
		return nft_expr_verdict(rule, NFT_GOTO, spec->target);
	case END_JUMP:
		return nft_expr_verdict(rule, NFT_JUMP, spec->target);
	case END_RETURN:
		return nft_expr_verdict(rule, NFT_RETURN, NULL);
	case END_ACCEPT:
		return nft_expr_verdict(rule, NF_ACCEPT, NULL);
	case END_DROP:
		return nft_expr_counter(rule) ?: nft_expr_verdict(rule, NF_DROP, NULL);
	case END_MARK_ACCEPT:
		if (!mark)
			return nft_expr_verdict(rule, NF_ACCEPT, NULL);
		return nft_expr_meta(rule, NFT_META_MARK, NFT_REG_1)
			       ?: nft_expr_bitwise(rule, NFT_REG_1, ~mark, mark)
			       ?: nft_expr_meta_set(rule, NFT_META_MARK, NFT_REG_1)
			       ?: nft_expr_verdict(rule, NF_ACCEPT, NULL);
	}
	return -EINVAL;
}

static int build_rule(const struct rule_spec *spec, uint32_t mark, struct nftnl_rule **ret_rule)
{
	struct nftnl_rule *rule = nftnl_rule_alloc();
	uint8_t comment[NFT_EXPR_COMMENT_SIZE];
	int r;

	if (!rule)
		return -ENOMEM;
	nftnl_rule_set_u32(rule, NFTNL_RULE_FAMILY, NFPROTO_INET);
	r = nftnl_rule_set_str(rule, NFTNL_RULE_TABLE, KERNEL_TABLE) < 0 ||
			    nftnl_rule_set_str(rule, NFTNL_RULE_CHAIN, spec->chain) < 0
		    ? -ENOMEM
		    : 0;
	r = r ?: add_match(rule, spec->match) ?: load_key(rule, spec);
	if (r == 0 && spec->update)
		r = nft_expr_update(rule, NFT_REG_1, spec->set);
	else if (r == 0 && spec->set)
		r = nft_expr_lookup(rule, NFT_REG_1, spec->set, spec->except);
	r = r ?: add_end(rule, spec, mark);
	if (r == 0 && spec->comment &&
	    nftnl_rule_set_data(rule, NFTNL_RULE_USERDATA, comment, nft_expr_comment(spec->comment, comment)) < 0)
		r = -ENOMEM;
	if (r < 0) {
		nftnl_rule_free(rule);
		return r;
	}
	*ret_rule = rule;
	return 0;
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
		r = build_rule(&rule_specs[i], mark, &skeleton->rules[i]);
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
