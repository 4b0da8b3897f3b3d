/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy.h"

static struct policy_record flow(const char *source, const char *destination, uint16_t port, const char *comment)
{
	struct policy_record record = {
		.set = POLICY_FLOWS4,
		.span.protocol_first = 6,
		.span.protocol_last = 6,
		.span.port_first = port,
		.span.port_last = port,
		.comment = comment,
	};

	assert_int_equal(address_parse(source, false, &record.source), 0);
	assert_int_equal(address_parse(destination, false, &record.destination), 0);
	return record;
}

static struct policy *policy_of(const struct policy_record *records, size_t count)
{
	struct policy *policy = policy_new();

	assert_non_null(policy);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(policy_add(policy, &records[i]), 0);
	policy_finish(policy);
	return policy;
}

static void test_sorted_and_unique(void **state)
{
	struct policy_record records[] = {
		flow("10.0.0.9", "10.0.0.3", 80, "b"),
		flow("10.0.0.2", "10.0.0.3", 443, "c"),
		flow("10.0.0.2", "10.0.0.3", 80, "z: later"),
		flow("10.0.0.2", "10.0.0.3", 80, "a: first"),
	};
	struct policy *policy = policy_of(records, 4);

	(void)state;
	assert_int_equal(policy_count(policy), 3);
	assert_int_equal(policy_at(policy, 0)->span.port_first, 80);
	assert_string_equal(policy_at(policy, 0)->comment, "a: first");
	assert_int_equal(policy_at(policy, 1)->span.port_first, 443);
	for (size_t i = 1; i < policy_count(policy); i++)
		assert_true(policy_record_compare(policy_at(policy, i - 1), policy_at(policy, i)) < 0);
	assert_non_null(policy_find(policy, &records[1]));
	records[1].span.port_first = 444;
	assert_null(policy_find(policy, &records[1]));
	policy_free(policy);
}

static void test_ranges_of_sets(void **state)
{
	struct policy_record bridge = { .set = POLICY_BRIDGES, .link = "docker0", .comment = "bridge" };
	struct policy_record records[] = { flow("10.0.0.2", "10.0.0.3", 80, ""), bridge };
	struct policy *policy = policy_of(records, 2);
	size_t begin, end;

	(void)state;
	policy_range(policy, POLICY_BRIDGES, &begin, &end);
	assert_int_equal(begin, 0);
	assert_int_equal(end, 1);
	policy_range(policy, POLICY_FLOWS4, &begin, &end);
	assert_int_equal(begin, 1);
	assert_int_equal(end, 2);
	policy_range(policy, POLICY_RANGES6, &begin, &end);
	assert_int_equal(begin, end);
	policy_free(policy);
}

static void test_diff(void **state)
{
	struct policy_record before[] = {
		flow("10.0.0.2", "10.0.0.3", 80, "same"),
		flow("10.0.0.2", "10.0.0.3", 81, "gone"),
		flow("10.0.0.2", "10.0.0.3", 82, "old name"),
	};
	struct policy_record after[] = {
		flow("10.0.0.2", "10.0.0.3", 80, "same"),
		flow("10.0.0.2", "10.0.0.3", 82, "new name"),
		flow("10.0.0.2", "10.0.0.3", 83, "new"),
	};
	struct policy *have = policy_of(before, 3), *want = policy_of(after, 3);
	struct policy_diff diff;

	(void)state;
	assert_int_equal(policy_diff(have, want, &diff), 0);
	assert_int_equal(diff.remove_count, 2);
	assert_int_equal(diff.add_count, 2);
	assert_int_equal(diff.renamed, 1);
	assert_int_equal(diff.remove[0]->span.port_first, 81);
	assert_int_equal(diff.remove[1]->span.port_first, 82);
	assert_string_equal(diff.add[0]->comment, "new name");
	assert_false(policy_diff_empty(&diff));
	assert_false(policy_equal(have, want));
	policy_diff_clear(&diff);
	assert_int_equal(policy_diff(have, have, &diff), 0);
	assert_true(policy_diff_empty(&diff));
	assert_true(policy_equal(have, have));
	policy_diff_clear(&diff);
	policy_free(have);
	policy_free(want);
}

