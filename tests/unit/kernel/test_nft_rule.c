/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A rule is its text: what is filled in, and that no word of it is lost. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <libnftnl/rule.h>

#include "address.h"
#include "nft_rule.h"
#include "nft_skeleton_tables.h"

static void test_capitals_are_filled_in(void **state)
{
	static const struct {
		const char *text;
		uint8_t family;
		const char *line;
	} lines[] = {
		{ "IP saddr . IP daddr . meta l4proto . th dport @FLOWS accept", 4,
		  "ip saddr . ip daddr . meta l4proto . th dport @flows4 accept" },
		{ "meta l4proto ICMP update @DENIED { IP saddr }", 6,
		  "meta l4proto ipv6-icmp update @denied6 { ip6 saddr }" },
		{ "oifname != @KNOWN_PORTS counter drop", 0, "oifname != @known_ports counter drop" },
		{ "arp saddr ip @ADDRESSES counter drop", 0, "arp saddr ip @addresses4 counter drop" },
		{ "iifname . ether saddr . ip6 saddr @PLACES goto own6", 0,
		  "iifname . ether saddr . ip6 saddr @places6 goto own6" },
		{ "meta mark set meta mark & ~MARK accept", 0, "meta mark set meta mark & ~MARK accept" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char line[NFT_RULE_LINE_SIZE];

		assert_int_equal(nft_rule_has_twin(lines[i].text), lines[i].family != 0);
		nft_rule_write(lines[i].text, lines[i].family, line);
		assert_string_equal(line, lines[i].line);
	}
}

static int build(const char *line, enum policy_table table)
{
	struct nftnl_rule *rule = NULL;
	int r = nft_rule_build(line, "a comment", table, "chain", 0x10000000, &rule);

	assert_int_equal(r == 0, rule != NULL);
	if (rule)
		nftnl_rule_free(rule);
	return r;
}

static void test_no_word_is_lost(void **state)
{
	static const struct {
		enum policy_table table;
		const char *line;
	} wrong[] = {
		{ POLICY_TABLE_INET, "ip saddr @flows4 acept" },
		{ POLICY_TABLE_INET, "ip saddr @flows accept" },
		{ POLICY_TABLE_BRIDGE, "ip saddr @flows4 accept" }, /* stands in the other table */
		{ POLICY_TABLE_INET, "ip saddr accept" },
		{ POLICY_TABLE_INET, "ip saddr . @flows4 accept" },
		{ POLICY_TABLE_INET, "ip saddr . th dprt @flows4 accept" },
		{ POLICY_TABLE_INET, "@flows4 accept" },
		{ POLICY_TABLE_INET, "meta l4proto icmpx accept" },
		{ POLICY_TABLE_INET, "update @denied4 { ip saddr accept" },
		{ POLICY_TABLE_INET, "update @denied4 ip saddr }" },
		{ POLICY_TABLE_INET, "goto" },
		{ POLICY_TABLE_INET, "IP saddr @flows4 accept" }, /* not filled in */
	};

	(void)state;
	assert_int_equal(build("ip saddr @observed4 counter drop", POLICY_TABLE_INET), 0);
	assert_int_equal(build("iifname @known_ports goto sent", POLICY_TABLE_BRIDGE), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (build(wrong[i].line, wrong[i].table) != -EINVAL)
			fail_msg("%s: not refused", wrong[i].line);
	}
}

/* A set's name stands in its row alone. */
static void check_sets(const struct nft_skeleton_chain *chain, const char *text)
{
	for (const char *at = text; (at = strchr(at, '@')); at++) {
		if (strncmp(at, "@th,", 4) != 0 && strncmp(at, "@nh,", 4) != 0 && !isupper((unsigned char)at[1]))
			fail_msg("chain %s: \"%s\" names a set by other words than its row's", chain->name, text);
	}
}

/* nft prints 128 bytes of a comment and takes no more back. */
static void check_texts(const struct nft_skeleton_table *table)
{
	assert_in_range(strlen(table->comment), 1, 127);
	for (size_t i = 0; i < table->chain_count; i++) {
		const struct nft_skeleton_chain *chain = &table->chains[i];

		assert_in_range(strlen(chain->about), 1, 127);
		for (const struct nft_rule *rule = chain->rules; rule->text; rule++) {
			char line[NFT_RULE_LINE_SIZE];

			check_sets(chain, rule->text);
			assert_true(!rule->comment || strlen(rule->comment) < 128);
			nft_rule_write(rule->text, nft_rule_has_twin(rule->text) ? ADDRESS_IPV6 : 0, line);
			assert_in_range(strlen(line), 1, NFT_RULE_LINE_SIZE - 2);
		}
	}
}

static void test_texts(void **state)
{
	(void)state;
	check_texts(&nft_skeleton_inet);
	check_texts(&nft_skeleton_bridge);
	for (enum policy_set set = 0; set < POLICY_SET_COUNT; set++)
		assert_in_range(strlen(policy_set_row(set)->about), 1, 127);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_capitals_are_filled_in),
		cmocka_unit_test(test_no_word_is_lost),
		cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
