/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One small builder per expression.  Each returns 0 or -ENOMEM and must be checked: a rule that silently lost a match
 * is a hole.  A chain of `a ?: b ?: c` stops at the first that fails.
 */
#ifndef BULKHEAD_NFT_EXPR_H
#define BULKHEAD_NFT_EXPR_H

#include <stdbool.h>
#include <stdint.h>

struct nftnl_rule;
struct nftnl_expr;

/* meta KEY => register (enum nft_meta_keys) */
int nft_expr_meta(struct nftnl_rule *rule, uint32_t key, uint32_t reg);
/* meta mark set register */
int nft_expr_meta_set(struct nftnl_rule *rule, uint32_t key, uint32_t reg);
/* LENGTH bytes at OFFSET of a header => register (enum nft_payload_bases) */
int nft_expr_payload(struct nftnl_rule *rule, uint32_t base, uint32_t offset, uint32_t length, uint32_t reg);
/* register => LENGTH bytes at OFFSET of a header.  No checksum is mended. */
int nft_expr_payload_set(struct nftnl_rule *rule, uint32_t base, uint32_t offset, uint32_t length, uint32_t reg);
/* ct KEY => register (enum nft_ct_keys); direction < 0: the key takes none */
int nft_expr_ct(struct nftnl_rule *rule, uint32_t key, int direction, uint32_t reg);
/* register == data; register != data */
int nft_expr_equal(struct nftnl_rule *rule, uint32_t reg, const void *data, uint32_t length);
int nft_expr_differs(struct nftnl_rule *rule, uint32_t reg, const void *data, uint32_t length);
/* register = (register & mask) ^ xor, 32 bits */
int nft_expr_bitwise(struct nftnl_rule *rule, uint32_t reg, uint32_t mask, uint32_t xor);
/* register = register & mask, at most 16 bytes */
int nft_expr_mask(struct nftnl_rule *rule, uint32_t reg, const void *mask, uint32_t length);
/* 1 => register if the IPv6 packet has that extension header, else 0 */
int nft_expr_exthdr(struct nftnl_rule *rule, uint8_t type, uint32_t reg);
/* register @set, or != @set */
int nft_expr_lookup(struct nftnl_rule *rule, uint32_t reg, const char *set, bool invert);
/* update @set { register } */
int nft_expr_update(struct nftnl_rule *rule, uint32_t reg, const char *set);
/* update @set { register limit rate over RATE/second burst BURST packets } */
int nft_expr_update_limited(struct nftnl_rule *rule, uint32_t reg, const char *set, uint64_t rate, uint32_t burst);
int nft_expr_counter(struct nftnl_rule *rule);
/* reject with tcp reset */
int nft_expr_reset(struct nftnl_rule *rule);
/* NF_ACCEPT, NF_DROP, NFT_JUMP, NFT_GOTO, NFT_RETURN; chain for jump and goto */
int nft_expr_verdict(struct nftnl_rule *rule, int verdict, const char *chain);

/* A comment as nft keeps it in user data: type, length, text with terminator.  The type is NFT_EXPR_COMMENT for a
 * table, a chain, a rule or an element, NFTNL_UDATA_SET_COMMENT for a set.  Writes at most 255 bytes into buffer and
 * returns how many. */
#define NFT_EXPR_COMMENT      0
#define NFT_EXPR_COMMENT_SIZE 256
uint8_t nft_expr_comment(uint8_t type, const char *text, uint8_t buffer[NFT_EXPR_COMMENT_SIZE]);
/* The comment of such user data, "" if there is none; never longer than size - 1. */
void nft_expr_comment_read(uint8_t type, const void *data, uint32_t length, char *text, uint32_t size);

#endif
