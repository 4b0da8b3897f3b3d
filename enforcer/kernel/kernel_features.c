/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this kernel knows: tried, never assumed. */
#include <errno.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "kernel_internal.h"
#include "nft_expr.h"
#include "nft_skeleton.h"

#define REHEARSAL_TABLE "bulkhead-rehearsal"
#define REHEARSAL_CHAIN "rehearsal"

static int put_names(struct nft_batch *batch, uint16_t type, uint16_t table_attribute, uint16_t chain_attribute)
{
	struct nlmsghdr *header =
		nft_batch_message(batch, NFT_BATCH_ROOM, type, NFPROTO_BRIDGE, NLM_F_CREATE, "a rehearsal");

	if (!header)
		return -ENOMEM;
	mnl_attr_put_strz(header, table_attribute, REHEARSAL_TABLE);
	if (chain_attribute)
		mnl_attr_put_strz(header, chain_attribute, REHEARSAL_CHAIN);
	nft_batch_done(batch);
	return 0;
}

/* A rule that loads what the key of `meta` names. */
static int put_rule(struct nft_batch *batch, uint32_t key)
{
	struct nftnl_rule *rule = nftnl_rule_alloc();
	struct nlmsghdr *header;
	int r;

	if (!rule)
		return -ENOMEM;
	nftnl_rule_set_u32(rule, NFTNL_RULE_FAMILY, NFPROTO_BRIDGE);
	r = nftnl_rule_set_str(rule, NFTNL_RULE_TABLE, REHEARSAL_TABLE) < 0 ||
			    nftnl_rule_set_str(rule, NFTNL_RULE_CHAIN, REHEARSAL_CHAIN) < 0
		    ? -ENOMEM
		    : 0;
	/* The rule only loads the name and accepts: a lookup would need a set. */
	r = r ?: nft_expr_meta(rule, key, NFT_REG_1) ?: nft_expr_verdict(rule, NF_ACCEPT, NULL);
	header = r < 0 ? NULL
		       : nft_batch_message(batch, NFT_BATCH_ROOM, NFT_MSG_NEWRULE, NFPROTO_BRIDGE,
					   NLM_F_CREATE | NLM_F_APPEND, "a rehearsal");
	if (header) {
		nftnl_rule_nlmsg_build_payload(header, rule);
		nft_batch_done(batch);
	}
	nftnl_rule_free(rule);
	return header ? 0 : -ENOMEM;
}

/* 0; -EOPNOTSUPP or -ENOENT where the kernel knows no such key in table bridge. */
static int try_meta(struct kernel *kernel, uint32_t key, struct error *err)
{
	struct nft_batch batch = { 0 };
	int r = nft_batch_begin(&batch, kernel->sequence);

	r = r ?: put_names(&batch, NFT_MSG_NEWTABLE, NFTA_TABLE_NAME, 0)
			 ?: put_names(&batch, NFT_MSG_NEWCHAIN, NFTA_CHAIN_TABLE, NFTA_CHAIN_NAME) ?: put_rule(&batch, key);
	kernel->sequence = batch.sequence;
	if (r < 0) {
		nft_batch_clear(&batch);
		return error_oom(err);
	}
	r = kernel_rehearse(kernel, &batch, err);
	nft_batch_clear(&batch);
	return r;
}

static bool is_unknown(int r)
{
	return r == -EOPNOTSUPP || r == -ENOENT;
}

/* `meta ibrname` needs the module nft_meta_bridge (NFT_BRIDGE_META).  A kernel that has the option as a module, and not
 * the module's file, refuses all of `meta` in table bridge: nft_meta_get_ops asks for the module first. */
static int find_out_ibrname(struct kernel *kernel, struct error *err)
{
	struct error refused;
	uint32_t generation;
	int r = kernel_generation(kernel, &generation, err);

	if (r < 0)
		return r;
	r = try_meta(kernel, NFT_META_BRI_IIFNAME, err);
	if (is_unknown(r) && is_unknown(try_meta(kernel, NFT_META_IIFNAME, &refused)))
		return error_set(err, -EOPNOTSUPP,
				 "this kernel's module nft_meta_bridge (NFT_BRIDGE_META) is missing, and without it "
				 "table bridge knows no port: install the package that has the kernel's other modules "
				 "(linux-modules-extra-… on Ubuntu)");
	/* Another error says nothing about `meta ibrname`: it is not taken for "no", since the rules without it are
	 * weaker. */
	if (r < 0 && !is_unknown(r))
		return r;
	kernel->ibrname = r == 0;
	kernel->ibrname_known = true;
	return 0;
}

int kernel_skeleton_new(struct kernel *kernel, const struct kernel_options *options, struct nft_skeleton **ret_skeleton,
			struct error *err)
{
	int r = kernel->ibrname_known ? 0 : find_out_ibrname(kernel, err);

	return r < 0 ? r : nft_skeleton_new(options->mark, kernel->ibrname, ret_skeleton, err);
}
