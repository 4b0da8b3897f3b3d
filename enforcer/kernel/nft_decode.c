/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Elements are read attribute by attribute, with libmnl's checks of every length: libnftnl's parser of elements trusts
 * its input (1.2.4 falls over an expression without a name), and it would copy what we only look at.
 */
#include "nft_decode.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "nft_expr.h"
#include "nft_set.h"

/* One element as it came. */
struct element {
	const uint8_t *key, *key_end; /* NULL where there is none */
	uint32_t key_length, key_end_length;
	const void *user_data;
	uint32_t user_data_length;
	uint64_t packets, bytes;
	uint64_t expiration;
	bool has_expiration, has_timeout;
};

struct bytes {
	const uint8_t *data;
	uint32_t length;
};

static int visit_data(const struct nlattr *attribute, void *data)
{
	struct bytes *bytes = data;

	if (mnl_attr_get_type(attribute) == NFTA_DATA_VALUE) {
		bytes->data = mnl_attr_get_payload(attribute);
		bytes->length = mnl_attr_get_payload_len(attribute);
	}
	return MNL_CB_OK;
}

static uint64_t read_u64(const struct nlattr *attribute)
{
	uint64_t value = 0;

	if (mnl_attr_get_payload_len(attribute) == sizeof(value))
		memcpy(&value, mnl_attr_get_payload(attribute), sizeof(value));
	return be64toh(value);
}

struct expression {
	bool counter;
	const struct nlattr *data;
};

static int visit_expression(const struct nlattr *attribute, void *data)
{
	struct expression *expression = data;

	if (mnl_attr_get_type(attribute) == NFTA_EXPR_DATA)
		expression->data = attribute;
	else if (mnl_attr_get_type(attribute) == NFTA_EXPR_NAME &&
		 mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) == 0)
		expression->counter = strcmp(mnl_attr_get_str(attribute), "counter") == 0;
	return MNL_CB_OK;
}

static int visit_counter(const struct nlattr *attribute, void *data)
{
	struct element *element = data;

	if (mnl_attr_get_type(attribute) == NFTA_COUNTER_PACKETS)
		element->packets = read_u64(attribute);
	else if (mnl_attr_get_type(attribute) == NFTA_COUNTER_BYTES)
		element->bytes = read_u64(attribute);
	return MNL_CB_OK;
}

/* One expression of an element. */
static int read_expression(const struct nlattr *attribute, void *data)
{
	struct expression expression = { 0 };

	if (mnl_attr_parse_nested(attribute, visit_expression, &expression) < 0)
		return MNL_CB_ERROR;
	if (!expression.counter || !expression.data)
		return MNL_CB_OK;
	return mnl_attr_parse_nested(expression.data, visit_counter, data);
}

static int read_key(const struct nlattr *attribute, const uint8_t **ret_key, uint32_t *ret_length)
{
	struct bytes bytes = { 0 };

	if (mnl_attr_parse_nested(attribute, visit_data, &bytes) < 0)
		return MNL_CB_ERROR;
	*ret_key = bytes.data;
	*ret_length = bytes.length;
	return MNL_CB_OK;
}

static int visit_element_attribute(const struct nlattr *attribute, void *data)
{
	struct element *element = data;

	switch (mnl_attr_get_type(attribute)) {
	case NFTA_SET_ELEM_KEY:
		return read_key(attribute, &element->key, &element->key_length);
	case NFTA_SET_ELEM_KEY_END:
		return read_key(attribute, &element->key_end, &element->key_end_length);
	case NFTA_SET_ELEM_USERDATA:
		element->user_data = mnl_attr_get_payload(attribute);
		element->user_data_length = mnl_attr_get_payload_len(attribute);
		return MNL_CB_OK;
	case NFTA_SET_ELEM_EXPR:
		return read_expression(attribute, element);
	case NFTA_SET_ELEM_EXPRESSIONS:
		return mnl_attr_parse_nested(attribute, read_expression, element);
	case NFTA_SET_ELEM_TIMEOUT:
		element->has_timeout = true;
		return MNL_CB_OK;
	case NFTA_SET_ELEM_EXPIRATION:
		element->has_expiration = true;
		element->expiration = read_u64(attribute);
		return MNL_CB_OK;
	default:
		return MNL_CB_OK;
	}
}

