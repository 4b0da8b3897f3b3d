/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records to messages and back, without a kernel; and the bytes that nft 1.0.6 sends for the same elements. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netinet/in.h>
#include <unistd.h>

#include "file.h"
#include "nft_batch.h"
#include "nft_decode.h"
#include "nft_encode.h"

#define RANDOM_ROUNDS 200

static uint32_t seed = 20240229;

static uint32_t random_below(uint32_t limit)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % limit;
}

static struct address random_address(uint8_t family)
{
	struct address address = { .family = family };

	for (unsigned i = 0; i < address_length(&address); i++)
		address.bytes[i] = (uint8_t)random_below(256);
	return address;
}

/* A network of any length, with its first address. */
static struct address random_network(uint8_t family, uint8_t *length)
{
	struct address address = random_address(family);

	*length = (uint8_t)random_below(8 * address_length(&address) + 1);
	return address_prefix(&address, *length);
}

static void random_ports(struct policy_record *record, bool interval)
{
	record->span.protocol_first = record->span.protocol_last = (uint8_t)random_below(256);
	record->span.port_first = record->span.port_last = (uint16_t)random_below(65536);
	if (interval) {
		record->span.protocol_last =
			(uint8_t)(record->span.protocol_first + random_below(256u - record->span.protocol_first));
		record->span.port_last =
			(uint16_t)(record->span.port_first + random_below(65536u - record->span.port_first));
	}
}

static void random_link(struct policy_record *record)
{
	snprintf(record->link, sizeof(record->link), "br-%07u", random_below(10000000));
}

static void random_key(struct policy_record *record)
{
	uint8_t family = policy_set_family(record->set);

	switch (policy_set_shape(record->set)) {
	case POLICY_SHAPE_LINK:
	case POLICY_SHAPE_LINK_TWICE:
		random_link(record);
		break;
	case POLICY_SHAPE_LINK_MAC:
		random_link(record);
		for (size_t i = 0; i < sizeof(record->mac); i++)
			record->mac[i] = (uint8_t)random_below(256);
		break;
	case POLICY_SHAPE_PLACE:
		for (size_t i = 0; i < sizeof(record->mac); i++)
			record->mac[i] = (uint8_t)random_below(256);
		/* fall through */
	case POLICY_SHAPE_ENDPOINT:
		random_link(record);
		/* fall through */
	case POLICY_SHAPE_ADDRESS:
	case POLICY_SHAPE_ADDRESS_TWICE:
		record->source = random_address(family);
		break;
	case POLICY_SHAPE_PUBLISHED:
		record->destination = random_network(family, &record->destination_length);
		random_ports(record, true);
		break;
	case POLICY_SHAPE_BOUNDARY:
		record->source = random_network(family, &record->source_length);
		record->destination = random_network(family, &record->destination_length);
		random_ports(record, true);
		break;
	case POLICY_SHAPE_FLOW:
	case POLICY_SHAPE_RANGE:
		record->source = random_address(family);
		record->destination = random_address(family);
		random_ports(record, policy_set_shape(record->set) == POLICY_SHAPE_RANGE);
		break;
	}
	if (policy_set_is_flow(record->set) && random_below(2)) {
		record->packets = random_below(1000);
		record->bytes = (uint64_t)random_below(1u << 20) << 24;
	}
}

/* A record of that set as the compiler, or an administrator's hand, might make it. */
static void random_record(enum policy_set set, struct policy_record *record, char comment[POLICY_COMMENT_MAX + 1])
{
	static const size_t lengths[] = { 0, 1, 40, POLICY_COMMENT_MAX };
	size_t length = lengths[random_below(4)];

	memset(record, 0, sizeof(*record));
	record->set = set;
	for (size_t i = 0; i < length; i++)
		comment[i] = (char)('a' + random_below(26));
	comment[length] = '\0';
	record->comment = comment;
	random_key(record);
}

static struct policy *random_policy(size_t count)
{
	struct policy *policy = policy_new();

