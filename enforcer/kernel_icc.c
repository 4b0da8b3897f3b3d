/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Docker's forward rules as they concern two ports of one bridge:
 *
 *     iptables backend:  ip filter FORWARD, with its jumps      -i BR -o BR -j DROP   (≥ 28.0.1: in DOCKER-FORWARD)
 *     nftables backend:  ip docker-bridges filter-forward-in__BR   iifname "BR" counter drop comment "ICC"
 *
 * (moby, daemon/libnetwork/drivers/bridge/internal/iptabler and nftabler, network.go)
 */
#include "kernel_icc.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "kernel_internal.h"

/* Chains do not jump in circles (the kernel sees to it), and not deeper than this (NFT_JUMP_STACK_SIZE). */
#define DEPTH_MAX  16
#define CHAIN_SIZE 64

/* What a rule asks of one of the two interfaces. */
struct wish {
	char name[IFNAMSIZ]; /* "" for nothing */
	bool prefix, inverted;
};

struct rule {
	char chain[CHAIN_SIZE], target[CHAIN_SIZE]; /* target: of a jump */
	struct wish in, out;
	int verdict;
	bool decides;	  /* it has a verdict */
	bool conditional; /* it asks for more than the interfaces */
};

struct kernel_icc {
	struct {
		struct rule *rules;
		size_t count;
		enum kernel_docker_backend backend;
	} families[2];
};

void kernel_icc_free(struct kernel_icc *icc)
{
	if (!icc)
		return;
	free(icc->families[0].rules);
	free(icc->families[1].rules);
	free(icc);
}

/* ---- Reading ---- */

/* The rule, and what its last expression loaded: the one that follows compares it. */
struct reading {
	struct rule *rule;
	struct wish *loaded; /* in or out, or NULL */
};

static void read_comparison(struct nftnl_expr *expr, struct reading *reading)
{
	struct wish *wish = reading->loaded;
	uint32_t length = 0, op = nftnl_expr_get_u32(expr, NFTNL_EXPR_CMP_OP);
	const char *name = nftnl_expr_get(expr, NFTNL_EXPR_CMP_DATA, &length);

	if (!wish || wish->name[0] || !name || !length || (op != NFT_CMP_EQ && op != NFT_CMP_NEQ)) {
		reading->rule->conditional = true;
		return;
	}
	/* Without its terminator it is the beginning of a name: "br-*". */
	wish->prefix = strnlen(name, length) == length && length < IFNAMSIZ;
	wish->inverted = op == NFT_CMP_NEQ;
	snprintf(wish->name, sizeof(wish->name), "%.*s", (int)length, name);
}

static void read_verdict(struct nftnl_expr *expr, struct rule *rule)
{
	const char *chain;

	if (!nftnl_expr_is_set(expr, NFTNL_EXPR_IMM_VERDICT)) {
		rule->conditional = true;
		return;
	}
	rule->decides = true;
	rule->verdict = (int)nftnl_expr_get_u32(expr, NFTNL_EXPR_IMM_VERDICT);
	chain = nftnl_expr_is_set(expr, NFTNL_EXPR_IMM_CHAIN) ? nftnl_expr_get_str(expr, NFTNL_EXPR_IMM_CHAIN) : NULL;
	snprintf(rule->target, sizeof(rule->target), "%s", chain ? chain : "");
}

static int read_expr(struct nftnl_expr *expr, void *data)
{
	struct reading *reading = data;
	const char *name = nftnl_expr_get_str(expr, NFTNL_EXPR_NAME);
	struct wish *loaded = NULL;

	if (strcmp(name, "meta") == 0 && nftnl_expr_is_set(expr, NFTNL_EXPR_META_DREG)) {
		uint32_t key = nftnl_expr_get_u32(expr, NFTNL_EXPR_META_KEY);

		if (key == NFT_META_IIFNAME)
			loaded = &reading->rule->in;
		else if (key == NFT_META_OIFNAME)
			loaded = &reading->rule->out;
		else
			reading->rule->conditional = true;
	} else if (strcmp(name, "cmp") == 0) {
		read_comparison(expr, reading);
	} else if (strcmp(name, "immediate") == 0) {
		read_verdict(expr, reading->rule);
	} else if (strcmp(name, "reject") == 0) {
		reading->rule->decides = true;
		reading->rule->verdict = NF_DROP;
	} else if (strcmp(name, "match") == 0) {
		const char *match = nftnl_expr_get_str(expr, NFTNL_EXPR_MT_NAME);

		reading->rule->conditional |= !match || strcmp(match, "comment") != 0;
	} else if (strcmp(name, "counter") != 0 && strcmp(name, "log") != 0) {
		reading->rule->conditional = true;
	}
	reading->loaded = loaded;
	return 0;
}

struct walk {
	struct kernel_icc *icc;
	size_t family;
	const char *table;
};

