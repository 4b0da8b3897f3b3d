/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_expr.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/udata.h>

int nft_expr_meta(struct nftnl_rule *rule, uint32_t key, uint32_t reg)
{
	struct nftnl_expr *expr = nftnl_expr_alloc("meta");

	if (!expr)
		return -ENOMEM;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_META_DREG, reg);
	nftnl_rule_add_expr(rule, expr);
	return 0;
}

int nft_expr_meta_set(struct nftnl_rule *rule, uint32_t key, uint32_t reg)
{
	struct nftnl_expr *expr = nftnl_expr_alloc("meta");

	if (!expr)
		return -ENOMEM;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_META_SREG, reg);
	nftnl_rule_add_expr(rule, expr);
	return 0;
}

int nft_expr_payload(struct nftnl_rule *rule, uint32_t base, uint32_t offset, uint32_t length, uint32_t reg)
{
	struct nftnl_expr *expr = nftnl_expr_alloc("payload");

	if (!expr)
		return -ENOMEM;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_BASE, base);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_LEN, length);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_DREG, reg);
	nftnl_rule_add_expr(rule, expr);
	return 0;
}

int nft_expr_payload_set(struct nftnl_rule *rule, uint32_t base, uint32_t offset, uint32_t length, uint32_t reg)
{
	struct nftnl_expr *expr = nftnl_expr_alloc("payload");

	if (!expr)
		return -ENOMEM;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_BASE, base);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_LEN, length);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_SREG, reg);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_CSUM_TYPE, NFT_PAYLOAD_CSUM_NONE);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_CSUM_OFFSET, 0);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_FLAGS, 0);
	nftnl_rule_add_expr(rule, expr);
	return 0;
}

int nft_expr_ct(struct nftnl_rule *rule, uint32_t key, int direction, uint32_t reg)
{
	struct nftnl_expr *expr = nftnl_expr_alloc("ct");

	if (!expr)
		return -ENOMEM;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CT_KEY, key);
	if (direction >= 0)
		nftnl_expr_set_u8(expr, NFTNL_EXPR_CT_DIR, (uint8_t)direction);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CT_DREG, reg);
	nftnl_rule_add_expr(rule, expr);
	return 0;
}

static int compare(struct nftnl_rule *rule, uint32_t reg, uint32_t op, const void *data, uint32_t length)
{
	struct nftnl_expr *expr = nftnl_expr_alloc("cmp");

	if (!expr)
		return -ENOMEM;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CMP_SREG, reg);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CMP_OP, op);
	if (nftnl_expr_set(expr, NFTNL_EXPR_CMP_DATA, data, length) < 0) {
		nftnl_expr_free(expr);
		return -ENOMEM;
	}
	nftnl_rule_add_expr(rule, expr);
	return 0;
}

int nft_expr_equal(struct nftnl_rule *rule, uint32_t reg, const void *data, uint32_t length)
{
	return compare(rule, reg, NFT_CMP_EQ, data, length);
}

int nft_expr_differs(struct nftnl_rule *rule, uint32_t reg, const void *data, uint32_t length)
{
	return compare(rule, reg, NFT_CMP_NEQ, data, length);
}

static int bitwise(struct nftnl_rule *rule, uint32_t reg, const void *mask, const void * xor, uint32_t length)
{
	struct nftnl_expr *expr = nftnl_expr_alloc("bitwise");

	if (!expr)
		return -ENOMEM;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_SREG, reg);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_DREG, reg);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_OP, NFT_BITWISE_BOOL);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_LEN, length);
	if (nftnl_expr_set(expr, NFTNL_EXPR_BITWISE_MASK, mask, length) < 0 ||
	    nftnl_expr_set(expr, NFTNL_EXPR_BITWISE_XOR, xor, length) < 0) {
		nftnl_expr_free(expr);
		return -ENOMEM;
	}
	nftnl_rule_add_expr(rule, expr);
	return 0;
}

int nft_expr_bitwise(struct nftnl_rule *rule, uint32_t reg, uint32_t mask, uint32_t xor)
{
	return bitwise(rule, reg, &mask, &xor, sizeof(mask));
}

int nft_expr_mask(struct nftnl_rule *rule, uint32_t reg, const void *mask, uint32_t length)
{
	static const uint8_t none[16];

	return bitwise(rule, reg, mask, none, length);
}

int nft_expr_exthdr(struct nftnl_rule *rule, uint8_t type, uint32_t reg)
{
	struct nftnl_expr *expr = nftnl_expr_alloc("exthdr");

	if (!expr)
		return -ENOMEM;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_EXTHDR_DREG, reg);
	nftnl_expr_set_u8(expr, NFTNL_EXPR_EXTHDR_TYPE, type);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_EXTHDR_OFFSET, 0);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_EXTHDR_LEN, 1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_EXTHDR_OP, NFT_EXTHDR_OP_IPV6);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_EXTHDR_FLAGS, NFT_EXTHDR_F_PRESENT);
	nftnl_rule_add_expr(rule, expr);
	return 0;
}

