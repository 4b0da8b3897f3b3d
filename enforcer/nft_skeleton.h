/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fixed part: one table, its sets, chains and rules.  tests/unit/skeleton.nft is the same in nft's own words. */
#ifndef BULKHEAD_NFT_SKELETON_H
#define BULKHEAD_NFT_SKELETON_H

#include <stddef.h>
#include <stdint.h>

#include "cleanup.h"
#include "error.h"

struct nftnl_table;
struct nftnl_set;
struct nftnl_chain;
struct nftnl_rule;

struct nft_skeleton {
	struct nftnl_table *table; /* without flags */
	struct nftnl_set **sets;
	struct nftnl_chain **chains;
	struct nftnl_rule **rules; /* in order, chain by chain */
	size_t set_count, chain_count, rule_count;
};

/* mark: the one bit that admitted packets get, 0 for none. */
int nft_skeleton_new(uint32_t mark, struct nft_skeleton **ret_skeleton, struct error *err);
/* Accepts NULL. */
void nft_skeleton_free(struct nft_skeleton *skeleton);
CLEANUP_DEFINE(nft_skeleton, nft_skeleton_free)

/* The rule in nft's words, for messages: "ip saddr . ip daddr … @flows4 goto admit". */
const char *nft_skeleton_rule_text(size_t index);

#endif