static uint32_t get_address(const uint8_t *key, uint8_t family, struct address *address)
{
	memset(address, 0, sizeof(*address));
	address->family = family;
	memcpy(address->bytes, key, address_length(address));
	return address_length(address);
}

/* The four parts of a flow's key; each begins at a register of four bytes. */
static void get_flow(const uint8_t *key, uint8_t family, struct address *source, struct address *destination,
		     uint8_t *protocol, uint16_t *port)
{
	uint32_t at = get_address(key, family, source);

	at += get_address(key + at, family, destination);
	*protocol = key[at];
	at += 4;
	*port = (uint16_t)(key[at] << 8 | key[at + 1]);
}

/* False: an interval of addresses, which was not made by us. */
static bool get_range(const struct element *element, struct policy_record *record)
{
	uint8_t family = policy_set_family(record->set);
	const uint8_t *end = element->key_end ? element->key_end : element->key;
	struct address source, destination;

	get_flow(element->key, family, &record->source, &record->destination, &record->span.protocol_first,
		 &record->span.port_first);
	get_flow(end, family, &source, &destination, &record->span.protocol_last, &record->span.port_last);
	return address_compare(&source, &record->source) == 0 &&
	       address_compare(&destination, &record->destination) == 0;
}

/* False: an interval that is no network. */
static bool get_prefix(const struct address *first, const struct address *last, uint8_t *length)
{
	int prefix = address_common_length(first, last);

	*length = prefix < 0 ? 0 : (uint8_t)prefix;
	return prefix >= 0;
}

static bool get_boundary(const struct element *element, struct policy_record *record)
{
	uint8_t family = policy_set_family(record->set);
	const uint8_t *end = element->key_end ? element->key_end : element->key;
	struct address source, destination;

	get_flow(element->key, family, &record->source, &record->destination, &record->span.protocol_first,
		 &record->span.port_first);
	get_flow(end, family, &source, &destination, &record->span.protocol_last, &record->span.port_last);
	return get_prefix(&record->source, &source, &record->source_length) &&
	       get_prefix(&record->destination, &destination, &record->destination_length);
}

static bool get_published(const struct element *element, struct policy_record *record)
{
	uint8_t family = policy_set_family(record->set);
	const uint8_t *key = element->key, *end = element->key_end ? element->key_end : element->key;
	struct address last;
	uint32_t at = get_address(key, family, &record->destination);

	get_address(end, family, &last);
	record->span.protocol_first = key[at];
	record->span.protocol_last = end[at];
	record->span.port_first = (uint16_t)(key[at + 4] << 8 | key[at + 5]);
	record->span.port_last = (uint16_t)(end[at + 4] << 8 | end[at + 5]);
	return get_prefix(&record->destination, &last, &record->destination_length);
}

static void get_place(const struct element *element, struct policy_record *record)
{
	memcpy(record->link, element->key, POLICY_IFNAME_SIZE);
	memcpy(record->mac, element->key + POLICY_IFNAME_SIZE, sizeof(record->mac));
	get_address(element->key + POLICY_IFNAME_SIZE + 8, policy_set_family(record->set), &record->source);
}

/* False: a key that our record cannot say. */
static bool get_key(const struct element *element, struct policy_record *record)
{
	uint8_t family = policy_set_family(record->set);
	const uint8_t *key = element->key;

	if (!key || element->key_length != nft_set_key_length(policy_set_row(record->set)) ||
	    (element->key_end && element->key_end_length != element->key_length))
		return false;
	switch (policy_set_shape(record->set)) {
	case POLICY_SHAPE_LINK_TWICE:
		/* A pair of two bridges would join two networks: nothing of ours. */
		if (memcmp(key, key + POLICY_IFNAME_SIZE, POLICY_IFNAME_SIZE) != 0)
			return false;
		/* fall through */
	case POLICY_SHAPE_LINK:
		memcpy(record->link, key, POLICY_IFNAME_SIZE);
		break;
	case POLICY_SHAPE_ENDPOINT:
		memcpy(record->link, key, POLICY_IFNAME_SIZE);
		get_address(key + POLICY_IFNAME_SIZE, family, &record->source);
		break;
	case POLICY_SHAPE_ADDRESS:
		get_address(key, family, &record->source);
		break;
	case POLICY_SHAPE_ADDRESS_TWICE:
		/* A pair of two addresses would make one the end of the other's connections. */
		if (memcmp(key, key + element->key_length / 2, element->key_length / 2) != 0)
			return false;
		get_address(key, family, &record->source);
		break;
	case POLICY_SHAPE_LINK_MAC:
		memcpy(record->link, key, POLICY_IFNAME_SIZE);
		memcpy(record->mac, key + POLICY_IFNAME_SIZE, sizeof(record->mac));
		break;
	case POLICY_SHAPE_PLACE:
		get_place(element, record);
		break;
	case POLICY_SHAPE_PUBLISHED:
		return get_published(element, record);
	case POLICY_SHAPE_BOUNDARY:
		return get_boundary(element, record);
	case POLICY_SHAPE_FLOW:
	case POLICY_SHAPE_RANGE:
		return get_range(element, record);
	}
	return record->link[POLICY_IFNAME_SIZE - 1] == '\0';
}

