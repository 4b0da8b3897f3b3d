/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Docker's forward rules as kernel_icc.c reads them from the kernel, and kernel_icc_follow.c follows them. */
#ifndef BULKHEAD_KERNEL_ICC_INTERNAL_H
#define BULKHEAD_KERNEL_ICC_INTERNAL_H

#include <net/if.h>

#include "kernel_icc.h"

struct nftnl_rule;

/* NFT_NAME_MAXLEN: of tables, chains and sets. */
#define KERNEL_ICC_NAME_SIZE 256
#define KERNEL_ICC_WISHES    4
#define KERNEL_ICC_LOOKUPS   2

/* What a rule asks of one of the two interfaces. */
struct kernel_icc_wish {
	char name[IFNAMSIZ];
	bool out, prefix, inverted;
};

/* A set or map in which a rule looks up one of the two interfaces. */
struct kernel_icc_lookup {
	char set[KERNEL_ICC_NAME_SIZE];
	bool out, inverted;
};

enum kernel_icc_end {
	KERNEL_ICC_GOES_ON, /* no verdict */
	KERNEL_ICC_VERDICT, /* NF_ACCEPT, NF_DROP, NFT_JUMP … */
	KERNEL_ICC_MAP,	    /* the verdict of the map of the last lookup */
	KERNEL_ICC_UNKNOWN, /* anything may become of the packet */
};

struct kernel_icc_rule {
	size_t chain, position; /* position: from 1 */
	uint64_t handle;
	struct kernel_icc_wish wishes[KERNEL_ICC_WISHES];
	size_t wish_count;
	struct kernel_icc_lookup lookups[KERNEL_ICC_LOOKUPS];
	size_t lookup_count;
	bool answers; /* asks for packets of a connection that exists */
	bool begins;  /* asks for packets that begin a connection, but not for invalid and untracked ones */
	bool marked;  /* asks for the mark */
	bool asks;    /* asks for something that cannot be judged here */
	bool sets_mark;
	enum kernel_icc_end end;
	int verdict;
	char target[KERNEL_ICC_NAME_SIZE]; /* of a jump */
};

struct kernel_icc_chain {
	char name[KERNEL_ICC_NAME_SIZE];
	bool base;	     /* at hook forward */
	bool drops;	     /* policy drop */
	size_t first, count; /* among the rules, which are sorted by chain */
};

struct kernel_icc_element {
	char key[IFNAMSIZ];
	int verdict; /* of a map */
	char target[KERNEL_ICC_NAME_SIZE];
};

/* A set or map of interfaces. */
struct kernel_icc_set {
	char name[KERNEL_ICC_NAME_SIZE];
	struct kernel_icc_element *elements;
	size_t count;
	bool odd; /* it has intervals, or keys that are no name of an interface */
};

/* The table with Docker's rules, of one family. */
struct kernel_icc_table {
	enum kernel_docker_backend backend;
	bool dormant;
	struct kernel_icc_chain *chains;
	size_t chain_count;
	struct kernel_icc_rule *rules;
	size_t rule_count;
	struct kernel_icc_set *sets;
	size_t set_count;
};

struct kernel_icc {
	struct kernel_icc_table tables[2];
};

/* Fills in what the rule's expressions say: kernel_icc_rule.c.  mark: bulkhead's bit. */
void kernel_icc_rule_read(const struct nftnl_rule *from, uint32_t mark, struct kernel_icc_rule *rule);

#endif
