/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables, chains and rules of anybody, of a fuzzer's bytes.  A letter says what comes, bytes after it say more:
 *
 *     T table family · C table chain family · R table chain family
 *
 * and of the last rule: m meta · c cmp · b bitwise · v immediate with a verdict and a chain · i immediate with bytes ·
 * x match of xtables · k counter · j reject · l log · s lookup · ? what libnftnl does not know · u a comment's bytes
 */
#ifndef BULKHEAD_FUZZ_FOREIGN_RULES_H
#define BULKHEAD_FUZZ_FOREIGN_RULES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#define FOREIGN_INPUT_MAX    ((size_t)4096)
#define FOREIGN_MESSAGES_MAX ((size_t)48 * 1024)
#define FOREIGN_MESSAGE_MAX  ((size_t)8 * 1024)

struct foreign {
	const uint8_t *at, *end;
	char *buffer;
	size_t used;
	struct nftnl_rule *rule; /* that is being made */
	uint8_t family;
	bool unknown; /* it gets an expression that libnftnl cannot read */
};

static inline uint8_t foreign_byte(struct foreign *foreign)
{
	return foreign->at < foreign->end ? *foreign->at++ : 0;
}

/* A length, and as many bytes, or those that are left. */
static inline const uint8_t *foreign_bytes(struct foreign *foreign, uint32_t most, uint32_t *ret_length)
{
	uint32_t length = foreign_byte(foreign) % (most + 1), left = (uint32_t)(foreign->end - foreign->at);
	const uint8_t *bytes = foreign->at;

	*ret_length = length < left ? length : left;
	foreign->at += *ret_length;
	return bytes;
}

static inline const char *foreign_table(struct foreign *foreign)
{
	static const char *const names[] = { "filter", "docker-bridges", "nat", "bulkhead" };

	return names[foreign_byte(foreign) % 4];
}

static inline const char *foreign_chain(struct foreign *foreign)
{
	static const char *const names[] = {
		"FORWARD",
		"DOCKER-USER",
		"DOCKER",
		"filter-forward-in__docker0",
		"DOCKER-FORWARD",
		"X",
		"",
		"a-chain-with-a-name-that-is-longer-than-sixty-four-bytes-which-nft-allows-to"
	};

	return names[foreign_byte(foreign) % 8];
}

static inline uint8_t foreign_family(struct foreign *foreign)
{
	return foreign_byte(foreign) % 2 ? NFPROTO_IPV6 : NFPROTO_IPV4;
}

static inline struct nlmsghdr *foreign_header(struct foreign *foreign, uint16_t type, uint8_t family)
{
	return nftnl_nlmsg_build_hdr(foreign->buffer + foreign->used, type, family, NLM_F_MULTI, 0);
}

/* The kernel cannot know them all either: a rule with an expression that is newer than libnftnl. */
static inline void foreign_put_unknown(struct nlmsghdr *header, const struct nftnl_rule *rule)
{
	struct nlattr *list, *element;

	mnl_attr_put_strz(header, NFTA_RULE_TABLE, nftnl_rule_get_str(rule, NFTNL_RULE_TABLE));
	mnl_attr_put_strz(header, NFTA_RULE_CHAIN, nftnl_rule_get_str(rule, NFTNL_RULE_CHAIN));
	list = mnl_attr_nest_start(header, NFTA_RULE_EXPRESSIONS);
	element = mnl_attr_nest_start(header, NFTA_LIST_ELEM);
	mnl_attr_put_strz(header, NFTA_EXPR_NAME, "newer");
	mnl_attr_nest_end(header, element);
	mnl_attr_nest_end(header, list);
}

static inline void foreign_finish(struct foreign *foreign)
{
	struct nlmsghdr *header;

	if (!foreign->rule)
		return;
	header = foreign_header(foreign, NFT_MSG_NEWRULE, foreign->family);
	if (foreign->unknown)
		foreign_put_unknown(header, foreign->rule);
	else
		nftnl_rule_nlmsg_build_payload(header, foreign->rule);
	foreign->used += header->nlmsg_len;
	nftnl_rule_free(foreign->rule);
	foreign->rule = NULL;
	foreign->unknown = false;
}

static inline void foreign_begin(struct foreign *foreign)
{
	foreign_finish(foreign);
	foreign->rule = nftnl_rule_alloc();
	if (!foreign->rule)
		abort();
	nftnl_rule_set_str(foreign->rule, NFTNL_RULE_TABLE, foreign_table(foreign));
	nftnl_rule_set_str(foreign->rule, NFTNL_RULE_CHAIN, foreign_chain(foreign));
	nftnl_rule_set_u64(foreign->rule, NFTNL_RULE_HANDLE, foreign->used);
	foreign->family = foreign_family(foreign);
}

static inline void foreign_place(struct foreign *foreign, bool chain)
{
	const char *table = foreign_table(foreign), *name = chain ? foreign_chain(foreign) : NULL;
	struct nlmsghdr *header;

	foreign_finish(foreign);
	header = foreign_header(foreign, chain ? NFT_MSG_NEWCHAIN : NFT_MSG_NEWTABLE, foreign_family(foreign));
	mnl_attr_put_strz(header, NFTA_TABLE_NAME, table);
	if (name)
		mnl_attr_put_strz(header, NFTA_CHAIN_NAME, name);
	foreign->used += header->nlmsg_len;
}

