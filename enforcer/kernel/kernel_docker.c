/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * With ICC off Docker drops packets between two ports of its bridge in its own base chain, and an accept of ours in
 * another base chain cannot undo that.  So admitted packets carry one bit of the packet mark, and one rule at the top
 * of DOCKER-USER accepts it:
 *
 *     -A DOCKER-USER -m mark --mark BIT/BIT -m comment --comment "bulkhead: declared flows" -j ACCEPT
 *
 * Where a family has no DOCKER-USER (ip6tables on Docker 20.10), or nothing leads there (FORWARD was flushed), it
 * stands at the top of FORWARD.  It is written in the native form that iptables-nft reads; iptables-restore may rewrite
 * it into its own, which is recognised too.  Docker's nftables backend (29) has no such chain: there the engine itself
 * must be told the mark, and all that we do is look.
 */
#include "kernel_docker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/xt_mark.h>

#include "nft_expr.h"

#define RULE_COMMENT "bulkhead: declared flows"

static const uint16_t families[2] = { NFPROTO_IPV4, NFPROTO_IPV6 };

/* ---- Which backend ---- */

struct finding {
	bool docker_user, docker, forward; /* chains of table filter */
	bool docker_bridges;		   /* the engine's own table */
};

static int got_chain(const struct nlmsghdr *header, void *data)
{
	struct finding *finding = data;
	struct nftnl_chain *chain = nftnl_chain_alloc();
	const char *table, *name;

	if (!chain)
		return -ENOMEM;
	if (nftnl_chain_nlmsg_parse(header, chain) == 0) {
		table = nftnl_chain_get_str(chain, NFTNL_CHAIN_TABLE);
		name = nftnl_chain_get_str(chain, NFTNL_CHAIN_NAME);
		if (table && name && strcmp(table, "filter") == 0) {
			finding->docker_user |= strcmp(name, "DOCKER-USER") == 0;
			finding->docker |= strcmp(name, "DOCKER") == 0;
			finding->forward |= strcmp(name, "FORWARD") == 0;
		}
	}
	nftnl_chain_free(chain);
	return 0;
}

static int got_table(const struct nlmsghdr *header, void *data)
{
	struct finding *finding = data;
	struct nftnl_table *table = nftnl_table_alloc();
	const char *name;

	if (!table)
		return -ENOMEM;
	name = nftnl_table_nlmsg_parse(header, table) == 0 ? nftnl_table_get_str(table, NFTNL_TABLE_NAME) : NULL;
	if (name && strcmp(name, "docker-bridges") == 0)
		finding->docker_bridges = true;
	nftnl_table_free(table);
	return 0;
}

/* ---- Rules ---- */

/* What a rule's expressions say about a mark. */
struct reading {
	uint32_t mark;
	bool loads_mark, compares, accepts, other;
	bool ours;    /* its comment says so */
	bool engines; /* it leads to a chain of the engine's */
};

