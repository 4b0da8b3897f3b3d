/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Follows a packet from one port of a bridge to another, rule by rule.  Nobody has declared the packet: it begins a
 * connection, and carries no mark.  All else about it (addresses, protocol, ports) is left open, so a rule that asks
 * for that may match or not; both ways are followed.
 */
#include <stdio.h>
#include <string.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "kernel_icc_internal.h"

/* The kernel allows no jumps in circles, and none deeper than this (NFT_JUMP_STACK_SIZE). */
#define DEPTH_MAX 16
/* The number of ways doubles with each chain that jumps twice to the next: the walk ends after so many steps. */
#define STEPS_MAX 1000000

#define ACCEPTS	  1u
#define DROPS	  2u
#define GOES_ON	  4u /* at the end of the chain */

/* What may become of the packet; and what does, if no rule matches that may match or not. */
struct outcome {
	unsigned possible, plain;
	const struct kernel_icc_rule *by; /* the rule that `plain` comes from; NULL: the chain's end */
};

struct walk {
	const struct kernel_icc_table *table;
	const char *bridge;
	size_t steps;
	bool marked; /* some rule may have set the mark */
	/* The first rules that may accept, may leave a chain, or do what is not known. */
	const struct kernel_icc_rule *accepting, *leaving, *unknown;
};

enum fit { FIT_NO, FIT_MAYBE, FIT_YES };

static bool has_name(const struct kernel_icc_wish *wish, const char *bridge)
{
	return wish->prefix ? strncmp(wish->name, bridge, strlen(wish->name)) == 0 : strcmp(wish->name, bridge) == 0;
}

static const struct kernel_icc_element *look_up(const struct walk *walk, const struct kernel_icc_lookup *lookup,
						bool *ret_odd)
{
	for (size_t i = 0; i < walk->table->set_count; i++) {
		const struct kernel_icc_set *set = &walk->table->sets[i];

		if (strcmp(set->name, lookup->set) != 0)
			continue;
		*ret_odd = set->odd;
		for (size_t j = 0; j < set->count; j++) {
			if (strncmp(set->elements[j].key, walk->bridge, IFNAMSIZ) == 0)
				return &set->elements[j];
		}
		return NULL;
	}
	*ret_odd = true;
	return NULL;
}

/* *ret_element: what the map of the last lookup has for the bridge; NULL where that cannot be told. */
static enum fit judge_fit(const struct walk *walk, const struct kernel_icc_rule *rule,
			  const struct kernel_icc_element **ret_element)
{
	bool maybe = rule->asks || (rule->marked && walk->marked);

	*ret_element = NULL;
	if (rule->answers || (rule->marked && !walk->marked))
		return FIT_NO;
	for (size_t i = 0; i < rule->wish_count; i++) {
		if (has_name(&rule->wishes[i], walk->bridge) == rule->wishes[i].inverted)
			return FIT_NO;
	}
	for (size_t i = 0; i < rule->lookup_count; i++) {
		const struct kernel_icc_lookup *lookup = &rule->lookups[i];
		bool odd;

		*ret_element = look_up(walk, lookup, &odd);
		if (!odd && !*ret_element == !lookup->inverted)
			return FIT_NO;
		if (odd)
			*ret_element = NULL;
		maybe |= odd;
	}
	/* A drop of packets that begin a connection leaves invalid and untracked ones. */
	if (rule->begins && (rule->end != KERNEL_ICC_VERDICT || rule->verdict != NF_ACCEPT))
		maybe = true;
	return maybe ? FIT_MAYBE : FIT_YES;
}

static struct outcome follow(struct walk *walk, const char *name, unsigned depth);

/* *ret_leaves: a packet that goes on also leaves this chain. */
static struct outcome take_verdict(struct walk *walk, const struct kernel_icc_rule *rule, int verdict,
				   const char *target, unsigned depth, bool *ret_leaves)
{
	*ret_leaves = verdict == NFT_RETURN || verdict == NFT_GOTO;
	switch (verdict) {
	case NF_ACCEPT:
		return (struct outcome){ ACCEPTS, ACCEPTS, rule };
	case NF_DROP:
		return (struct outcome){ DROPS, DROPS, rule };
	case NFT_RETURN:
		return (struct outcome){ GOES_ON, GOES_ON, NULL };
	case NFT_JUMP:
	case NFT_GOTO:
		if (depth < DEPTH_MAX && walk->steps < STEPS_MAX)
			return follow(walk, target, depth + 1);
		break;
	case NFT_CONTINUE:
		return (struct outcome){ GOES_ON, GOES_ON, NULL };
	default:
		break;
	}
	if (!walk->unknown)
		walk->unknown = rule;
	*ret_leaves = false;
	return (struct outcome){ ACCEPTS | DROPS | GOES_ON, GOES_ON, NULL };
}

static struct outcome take(struct walk *walk, const struct kernel_icc_rule *rule,
			   const struct kernel_icc_element *element, unsigned depth, bool *ret_leaves)
{
	if (rule->end == KERNEL_ICC_GOES_ON)
		return take_verdict(walk, rule, NFT_CONTINUE, "", depth, ret_leaves);
	if (rule->end == KERNEL_ICC_MAP && element)
		return take_verdict(walk, rule, element->verdict, element->target, depth, ret_leaves);
	if (rule->end == KERNEL_ICC_VERDICT)
		return take_verdict(walk, rule, rule->verdict, rule->target, depth, ret_leaves);
	return take_verdict(walk, rule, NF_QUEUE, "", depth, ret_leaves);
}

