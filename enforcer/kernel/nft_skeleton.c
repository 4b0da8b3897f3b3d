/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_skeleton.h"

#include <errno.h>
#include <string.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <libnftnl/chain.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>

#include "kernel.h"
#include "nft_expr.h"
#include "nft_set.h"
#include "nft_skeleton_tables.h"

const char *nft_skeleton_family_name(uint32_t family)
{
	return family == NFPROTO_BRIDGE ? "bridge" : "inet";
}

/* ---- Chains ---- */

static int build_chain(const struct nft_skeleton_chain *spec, enum policy_table table, struct nftnl_chain **ret_chain)
{
	struct nftnl_chain *chain = nftnl_chain_alloc();
	uint8_t comment[NFT_EXPR_COMMENT_SIZE];
	int r = 0;

	if (!chain)
		return -ENOMEM;
	nftnl_chain_set_u32(chain, NFTNL_CHAIN_FAMILY, nft_set_table_family(table));
	if (nftnl_chain_set_str(chain, NFTNL_CHAIN_TABLE, KERNEL_TABLE) < 0 ||
	    nftnl_chain_set_str(chain, NFTNL_CHAIN_NAME, spec->name) < 0 ||
	    nftnl_chain_set_data(chain, NFTNL_CHAIN_USERDATA, comment,
				 nft_expr_comment(NFT_EXPR_COMMENT, spec->about, comment)) < 0)
		r = -ENOMEM;
	if (r == 0 && spec->hooked) {
		nftnl_chain_set_u32(chain, NFTNL_CHAIN_HOOKNUM, spec->hook);
		nftnl_chain_set_s32(chain, NFTNL_CHAIN_PRIO, spec->priority);
		nftnl_chain_set_u32(chain, NFTNL_CHAIN_POLICY, NF_ACCEPT);
		r = nftnl_chain_set_str(chain, NFTNL_CHAIN_TYPE, "filter") < 0 ? -ENOMEM : 0;
	}
	if (r < 0) {
		nftnl_chain_free(chain);
		return r;
	}
	*ret_chain = chain;
	return 0;
}

static int build_chains(const struct nft_skeleton_table *spec, struct nft_skeleton_part *part)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < spec->chain_count; i++) {
		r = build_chain(&spec->chains[i], spec->table, &part->chains[i]);
		part->chain_count += r == 0;
	}
	return r;
}

/* ---- Rules ---- */

/* What rules may need. */
struct given {
	uint32_t mark;
	bool ibrname;
};

static bool is_left_out(const struct nft_rule *rule, const struct given *given)
{
	switch (rule->needs) {
	case NFT_RULE_NEEDS_NOTHING:
		return false;
	case NFT_RULE_NEEDS_MARK:
		return !given->mark;
	case NFT_RULE_NEEDS_NO_MARK:
		return given->mark;
	case NFT_RULE_NEEDS_IBRNAME:
		return !given->ibrname;
	}
	return false;
}

static int build_rule(const struct nft_rule *rule, uint8_t family, const char *comment, enum policy_table table,
		      const char *chain, uint32_t mark, struct nft_skeleton_part *part)
{
	char line[NFT_RULE_LINE_SIZE];
	int r;

	nft_rule_write(rule->text, family, line);
	r = nft_rule_build(line, comment, table, chain, mark, &part->rules[part->rule_count]);
	if (r < 0)
		return r;
	part->texts[part->rule_count] = strdup(line);
	return part->texts[part->rule_count++] ? 0 : -ENOMEM; /* the rule is freed with the part */
}

static int build_rules_of(const struct nft_skeleton_chain *chain, enum policy_table table, const struct given *given,
			  struct nft_skeleton_part *part)
{
	int r = 0;