static int read_expr(struct nftnl_expr *expr, void *data)
{
	struct reading *reading = data;
	const char *name = nftnl_expr_get_str(expr, NFTNL_EXPR_NAME);
	const void *bytes;
	uint32_t length, value;

	if (strcmp(name, "meta") == 0 && nftnl_expr_is_set(expr, NFTNL_EXPR_META_DREG) &&
	    nftnl_expr_get_u32(expr, NFTNL_EXPR_META_KEY) == NFT_META_MARK) {
		reading->loads_mark = true;
	} else if (strcmp(name, "bitwise") == 0) {
		bytes = nftnl_expr_get(expr, NFTNL_EXPR_BITWISE_MASK, &length);
		if (!bytes || length != sizeof(value) || memcmp(bytes, &reading->mark, length) != 0)
			reading->other = true;
	} else if (strcmp(name, "cmp") == 0) {
		bytes = nftnl_expr_get(expr, NFTNL_EXPR_CMP_DATA, &length);
		if (bytes && length == sizeof(value) && memcmp(bytes, &reading->mark, length) == 0 &&
		    nftnl_expr_get_u32(expr, NFTNL_EXPR_CMP_OP) == NFT_CMP_EQ)
			reading->compares = true;
		else
			reading->other = true;
	} else if (strcmp(name, "match") == 0) {
		const char *match = nftnl_expr_get_str(expr, NFTNL_EXPR_MT_NAME);

		bytes = nftnl_expr_get(expr, NFTNL_EXPR_MT_INFO, &length);
		if (!match) {
			reading->other = true;
		} else if (strcmp(match, "mark") == 0 && bytes && length >= sizeof(struct xt_mark_mtinfo1)) {
			struct xt_mark_mtinfo1 info;

			memcpy(&info, bytes, sizeof(info));
			reading->loads_mark = true;
			reading->compares = info.mark == reading->mark && info.mask == reading->mark && !info.invert;
		} else if (strcmp(match, "comment") == 0 && bytes) {
			reading->ours |= memmem(bytes, length, RULE_COMMENT, strlen(RULE_COMMENT)) != NULL;
		} else {
			reading->other = true;
		}
	} else if (strcmp(name, "immediate") == 0) {
		const char *chain = nftnl_expr_get_str(expr, NFTNL_EXPR_IMM_CHAIN);

		reading->accepts = nftnl_expr_get_u32(expr, NFTNL_EXPR_IMM_VERDICT) == NF_ACCEPT;
		reading->engines |= chain && strncmp(chain, "DOCKER", 6) == 0;
	} else if (strcmp(name, "counter") != 0) {
		reading->other = true;
	}
	return 0;
}

static void read_rule(struct nftnl_rule *rule, uint32_t mark, struct reading *reading)
{
	char comment[256];
	const void *data;
	uint32_t length = 0;

	*reading = (struct reading){ .mark = mark };
	(void)nftnl_expr_foreach(rule, read_expr, reading);
	data = nftnl_rule_is_set(rule, NFTNL_RULE_USERDATA) ? nftnl_rule_get_data(rule, NFTNL_RULE_USERDATA, &length)
							    : NULL;
	nft_expr_comment_read(NFT_EXPR_COMMENT, data, length, comment, sizeof(comment));
	reading->ours |= strcmp(comment, RULE_COMMENT) == 0;
}

static bool accepts_mark(const struct reading *reading)
{
	return reading->loads_mark && reading->compares && reading->accepts && !reading->other;
}

/* The rules of one chain (or of all chains of a table), in order. */
struct walk {
	const char *table, *chain; /* chain NULL: all */
	uint32_t mark;
	size_t position;
	/* How many of the rules are … */
	size_t ours, ours_first; /* ours; ours, right, and at the top */
	size_t accepting;	 /* anybody's that accept the mark */
	size_t engines;		 /* leading to the engine's chains */
	uint64_t *handles;	 /* of ours */
	size_t room;
};

static int note_ours(struct walk *walk, const struct nftnl_rule *rule)
{
	if (walk->ours == walk->room) {
		size_t room = walk->room ? walk->room * 2 : 4;
		uint64_t *handles = realloc(walk->handles, room * sizeof(*handles));

		if (!handles)
			return -ENOMEM;
		walk->handles = handles;
		walk->room = room;
	}
	walk->handles[walk->ours++] = nftnl_rule_get_u64(rule, NFTNL_RULE_HANDLE);
	return 0;
}

static int got_rule(const struct nlmsghdr *header, void *data)
{
	struct walk *walk = data;
	struct nftnl_rule *rule = nftnl_rule_alloc();
	const char *table, *chain;
	struct reading reading;
	int r = 0;

	if (!rule)
		return -ENOMEM;
	if (nftnl_rule_nlmsg_parse(header, rule) < 0) {
		/* libnftnl cannot read this rule, but it counts: it may stand before ours. */
		walk->position++;
	} else {
		table = nftnl_rule_get_str(rule, NFTNL_RULE_TABLE);
		chain = nftnl_rule_get_str(rule, NFTNL_RULE_CHAIN);
		if (table && chain && strcmp(table, walk->table) == 0 &&
		    (!walk->chain || strcmp(chain, walk->chain) == 0)) {
			read_rule(rule, walk->mark, &reading);
			walk->accepting += accepts_mark(&reading);
			walk->engines += reading.engines;
			if (reading.ours) {
				walk->ours_first += walk->position == 0 && accepts_mark(&reading);
				r = note_ours(walk, rule);
			}
			walk->position++;
		}
	}
	nftnl_rule_free(rule);
	return r;
}

