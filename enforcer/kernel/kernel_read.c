/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel holds: our table against the skeleton, and its elements as a policy. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "kernel_docker.h"
#include "kernel_internal.h"
#include "nft_decode.h"
#include "nft_same.h"
#include "nft_set.h"
#include "nft_skeleton.h"

#define ATTEMPTS 20

/* One attempt to read everything. */
struct snapshot {
	const struct nft_skeleton *skeleton;
	const struct nft_skeleton_part *part; /* the table that is being read */
	struct kernel_state *state;
	bool exists[NFT_SKELETON_PARTS], dormant;
	uint32_t flags;
	bool sets_differ, chains_differ, rules_differ;
	size_t sets_seen, chains_seen, rules_seen, expected_sets, expected_chains, expected_rules;
	size_t *next_rule; /* by chain of the part: the index of the next expected rule */
	char *encoded;	   /* room for two rules, zero between comparisons */
	size_t strange;
	enum policy_set reading;
	char reading_name[32];
};

void kernel_state_clear(struct kernel_state *state)
{
	policy_free(state->policy);
	free(state->denied);
	free(state->endpoints);
	memset(state, 0, sizeof(*state));
}

static bool same_text(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* ---- Table ---- */

static int got_table(const struct nlmsghdr *header, void *data)
{
	struct snapshot *snapshot = data;
	struct nftnl_table *table = nftnl_table_alloc();

	if (!table)
		return -ENOMEM;
	if (nftnl_table_nlmsg_parse(header, table) == 0 &&
	    same_text(nftnl_table_get_str(table, NFTNL_TABLE_NAME), KERNEL_TABLE)) {
		snapshot->exists[snapshot->part - snapshot->skeleton->parts] = true;
		snapshot->flags &= nftnl_table_get_u32(table, NFTNL_TABLE_FLAGS);
		if (nftnl_table_is_set(table, NFTNL_TABLE_OWNER))
			snapshot->state->owner = nftnl_table_get_u32(table, NFTNL_TABLE_OWNER);
		/* A dormant table is there to be seen, and lets everything through. */
		snapshot->dormant |= (nftnl_table_get_u32(table, NFTNL_TABLE_FLAGS) & NFT_TABLE_F_DORMANT) != 0;
	}
	nftnl_table_free(table);
	return 0;
}

/* ---- Sets ---- */

static const struct nftnl_set *expected_set(const struct nft_skeleton_part *part, const char *name)
{
	for (size_t i = 0; i < part->set_count; i++) {
		if (same_text(nftnl_set_get_str(part->sets[i], NFTNL_SET_NAME), name))
			return part->sets[i];
	}
	return NULL;
}

static int got_set(const struct nlmsghdr *header, void *data)
{
	struct snapshot *snapshot = data;
	struct nftnl_set *set = nftnl_set_alloc();
	const struct nftnl_set *expected;

	if (!set)
		return -ENOMEM;
	if (nftnl_set_nlmsg_parse(header, set) < 0) {
		/* libnftnl does not know what it is; so it is nothing of ours. */
		snapshot->sets_differ = true;
	} else if (same_text(nftnl_set_get_str(set, NFTNL_SET_TABLE), KERNEL_TABLE)) {
		expected = expected_set(snapshot->part, nftnl_set_get_str(set, NFTNL_SET_NAME));
		if (!expected || !nft_same_set(set, expected))
			snapshot->sets_differ = true;
		else
			snapshot->sets_seen++;
	}
	nftnl_set_free(set);
	return 0;
}

/* ---- Chains ---- */

static size_t chain_index(const struct nft_skeleton_part *part, const char *name)
{
	size_t i = 0;

	while (i < part->chain_count && !same_text(nftnl_chain_get_str(part->chains[i], NFTNL_CHAIN_NAME), name))
		i++;
	return i;
}

static int got_chain(const struct nlmsghdr *header, void *data)
{
	struct snapshot *snapshot = data;
	struct nftnl_chain *chain = nftnl_chain_alloc();
	size_t index;

	if (!chain)
		return -ENOMEM;
	if (nftnl_chain_nlmsg_parse(header, chain) == 0 &&
	    same_text(nftnl_chain_get_str(chain, NFTNL_CHAIN_TABLE), KERNEL_TABLE)) {
		index = chain_index(snapshot->part, nftnl_chain_get_str(chain, NFTNL_CHAIN_NAME));
		if (index == snapshot->part->chain_count || !nft_same_chain(chain, snapshot->part->chains[index]))
			snapshot->chains_differ = true;
		else
			snapshot->chains_seen++;
	}
	nftnl_chain_free(chain);
	return 0;
}

/* ---- Rules ---- */

/* Whether it is the next one that its chain should have. */
static bool is_expected_rule(struct snapshot *snapshot, struct nftnl_rule *rule)
{
	const struct nft_skeleton_part *part = snapshot->part;
	const char *name = nftnl_rule_get_str(rule, NFTNL_RULE_CHAIN);
	size_t chain = chain_index(part, name), expected;

	if (chain == part->chain_count)
		return false;
	expected = snapshot->next_rule[chain]++;
	return expected < part->rule_count &&
	       same_text(nftnl_rule_get_str(part->rules[expected], NFTNL_RULE_CHAIN), name) &&
	       nft_same_rule(rule, part->rules[expected], snapshot->encoded);
}

static int got_rule(const struct nlmsghdr *header, void *data)
{
	struct snapshot *snapshot = data;
	struct nftnl_rule *rule = nftnl_rule_alloc();

	if (!rule)
		return -ENOMEM;
	if (nftnl_rule_nlmsg_parse(header, rule) < 0) {
		/* An expression that libnftnl does not know is in no rule of ours. */
		snapshot->rules_differ = true;
	} else if (same_text(nftnl_rule_get_str(rule, NFTNL_RULE_TABLE), KERNEL_TABLE)) {
		if (is_expected_rule(snapshot, rule))
			snapshot->rules_seen++;
		else
			snapshot->rules_differ = true;
	}
	nftnl_rule_free(rule);
	return 0;
}

/* Only our table's: NFTA_SET_TABLE and NFTA_RULE_TABLE are the same attribute.
 */
static void fill_table(struct nlmsghdr *header, void *data)
{
	(void)data;
	mnl_attr_put_strz(header, NFTA_RULE_TABLE, KERNEL_TABLE);
}

/* Where each chain's rules begin in the table's part of the skeleton. */
static int find_first_rules(struct snapshot *snapshot)
{
	const struct nft_skeleton_part *part = snapshot->part;

	free(snapshot->next_rule);
	snapshot->next_rule = calloc(part->chain_count, sizeof(*snapshot->next_rule));
	if (!snapshot->next_rule)
		return -ENOMEM;
	for (size_t i = part->rule_count; i-- > 0;)
		snapshot->next_rule[chain_index(part, nftnl_rule_get_str(part->rules[i], NFTNL_RULE_CHAIN))] = i;
	return 0;
}

/* ---- Elements ---- */

static int got_elements(const struct nlmsghdr *header, void *data)
{
	struct snapshot *snapshot = data;

	if (policy_set_row(snapshot->reading)->element == POLICY_ELEMENT_REMEMBERED)
		return nft_decode_denied(header, snapshot->reading, &snapshot->state->denied,
					 &snapshot->state->denied_count);
	if (policy_set_is_kernels(snapshot->reading))
		return 0;
	return nft_decode_elements(header, snapshot->reading, snapshot->state->policy, &snapshot->strange);
}

static void fill_elements(struct nlmsghdr *header, void *data)
{
	const struct snapshot *snapshot = data;

	mnl_attr_put_strz(header, NFTA_SET_ELEM_LIST_TABLE, KERNEL_TABLE);
	mnl_attr_put_strz(header, NFTA_SET_ELEM_LIST_SET, snapshot->reading_name);
}

static int dump_elements(struct kernel *kernel, struct snapshot *snapshot, struct error *err)
{
	const struct policy_set_row *row = policy_set_row(snapshot->reading);
	int r = kernel_dump(kernel, NFT_MSG_GETSETELEM, (uint16_t)nft_set_table_family(row->table), fill_elements,
			    snapshot, got_elements, snapshot, err);

	return r < 0 && r != -ENOENT ? error_context(err, r, "set %s", snapshot->reading_name) : r;
}

static int read_elements(struct kernel *kernel, struct snapshot *snapshot, enum policy_set set, struct error *err)
{
	const struct policy_set_row *row = policy_set_row(set);
	int r;

	snapshot->reading = set;
	snprintf(snapshot->reading_name, sizeof(snapshot->reading_name), "%s", row->name);
	r = dump_elements(kernel, snapshot, err);
	/* At an upgrade the set may still have an older name: what it holds is to be in force without a gap. */
	if (r == -ENOENT && row->formerly) {
		snprintf(snapshot->reading_name, sizeof(snapshot->reading_name), "%s%s", row->formerly,
			 row->family == ADDRESS_IPV4   ? "4"
			 : row->family == ADDRESS_IPV6 ? "6"
						       : "");
		r = dump_elements(kernel, snapshot, err);
	}
	/* A set that is not there is seen when the sets are compared. */
	return r == -ENOENT ? 0 : r;
}

static int read_all_elements(struct kernel *kernel, struct snapshot *snapshot, struct error *err)
{
	int r = 0;

	for (enum policy_set set = 0; r == 0 && set < POLICY_SET_COUNT; set++)
		r = read_elements(kernel, snapshot, set, err);
	return r;
}

/* ---- The whole ---- */

static enum kernel_skeleton judge(const struct snapshot *snapshot)
{
	const bool *exists = snapshot->exists;

	if (!exists[NFT_SKELETON_INET] && !exists[NFT_SKELETON_BRIDGE])
		return KERNEL_SKELETON_ABSENT;
	if (!exists[NFT_SKELETON_INET] || !exists[NFT_SKELETON_BRIDGE] || snapshot->dormant || snapshot->sets_differ ||
	    snapshot->chains_differ || snapshot->strange || snapshot->sets_seen != snapshot->expected_sets ||
	    snapshot->chains_seen != snapshot->expected_chains)
		return KERNEL_SKELETON_FOREIGN;
	if (snapshot->rules_differ || snapshot->rules_seen != snapshot->expected_rules)
		return KERNEL_SKELETON_RULES;
	return KERNEL_SKELETON_WHOLE;
}

static int read_table(struct kernel *kernel, struct snapshot *snapshot, size_t index, struct error *err)
{
	const struct nft_skeleton_part *part = &snapshot->skeleton->parts[index];
	uint16_t family = (uint16_t)part->family;
	int r;

	snapshot->part = part;
	snapshot->expected_sets += part->set_count;
	snapshot->expected_chains += part->chain_count;
	snapshot->expected_rules += part->rule_count;
	r = find_first_rules(snapshot) < 0 ? error_oom(err) : 0;
	if (r == 0)
		r = kernel_dump(kernel, NFT_MSG_GETTABLE, family, NULL, NULL, got_table, snapshot, err);
	if (r < 0 || !snapshot->exists[index])
		return r;
	r = kernel_dump(kernel, NFT_MSG_GETSET, family, fill_table, NULL, got_set, snapshot, err);
	if (r == 0)
		r = kernel_dump(kernel, NFT_MSG_GETCHAIN, family, NULL, NULL, got_chain, snapshot, err);
	if (r == 0)
		r = kernel_dump(kernel, NFT_MSG_GETRULE, family, fill_table, NULL, got_rule, snapshot, err);
	return r;
}

static int read_tables(struct kernel *kernel, struct snapshot *snapshot, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < NFT_SKELETON_PARTS; i++)
		r = read_table(kernel, snapshot, i, err);
	snapshot->state->exists = snapshot->exists[NFT_SKELETON_INET];
	snapshot->state->guard_exists = snapshot->exists[NFT_SKELETON_BRIDGE];
	if (r == 0 && (snapshot->state->exists || snapshot->state->guard_exists)) {
		snapshot->state->flags = snapshot->flags;
		r = read_all_elements(kernel, snapshot, err);
	}
	return r;
}