	for (const struct nft_rule *rule = chain->rules; r == 0 && rule->text; rule++) {
		bool twin = nft_rule_has_twin(rule->text);

		if (is_left_out(rule, given))
			continue;
		r = build_rule(rule, twin ? ADDRESS_IPV4 : 0, rule->comment, table, chain->name, given->mark, part);
		if (r == 0 && twin)
			r = build_rule(rule, ADDRESS_IPV6, NULL, table, chain->name, given->mark, part);
	}
	return r;
}

static int build_rules(const struct nft_skeleton_table *spec, const struct given *given, struct nft_skeleton_part *part)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < spec->chain_count; i++)
		r = build_rules_of(&spec->chains[i], spec->table, given, part);
	return r;
}

/* At most: each rule may be two. */
static size_t count_rules(const struct nft_skeleton_table *spec)
{
	size_t count = 0;

	for (size_t i = 0; i < spec->chain_count; i++) {
		for (const struct nft_rule *rule = spec->chains[i].rules; rule->text; rule++)
			count += 2;
	}
	return count;
}

/* ---- The whole ---- */

static int build_sets(const struct nft_skeleton_table *spec, struct nft_skeleton_part *part)
{
	int r = 0;

	for (enum policy_set set = 0; r == 0 && set < POLICY_SET_COUNT; set++) {
		const struct policy_set_row *row = policy_set_row(set);

		if (row->table != spec->table)
			continue;
		/* No number twice in one batch, and none is 0. */
		r = nft_set_build(row, (uint32_t)set + 1, &part->sets[part->set_count]);
		part->set_count += r == 0;
	}
	return r;
}

static int build_table(const struct nft_skeleton_table *spec, struct nftnl_table **ret_table)
{
	struct nftnl_table *table = nftnl_table_alloc();
	uint8_t comment[NFT_EXPR_COMMENT_SIZE];

	if (!table)
		return -ENOMEM;
	nftnl_table_set_u32(table, NFTNL_TABLE_FAMILY, nft_set_table_family(spec->table));
	if (nftnl_table_set_str(table, NFTNL_TABLE_NAME, KERNEL_TABLE) < 0 ||
	    nftnl_table_set_data(table, NFTNL_TABLE_USERDATA, comment,
				 nft_expr_comment(NFT_EXPR_COMMENT, spec->comment, comment)) < 0) {
		nftnl_table_free(table);
		return -ENOMEM;
	}
	*ret_table = table;
	return 0;
}

static int build_part(const struct nft_skeleton_table *spec, const struct given *given, struct nft_skeleton_part *part)
{
	size_t most = count_rules(spec);
	int r = build_table(spec, &part->table);

	part->family = nft_set_table_family(spec->table);
	part->sets = calloc(POLICY_SET_COUNT, sizeof(*part->sets));
	part->chains = calloc(spec->chain_count, sizeof(*part->chains));
	part->rules = calloc(most, sizeof(*part->rules));
	part->texts = calloc(most, sizeof(*part->texts));
	if (r < 0 || !part->sets || !part->chains || !part->rules || !part->texts)
		return -ENOMEM;
	return build_sets(spec, part) ?: build_chains(spec, part) ?: build_rules(spec, given, part);
}

int nft_skeleton_new(uint32_t mark, bool ibrname, struct nft_skeleton **ret_skeleton, struct error *err)
{
	cleanup_of(nft_skeleton) struct nft_skeleton *skeleton = calloc(1, sizeof(*skeleton));
	const struct given given = { mark, ibrname };
	int r = skeleton ? 0 : -ENOMEM;

	r = r ?: build_part(&nft_skeleton_inet, &given, &skeleton->parts[NFT_SKELETON_INET])
			 ?: build_part(&nft_skeleton_bridge, &given, &skeleton->parts[NFT_SKELETON_BRIDGE]);
	if (r == -EINVAL)
		return error_set(err, r, "nftables: a rule of ours has words that nft_rule.c does not know");
	if (r < 0)
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
	for (size_t i = 0; i < part->rule_count; i++)
		free(part->texts[i]);
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