/* nft has no escape inside quotes, and terminals obey escapes. */
static void test_comments_are_plain(void **state)
{
	char text[400];
	struct policy_record record = flow("10.0.0.2", "10.0.0.3", 80, "a\"b\\c\x1b[31m\n\xff\xc3\xa4");
	struct policy *policy = policy_of(&record, 1);

	(void)state;
	assert_string_equal(policy_at(policy, 0)->comment, "a?b?c?[31m????");
	policy_free(policy);
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	record.comment = text;
	policy = policy_of(&record, 1);
	assert_int_equal(strlen(policy_at(policy, 0)->comment), POLICY_COMMENT_MAX);
	policy_free(policy);
}

static void test_flow_comment(void **state)
{
	struct policy_flow_comment parts = {
		.app = "shop",
		.from = "monitoring/prometheus",
		.to = "web",
		.source = "monitoring-prometheus-1",
		.destination = "shop-web-1",
	};
	struct policy_flow_comment back;
	char text[POLICY_COMMENT_MAX + 1];

	(void)state;
	policy_flow_comment_format(&parts, text);
	assert_string_equal(text, "shop: monitoring/prometheus (monitoring-prometheus-1) -> web (shop-web-1)");
	assert_true(policy_flow_comment_parse(text, &back));
	assert_string_equal(back.app, "shop");
	assert_string_equal(back.from, parts.from);
	assert_string_equal(back.to, parts.to);
	assert_string_equal(back.source, parts.source);
	assert_string_equal(back.destination, parts.destination);
	assert_false(policy_flow_comment_parse("", &back));
	assert_false(policy_flow_comment_parse("by hand", &back));
	assert_false(policy_flow_comment_parse("a: b (c) -> d", &back));
}

/* Whatever the lengths, the comment fits, parses, and keeps the app. */
static void test_long_comments(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3000; i++) {
		struct policy_flow_comment parts = { 0 }, back;
		struct policy_endpoint_comment endpoint = { 0 }, endpoint_back;
		char text[POLICY_COMMENT_MAX + 1];

		memset(parts.app, 'a', 1 + i % 63);
		memset(parts.from, 'f', 1 + i * 7 % 127);
		memset(parts.to, 't', 1 + i * 13 % 127);
		memset(parts.source, 's', 1 + i * 17 % POLICY_COMMENT_MAX);
		memset(parts.destination, 'd', 1 + i * 29 % POLICY_COMMENT_MAX);
		policy_flow_comment_format(&parts, text);
		assert_true(strlen(text) <= POLICY_COMMENT_MAX);
		assert_true(policy_flow_comment_parse(text, &back));
		assert_string_equal(back.app, parts.app);
		assert_true(back.source[0] && back.destination[0] && back.from[0] && back.to[0]);
		memset(endpoint.container, 'c', 1 + i * 7 % POLICY_COMMENT_MAX);
		memset(endpoint.services, 's', i * 13 % POLICY_COMMENT_MAX);
		memset(endpoint.network, 'n', 1 + i * 17 % POLICY_COMMENT_MAX);
		policy_endpoint_comment_format(&endpoint, text);
		assert_true(strlen(text) <= POLICY_COMMENT_MAX);
		assert_true(policy_endpoint_comment_parse(text, &endpoint_back));
		if (strlen(endpoint.container) < 70)
			assert_string_equal(endpoint_back.container, endpoint.container);
	}
}

static void test_texts(void **state)
{
	struct policy_record record = flow("10.0.0.2", "10.0.0.3", 5432, "");
	char key[POLICY_KEY_TEXT_SIZE], ports[POLICY_PORTS_TEXT_SIZE];

	(void)state;
	assert_string_equal(policy_key_format(&record, key), "10.0.0.2 . 10.0.0.3 . tcp . 5432");
	assert_string_equal(policy_ports_format(&record, ports), "5432/tcp");
	record.set = POLICY_RANGES4;
	record.span.port_last = 5440;
	assert_string_equal(policy_key_format(&record, key), "10.0.0.2 . 10.0.0.3 . tcp . 5432-5440");
	assert_string_equal(policy_ports_format(&record, ports), "5432-5440/tcp");
	record.span.port_first = 0;
	record.span.port_last = 65535;
	assert_string_equal(policy_ports_format(&record, ports), "tcp");
	record.span.protocol_first = 0;
	record.span.protocol_last = 255;
	assert_string_equal(policy_ports_format(&record, ports), "any");
	record.span.protocol_first = record.span.protocol_last = 58;
	assert_string_equal(policy_ports_format(&record, ports), "icmp");
	assert_string_equal(policy_set_name(POLICY_RANGES6), "ranges6");
	assert_int_equal(policy_set_family(POLICY_RANGES6), 6);
}

