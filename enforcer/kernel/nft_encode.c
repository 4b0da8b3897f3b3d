/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_encode.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <libnftnl/expr.h>
#include <libnftnl/set.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>

#include "nft_expr.h"
#include "nft_set.h"

/* Elements in one message: an element with an IPv6 key, its end, a counter and a comment has about 330 bytes, and all
 * of a message's elements are one attribute of at most 64 KiB. */
#define PER_MESSAGE  100
#define ELEMENT_ROOM ((size_t)512)

static uint32_t put_address(uint8_t *key, const struct address *address)
{
	uint32_t length = address_length(address);

	memcpy(key, address->bytes, length);
	return length;
}

static void put_port(uint8_t protocol, uint16_t port, uint8_t *key)
{
	key[0] = protocol;
	key[4] = (uint8_t)(port >> 8);
	key[5] = (uint8_t)port;
}

/* Every part begins at a register of four bytes; the rest of it is zero. */
static uint32_t put_flow(const struct policy_record *record, uint8_t protocol, uint16_t port, uint8_t *key)
{
	uint32_t length = put_address(key, &record->source);

	length += put_address(key + length, &record->destination);
	put_port(protocol, port, key + length);
	return length + 8;
}

static uint32_t put_published(const struct policy_record *record, uint8_t protocol, uint16_t port, uint8_t *key)
{
	uint32_t length = put_address(key, &record->destination);

	put_port(protocol, port, key + length);
	return length + 8;
}

static uint32_t put_link_mac(const struct policy_record *record, uint8_t *key)
{
	memcpy(key, record->link, POLICY_IFNAME_SIZE);
	memcpy(key + POLICY_IFNAME_SIZE, record->mac, sizeof(record->mac));
	return POLICY_IFNAME_SIZE + 8;
}

static uint32_t put_place(const struct policy_record *record, uint8_t *key)
{
	uint32_t length = put_link_mac(record, key);

	return length + put_address(key + length, &record->source);
}

/* Intervals of addresses: the upper end of each. */
static struct policy_record upper_end(const struct policy_record *record)
{
	struct policy_record end = *record;

	end.source = address_last(&record->source, record->source_length);
	end.destination = address_last(&record->destination, record->destination_length);
	return end;
}

uint32_t nft_encode_key(const struct policy_record *record, uint8_t key[NFT_ENCODE_KEY_SIZE],
			uint8_t key_end[NFT_ENCODE_KEY_SIZE])
{
	struct policy_record end;

	memset(key, 0, NFT_ENCODE_KEY_SIZE);
	memset(key_end, 0, NFT_ENCODE_KEY_SIZE);
	switch (policy_set_shape(record->set)) {
	case POLICY_SHAPE_LINK_TWICE:
		memcpy(key, record->link, POLICY_IFNAME_SIZE);
		memcpy(key + POLICY_IFNAME_SIZE, record->link, POLICY_IFNAME_SIZE);
		return 2 * POLICY_IFNAME_SIZE;
	case POLICY_SHAPE_LINK:
		memcpy(key, record->link, POLICY_IFNAME_SIZE);
		return POLICY_IFNAME_SIZE;
	case POLICY_SHAPE_ENDPOINT:
		memcpy(key, record->link, POLICY_IFNAME_SIZE);
		return POLICY_IFNAME_SIZE + put_address(key + POLICY_IFNAME_SIZE, &record->source);
	case POLICY_SHAPE_ADDRESS:
		return put_address(key, &record->source);
	case POLICY_SHAPE_ADDRESS_TWICE:
		put_address(key, &record->source);
		return 2 * put_address(key + address_length(&record->source), &record->source);
	case POLICY_SHAPE_LINK_MAC:
		return put_link_mac(record, key);
	case POLICY_SHAPE_PLACE:
		return put_place(record, key);
	case POLICY_SHAPE_PUBLISHED:
		end = upper_end(record);
		put_published(&end, record->span.protocol_last, record->span.port_last, key_end);
		return put_published(record, record->span.protocol_first, record->span.port_first, key);
	case POLICY_SHAPE_BOUNDARY:
		end = upper_end(record);
		put_flow(&end, record->span.protocol_last, record->span.port_last, key_end);
		return put_flow(record, record->span.protocol_first, record->span.port_first, key);
	case POLICY_SHAPE_FLOW:
	case POLICY_SHAPE_RANGE:
		break;
	}
	put_flow(record, record->span.protocol_last, record->span.port_last, key_end);
	return put_flow(record, record->span.protocol_first, record->span.port_first, key);
}

