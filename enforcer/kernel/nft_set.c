/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_set.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <libnftnl/expr.h>
#include <libnftnl/set.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "address.h"
#include "kernel.h"
#include "nft_expr.h"

/* One part of a set's key. */
enum part {
	PART_NONE, /* no more parts */
	PART_ADDRESS,
	PART_ADDRESS6, /* what an address is in a set of IPv6 */
	PART_MAC,
	PART_PROTOCOL,
	PART_PORT,
	PART_LINK,
};

/* nft's numbers for the types of a set's key (its src/datatype.h; a concatenation holds six bits for each), how long
 * each is in bytes, and the notes about its byte order in the set's user data. */
enum {
	ORDER_CONCAT = 0,
	ORDER_HOST = 1,
	ORDER_NETWORK = 2,
};
static const struct {
	uint8_t number, length, order;
} types[] = {
	[PART_ADDRESS] = { 7, 4, ORDER_NETWORK }, [PART_ADDRESS6] = { 8, 16, ORDER_NETWORK },
	[PART_MAC] = { 9, 6, ORDER_NETWORK },	  [PART_PROTOCOL] = { 12, 1, ORDER_NETWORK },
	[PART_PORT] = { 13, 2, ORDER_NETWORK },	  [PART_LINK] = { 41, 16, ORDER_HOST },
};

#define MOST_PARTS 4
static const enum part shapes[][MOST_PARTS] = {
	[POLICY_SHAPE_LINK] = { PART_LINK },
	[POLICY_SHAPE_LINK_TWICE] = { PART_LINK, PART_LINK },
	[POLICY_SHAPE_ENDPOINT] = { PART_LINK, PART_ADDRESS },
	[POLICY_SHAPE_ADDRESS] = { PART_ADDRESS },
	[POLICY_SHAPE_ADDRESS_TWICE] = { PART_ADDRESS, PART_ADDRESS },
	[POLICY_SHAPE_LINK_MAC] = { PART_LINK, PART_MAC },
	[POLICY_SHAPE_PLACE] = { PART_LINK, PART_MAC, PART_ADDRESS },
	[POLICY_SHAPE_PUBLISHED] = { PART_ADDRESS, PART_PROTOCOL, PART_PORT },
	[POLICY_SHAPE_FLOW] = { PART_ADDRESS, PART_ADDRESS, PART_PROTOCOL, PART_PORT },
	[POLICY_SHAPE_RANGE] = { PART_ADDRESS, PART_ADDRESS, PART_PROTOCOL, PART_PORT },
	[POLICY_SHAPE_BOUNDARY] = { PART_ADDRESS, PART_ADDRESS, PART_PROTOCOL, PART_PORT },
};

static size_t part_count(const struct policy_set_row *row)
{
	size_t count = 0;

	while (count < MOST_PARTS && shapes[row->shape][count] != PART_NONE)
		count++;
	return count;
}

static enum part part_at(const struct policy_set_row *row, size_t index)
{
	enum part part = shapes[row->shape][index];

	return part == PART_ADDRESS && row->family == ADDRESS_IPV6 ? PART_ADDRESS6 : part;
}

uint32_t nft_set_key_length(const struct policy_set_row *row)
{
	uint32_t length = 0;

	for (size_t i = 0; i < part_count(row); i++)
		length += (types[part_at(row, i)].length + 3u) & ~3u;
	return length;
}

uint32_t nft_set_table_family(enum policy_table table)
{
	return table == POLICY_TABLE_BRIDGE ? NFPROTO_BRIDGE : NFPROTO_INET;
}

/* nft's notes about a set: the byte order of its key, for a concatenation that it is one (an empty "typeof"), and the
 * comment. */
static int set_userdata(struct nftnl_set *set, const struct policy_set_row *row)
{
	static const uint8_t concat[] = { 0, 4, ORDER_CONCAT, 0, 0, 0, 3, 8, 0, 4, 13, 0, 0, 0, 1, 0 };
	const uint8_t simple[] = { 0, 4, types[part_at(row, 0)].order, 0, 0, 0 };
	uint8_t notes[sizeof(concat) + NFT_EXPR_COMMENT_SIZE];
	uint32_t length = part_count(row) > 1 ? sizeof(concat) : sizeof(simple);

	memcpy(notes, part_count(row) > 1 ? concat : simple, length);
	length += nft_expr_comment(NFTNL_UDATA_SET_COMMENT, row->about, notes + length);
	return nftnl_set_set_data(set, NFTNL_SET_USERDATA, notes, length);
}

static int describe_key(struct nftnl_set *set, const struct policy_set_row *row)
{
	size_t parts = part_count(row);
	uint8_t lengths[MOST_PARTS];
	uint32_t type = 0;

	for (size_t i = 0; i < parts; i++) {
		type = type << 6 | types[part_at(row, i)].number;
		lengths[i] = types[part_at(row, i)].length;
	}
	nftnl_set_set_u32(set, NFTNL_SET_KEY_TYPE, type);
	nftnl_set_set_u32(set, NFTNL_SET_KEY_LEN, nft_set_key_length(row));
	if (policy_shape_is_interval(row->shape))
		return nftnl_set_set_data(set, NFTNL_SET_DESC_CONCAT, lengths, (uint32_t)parts);
	return 0;
}

static int add_counter(struct nftnl_set *set)
{
	struct nftnl_expr *expr = nftnl_expr_alloc("counter");

	if (!expr)
		return -ENOMEM;
	/* libnftnl takes the expression itself, and frees it with the set. */
	return nftnl_set_set_data(set, NFTNL_SET_EXPR, expr, 0);
}

/* What its elements are, besides their keys. */
static int describe_elements(struct nftnl_set *set, const struct policy_set_row *row)
{
	uint32_t flags = policy_shape_is_interval(row->shape) ? NFT_SET_INTERVAL | NFT_SET_CONCAT : 0;

	bool limited = row->element == POLICY_ELEMENT_LIMITED;

	if (policy_set_is_kernels(row->set)) {
		flags |= NFT_SET_TIMEOUT | NFT_SET_EVAL;
		nftnl_set_set_u64(set, NFTNL_SET_TIMEOUT, limited ? KERNEL_LIMITED_MS : KERNEL_DENIED_MS);
		nftnl_set_set_u32(set, NFTNL_SET_DESC_SIZE, KERNEL_DENIED_SIZE);
	}
	nftnl_set_set_u32(set, NFTNL_SET_FLAGS, flags);
	return row->element == POLICY_ELEMENT_PLAIN || limited ? 0 : add_counter(set);
}

int nft_set_build(const struct policy_set_row *row, uint32_t id, struct nftnl_set **ret_set)
{
	struct nftnl_set *set = nftnl_set_alloc();

	if (!set)
		return -ENOMEM;
	nftnl_set_set_u32(set, NFTNL_SET_FAMILY, nft_set_table_family(row->table));
	nftnl_set_set_u32(set, NFTNL_SET_ID, id);
	if (nftnl_set_set_str(set, NFTNL_SET_TABLE, KERNEL_TABLE) < 0 ||
	    nftnl_set_set_str(set, NFTNL_SET_NAME, row->name) < 0 || describe_key(set, row) < 0 ||
	    set_userdata(set, row) < 0 || describe_elements(set, row) < 0) {
		nftnl_set_free(set);
		return -ENOMEM;
	}
	*ret_set = set;
	return 0;
}
