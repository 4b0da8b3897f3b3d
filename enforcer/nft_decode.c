/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_decode.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <libnftnl/expr.h>
#include <libnftnl/set.h>
#include <linux/netfilter/nf_tables.h>

#include "nft_expr.h"

static uint32_t get_address(const uint8_t *key, uint8_t family, struct address *address)
{
	address->family = family;
	memcpy(address->bytes, key, address_length(address));
	return address_length(address);
}

/* Which of the four parts of a flow's key stands where. */
static void get_flow(const uint8_t *key, uint8_t family, struct address *source, struct address *destination,
		     uint8_t *protocol, uint16_t *port)
{
	uint32_t at = get_address(key, family, source);

	at += get_address(key + at, family, destination);
	*protocol = key[at];
	at += 4;
	*port = (uint16_t)(key[at] << 8 | key[at + 1]);
}

static uint32_t key_length(enum policy_set set)
{
	switch (set) {
	case POLICY_NETWORKS:
		return 32;
	case POLICY_BRIDGES:
	case POLICY_FOREIGN:
		return 16;
	case POLICY_ENDPOINTS4:
		return 20;
	case POLICY_ENDPOINTS6:
		return 32;
	case POLICY_OBSERVED4:
		return 4;
	case POLICY_OBSERVED6:
		return 16;
	case POLICY_FLOWS4:
	case POLICY_RANGES4:
		return 16;
	default:
		return 40;
	}
}

/* False: a key that our record cannot say. */
static bool get_key(enum policy_set set, const uint8_t *key, const uint8_t *key_end, struct policy_record *record)
{
	uint8_t family = policy_set_family(set);
	struct address source, destination;

	switch (set) {
	case POLICY_NETWORKS:
		/* A pair of two bridges would join two networks: nothing of ours. */
		if (memcmp(key, key + POLICY_IFNAME_SIZE, POLICY_IFNAME_SIZE) != 0)
			return false;
		/* fall through */
	case POLICY_BRIDGES:
	case POLICY_FOREIGN:
		memcpy(record->bridge, key, POLICY_IFNAME_SIZE);
		break;
	case POLICY_ENDPOINTS4:
	case POLICY_ENDPOINTS6:
		memcpy(record->bridge, key, POLICY_IFNAME_SIZE);
		get_address(key + POLICY_IFNAME_SIZE, family, &record->source);
		break;
	case POLICY_OBSERVED4:
	case POLICY_OBSERVED6:
		get_address(key, family, &record->source);
		break;
	default:
		get_flow(key, family, &record->source, &record->destination, &record->protocol_first,
			 &record->port_first);
		record->protocol_last = record->protocol_first;
		record->port_last = record->port_first;
		if (!key_end)
			break;
		memset(&source, 0, sizeof(source));
		memset(&destination, 0, sizeof(destination));
		get_flow(key_end, family, &source, &destination, &record->protocol_last, &record->port_last);
		/* An interval of addresses was not made by us either. */
		if (address_compare(&source, &record->source) != 0 ||
		    address_compare(&destination, &record->destination) != 0)
			return false;
		break;
	}
	return record->bridge[POLICY_IFNAME_SIZE - 1] == '\0';
}

static int read_counter(struct nftnl_expr *expr, void *data)
{
	uint64_t *counter = data;

	if (strcmp(nftnl_expr_get_str(expr, NFTNL_EXPR_NAME), "counter") == 0) {
		counter[0] = nftnl_expr_get_u64(expr, NFTNL_EXPR_CTR_PACKETS);
		counter[1] = nftnl_expr_get_u64(expr, NFTNL_EXPR_CTR_BYTES);
	}
	return 0;
}

static void get_counter(struct nftnl_set_elem *element, uint64_t *packets, uint64_t *bytes)
{
	uint64_t counter[2] = { 0, 0 };

	(void)nftnl_set_elem_expr_foreach(element, read_counter, counter);
	*packets = counter[0];
	*bytes = counter[1];
}

