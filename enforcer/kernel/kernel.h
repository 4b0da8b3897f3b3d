/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one file that opens nfnetlink sockets: reads our tables from the kernel, commits changes in one transaction, and
 * hears of changes by others.  How a rule or element looks as bytes is nft_encode's and nft_decode's.
 */
#ifndef BULKHEAD_KERNEL_H
#define BULKHEAD_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "cleanup.h"
#include "error.h"
#include "policy.h"

#define KERNEL_TABLE "bulkhead"
/* How long a denial is remembered, and how many of each family. */
#define KERNEL_DENIED_MS (60ull * 60 * 1000)
/* How long a port's share of fragments is remembered: longer than it takes to be whole again. */
#define KERNEL_LIMITED_MS  (60ull * 1000)
#define KERNEL_DENIED_SIZE 4096

/* Flags of a table. */
#define KERNEL_FLAG_OWNER   0x2u /* NFT_TABLE_F_OWNER, Linux 5.12 */
#define KERNEL_FLAG_PERSIST 0x4u /* NFT_TABLE_F_PERSIST, Linux 6.9 */

/* What the fixed part looks like. */
struct kernel_options {
	uint32_t mark; /* one bit, 0 for none */
	bool own;      /* take the table with the owner and persist flags where the kernel can (>= 6.9) */
};

enum kernel_skeleton {
	KERNEL_SKELETON_ABSENT,	 /* neither table */
	KERNEL_SKELETON_WHOLE,	 /* exactly ours, for these options */
	KERNEL_SKELETON_RULES,	 /* sets and chains are ours, some rule is not */
	KERNEL_SKELETON_FOREIGN, /* a set or chain differs, or a table is missing: only a replacement of the tables
				    helps */
};

/* Somebody who was denied, as the kernel remembers it for an hour. */
struct kernel_denied {
	struct address source, destination;
	uint8_t protocol;
	uint16_t port; /* ICMP: type << 8 | code */
	uint64_t packets, bytes;
	uint64_t age_ms; /* since the last packet */
};

/* The rule that lets admitted packets pass Docker's own drop, per family; kernel_docker.c tells why. */
enum kernel_docker_backend {
	KERNEL_DOCKER_NONE,	/* no Docker chains in nftables' reach */
	KERNEL_DOCKER_IPTABLES, /* iptables-nft: `ip filter` / `ip6 filter` */
	KERNEL_DOCKER_NFTABLES, /* the engine's own: table `docker-bridges` */
};
struct kernel_docker {
	enum kernel_docker_backend backend;
	bool accept_present; /* our rule (iptables), or the engine's own accept for our mark (nftables), is in order */
	unsigned installed;  /* how many rules of ours stand there, wherever they stand (iptables) */
	bool wanted;	     /* a chain is there that the rule belongs into */
	char chain[32];	     /* that chain: DOCKER-USER or FORWARD; "" if there is none */
};

struct kernel_state {
	enum kernel_skeleton skeleton;
	bool exists;	       /* table inet bulkhead */
	bool guard_exists;     /* table bridge bulkhead */
	uint32_t flags;	       /* KERNEL_FLAG_…: those that both tables have */
	uint32_t owner;	       /* netlink port id of table inet's owner, 0 if none */
	bool guard_by_bridge;  /* the guard knows ports of managed bridges by their bridge: `meta ibrname` */
	struct policy *policy; /* what the sets hold; never NULL after kernel_read */
	/* The endpoints by address, once kernel_list_index was called. */
	const struct policy_record **endpoints;
	size_t endpoint_count;
	struct kernel_denied *denied;
	size_t denied_count;
	struct kernel_docker docker[2]; /* IPv4, IPv6 */
	uint32_t generation;
};
/* Frees what the state points to. */
void kernel_state_clear(struct kernel_state *state);

struct kernel;
int kernel_open(struct kernel **ret_kernel, struct error *err);
/* Accepts NULL. */
void kernel_close(struct kernel *kernel);
CLEANUP_DEFINE(kernel, kernel_close)

/* Reads all of one generation: begins again, a bounded number of times, when the ruleset changes meanwhile.  -EPERM
 * without CAP_NET_ADMIN. */
int kernel_read(struct kernel *kernel, const struct kernel_options *options, struct kernel_state *ret_state,
		struct error *err);

/* Reads only who was denied: without names, and without regard to changes meanwhile.  The array is the caller's. */
int kernel_read_denied(struct kernel *kernel, struct kernel_denied **ret_denied, size_t *ret_count, struct error *err);

enum kernel_install {
	KERNEL_KEEP,	/* the skeleton stays: elements only */
	KERNEL_RULES,	/* flush our chains and write their rules anew, sets stay */
	KERNEL_REPLACE, /* delete the tables, if they exist, and create them with everything in `want` */
};
struct kernel_change {
	enum kernel_install install;
	bool table_exists, guard_exists; /* for REPLACE: there is one to delete */
	const struct policy_diff *diff;	 /* KEEP and RULES: elements; may be NULL */
	struct policy *want;		 /* REPLACE: all elements; their counters become those of `from` */
	/* REPLACE: what the kernel held, whose counters and denials are carried over; or NULL */
	const struct kernel_state *from;
	bool adopt;	       /* claim orphaned tables (owner flag) */
	bool docker_add[2];    /* put our rule at the top of the chain in state->docker */
	bool docker_remove[2]; /* take every rule of ours out of Docker's chains */
	bool remove_table;     /* for clear: delete the tables; of all else only docker_remove counts */
};

/* One transaction: all or nothing.  The error names the object that was refused.  Elements of the diff keep the
 * counters in their records (packets, bytes).  *ret_ns, if not NULL: time of the system calls, in nanoseconds. */
int kernel_commit(struct kernel *kernel, const struct kernel_options *options, const struct kernel_change *change,
		  uint64_t *ret_ns, struct error *err);

/* Changes by others: watch the fd for EPOLLIN and call kernel_monitor_drain. */
struct kernel_news {
	bool ours;     /* somebody else changed our table */
	bool docker;   /* … or a chain that our accept stands in, or Docker's tables */
	bool lost;     /* messages were lost: look at everything */
	uint32_t pid;  /* of the last process that changed ours; 0 if unknown */
	char name[17]; /* its name; "" if unknown */
};
int kernel_monitor(struct kernel *kernel, struct error *err); /* opens it; the fd or negative errno */
int kernel_monitor_drain(struct kernel *kernel, struct kernel_news *ret_news, struct error *err);

#endif
