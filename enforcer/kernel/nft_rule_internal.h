/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a rule is built from; private to nft_rule*.c. */
#ifndef BULKHEAD_NFT_RULE_INTERNAL_H
#define BULKHEAD_NFT_RULE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy_sets.h"

struct nftnl_rule;

/* A rule while it is built. */
struct nft_rule_site {
	struct nftnl_rule *rule;
	enum policy_table table;
	uint32_t mark;
	uint16_t protocol; /* the ethertype that a key before has asked for, 0 for none: nft asks once */
};

/* nft_rule_phrase.c */

/* If the text begins with that whole word or words, what stands behind them; else NULL. */
const char *nft_rule_after(const char *text, const char *words);

/* What has no set.  Builds the longest phrase that the text begins with; *ret_rest stands behind it.
 * 0, -ENOMEM, or -ENOENT if the text begins with none. */
int nft_rule_phrase(const struct nft_rule_site *site, const char *text, const char **ret_rest);

/* meta protocol: what the frame holds, whatever tag stands before it; ether type: what stands behind the MACs, so that
 * a tag is seen. */
int nft_rule_match_protocol(const struct nft_rule_site *site, uint32_t ethertype);
int nft_rule_match_ether_type(const struct nft_rule_site *site, uint32_t ethertype);
int nft_rule_match_nfproto(const struct nft_rule_site *site, uint32_t family);

/* nft_rule_key.c */

/* A key, "ip saddr . ip daddr . meta l4proto . th dport", into the registers from NFT_REG_1 on. 0, -ENOMEM, or -EINVAL
 * if it is no key. */
int nft_rule_key(struct nft_rule_site *site, const char *text);
/* What stands behind the key; the text itself if it is none. */
const char *nft_rule_after_key(const char *text);

#endif