static inline void foreign_fill(struct foreign *foreign, uint8_t letter, struct nftnl_expr *expr)
{
	const uint8_t *bytes;
	uint32_t length;

	switch (letter) {
	case 'm':
		nftnl_expr_set_u32(expr, NFTNL_EXPR_META_KEY, foreign_byte(foreign) % 40);
		nftnl_expr_set_u32(expr, NFTNL_EXPR_META_DREG, NFT_REG_1);
		break;
	case 'c':
		nftnl_expr_set_u32(expr, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
		nftnl_expr_set_u32(expr, NFTNL_EXPR_CMP_OP, foreign_byte(foreign) % 6);
		bytes = foreign_bytes(foreign, 16, &length);
		nftnl_expr_set(expr, NFTNL_EXPR_CMP_DATA, bytes, length);
		break;
	case 'b':
		bytes = foreign_bytes(foreign, 16, &length);
		nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
		nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
		nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_LEN, length);
		nftnl_expr_set(expr, NFTNL_EXPR_BITWISE_MASK, bytes, length);
		nftnl_expr_set(expr, NFTNL_EXPR_BITWISE_XOR, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", length);
		break;
	case 'v': {
		static const int verdicts[] = { NF_ACCEPT, NF_DROP,	 NFT_RETURN, NFT_JUMP,
						NFT_GOTO,  NFT_CONTINUE, NF_QUEUE };
		int verdict = verdicts[foreign_byte(foreign) % 7];

		nftnl_expr_set_u32(expr, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
		nftnl_expr_set_u32(expr, NFTNL_EXPR_IMM_VERDICT, (uint32_t)verdict);
		if (verdict == NFT_JUMP || verdict == NFT_GOTO)
			nftnl_expr_set_str(expr, NFTNL_EXPR_IMM_CHAIN, foreign_chain(foreign));
		break;
	}
	case 'i':
		bytes = foreign_bytes(foreign, 16, &length);
		nftnl_expr_set_u32(expr, NFTNL_EXPR_IMM_DREG, NFT_REG_1);
		nftnl_expr_set(expr, NFTNL_EXPR_IMM_DATA, bytes, length);
		break;
	case 'x': {
		static const char *const names[] = { "mark", "comment", "conntrack", "tcp" };

		nftnl_expr_set_str(expr, NFTNL_EXPR_MT_NAME, names[foreign_byte(foreign) % 4]);
		nftnl_expr_set_u32(expr, NFTNL_EXPR_MT_REV, foreign_byte(foreign) % 2);
		bytes = foreign_bytes(foreign, 255, &length);
		nftnl_expr_set(expr, NFTNL_EXPR_MT_INFO, memcpy(calloc(1, length + 1), bytes, length), length);
		break;
	}
	case 's':
		nftnl_expr_set_u32(expr, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
		nftnl_expr_set_str(expr, NFTNL_EXPR_LOOKUP_SET, "set");
		break;
	default:
		break;
	}
}

static inline void foreign_expression(struct foreign *foreign, uint8_t letter)
{
	static const char letters[] = "mcbvixkjls";
	static const char *const names[] = { "meta",  "cmp",	 "bitwise", "immediate", "immediate",
					     "match", "counter", "reject",  "log",	 "lookup" };
	const char *found = letter ? strchr(letters, letter) : NULL;
	struct nftnl_expr *expr;

	if (!found)
		return;
	expr = nftnl_expr_alloc(names[found - letters]);
	if (!expr)
		abort();
	foreign_fill(foreign, letter, expr);
	nftnl_rule_add_expr(foreign->rule, expr);
}

static inline void foreign_comment(struct foreign *foreign)
{
	uint32_t length;
	const uint8_t *bytes = foreign_bytes(foreign, 255, &length);

	if (length)
		nftnl_rule_set_data(foreign->rule, NFTNL_RULE_USERDATA, bytes, length);
}

/* The messages, in a buffer of FOREIGN_MESSAGES_MAX; their size. */
static inline size_t foreign_rules(const uint8_t *data, size_t size, char *buffer)
{
	struct foreign foreign = { .at = data, .end = data + size, .buffer = buffer };
	const uint8_t *began = data;

	while (foreign.at < foreign.end && foreign.used + 2 * FOREIGN_MESSAGE_MAX < FOREIGN_MESSAGES_MAX) {
		uint8_t letter = foreign_byte(&foreign);

		if (letter == 'R')
			began = foreign.at;
		/* One rule's expressions are at most some times as long as what they were made of. */
		if (foreign.at - began > 400)
			continue;
		if (letter == 'R')
			foreign_begin(&foreign);
		else if (letter == 'T' || letter == 'C')
			foreign_place(&foreign, letter == 'C');
		else if (foreign.rule && letter == 'u')
			foreign_comment(&foreign);
		else if (foreign.rule && letter == '?')
			foreign.unknown = true;
		else if (foreign.rule)
			foreign_expression(&foreign, letter);
	}
	foreign_finish(&foreign);
	return foreign.used;
}

#endif
