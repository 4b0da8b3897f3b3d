/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_same.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "nft_expr.h"

static bool same_text(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* ---- Sets ---- */

/* What each element of the set does: "counter" for a counter alone. */
static int note_statement(struct nftnl_expr *expr, void *data)
{
	const char **name = data;

	*name = *name ? "more than one" : nftnl_expr_get_str(expr, NFTNL_EXPR_NAME);
	return 0;
}

static bool same_statement(const struct nftnl_set *a, const struct nftnl_set *b)
{
	const char *name_a = NULL, *name_b = NULL;

	(void)nftnl_set_expr_foreach(a, note_statement, &name_a);
	(void)nftnl_set_expr_foreach(b, note_statement, &name_b);
	return name_a == name_b || same_text(name_a, name_b);
}

static bool same_number(const struct nftnl_set *a, const struct nftnl_set *b, uint16_t attribute)
{
	return (nftnl_set_is_set(a, attribute) ? nftnl_set_get_u32(a, attribute) : 0) ==
	       (nftnl_set_is_set(b, attribute) ? nftnl_set_get_u32(b, attribute) : 0);
}

/* Of the notes in its user data the comment alone: another nft may write more of them. */
static bool same_comment(uint8_t type, const void *a, uint32_t length_a, const void *b, uint32_t length_b)
{
	char text_a[NFT_EXPR_COMMENT_SIZE], text_b[NFT_EXPR_COMMENT_SIZE];

	nft_expr_comment_read(type, a, length_a, text_a, sizeof(text_a));
	nft_expr_comment_read(type, b, length_b, text_b, sizeof(text_b));
	return strcmp(text_a, text_b) == 0;
}

static bool same_set_comment(const struct nftnl_set *a, const struct nftnl_set *b)
{
	uint32_t length_a = 0, length_b = 0;
	const void *notes_a = nftnl_set_get_data(a, NFTNL_SET_USERDATA, &length_a);
	const void *notes_b = nftnl_set_get_data(b, NFTNL_SET_USERDATA, &length_b);

	return same_comment(NFTNL_UDATA_SET_COMMENT, notes_a, length_a, notes_b, length_b);
}

bool nft_same_set(const struct nftnl_set *a, const struct nftnl_set *b)
{
	uint64_t timeout_a = nftnl_set_is_set(a, NFTNL_SET_TIMEOUT) ? nftnl_set_get_u64(a, NFTNL_SET_TIMEOUT) : 0;
	uint64_t timeout_b = nftnl_set_is_set(b, NFTNL_SET_TIMEOUT) ? nftnl_set_get_u64(b, NFTNL_SET_TIMEOUT) : 0;

	return same_number(a, b, NFTNL_SET_FLAGS) && same_number(a, b, NFTNL_SET_KEY_TYPE) &&
	       same_number(a, b, NFTNL_SET_KEY_LEN) && same_number(a, b, NFTNL_SET_DESC_SIZE) &&
	       timeout_a == timeout_b && same_statement(a, b) && same_set_comment(a, b);
}

/* ---- Chains ---- */

static bool same_chain_comment(const struct nftnl_chain *a, const struct nftnl_chain *b)
{
	uint32_t length_a = 0, length_b = 0;
	const void *notes_a = nftnl_chain_get_data(a, NFTNL_CHAIN_USERDATA, &length_a);
	const void *notes_b = nftnl_chain_get_data(b, NFTNL_CHAIN_USERDATA, &length_b);

	return same_comment(NFT_EXPR_COMMENT, notes_a, length_a, notes_b, length_b);
}

bool nft_same_chain(const struct nftnl_chain *a, const struct nftnl_chain *b)
{
	bool base = nftnl_chain_is_set(b, NFTNL_CHAIN_HOOKNUM);

	if (nftnl_chain_is_set(a, NFTNL_CHAIN_HOOKNUM) != base || !same_chain_comment(a, b))
		return false;
	return !base || (nftnl_chain_get_u32(a, NFTNL_CHAIN_HOOKNUM) == nftnl_chain_get_u32(b, NFTNL_CHAIN_HOOKNUM) &&
			 nftnl_chain_get_s32(a, NFTNL_CHAIN_PRIO) == nftnl_chain_get_s32(b, NFTNL_CHAIN_PRIO) &&
			 nftnl_chain_get_u32(a, NFTNL_CHAIN_POLICY) == nftnl_chain_get_u32(b, NFTNL_CHAIN_POLICY) &&
			 same_text(nftnl_chain_get_str(a, NFTNL_CHAIN_TYPE), nftnl_chain_get_str(b, NFTNL_CHAIN_TYPE)));
}

/* ---- Rules ---- */

/* What was counted does not matter; and what is 0 is told by the kernel (some versions) and not by us. */
static int normalise(struct nftnl_expr *expr, void *data)
{
	const char *name = nftnl_expr_get_str(expr, NFTNL_EXPR_NAME);

	(void)data;
	if (strcmp(name, "counter") == 0) {
		nftnl_expr_set_u64(expr, NFTNL_EXPR_CTR_PACKETS, 0);
		nftnl_expr_set_u64(expr, NFTNL_EXPR_CTR_BYTES, 0);
	} else if (strcmp(name, "lookup") == 0 && !nftnl_expr_is_set(expr, NFTNL_EXPR_LOOKUP_FLAGS)) {
		nftnl_expr_set_u32(expr, NFTNL_EXPR_LOOKUP_FLAGS, 0);
	} else if (strcmp(name, "dynset") == 0) {
		if (!nftnl_expr_is_set(expr, NFTNL_EXPR_DYNSET_TIMEOUT))
			nftnl_expr_set_u64(expr, NFTNL_EXPR_DYNSET_TIMEOUT, 0);
		if (!nftnl_expr_is_set(expr, NFTNL_EXPR_DYNSET_FLAGS))
			nftnl_expr_set_u32(expr, NFTNL_EXPR_DYNSET_FLAGS, 0);
	}
	return 0;
}

/* The rule's attributes as libnftnl writes them, without what is the kernel's: handle, position and counts.  A rule
 * that came in one message of the kernel's (32 KiB at most) fits with room to spare. */
#define ENCODED_SIZE (NFT_SAME_RULE_SIZE / 2)

/* nft 1.0.6 swaps the bytes of a protocol in a key of intervals.  One byte has no order, so the rule is the same. */
static bool swaps_one_byte(const struct nftnl_expr *expr)
{
	return strcmp(nftnl_expr_get_str(expr, NFTNL_EXPR_NAME), "byteorder") == 0 &&
	       nftnl_expr_get_u32(expr, NFTNL_EXPR_BYTEORDER_LEN) == 1;
}

struct swap {
	struct nftnl_expr *found;
};

static int find_swap(struct nftnl_expr *expr, void *data)
{
	struct swap *swap = data;

	if (!swap->found && swaps_one_byte(expr))
		swap->found = expr;
	return 0;
}

static void remove_swaps(struct nftnl_rule *rule)
{
	struct swap swap;

	do {
		swap.found = NULL;
		(void)nftnl_expr_foreach(rule, find_swap, &swap);
		if (swap.found) {
			nftnl_rule_del_expr(swap.found);
			nftnl_expr_free(swap.found);
		}
	} while (swap.found);
}

static struct nlmsghdr *encode_rule(struct nftnl_rule *rule, char *buffer)
{
	struct nlmsghdr *header = nftnl_nlmsg_build_hdr(buffer, NFT_MSG_NEWRULE, NFPROTO_UNSPEC, 0, 0);

	nftnl_rule_unset(rule, NFTNL_RULE_HANDLE);
	nftnl_rule_unset(rule, NFTNL_RULE_POSITION);
	remove_swaps(rule);
	(void)nftnl_expr_foreach(rule, normalise, NULL);
	nftnl_rule_nlmsg_build_payload(header, rule);
	return header;
}

bool nft_same_rule(struct nftnl_rule *a, struct nftnl_rule *b, char *buffer)
{
	struct nlmsghdr *x = encode_rule(a, buffer), *y = encode_rule(b, buffer + ENCODED_SIZE);
	bool same = x->nlmsg_len == y->nlmsg_len && memcmp(x, y, x->nlmsg_len) == 0;

	/* The padding between attributes is compared, and not written. */
	memset(x, 0, x->nlmsg_len);
	memset(y, 0, y->nlmsg_len);
	return same;
}