/* Two networks with the same addresses: the kernel would refuse overlapping intervals, and all else with them. */
static void test_overlapping_ranges(void **state)
{
	struct policy_record records[] = {
		flow("10.0.0.2", "10.0.0.3", 100, "one network"),
		flow("10.0.0.2", "10.0.0.3", 150, "another network"),
		flow("10.0.0.2", "10.0.0.3", 201, "apart"),
		flow("10.0.0.2", "10.0.0.4", 100, "another pair"),
	};
	const uint16_t last[] = { 200, 300, 220, 200 };
	struct policy *policy;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		records[i].set = POLICY_RANGES4;
		records[i].span.port_last = last[i];
	}
	policy = policy_of(records, 4);
	assert_int_equal(policy_count(policy), 3);
	assert_string_equal(policy_at(policy, 0)->comment, "one network");
	assert_string_equal(policy_at(policy, 1)->comment, "apart");
	assert_string_equal(policy_at(policy, 2)->comment, "another pair");
	policy_free(policy);
}

static struct policy_record boundary(enum policy_set set, const char *source, const char *destination, uint16_t first,
				     uint16_t last, const char *comment)
{
	struct policy_record record = {
		.set = set,
		.span.protocol_first = 6,
		.span.protocol_last = 6,
		.span.port_first = first,
		.span.port_last = last,
		.comment = comment,
	};
	struct cidr cidr;

	if (source) {
		assert_int_equal(cidr_parse(source, &cidr), 0);
		record.source = cidr.base;
		record.source_length = cidr.length;
	}
	assert_int_equal(cidr_parse(destination, &cidr), 0);
	record.destination = cidr.base;
	record.destination_length = cidr.length;
	return record;
}

/* Whether two records of networks share a packet. */
static bool meet(const struct policy_record *a, const struct policy_record *b)
{
	unsigned source = a->source_length < b->source_length ? a->source_length : b->source_length;
	unsigned destination =
		a->destination_length < b->destination_length ? a->destination_length : b->destination_length;
	struct address from[] = { address_prefix(&a->source, source), address_prefix(&b->source, source) };
	struct address to[] = { address_prefix(&a->destination, destination),
				address_prefix(&b->destination, destination) };

	return address_compare(&from[0], &from[1]) == 0 && address_compare(&to[0], &to[1]) == 0 &&
	       a->span.port_first <= b->span.port_last && b->span.port_first <= a->span.port_last;
}