struct reading {
	enum policy_set set;
	struct policy *policy;
	size_t strange;
	struct kernel_denied **denied;
	size_t *count;
	int (*take)(struct reading *reading, const struct element *element);
	int result;
};

static int take_record(struct reading *reading, const struct element *element)
{
	struct policy_record record = { .set = reading->set, .packets = element->packets, .bytes = element->bytes };
	char comment[POLICY_COMMENT_MAX + 2];

	if (!get_key(element, &record)) {
		reading->strange++;
		return 0;
	}
	nft_expr_comment_read(NFT_EXPR_COMMENT, element->user_data, element->user_data_length, comment,
			      sizeof(comment));
	/* One that goes away by itself is not ours: no comment of ours, so that it is replaced. */
	record.comment = element->has_timeout ? "(with a timeout)" : comment;
	return policy_add(reading->policy, &record);
}

static int take_denied(struct reading *reading, const struct element *element)
{
	struct kernel_denied denied = { .packets = element->packets, .bytes = element->bytes }, *grown;
	uint64_t left = element->has_expiration ? element->expiration : KERNEL_DENIED_MS;

	if (!element->key || element->key_length != nft_set_key_length(policy_set_row(reading->set)))
		return 0;
	get_flow(element->key, policy_set_family(reading->set), &denied.source, &denied.destination, &denied.protocol,
		 &denied.port);
	denied.age_ms = left < KERNEL_DENIED_MS ? KERNEL_DENIED_MS - left : 0;
	if (*reading->count % 64 == 0) {
		grown = realloc(*reading->denied, (*reading->count + 64) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		*reading->denied = grown;
	}
	(*reading->denied)[(*reading->count)++] = denied;
	return 0;
}

static int visit_element(const struct nlattr *attribute, void *data)
{
	struct reading *reading = data;
	struct element element = { 0 };

	if (mnl_attr_parse_nested(attribute, visit_element_attribute, &element) < 0)
		return MNL_CB_ERROR;
	reading->result = reading->take(reading, &element);
	return reading->result < 0 ? MNL_CB_ERROR : MNL_CB_OK;
}

static int visit_list(const struct nlattr *attribute, void *data)
{
	if (mnl_attr_get_type(attribute) == NFTA_SET_ELEM_LIST_ELEMENTS)
		return mnl_attr_parse_nested(attribute, visit_element, data);
	return MNL_CB_OK;
}

static int for_each(const struct nlmsghdr *header, struct reading *reading)
{
	if (header->nlmsg_len < mnl_nlmsg_size(sizeof(struct nfgenmsg)))
		return -EBADMSG;
	if (mnl_attr_parse(header, sizeof(struct nfgenmsg), visit_list, reading) < 0)
		return reading->result < 0 ? reading->result : -EBADMSG;
	return 0;
}

int nft_decode_elements(const struct nlmsghdr *header, enum policy_set set, struct policy *policy, size_t *ret_strange)
{
	struct reading reading = { .set = set, .policy = policy, .take = take_record };
	int r = for_each(header, &reading);

	*ret_strange += reading.strange;
	return r;
}

int nft_decode_denied(const struct nlmsghdr *header, enum policy_set set, struct kernel_denied **denied, size_t *count)
{
	struct reading reading = { .set = set, .denied = denied, .count = count, .take = take_denied };

	return for_each(header, &reading);
}
