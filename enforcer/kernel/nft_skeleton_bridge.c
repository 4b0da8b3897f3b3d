/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Table bridge bulkhead, the layer-2 guard: what comes from a port of a managed bridge, and what goes to it, is its
 * endpoint's own.  Ports are known by name, so that no other bridge's is ever touched; one that is not known yet gets
 * no mark, and table inet bulkhead lets nothing in without it.  contrib/docs/ruleset.nft is the same in nft's own
 * words.
 */
#include "nft_skeleton_tables.h"

#include <linux/netfilter.h>
#include <linux/netfilter_bridge.h>

/* clang-format off */
static const struct nft_skeleton_chain chains[] = {
	/* Nearly every frame passes by this one lookup.  It needs no other one for the bridge: the set has ports of
	 * managed bridges alone. */
	HOOK("prerouting", NF_BR_PRE_ROUTING, -300, "all frames that come in at a bridge's port, before br_netfilter",
	     RULE("iifname . ether saddr . ip saddr @PLACES goto own4"),
	     RULE("iifname @KNOWN_PORTS goto sent"),
	     RULE("iifname @REFUSED counter drop", .comment = "its MAC was another port's first"),
	     RULE("meta ibrname @GUARDED counter drop", .comment = "a port that is not known yet",
		  .needs = NFT_RULE_NEEDS_IBRNAME)),

	/* The lookup above takes a tagged frame for IP, too; `ether type` sees the tag. */
	CHAIN("own4", "IPv4 from the port, MAC and address of its endpoint",
	      RULE("ip frag-off & 16383 != 0 jump fragments"),
	      RULE("ether type ip meta mark set meta mark | MARK accept",
		   .comment = "table inet bulkhead lets no packet in without it"),
	      RULE("counter drop", .comment = "no tags")),

	CHAIN("sent", "anything else that a known port sends",
	      RULE("ether type 8021q counter drop", .comment = "no tags"),
	      RULE("ether type 8021ad counter drop"),
	      RULE("iifname . ether saddr . arp saddr ip @PLACES iifname . arp saddr ether . arp saddr ip @PLACES "
		   "goto checked"),
	      RULE("meta protocol ip6 goto sent6"),
	      RULE("iifname @UNGUARDED goto unguarded"),
	      RULE("counter drop", .comment = "not of the endpoint at this port")),

	CHAIN("sent6", "IPv6 that a known port sends",
	      RULE("icmpv6 type nd-router-advert counter drop", .comment = "a container is no router"),
	      RULE("icmpv6 type nd-redirect counter drop"),
	      RULE("icmpv6 type mld-listener-query counter drop"),
	      RULE("iifname . ether saddr . ip6 saddr @PLACES goto own6"),
	      RULE("iifname @UNGUARDED goto unguarded"),
	      RULE("counter drop", .comment = "not of the endpoint at this port")),

	/* The guard overwrites the target of an advertisement with the packet's source.  The checksum covers the
	 * target, so an advertisement of another's address becomes one that nobody accepts. */
	CHAIN("own6", "IPv6 from the port, MAC and address of its endpoint",
	      RULE("exthdr frag exists jump fragments6"),
	      RULE("icmpv6 type nd-neighbor-advert @th,64,32 set @nh,64,32 @th,96,32 set @nh,96,32 "
		   "@th,128,32 set @nh,128,32 @th,160,32 set @nh,160,32",
		   .comment = "who advertises another's address than its own has advertised its own"),
	      RULE("goto checked")),

	CHAIN("fragments6", "fragments of IPv6 from a known port",
	      RULE("icmpv6 type nd-neighbor-advert counter drop"),
	      RULE("goto fragments")),

	/* Fragments of datagrams that never become whole stay in the host's memory, which has room for some thousand, for
	 * half a minute; without a place there, nobody's large packets pass. */
	CHAIN("fragments", "fragments from a known port: no more than it can need",
	      RULE("update @FRAGMENTS { iifname limit rate over 4000/second burst 1000 packets } counter drop")),

	CHAIN("unguarded", "from a port that may use other addresses than its endpoint's, but nobody else's",
	      RULE("ip frag-off & 16383 != 0 jump fragments"),
	      RULE("exthdr frag exists jump fragments6"),
	      RULE("icmpv6 type nd-neighbor-advert @th,64,32 set @nh,64,32 @th,96,32 set @nh,96,32 "
		   "@th,128,32 set @nh,128,32 @th,160,32 set @nh,160,32",
		   .comment = "who advertises another's address than its own has advertised its own"),
	      RULE("arp saddr ip @ADDRESSES counter drop", .comment = "another endpoint's"),
	      RULE("IP saddr @ADDRESSES counter drop"),
	      RULE("meta protocol arp goto checked"),
	      RULE("meta protocol IP goto checked"),
	      RULE("counter drop", .comment = "neither ARP nor IP")),

	CHAIN("checked", "from who it says it is",
	      RULE("meta mark set meta mark | MARK accept",
		   .comment = "table inet bulkhead lets no packet in without it")),

	HOOK("forward", NF_BR_FORWARD, -300, "all frames from port to port",
	     RULE("iifname @KNOWN_PORTS goto forwarded"),
	     RULE("oifname @KNOWN_PORTS counter drop", .comment = "from a port that is not known yet")),

	/* A packet that br_netfilter has shown to table inet bulkhead has lost the mark there. */
	CHAIN("forwarded", "from a known port to another one",
	      RULE("meta mark & MARK == MARK goto marked", .needs = NFT_RULE_NEEDS_MARK),
	      RULE("oifname != @KNOWN_PORTS counter drop", .comment = "to a port that is not known yet")),

	CHAIN("marked", "from a known port, and table inet bulkhead has not seen it",
	      RULE("meta protocol IP counter drop",
		   .comment = "br_netfilter is off: table inet bulkhead has not seen it"),
	      RULE("oifname != @KNOWN_PORTS counter drop", .comment = "to a port that is not known yet")),

	/* The bridge itself sends what the host does; and what a macvlan, a VLAN or a tap upon it does, which table inet
	 * never sees. */
	HOOK("output", NF_BR_LOCAL_OUT, -300, "all frames that a bridge itself sends, each for one of its ports",
	     RULE("meta mark & MARK == MARK ether type IP accept", .comment = "table inet bulkhead has let it out",
		  .needs = NFT_RULE_NEEDS_MARK),
	     RULE("oifname @KNOWN_PORTS goto from_bridge")),

	CHAIN("from_bridge", "from a bridge itself to a known port, and not let out by table inet bulkhead",
	      RULE("arp saddr ip @ADDRESSES counter drop", .comment = "an endpoint's"),
	      RULE("oifname . ether saddr @GATEWAYS oifname . arp saddr ether @GATEWAYS accept",
		   .comment = "the host resolves addresses"),
	      RULE("oifname . ether saddr @GATEWAYS accept", .needs = NFT_RULE_NEEDS_NO_MARK),
	      RULE("counter drop", .comment = "not the host's: another device is stacked upon the bridge")),

	HOOK("postrouting", NF_BR_POST_ROUTING, 300, "all frames that leave by a bridge's port",
	     RULE("oifname . ether daddr . IP daddr @PLACES accept"),
	     RULE("oifname @KNOWN_PORTS goto delivered"),
	     RULE("icmpv6 type nd-neighbor-solicit accept", .comment = "address resolution"),
	     RULE("icmpv6 type nd-neighbor-advert accept", .comment = "address resolution"),
	     RULE("meta mark & MARK == MARK counter drop", .comment = "to a port that is not known yet",
		  .needs = NFT_RULE_NEEDS_MARK),
	     RULE("meta obrname @GUARDED counter drop", .comment = "a port that is not known yet",
		  .needs = NFT_RULE_NEEDS_IBRNAME)),

	CHAIN("delivered", "anything else to a known port than IP for its endpoint",
	      RULE("ether type 8021q counter drop", .comment = "no tags"),
	      RULE("ether type 8021ad counter drop"),
	      RULE("oifname . ether daddr . arp daddr ip @PLACES accept"),
	      RULE("arp operation request ether daddr ff:ff:ff:ff:ff:ff accept", .comment = "address resolution"),
	      RULE("icmpv6 type nd-neighbor-solicit ip6 daddr ff02::1:ff00:0/104 accept",
		   .comment = "address resolution"),
	      RULE("arp operation reply ether daddr ff:ff:ff:ff:ff:ff accept",
		   .comment = "an address moves: its sender was checked"),
	      RULE("icmpv6 type nd-neighbor-advert ip6 daddr ff02::1 accept"),
	      RULE("oifname @UNGUARDED goto delivered_unguarded"),
	      RULE("counter drop", .comment = "not to the endpoint at this port")),

	CHAIN("delivered_unguarded", "to a port that may use other addresses than its endpoint's",
	      RULE("IP daddr @ADDRESSES counter drop")),
};
/* clang-format on */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const struct nft_skeleton_table nft_skeleton_bridge = {
	.table = POLICY_TABLE_BRIDGE,
	.comment = "ports of managed bridges send and get what is their endpoint's own; see bulkhead(8)",
	.chains = chains,
	.chain_count = COUNT(chains),
};