static void note_doubt(struct walk *walk, const struct kernel_icc_rule *rule, const struct outcome *outcome,
		       bool leaves)
{
	if (outcome->possible & ACCEPTS && !walk->accepting)
		walk->accepting = rule;
	if (outcome->possible & GOES_ON && leaves && !walk->leaving)
		walk->leaving = rule;
}

/* Adds what becomes of the packet by this rule.  False: no packet gets to the next rule. */
static bool add_rule(struct walk *walk, const struct kernel_icc_rule *rule, unsigned depth, struct outcome *all)
{
	const struct kernel_icc_element *element;
	enum fit fit = judge_fit(walk, rule, &element);
	struct outcome one;
	bool leaves;

	if (fit == FIT_NO)
		return true;
	walk->marked |= rule->sets_mark;
	one = take(walk, rule, element, depth, &leaves);
	if (fit == FIT_MAYBE)
		note_doubt(walk, rule, &one, leaves);
	all->possible |= one.possible & (ACCEPTS | DROPS | (leaves ? GOES_ON : 0));
	if (fit == FIT_YES && !all->plain && (one.plain != GOES_ON || leaves)) {
		all->plain = one.plain;
		all->by = one.by;
	}
	return fit == FIT_MAYBE || (one.possible & GOES_ON && !leaves);
}

static const struct kernel_icc_chain *find_chain(const struct kernel_icc_table *table, const char *name)
{
	for (size_t i = 0; i < table->chain_count; i++) {
		if (strcmp(table->chains[i].name, name) == 0)
			return &table->chains[i];
	}
	return NULL;
}

static struct outcome follow(struct walk *walk, const char *name, unsigned depth)
{
	const struct kernel_icc_chain *chain = find_chain(walk->table, name);
	struct outcome all = { 0 };

	for (size_t i = 0; chain && i < chain->count; i++) {
		walk->steps++;
		if (!add_rule(walk, &walk->table->rules[chain->first + i], depth, &all))
			return all;
	}
	all.possible |= GOES_ON;
	if (!all.plain)
		all.plain = GOES_ON;
	return all;
}

static void name_rule(const struct walk *walk, const struct kernel_icc_rule *rule, char where[KERNEL_ICC_WHERE_SIZE])
{
	if (rule)
		snprintf(where, KERNEL_ICC_WHERE_SIZE, "rule %zu of chain %s (handle %llu)", rule->position,
			 walk->table->chains[rule->chain].name, (unsigned long long)rule->handle);
}

static enum kernel_icc_verdict judge_chain(const struct kernel_icc_table *table, const struct kernel_icc_chain *chain,
					   const char *bridge, char where[KERNEL_ICC_WHERE_SIZE])
{
	struct walk walk = { .table = table, .bridge = bridge };
	struct outcome outcome = follow(&walk, chain->name, 0);
	bool by_policy = outcome.plain == GOES_ON;

	if (by_policy)
		outcome.plain = chain->drops ? DROPS : ACCEPTS;
	if (outcome.possible & GOES_ON)
		outcome.possible |= chain->drops ? DROPS : ACCEPTS;
	if (!(outcome.possible & ACCEPTS)) {
		if (by_policy)
			snprintf(where, KERNEL_ICC_WHERE_SIZE, "the policy of chain %s", chain->name);
		else
			name_rule(&walk, outcome.by, where);
		return KERNEL_ICC_DROPPED;
	}
	if (outcome.plain == DROPS || walk.unknown) {
		name_rule(&walk,
			  outcome.plain != DROPS ? walk.unknown
			  : walk.accepting	 ? walk.accepting
			  : walk.leaving	 ? walk.leaving
						 : walk.unknown,
			  where);
		return KERNEL_ICC_DOUBTFUL;
	}
	name_rule(&walk, outcome.by, where);
	return by_policy ? KERNEL_ICC_ABSENT : KERNEL_ICC_ACCEPTED;
}

enum kernel_icc_verdict kernel_icc_verdict(const struct kernel_icc *icc, size_t family, const char *bridge,
					   char where[KERNEL_ICC_WHERE_SIZE])
{
	/* The drop of one base chain is final, whatever another base chain accepts. */
	static const int weight[] = {
		[KERNEL_ICC_ABSENT] = 0,
		[KERNEL_ICC_ACCEPTED] = 1,
		[KERNEL_ICC_DOUBTFUL] = 2,
		[KERNEL_ICC_DROPPED] = 3,
	};
	const struct kernel_icc_table *table = &icc->tables[family];
	enum kernel_icc_verdict all = KERNEL_ICC_ABSENT;

	where[0] = '\0';
	if (table->dormant) {
		snprintf(where, KERNEL_ICC_WHERE_SIZE, "the table of Docker's rules is dormant");
		return KERNEL_ICC_ABSENT;
	}
	for (size_t i = 0; i < table->chain_count; i++) {
		char here[KERNEL_ICC_WHERE_SIZE] = "";
		enum kernel_icc_verdict verdict;

		if (!table->chains[i].base)
			continue;
		verdict = judge_chain(table, &table->chains[i], bridge, here);
		if (weight[verdict] > weight[all]) {
			all = verdict;
			strcpy(where, here);
		}
	}
	return all;
}