struct reading {
	enum policy_set set;
	struct policy *policy;
	size_t strange;
	uint8_t family;
	struct kernel_denied **denied;
	size_t *count;
};

static int read_element(struct nftnl_set_elem *element, void *data)
{
	struct reading *reading = data;
	struct policy_record record = { .set = reading->set };
	char comment[POLICY_COMMENT_MAX + 2];
	const void *key, *key_end = NULL, *user_data;
	uint32_t length, end_length, user_length = 0;

	key = nftnl_set_elem_get(element, NFTNL_SET_ELEM_KEY, &length);
	if (nftnl_set_elem_is_set(element, NFTNL_SET_ELEM_KEY_END)) {
		key_end = nftnl_set_elem_get(element, NFTNL_SET_ELEM_KEY_END, &end_length);
		if (end_length != length)
			key = NULL;
	}
	if (!key || length != key_length(reading->set) || !get_key(reading->set, key, key_end, &record)) {
		reading->strange++;
		return 0;
	}
	user_data = nftnl_set_elem_is_set(element, NFTNL_SET_ELEM_USERDATA)
			    ? nftnl_set_elem_get(element, NFTNL_SET_ELEM_USERDATA, &user_length)
			    : NULL;
	nft_expr_comment_read(user_data, user_length, comment, sizeof(comment));
	/* One that goes away by itself is not ours: no comment of ours, so that it is replaced. */
	record.comment = nftnl_set_elem_is_set(element, NFTNL_SET_ELEM_TIMEOUT) ? "(with a timeout)" : comment;
	get_counter(element, &record.packets, &record.bytes);
	return policy_add(reading->policy, &record);
}

static int read_denied(struct nftnl_set_elem *element, void *data)
{
	struct reading *reading = data;
	struct kernel_denied denied = { 0 }, *grown;
	uint64_t expiration;
	const void *key;
	uint32_t length;

	key = nftnl_set_elem_get(element, NFTNL_SET_ELEM_KEY, &length);
	if (!key || length != (reading->family == ADDRESS_IPV6 ? 40u : 16u))
		return 0;
	get_flow(key, reading->family, &denied.source, &denied.destination, &denied.protocol, &denied.port);
	get_counter(element, &denied.packets, &denied.bytes);
	expiration = nftnl_set_elem_is_set(element, NFTNL_SET_ELEM_EXPIRATION)
			     ? nftnl_set_elem_get_u64(element, NFTNL_SET_ELEM_EXPIRATION)
			     : KERNEL_DENIED_MS;
	denied.age_ms = expiration < KERNEL_DENIED_MS ? KERNEL_DENIED_MS - expiration : 0;
	if (*reading->count % 64 == 0) {
		grown = realloc(*reading->denied, (*reading->count + 64) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		*reading->denied = grown;
	}
	(*reading->denied)[(*reading->count)++] = denied;
	return 0;
}

static int for_each(const struct nlmsghdr *header, int (*function)(struct nftnl_set_elem *, void *),
		    struct reading *reading)
{
	struct nftnl_set *set = nftnl_set_alloc();
	int r;

	if (!set)
		return -ENOMEM;
	if (nftnl_set_elems_nlmsg_parse(header, set) < 0)
		r = -EBADMSG;
	else
		r = nftnl_set_elem_foreach(set, function, reading) < 0 ? -ENOMEM : 0;
	nftnl_set_free(set);
	return r;
}

int nft_decode_elements(const struct nlmsghdr *header, enum policy_set set, struct policy *policy, size_t *ret_strange)
{
	struct reading reading = { .set = set, .policy = policy };
	int r = for_each(header, read_element, &reading);

	*ret_strange += reading.strange;
	return r;
}

int nft_decode_denied(const struct nlmsghdr *header, uint8_t family, struct kernel_denied **denied, size_t *count)
{
	struct reading reading = { .family = family, .denied = denied, .count = count };

	return for_each(header, read_denied, &reading);
}
