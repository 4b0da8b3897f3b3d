/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_skeleton.h"

#include <errno.h>
#include <string.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <libnftnl/chain.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>

#include "kernel.h"
#include "nft_expr.h"
#include "nft_skeleton_tables.h"

const char *nft_skeleton_family_name(uint32_t family)
{
	return family == NFPROTO_BRIDGE ? "bridge" : "inet";
}

uint32_t nft_skeleton_set_family(enum policy_set set)
{
	return set >= POLICY_PORTS && set <= POLICY_PLACES6 ? NFPROTO_BRIDGE : NFPROTO_INET;
}

/* ---- Sets ---- */

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
	[NFT_SKELETON_IPV4] = { 7, 4, ORDER_NETWORK },	   [NFT_SKELETON_IPV6] = { 8, 16, ORDER_NETWORK },
	[NFT_SKELETON_MAC] = { 9, 6, ORDER_NETWORK },	   [NFT_SKELETON_PROTOCOL] = { 12, 1, ORDER_NETWORK },
	[NFT_SKELETON_SERVICE] = { 13, 2, ORDER_NETWORK }, [NFT_SKELETON_IFNAME] = { 41, 16, ORDER_HOST },
};

static size_t part_count(const struct nft_skeleton_set *spec)
{
	size_t count = 0;

	while (count < 4 && spec->types[count] != NFT_SKELETON_END)
		count++;
	return count;
}

/* nft's notes about the key: its byte order, and for a concatenation that it is one (an empty "typeof"). */
static int set_userdata(struct nftnl_set *set, const struct nft_skeleton_set *spec)
{
	static const uint8_t concat[] = { 0, 4, ORDER_CONCAT, 0, 0, 0, 3, 8, 0, 4, 13, 0, 0, 0, 1, 0 };
	uint8_t simple[] = { 0, 4, types[spec->types[0]].order, 0, 0, 0 };

	if (part_count(spec) > 1)
		return nftnl_set_set_data(set, NFTNL_SET_USERDATA, concat, sizeof(concat));
	return nftnl_set_set_data(set, NFTNL_SET_USERDATA, simple, sizeof(simple));
}

static int set_counter(struct nftnl_set *set)
{
	struct nftnl_expr *expr = nftnl_expr_alloc("counter");

	if (!expr)
		return -ENOMEM;
	/* libnftnl takes the expression itself, and frees it with the set. */
	return nftnl_set_set_data(set, NFTNL_SET_EXPR, expr, 0);
}

static int describe_key(struct nftnl_set *set, const struct nft_skeleton_set *spec)
{
	uint32_t type = 0, length = 0, parts = (uint32_t)part_count(spec);
	uint8_t lengths[4];

	for (size_t i = 0; i < parts; i++) {
		type = type << 6 | types[spec->types[i]].number;
		lengths[i] = types[spec->types[i]].length;
		length += (lengths[i] + 3u) & ~3u; /* each part fills whole registers */
	}
	nftnl_set_set_u32(set, NFTNL_SET_KEY_TYPE, type);
	nftnl_set_set_u32(set, NFTNL_SET_KEY_LEN, length);
	if (spec->flags & NFT_SET_CONCAT)
		return nftnl_set_set_data(set, NFTNL_SET_DESC_CONCAT, lengths, parts);
	return 0;
}

static int build_set(const struct nft_skeleton_set *spec, uint32_t family, uint32_t id, struct nftnl_set **ret_set)
{
	struct nftnl_set *set = nftnl_set_alloc();
	int r = 0;

	if (!set)
		return -ENOMEM;
	nftnl_set_set_u32(set, NFTNL_SET_FAMILY, family);
	nftnl_set_set_u32(set, NFTNL_SET_ID, id);
	nftnl_set_set_u32(set, NFTNL_SET_FLAGS, spec->flags);
	if (nftnl_set_set_str(set, NFTNL_SET_TABLE, KERNEL_TABLE) < 0 ||
	    nftnl_set_set_str(set, NFTNL_SET_NAME, spec->name) < 0 || describe_key(set, spec) < 0 ||
	    set_userdata(set, spec) < 0)
		r = -ENOMEM;
	if (spec->flags & NFT_SET_TIMEOUT) {
		nftnl_set_set_u64(set, NFTNL_SET_TIMEOUT, KERNEL_DENIED_MS);
		nftnl_set_set_u32(set, NFTNL_SET_DESC_SIZE, KERNEL_DENIED_SIZE);
	}
	if (r == 0 && spec->counter)
		r = set_counter(set);
	if (r < 0) {
		nftnl_set_free(set);
		return r;
	}
	*ret_set = set;
	return 0;
}

/* ---- Chains ---- */