	assert_non_null(policy);
	for (size_t i = 0; i < count; i++) {
		enum policy_set set = (enum policy_set)random_below(POLICY_SET_COUNT);
		char comment[POLICY_COMMENT_MAX + 1];
		struct policy_record record;

		if (policy_set_is_kernels(set))
			continue;
		random_record(set, &record, comment);
		assert_int_equal(policy_add(policy, &record), 0);
	}
	policy_finish(policy);
	return policy;
}

static const struct policy_record **records_of(const struct policy *policy)
{
	const struct policy_record **records = calloc(policy_count(policy) + 1, sizeof(*records));

	assert_non_null(records);
	for (size_t i = 0; i < policy_count(policy); i++)
		records[i] = policy_at(policy, i);
	return records;
}

struct named_set {
	char name[32];
};

static int read_set_name(const struct nlattr *attribute, void *data)
{
	struct named_set *set = data;

	if (mnl_attr_get_type(attribute) == NFTA_SET_ELEM_LIST_SET)
		snprintf(set->name, sizeof(set->name), "%s", mnl_attr_get_str(attribute));
	return MNL_CB_OK;
}

static enum policy_set find_set(const struct nlmsghdr *message)
{
	struct named_set name = { "" };

	assert_true(mnl_attr_parse(message, sizeof(struct nfgenmsg), read_set_name, &name) > 0);
	for (enum policy_set set = 0; set < POLICY_SET_COUNT; set++) {
		if (strcmp(policy_set_name(set), name.name) == 0)
			return set;
	}
	fail_msg("no set of ours: %s", name.name);
	return POLICY_SET_COUNT;
}

struct decoded {
	struct policy *policy;
	struct kernel_denied *denied;
	size_t denied_count, strange, messages, largest;
};

static int number_element(const struct nlattr *attribute, void *data)
{
	(void)data;
	((struct nlattr *)(uintptr_t)attribute)->nla_type = NLA_F_NESTED | NFTA_LIST_ELEM;
	return MNL_CB_OK;
}

static int number_elements(const struct nlattr *attribute, void *data)
{
	if (mnl_attr_get_type(attribute) == NFTA_SET_ELEM_LIST_ELEMENTS)
		return mnl_attr_parse_nested(attribute, number_element, data);
	return MNL_CB_OK;
}

/* libnftnl numbers a list's elements, which the kernel does not look at; the kernel's own answers, which are all that
 * libnftnl reads, do not. */
static void answer_like_the_kernel(const struct nlmsghdr *message)
{
	assert_true(mnl_attr_parse(message, sizeof(struct nfgenmsg), number_elements, NULL) > 0);
}

/* Decodes every message with elements, as the kernel would hand them back. */
static void decode(const struct nft_batch *batch, uint16_t type, struct decoded *ret_decoded)
{
	struct decoded decoded = { .policy = policy_new() };
	const struct nlmsghdr *message = (const struct nlmsghdr *)(const void *)batch->buffer;
	int rest = (int)batch->length;

	assert_non_null(decoded.policy);
	for (; mnl_nlmsg_ok(message, rest); message = mnl_nlmsg_next(message, &rest)) {
		enum policy_set set;

		if (message->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | type))
			continue;
		decoded.messages++;
		if (message->nlmsg_len > decoded.largest)
			decoded.largest = message->nlmsg_len;
		answer_like_the_kernel(message);
		set = find_set(message);
		if (policy_set_row(set)->element == POLICY_ELEMENT_REMEMBERED)
			assert_int_equal(nft_decode_denied(message, set, &decoded.denied, &decoded.denied_count), 0);
		else
			assert_int_equal(nft_decode_elements(message, set, decoded.policy, &decoded.strange), 0);
	}
	/* Nothing half a message long is left over. */
	assert_int_equal(rest, 0);
	policy_finish(decoded.policy);
	*ret_decoded = decoded;
}

static void assert_same_counters(const struct policy *a, const struct policy *b)
{
	for (size_t i = 0; i < policy_count(a); i++) {
		assert_int_equal(policy_at(a, i)->packets, policy_at(b, i)->packets);
		assert_int_equal(policy_at(a, i)->bytes, policy_at(b, i)->bytes);
	}
}

