/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fixed part: two tables, their sets, chains and rules.  contrib/docs/ruleset.nft is the same in nft's own words.
 */
#ifndef BULKHEAD_NFT_SKELETON_H
#define BULKHEAD_NFT_SKELETON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cleanup.h"
#include "error.h"
#include "policy.h"

struct nftnl_table;
struct nftnl_set;
struct nftnl_chain;
struct nftnl_rule;

/* One table.  Where chains and rules are left out because something that they need is missing, they are not here. */
struct nft_skeleton_part {
	uint32_t family;	   /* NFPROTO_INET, NFPROTO_BRIDGE */
	struct nftnl_table *table; /* without flags */
	struct nftnl_set **sets;
	struct nftnl_chain **chains;
	struct nftnl_rule **rules; /* in order, chain by chain */
	char **texts;		   /* of the rules, in nft's words, for messages */
	size_t set_count, chain_count, rule_count;
};

enum { NFT_SKELETON_INET, NFT_SKELETON_BRIDGE, NFT_SKELETON_PARTS };

struct nft_skeleton {
	struct nft_skeleton_part parts[NFT_SKELETON_PARTS];
};

/* mark: the one bit that frames get which the guard has looked at, and packets that were admitted; 0 for none.
 * ibrname: the kernel knows `meta ibrname`. */
int nft_skeleton_new(uint32_t mark, bool ibrname, struct nft_skeleton **ret_skeleton, struct error *err);
/* Accepts NULL. */
void nft_skeleton_free(struct nft_skeleton *skeleton);
CLEANUP_DEFINE(nft_skeleton, nft_skeleton_free)

/* "inet" or "bridge". */
const char *nft_skeleton_family_name(uint32_t family);

#endif
