/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_rule.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <libnftnl/rule.h>

#include "address.h"
#include "kernel.h"
#include "nft_expr.h"
#include "nft_rule_internal.h"
#include "nft_set.h"

#define NAME_SIZE 32

/* ---- Capitals ---- */

static bool has_word(const char *text, const char *word)
{
	while (*text && !nft_rule_after(text, word)) {
		text += strcspn(text, " ");
		text += strspn(text, " ");
	}
	return *text;
}

bool nft_rule_has_twin(const char *text)
{
	return has_word(text, "IP") || has_word(text, "ICMP");
}

/* What a word stands for: itself, if it is not one of those that are filled in. */
static const char *fill_in(const char word[NAME_SIZE], uint8_t family)
{
	bool v6 = family == ADDRESS_IPV6;

	if (strcmp(word, "IP") == 0)
		return v6 ? "ip6" : "ip";
	if (strcmp(word, "ICMP") == 0)
		return v6 ? "ipv6-icmp" : "icmp";
	return word;
}

static const char *set_of(const char word[NAME_SIZE], uint8_t family)
{
	const struct policy_set_row *row = policy_set_by_topic(word, family);

	return row ? row->name : word;
}

void nft_rule_write(const char *text, uint8_t family, char line[NFT_RULE_LINE_SIZE])
{
	size_t length = 0;

	if (!family)
		family = has_word(text, "ip6") ? ADDRESS_IPV6 : ADDRESS_IPV4;
	line[0] = '\0';
	while (*text && length < NFT_RULE_LINE_SIZE) {
		bool set = *text == '@';
		size_t size = strcspn(text + set, " ");
		char word[NAME_SIZE];

		snprintf(word, sizeof(word), "%.*s", (int)size, text + set);
		length += (size_t)snprintf(line + length, NFT_RULE_LINE_SIZE - length, "%s%s%s", length ? " " : "",
					   set ? "@" : "", set ? set_of(word, family) : fill_in(word, family));
		text += set + size;
		text += strspn(text, " ");
	}
}

/* ---- Words ---- */

/* Copies the name that the text begins with, and says what stands behind it. */
static const char *take_name(const char *text, char name[NAME_SIZE])
{
	size_t length = strcspn(text, " ");

	snprintf(name, NAME_SIZE, "%.*s", (int)length, text);
	return text + length + strspn(text + length, " ");
}

/* "goto CHAIN", "jump CHAIN" */
static int add_call(const struct nft_rule_site *site, int verdict, const char *target, const char **ret_rest)
{
	char chain[NAME_SIZE];

	*ret_rest = take_name(target, chain);
	return *chain ? nft_expr_verdict(site->rule, verdict, chain) : -EINVAL;
}

static const struct policy_set_row *find_set(const struct nft_rule_site *site, const char *text, char name[NAME_SIZE],
					     const char **ret_rest)
{
	if (*text != '@')
		return NULL;
	*ret_rest = take_name(text + 1, name);
	return policy_set_named(site->table, name);
}

/* "KEY @SET", "KEY != @SET" */
static int add_lookup(struct nft_rule_site *site, const char *key, const char **ret_rest)
{
	const char *set = nft_rule_after_key(key), *except = nft_rule_after(set, "!=");
	char name[NAME_SIZE];
	const struct policy_set_row *row = find_set(site, except ? except : set, name, ret_rest);

	if (!row)
		return -EINVAL;
	return nft_rule_key(site, key) ?: nft_expr_lookup(site->rule, NFT_REG_1, row->name, except != NULL);
}

/* "limit rate over N/second burst N packets": what stands behind it, or the text itself. */
static const char *take_limit(const char *text, unsigned *ret_rate, unsigned *ret_burst)
{
	int length = 0;

	if (sscanf(text, "limit rate over %u/second burst %u packets %n", ret_rate, ret_burst, &length) != 2 || !length)
		return text;
	return text + length;
}

/* "update @SET { KEY }", "update @SET { KEY limit rate over N/second burst N packets }" */
static int add_update(struct nft_rule_site *site, const char *set, const char **ret_rest)
{
	char name[NAME_SIZE];
	unsigned rate = 0, burst = 0;
	const char *key = NULL, *end = NULL;
	const struct policy_set_row *row = find_set(site, set, name, &key);
	int r;

	key = row ? nft_rule_after(key, "{") : NULL;
	end = key ? nft_rule_after(take_limit(nft_rule_after_key(key), &rate, &burst), "}") : NULL;
	if (!end)
		return -EINVAL;
	*ret_rest = end;
	r = nft_rule_key(site, key);
	if (r == 0 && rate)
		return nft_expr_update_limited(site->rule, NFT_REG_1, row->name, rate, burst);
	return r ?: nft_expr_update(site->rule, NFT_REG_1, row->name);
}

/* What the text begins with. */
static int add_next(struct nft_rule_site *site, const char **text)
{
	const char *behind;
	int r;

	if ((behind = nft_rule_after(*text, "goto")))
		return add_call(site, NFT_GOTO, behind, text);
	if ((behind = nft_rule_after(*text, "jump")))
		return add_call(site, NFT_JUMP, behind, text);
	if ((behind = nft_rule_after(*text, "update")))
		return add_update(site, behind, text);
	r = nft_rule_phrase(site, *text, text);
	return r == -ENOENT ? add_lookup(site, *text, text) : r;
}

static int set_names(struct nftnl_rule *rule, enum policy_table table, const char *chain, const char *said)
{
	uint8_t comment[NFT_EXPR_COMMENT_SIZE];

	nftnl_rule_set_u32(rule, NFTNL_RULE_FAMILY, nft_set_table_family(table));
	if (nftnl_rule_set_str(rule, NFTNL_RULE_TABLE, KERNEL_TABLE) < 0 ||
	    nftnl_rule_set_str(rule, NFTNL_RULE_CHAIN, chain) < 0)
		return -ENOMEM;
	if (said && nftnl_rule_set_data(rule, NFTNL_RULE_USERDATA, comment,
					nft_expr_comment(NFT_EXPR_COMMENT, said, comment)) < 0)
		return -ENOMEM;
	return 0;
}

int nft_rule_build(const char *line, const char *comment, enum policy_table table, const char *chain, uint32_t mark,
		   struct nftnl_rule **ret_rule)
{
	struct nft_rule_site site = { .rule = nftnl_rule_alloc(), .table = table, .mark = mark };
	int r = site.rule ? set_names(site.rule, table, chain, comment) : -ENOMEM;

	while (r == 0 && *line)
		r = add_next(&site, &line);
	if (r < 0 && site.rule)
		nftnl_rule_free(site.rule);
	if (r < 0)
		return r;
	*ret_rule = site.rule;
	return 0;
}
