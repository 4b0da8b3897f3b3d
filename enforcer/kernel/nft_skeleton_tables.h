/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fixed part as data: chains and rules of each table; its sets are rows of policy_sets.h.  nft_skeleton.c makes
 * objects of it. */
#ifndef BULKHEAD_NFT_SKELETON_TABLES_H
#define BULKHEAD_NFT_SKELETON_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nft_rule.h"
#include "policy_sets.h"

struct nft_skeleton_chain {
	const char *name;
	const char *about; /* which packets come by */
	bool hooked;	   /* the kernel calls it; all others are called by rules */
	uint32_t hook;
	int32_t priority;
	const struct nft_rule *rules; /* the last has no text */
};

#define RULE(nft_text, ...)                                                                                            \
	{                                                                                                              \
		.text = nft_text, __VA_ARGS__                                                                          \
	}
#define RULES(...)                                                                                                     \
	(const struct nft_rule[])                                                                                      \
	{                                                                                                              \
		__VA_ARGS__,                                                                                           \
		{                                                                                                      \
			.text = NULL                                                                                   \
		}                                                                                                      \
	}
#define CHAIN(of_name, of_about, ...)                                                                                  \
	{                                                                                                              \
		.name = of_name, .about = of_about, .rules = RULES(__VA_ARGS__)                                        \
	}
#define HOOK(of_name, of_hook, of_priority, of_about, ...)                                                             \
	{                                                                                                              \
		.name = of_name, .about = of_about, .hooked = true, .hook = of_hook, .priority = of_priority,          \
		.rules = RULES(__VA_ARGS__)                                                                            \
	}

struct nft_skeleton_table {
	enum policy_table table;
	const char *comment;
	const struct nft_skeleton_chain *chains;
	size_t chain_count;
};

extern const struct nft_skeleton_table nft_skeleton_inet, nft_skeleton_bridge;

#endif
