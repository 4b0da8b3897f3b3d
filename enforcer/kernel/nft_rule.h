/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A rule as data: what it asks, what it looks up, what it does; and the one place that makes expressions of it.
 */
#ifndef BULKHEAD_NFT_RULE_H
#define BULKHEAD_NFT_RULE_H

#include <stdbool.h>
#include <stdint.h>

struct nftnl_rule;

/* What a rule cannot do without: it is left out where that is missing. */
enum nft_rule_needs {
	NFT_RULE_NEEDS_NOTHING,
	NFT_RULE_NEEDS_MARK,	/* a bit of the packet mark, from the configuration */
	NFT_RULE_NEEDS_NO_MARK, /* that there is none */
	NFT_RULE_NEEDS_IBRNAME, /* a kernel with NFT_BRIDGE_META */
};

/* What a rule asks first. */
enum nft_rule_match {
	NFT_RULE_MATCH_NONE,
	NFT_RULE_MATCH_FROM_BR,	      /* iifname "br-*" */
	NFT_RULE_MATCH_TO_BR,	      /* oifname "br-*" */
	NFT_RULE_MATCH_FROM_LO,	      /* iifname "lo" */
	NFT_RULE_MATCH_TO_LOOPBACK,   /* ip daddr 127.0.0.0/8 */
	NFT_RULE_MATCH_TO_MULTICAST,  /* ip daddr 224.0.0.0/4 */
	NFT_RULE_MATCH_TO_MULTICAST6, /* ip6 daddr ff00::/8 */
	NFT_RULE_MATCH_RESERVED_MAC,  /* ether daddr & ff:ff:ff:ff:ff:f0 == 01:80:c2:00:00:00 */
	NFT_RULE_MATCH_MARKED,	      /* meta mark & MARK == MARK */
	NFT_RULE_MATCH_SOLICIT,	      /* icmpv6 type nd-neighbor-solicit ip6 hoplimit 255 */
	NFT_RULE_MATCH_ADVERT,	      /* icmpv6 type nd-neighbor-advert ip6 hoplimit 255 */
	NFT_RULE_MATCH_TCP,	      /* meta l4proto tcp */
	NFT_RULE_MATCH_ICMP,	      /* meta l4proto icmp */
	NFT_RULE_MATCH_ICMPV6,	      /* meta l4proto ipv6-icmp */
	NFT_RULE_MATCH_REPLY,	      /* ct direction reply */
	NFT_RULE_MATCH_RELATED,	      /* ct state related */
	NFT_RULE_MATCH_DNAT,	      /* ct status dnat */
	NFT_RULE_MATCH_BROADCAST,     /* meta pkttype broadcast */
	NFT_RULE_MATCH_MULTICAST,     /* meta pkttype multicast */
	/* Of the bridge family. */
	NFT_RULE_MATCH_ARP,		  /* meta protocol arp */
	NFT_RULE_MATCH_IP,		  /* meta protocol ip */
	NFT_RULE_MATCH_IP6,		  /* meta protocol ip6 */
	NFT_RULE_MATCH_ETHER_IP,	  /* ether type ip */
	NFT_RULE_MATCH_TAG,		  /* ether type 8021q */
	NFT_RULE_MATCH_STAG,		  /* ether type 8021ad */
	NFT_RULE_MATCH_QUERY,		  /* icmpv6 type mld-listener-query */
	NFT_RULE_MATCH_ROUTER_ADVERT,	  /* icmpv6 type nd-router-advert */
	NFT_RULE_MATCH_REDIRECT,	  /* icmpv6 type nd-redirect */
	NFT_RULE_MATCH_SOLICIT_ANY,	  /* icmpv6 type nd-neighbor-solicit */
	NFT_RULE_MATCH_ADVERT_ANY,	  /* icmpv6 type nd-neighbor-advert */
	NFT_RULE_MATCH_ADVERT_FRAGMENT,	  /* exthdr frag exists icmpv6 type nd-neighbor-advert */
	NFT_RULE_MATCH_ADVERT_MULTICAST,  /* icmpv6 type nd-neighbor-advert ip6 daddr ff02::1 */
	NFT_RULE_MATCH_SOLICIT_MULTICAST, /* icmpv6 type nd-neighbor-solicit ip6 daddr ff02::1:ff00:0/104 */
	NFT_RULE_MATCH_ARP_BROADCAST,	  /* arp operation request ether daddr ff:ff:ff:ff:ff:ff */
	NFT_RULE_MATCH_ARP_ANNOUNCEMENT,  /* arp operation reply ether daddr ff:ff:ff:ff:ff:ff */
};

