/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether what the kernel has is what we would build, nft's hands between or not. */
#ifndef BULKHEAD_NFT_SAME_H
#define BULKHEAD_NFT_SAME_H

#include <stdbool.h>
#include <stddef.h>

struct nftnl_chain;
struct nftnl_rule;
struct nftnl_set;

/* Two sets of one name: the same keys, elements and comment. */
bool nft_same_set(const struct nftnl_set *a, const struct nftnl_set *b);

/* Two chains of one name. */
bool nft_same_chain(const struct nftnl_chain *a, const struct nftnl_chain *b);

/* Two rules, whatever they have counted: what they count, and where they stand, is forgotten in both.  buffer has
 * NFT_SAME_RULE_SIZE bytes, which are zero, and zero again afterwards. */
#define NFT_SAME_RULE_SIZE ((size_t)2 * 128 * 1024)
bool nft_same_rule(struct nftnl_rule *a, struct nftnl_rule *b, char *buffer);

#endif
