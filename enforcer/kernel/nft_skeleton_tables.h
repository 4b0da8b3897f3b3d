/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fixed part as data: hooks and rules of each table; its sets are rows of policy_sets.h.  nft_skeleton.c makes
 * objects of it. */
#ifndef BULKHEAD_NFT_SKELETON_TABLES_H
#define BULKHEAD_NFT_SKELETON_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nft_rule.h"
#include "policy_sets.h"

/* A chain that the kernel calls; all others are called by rules. */
struct nft_skeleton_hook {
	const char *chain;
	uint32_t number;
	int32_t priority;
};

/* Chains are those that rules stand in, in the order of the rules. */
struct nft_skeleton_table {
	enum policy_table table;
	const char *comment;
	const struct nft_skeleton_hook *hooks;
	size_t hook_count;
	const struct nft_rule *rules;
	size_t rule_count;
};

extern const struct nft_skeleton_table nft_skeleton_inet, nft_skeleton_bridge;

#endif
