/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Docker's forward rules as they concern two ports of one bridge, from the kernel:
 *
 *     iptables backend:  ip filter FORWARD, with its jumps      -i BR -o BR -j DROP   (≥ 28.0.1: in DOCKER-FORWARD)
 *     nftables backend:  ip docker-bridges filter-FORWARD       oifname vmap @filter-forward-in-jumps
 *                                          filter-forward-in__BR   iifname "BR" counter drop comment "ICC"
 *
 * (moby, daemon/libnetwork/drivers/bridge/internal/iptabler and nftabler, network.go)
 */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/rule.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "kernel_icc_internal.h"
#include "kernel_internal.h"

static void table_clear(struct kernel_icc_table *table)
{
	for (size_t i = 0; i < table->set_count; i++)
		free(table->sets[i].elements);
	free(table->sets);
	free(table->rules);
	free(table->chains);
	*table = (struct kernel_icc_table){ .backend = table->backend };
}

void kernel_icc_free(struct kernel_icc *icc)
{
	if (!icc)
		return;
	table_clear(&icc->tables[0]);
	table_clear(&icc->tables[1]);
	free(icc);
}

struct walk {
	struct kernel_icc_table *table;
	struct kernel_icc_set *set; /* whose elements are read */
	const char *name;
	uint32_t mark;
};

/* The array with room for one more; NULL when out of memory. */
static void *grow(void *array, size_t count, size_t size)
{
	/* The room doubles at each power of two. */
	if ((count & (count - 1)) != 0)
		return array;
	return reallocarray(array, count ? 2 * count : 1, size);
}

/* ---- Table and chains ---- */

static int got_table(const struct nlmsghdr *header, void *data)
{
	struct walk *walk = data;
	struct nftnl_table *table = nftnl_table_alloc();

	if (!table)
		return -ENOMEM;
	if (nftnl_table_nlmsg_parse(header, table) == 0 &&
	    strcmp(nftnl_table_get_str(table, NFTNL_TABLE_NAME), walk->name) == 0)
		walk->table->dormant |= (nftnl_table_get_u32(table, NFTNL_TABLE_FLAGS) & NFT_TABLE_F_DORMANT) != 0;
	nftnl_table_free(table);
	return 0;
}

static int add_chain(struct walk *walk, const struct nftnl_chain *from)
{
	struct kernel_icc_table *table = walk->table;
	struct kernel_icc_chain *chains = grow(table->chains, table->chain_count, sizeof(*chains)), *chain;

	if (!chains)
		return -ENOMEM;
	table->chains = chains;
	chain = &chains[table->chain_count++];
	*chain = (struct kernel_icc_chain){ 0 };
	snprintf(chain->name, sizeof(chain->name), "%s", nftnl_chain_get_str(from, NFTNL_CHAIN_NAME));
	chain->base = nftnl_chain_is_set(from, NFTNL_CHAIN_HOOKNUM) &&
		      nftnl_chain_get_u32(from, NFTNL_CHAIN_HOOKNUM) == NF_INET_FORWARD;
	chain->drops = chain->base && nftnl_chain_is_set(from, NFTNL_CHAIN_POLICY) &&
		       nftnl_chain_get_u32(from, NFTNL_CHAIN_POLICY) == NF_DROP;
	return 0;
}

static int got_chain(const struct nlmsghdr *header, void *data)
{
	struct walk *walk = data;
	struct nftnl_chain *chain = nftnl_chain_alloc();
	int r = 0;

	if (!chain)
		return -ENOMEM;
	if (nftnl_chain_nlmsg_parse(header, chain) == 0 &&
	    strcmp(nftnl_chain_get_str(chain, NFTNL_CHAIN_TABLE), walk->name) == 0)
		r = add_chain(walk, chain);
	nftnl_chain_free(chain);
	return r;
}

/* ---- Rules ---- */

/* Where a rule stands: read without libnftnl, which may not know all of its expressions. */
struct told {
	const char *table, *chain;
	uint64_t handle;
};

static int visit_rule(const struct nlattr *attribute, void *data)
{
	struct told *told = data;

	switch (mnl_attr_get_type(attribute)) {
	case NFTA_RULE_TABLE:
		told->table =
			mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) < 0 ? NULL : mnl_attr_get_str(attribute);
		break;
	case NFTA_RULE_CHAIN:
		told->chain =
			mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) < 0 ? NULL : mnl_attr_get_str(attribute);
		break;
	case NFTA_RULE_HANDLE:
		told->handle =
			mnl_attr_validate(attribute, MNL_TYPE_U64) < 0 ? 0 : be64toh(mnl_attr_get_u64(attribute));
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

static struct kernel_icc_chain *find_chain(struct kernel_icc_table *table, const char *name)
{
	for (size_t i = 0; i < table->chain_count; i++) {
		if (strcmp(table->chains[i].name, name) == 0)
			return &table->chains[i];
	}
	return NULL;
}

