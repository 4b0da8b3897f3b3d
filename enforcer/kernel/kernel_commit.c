/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One transaction: all of a change, or nothing of it. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "kernel_docker.h"
#include "kernel_internal.h"
#include "loop.h"
#include "nft_encode.h"
#include "nft_skeleton.h"

/* ---- Messages about one of our tables ---- */

static int add_table(struct nft_batch *batch, const struct nft_skeleton_part *part, uint32_t flags)
{
	struct nlmsghdr *header =
		nft_batch_message(batch, NFT_BATCH_ROOM, NFT_MSG_NEWTABLE, (uint16_t)part->family, NLM_F_CREATE,
				  "table %s " KERNEL_TABLE, nft_skeleton_family_name(part->family));

	if (!header)
		return -ENOMEM;
	nftnl_table_set_u32(part->table, NFTNL_TABLE_FLAGS, flags);
	nftnl_table_nlmsg_build_payload(header, part->table);
	nft_batch_done(batch);
	return 0;
}

static int delete_table(struct nft_batch *batch, uint32_t family)
{
	struct nlmsghdr *header = nft_batch_message(batch, NFT_BATCH_ROOM, NFT_MSG_DELTABLE, (uint16_t)family, 0,
						    "table %s " KERNEL_TABLE, nft_skeleton_family_name(family));

	if (!header)
		return -ENOMEM;
	mnl_attr_put_strz(header, NFTA_TABLE_NAME, KERNEL_TABLE);
	nft_batch_done(batch);
	return 0;
}

/* Claims the table: the message is about the table alone, and leaves what it holds. */
static int claim_table(struct nft_batch *batch, uint32_t family)
{
	struct nlmsghdr *header =
		nft_batch_message(batch, NFT_BATCH_ROOM, NFT_MSG_NEWTABLE, (uint16_t)family, 0,
				  "the ownership of table %s " KERNEL_TABLE, nft_skeleton_family_name(family));

	if (!header)
		return -ENOMEM;
	mnl_attr_put_strz(header, NFTA_TABLE_NAME, KERNEL_TABLE);
	mnl_attr_put_u32(header, NFTA_TABLE_FLAGS, htonl(KERNEL_FLAG_OWNER | KERNEL_FLAG_PERSIST));
	nft_batch_done(batch);
	return 0;
}

static int add_sets(struct nft_batch *batch, const struct nft_skeleton_part *part)
{
	for (size_t i = 0; i < part->set_count; i++) {
		struct nftnl_set *set = part->sets[i];
		struct nlmsghdr *header = nft_batch_message(
			batch, NFT_BATCH_ROOM, NFT_MSG_NEWSET, (uint16_t)part->family, NLM_F_CREATE | NLM_F_EXCL,
			"the set %s itself", nftnl_set_get_str(set, NFTNL_SET_NAME));

		if (!header)
			return -ENOMEM;
		nftnl_set_nlmsg_build_payload(header, set);
		nft_batch_done(batch);
	}
	return 0;
}

static int add_chains(struct nft_batch *batch, const struct nft_skeleton_part *part)
{
	for (size_t i = 0; i < part->chain_count; i++) {
		struct nftnl_chain *chain = part->chains[i];
		struct nlmsghdr *header = nft_batch_message(batch, NFT_BATCH_ROOM, NFT_MSG_NEWCHAIN,
							    (uint16_t)part->family, NLM_F_CREATE | NLM_F_EXCL,
							    "chain %s", nftnl_chain_get_str(chain, NFTNL_CHAIN_NAME));

		if (!header)
			return -ENOMEM;
		nftnl_chain_nlmsg_build_payload(header, chain);
		nft_batch_done(batch);
	}
	return 0;
}

/* DELRULE with a chain and without a handle means all of its rules. */
static int flush_chains(struct nft_batch *batch, const struct nft_skeleton_part *part)
{
	for (size_t i = 0; i < part->chain_count; i++) {
		const char *name = nftnl_chain_get_str(part->chains[i], NFTNL_CHAIN_NAME);
		struct nlmsghdr *header = nft_batch_message(batch, NFT_BATCH_ROOM, NFT_MSG_DELRULE,
							    (uint16_t)part->family, 0, "the rules of chain %s", name);

		if (!header)
			return -ENOMEM;
		mnl_attr_put_strz(header, NFTA_RULE_TABLE, KERNEL_TABLE);
		mnl_attr_put_strz(header, NFTA_RULE_CHAIN, name);
		nft_batch_done(batch);
	}
	return 0;
}

static int add_rules(struct nft_batch *batch, const struct nft_skeleton_part *part)
{
	for (size_t i = 0; i < part->rule_count; i++) {
		struct nftnl_rule *rule = part->rules[i];
		struct nlmsghdr *header = nft_batch_message(
			batch, NFT_BATCH_ROOM, NFT_MSG_NEWRULE, (uint16_t)part->family, NLM_F_CREATE | NLM_F_APPEND,
			"chain %s rule \"%s\"", nftnl_rule_get_str(rule, NFTNL_RULE_CHAIN), part->texts[i]);

		if (!header)
			return -ENOMEM;
		nftnl_rule_nlmsg_build_payload(header, rule);
		nft_batch_done(batch);
	}
	return 0;
}

/* ---- All of them ---- */

static int delete_tables(struct nft_batch *batch, const struct kernel_change *change)
{
	int r = 0;

	if (change->table_exists)
		r = delete_table(batch, NFPROTO_INET);
	if (r == 0 && change->guard_exists)
		r = delete_table(batch, NFPROTO_BRIDGE);
	return r;
}

