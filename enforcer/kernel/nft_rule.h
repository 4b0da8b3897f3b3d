/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A rule is its text: nft's own words, from which the kernel's expressions are made here.  Only the words that our
 * rules have are known; any other is an error, so that no rule can lose one.
 *
 * Capitals in a rule's text are filled in:
 *   IP, ICMP  the rule is written once and stands twice: with `ip` and `icmp`, and with `ip6` and `ipv6-icmp`
 *   @FLOWS    the set of that row (rules/policy_sets.h); of twins the one of the rule's family
 *   MARK      the bit of the packet mark that the configuration names; without one, nothing sets or clears it
 */
#ifndef BULKHEAD_NFT_RULE_H
#define BULKHEAD_NFT_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "policy_sets.h"

struct nftnl_rule;

/* What a rule cannot do without: it is left out where that is missing. */
enum nft_rule_needs {
	NFT_RULE_NEEDS_NOTHING,
	NFT_RULE_NEEDS_MARK,	/* a bit of the packet mark, from the configuration */
	NFT_RULE_NEEDS_NO_MARK, /* that there is none */
	NFT_RULE_NEEDS_IBRNAME, /* a kernel with NFT_BRIDGE_META */
};

struct nft_rule {
	const char *text;
	const char *comment; /* nft shows it behind the rule; of two that are written once, behind the first */
	enum nft_rule_needs needs;
};

/* Whether the text stands for two rules. */
bool nft_rule_has_twin(const char *text);

/* The text with everything but MARK filled in.  family: of the twin that is wanted, 0 where there is none. */
#define NFT_RULE_LINE_SIZE 256
void nft_rule_write(const char *text, uint8_t family, char line[NFT_RULE_LINE_SIZE]);

/* Builds what nft_rule_write has written, for a chain of table bulkhead.  comment may be NULL; mark: the one bit, 0 for
 * none.  0, -ENOMEM, or -EINVAL if a word is not known. */
int nft_rule_build(const char *line, const char *comment, enum policy_table table, const char *chain, uint32_t mark,
		   struct nftnl_rule **ret_rule);

#endif