static void test_encode_decode(void **state)
{
	(void)state;
	for (unsigned round = 0; round < RANDOM_ROUNDS; round++) {
		struct policy *policy = random_policy(random_below(round < 5 ? 5000 : 60));
		const struct policy_record **records = records_of(policy);
		struct nft_batch batch = { 0 };
		struct decoded decoded;

		assert_int_equal(nft_batch_begin(&batch, 1), 0);
		assert_int_equal(nft_encode_add(&batch, records, policy_count(policy)), 0);
		assert_int_equal(nft_batch_end(&batch), 0);
		decode(&batch, NFT_MSG_NEWSETELEM, &decoded);
		assert_int_equal(decoded.strange, 0);
		assert_true(policy_equal(policy, decoded.policy));
		assert_same_counters(policy, decoded.policy);
		policy_free(decoded.policy);
		nft_batch_clear(&batch);
		free(records);
		policy_free(policy);
	}
}

/* A deletion names keys, and nothing else. */
static void test_delete_has_the_same_keys(void **state)
{
	struct policy *policy = random_policy(3000);
	const struct policy_record **records = records_of(policy);
	struct nft_batch batch = { 0 };
	struct decoded decoded;

	(void)state;
	assert_int_equal(nft_batch_begin(&batch, 1), 0);
	assert_int_equal(nft_encode_delete(&batch, records, policy_count(policy)), 0);
	assert_int_equal(nft_batch_end(&batch), 0);
	decode(&batch, NFT_MSG_DELSETELEM, &decoded);
	assert_int_equal(policy_count(decoded.policy), policy_count(policy));
	for (size_t i = 0; i < policy_count(policy); i++) {
		assert_int_equal(policy_record_compare(policy_at(policy, i), policy_at(decoded.policy, i)), 0);
		assert_string_equal(policy_at(decoded.policy, i)->comment, "");
	}
	policy_free(decoded.policy);
	nft_batch_clear(&batch);
	free(records);
	policy_free(policy);
}

/* The longest elements there are: an attribute's length is 16 bits, and an overflow would be silent. */
static void test_messages_stay_small(void **state)
{
	struct policy *policy = policy_new();
	const struct policy_record **records;
	struct nft_batch batch = { 0 };
	struct decoded decoded;
	char comment[POLICY_COMMENT_MAX + 1];

	(void)state;
	assert_non_null(policy);
	memset(comment, 'x', POLICY_COMMENT_MAX);
	comment[POLICY_COMMENT_MAX] = '\0';
	for (uint32_t i = 0; i < 1000; i++) {
		struct policy_record record = { .set = POLICY_RANGES6, .comment = comment, .packets = 1, .bytes = 1 };

		record.source = random_address(ADDRESS_IPV6);
		record.destination = random_address(ADDRESS_IPV6);
		record.span.protocol_last = 255;
		record.span.port_last = 65535;
		assert_int_equal(policy_add(policy, &record), 0);
	}
	policy_finish(policy);
	records = records_of(policy);
	assert_int_equal(nft_batch_begin(&batch, 1), 0);
	assert_int_equal(nft_encode_add(&batch, records, policy_count(policy)), 0);
	assert_int_equal(nft_batch_end(&batch), 0);
	decode(&batch, NFT_MSG_NEWSETELEM, &decoded);
	assert_true(policy_equal(policy, decoded.policy));
	assert_true(decoded.messages >= 10);
	assert_true(decoded.largest < 48 * 1024);
	policy_free(decoded.policy);
	nft_batch_clear(&batch);
	free(records);
	policy_free(policy);
}