static int build_chain(const struct nft_skeleton_table *spec, const char *name, struct nftnl_chain **ret_chain)
{
	struct nftnl_chain *chain = nftnl_chain_alloc();
	int r = 0;

	if (!chain)
		return -ENOMEM;
	nftnl_chain_set_u32(chain, NFTNL_CHAIN_FAMILY, spec->family);
	if (nftnl_chain_set_str(chain, NFTNL_CHAIN_TABLE, KERNEL_TABLE) < 0 ||
	    nftnl_chain_set_str(chain, NFTNL_CHAIN_NAME, name) < 0)
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && i < spec->hook_count; i++) {
		if (strcmp(spec->hooks[i].chain, name) != 0)
			continue;
		nftnl_chain_set_u32(chain, NFTNL_CHAIN_HOOKNUM, spec->hooks[i].number);
		nftnl_chain_set_s32(chain, NFTNL_CHAIN_PRIO, spec->hooks[i].priority);
		nftnl_chain_set_u32(chain, NFTNL_CHAIN_POLICY, NF_ACCEPT);
		if (nftnl_chain_set_str(chain, NFTNL_CHAIN_TYPE, "filter") < 0)
			r = -ENOMEM;
	}
	if (r < 0) {
		nftnl_chain_free(chain);
		return r;
	}
	*ret_chain = chain;
	return 0;
}

/* Rules of one chain stand together, so a chain begins where the name changes. */
static int build_chains(const struct nft_skeleton_table *spec, struct nft_skeleton_part *part)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < spec->rule_count; i++) {
		if (i && strcmp(spec->rules[i].chain, spec->rules[i - 1].chain) == 0)
			continue;
		r = build_chain(spec, spec->rules[i].chain, &part->chains[part->chain_count]);
		part->chain_count += r == 0;
	}
	return r;
}

/* ---- The whole ---- */

static int build_table(const struct nft_skeleton_table *spec, struct nftnl_table **ret_table)
{
	struct nftnl_table *table = nftnl_table_alloc();
	uint8_t comment[NFT_EXPR_COMMENT_SIZE];

	if (!table)
		return -ENOMEM;
	nftnl_table_set_u32(table, NFTNL_TABLE_FAMILY, spec->family);
	if (nftnl_table_set_str(table, NFTNL_TABLE_NAME, KERNEL_TABLE) < 0 ||
	    nftnl_table_set_data(table, NFTNL_TABLE_USERDATA, comment, nft_expr_comment(spec->comment, comment)) < 0) {
		nftnl_table_free(table);
		return -ENOMEM;
	}
	*ret_table = table;
	return 0;
}

static int build_rules(const struct nft_skeleton_table *spec, uint32_t mark, bool ibrname,
		       struct nft_skeleton_part *part)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < spec->rule_count; i++) {
		const struct nft_rule *rule = &spec->rules[i];

		if ((rule->needs == NFT_RULE_NEEDS_MARK && !mark) || (rule->needs == NFT_RULE_NEEDS_NO_MARK && mark) ||
		    (rule->needs == NFT_RULE_NEEDS_IBRNAME && !ibrname))
			continue;
		part->texts[part->rule_count] = rule->text;
		r = nft_rule_build(rule, spec->family, mark, &part->rules[part->rule_count]);
		part->rule_count += r == 0;
	}
	return r;
}

static int build_part(const struct nft_skeleton_table *spec, uint32_t mark, bool ibrname,
		      struct nft_skeleton_part *part)
{
	int r = build_table(spec, &part->table);

	part->family = spec->family;
	part->sets = calloc(spec->set_count, sizeof(*part->sets));
	part->chains = calloc(spec->rule_count, sizeof(*part->chains));
	part->rules = calloc(spec->rule_count, sizeof(*part->rules));
	part->texts = calloc(spec->rule_count, sizeof(*part->texts));
	if (r < 0 || !part->sets || !part->chains || !part->rules || !part->texts)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < spec->set_count; i++, part->set_count += r == 0)
		r = build_set(&spec->sets[i], spec->family, spec->family * 256 + (uint32_t)i, &part->sets[i]);
	return r ?: build_chains(spec, part) ?: build_rules(spec, mark, ibrname, part);
}

int nft_skeleton_new(uint32_t mark, bool ibrname, struct nft_skeleton **ret_skeleton, struct error *err)
{
	cleanup_of(nft_skeleton) struct nft_skeleton *skeleton = calloc(1, sizeof(*skeleton));

	if (!skeleton || build_part(&nft_skeleton_inet, mark, ibrname, &skeleton->parts[NFT_SKELETON_INET]) < 0 ||
	    build_part(&nft_skeleton_bridge, mark, ibrname, &skeleton->parts[NFT_SKELETON_BRIDGE]) < 0)
		return error_oom(err);
	*ret_skeleton = steal(skeleton);
	return 0;
}

static void free_part(struct nft_skeleton_part *part)
{
	for (size_t i = 0; i < part->set_count; i++)
		nftnl_set_free(part->sets[i]);
	for (size_t i = 0; i < part->chain_count; i++)
		nftnl_chain_free(part->chains[i]);
	for (size_t i = 0; i < part->rule_count; i++)
		nftnl_rule_free(part->rules[i]);
	if (part->table)
		nftnl_table_free(part->table);
	free(part->sets);
	free(part->chains);
	free(part->rules);
	free(part->texts);
}

void nft_skeleton_free(struct nft_skeleton *skeleton)
{
	if (!skeleton)
		return;
	for (size_t i = 0; i < NFT_SKELETON_PARTS; i++)
		free_part(&skeleton->parts[i]);
	free(skeleton);
}