/* What it looks up. */
enum nft_rule_key {
	NFT_RULE_KEY_NONE,
	NFT_RULE_KEY_IN,	      /* iifname */
	NFT_RULE_KEY_OUT,	      /* oifname */
	NFT_RULE_KEY_IN_OUT,	      /* iifname . oifname */
	NFT_RULE_KEY_OUT_DESTINATION, /* oifname . ip daddr */
	NFT_RULE_KEY_SOURCE,	      /* ip saddr */
	NFT_RULE_KEY_DESTINATION,     /* ip daddr */
	NFT_RULE_KEY_FORTH,	      /* ip saddr . ip daddr . meta l4proto . th dport */
	NFT_RULE_KEY_BACK,	      /* ip daddr . ip saddr . meta l4proto . th sport */
	NFT_RULE_KEY_CONTROL_FORTH,   /* ip saddr . ip daddr . ct protocol . ct original proto-dst */
	NFT_RULE_KEY_CONTROL_BACK,    /* ip daddr . ip saddr . ct protocol . ct original proto-dst */
	NFT_RULE_KEY_NAT_FORTH,	      /* ip saddr . ip daddr . ct protocol . ct reply proto-src */
	NFT_RULE_KEY_NAT_BACK,	      /* ip daddr . ip saddr . ct protocol . ct reply proto-src */
	NFT_RULE_KEY_ICMP,	      /* ip saddr . ip daddr . meta l4proto . ct original proto-dst */
	NFT_RULE_KEY_ICMP_BACK,	      /* ip daddr . ip saddr . meta l4proto . ct original proto-dst */
	NFT_RULE_KEY_PUBLISHED,	      /* ip daddr . meta l4proto . th dport */
	/* Of the bridge family. */
	NFT_RULE_KEY_IN_BRIDGE,	 /* meta ibrname */
	NFT_RULE_KEY_OUT_BRIDGE, /* meta obrname */
	NFT_RULE_KEY_SENT,	 /* iifname . ether saddr . ip saddr */
	NFT_RULE_KEY_DELIVERED,	 /* oifname . ether daddr . ip daddr */
	NFT_RULE_KEY_ARP_SENT, /* iifname . ether saddr . arp saddr ip @set iifname . arp saddr ether . arp saddr ip */
	NFT_RULE_KEY_ARP_DELIVERED, /* oifname . ether daddr . arp daddr ip */
	NFT_RULE_KEY_ARP_SENDER,    /* arp saddr ip */
};

enum nft_rule_end {
	NFT_RULE_END_NONE,
	NFT_RULE_END_GOTO,
	NFT_RULE_END_JUMP,
	NFT_RULE_END_RETURN,
	NFT_RULE_END_ACCEPT,
	NFT_RULE_END_DROP,
	NFT_RULE_END_RESET,	    /* counter reject with tcp reset */
	NFT_RULE_END_MARK_ACCEPT,   /* meta mark set meta mark | MARK accept; without a mark: accept */
	NFT_RULE_END_MARK_GOTO,	    /* meta mark set meta mark | MARK goto target; without a mark: goto target */
	NFT_RULE_END_UNMARK,	    /* meta mark set meta mark & ~MARK */
	NFT_RULE_END_UNMARK_ACCEPT, /* meta mark set meta mark & ~MARK accept; without a mark: accept */
	NFT_RULE_END_OWN_TARGET,    /* @th,64,32 set @nh,64,32 …: an advertisement's target is its source */
};

struct nft_rule {
	const char *chain;
	const char *text; /* the rule in nft syntax: what the fields after it build */
	enum nft_rule_needs needs;
	enum nft_rule_match match;
	enum nft_rule_key key;
	uint8_t family; /* of the key's addresses */
	const char *set;
	bool except; /* != @set */
	bool update; /* update @set { key } */
	enum nft_rule_end end;
	const char *target;
	const char *comment;
};

/* Builds the rule for table bulkhead of that family (NFPROTO_INET or NFPROTO_BRIDGE).  mark: the one bit that rules
 * that need it set, clear or ask for.  0 or -ENOMEM. */
int nft_rule_build(const struct nft_rule *spec, uint32_t table_family, uint32_t mark, struct nftnl_rule **ret_rule);

#endif