static void fill_rules(struct nlmsghdr *header, void *data)
{
	const struct walk *walk = data;

	mnl_attr_put_strz(header, NFTA_RULE_TABLE, walk->table);
	if (walk->chain)
		mnl_attr_put_strz(header, NFTA_RULE_CHAIN, walk->chain);
}

static int walk_rules(struct kernel *kernel, uint16_t family, struct walk *walk, struct error *err)
{
	return kernel_dump(kernel, NFT_MSG_GETRULE, family, fill_rules, walk, got_rule, walk, err);
}

/* ---- Reading ---- */

/* Our rule belongs into DOCKER-USER, unless somebody flushed FORWARD: then nothing leads to DOCKER-USER any more, and
 * FORWARD closes everything, because the engine made its policy "drop".  (An engine that moves a jump of its own takes
 * that one out for a moment, but never all of them.) */
static int read_iptables(struct kernel *kernel, uint16_t family, uint32_t mark, const struct finding *finding,
			 struct kernel_docker *docker, struct error *err)
{
	struct walk user = { .table = "filter", .chain = "DOCKER-USER", .mark = mark };
	struct walk forward = { .table = "filter", .chain = "FORWARD", .mark = mark };
	int r = finding->docker_user ? walk_rules(kernel, family, &user, err) : 0;
	const struct walk *right;

	if (r == 0 && finding->forward)
		r = walk_rules(kernel, family, &forward, err);
	right = finding->docker_user && (forward.engines || !finding->forward) ? &user : &forward;
	strcpy(docker->chain, right->chain);
	docker->backend = KERNEL_DOCKER_IPTABLES;
	docker->wanted = mark != 0;
	docker->installed = (unsigned)(user.ours + forward.ours);
	docker->accept_present = docker->installed == 1 && right->ours_first == 1;
	free(user.handles);
	free(forward.handles);
	return r;
}

static int read_nftables(struct kernel *kernel, uint16_t family, uint32_t mark, struct kernel_docker *docker,
			 struct error *err)
{
	struct walk walk = { .table = "docker-bridges", .mark = mark };
	int r = walk_rules(kernel, family, &walk, err);

	docker->backend = KERNEL_DOCKER_NFTABLES;
	docker->wanted = mark != 0;
	docker->accept_present = mark && walk.accepting > 0;
	free(walk.handles);
	return r;
}

static int read_family(struct kernel *kernel, uint16_t family, uint32_t mark, struct kernel_docker *ret_docker,
		       struct error *err)
{
	struct kernel_docker docker = { .backend = KERNEL_DOCKER_NONE };
	struct finding finding = { 0 };
	int r = kernel_dump(kernel, NFT_MSG_GETCHAIN, family, NULL, NULL, got_chain, &finding, err);

	if (r == 0)
		r = kernel_dump(kernel, NFT_MSG_GETTABLE, family, NULL, NULL, got_table, &finding, err);
	if (r == 0 && finding.docker_bridges) {
		r = read_nftables(kernel, family, mark, &docker, err);
	} else if (r == 0 && (finding.docker_user || (finding.docker && finding.forward))) {
		r = read_iptables(kernel, family, mark, &finding, &docker, err);
	}
	if (r == 0)
		*ret_docker = docker;
	return r;
}

