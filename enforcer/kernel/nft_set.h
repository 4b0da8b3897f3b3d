/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A set as the kernel and nft know it, from its row. */
#ifndef BULKHEAD_NFT_SET_H
#define BULKHEAD_NFT_SET_H

#include <stdint.h>

#include "policy_sets.h"

struct nftnl_set;

/* Builds the set of that row, without elements; id is its number in a batch.  0 or -ENOMEM. */
int nft_set_build(const struct policy_set_row *row, uint32_t id, struct nftnl_set **ret_set);

/* The length of the set's keys in bytes: each part fills whole registers of four. */
uint32_t nft_set_key_length(const struct policy_set_row *row);

/* NFPROTO_INET, NFPROTO_BRIDGE. */
uint32_t nft_set_table_family(enum policy_table table);

#endif