static int add_rule(struct walk *walk, struct rule **ret_rule)
{
	size_t count = walk->icc->families[walk->family].count;
	struct rule *rules = walk->icc->families[walk->family].rules, *grown;

	/* Room doubles at each power of two. */
	if ((count & (count - 1)) == 0) {
		grown = reallocarray(rules, count ? 2 * count : 1, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		walk->icc->families[walk->family].rules = rules = grown;
	}
	walk->icc->families[walk->family].count++;
	*ret_rule = &rules[count];
	memset(*ret_rule, 0, sizeof(**ret_rule));
	return 0;
}

static int got_rule(const struct nlmsghdr *header, void *data)
{
	struct walk *walk = data;
	struct nftnl_rule *rule = nftnl_rule_alloc();
	const char *table = NULL, *chain = NULL;
	struct reading reading = { 0 };
	int r = rule ? 0 : -ENOMEM;

	/* What libnftnl cannot read has conditions of a kind that Docker's drop has not. */
	if (r == 0 && nftnl_rule_nlmsg_parse(header, rule) == 0) {
		table = nftnl_rule_get_str(rule, NFTNL_RULE_TABLE);
		chain = nftnl_rule_get_str(rule, NFTNL_RULE_CHAIN);
	}
	if (table && chain && strcmp(table, walk->table) == 0) {
		r = add_rule(walk, &reading.rule);
		if (r == 0) {
			snprintf(reading.rule->chain, sizeof(reading.rule->chain), "%s", chain);
			(void)nftnl_expr_foreach(rule, read_expr, &reading);
		}
	}
	if (rule)
		nftnl_rule_free(rule);
	return r;
}

static void fill_table(struct nlmsghdr *header, void *data)
{
	const struct walk *walk = data;

	mnl_attr_put_strz(header, NFTA_RULE_TABLE, walk->table);
}

static int read_family(struct kernel *kernel, size_t family, struct kernel_icc *icc, struct error *err)
{
	struct walk walk = { .icc = icc, .family = family, .table = "filter" };
	uint16_t protocol = family ? NFPROTO_IPV6 : NFPROTO_IPV4;
	int r = 0;

	if (icc->families[family].backend == KERNEL_DOCKER_NONE)
		return 0;
	if (icc->families[family].backend == KERNEL_DOCKER_NFTABLES)
		walk.table = "docker-bridges";
	for (int i = 0; i < 10; i++) {
		icc->families[family].count = 0;
		free(steal(icc->families[family].rules));
		r = kernel_dump(kernel, NFT_MSG_GETRULE, protocol, fill_table, &walk, got_rule, &walk, err);
		/* The ruleset changed meanwhile. */
		if (r != -EINTR)
			break;
	}
	return r;
}

int kernel_icc_new(struct kernel *kernel, const struct kernel_state *state, struct kernel_icc **ret_icc,
		   struct error *err)
{
	cleanup_of(kernel_icc) struct kernel_icc *icc = calloc(1, sizeof(*icc));
	int r = 0;

	if (!icc)
		return error_oom(err);
	for (size_t i = 0; r == 0 && i < 2; i++) {
		icc->families[i].backend = state->docker[i].backend;
		r = read_family(kernel, i, icc, err);
	}
	if (r == 0)
		*ret_icc = steal(icc);
	return r;
}

/* ---- Following ---- */

static bool fits(const struct wish *wish, const char *bridge)
{
	bool same =
		wish->prefix ? strncmp(wish->name, bridge, strlen(wish->name)) == 0 : strcmp(wish->name, bridge) == 0;

	return !wish->name[0] || same != wish->inverted;
}

/* NF_ACCEPT, NF_DROP, or NFT_CONTINUE at the chain's end. */
static int follow(const struct kernel_icc *icc, size_t family, const char *chain, const char *bridge, int depth)
{
	for (size_t i = 0; depth < DEPTH_MAX && i < icc->families[family].count; i++) {
		const struct rule *rule = &icc->families[family].rules[i];
		int verdict = rule->verdict;

		if (strcmp(rule->chain, chain) != 0 || rule->conditional || !rule->decides ||
		    !fits(&rule->in, bridge) || !fits(&rule->out, bridge))
			continue;
		if (verdict == NFT_RETURN)
			return NFT_CONTINUE;
		if (verdict == NFT_JUMP || verdict == NFT_GOTO) {
			int below = follow(icc, family, rule->target, bridge, depth + 1);

			if (below != NFT_CONTINUE || verdict == NFT_GOTO)
				return below;
		} else if (verdict == NF_ACCEPT || verdict == NF_DROP) {
			return verdict;
		}
	}
	return NFT_CONTINUE;
}

enum kernel_icc_verdict kernel_icc_verdict(const struct kernel_icc *icc, size_t family, const char *bridge)
{
	char chain[CHAIN_SIZE] = "FORWARD";

	if (icc->families[family].backend == KERNEL_DOCKER_NFTABLES)
		snprintf(chain, sizeof(chain), "filter-forward-in__%s", bridge);
	switch (follow(icc, family, chain, bridge, 0)) {
	case NF_DROP:
		return KERNEL_ICC_DROPPED;
	case NF_ACCEPT:
		return KERNEL_ICC_ACCEPTED;
	default:
		return KERNEL_ICC_ABSENT;
	}
}
