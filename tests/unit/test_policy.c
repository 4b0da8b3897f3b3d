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
		.protocol_first = 6,
		.protocol_last = 6,
		.port_first = port,
		.port_last = port,
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
	assert_int_equal(policy_at(policy, 0)->port_first, 80);
	assert_string_equal(policy_at(policy, 0)->comment, "a: first");
	assert_int_equal(policy_at(policy, 1)->port_first, 443);
	for (size_t i = 1; i < policy_count(policy); i++)
		assert_true(policy_record_compare(policy_at(policy, i - 1), policy_at(policy, i)) < 0);
	assert_non_null(policy_find(policy, &records[1]));
	records[1].port_first = 444;
	assert_null(policy_find(policy, &records[1]));
	policy_free(policy);
}

static void test_ranges_of_sets(void **state)
{
	struct policy_record bridge = { .set = POLICY_BRIDGES, .bridge = "docker0", .comment = "bridge" };
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
	assert_int_equal(diff.remove[0]->port_first, 81);
	assert_int_equal(diff.remove[1]->port_first, 82);
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
	record.port_last = 5440;
	assert_string_equal(policy_key_format(&record, key), "10.0.0.2 . 10.0.0.3 . tcp . 5432-5440");
	assert_string_equal(policy_ports_format(&record, ports), "5432-5440/tcp");
	record.port_first = 0;
	record.port_last = 65535;
	assert_string_equal(policy_ports_format(&record, ports), "tcp");
	record.protocol_first = 0;
	record.protocol_last = 255;
	assert_string_equal(policy_ports_format(&record, ports), "any");
	record.protocol_first = record.protocol_last = 58;
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
		records[i].port_last = last[i];
	}
	policy = policy_of(records, 4);
	assert_int_equal(policy_count(policy), 3);
	assert_string_equal(policy_at(policy, 0)->comment, "one network");
	assert_string_equal(policy_at(policy, 1)->comment, "apart");
	assert_string_equal(policy_at(policy, 2)->comment, "another pair");
	policy_free(policy);
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
