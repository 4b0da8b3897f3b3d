/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Table inet bulkhead: who reaches whom.  tests/unit/skeleton.nft is the same in nft's own words. */
#include "nft_skeleton_tables.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#define ADDRESS4                                                                                                       \
	{                                                                                                              \
		NFT_SKELETON_IPV4                                                                                      \
	}
#define ADDRESS6                                                                                                       \
	{                                                                                                              \
		NFT_SKELETON_IPV6                                                                                      \
	}
#define PUBLISHED4                                                                                                     \
	{                                                                                                              \
		NFT_SKELETON_IPV4, NFT_SKELETON_PROTOCOL, NFT_SKELETON_SERVICE                                         \
	}
#define PUBLISHED6                                                                                                     \
	{                                                                                                              \
		NFT_SKELETON_IPV6, NFT_SKELETON_PROTOCOL, NFT_SKELETON_SERVICE                                         \
	}
#define FLOW4                                                                                                          \
	{                                                                                                              \
		NFT_SKELETON_IPV4, NFT_SKELETON_IPV4, NFT_SKELETON_PROTOCOL, NFT_SKELETON_SERVICE                      \
	}
#define FLOW6                                                                                                          \
	{                                                                                                              \
		NFT_SKELETON_IPV6, NFT_SKELETON_IPV6, NFT_SKELETON_PROTOCOL, NFT_SKELETON_SERVICE                      \
	}
#define INTERVALS (NFT_SET_INTERVAL | NFT_SET_CONCAT)

static const struct nft_skeleton_set sets[] = {
	{ "networks", { NFT_SKELETON_IFNAME, NFT_SKELETON_IFNAME }, 0, false },
	{ "bridges", { NFT_SKELETON_IFNAME }, 0, false },
	{ "foreign", { NFT_SKELETON_IFNAME }, 0, false },
	{ "routed", { NFT_SKELETON_IFNAME }, 0, false },
	{ "endpoints4", { NFT_SKELETON_IFNAME, NFT_SKELETON_IPV4 }, 0, false },
	{ "endpoints6", { NFT_SKELETON_IFNAME, NFT_SKELETON_IPV6 }, 0, false },
	{ "observed4", ADDRESS4, 0, false },
	{ "observed6", ADDRESS6, 0, false },
	{ "starting4", ADDRESS4, 0, false },
	{ "starting6", ADDRESS6, 0, false },
	{ "closed_ingress4", ADDRESS4, 0, false },
	{ "closed_ingress6", ADDRESS6, 0, false },
	{ "closed_egress4", ADDRESS4, 0, false },
	{ "closed_egress6", ADDRESS6, 0, false },
	{ "closed_host4", ADDRESS4, 0, false },
	{ "closed_host6", ADDRESS6, 0, false },
	{ "published4", PUBLISHED4, INTERVALS, false },
	{ "published6", PUBLISHED6, INTERVALS, false },
	{ "unsettled4", PUBLISHED4, INTERVALS, false },
	{ "unsettled6", PUBLISHED6, INTERVALS, false },
	{ "watched4", PUBLISHED4, INTERVALS, false },
	{ "watched6", PUBLISHED6, INTERVALS, false },
	{ "gated4", PUBLISHED4, INTERVALS, false },
	{ "gated6", PUBLISHED6, INTERVALS, false },
	{ "flows4", FLOW4, 0, true },
	{ "flows6", FLOW6, 0, true },
	{ "ranges4", FLOW4, INTERVALS, true },
	{ "ranges6", FLOW6, INTERVALS, true },
	{ "ingress4", FLOW4, INTERVALS, true },
	{ "ingress6", FLOW6, INTERVALS, true },
	{ "egress4", FLOW4, INTERVALS, true },
	{ "egress6", FLOW6, INTERVALS, true },
	{ "to_host4", FLOW4, INTERVALS, true },
	{ "to_host6", FLOW6, INTERVALS, true },
	{ "from_host4", FLOW4, INTERVALS, true },
	{ "from_host6", FLOW6, INTERVALS, true },
	{ "doors4", FLOW4, INTERVALS, true },
	{ "doors6", FLOW6, INTERVALS, true },
	{ "gates4", FLOW4, INTERVALS, true },
	{ "gates6", FLOW6, INTERVALS, true },
	{ "denied4", FLOW4, NFT_SET_TIMEOUT | NFT_SET_EVAL, true },
	{ "denied6", FLOW6, NFT_SET_TIMEOUT | NFT_SET_EVAL, true },
};

static const struct nft_skeleton_hook hooks[] = {
	{ "prerouting", NF_INET_PRE_ROUTING, -450 }, /* before fragments are put together, whoever sent which */
	{ "restored", NF_INET_PRE_ROUTING, 300 },    /* last */
	{ "forward", NF_INET_FORWARD, -10 },	     /* filter - 10: before Docker's and most others' */
	{ "input", NF_INET_LOCAL_IN, -10 },	      { "output", NF_INET_LOCAL_OUT, -10 },
	{ "postrouting", NF_INET_POST_ROUTING, 300 }, /* last: nobody's rule for marks comes after it */
};