static void test_denied(void **state)
{
	static struct kernel_denied denied[1000];
	struct nft_batch batch = { 0 };
	struct decoded decoded;
	size_t found = 0;

	(void)state;
	for (size_t i = 0; i < 1000; i++) {
		uint8_t family = random_below(2) ? ADDRESS_IPV4 : ADDRESS_IPV6;

		denied[i] = (struct kernel_denied){
			.source = random_address(family),
			.destination = random_address(family),
			.protocol = (uint8_t)random_below(256),
			.port = (uint16_t)random_below(65536),
			.packets = random_below(100000),
			.bytes = random_below(100000),
			.age_ms = random_below((uint32_t)KERNEL_DENIED_MS),
		};
	}
	assert_int_equal(nft_batch_begin(&batch, 1), 0);
	assert_int_equal(nft_encode_denied(&batch, denied, 1000), 0);
	assert_int_equal(nft_batch_end(&batch), 0);
	decode(&batch, NFT_MSG_NEWSETELEM, &decoded);
	assert_int_equal(decoded.denied_count, 1000);
	for (size_t i = 0; i < 1000; i++) {
		for (size_t j = 0; j < decoded.denied_count; j++) {
			const struct kernel_denied *a = &denied[i], *b = &decoded.denied[j];

			found += address_compare(&a->source, &b->source) == 0 &&
				 address_compare(&a->destination, &b->destination) == 0 && a->protocol == b->protocol &&
				 a->port == b->port && a->packets == b->packets && a->bytes == b->bytes &&
				 a->age_ms == b->age_ms;
		}
	}
	assert_int_equal(found, 1000);
	free(decoded.denied);
	policy_free(decoded.policy);
	nft_batch_clear(&batch);
}

struct key_case {
	const char *what;
	struct policy_record record;
	const char *key, *key_end; /* hexadecimal, as nft 1.0.6 sends them */
};

#define ADDRESS4(last)                                                                                                 \
	{                                                                                                              \
		.family = ADDRESS_IPV4, .bytes = { 172, 18, 0, (last) }                                                \
	}
#define ADDRESS6(last)                                                                                                 \
	{                                                                                                              \
		.family = ADDRESS_IPV6, .bytes = { 0xfd, [15] = (last) }                                               \
	}

static const struct key_case key_cases[] = {
	{ .what = "\"br-test\" . \"br-test\"",
	  .record = { .set = POLICY_NETWORKS, .link = "br-test" },
	  .key = "62722d74657374000000000000000000"
		 "62722d74657374000000000000000000" },
	{ .what = "\"br-test\"",
	  .record = { .set = POLICY_BRIDGES, .link = "br-test" },
	  .key = "62722d74657374000000000000000000" },
	{ .what = "\"br-test\" . 172.18.0.2",
	  .record = { .set = POLICY_ENDPOINTS4, .link = "br-test", .source = ADDRESS4(2) },
	  .key = "62722d74657374000000000000000000ac120002" },
	{ .what = "\"br-test\" . fd00::2",
	  .record = { .set = POLICY_ENDPOINTS6, .link = "br-test", .source = ADDRESS6(2) },
	  .key = "62722d74657374000000000000000000"
		 "fd000000000000000000000000000002" },
	{ .what = "172.18.0.2", .record = { .set = POLICY_OBSERVED4, .source = ADDRESS4(2) }, .key = "ac120002" },
	{ .what = "172.18.0.2 . 172.18.0.3 . tcp . 5432",
	  .record = { .set = POLICY_FLOWS4,
		      .source = ADDRESS4(2),
		      .destination = ADDRESS4(3),
		      .span.protocol_first = IPPROTO_TCP,
		      .span.protocol_last = IPPROTO_TCP,
		      .span.port_first = 5432,
		      .span.port_last = 5432 },
	  .key = "ac120002ac1200030600000015380000" },
	{ .what = "172.18.0.2 . 172.18.0.3 . 0-255 . 0-65535",
	  .record = { .set = POLICY_RANGES4,
		      .source = ADDRESS4(2),
		      .destination = ADDRESS4(3),
		      .span.protocol_last = 255,
		      .span.port_last = 65535 },
	  .key = "ac120002ac1200030000000000000000",
	  .key_end = "ac120002ac120003ff000000ffff0000" },
	{ .what = "fd00::2 . fd00::3 . tcp . 7000-7010",
	  .record = { .set = POLICY_RANGES6,
		      .source = ADDRESS6(2),
		      .destination = ADDRESS6(3),
		      .span.protocol_first = IPPROTO_TCP,
		      .span.protocol_last = IPPROTO_TCP,
		      .span.port_first = 7000,
		      .span.port_last = 7010 },
	  .key = "fd000000000000000000000000000002fd000000000000000000000000000003060000001b580000",
	  .key_end = "fd000000000000000000000000000002fd000000000000000000000000000003060000001b620000" },
};