static int add_rule(struct walk *walk, const struct told *told, struct kernel_icc_rule **ret_rule)
{
	struct kernel_icc_table *table = walk->table;
	struct kernel_icc_chain *chain = find_chain(table, told->chain);
	struct kernel_icc_rule *rules;

	/* The chain was made after the chains were read. */
	if (!chain)
		return -EINTR;
	rules = grow(table->rules, table->rule_count, sizeof(*rules));
	if (!rules)
		return -ENOMEM;
	table->rules = rules;
	/* The kernel tells chain by chain. */
	if (!chain->count)
		chain->first = table->rule_count;
	else if (chain->first + chain->count != table->rule_count)
		return -EINTR;
	rules[table->rule_count] = (struct kernel_icc_rule){ .chain = (size_t)(chain - table->chains),
							     .position = ++chain->count,
							     .handle = told->handle };
	*ret_rule = &rules[table->rule_count++];
	return 0;
}

static int got_rule(const struct nlmsghdr *header, void *data)
{
	struct walk *walk = data;
	struct kernel_icc_rule *rule;
	struct nftnl_rule *parsed;
	struct told told = { 0 };
	int r;

	if (mnl_attr_parse(header, sizeof(struct nfgenmsg), visit_rule, &told) < 0 || !told.table || !told.chain ||
	    strcmp(told.table, walk->name) != 0)
		return 0;
	parsed = nftnl_rule_alloc();
	r = parsed ? add_rule(walk, &told, &rule) : -ENOMEM;
	if (r == 0 && nftnl_rule_nlmsg_parse(header, parsed) == 0)
		kernel_icc_rule_read(parsed, walk->mark, rule);
	else if (r == 0)
		rule->end = KERNEL_ICC_UNKNOWN;
	if (parsed)
		nftnl_rule_free(parsed);
	return r;
}

/* ---- Sets of interfaces ---- */

struct element {
	const struct nlattr *key, *verdict;
	bool odd;
};

static int visit_data(const struct nlattr *attribute, void *data)
{
	const struct nlattr **found = data;

	*found = attribute;
	return MNL_CB_OK;
}

static int visit_element(const struct nlattr *attribute, void *data)
{
	struct element *element = data;

	switch (mnl_attr_get_type(attribute)) {
	case NFTA_SET_ELEM_KEY:
		return mnl_attr_parse_nested(attribute, visit_data, &element->key);
	case NFTA_SET_ELEM_DATA:
		return mnl_attr_parse_nested(attribute, visit_data, &element->verdict);
	case NFTA_SET_ELEM_FLAGS:
	case NFTA_SET_ELEM_KEY_END:
		element->odd = true;
		return MNL_CB_OK;
	default:
		return MNL_CB_OK;
	}
}

static int visit_verdict(const struct nlattr *attribute, void *data)
{
	struct kernel_icc_element *element = data;

	if (mnl_attr_get_type(attribute) == NFTA_VERDICT_CODE && mnl_attr_validate(attribute, MNL_TYPE_U32) == 0)
		element->verdict = (int)ntohl(mnl_attr_get_u32(attribute));
	else if (mnl_attr_get_type(attribute) == NFTA_VERDICT_CHAIN &&
		 mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) == 0)
		snprintf(element->target, sizeof(element->target), "%s", mnl_attr_get_str(attribute));
	return MNL_CB_OK;
}

static int add_element(const struct nlattr *attribute, void *data)
{
	struct kernel_icc_set *set = data;
	struct kernel_icc_element *elements, *element;
	struct element told = { 0 };

	if (mnl_attr_parse_nested(attribute, visit_element, &told) < 0)
		return MNL_CB_ERROR;
	if (told.odd || !told.key || mnl_attr_get_type(told.key) != NFTA_DATA_VALUE ||
	    mnl_attr_get_payload_len(told.key) != IFNAMSIZ) {
		set->odd = true;
		return MNL_CB_OK;
	}
	elements = grow(set->elements, set->count, sizeof(*elements));
	if (!elements) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	set->elements = elements;
	element = &elements[set->count++];
	/* An element without a verdict cannot be followed, just as a queue cannot. */
	*element = (struct kernel_icc_element){ .verdict = NF_QUEUE };
	memcpy(element->key, mnl_attr_get_payload(told.key), IFNAMSIZ);
	if (told.verdict && mnl_attr_get_type(told.verdict) == NFTA_DATA_VERDICT)
		return mnl_attr_parse_nested(told.verdict, visit_verdict, element);
	return MNL_CB_OK;
}

static int visit_elements(const struct nlattr *attribute, void *data)
{
	return mnl_attr_get_type(attribute) == NFTA_SET_ELEM_LIST_ELEMENTS
		       ? mnl_attr_parse_nested(attribute, add_element, data)
		       : MNL_CB_OK;
}

