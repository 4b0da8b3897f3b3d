/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A rule as data: what it asks, what it looks up, what it does; and the one place that makes expressions of it.
 */
#ifndef BULKHEAD_NFT_RULE_H
#define BULKHEAD_NFT_RULE_H

#include <stdbool.h>
#include <stdint.h>

struct nftnl_rule;

/* What a rule asks first. */
enum nft_rule_match {
	NFT_RULE_MATCH_NONE,
	NFT_RULE_MATCH_FROM_BR,	  /* iifname "br-*" */
	NFT_RULE_MATCH_TO_BR,	  /* oifname "br-*" */
	NFT_RULE_MATCH_SOLICIT,	  /* icmpv6 type nd-neighbor-solicit ip6 hoplimit 255 */
	NFT_RULE_MATCH_ADVERT,	  /* icmpv6 type nd-neighbor-advert ip6 hoplimit 255 */
	NFT_RULE_MATCH_ICMP,	  /* meta l4proto icmp */
	NFT_RULE_MATCH_ICMPV6,	  /* meta l4proto ipv6-icmp */
	NFT_RULE_MATCH_REPLY,	  /* ct direction reply */
	NFT_RULE_MATCH_BROADCAST, /* meta pkttype broadcast */
	NFT_RULE_MATCH_MULTICAST, /* meta pkttype multicast */
};

/* What it looks up. */
enum nft_rule_key {
	NFT_RULE_KEY_NONE,
	NFT_RULE_KEY_IN,	    /* iifname */
	NFT_RULE_KEY_OUT,	    /* oifname */
	NFT_RULE_KEY_IN_OUT,	    /* iifname . oifname */
	NFT_RULE_KEY_SOURCE,	    /* ip saddr */
	NFT_RULE_KEY_DESTINATION,   /* ip daddr */
	NFT_RULE_KEY_FORTH,	    /* ip saddr . ip daddr . meta l4proto . th dport */
	NFT_RULE_KEY_BACK,	    /* ip daddr . ip saddr . meta l4proto . th sport */
	NFT_RULE_KEY_CONTROL_FORTH, /* ip saddr . ip daddr . ct protocol . ct original proto-dst */
	NFT_RULE_KEY_CONTROL_BACK,  /* ip daddr . ip saddr . ct protocol . ct original proto-dst */
	NFT_RULE_KEY_ICMP,	    /* ip saddr . ip daddr . meta l4proto . ct original proto-dst */
};

enum nft_rule_end {
	NFT_RULE_END_NONE,
	NFT_RULE_END_GOTO,
	NFT_RULE_END_JUMP,
	NFT_RULE_END_RETURN,
	NFT_RULE_END_ACCEPT,
	NFT_RULE_END_DROP,
	NFT_RULE_END_MARK_ACCEPT,
};

struct nft_rule {
	const char *chain;
	const char *text; /* the rule in nft syntax: what the fields after it build */
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

/* Builds the rule for table inet bulkhead.  mark: the one bit that admitted packets get, 0 for none.  0 or -ENOMEM. */
int nft_rule_build(const struct nft_rule *spec, uint32_t mark, struct nftnl_rule **ret_rule);

#endif