static void hexadecimal(const uint8_t *bytes, uint32_t length, char text[2 * NFT_ENCODE_KEY_SIZE + 1])
{
	text[0] = '\0';
	for (uint32_t i = 0; i < length; i++)
		snprintf(text + 2 * (size_t)i, 3, "%02x", bytes[i]);
}

static void test_keys_as_nft_sends_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(key_cases) / sizeof(key_cases[0]); i++) {
		uint8_t key[NFT_ENCODE_KEY_SIZE], key_end[NFT_ENCODE_KEY_SIZE];
		char text[2 * NFT_ENCODE_KEY_SIZE + 1];
		uint32_t length = nft_encode_key(&key_cases[i].record, key, key_end);

		hexadecimal(key, length, text);
		if (strcmp(text, key_cases[i].key) != 0)
			fail_msg("%s: key %s, not %s", key_cases[i].what, text, key_cases[i].key);
		hexadecimal(key_end, length, text);
		if (key_cases[i].key_end && strcmp(text, key_cases[i].key_end) != 0)
			fail_msg("%s: end %s, not %s", key_cases[i].what, text, key_cases[i].key_end);
	}
}

/* Builds one element by hand: what nobody of ours would make. */
static struct nlmsghdr *strange_element(char *buffer, const void *key, size_t length, const void *key_end,
					size_t end_length, uint32_t flags)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct nlattr *list, *element, *nest;
	struct nfgenmsg *family;

	message->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWSETELEM;
	family = mnl_nlmsg_put_extra_header(message, sizeof(*family));
	family->nfgen_family = NFPROTO_INET;
	mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, KERNEL_TABLE);
	mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, "any");
	list = mnl_attr_nest_start(message, NFTA_SET_ELEM_LIST_ELEMENTS);
	element = mnl_attr_nest_start(message, 1);
	if (flags)
		mnl_attr_put_u32(message, NFTA_SET_ELEM_FLAGS, htonl(flags));
	if (key) {
		nest = mnl_attr_nest_start(message, NFTA_SET_ELEM_KEY);
		mnl_attr_put(message, NFTA_DATA_VALUE, length, key);
		mnl_attr_nest_end(message, nest);
	}
	if (key_end) {
		nest = mnl_attr_nest_start(message, NFTA_SET_ELEM_KEY_END);
		mnl_attr_put(message, NFTA_DATA_VALUE, end_length, key_end);
		mnl_attr_nest_end(message, nest);
	}
	mnl_attr_nest_end(message, element);
	mnl_attr_nest_end(message, list);
	return message;
}

/* Each of these is a door that a record cannot describe; to skip one silently would be to leave it open. */
static void test_strange_elements_are_counted(void **state)
{
	static const uint8_t two_bridges[32] = "br-one\0\0\0\0\0\0\0\0\0\0br-two";
	static const uint8_t no_terminator[16] = { 'b', 'r', '-', '4', '5', '6', '7', '8',
						   '9', '0', '1', '2', '3', '4', '5', '6' };
	static const uint8_t first[16] = { 10, 0, 0, 0, 10, 0, 0, 1, 6, 0, 0, 0, 0, 80 };
	static const uint8_t last[16] = { 10, 0, 0, 255, 10, 0, 0, 1, 6, 0, 0, 0, 0, 80 };
	const struct {
		enum policy_set set;
		const void *key, *key_end;
		size_t length, end_length;
		uint32_t flags;
	} cases[] = {
		{ POLICY_FLOWS4, NULL, NULL, 0, 0, 0x2 }, /* catch-all */
		{ POLICY_NETWORKS, two_bridges, NULL, 32, 0, 0 },
		{ POLICY_BRIDGES, no_terminator, NULL, 16, 0, 0 },
		{ POLICY_FLOWS4, first, NULL, 12, 0, 0 },
		{ POLICY_RANGES4, first, last, 16, 16, 0 }, /* 256 sources */
		{ POLICY_RANGES4, first, last, 16, 8, 0 },
	};
	char buffer[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct policy *policy = policy_new();
		size_t strange = 0;

		assert_non_null(policy);
		assert_int_equal(
			nft_decode_elements(strange_element(buffer, cases[i].key, cases[i].length, cases[i].key_end,
							    cases[i].end_length, cases[i].flags),
					    cases[i].set, policy, &strange),
			0);
		policy_finish(policy);
		if (strange != 1 || policy_count(policy) != 0)
			fail_msg("case %zu: %zu strange, %zu records", i, strange, policy_count(policy));
		policy_free(policy);
	}
}