static int add_counter(struct nftnl_set_elem *element, uint64_t packets, uint64_t bytes)
{
	struct nftnl_expr *counter = nftnl_expr_alloc("counter");

	if (!counter)
		return -ENOMEM;
	nftnl_expr_set_u64(counter, NFTNL_EXPR_CTR_PACKETS, packets);
	nftnl_expr_set_u64(counter, NFTNL_EXPR_CTR_BYTES, bytes);
	nftnl_set_elem_add_expr(element, counter);
	return 0;
}

static int set_key(struct nftnl_set_elem *element, const struct policy_record *record)
{
	uint8_t key[NFT_ENCODE_KEY_SIZE], key_end[NFT_ENCODE_KEY_SIZE];
	uint32_t length = nft_encode_key(record, key, key_end);

	if (nftnl_set_elem_set(element, NFTNL_SET_ELEM_KEY, key, length) < 0)
		return -ENOMEM;
	if (policy_shape_is_interval(policy_set_shape(record->set)) &&
	    nftnl_set_elem_set(element, NFTNL_SET_ELEM_KEY_END, key_end, length) < 0)
		return -ENOMEM;
	return 0;
}

static int describe(struct nftnl_set_elem *element, const struct policy_record *record, bool add)
{
	uint8_t comment[NFT_EXPR_COMMENT_SIZE];

	if (set_key(element, record) < 0)
		return -ENOMEM;
	if (!add)
		return 0;
	if (*record->comment && nftnl_set_elem_set(element, NFTNL_SET_ELEM_USERDATA, comment,
						   nft_expr_comment(NFT_EXPR_COMMENT, record->comment, comment)) < 0)
		return -ENOMEM;
	/* A new element gets the set's counter by itself; only one that goes on counting brings its own. */
	if (policy_set_row(record->set)->element == POLICY_ELEMENT_COUNTED && (record->packets || record->bytes))
		return add_counter(element, record->packets, record->bytes);
	return 0;
}

static struct nftnl_set *new_set(const struct policy_set_row *row)
{
	struct nftnl_set *set = nftnl_set_alloc();

	if (!set)
		return NULL;
	nftnl_set_set_u32(set, NFTNL_SET_FAMILY, nft_set_table_family(row->table));
	if (nftnl_set_set_str(set, NFTNL_SET_TABLE, KERNEL_TABLE) < 0 ||
	    nftnl_set_set_str(set, NFTNL_SET_NAME, row->name) < 0) {
		nftnl_set_free(set);
		return NULL;
	}
	return set;
}

/* One message with `count` records of one set. */
static int add_message(struct nft_batch *batch, const struct policy_record *const *records, size_t count, bool add)
{
	const struct policy_set_row *row = policy_set_row(records[0]->set);
	struct nftnl_set *set = new_set(row);
	struct nlmsghdr *header = NULL;
	int r = set ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < count; i++) {
		struct nftnl_set_elem *element = nftnl_set_elem_alloc();

		r = element ? describe(element, records[i], add) : -ENOMEM;
		if (r == 0)
			nftnl_set_elem_add(set, element);
		else if (element)
			nftnl_set_elem_free(element);
	}
	if (r == 0)
		header = nft_batch_message(batch, count * ELEMENT_ROOM + NFT_BATCH_ROOM,
					   add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM,
					   (uint16_t)nft_set_table_family(row->table),
					   add ? NLM_F_CREATE | NLM_F_EXCL : 0, "set %s", row->name);
	if (header) {
		nftnl_set_elems_nlmsg_build_payload(header, set);
		batch->entries[batch->count - 1].records = records;
		batch->entries[batch->count - 1].record_count = count;
		nft_batch_done(batch);
	} else {
		r = -ENOMEM;
	}
	if (set)
		nftnl_set_free(set);
	return r;
}

