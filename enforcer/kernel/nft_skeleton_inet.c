/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Table inet bulkhead: who reaches whom.  contrib/docs/ruleset.nft is the same in nft's own words. */
#include "nft_skeleton_tables.h"

#include <linux/netfilter.h>

/* clang-format off */
static const struct nft_skeleton_chain chains[] = {
	/* These rules stand before conntrack and before everybody's own rules for marks.  The guard has set the bit on
	 * what it has looked at.  Here the bit ends: from here on it means something else. */
	HOOK("prerouting", NF_INET_PRE_ROUTING, -450, "all that comes in, before fragments are put together",
	     RULE("meta mark & MARK == MARK goto known", .comment = "table bridge bulkhead knows the port",
		  .needs = NFT_RULE_NEEDS_MARK),
	     RULE("iifname @BRIDGES goto known", .needs = NFT_RULE_NEEDS_NO_MARK),
	     RULE("iifname @BRIDGES goto unknown", .comment = "from no port that table bridge bulkhead knows",
		  .needs = NFT_RULE_NEEDS_MARK),
	     /* A bridge takes a frame to one of these MACs up as its port's own, past every hook of the bridge family.
	      * Only 01:80:c2:00:00:00 comes as the bridge's own where there is no spanning tree: `input_bridges` drops
	      * that. */
	     RULE("ether daddr & ff:ff:ff:ff:ff:f0 == 01:80:c2:00:00:00 counter drop",
		  .comment = "past the guard: no address for IP")),

	CHAIN("known", "from a port that the guard knows",
	      RULE("meta mark set meta mark & ~MARK", .needs = NFT_RULE_NEEDS_MARK),
	      RULE("ip daddr 127.0.0.0/8 iifname @BRIDGES counter drop",
		   .comment = "the host's loopback is the host's")),

	/* A bridge that is closed at boot lets address resolution in: who asks for a neighbour in vain would not ask
	 * again for seconds after the bridge is open. */
	CHAIN("unknown", "from a managed bridge, but from no port that the guard knows",
	      RULE("ip6 saddr . ip6 saddr @ENDS counter drop", .comment = "an endpoint's address: not from here"),
	      RULE("icmpv6 type nd-neighbor-solicit ip6 hoplimit 255 accept", .comment = "address resolution"),
	      RULE("icmpv6 type nd-neighbor-advert ip6 hoplimit 255 @th,64,32 set @nh,64,32 @th,96,32 set @nh,96,32 "
		   "@th,128,32 set @nh,128,32 @th,160,32 set @nh,160,32 accept",
		   .comment = "who advertises another's address than its own has advertised its own"),
	      RULE("counter drop")),

	/* Somebody's rule may save the mark that `forward` sets in conntrack, and another may bring it back.  The guard
	 * would take such a packet for one that this table has not seen. */
	HOOK("restored", NF_INET_PRE_ROUTING, 300, "all that comes in, behind everybody's rules for marks",
	     RULE("meta mark & MARK == MARK iifname @BRIDGES meta mark set meta mark & ~MARK",
		  .comment = "ct mark restored", .needs = NFT_RULE_NEEDS_MARK),
	     RULE("iifname @BRIDGES meta l4proto ipv6-icmp goto reassembled_icmp6",
		  .comment = "what came in pieces is whole here")),

	/* The guard sees fragments.  The type of an ICMPv6 message may stand in the second one, behind a chain of headers
	 * that fills the first: then the guard has not known it. */
	CHAIN("reassembled_icmp6", "ICMPv6 from a managed bridge: what the guard looks for, again",
	      RULE("icmpv6 type nd-router-advert counter drop", .comment = "a container is no router"),
	      RULE("icmpv6 type nd-redirect counter drop"),
	      RULE("icmpv6 type mld-listener-query counter drop"),
	      RULE("icmpv6 type nd-neighbor-advert @th,64,32 set @nh,64,32 @th,96,32 set @nh,96,32 "
		   "@th,128,32 set @nh,128,32 @th,160,32 set @nh,160,32",
		   .comment = "who advertises another's address than its own has advertised its own")),

	/* The mark is set before `between` decides: a packet that is dropped needs none, and one question whether both
	 * ends are on one network is cheaper than two.  A packet from one network into another gets no mark, so
	 * Docker's isolation stays. */
	HOOK("forward", NF_INET_FORWARD, -10,
	     "all that crosses the host: what comes from or goes to a managed bridge is taken aside",
	     RULE("iifname . oifname @NETWORKS meta mark set meta mark | MARK goto between",
		  .comment = "both ends on one managed network; the mark passes Docker's own drop"),
	     RULE("iifname @BRIDGES goto leaving"),
	     RULE("oifname @BRIDGES goto arriving"),
	     RULE("iifname \"br-*\" iifname != @FOREIGN goto leaving",
		  .comment = "a network that bulkhead has not met yet")),

	CHAIN("between", "from container to container",
	      RULE("meta l4proto icmp goto between_icmp"),
	      RULE("meta l4proto ipv6-icmp goto between_icmp6"),
	      RULE("ct direction reply goto between_replies"),
	      RULE("IP saddr . IP daddr . meta l4proto . th dport @FLOWS accept"),
	      RULE("IP saddr . IP daddr . meta l4proto . th dport @RANGES accept"),
	      RULE("goto deny")),

	CHAIN("between_replies", "answers from container to container: looked up with the ends exchanged",
	      RULE("IP daddr . IP saddr . meta l4proto . th sport @FLOWS accept"),
	      RULE("IP daddr . IP saddr . meta l4proto . th sport @RANGES accept"),
	      RULE("goto deny")),

	CHAIN("between_icmp6", "ICMPv6 from container to container",
	      RULE("icmpv6 type nd-neighbor-solicit ip6 hoplimit 255 accept", .comment = "address resolution"),
	      RULE("icmpv6 type nd-neighbor-advert ip6 hoplimit 255 accept", .comment = "address resolution"),
	      RULE("goto between_icmp")),

	/* An echo is looked up by its type and code, which conntrack has where others have the port; an error by the
	 * connection that it is about, with the port that its answering end has, published or not.  The addresses are
	 * the packet's own, so that nobody but an end of the connection can send an error about it.  Two numbers are
	 * the sender's choice and open nothing: `th dport`, which is the checksum of ICMP, and `ct reply proto-src` of
	 * anything but an error, which is the identifier.  (nft wants to read `meta l4proto` before it.) */
	CHAIN("between_icmp", "ICMP from container to container: looked up by the connection that it belongs to",
	      RULE("ct state related jump between_errors"),
	      RULE("ct direction reply goto between_icmp_replies"),
	      RULE("meta l4proto ICMP IP saddr . IP daddr . meta l4proto . ct original proto-dst @FLOWS accept",
		   .comment = "echo"),
	      RULE("meta l4proto ICMP IP saddr . IP daddr . meta l4proto . ct original proto-dst @RANGES accept"),
	      RULE("ct state related meta l4proto ICMP "
		   "IP saddr . IP daddr . ct protocol . ct reply proto-src @FLOWS accept",
		   .comment = "errors about a declared connection"),
	      RULE("ct state related meta l4proto ICMP "
		   "IP saddr . IP daddr . ct protocol . ct reply proto-src @RANGES accept"),
	      RULE("goto deny")),

	CHAIN("between_icmp_replies", "the same in the answers' direction",
	      RULE("meta l4proto ICMP IP daddr . IP saddr . meta l4proto . ct original proto-dst @FLOWS accept",
		   .comment = "answers to an echo"),
	      RULE("meta l4proto ICMP IP daddr . IP saddr . meta l4proto . ct original proto-dst @RANGES accept"),
	      RULE("ct state related meta l4proto ICMP "
		   "IP daddr . IP saddr . ct protocol . ct reply proto-src @FLOWS accept",
		   .comment = "errors about a declared connection"),
	      RULE("ct state related meta l4proto ICMP "
		   "IP daddr . IP saddr . ct protocol . ct reply proto-src @RANGES accept"),
	      RULE("goto deny")),

	/* Conntrack has made sure that the receiver is an end.  Two fields cannot be compared in nft, but be looked up as a
	 * pair of equals. */
	CHAIN("between_errors", "ICMP errors from container to container: the sender is an end of the connection",
	      RULE("ct direction reply goto between_errors_replies"),
	      RULE("IP saddr . ct original IP saddr @ENDS return"),
	      RULE("goto deny")),

	CHAIN("between_errors_replies", "the same in the answers' direction",
	      RULE("IP saddr . ct reply IP saddr @ENDS return"),
	      RULE("goto deny")),

	/* The mark is cleared: with it, an observed packet would also pass Docker's own drop, and be open because
	 * somebody observes. */
	CHAIN("deny", "from container to container, not declared",
	      RULE("ct direction reply IP saddr @OBSERVED meta mark set meta mark & ~MARK accept"),
	      RULE("jump record"),
	      RULE("IP daddr @OBSERVED meta mark set meta mark & ~MARK accept",
		   .comment = "mode observe: recorded and let through, as far as Docker does"),
	      RULE("counter drop", .comment = "not declared")),

	/* The boundary: from a container to the world, … */
	/* A packet that is forwarded has this hop limit only if it is bridged, so address resolution leaves no network
	 * here.  On a bridge that is closed at boot it has to pass Docker's own drop as well. */
	CHAIN("leaving", "from a container, through the host",
	      RULE("meta l4proto ICMP jump leaving_icmp"),
	      RULE("oifname @BRIDGES goto between", .comment = "from one network into another"),
	      RULE("oifname \"br-*\" oifname != @FOREIGN goto between"),
	      RULE("ct direction reply goto leaving_replies"),
	      RULE("IP saddr @CLOSED_EGRESS goto egress", .comment = "boundary: egress declared")),

	CHAIN("leaving_icmp", "ICMP from a container, through the host",
	      RULE("icmpv6 type nd-neighbor-solicit ip6 hoplimit 255 meta mark set meta mark | MARK accept",
		   .comment = "address resolution"),
	      RULE("icmpv6 type nd-neighbor-advert ip6 hoplimit 255 meta mark set meta mark | MARK accept",
		   .comment = "address resolution"),
	      RULE("oifname @BRIDGES return"),
	      RULE("oifname \"br-*\" oifname != @FOREIGN return"),
	      RULE("ct state related goto leaving_errors")),

	/* A service that routes for others tells of connections whose ends are behind it. */
	CHAIN("leaving_errors", "ICMP errors from a container to the world or the host: the sender is an end",
	      RULE("ct direction reply goto leaving_errors_replies"),
	      RULE("IP saddr . ct original IP saddr @ENDS return"),
	      RULE("iifname @ROUTED iifname . ct original IP saddr != @ENDPOINTS return",
		   .comment = "a service there routes for others"),
	      RULE("goto deny_out")),

	CHAIN("leaving_errors_replies", "the same in the answers' direction",
	      RULE("IP saddr . ct reply IP saddr @ENDS return"),
	      RULE("iifname @ROUTED iifname . ct reply IP saddr != @ENDPOINTS return",
		   .comment = "a service there routes for others"),
	      RULE("goto deny_out")),

	CHAIN("egress", "from a container to the world, where that is declared",
	      RULE("meta l4proto ICMP goto egress_icmp"),
	      RULE("IP saddr . IP daddr . meta l4proto . th dport @EGRESS accept"),
	      RULE("goto deny_out")),

	CHAIN("egress_icmp", "ICMP from a container to the world",
	      RULE("ct state related meta l4proto ICMP "
		   "IP saddr . IP daddr . ct protocol . ct reply proto-src @EGRESS accept",
		   .comment = "errors about a declared connection, by an end of it"),
	      RULE("meta l4proto ICMP IP saddr . IP daddr . meta l4proto . ct original proto-dst @EGRESS accept"),
	      RULE("goto deny_out")),

	CHAIN("deny_out", "from a container to the world or the host, not declared",
	      RULE("jump record"),
	      RULE("IP saddr @OBSERVED accept", .comment = "mode observe: recorded and let through"),
	      RULE("counter drop", .comment = "not declared")),

	CHAIN("leaving_replies", "answers from a container to the world",
	      RULE("IP saddr @CLOSED_INGRESS goto ingress_replies")),

	CHAIN("ingress_replies", "answers from a container to the world, where its ingress is declared",
	      RULE("meta l4proto ICMP goto ingress_icmp_replies"),
	      RULE("IP daddr . IP saddr . meta l4proto . th sport @INGRESS accept"),
	      RULE("goto deny_out")),

	CHAIN("ingress_icmp_replies", "ICMP in the direction of these answers",
	      RULE("ct state related meta l4proto ICMP "
		   "IP daddr . IP saddr . ct protocol . ct reply proto-src @INGRESS accept",
		   .comment = "errors about a declared connection, by an end of it"),
	      RULE("meta l4proto ICMP IP daddr . IP saddr . meta l4proto . ct original proto-dst @INGRESS accept"),
	      RULE("goto deny_out")),

	/* … from the world to a container, … */
	CHAIN("arriving", "from the world to a container",
	      RULE("meta l4proto ICMP jump arriving_icmp"),
	      RULE("ct direction reply goto arriving_replies"),
	      RULE("IP daddr @CLOSED_INGRESS goto ingress", .comment = "boundary: ingress declared")),

	CHAIN("arriving_icmp", "ICMP from the world to a container",
	      RULE("ct state related goto arriving_errors")),

	/* Any router on the way may send them. */
	CHAIN("arriving_errors", "ICMP errors from the world: the connection has an end there",
	      RULE("ct direction reply goto arriving_errors_replies"),
	      RULE("ct original IP saddr . ct original IP saddr @ENDS goto deny_in",
		   .comment = "between containers: the world does not see it")),

	CHAIN("arriving_errors_replies", "the same in the answers' direction",
	      RULE("ct reply IP saddr . ct reply IP saddr @ENDS goto deny_in",
		   .comment = "between containers: the world does not see it")),

	CHAIN("ingress", "from the world to a container, where that is declared",
	      RULE("meta l4proto ICMP goto ingress_icmp"),
	      RULE("IP saddr . IP daddr . meta l4proto . th dport @INGRESS accept"),
	      RULE("goto deny_in")),

	CHAIN("ingress_icmp", "ICMP from the world to a container",
	      RULE("ct state related accept", .comment = "errors about a connection"),
	      RULE("meta l4proto ICMP IP saddr . IP daddr . meta l4proto . ct original proto-dst @INGRESS accept"),
	      RULE("goto deny_in")),

	CHAIN("deny_in", "from the world or the host to a container, not declared",
	      RULE("jump record"),
	      RULE("IP daddr @OBSERVED accept", .comment = "mode observe: recorded and let through"),
	      RULE("counter drop", .comment = "not declared")),

	CHAIN("arriving_replies", "answers from the world to a container",
	      RULE("IP daddr @CLOSED_EGRESS goto egress_replies")),

	CHAIN("egress_replies", "answers from the world to a container, where its egress is declared",
	      RULE("meta l4proto ICMP goto egress_icmp_replies"),
	      RULE("IP daddr . IP saddr . meta l4proto . th sport @EGRESS accept"),
	      RULE("goto deny_in")),

	CHAIN("egress_icmp_replies", "ICMP in the direction of these answers",
	      RULE("ct state related accept", .comment = "errors about a connection"),
	      RULE("meta l4proto ICMP IP daddr . IP saddr . meta l4proto . ct original proto-dst @EGRESS accept"),
	      RULE("goto deny_in")),

	/* … from a container to the host itself, and from anybody to what the host publishes for a container, … */
	HOOK("input", NF_INET_LOCAL_IN, -10, "all that is for the host itself",
	     RULE("iifname @BRIDGES goto input_bridges"),
	     RULE("iifname \"br-*\" iifname != @FOREIGN goto input_bridges",
		  .comment = "a network that bulkhead has not met yet"),
	     RULE("iifname \"lo\" accept"),
	     RULE("IP daddr . meta l4proto . th dport @PUBLISHED_CLOSED goto world_to_published",
		  .comment = "published by a container whose ingress is declared")),

	CHAIN("input_bridges", "from a container to the host itself",
	      RULE("ether daddr & ff:ff:ff:ff:ff:f0 == 01:80:c2:00:00:00 counter drop", .comment = "no address for IP"),
	      RULE("meta l4proto ICMP jump input_bridges_icmp"),
	      RULE("IP daddr . meta l4proto . th dport @PUBLISHED goto to_published",
		   .comment = "who reaches a published port reaches its container"),
	      /* This rule stands behind published ports: docker-proxy may answer from another address than the one
	       * that it was asked at, and then what comes next from there looks like an answer. */
	      RULE("ct direction reply accept", .comment = "answers to the host"),
	      /* This rule stands behind the answers to the host's own connections, which come from the ports that the
	       * engine chooses from. */
	      RULE("IP daddr . meta l4proto . th dport @UNSETTLED goto deny_published",
		   .comment = "the engine is choosing a port for a container"),
	      RULE("IP saddr @CLOSED_HOST goto to_host", .comment = "boundary: host declared")),

	CHAIN("input_bridges_icmp", "ICMP from a container to the host itself",
	      RULE("icmpv6 type nd-neighbor-solicit ip6 hoplimit 255 accept", .comment = "address resolution"),
	      RULE("icmpv6 type nd-neighbor-advert ip6 hoplimit 255 accept", .comment = "address resolution"),
	      RULE("ct state related goto leaving_errors")),

	CHAIN("to_host", "from a container to the host itself, where that is declared",
	      RULE("meta l4proto ICMP goto to_host_icmp"),
	      RULE("IP saddr . IP daddr . meta l4proto . th dport @TO_HOST accept"),
	      RULE("goto deny_out")),

	CHAIN("to_host_icmp", "ICMP from a container to the host itself",
	      RULE("ct state related meta l4proto ICMP "
		   "IP saddr . IP daddr . ct protocol . ct reply proto-src @TO_HOST accept",
		   .comment = "errors about a declared connection, by an end of it"),
	      RULE("meta l4proto ICMP IP saddr . IP daddr . meta l4proto . ct original proto-dst @TO_HOST accept"),
	      RULE("goto deny_out")),

	CHAIN("to_published", "from a container to a published port of the host",
	      RULE("IP saddr . IP daddr . meta l4proto . th dport @TO_PUBLISHED accept"),
	      RULE("goto deny_published")),

	CHAIN("world_to_published",
	      "from the world to a published port of the host, where the container's ingress is declared",
	      RULE("IP saddr . IP daddr . meta l4proto . th dport @WORLD_TO_PUBLISHED accept"),
	      RULE("goto deny_published")),

	CHAIN("deny_published", "to a published port of the host, not declared",
	      RULE("jump record"),
	      RULE("IP daddr . meta l4proto . th dport @PUBLISHED_OBSERVED accept",
		   .comment = "mode observe: recorded and let through"),
	      RULE("counter drop", .comment = "not declared")),

	/* … and from the host, which is also how docker-proxy reaches a container. */
	HOOK("output", NF_INET_LOCAL_OUT, -10, "all that the host itself sends, docker-proxy too",
	     RULE("oifname @BRIDGES goto output_bridges"),
	     /* The engine has redirected this packet, to a container or to anybody else: by where it leaves is decided
	      * only after this hook. */
	     RULE("ct status dnat goto to_endpoint", .comment = "the host, by a published port of its own")),

	CHAIN("output_bridges", "from the host itself into a managed bridge",
	      RULE("icmpv6 type nd-neighbor-solicit ip6 hoplimit 255 accept", .comment = "address resolution"),
	      RULE("icmpv6 type nd-neighbor-advert ip6 hoplimit 255 accept", .comment = "address resolution"),
	      RULE("ct direction reply accept", .comment = "answers of the host"),
	      RULE("oifname . IP daddr @ENDPOINTS goto to_endpoint"),
	      RULE("ip daddr 224.0.0.0/4 accept", .comment = "the guard delivers it to nobody"),
	      RULE("ip6 daddr ff00::/8 accept"),
	      RULE("oifname @ROUTED accept", .comment = "a service there routes for others"),
	      RULE("goto starting")),

	CHAIN("to_endpoint", "from the host itself to a container that is known",
	      RULE("ct direction reply accept", .comment = "answers of the host"),
	      RULE("IP daddr @STARTING goto starting", .comment = "what it publishes is not known yet"),
	      RULE("IP daddr @CLOSED_INGRESS goto from_host", .comment = "boundary: ingress declared")),

	/* A reset makes docker-proxy give up: it must not try again once the container runs, for a client that nobody
	 * asked about.  And nothing may wait for an address to be resolved until somebody has it. */
	CHAIN("starting", "from the host itself to a container of which not all is known yet",
	      RULE("meta l4proto tcp counter reject with tcp reset"),
	      RULE("counter drop")),

	CHAIN("from_host", "from the host itself to a container, where its ingress is declared",
	      RULE("meta l4proto ICMP goto from_host_icmp"),
	      RULE("IP saddr . IP daddr . meta l4proto . th dport @FROM_HOST accept"),
	      RULE("goto deny_in")),

	CHAIN("from_host_icmp", "ICMP from the host itself to a container",
	      RULE("ct state related accept", .comment = "errors about a connection"),
	      RULE("meta l4proto ICMP IP saddr . IP daddr . meta l4proto . ct original proto-dst @FROM_HOST accept"),
	      RULE("goto deny_in")),

	/* The guard sees the port that a packet leaves by.  What has this mark it drops where it does not know the
	 * port; and what the host sends without it did not come by here. */
	HOOK("postrouting", NF_INET_POST_ROUTING, 300, "all that goes out, behind everybody's rules for marks",
	     RULE("meta mark & MARK == MARK accept", .needs = NFT_RULE_NEEDS_MARK),
	     RULE("oifname @BRIDGES meta mark set meta mark | MARK accept",
		  .comment = "the host's own, to a known port only: see table bridge bulkhead")),

	CHAIN("record", "what is denied: remembered for an hour",
	      RULE("ip daddr 224.0.0.0/4 return", .comment = "to nobody by name"),
	      RULE("ip daddr 255.255.255.255 return"),
	      RULE("ip6 daddr ff00::/8 return"),
	      RULE("meta l4proto ICMP goto record_icmp"),
	      RULE("ct direction reply goto record_replies"),
	      RULE("update @DENIED { IP saddr . IP daddr . meta l4proto . th dport }")),

	CHAIN("record_replies", "answers that are denied: remembered as the question",
	      RULE("update @DENIED { IP daddr . IP saddr . meta l4proto . th sport }")),

	CHAIN("record_icmp", "ICMP that is denied: remembered by its type",
	      RULE("meta l4proto ICMP update @DENIED { IP saddr . IP daddr . meta l4proto . ct original proto-dst }")),
};
/* clang-format on */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const struct nft_skeleton_table nft_skeleton_inet = {
	.table = POLICY_TABLE_INET,
	.comment = "only declared flows pass between containers; see bulkhead(8)",
	.chains = chains,
	.chain_count = COUNT(chains),
};