int nft_expr_lookup(struct nftnl_rule *rule, uint32_t reg, const char *set, bool invert)
{
	struct nftnl_expr *expr = nftnl_expr_alloc("lookup");

	if (!expr)
		return -ENOMEM;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_LOOKUP_SREG, reg);
	if (nftnl_expr_set_str(expr, NFTNL_EXPR_LOOKUP_SET, set) < 0) {
		nftnl_expr_free(expr);
		return -ENOMEM;
	}
	if (invert)
		nftnl_expr_set_u32(expr, NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
	nftnl_rule_add_expr(rule, expr);
	return 0;
}

int nft_expr_update(struct nftnl_rule *rule, uint32_t reg, const char *set)
{
	struct nftnl_expr *expr = nftnl_expr_alloc("dynset");

	if (!expr)
		return -ENOMEM;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_DYNSET_SREG_KEY, reg);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_DYNSET_OP, NFT_DYNSET_OP_UPDATE);
	if (nftnl_expr_set_str(expr, NFTNL_EXPR_DYNSET_SET_NAME, set) < 0) {
		nftnl_expr_free(expr);
		return -ENOMEM;
	}
	nftnl_rule_add_expr(rule, expr);
	return 0;
}

int nft_expr_update_limited(struct nftnl_rule *rule, uint32_t reg, const char *set, uint64_t rate, uint32_t burst)
{
	struct nftnl_expr *expr = nftnl_expr_alloc("dynset"), *limit = nftnl_expr_alloc("limit");

	if (!expr || !limit || nftnl_expr_set_str(expr, NFTNL_EXPR_DYNSET_SET_NAME, set) < 0) {
		if (expr)
			nftnl_expr_free(expr);
		if (limit)
			nftnl_expr_free(limit);
		return -ENOMEM;
	}
	nftnl_expr_set_u32(expr, NFTNL_EXPR_DYNSET_SREG_KEY, reg);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_DYNSET_OP, NFT_DYNSET_OP_UPDATE);
	nftnl_expr_set_u64(limit, NFTNL_EXPR_LIMIT_RATE, rate);
	nftnl_expr_set_u64(limit, NFTNL_EXPR_LIMIT_UNIT, 1);
	nftnl_expr_set_u32(limit, NFTNL_EXPR_LIMIT_BURST, burst);
	nftnl_expr_set_u32(limit, NFTNL_EXPR_LIMIT_TYPE, NFT_LIMIT_PKTS);
	nftnl_expr_set_u32(limit, NFTNL_EXPR_LIMIT_FLAGS, NFT_LIMIT_F_INV);
	/* It belongs to the first one from now on. */
	nftnl_expr_add_expr(expr, NFTNL_EXPR_DYNSET_EXPRESSIONS, limit);
	nftnl_rule_add_expr(rule, expr);
	return 0;
}

int nft_expr_counter(struct nftnl_rule *rule)
{
	struct nftnl_expr *expr = nftnl_expr_alloc("counter");

	if (!expr)
		return -ENOMEM;
	nftnl_rule_add_expr(rule, expr);
	return 0;
}

int nft_expr_reset(struct nftnl_rule *rule)
{
	struct nftnl_expr *expr = nftnl_expr_alloc("reject");

	if (!expr)
		return -ENOMEM;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_REJECT_TYPE, NFT_REJECT_TCP_RST);
	nftnl_rule_add_expr(rule, expr);
	return 0;
}

int nft_expr_verdict(struct nftnl_rule *rule, int verdict, const char *chain)
{
	struct nftnl_expr *expr = nftnl_expr_alloc("immediate");

	if (!expr)
		return -ENOMEM;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_IMM_VERDICT, (uint32_t)verdict);
	if (chain && nftnl_expr_set_str(expr, NFTNL_EXPR_IMM_CHAIN, chain) < 0) {
		nftnl_expr_free(expr);
		return -ENOMEM;
	}
	nftnl_rule_add_expr(rule, expr);
	return 0;
}

uint8_t nft_expr_comment(uint8_t type, const char *text, uint8_t buffer[NFT_EXPR_COMMENT_SIZE])
{
	/* nft itself takes back no more than this (NFTNL_UDATA_COMMENT_MAXLEN). */
	size_t length = strnlen(text, NFTNL_UDATA_COMMENT_MAXLEN - 1);

	buffer[0] = type;
	buffer[1] = (uint8_t)(length + 1);
	memcpy(buffer + 2, text, length);
	buffer[2 + length] = '\0';
	return (uint8_t)(2 + length + 1);
}

void nft_expr_comment_read(uint8_t type, const void *data, uint32_t length, char *text, uint32_t size)
{
	const uint8_t *bytes = data;

	text[0] = '\0';
	/* Type, length, value, one after the other: anybody may have written this. */
	while (bytes && length >= 2 && bytes[1] <= length - 2) {
		if (bytes[0] == type) {
			size_t copied = strnlen((const char *)bytes + 2, bytes[1]);

			if (copied >= size)
				copied = size - 1;
			memcpy(text, bytes + 2, copied);
			text[copied] = '\0';
			return;
		}
		length -= 2u + bytes[1];
		bytes += 2u + bytes[1];
	}
}