static int got_elements(const struct nlmsghdr *header, void *data)
{
	struct walk *walk = data;

	errno = EPROTO;
	return mnl_attr_parse(header, sizeof(struct nfgenmsg), visit_elements, walk->set) < 0 ? -errno : 0;
}

static void fill_elements(struct nlmsghdr *header, void *data)
{
	const struct walk *walk = data;

	mnl_attr_put_strz(header, NFTA_SET_ELEM_LIST_TABLE, walk->name);
	mnl_attr_put_strz(header, NFTA_SET_ELEM_LIST_SET, walk->set->name);
}

static bool has_set(const struct kernel_icc_table *table, const char *name)
{
	for (size_t i = 0; i < table->set_count; i++) {
		if (strcmp(table->sets[i].name, name) == 0)
			return true;
	}
	return false;
}

static int read_set(struct kernel *kernel, uint16_t protocol, struct walk *walk, const char *name, struct error *err)
{
	struct kernel_icc_table *table = walk->table;
	struct kernel_icc_set *sets = grow(table->sets, table->set_count, sizeof(*sets));

	if (!sets)
		return error_oom(err);
	table->sets = sets;
	walk->set = &sets[table->set_count++];
	*walk->set = (struct kernel_icc_set){ 0 };
	snprintf(walk->set->name, sizeof(walk->set->name), "%s", name);
	return kernel_dump(kernel, NFT_MSG_GETSETELEM, protocol, fill_elements, walk, got_elements, walk, err);
}

/* The sets in which rules look up an interface. */
static int read_sets(struct kernel *kernel, uint16_t protocol, struct walk *walk, struct error *err)
{
	const struct kernel_icc_table *table = walk->table;
	int r = 0;

	for (size_t i = 0; r == 0 && i < table->rule_count; i++) {
		const struct kernel_icc_rule *rule = &table->rules[i];

		for (size_t j = 0; r == 0 && j < rule->lookup_count; j++) {
			if (!has_set(table, rule->lookups[j].set))
				r = read_set(kernel, protocol, walk, rule->lookups[j].set, err);
		}
	}
	return r;
}

/* ---- All of it ---- */

static void fill_table(struct nlmsghdr *header, void *data)
{
	const struct walk *walk = data;

	mnl_attr_put_strz(header, NFTA_RULE_TABLE, walk->name);
}

static int read_once(struct kernel *kernel, uint16_t protocol, struct walk *walk, struct error *err)
{
	uint32_t generation = 0, now = 0;
	int r = kernel_generation(kernel, &generation, err);

	if (r == 0)
		r = kernel_dump(kernel, NFT_MSG_GETTABLE, protocol, NULL, NULL, got_table, walk, err);
	if (r == 0)
		r = kernel_dump(kernel, NFT_MSG_GETCHAIN, protocol, NULL, NULL, got_chain, walk, err);
	if (r == 0)
		r = kernel_dump(kernel, NFT_MSG_GETRULE, protocol, fill_table, walk, got_rule, walk, err);
	if (r == 0)
		r = read_sets(kernel, protocol, walk, err);
	/* A set is gone, or the generation is another one: the ruleset changed meanwhile. */
	if (r == 0)
		r = kernel_generation(kernel, &now, err);
	if (r == -ENOENT || (r == 0 && now != generation))
		r = error_set(err, -EINTR, "nftables: the ruleset changed while it was read");
	return r;
}

static int read_table(struct kernel *kernel, size_t family, uint32_t mark, struct kernel_icc *icc, struct error *err)
{
	struct walk walk = { .table = &icc->tables[family], .name = "filter", .mark = mark };
	uint16_t protocol = family ? NFPROTO_IPV6 : NFPROTO_IPV4;
	int r = 0;

	if (walk.table->backend == KERNEL_DOCKER_NONE)
		return 0;
	if (walk.table->backend == KERNEL_DOCKER_NFTABLES)
		walk.name = "docker-bridges";
	for (int i = 0; i < 10; i++) {
		table_clear(walk.table);
		r = read_once(kernel, protocol, &walk, err);
		if (r != -EINTR)
			break;
	}
	return r;
}

int kernel_icc_new(struct kernel *kernel, const struct kernel_state *state, uint32_t mark, struct kernel_icc **ret_icc,
		   struct error *err)
{
	cleanup_of(kernel_icc) struct kernel_icc *icc = calloc(1, sizeof(*icc));
	int r = 0;

	if (!icc)
		return error_oom(err);
	for (size_t i = 0; r == 0 && i < 2; i++) {
		icc->tables[i].backend = state->docker[i].backend;
		r = read_table(kernel, i, mark, icc, err);
	}
	if (r == 0)
		*ret_icc = steal(icc);
	return r;
}
