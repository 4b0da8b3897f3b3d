/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fixed part as data: sets, hooks and rules of each table.  nft_skeleton.c makes objects of it. */
#ifndef BULKHEAD_NFT_SKELETON_TABLES_H
#define BULKHEAD_NFT_SKELETON_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nft_rule.h"

/* One part of a set's key. */
enum nft_skeleton_type {
	NFT_SKELETON_END, /* no more parts */
	NFT_SKELETON_IPV4,
	NFT_SKELETON_IPV6,
	NFT_SKELETON_MAC,
	NFT_SKELETON_PROTOCOL,
	NFT_SKELETON_SERVICE,
	NFT_SKELETON_IFNAME,
};

struct nft_skeleton_set {
	const char *name;
	enum nft_skeleton_type types[4];
	uint32_t flags; /* NFT_SET_… */
	bool counter;
};

/* A chain that the kernel calls; all others are called by rules. */
struct nft_skeleton_hook {
	const char *chain;
	uint32_t number;
	int32_t priority;
};

/* Chains are those that rules stand in, in the order of the rules. */
struct nft_skeleton_table {
	uint32_t family; /* NFPROTO_… */
	const char *comment;
	const struct nft_skeleton_set *sets;
	size_t set_count;
	const struct nft_skeleton_hook *hooks;
	size_t hook_count;
	const struct nft_rule *rules;
	size_t rule_count;
};

extern const struct nft_skeleton_table nft_skeleton_inet, nft_skeleton_bridge;

#endif