static int attempt(struct kernel *kernel, const struct kernel_options *options, const struct nft_skeleton *skeleton,
		   struct kernel_state *state, struct error *err)
{
	struct snapshot snapshot = { .skeleton = skeleton, .state = state, .flags = UINT32_MAX };
	uint32_t after;
	int r;

	state->guard_by_bridge = kernel->ibrname;
	state->policy = policy_new();
	snapshot.encoded = calloc(1, NFT_SAME_RULE_SIZE);
	if (!state->policy || !snapshot.encoded) {
		free(snapshot.encoded);
		return error_oom(err);
	}
	r = kernel_generation(kernel, &state->generation, err);
	if (r == 0)
		r = kernel_await_commit(kernel, state->generation, err);
	if (r == 0)
		r = read_tables(kernel, &snapshot, err);
	if (r == 0)
		r = kernel_docker_read(kernel, options->mark, state->docker, err);
	if (r == 0)
		r = kernel_generation(kernel, &after, err);
	if (r == 0 && after != state->generation)
		r = error_set(err, -EINTR, "nftables: the ruleset changed while it was read");
	state->skeleton = judge(&snapshot);
	policy_finish(state->policy);
	free(snapshot.next_rule);
	free(snapshot.encoded);
	return r;
}

int kernel_read_denied(struct kernel *kernel, struct kernel_denied **ret_denied, size_t *ret_count, struct error *err)
{
	struct kernel_state state = { 0 };
	struct snapshot snapshot = { .state = &state };
	int r = read_elements(kernel, &snapshot, policy_set_of(POLICY_TOPIC_DENIED, ADDRESS_IPV4), err);

	if (r == 0)
		r = read_elements(kernel, &snapshot, policy_set_of(POLICY_TOPIC_DENIED, ADDRESS_IPV6), err);
	if (r < 0) {
		kernel_state_clear(&state);
		return r;
	}
	*ret_denied = state.denied;
	*ret_count = state.denied_count;
	return 0;
}

int kernel_read(struct kernel *kernel, const struct kernel_options *options, struct kernel_state *ret_state,
		struct error *err)
{
	cleanup_of(nft_skeleton) struct nft_skeleton *skeleton = NULL;
	int r = kernel_skeleton_new(kernel, options, &skeleton, err);

	for (int i = 0; r == 0 && i < ATTEMPTS; i++) {
		struct kernel_state state = { 0 };

		r = attempt(kernel, options, skeleton, &state, err);
		if (r == 0) {
			*ret_state = state;
			return 0;
		}
		kernel_state_clear(&state);
		/* What vanished between two questions is a change too. */
		if ((r == -EINTR || r == -ENOENT) && i + 1 < ATTEMPTS)
			r = 0;
	}
	return r == -EINTR ? error_set(err, -EAGAIN,
				       "nftables: the ruleset changed during each of %d attempts to read it", ATTEMPTS)
			   : r;
}