static void test_keys_of_networks(void **state)
{
	struct policy_record record = boundary(POLICY_INGRESS4, "0.0.0.0/0", "172.18.0.2", 80, 80, "");
	struct policy_record place = { .set = POLICY_PLACES6, .link = "veth1", .mac = { 2, 0x42, 0xac, 0x12, 0, 2 } };
	char key[POLICY_KEY_TEXT_SIZE];

	(void)state;
	assert_string_equal(policy_key_format(&record, key), "0.0.0.0/0 . 172.18.0.2 . tcp . 80");
	record = boundary(POLICY_EGRESS6, "fd00::2", "2001:db8::/32", 1, 65535, "");
	record.span.protocol_first = 0;
	record.span.protocol_last = 255;
	assert_string_equal(policy_key_format(&record, key), "fd00::2 . 2001:db8::/32 . 0-255 . 1-65535");
	record = boundary(POLICY_PUBLISHED4, NULL, "0.0.0.0/0", 8080, 8080, "");
	assert_string_equal(policy_key_format(&record, key), "0.0.0.0/0 . tcp . 8080");
	record = boundary(POLICY_PUBLISHED_CLOSED6, NULL, "2001:db8::1", 8080, 8080, "");
	assert_string_equal(policy_key_format(&record, key), "2001:db8::1 . tcp . 8080");
	assert_int_equal(address_parse("fd00::2", false, &place.source), 0);
	assert_string_equal(policy_key_format(&place, key), "\"veth1\" . 02:42:ac:12:00:02 . fd00::2");
	place.set = POLICY_STARTING6;
	assert_string_equal(policy_key_format(&place, key), "fd00::2");
	place.set = POLICY_UNGUARDED;
	assert_string_equal(policy_key_format(&place, key), "\"veth1\"");
	/* The longest that there is. */
	record = boundary(POLICY_TO_PUBLISHED6, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127",
			  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127", 10000, 65535, "");
	record.span.protocol_first = 100;
	record.span.protocol_last = 255;
	assert_string_equal(policy_key_format(&record, key), "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127 . "
							     "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127 . "
							     "100-255 . 10000-65535");
}

/* The last resort: whatever was added, no two elements overlap, and the one that sorts first stays. */
static void test_overlapping_networks(void **state)
{
	struct policy_record records[] = {
		boundary(POLICY_INGRESS4, "0.0.0.0/0", "10.0.0.2", 80, 80, "stays 0"),
		boundary(POLICY_INGRESS4, "0.0.0.0/0", "10.0.0.3", 81, 81, "stays 1"),
		boundary(POLICY_INGRESS4, "192.0.2.0/24", "10.0.0.2", 80, 80, "in 0"),
		boundary(POLICY_INGRESS4, "192.0.2.0/24", "10.0.0.0/8", 81, 85, "meets 1"),
		boundary(POLICY_INGRESS4, "192.0.2.0/24", "10.0.0.4", 80, 80, "stays 2"),
		boundary(POLICY_INGRESS4, "192.0.2.7", "10.0.0.0/16", 82, 90, "stays 3"),
		boundary(POLICY_INGRESS4, "192.0.2.7", "10.0.0.9", 90, 91, "in 3"),
		boundary(POLICY_INGRESS4, "198.51.100.0/24", "10.0.0.4", 80, 80, "stays 4"),
		boundary(POLICY_PUBLISHED4, NULL, "0.0.0.0/0", 8080, 8080, "stays 5"),
		boundary(POLICY_PUBLISHED4, NULL, "0.0.0.0/0", 8081, 8081, "stays 6"),
		boundary(POLICY_PUBLISHED4, NULL, "192.0.2.1", 8080, 8080, "in 5"),
		boundary(POLICY_PUBLISHED4, NULL, "192.0.2.1", 8082, 8082, "stays 7"),
		boundary(POLICY_PUBLISHED_CLOSED4, NULL, "192.0.2.1", 8080, 8080, "stays 8"),
	};
	const size_t count = sizeof(records) / sizeof(records[0]);
	struct policy *policy = policy_of(records, count);

	(void)state;
	assert_int_equal(policy_count(policy), 9);
	for (size_t i = 0; i < count; i++) {
		bool stays = strncmp(records[i].comment, "stays", 5) == 0;

		if ((policy_find(policy, &records[i]) != NULL) != stays)
			fail_msg("%s: wrong", records[i].comment);
	}
	policy_free(policy);
}

/* Any heap of records ends as what a comparison of all pairs would leave. */
static void test_random_networks(void **state)
{
	static const char *const networks[] = { "0.0.0.0/0", "10.0.0.0/8",    "10.0.0.0/24", "10.0.0.0/25",
						"10.0.0.1",  "10.0.0.128/25", "10.0.0.129",  "192.0.2.1" };
	unsigned random = 1;

	(void)state;
	for (unsigned round = 0; round < 2000; round++) {
		struct policy_record records[12];
		struct policy *policy;
		size_t kept = 0;

		for (size_t i = 0; i < 12; i++) {
			unsigned pick[4];

			for (size_t j = 0; j < 4; j++) {
				random = random * 1103515245 + 12345;
				pick[j] = (random >> 16) % 8;
			}
			records[i] = boundary(POLICY_WORLD_TO_PUBLISHED4, networks[pick[0]], networks[pick[1]],
					      (uint16_t)pick[2], (uint16_t)(pick[2] + pick[3] / 3), "");
		}
		policy = policy_of(records, 12);
		for (size_t i = 0; i < policy_count(policy); i++) {
			const struct policy_record *a = policy_at(policy, i);

			for (size_t j = 0; j < i; j++)
				assert_false(meet(policy_at(policy, j), a));
		}
		/* None is missing that would have met nobody. */
		for (size_t i = 0; i < 12; i++) {
			bool met = false;

			for (size_t j = 0; j < policy_count(policy); j++)
				met = met || meet(policy_at(policy, j), &records[i]);
			assert_true(met);
			kept += policy_find(policy, &records[i]) != NULL;
		}
		assert_true(kept >= policy_count(policy) && policy_count(policy) > 0);
		policy_free(policy);
	}
}

static void test_addresses(void **state)
{
	struct address address;
	struct cidr cidr;
	char text[ADDRESS_TEXT_SIZE];

	(void)state;
	assert_int_equal(address_parse("172.18.0.2/16", true, &address), 0);
	assert_string_equal(address_format(&address, text), "172.18.0.2");
	assert_true(address_parse("172.18.0.2/16", false, &address) < 0);
	assert_true(address_parse("", true, &address) < 0);
	assert_true(address_parse("172.18.0.2/33", true, &address) < 0);
	assert_true(address_parse("172.18.0.2/", true, &address) < 0);
	assert_true(address_parse("172.18.0.2/08", true, &address) < 0);
	assert_int_equal(address_parse("fd00::2", false, &address), 0);
	assert_int_equal(address_length(&address), 16);
	assert_int_equal(cidr_parse("192.0.2.0/24", &cidr), 0);
	assert_int_equal(cidr.length, 24);
	assert_int_equal(cidr_parse("192.0.2.1/24", &cidr), -34);
	assert_string_equal(address_format(&cidr.base, text), "192.0.2.0");
	assert_int_equal(cidr_parse("2001:db8::/32", &cidr), 0);
	assert_int_equal(cidr_parse("192.0.2.1", &cidr), 0);
	assert_int_equal(cidr.length, 32);
	assert_int_equal(cidr_parse("0.0.0.0/0", &cidr), 0);
	assert_int_equal(address_parse("192.0.2.77", false, &address), 0);
	assert_int_equal(cidr_parse("192.0.2.64/26", &cidr), 0);
	assert_true(address_is_in(&address, &cidr.base, cidr.length));
	assert_false(address_is_in(&address, &cidr.base, 29));
	address = address_prefix(&address, 25);
	assert_string_equal(address_format(&address, text), "192.0.2.0");
	address = address_prefix(&address, 0);
	assert_string_equal(address_format(&address, text), "0.0.0.0");
	assert_int_equal(address_parse("2001:db8::ffff", false, &address), 0);
	address = address_prefix(&address, 121);
	assert_string_equal(address_format(&address, text), "2001:db8::ff80");
	address = address_prefix(&address, 128);
	assert_string_equal(address_format(&address, text), "2001:db8::ff80");
	/* Families do not mix. */
	assert_false(address_is_in(&address, &(struct address){ .family = ADDRESS_IPV4 }, 0));
}

static void test_counters(void **state)
{
	struct policy_record records[] = { flow("10.0.0.2", "10.0.0.3", 80, "a"),
					   flow("10.0.0.2", "10.0.0.3", 81, "a") };
	struct policy *policy = policy_of(records, 2), *from;

	(void)state;
	records[0].comment = "another";
	records[0].packets = 7;
	records[0].bytes = 700;
	from = policy_of(records, 1);
	policy_take_counters(policy, from);
	assert_int_equal(policy_at(policy, 0)->packets, 7);
	assert_int_equal(policy_at(policy, 0)->bytes, 700);
	assert_string_equal(policy_at(policy, 0)->comment, "a");
	assert_int_equal(policy_at(policy, 1)->packets, 0);
	policy_free(policy);
	policy_free(from);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sorted_and_unique),
		cmocka_unit_test(test_ranges_of_sets),
		cmocka_unit_test(test_diff),
		cmocka_unit_test(test_comments_are_plain),
		cmocka_unit_test(test_flow_comment),
		cmocka_unit_test(test_long_comments),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_overlapping_ranges),
		cmocka_unit_test(test_keys_of_networks),
		cmocka_unit_test(test_overlapping_networks),
		cmocka_unit_test(test_random_networks),
		cmocka_unit_test(test_counters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