static int encode(struct nft_batch *batch, const struct policy_record *const *records, size_t count, bool add)
{
	while (count) {
		size_t run = 1;
		int r;

		while (run < count && run < PER_MESSAGE && records[run]->set == records[0]->set)
			run++;
		r = add_message(batch, records, run, add);
		if (r < 0)
			return r;
		records += run;
		count -= run;
	}
	return 0;
}

int nft_encode_add(struct nft_batch *batch, const struct policy_record *const *records, size_t count)
{
	return encode(batch, records, count, true);
}

int nft_encode_delete(struct nft_batch *batch, const struct policy_record *const *records, size_t count)
{
	return encode(batch, records, count, false);
}

/* ---- Denials ---- */

static int describe_denied(struct nftnl_set_elem *element, const struct kernel_denied *denied)
{
	struct policy_record record = {
		.set = policy_set_of(POLICY_TOPIC_DENIED, denied->source.family),
		.source = denied->source,
		.destination = denied->destination,
		.span.protocol_first = denied->protocol,
		.span.port_first = denied->port,
	};

	if (set_key(element, &record) < 0)
		return -ENOMEM;
	nftnl_set_elem_set_u64(element, NFTNL_SET_ELEM_TIMEOUT, KERNEL_DENIED_MS);
	nftnl_set_elem_set_u64(element, NFTNL_SET_ELEM_EXPIRATION,
			       denied->age_ms < KERNEL_DENIED_MS ? KERNEL_DENIED_MS - denied->age_ms : 1);
	return add_counter(element, denied->packets, denied->bytes);
}

static int add_denied_message(struct nft_batch *batch, const struct kernel_denied *denied, size_t count, uint8_t family)
{
	const struct policy_set_row *row = policy_set_row(policy_set_of(POLICY_TOPIC_DENIED, family));
	struct nftnl_set *set = new_set(row);
	struct nlmsghdr *header;
	bool any = false;
	int r = set ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < count; i++) {
		struct nftnl_set_elem *element;

		if (denied[i].source.family != family)
			continue;
		element = nftnl_set_elem_alloc();
		r = element ? describe_denied(element, &denied[i]) : -ENOMEM;
		if (r == 0)
			nftnl_set_elem_add(set, element);
		else if (element)
			nftnl_set_elem_free(element);
		any = true;
	}
	if (r == 0 && any) {
		header = nft_batch_message(batch, count * ELEMENT_ROOM + NFT_BATCH_ROOM, NFT_MSG_NEWSETELEM,
					   (uint16_t)nft_set_table_family(row->table), NLM_F_CREATE, "set %s",
					   row->name);
		if (header) {
			nftnl_set_elems_nlmsg_build_payload(header, set);
			nft_batch_done(batch);
		} else {
			r = -ENOMEM;
		}
	}
	if (set)
		nftnl_set_free(set);
	return r;
}

int nft_encode_denied(struct nft_batch *batch, const struct kernel_denied *denied, size_t count)
{
	for (size_t i = 0; i < count; i += PER_MESSAGE) {
		size_t run = count - i < PER_MESSAGE ? count - i : PER_MESSAGE;

		if (add_denied_message(batch, denied + i, run, ADDRESS_IPV4) < 0 ||
		    add_denied_message(batch, denied + i, run, ADDRESS_IPV6) < 0)
			return -ENOMEM;
	}
	return 0;
}
