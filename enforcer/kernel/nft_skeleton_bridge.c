/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Table bridge bulkhead, the layer-2 guard: what comes from a port of a managed bridge, and what goes to it, is its
 * endpoint's own.  Ports are known by name, so that no other bridge's is ever touched; one that is not known yet gets
 * no mark, and table inet bulkhead lets nothing in without it.  contrib/docs/ruleset.nft is the same in nft's own
 * words.
 */
#include "nft_skeleton_tables.h"

#include <linux/netfilter.h>
#include <linux/netfilter_bridge.h>

static const struct nft_skeleton_hook hooks[] = {
	{ "prerouting", NF_BR_PRE_ROUTING, -300 }, /* before br_netfilter, whose hooks are at 0 */
	{ "forward", NF_BR_FORWARD, -300 },
	{ "postrouting", NF_BR_POST_ROUTING, 300 },
};

static const struct nft_rule rules[] = {
#define RULE(chain_name, nft_text, ...)                                                                                \
	{                                                                                                              \
		.chain = chain_name, .text = nft_text, __VA_ARGS__                                                     \
	}
	/* Nearly every frame, so one lookup for it: nobody else's port is in the set either. */
	RULE("prerouting", "iifname . ether saddr . ip saddr @places4 goto own4", .key = NFT_RULE_KEY_SENT, .family = 4,
	     .set = "places4", .end = NFT_RULE_END_GOTO, .target = "own4"),
	RULE("prerouting", "iifname @known_ports goto sent", .key = NFT_RULE_KEY_IN, .set = "known_ports",
	     .end = NFT_RULE_END_GOTO, .target = "sent"),
	RULE("prerouting", "meta ibrname @guarded counter drop", .needs = NFT_RULE_NEEDS_IBRNAME,
	     .key = NFT_RULE_KEY_IN_BRIDGE, .set = "guarded", .end = NFT_RULE_END_DROP,
	     .comment = "a port that is not known yet"),

	/* What a tag hides is IP all the same to the lookup. */
	RULE("own4", "ether type ip meta mark set meta mark | MARK accept", .match = NFT_RULE_MATCH_ETHER_IP,
	     .end = NFT_RULE_END_MARK_ACCEPT, .comment = "table inet bulkhead lets no packet in without it"),
	RULE("own4", "counter drop", .end = NFT_RULE_END_DROP, .comment = "no tags"),

	RULE("sent", "ether type 8021q counter drop", .match = NFT_RULE_MATCH_TAG, .end = NFT_RULE_END_DROP,
	     .comment = "no tags"),
	RULE("sent", "ether type 8021ad counter drop", .match = NFT_RULE_MATCH_STAG, .end = NFT_RULE_END_DROP),
	RULE("sent",
	     "iifname . ether saddr . arp saddr ip @places4 iifname . arp saddr ether . arp saddr ip @places4 goto "
	     "checked",
	     .key = NFT_RULE_KEY_ARP_SENT, .family = 4, .set = "places4", .end = NFT_RULE_END_GOTO,
	     .target = "checked"),
	RULE("sent", "meta protocol ip6 goto sent6", .match = NFT_RULE_MATCH_IP6, .end = NFT_RULE_END_GOTO,
	     .target = "sent6"),
	RULE("sent", "iifname @unguarded goto unguarded", .key = NFT_RULE_KEY_IN, .set = "unguarded",
	     .end = NFT_RULE_END_GOTO, .target = "unguarded"),
	RULE("sent", "counter drop", .end = NFT_RULE_END_DROP, .comment = "not of the endpoint at this port"),

	RULE("sent6", "icmpv6 type nd-router-advert counter drop", .match = NFT_RULE_MATCH_ROUTER_ADVERT,
	     .end = NFT_RULE_END_DROP, .comment = "a container is no router"),
	RULE("sent6", "icmpv6 type nd-redirect counter drop", .match = NFT_RULE_MATCH_REDIRECT,
	     .end = NFT_RULE_END_DROP),
	RULE("sent6", "icmpv6 type mld-listener-query counter drop", .match = NFT_RULE_MATCH_QUERY,
	     .end = NFT_RULE_END_DROP),
	RULE("sent6", "iifname . ether saddr . ip6 saddr @places6 goto own6", .key = NFT_RULE_KEY_SENT, .family = 6,
	     .set = "places6", .end = NFT_RULE_END_GOTO, .target = "own6"),
	RULE("sent6", "iifname @unguarded goto unguarded", .key = NFT_RULE_KEY_IN, .set = "unguarded",
	     .end = NFT_RULE_END_GOTO, .target = "unguarded"),
	RULE("sent6", "counter drop", .end = NFT_RULE_END_DROP, .comment = "not of the endpoint at this port"),

	/* The sender's checksum covers the target, so an advertisement that was one of another's address is none any
	   more. */
	RULE("own6", "exthdr frag exists icmpv6 type nd-neighbor-advert counter drop",
	     .match = NFT_RULE_MATCH_ADVERT_FRAGMENT, .end = NFT_RULE_END_DROP),
	RULE("own6",
	     "icmpv6 type nd-neighbor-advert @th,64,32 set @nh,64,32 @th,96,32 set @nh,96,32 @th,128,32 set @nh,128,32 "
	     "@th,160,32 set @nh,160,32",
	     .match = NFT_RULE_MATCH_ADVERT_ANY, .end = NFT_RULE_END_OWN_TARGET,
	     .comment = "who advertises another's address than its own has advertised its own"),
	RULE("own6", "goto checked", .end = NFT_RULE_END_GOTO, .target = "checked"),

	RULE("unguarded", "exthdr frag exists icmpv6 type nd-neighbor-advert counter drop",
	     .match = NFT_RULE_MATCH_ADVERT_FRAGMENT, .end = NFT_RULE_END_DROP),
	RULE("unguarded",
	     "icmpv6 type nd-neighbor-advert @th,64,32 set @nh,64,32 @th,96,32 set @nh,96,32 @th,128,32 set @nh,128,32 "
	     "@th,160,32 set @nh,160,32",
	     .match = NFT_RULE_MATCH_ADVERT_ANY, .end = NFT_RULE_END_OWN_TARGET,
	     .comment = "who advertises another's address than its own has advertised its own"),
	RULE("unguarded", "arp saddr ip @addresses4 counter drop", .key = NFT_RULE_KEY_ARP_SENDER, .family = 4,
	     .set = "addresses4", .end = NFT_RULE_END_DROP, .comment = "another endpoint's"),
	RULE("unguarded", "ip saddr @addresses4 counter drop", .key = NFT_RULE_KEY_SOURCE, .family = 4,
	     .set = "addresses4", .end = NFT_RULE_END_DROP),
	RULE("unguarded", "ip6 saddr @addresses6 counter drop", .key = NFT_RULE_KEY_SOURCE, .family = 6,
	     .set = "addresses6", .end = NFT_RULE_END_DROP),
	RULE("unguarded", "meta protocol arp goto checked", .match = NFT_RULE_MATCH_ARP, .end = NFT_RULE_END_GOTO,
	     .target = "checked"),
	RULE("unguarded", "meta protocol ip goto checked", .match = NFT_RULE_MATCH_IP, .end = NFT_RULE_END_GOTO,
	     .target = "checked"),
	RULE("unguarded", "meta protocol ip6 goto checked", .match = NFT_RULE_MATCH_IP6, .end = NFT_RULE_END_GOTO,
	     .target = "checked"),
	RULE("unguarded", "counter drop", .end = NFT_RULE_END_DROP, .comment = "neither ARP nor IP"),

	RULE("checked", "meta mark set meta mark | MARK accept", .end = NFT_RULE_END_MARK_ACCEPT,
	     .comment = "table inet bulkhead lets no packet in without it"),

	RULE("forward", "iifname @known_ports goto forwarded", .key = NFT_RULE_KEY_IN, .set = "known_ports",
	     .end = NFT_RULE_END_GOTO, .target = "forwarded"),
	RULE("forward", "oifname @known_ports counter drop", .key = NFT_RULE_KEY_OUT, .set = "known_ports",
	     .end = NFT_RULE_END_DROP, .comment = "from a port that is not known yet"),

	/* What br_netfilter has shown to table inet bulkhead carries the mark no more. */
	RULE("forwarded", "meta mark & MARK == MARK goto marked", .needs = NFT_RULE_NEEDS_MARK,
	     .match = NFT_RULE_MATCH_MARKED, .end = NFT_RULE_END_GOTO, .target = "marked"),
	RULE("forwarded", "oifname != @known_ports counter drop", .key = NFT_RULE_KEY_OUT, .set = "known_ports",
	     .except = true, .end = NFT_RULE_END_DROP, .comment = "to a port that is not known yet"),

	RULE("marked", "meta protocol ip counter drop", .match = NFT_RULE_MATCH_IP, .end = NFT_RULE_END_DROP,
	     .comment = "br_netfilter is off: table inet bulkhead has not seen it"),
	RULE("marked", "meta protocol ip6 counter drop", .match = NFT_RULE_MATCH_IP6, .end = NFT_RULE_END_DROP),
	RULE("marked", "oifname != @known_ports counter drop", .key = NFT_RULE_KEY_OUT, .set = "known_ports",
	     .except = true, .end = NFT_RULE_END_DROP, .comment = "to a port that is not known yet"),

	RULE("postrouting", "oifname . ether daddr . ip daddr @places4 accept", .key = NFT_RULE_KEY_DELIVERED,
	     .family = 4, .set = "places4", .end = NFT_RULE_END_ACCEPT),
	RULE("postrouting", "oifname . ether daddr . ip6 daddr @places6 accept", .key = NFT_RULE_KEY_DELIVERED,
	     .family = 6, .set = "places6", .end = NFT_RULE_END_ACCEPT),
	RULE("postrouting", "oifname @known_ports goto delivered", .key = NFT_RULE_KEY_OUT, .set = "known_ports",
	     .end = NFT_RULE_END_GOTO, .target = "delivered"),
	RULE("postrouting", "icmpv6 type nd-neighbor-solicit accept", .match = NFT_RULE_MATCH_SOLICIT_ANY,
	     .end = NFT_RULE_END_ACCEPT, .comment = "address resolution"),
	RULE("postrouting", "icmpv6 type nd-neighbor-advert accept", .match = NFT_RULE_MATCH_ADVERT_ANY,
	     .end = NFT_RULE_END_ACCEPT, .comment = "address resolution"),
	RULE("postrouting", "meta mark & MARK == MARK counter drop", .needs = NFT_RULE_NEEDS_MARK,
	     .match = NFT_RULE_MATCH_MARKED, .end = NFT_RULE_END_DROP, .comment = "to a port that is not known yet"),
	RULE("postrouting", "meta obrname @guarded counter drop", .needs = NFT_RULE_NEEDS_IBRNAME,
	     .key = NFT_RULE_KEY_OUT_BRIDGE, .set = "guarded", .end = NFT_RULE_END_DROP,
	     .comment = "a port that is not known yet"),

	RULE("delivered", "ether type 8021q counter drop", .match = NFT_RULE_MATCH_TAG, .end = NFT_RULE_END_DROP,
	     .comment = "no tags"),
	RULE("delivered", "ether type 8021ad counter drop", .match = NFT_RULE_MATCH_STAG, .end = NFT_RULE_END_DROP),
	RULE("delivered", "oifname . ether daddr . arp daddr ip @places4 accept", .key = NFT_RULE_KEY_ARP_DELIVERED,
	     .family = 4, .set = "places4", .end = NFT_RULE_END_ACCEPT),
	RULE("delivered", "arp operation request ether daddr ff:ff:ff:ff:ff:ff accept",
	     .match = NFT_RULE_MATCH_ARP_BROADCAST, .end = NFT_RULE_END_ACCEPT, .comment = "address resolution"),
	RULE("delivered", "icmpv6 type nd-neighbor-solicit ip6 daddr ff02::1:ff00:0/104 accept",
	     .match = NFT_RULE_MATCH_SOLICIT_MULTICAST, .end = NFT_RULE_END_ACCEPT, .comment = "address resolution"),
	RULE("delivered", "arp operation reply ether daddr ff:ff:ff:ff:ff:ff accept",
	     .match = NFT_RULE_MATCH_ARP_ANNOUNCEMENT, .end = NFT_RULE_END_ACCEPT,
	     .comment = "an address moves: its sender was checked"),
	RULE("delivered", "icmpv6 type nd-neighbor-advert ip6 daddr ff02::1 accept",
	     .match = NFT_RULE_MATCH_ADVERT_MULTICAST, .end = NFT_RULE_END_ACCEPT),
	RULE("delivered", "oifname @unguarded goto delivered_unguarded", .key = NFT_RULE_KEY_OUT, .set = "unguarded",
	     .end = NFT_RULE_END_GOTO, .target = "delivered_unguarded"),
	RULE("delivered", "counter drop", .end = NFT_RULE_END_DROP, .comment = "not to the endpoint at this port"),

	RULE("delivered_unguarded", "ip daddr @addresses4 counter drop", .key = NFT_RULE_KEY_DESTINATION, .family = 4,
	     .set = "addresses4", .end = NFT_RULE_END_DROP),
	RULE("delivered_unguarded", "ip6 daddr @addresses6 counter drop", .key = NFT_RULE_KEY_DESTINATION, .family = 6,
	     .set = "addresses6", .end = NFT_RULE_END_DROP),
#undef RULE
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const struct nft_skeleton_table nft_skeleton_bridge = {
	.table = POLICY_TABLE_BRIDGE,
	.comment = "ports of managed bridges send and get what is their endpoint's own; see bulkhead(8)",
	.hooks = hooks,
	.hook_count = COUNT(hooks),
	.rules = rules,
	.rule_count = COUNT(rules),
};
