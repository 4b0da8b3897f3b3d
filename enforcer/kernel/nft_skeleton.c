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

static int build_chain(const struct nft_skeleton_table *spec, const char *name, struct nftnl_chain **ret_chain)
{
	struct nftnl_chain *chain = nftnl_chain_alloc();
	int r = 0;

	if (!chain)
		return -ENOMEM;
	nftnl_chain_set_u32(chain, NFTNL_CHAIN_FAMILY, nft_set_table_family(spec->table));
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
		r = nft_rule_build(rule, nft_set_table_family(spec->table), mark, &part->rules[part->rule_count]);
		part->rule_count += r == 0;
	}
	return r;
}

static int build_part(const struct nft_skeleton_table *spec, uint32_t mark, bool ibrname,
		      struct nft_skeleton_part *part)
{
	int r = build_table(spec, &part->table);

	part->family = nft_set_table_family(spec->table);
	part->sets = calloc(POLICY_SET_COUNT, sizeof(*part->sets));
	part->chains = calloc(spec->rule_count, sizeof(*part->chains));
	part->rules = calloc(spec->rule_count, sizeof(*part->rules));
	part->texts = calloc(spec->rule_count, sizeof(*part->texts));
	if (r < 0 || !part->sets || !part->chains || !part->rules || !part->texts)
		return -ENOMEM;
	return build_sets(spec, part) ?: build_chains(spec, part) ?: build_rules(spec, mark, ibrname, part);
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