static void test_refusals_name_the_element(void **state)
{
	struct policy *policy = policy_new();
	const struct policy_record **records;
	struct nft_batch batch = { 0 };
	char text[512];

	(void)state;
	assert_non_null(policy);
	for (uint8_t i = 0; i < 250; i++) {
		struct policy_record record = key_cases[5].record;

		record.source.bytes[3] = i;
		assert_int_equal(policy_add(policy, &record), 0);
	}
	policy_finish(policy);
	records = records_of(policy);
	assert_int_equal(nft_batch_begin(&batch, 100), 0);
	assert_int_equal(nft_encode_add(&batch, records, policy_count(policy)), 0);
	assert_int_equal(nft_batch_end(&batch), 0);
	for (size_t i = 0; i < batch.count; i++) {
		const struct nft_batch_entry *entry = &batch.entries[i];
		uint32_t length;

		memcpy(&length, batch.buffer + entry->offset, sizeof(length));
		nft_batch_describe(&batch, entry->sequence, length - 4, text, sizeof(text));
		if (entry->record_count) {
			char key[POLICY_KEY_TEXT_SIZE], expected[512];

			policy_key_format(entry->records[entry->record_count - 1], key);
			snprintf(expected, sizeof(expected), "element %s of set flows4", key);
			assert_string_equal(text, expected);
		}
	}
	nft_batch_describe(&batch, 100, 0, text, sizeof(text));
	assert_string_equal(text, "the transaction");
	nft_batch_clear(&batch);
	free(records);
	policy_free(policy);
}

/* What the decoder's fuzzer begins with.  A set of which there is nothing, or nothing that is read, is not fuzzed. */
static void test_corpus_has_each_set(void **state)
{
	(void)state;
	for (size_t set = 0; set < POLICY_SET_COUNT; set++) {
		_Alignas(struct nlmsghdr) char buffer[1024];
		const char *name = policy_set_name((enum policy_set)set), *attributes;
		struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
		struct policy *policy;
		char path[PATH_MAX], bytes[900];
		size_t length, strange = 0;
		int fd;

		if (set == POLICY_FRAGMENTS)
			continue;
		policy = policy_new();
		snprintf(path, sizeof(path), TESTS_DIR "/fuzz/corpus/nft_decode/%s", name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			fail_msg("%s: %s", path, strerror(errno));
		assert_int_equal(file_read_all(fd, bytes, sizeof(bytes), &length), 0);
		close(fd);
		assert_in_range(length, strlen(name) + 2, sizeof(bytes) - 1);
		assert_string_equal(bytes, name);
		attributes = bytes + strlen(name) + 1;
		length -= strlen(name) + 1;
		mnl_nlmsg_put_extra_header(message, sizeof(struct nfgenmsg));
		memcpy(mnl_nlmsg_get_payload_tail(message), attributes, length);
		message->nlmsg_len += (uint32_t)length;
		assert_int_equal(nft_decode_elements(message, (enum policy_set)set, policy, &strange), 0);
		if (policy_count(policy) == 0 || strange > 0)
			fail_msg("%s: %zu elements are read, %zu are strange", name, policy_count(policy), strange);
		policy_free(policy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_encode_decode),	       cmocka_unit_test(test_delete_has_the_same_keys),
		cmocka_unit_test(test_messages_stay_small),    cmocka_unit_test(test_denied),
		cmocka_unit_test(test_keys_as_nft_sends_them), cmocka_unit_test(test_strange_elements_are_counted),
		cmocka_unit_test(test_corpus_has_each_set),    cmocka_unit_test(test_refusals_name_the_element),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