/* The tables themselves come first: the place of a refused message tells whether their flags were refused. */
static int add_tables(struct nft_batch *batch, const struct nft_skeleton *skeleton, uint32_t flags)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < NFT_SKELETON_PARTS; i++)
		r = add_table(batch, &skeleton->parts[i], flags);
	for (size_t i = 0; r == 0 && i < NFT_SKELETON_PARTS; i++)
		r = add_sets(batch, &skeleton->parts[i])
			    ?: add_chains(batch, &skeleton->parts[i]) ?: add_rules(batch, &skeleton->parts[i]);
	return r;
}

static int claim_tables(struct nft_batch *batch)
{
	return claim_table(batch, NFPROTO_INET) ?: claim_table(batch, NFPROTO_BRIDGE);
}

static int rewrite_rules(struct nft_batch *batch, const struct nft_skeleton *skeleton)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < NFT_SKELETON_PARTS; i++)
		r = flush_chains(batch, &skeleton->parts[i]);
	for (size_t i = 0; r == 0 && i < NFT_SKELETON_PARTS; i++)
		r = add_rules(batch, &skeleton->parts[i]);
	return r;
}

/* All records of a policy as a list. */
static int list_records(const struct policy *want, const struct policy_record ***ret_records)
{
	const struct policy_record **records = calloc(policy_count(want) + 1, sizeof(*records));

	if (!records)
		return -ENOMEM;
	for (size_t i = 0; i < policy_count(want); i++)
		records[i] = policy_at(want, i);
	*ret_records = records;
	return 0;
}

static int replace_table(struct nft_batch *batch, const struct nft_skeleton *skeleton,
			 const struct kernel_change *change, uint32_t flags, const struct policy_record ***records)
{
	int r = delete_tables(batch, change) ?: add_tables(batch, skeleton, flags);

	if (change->from)
		policy_take_counters(change->want, change->from->policy);
	r = r ?: list_records(change->want, records);
	r = r ?: nft_encode_add(batch, *records, policy_count(change->want));
	if (r == 0 && change->from)
		r = nft_encode_denied(batch, change->from->denied, change->from->denied_count);
	return r;
}

static int change_elements(struct nft_batch *batch, const struct policy_diff *diff)
{
	if (!diff)
		return 0;
	return nft_encode_delete(batch, diff->remove, diff->remove_count)
		       ?: nft_encode_add(batch, diff->add, diff->add_count);
}

static int add_change(struct nft_batch *batch, const struct nft_skeleton *skeleton,
		      const struct kernel_options *options, const struct kernel_change *change, uint32_t flags,
		      const struct policy_record ***records)
{
	int r = 0;

	if (change->remove_table)
		return delete_tables(batch, change);
	if (change->install == KERNEL_REPLACE)
		return replace_table(batch, skeleton, change, flags, records);
	if (change->adopt && options->own)
		r = claim_tables(batch);
	if (r == 0 && change->install == KERNEL_RULES)
		r = rewrite_rules(batch, skeleton);
	return r ?: change_elements(batch, change->diff);
}

static int commit(struct kernel *kernel, const struct nft_skeleton *skeleton, const struct kernel_options *options,
		  const struct kernel_change *change, uint32_t flags, uint64_t *ret_ns, bool *ret_table_refused,
		  struct error *err)
{
	cleanup_free const struct policy_record **records = NULL;
	uint32_t refused = 0;
	struct nft_batch batch = { 0 };
	uint64_t began;
	int r = nft_batch_begin(&batch, kernel->sequence);

	r = r ?: add_change(&batch, skeleton, options, change, flags, &records);
	if (r == 0)
		r = kernel_docker_change(kernel, &batch, options->mark, change->docker_remove, change->docker_add, err);
	else
		r = error_oom(err);
	if (r == 0 && nft_batch_end(&batch) < 0)
		r = error_oom(err);
	kernel->sequence = batch.sequence;
	if (r == 0 && batch.count) {
		began = loop_now_ns();
		r = kernel_send(kernel, &batch, &refused, err);
		if (ret_ns)
			*ret_ns = loop_now_ns() - began;
	}
	/* The messages that delete old tables come first, those that add new ones next. */
	if (refused && change->install == KERNEL_REPLACE)
		*ret_table_refused =
			refused ==
			batch.entries[(change->table_exists ? 1 : 0) + (change->guard_exists ? 1 : 0)].sequence;
	nft_batch_clear(&batch);
	return r;
}

int kernel_commit(struct kernel *kernel, const struct kernel_options *options, const struct kernel_change *change,
		  uint64_t *ret_ns, struct error *err)
{
	cleanup_of(nft_skeleton) struct nft_skeleton *skeleton = NULL;
	uint32_t flags = options->own && !kernel->flags_refused ? KERNEL_FLAG_OWNER | KERNEL_FLAG_PERSIST : 0;
	bool table_refused = false;
	int r = 0;

	if (ret_ns)
		*ret_ns = 0;
	/* A change of elements alone, as every event brings, does without the skeleton. */
	if (change->install != KERNEL_KEEP)
		r = kernel_skeleton_new(kernel, options, &skeleton, err);
	if (r == 0)
		r = commit(kernel, skeleton, options, change, flags, ret_ns, &table_refused, err);
	if ((r == -EOPNOTSUPP || r == -EINVAL) && flags && change->install == KERNEL_REPLACE && table_refused) {
		/* Linux < 6.9 refuses the flags. */
		kernel->flags_refused = true;
		r = commit(kernel, skeleton, options, change, 0, ret_ns, &table_refused, err);
	}
	return r;
}