int kernel_docker_read(struct kernel *kernel, uint32_t mark, struct kernel_docker ret_docker[2], struct error *err)
{
	for (size_t i = 0; i < 2; i++) {
		int r = read_family(kernel, families[i], mark, &ret_docker[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- Writing ---- */

static int build_rule(uint16_t family, const char *chain, uint32_t mark, struct nftnl_rule **ret_rule)
{
	struct nftnl_rule *rule = nftnl_rule_alloc();
	uint8_t comment[NFT_EXPR_COMMENT_SIZE];
	int r;

	if (!rule)
		return -ENOMEM;
	nftnl_rule_set_u32(rule, NFTNL_RULE_FAMILY, family);
	r = nftnl_rule_set_str(rule, NFTNL_RULE_TABLE, "filter") < 0 ||
			    nftnl_rule_set_str(rule, NFTNL_RULE_CHAIN, chain) < 0 ||
			    nftnl_rule_set_data(rule, NFTNL_RULE_USERDATA, comment,
						nft_expr_comment(NFT_EXPR_COMMENT, RULE_COMMENT, comment)) < 0
		    ? -ENOMEM
		    : 0;
	/* meta mark & BIT == BIT counter accept */
	r = r ?: nft_expr_meta(rule, NFT_META_MARK, NFT_REG_1)
			 ?: nft_expr_bitwise(rule, NFT_REG_1, mark, 0)
			 ?: nft_expr_equal(rule, NFT_REG_1, &mark, sizeof(mark))
			 ?: nft_expr_counter(rule) ?: nft_expr_verdict(rule, NF_ACCEPT, NULL);
	if (r < 0) {
		nftnl_rule_free(rule);
		return r;
	}
	*ret_rule = rule;
	return 0;
}

static int add_rule(struct nft_batch *batch, uint16_t family, const char *chain, uint32_t mark)
{
	struct nlmsghdr *header;
	struct nftnl_rule *rule;
	int r = build_rule(family, chain, mark, &rule);

	if (r < 0)
		return r;
	/* A rule that is neither appended nor given a position goes to the top. */
	header = nft_batch_message(batch, NFT_BATCH_ROOM, NFT_MSG_NEWRULE, family, NLM_F_CREATE,
				   "the accept rule in %s filter %s", family == NFPROTO_IPV4 ? "ip" : "ip6", chain);
	if (header) {
		nftnl_rule_nlmsg_build_payload(header, rule);
		nft_batch_done(batch);
	}
	nftnl_rule_free(rule);
	return header ? 0 : -ENOMEM;
}

static int remove_rules(struct nft_batch *batch, uint16_t family, const char *chain, const struct walk *walk)
{
	for (size_t i = 0; i < walk->ours; i++) {
		struct nlmsghdr *header = nft_batch_message(batch, NFT_BATCH_ROOM, NFT_MSG_DELRULE, family, 0,
							    "the accept rule in %s filter %s",
							    family == NFPROTO_IPV4 ? "ip" : "ip6", chain);

		if (!header)
			return -ENOMEM;
		mnl_attr_put_strz(header, NFTA_RULE_TABLE, "filter");
		mnl_attr_put_strz(header, NFTA_RULE_CHAIN, chain);
		mnl_attr_put_u64(header, NFTA_RULE_HANDLE, htobe64(walk->handles[i]));
		nft_batch_done(batch);
	}
	return 0;
}

/* Every rule of ours in that chain. */
static int remove_from(struct kernel *kernel, struct nft_batch *batch, uint16_t family, const char *chain,
		       struct error *err)
{
	struct walk walk = { .table = "filter", .chain = chain };
	int r = walk_rules(kernel, family, &walk, err);

	if (r == 0 && remove_rules(batch, family, chain, &walk) < 0)
		r = error_oom(err);
	free(walk.handles);
	/* There is no such chain. */
	return r == -ENOENT ? 0 : r;
}

static int change_family(struct kernel *kernel, struct nft_batch *batch, uint16_t family, uint32_t mark, bool remove,
			 bool add, struct error *err)
{
	struct kernel_docker docker = { 0 };
	int r = read_family(kernel, family, mark, &docker, err);

	/* Our rule may have come to FORWARD before an engine made DOCKER-USER, and may outlive the engine's chains. */
	if (r == 0 && remove)
		r = remove_from(kernel, batch, family, "DOCKER-USER", err);
	if (r == 0 && remove)
		r = remove_from(kernel, batch, family, "FORWARD", err);
	if (r == 0 && add && mark && docker.backend == KERNEL_DOCKER_IPTABLES &&
	    add_rule(batch, family, docker.chain, mark) < 0)
		r = error_oom(err);
	return r;
}

int kernel_docker_change(struct kernel *kernel, struct nft_batch *batch, uint32_t mark, const bool remove[2],
			 const bool add[2], struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < 2; i++) {
		if (remove[i] || add[i])
			r = change_family(kernel, batch, families[i], mark, remove[i], add[i], err);
	}
	return r;
}