static const struct nft_rule rules[] = {
#define RULE(chain_name, nft_text, ...)                                                                                \
	{                                                                                                              \
		.chain = chain_name, .text = nft_text, __VA_ARGS__                                                     \
	}
	/* Before conntrack and everybody's own rules for marks.  What the layer-2 guard has looked at carries the bit,
	 * which ends here: it says something else further on. */
	RULE("prerouting", "meta mark & MARK == MARK goto known", .needs = NFT_RULE_NEEDS_MARK,
	     .match = NFT_RULE_MATCH_MARKED, .end = NFT_RULE_END_GOTO, .target = "known",
	     .comment = "table bridge bulkhead knows the port"),
	RULE("prerouting", "iifname @bridges goto known", .needs = NFT_RULE_NEEDS_NO_MARK, .key = NFT_RULE_KEY_IN,
	     .set = "bridges", .end = NFT_RULE_END_GOTO, .target = "known"),
	RULE("prerouting", "iifname @bridges goto unknown", .needs = NFT_RULE_NEEDS_MARK, .key = NFT_RULE_KEY_IN,
	     .set = "bridges", .end = NFT_RULE_END_GOTO, .target = "unknown",
	     .comment = "from no port that table bridge bulkhead knows"),
	/* A bridge hands these to the host as the port's own, and shows them to no hook of the bridge family; but
	 * 01:80:c2:00:00:00, where there is no spanning tree, to the host as the bridge's own: see `to_host`. */
	RULE("prerouting", "ether daddr & ff:ff:ff:ff:ff:f0 == 01:80:c2:00:00:00 counter drop",
	     .match = NFT_RULE_MATCH_RESERVED_MAC, .end = NFT_RULE_END_DROP,
	     .comment = "past the guard: no address for IP"),

	RULE("known", "meta mark set meta mark & ~MARK", .needs = NFT_RULE_NEEDS_MARK, .end = NFT_RULE_END_UNMARK),
	RULE("known", "ip daddr 127.0.0.0/8 iifname @bridges counter drop", .match = NFT_RULE_MATCH_TO_LOOPBACK,
	     .key = NFT_RULE_KEY_IN, .set = "bridges", .end = NFT_RULE_END_DROP,
	     .comment = "the host's loopback is the host's"),

	/* Who asks in vain for a neighbour on a bridge that is closed at boot does not ask again for seconds, once it
	   is open. */
	RULE("unknown", "icmpv6 type nd-neighbor-solicit ip6 hoplimit 255 accept", .match = NFT_RULE_MATCH_SOLICIT,
	     .end = NFT_RULE_END_ACCEPT, .comment = "address resolution"),
	RULE("unknown", "icmpv6 type nd-neighbor-advert ip6 hoplimit 255 accept", .match = NFT_RULE_MATCH_ADVERT,
	     .end = NFT_RULE_END_ACCEPT, .comment = "address resolution"),
	RULE("unknown", "counter drop", .end = NFT_RULE_END_DROP),

	/* The mark that `forward` sets may be in conntrack's memory by somebody's rule, and come back by another: the
	 * guard would take the packet for one that this table has not seen. */
	RULE("restored", "meta mark & MARK == MARK iifname @bridges meta mark set meta mark & ~MARK",
	     .needs = NFT_RULE_NEEDS_MARK, .match = NFT_RULE_MATCH_MARKED, .key = NFT_RULE_KEY_IN, .set = "bridges",
	     .end = NFT_RULE_END_UNMARK, .comment = "ct mark restored"),

	/* What `between` drops needs no mark, and asking once whether both ends are on one network is cheaper than
	 * twice.  From one network into another there is none: Docker's isolation stays. */
	RULE("forward", "iifname . oifname @networks meta mark set meta mark | MARK goto between",
	     .key = NFT_RULE_KEY_IN_OUT, .set = "networks", .end = NFT_RULE_END_MARK_GOTO, .target = "between",
	     .comment = "both ends on one managed network; the mark passes Docker's own drop"),
	RULE("forward", "iifname @bridges goto leaving", .key = NFT_RULE_KEY_IN, .set = "bridges",
	     .end = NFT_RULE_END_GOTO, .target = "leaving"),
	RULE("forward", "oifname @bridges goto arriving", .key = NFT_RULE_KEY_OUT, .set = "bridges",
	     .end = NFT_RULE_END_GOTO, .target = "arriving"),
	RULE("forward", "iifname \"br-*\" iifname != @foreign goto leaving", .match = NFT_RULE_MATCH_FROM_BR,
	     .key = NFT_RULE_KEY_IN, .set = "foreign", .except = true, .end = NFT_RULE_END_GOTO, .target = "leaving",
	     .comment = "a network that bulkhead has not met yet"),

	RULE("between", "meta l4proto icmp goto control", .match = NFT_RULE_MATCH_ICMP, .end = NFT_RULE_END_GOTO,
	     .target = "control"),
	RULE("between", "meta l4proto ipv6-icmp goto control6", .match = NFT_RULE_MATCH_ICMPV6,
	     .end = NFT_RULE_END_GOTO, .target = "control6"),
	RULE("between", "ct direction reply goto replies", .match = NFT_RULE_MATCH_REPLY, .end = NFT_RULE_END_GOTO,
	     .target = "replies"),
	RULE("between", "ip saddr . ip daddr . meta l4proto . th dport @flows4 accept", .key = NFT_RULE_KEY_FORTH,
	     .family = 4, .set = "flows4", .end = NFT_RULE_END_ACCEPT),
	RULE("between", "ip6 saddr . ip6 daddr . meta l4proto . th dport @flows6 accept", .key = NFT_RULE_KEY_FORTH,
	     .family = 6, .set = "flows6", .end = NFT_RULE_END_ACCEPT),
	RULE("between", "ip saddr . ip daddr . meta l4proto . th dport @ranges4 accept", .key = NFT_RULE_KEY_FORTH,
	     .family = 4, .set = "ranges4", .end = NFT_RULE_END_ACCEPT),
	RULE("between", "ip6 saddr . ip6 daddr . meta l4proto . th dport @ranges6 accept", .key = NFT_RULE_KEY_FORTH,
	     .family = 6, .set = "ranges6", .end = NFT_RULE_END_ACCEPT),
	RULE("between", "goto deny", .end = NFT_RULE_END_GOTO, .target = "deny"),

	RULE("replies", "ip daddr . ip saddr . meta l4proto . th sport @flows4 accept", .key = NFT_RULE_KEY_BACK,
	     .family = 4, .set = "flows4", .end = NFT_RULE_END_ACCEPT),
	RULE("replies", "ip6 daddr . ip6 saddr . meta l4proto . th sport @flows6 accept", .key = NFT_RULE_KEY_BACK,
	     .family = 6, .set = "flows6", .end = NFT_RULE_END_ACCEPT),
	RULE("replies", "ip daddr . ip saddr . meta l4proto . th sport @ranges4 accept", .key = NFT_RULE_KEY_BACK,
	     .family = 4, .set = "ranges4", .end = NFT_RULE_END_ACCEPT),
	RULE("replies", "ip6 daddr . ip6 saddr . meta l4proto . th sport @ranges6 accept", .key = NFT_RULE_KEY_BACK,
	     .family = 6, .set = "ranges6", .end = NFT_RULE_END_ACCEPT),
	RULE("replies", "goto deny", .end = NFT_RULE_END_GOTO, .target = "deny"),

	RULE("control6", "icmpv6 type nd-neighbor-solicit ip6 hoplimit 255 accept", .match = NFT_RULE_MATCH_SOLICIT,
	     .end = NFT_RULE_END_ACCEPT, .comment = "address resolution"),
	RULE("control6", "icmpv6 type nd-neighbor-advert ip6 hoplimit 255 accept", .match = NFT_RULE_MATCH_ADVERT,
	     .end = NFT_RULE_END_ACCEPT, .comment = "address resolution"),
	RULE("control6", "goto control", .end = NFT_RULE_END_GOTO, .target = "control"),

	/* Conntrack gives an ICMP error to the connection that it is about, so an echo, and errors about any declared
	 * connection, are looked up alike; its addresses are the packet's own, so that nobody else can send an error
	 * about it.  Not `th dport`: of ICMP that is the checksum, which the sender chooses. */
	RULE("control", "ct status dnat goto control_nat", .match = NFT_RULE_MATCH_DNAT, .end = NFT_RULE_END_GOTO,
	     .target = "control_nat",
	     .comment = "through a published port: what conntrack calls the port is the host's"),
	RULE("control", "ct direction reply goto control_replies", .match = NFT_RULE_MATCH_REPLY,
	     .end = NFT_RULE_END_GOTO, .target = "control_replies"),
	RULE("control", "meta l4proto icmp ip saddr . ip daddr . ct protocol . ct original proto-dst @flows4 accept",
	     .match = NFT_RULE_MATCH_ICMP, .key = NFT_RULE_KEY_CONTROL_FORTH, .family = 4, .set = "flows4",
	     .end = NFT_RULE_END_ACCEPT, .comment = "echo, and errors about a declared connection"),
	RULE("control",
	     "meta l4proto ipv6-icmp ip6 saddr . ip6 daddr . ct protocol . ct original proto-dst @flows6 accept",
	     .match = NFT_RULE_MATCH_ICMPV6, .key = NFT_RULE_KEY_CONTROL_FORTH, .family = 6, .set = "flows6",
	     .end = NFT_RULE_END_ACCEPT),
	RULE("control", "meta l4proto icmp ip saddr . ip daddr . ct protocol . ct original proto-dst @ranges4 accept",
	     .match = NFT_RULE_MATCH_ICMP, .key = NFT_RULE_KEY_CONTROL_FORTH, .family = 4, .set = "ranges4",
	     .end = NFT_RULE_END_ACCEPT),
	RULE("control",
	     "meta l4proto ipv6-icmp ip6 saddr . ip6 daddr . ct protocol . ct original proto-dst @ranges6 accept",
	     .match = NFT_RULE_MATCH_ICMPV6, .key = NFT_RULE_KEY_CONTROL_FORTH, .family = 6, .set = "ranges6",
	     .end = NFT_RULE_END_ACCEPT),
	RULE("control", "goto deny", .end = NFT_RULE_END_GOTO, .target = "deny"),

	RULE("control_replies",
	     "meta l4proto icmp ip daddr . ip saddr . ct protocol . ct original proto-dst @flows4 accept",
	     .match = NFT_RULE_MATCH_ICMP, .key = NFT_RULE_KEY_CONTROL_BACK, .family = 4, .set = "flows4",
	     .end = NFT_RULE_END_ACCEPT),
	RULE("control_replies",
	     "meta l4proto ipv6-icmp ip6 daddr . ip6 saddr . ct protocol . ct original proto-dst @flows6 accept",
	     .match = NFT_RULE_MATCH_ICMPV6, .key = NFT_RULE_KEY_CONTROL_BACK, .family = 6, .set = "flows6",
	     .end = NFT_RULE_END_ACCEPT),
	RULE("control_replies",
	     "meta l4proto icmp ip daddr . ip saddr . ct protocol . ct original proto-dst @ranges4 accept",
	     .match = NFT_RULE_MATCH_ICMP, .key = NFT_RULE_KEY_CONTROL_BACK, .family = 4, .set = "ranges4",
	     .end = NFT_RULE_END_ACCEPT),
	RULE("control_replies",
	     "meta l4proto ipv6-icmp ip6 daddr . ip6 saddr . ct protocol . ct original proto-dst @ranges6 accept",
	     .match = NFT_RULE_MATCH_ICMPV6, .key = NFT_RULE_KEY_CONTROL_BACK, .family = 6, .set = "ranges6",
	     .end = NFT_RULE_END_ACCEPT),
	RULE("control_replies", "goto deny", .end = NFT_RULE_END_GOTO, .target = "deny"),

	RULE("control_nat", "ct direction reply goto control_nat_replies", .match = NFT_RULE_MATCH_REPLY,
	     .end = NFT_RULE_END_GOTO, .target = "control_nat_replies"),
	RULE("control_nat", "meta l4proto icmp ip saddr . ip daddr . ct protocol . ct reply proto-src @flows4 accept",
	     .match = NFT_RULE_MATCH_ICMP, .key = NFT_RULE_KEY_NAT_FORTH, .family = 4, .set = "flows4",
	     .end = NFT_RULE_END_ACCEPT),
	RULE("control_nat",
	     "meta l4proto ipv6-icmp ip6 saddr . ip6 daddr . ct protocol . ct reply proto-src @flows6 accept",
	     .match = NFT_RULE_MATCH_ICMPV6, .key = NFT_RULE_KEY_NAT_FORTH, .family = 6, .set = "flows6",
	     .end = NFT_RULE_END_ACCEPT),
	RULE("control_nat", "meta l4proto icmp ip saddr . ip daddr . ct protocol . ct reply proto-src @ranges4 accept",
	     .match = NFT_RULE_MATCH_ICMP, .key = NFT_RULE_KEY_NAT_FORTH, .family = 4, .set = "ranges4",
	     .end = NFT_RULE_END_ACCEPT),
	RULE("control_nat",
	     "meta l4proto ipv6-icmp ip6 saddr . ip6 daddr . ct protocol . ct reply proto-src @ranges6 accept",
	     .match = NFT_RULE_MATCH_ICMPV6, .key = NFT_RULE_KEY_NAT_FORTH, .family = 6, .set = "ranges6",
	     .end = NFT_RULE_END_ACCEPT),
	RULE("control_nat", "goto deny", .end = NFT_RULE_END_GOTO, .target = "deny"),

	RULE("control_nat_replies",
	     "meta l4proto icmp ip daddr . ip saddr . ct protocol . ct reply proto-src @flows4 accept",
	     .match = NFT_RULE_MATCH_ICMP, .key = NFT_RULE_KEY_NAT_BACK, .family = 4, .set = "flows4",
	     .end = NFT_RULE_END_ACCEPT),
	RULE("control_nat_replies",
	     "meta l4proto ipv6-icmp ip6 daddr . ip6 saddr . ct protocol . ct reply proto-src @flows6 accept",
	     .match = NFT_RULE_MATCH_ICMPV6, .key = NFT_RULE_KEY_NAT_BACK, .family = 6, .set = "flows6",
	     .end = NFT_RULE_END_ACCEPT),
	RULE("control_nat_replies",
	     "meta l4proto icmp ip daddr . ip saddr . ct protocol . ct reply proto-src @ranges4 accept",
	     .match = NFT_RULE_MATCH_ICMP, .key = NFT_RULE_KEY_NAT_BACK, .family = 4, .set = "ranges4",
	     .end = NFT_RULE_END_ACCEPT),
	RULE("control_nat_replies",
	     "meta l4proto ipv6-icmp ip6 daddr . ip6 saddr . ct protocol . ct reply proto-src @ranges6 accept",
	     .match = NFT_RULE_MATCH_ICMPV6, .key = NFT_RULE_KEY_NAT_BACK, .family = 6, .set = "ranges6",
	     .end = NFT_RULE_END_ACCEPT),
	RULE("control_nat_replies", "goto deny", .end = NFT_RULE_END_GOTO, .target = "deny"),

	RULE("deny", "ct direction reply ip saddr @observed4 accept", .match = NFT_RULE_MATCH_REPLY,
	     .key = NFT_RULE_KEY_SOURCE, .family = 4, .set = "observed4", .end = NFT_RULE_END_ACCEPT),
	RULE("deny", "ct direction reply ip6 saddr @observed6 accept", .match = NFT_RULE_MATCH_REPLY,
	     .key = NFT_RULE_KEY_SOURCE, .family = 6, .set = "observed6", .end = NFT_RULE_END_ACCEPT),
	RULE("deny", "jump record", .end = NFT_RULE_END_JUMP, .target = "record"),
	RULE("deny", "ip daddr @observed4 accept", .key = NFT_RULE_KEY_DESTINATION, .family = 4, .set = "observed4",
	     .end = NFT_RULE_END_ACCEPT, .comment = "mode observe: recorded and let through"),
	RULE("deny", "ip6 daddr @observed6 accept", .key = NFT_RULE_KEY_DESTINATION, .family = 6, .set = "observed6",
	     .end = NFT_RULE_END_ACCEPT),
	RULE("deny", "counter drop", .end = NFT_RULE_END_DROP, .comment = "not declared"),

	/* The boundary: from a container to the world, … */
	/* Only bridged packets have this hop limit where they are forwarded, so no network is left.  On a bridge that
	 * is closed at boot, address resolution has to pass Docker's own drop as well. */
	RULE("leaving", "icmpv6 type nd-neighbor-solicit ip6 hoplimit 255 meta mark set meta mark | MARK accept",
	     .match = NFT_RULE_MATCH_SOLICIT, .end = NFT_RULE_END_MARK_ACCEPT, .comment = "address resolution"),
	RULE("leaving", "icmpv6 type nd-neighbor-advert ip6 hoplimit 255 meta mark set meta mark | MARK accept",
	     .match = NFT_RULE_MATCH_ADVERT, .end = NFT_RULE_END_MARK_ACCEPT, .comment = "address resolution"),
	RULE("leaving", "oifname @bridges goto between", .key = NFT_RULE_KEY_OUT, .set = "bridges",
	     .end = NFT_RULE_END_GOTO, .target = "between", .comment = "from one network into another"),
	RULE("leaving", "oifname \"br-*\" oifname != @foreign goto between", .match = NFT_RULE_MATCH_TO_BR,
	     .key = NFT_RULE_KEY_OUT, .set = "foreign", .except = true, .end = NFT_RULE_END_GOTO, .target = "between"),
	RULE("leaving", "ct direction reply goto answers", .match = NFT_RULE_MATCH_REPLY, .end = NFT_RULE_END_GOTO,
	     .target = "answers"),
	RULE("leaving", "ip saddr @closed_egress4 goto egress", .key = NFT_RULE_KEY_SOURCE, .family = 4,
	     .set = "closed_egress4", .end = NFT_RULE_END_GOTO, .target = "egress",
	     .comment = "boundary: egress declared"),
	RULE("leaving", "ip6 saddr @closed_egress6 goto egress", .key = NFT_RULE_KEY_SOURCE, .family = 6,
	     .set = "closed_egress6", .end = NFT_RULE_END_GOTO, .target = "egress"),

	RULE("egress", "meta l4proto icmp goto egress_control", .match = NFT_RULE_MATCH_ICMP, .end = NFT_RULE_END_GOTO,
	     .target = "egress_control"),
	RULE("egress", "meta l4proto ipv6-icmp goto egress_control", .match = NFT_RULE_MATCH_ICMPV6,
	     .end = NFT_RULE_END_GOTO, .target = "egress_control"),
	RULE("egress", "ip saddr . ip daddr . meta l4proto . th dport @egress4 accept", .key = NFT_RULE_KEY_FORTH,
	     .family = 4, .set = "egress4", .end = NFT_RULE_END_ACCEPT),
	RULE("egress", "ip6 saddr . ip6 daddr . meta l4proto . th dport @egress6 accept", .key = NFT_RULE_KEY_FORTH,
	     .family = 6, .set = "egress6", .end = NFT_RULE_END_ACCEPT),
	RULE("egress", "goto deny_out", .end = NFT_RULE_END_GOTO, .target = "deny_out"),

	RULE("egress_control",
	     "meta l4proto icmp ip saddr . ip daddr . ct protocol . ct reply proto-src @egress4 accept",
	     .match = NFT_RULE_MATCH_ICMP, .key = NFT_RULE_KEY_NAT_FORTH, .family = 4, .set = "egress4",
	     .end = NFT_RULE_END_ACCEPT, .comment = "errors about a declared connection, by an end of it"),
	RULE("egress_control",
	     "meta l4proto ipv6-icmp ip6 saddr . ip6 daddr . ct protocol . ct reply proto-src @egress6 accept",
	     .match = NFT_RULE_MATCH_ICMPV6, .key = NFT_RULE_KEY_NAT_FORTH, .family = 6, .set = "egress6",
	     .end = NFT_RULE_END_ACCEPT),
	RULE("egress_control",
	     "meta l4proto icmp ip saddr . ip daddr . meta l4proto . ct original proto-dst @egress4 accept",
	     .match = NFT_RULE_MATCH_ICMP, .key = NFT_RULE_KEY_ICMP, .family = 4, .set = "egress4",
	     .end = NFT_RULE_END_ACCEPT),
	RULE("egress_control",
	     "meta l4proto ipv6-icmp ip6 saddr . ip6 daddr . meta l4proto . ct original proto-dst @egress6 accept",
	     .match = NFT_RULE_MATCH_ICMPV6, .key = NFT_RULE_KEY_ICMP, .family = 6, .set = "egress6",
	     .end = NFT_RULE_END_ACCEPT),
	RULE("egress_control", "goto deny_out", .end = NFT_RULE_END_GOTO, .target = "deny_out"),

	RULE("deny_out", "jump record", .end = NFT_RULE_END_JUMP, .target = "record"),
	RULE("deny_out", "ip saddr @observed4 accept", .key = NFT_RULE_KEY_SOURCE, .family = 4, .set = "observed4",
	     .end = NFT_RULE_END_ACCEPT, .comment = "mode observe: recorded and let through"),
	RULE("deny_out", "ip6 saddr @observed6 accept", .key = NFT_RULE_KEY_SOURCE, .family = 6, .set = "observed6",
	     .end = NFT_RULE_END_ACCEPT),
	RULE("deny_out", "counter drop", .end = NFT_RULE_END_DROP, .comment = "not declared"),

	RULE("answers", "ip saddr @closed_ingress4 goto answers_out", .key = NFT_RULE_KEY_SOURCE, .family = 4,
	     .set = "closed_ingress4", .end = NFT_RULE_END_GOTO, .target = "answers_out"),
	RULE("answers", "ip6 saddr @closed_ingress6 goto answers_out", .key = NFT_RULE_KEY_SOURCE, .family = 6,
	     .set = "closed_ingress6", .end = NFT_RULE_END_GOTO, .target = "answers_out"),

	RULE("answers_out", "meta l4proto icmp goto answers_control", .match = NFT_RULE_MATCH_ICMP,
	     .end = NFT_RULE_END_GOTO, .target = "answers_control"),
	RULE("answers_out", "meta l4proto ipv6-icmp goto answers_control", .match = NFT_RULE_MATCH_ICMPV6,
	     .end = NFT_RULE_END_GOTO, .target = "answers_control"),
	RULE("answers_out", "ip daddr . ip saddr . meta l4proto . th sport @ingress4 accept", .key = NFT_RULE_KEY_BACK,
	     .family = 4, .set = "ingress4", .end = NFT_RULE_END_ACCEPT),
	RULE("answers_out", "ip6 daddr . ip6 saddr . meta l4proto . th sport @ingress6 accept",
	     .key = NFT_RULE_KEY_BACK, .family = 6, .set = "ingress6", .end = NFT_RULE_END_ACCEPT),
	RULE("answers_out", "goto deny_out", .end = NFT_RULE_END_GOTO, .target = "deny_out"),

	RULE("answers_control",
	     "meta l4proto icmp ip daddr . ip saddr . ct protocol . ct reply proto-src @ingress4 accept",
	     .match = NFT_RULE_MATCH_ICMP, .key = NFT_RULE_KEY_NAT_BACK, .family = 4, .set = "ingress4",
	     .end = NFT_RULE_END_ACCEPT, .comment = "errors about a declared connection, by an end of it"),
	RULE("answers_control",
	     "meta l4proto ipv6-icmp ip6 daddr . ip6 saddr . ct protocol . ct reply proto-src @ingress6 accept",
	     .match = NFT_RULE_MATCH_ICMPV6, .key = NFT_RULE_KEY_NAT_BACK, .family = 6, .set = "ingress6",
	     .end = NFT_RULE_END_ACCEPT),
	RULE("answers_control",
	     "meta l4proto icmp ip daddr . ip saddr . meta l4proto . ct original proto-dst @ingress4 accept",
	     .match = NFT_RULE_MATCH_ICMP, .key = NFT_RULE_KEY_ICMP_BACK, .family = 4, .set = "ingress4",
	     .end = NFT_RULE_END_ACCEPT),
	RULE("answers_control",
	     "meta l4proto ipv6-icmp ip6 daddr . ip6 saddr . meta l4proto . ct original proto-dst @ingress6 accept",
	     .match = NFT_RULE_MATCH_ICMPV6, .key = NFT_RULE_KEY_ICMP_BACK, .family = 6, .set = "ingress6",
	     .end = NFT_RULE_END_ACCEPT),
	RULE("answers_control", "goto deny_out", .end = NFT_RULE_END_GOTO, .target = "deny_out"),

	/* … from the world to a container, … */
	RULE("arriving", "ct direction reply goto returns", .match = NFT_RULE_MATCH_REPLY, .end = NFT_RULE_END_GOTO,
	     .target = "returns"),
	RULE("arriving", "ip daddr @closed_ingress4 goto ingress", .key = NFT_RULE_KEY_DESTINATION, .family = 4,
	     .set = "closed_ingress4", .end = NFT_RULE_END_GOTO, .target = "ingress",
	     .comment = "boundary: ingress declared"),
	RULE("arriving", "ip6 daddr @closed_ingress6 goto ingress", .key = NFT_RULE_KEY_DESTINATION, .family = 6,
	     .set = "closed_ingress6", .end = NFT_RULE_END_GOTO, .target = "ingress"),

	RULE("ingress", "meta l4proto icmp goto ingress_control", .match = NFT_RULE_MATCH_ICMP,
	     .end = NFT_RULE_END_GOTO, .target = "ingress_control"),
	RULE("ingress", "meta l4proto ipv6-icmp goto ingress_control", .match = NFT_RULE_MATCH_ICMPV6,
	     .end = NFT_RULE_END_GOTO, .target = "ingress_control"),
	RULE("ingress", "ip saddr . ip daddr . meta l4proto . th dport @ingress4 accept", .key = NFT_RULE_KEY_FORTH,
	     .family = 4, .set = "ingress4", .end = NFT_RULE_END_ACCEPT),
	RULE("ingress", "ip6 saddr . ip6 daddr . meta l4proto . th dport @ingress6 accept", .key = NFT_RULE_KEY_FORTH,
	     .family = 6, .set = "ingress6", .end = NFT_RULE_END_ACCEPT),
	RULE("ingress", "goto deny_in", .end = NFT_RULE_END_GOTO, .target = "deny_in"),

	RULE("ingress_control", "ct state related accept", .match = NFT_RULE_MATCH_RELATED, .end = NFT_RULE_END_ACCEPT,
	     .comment = "errors about a connection"),
	RULE("ingress_control",
	     "meta l4proto icmp ip saddr . ip daddr . meta l4proto . ct original proto-dst @ingress4 accept",
	     .match = NFT_RULE_MATCH_ICMP, .key = NFT_RULE_KEY_ICMP, .family = 4, .set = "ingress4",
	     .end = NFT_RULE_END_ACCEPT),
	RULE("ingress_control",
	     "meta l4proto ipv6-icmp ip6 saddr . ip6 daddr . meta l4proto . ct original proto-dst @ingress6 accept",
	     .match = NFT_RULE_MATCH_ICMPV6, .key = NFT_RULE_KEY_ICMP, .family = 6, .set = "ingress6",
	     .end = NFT_RULE_END_ACCEPT),
	RULE("ingress_control", "goto deny_in", .end = NFT_RULE_END_GOTO, .target = "deny_in"),

	RULE("deny_in", "jump record", .end = NFT_RULE_END_JUMP, .target = "record"),
	RULE("deny_in", "ip daddr @observed4 accept", .key = NFT_RULE_KEY_DESTINATION, .family = 4, .set = "observed4",
	     .end = NFT_RULE_END_ACCEPT, .comment = "mode observe: recorded and let through"),
	RULE("deny_in", "ip6 daddr @observed6 accept", .key = NFT_RULE_KEY_DESTINATION, .family = 6, .set = "observed6",
	     .end = NFT_RULE_END_ACCEPT),
	RULE("deny_in", "counter drop", .end = NFT_RULE_END_DROP, .comment = "not declared"),

	RULE("returns", "ip daddr @closed_egress4 goto returns_in", .key = NFT_RULE_KEY_DESTINATION, .family = 4,
	     .set = "closed_egress4", .end = NFT_RULE_END_GOTO, .target = "returns_in"),
	RULE("returns", "ip6 daddr @closed_egress6 goto returns_in", .key = NFT_RULE_KEY_DESTINATION, .family = 6,
	     .set = "closed_egress6", .end = NFT_RULE_END_GOTO, .target = "returns_in"),

	RULE("returns_in", "meta l4proto icmp goto returns_control", .match = NFT_RULE_MATCH_ICMP,
	     .end = NFT_RULE_END_GOTO, .target = "returns_control"),
	RULE("returns_in", "meta l4proto ipv6-icmp goto returns_control", .match = NFT_RULE_MATCH_ICMPV6,
	     .end = NFT_RULE_END_GOTO, .target = "returns_control"),
	RULE("returns_in", "ip daddr . ip saddr . meta l4proto . th sport @egress4 accept", .key = NFT_RULE_KEY_BACK,
	     .family = 4, .set = "egress4", .end = NFT_RULE_END_ACCEPT),
	RULE("returns_in", "ip6 daddr . ip6 saddr . meta l4proto . th sport @egress6 accept", .key = NFT_RULE_KEY_BACK,
	     .family = 6, .set = "egress6", .end = NFT_RULE_END_ACCEPT),
	RULE("returns_in", "goto deny_in", .end = NFT_RULE_END_GOTO, .target = "deny_in"),

	RULE("returns_control", "ct state related accept", .match = NFT_RULE_MATCH_RELATED, .end = NFT_RULE_END_ACCEPT,
	     .comment = "errors about a connection"),
	RULE("returns_control",
	     "meta l4proto icmp ip daddr . ip saddr . meta l4proto . ct original proto-dst @egress4 accept",
	     .match = NFT_RULE_MATCH_ICMP, .key = NFT_RULE_KEY_ICMP_BACK, .family = 4, .set = "egress4",
	     .end = NFT_RULE_END_ACCEPT),
	RULE("returns_control",
	     "meta l4proto ipv6-icmp ip6 daddr . ip6 saddr . meta l4proto . ct original proto-dst @egress6 accept",
	     .match = NFT_RULE_MATCH_ICMPV6, .key = NFT_RULE_KEY_ICMP_BACK, .family = 6, .set = "egress6",
	     .end = NFT_RULE_END_ACCEPT),
	RULE("returns_control", "goto deny_in", .end = NFT_RULE_END_GOTO, .target = "deny_in"),

	/* … from a container to the host itself, and from anybody to what the host publishes for a container, … */
	RULE("input", "iifname @bridges goto to_host", .key = NFT_RULE_KEY_IN, .set = "bridges",
	     .end = NFT_RULE_END_GOTO, .target = "to_host"),
	RULE("input", "iifname \"br-*\" iifname != @foreign goto to_host", .match = NFT_RULE_MATCH_FROM_BR,
	     .key = NFT_RULE_KEY_IN, .set = "foreign", .except = true, .end = NFT_RULE_END_GOTO, .target = "to_host",
	     .comment = "a network that bulkhead has not met yet"),
	RULE("input", "iifname \"lo\" accept", .match = NFT_RULE_MATCH_FROM_LO, .end = NFT_RULE_END_ACCEPT),
	RULE("input", "ip daddr . meta l4proto . th dport @gated4 goto gates", .key = NFT_RULE_KEY_PUBLISHED,
	     .family = 4, .set = "gated4", .end = NFT_RULE_END_GOTO, .target = "gates",
	     .comment = "published by a container whose ingress is declared"),
	RULE("input", "ip6 daddr . meta l4proto . th dport @gated6 goto gates", .key = NFT_RULE_KEY_PUBLISHED,
	     .family = 6, .set = "gated6", .end = NFT_RULE_END_GOTO, .target = "gates"),

	RULE("to_host", "ether daddr & ff:ff:ff:ff:ff:f0 == 01:80:c2:00:00:00 counter drop",
	     .match = NFT_RULE_MATCH_RESERVED_MAC, .end = NFT_RULE_END_DROP, .comment = "no address for IP"),
	RULE("to_host", "icmpv6 type nd-neighbor-solicit ip6 hoplimit 255 accept", .match = NFT_RULE_MATCH_SOLICIT,
	     .end = NFT_RULE_END_ACCEPT, .comment = "address resolution"),
	RULE("to_host", "icmpv6 type nd-neighbor-advert ip6 hoplimit 255 accept", .match = NFT_RULE_MATCH_ADVERT,
	     .end = NFT_RULE_END_ACCEPT, .comment = "address resolution"),
	RULE("to_host", "ip daddr . meta l4proto . th dport @published4 goto doors", .key = NFT_RULE_KEY_PUBLISHED,
	     .family = 4, .set = "published4", .end = NFT_RULE_END_GOTO, .target = "doors",
	     .comment = "who reaches a published port reaches its container"),
	RULE("to_host", "ip6 daddr . meta l4proto . th dport @published6 goto doors", .key = NFT_RULE_KEY_PUBLISHED,
	     .family = 6, .set = "published6", .end = NFT_RULE_END_GOTO, .target = "doors"),
	/* Behind published ports: an answer that docker-proxy sent from another address than it was asked at makes what
	 * comes next from there look like an answer. */
	RULE("to_host", "ct direction reply accept", .match = NFT_RULE_MATCH_REPLY, .end = NFT_RULE_END_ACCEPT,
	     .comment = "answers to the host"),
	/* Behind the answers to the host's own connections, which come from the ports that the engine chooses from. */
	RULE("to_host", "ip daddr . meta l4proto . th dport @unsettled4 goto deny_published",
	     .key = NFT_RULE_KEY_PUBLISHED, .family = 4, .set = "unsettled4", .end = NFT_RULE_END_GOTO,
	     .target = "deny_published", .comment = "the engine is choosing a port for a container"),
	RULE("to_host", "ip6 daddr . meta l4proto . th dport @unsettled6 goto deny_published",
	     .key = NFT_RULE_KEY_PUBLISHED, .family = 6, .set = "unsettled6", .end = NFT_RULE_END_GOTO,
	     .target = "deny_published"),
	RULE("to_host", "ip saddr @closed_host4 goto to_host_only", .key = NFT_RULE_KEY_SOURCE, .family = 4,
	     .set = "closed_host4", .end = NFT_RULE_END_GOTO, .target = "to_host_only",
	     .comment = "boundary: host declared"),
	RULE("to_host", "ip6 saddr @closed_host6 goto to_host_only", .key = NFT_RULE_KEY_SOURCE, .family = 6,
	     .set = "closed_host6", .end = NFT_RULE_END_GOTO, .target = "to_host_only"),

	RULE("to_host_only", "meta l4proto icmp goto to_host_control", .match = NFT_RULE_MATCH_ICMP,
	     .end = NFT_RULE_END_GOTO, .target = "to_host_control"),
	RULE("to_host_only", "meta l4proto ipv6-icmp goto to_host_control", .match = NFT_RULE_MATCH_ICMPV6,
	     .end = NFT_RULE_END_GOTO, .target = "to_host_control"),
	RULE("to_host_only", "ip saddr . ip daddr . meta l4proto . th dport @to_host4 accept",
	     .key = NFT_RULE_KEY_FORTH, .family = 4, .set = "to_host4", .end = NFT_RULE_END_ACCEPT),
	RULE("to_host_only", "ip6 saddr . ip6 daddr . meta l4proto . th dport @to_host6 accept",
	     .key = NFT_RULE_KEY_FORTH, .family = 6, .set = "to_host6", .end = NFT_RULE_END_ACCEPT),
	RULE("to_host_only", "goto deny_out", .end = NFT_RULE_END_GOTO, .target = "deny_out"),

	RULE("to_host_control",
	     "meta l4proto icmp ip saddr . ip daddr . ct protocol . ct reply proto-src @to_host4 accept",
	     .match = NFT_RULE_MATCH_ICMP, .key = NFT_RULE_KEY_NAT_FORTH, .family = 4, .set = "to_host4",
	     .end = NFT_RULE_END_ACCEPT, .comment = "errors about a declared connection, by an end of it"),
	RULE("to_host_control",
	     "meta l4proto ipv6-icmp ip6 saddr . ip6 daddr . ct protocol . ct reply proto-src @to_host6 accept",
	     .match = NFT_RULE_MATCH_ICMPV6, .key = NFT_RULE_KEY_NAT_FORTH, .family = 6, .set = "to_host6",
	     .end = NFT_RULE_END_ACCEPT),
	RULE("to_host_control",
	     "meta l4proto icmp ip saddr . ip daddr . meta l4proto . ct original proto-dst @to_host4 accept",
	     .match = NFT_RULE_MATCH_ICMP, .key = NFT_RULE_KEY_ICMP, .family = 4, .set = "to_host4",
	     .end = NFT_RULE_END_ACCEPT),
	RULE("to_host_control",
	     "meta l4proto ipv6-icmp ip6 saddr . ip6 daddr . meta l4proto . ct original proto-dst @to_host6 accept",
	     .match = NFT_RULE_MATCH_ICMPV6, .key = NFT_RULE_KEY_ICMP, .family = 6, .set = "to_host6",
	     .end = NFT_RULE_END_ACCEPT),
	RULE("to_host_control", "goto deny_out", .end = NFT_RULE_END_GOTO, .target = "deny_out"),

	RULE("doors", "ip saddr . ip daddr . meta l4proto . th dport @doors4 accept", .key = NFT_RULE_KEY_FORTH,
	     .family = 4, .set = "doors4", .end = NFT_RULE_END_ACCEPT),
	RULE("doors", "ip6 saddr . ip6 daddr . meta l4proto . th dport @doors6 accept", .key = NFT_RULE_KEY_FORTH,
	     .family = 6, .set = "doors6", .end = NFT_RULE_END_ACCEPT),
	RULE("doors", "goto deny_published", .end = NFT_RULE_END_GOTO, .target = "deny_published"),

	RULE("gates", "ip saddr . ip daddr . meta l4proto . th dport @gates4 accept", .key = NFT_RULE_KEY_FORTH,
	     .family = 4, .set = "gates4", .end = NFT_RULE_END_ACCEPT),
	RULE("gates", "ip6 saddr . ip6 daddr . meta l4proto . th dport @gates6 accept", .key = NFT_RULE_KEY_FORTH,
	     .family = 6, .set = "gates6", .end = NFT_RULE_END_ACCEPT),
	RULE("gates", "goto deny_published", .end = NFT_RULE_END_GOTO, .target = "deny_published"),

	RULE("deny_published", "jump record", .end = NFT_RULE_END_JUMP, .target = "record"),
	RULE("deny_published", "ip daddr . meta l4proto . th dport @watched4 accept", .key = NFT_RULE_KEY_PUBLISHED,
	     .family = 4, .set = "watched4", .end = NFT_RULE_END_ACCEPT,
	     .comment = "mode observe: recorded and let through"),
	RULE("deny_published", "ip6 daddr . meta l4proto . th dport @watched6 accept", .key = NFT_RULE_KEY_PUBLISHED,
	     .family = 6, .set = "watched6", .end = NFT_RULE_END_ACCEPT),
	RULE("deny_published", "counter drop", .end = NFT_RULE_END_DROP, .comment = "not declared"),

	/* … and from the host, which is also how docker-proxy reaches a container. */
	RULE("output", "oifname @bridges goto from_host", .key = NFT_RULE_KEY_OUT, .set = "bridges",
	     .end = NFT_RULE_END_GOTO, .target = "from_host"),
	/* The engine has redirected it, to a container or to anybody: where it leaves is decided anew after this hook.
	 */
	RULE("output", "ct status dnat goto to_endpoint", .match = NFT_RULE_MATCH_DNAT, .end = NFT_RULE_END_GOTO,
	     .target = "to_endpoint", .comment = "the host, by a published port of its own"),

	RULE("from_host", "icmpv6 type nd-neighbor-solicit ip6 hoplimit 255 accept", .match = NFT_RULE_MATCH_SOLICIT,
	     .end = NFT_RULE_END_ACCEPT, .comment = "address resolution"),
	RULE("from_host", "icmpv6 type nd-neighbor-advert ip6 hoplimit 255 accept", .match = NFT_RULE_MATCH_ADVERT,
	     .end = NFT_RULE_END_ACCEPT, .comment = "address resolution"),
	RULE("from_host", "ct direction reply accept", .match = NFT_RULE_MATCH_REPLY, .end = NFT_RULE_END_ACCEPT,
	     .comment = "answers of the host"),
	RULE("from_host", "oifname . ip daddr @endpoints4 goto to_endpoint", .key = NFT_RULE_KEY_OUT_DESTINATION,
	     .family = 4, .set = "endpoints4", .end = NFT_RULE_END_GOTO, .target = "to_endpoint"),
	RULE("from_host", "oifname . ip6 daddr @endpoints6 goto to_endpoint", .key = NFT_RULE_KEY_OUT_DESTINATION,
	     .family = 6, .set = "endpoints6", .end = NFT_RULE_END_GOTO, .target = "to_endpoint"),
	RULE("from_host", "ip daddr 224.0.0.0/4 accept", .match = NFT_RULE_MATCH_TO_MULTICAST,
	     .end = NFT_RULE_END_ACCEPT, .comment = "the guard delivers it to nobody"),
	RULE("from_host", "ip6 daddr ff00::/8 accept", .match = NFT_RULE_MATCH_TO_MULTICAST6,
	     .end = NFT_RULE_END_ACCEPT),
	RULE("from_host", "oifname @routed accept", .key = NFT_RULE_KEY_OUT, .set = "routed",
	     .end = NFT_RULE_END_ACCEPT, .comment = "a service there routes for others"),
	RULE("from_host", "goto starting", .end = NFT_RULE_END_GOTO, .target = "starting"),

	RULE("to_endpoint", "ct direction reply accept", .match = NFT_RULE_MATCH_REPLY, .end = NFT_RULE_END_ACCEPT,
	     .comment = "answers of the host"),
	RULE("to_endpoint", "ip daddr @starting4 goto starting", .key = NFT_RULE_KEY_DESTINATION, .family = 4,
	     .set = "starting4", .end = NFT_RULE_END_GOTO, .target = "starting",
	     .comment = "what it publishes is not known yet"),
	RULE("to_endpoint", "ip6 daddr @starting6 goto starting", .key = NFT_RULE_KEY_DESTINATION, .family = 6,
	     .set = "starting6", .end = NFT_RULE_END_GOTO, .target = "starting"),
	RULE("to_endpoint", "ip daddr @closed_ingress4 goto from_host_only", .key = NFT_RULE_KEY_DESTINATION,
	     .family = 4, .set = "closed_ingress4", .end = NFT_RULE_END_GOTO, .target = "from_host_only",
	     .comment = "boundary: ingress declared"),
	RULE("to_endpoint", "ip6 daddr @closed_ingress6 goto from_host_only", .key = NFT_RULE_KEY_DESTINATION,
	     .family = 6, .set = "closed_ingress6", .end = NFT_RULE_END_GOTO, .target = "from_host_only"),

	/* docker-proxy must not try again once the container runs: whom it tries for was not asked about.  Nor may
	 * anything wait for an address to be resolved until somebody has it. */
	RULE("starting", "meta l4proto tcp counter reject with tcp reset", .match = NFT_RULE_MATCH_TCP,
	     .end = NFT_RULE_END_RESET),
	RULE("starting", "counter drop", .end = NFT_RULE_END_DROP),

	RULE("from_host_only", "meta l4proto icmp goto from_host_control", .match = NFT_RULE_MATCH_ICMP,
	     .end = NFT_RULE_END_GOTO, .target = "from_host_control"),
	RULE("from_host_only", "meta l4proto ipv6-icmp goto from_host_control", .match = NFT_RULE_MATCH_ICMPV6,
	     .end = NFT_RULE_END_GOTO, .target = "from_host_control"),
	RULE("from_host_only", "ip saddr . ip daddr . meta l4proto . th dport @from_host4 accept",
	     .key = NFT_RULE_KEY_FORTH, .family = 4, .set = "from_host4", .end = NFT_RULE_END_ACCEPT),
	RULE("from_host_only", "ip6 saddr . ip6 daddr . meta l4proto . th dport @from_host6 accept",
	     .key = NFT_RULE_KEY_FORTH, .family = 6, .set = "from_host6", .end = NFT_RULE_END_ACCEPT),
	RULE("from_host_only", "goto deny_in", .end = NFT_RULE_END_GOTO, .target = "deny_in"),

	RULE("from_host_control", "ct state related accept", .match = NFT_RULE_MATCH_RELATED,
	     .end = NFT_RULE_END_ACCEPT, .comment = "errors about a connection"),
	RULE("from_host_control",
	     "meta l4proto icmp ip saddr . ip daddr . meta l4proto . ct original proto-dst @from_host4 accept",
	     .match = NFT_RULE_MATCH_ICMP, .key = NFT_RULE_KEY_ICMP, .family = 4, .set = "from_host4",
	     .end = NFT_RULE_END_ACCEPT),
	RULE("from_host_control",
	     "meta l4proto ipv6-icmp ip6 saddr . ip6 daddr . meta l4proto . ct original proto-dst @from_host6 accept",
	     .match = NFT_RULE_MATCH_ICMPV6, .key = NFT_RULE_KEY_ICMP, .family = 6, .set = "from_host6",
	     .end = NFT_RULE_END_ACCEPT),
	RULE("from_host_control", "goto deny_in", .end = NFT_RULE_END_GOTO, .target = "deny_in"),

	/* So that the guard, which sees the port, can stop what goes to one that it does not know. */
	RULE("postrouting", "meta mark & MARK == MARK accept", .needs = NFT_RULE_NEEDS_MARK,
	     .match = NFT_RULE_MATCH_MARKED, .end = NFT_RULE_END_ACCEPT),
	RULE("postrouting", "oifname @bridges goto sending", .key = NFT_RULE_KEY_OUT, .set = "bridges",
	     .end = NFT_RULE_END_GOTO, .target = "sending"),

	RULE("sending", "icmpv6 type nd-neighbor-solicit ip6 hoplimit 255 accept", .match = NFT_RULE_MATCH_SOLICIT,
	     .end = NFT_RULE_END_ACCEPT, .comment = "address resolution"),
	RULE("sending", "icmpv6 type nd-neighbor-advert ip6 hoplimit 255 accept", .match = NFT_RULE_MATCH_ADVERT,
	     .end = NFT_RULE_END_ACCEPT, .comment = "address resolution"),
	RULE("sending", "meta mark set meta mark | MARK accept", .end = NFT_RULE_END_MARK_ACCEPT,
	     .comment = "to a known port only: see table bridge bulkhead"),

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

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const struct nft_skeleton_table nft_skeleton_inet = {
	.family = NFPROTO_INET,
	.comment = "only declared flows pass between containers; see bulkhead(8)",
	.sets = sets,
	.set_count = COUNT(sets),
	.hooks = hooks,
	.hook_count = COUNT(hooks),
	.rules = rules,
	.rule_count = COUNT(rules),
};
