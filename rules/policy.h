/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The type in the middle: the canonical, sorted list of what is, or should be, in the kernel's sets.
 * It is compiled from flows and inventory, and it is decoded from the kernel; both are compared as equals.
 */
#ifndef BULKHEAD_POLICY_H
#define BULKHEAD_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "address.h"
#include "cleanup.h"
#include "error.h"
#include "policy_sets.h"
#include "span.h"

#define POLICY_IFNAME_SIZE 16  /* IFNAMSIZ */
#define POLICY_COMMENT_MAX 120 /* bytes without terminator; nft takes back 128 */

/* ICMP elements hold type and code where others hold the port: what conntrack calls the tuple's destination port. */
#define POLICY_ICMP_ECHO   (8 << 8)
#define POLICY_ICMPV6_ECHO (128 << 8)

struct policy_record {
	enum policy_set set;
	/* The key. What a set's key has no place for is zero. */
	char link[POLICY_IFNAME_SIZE]; /* zero-padded; a bridge's name, in table bridge a port's as well */
	uint8_t mac[6];		       /* of PLACES and GATEWAYS */
	struct address source;	       /* also the address of ENDPOINTS, OBSERVED, … and PLACES */
	struct address destination;
	/* Where addresses are intervals: prefix lengths, 32 or 128 for a single one; elsewhere 0. */
	uint8_t source_length, destination_length;
	struct span span; /* in FLOWS one port of one protocol */
	/* Not part of the key, but of the record: printable ASCII without quotes, at most POLICY_COMMENT_MAX. */
	const char *comment; /* owned by the policy */
	/* Not compared: what the kernel counted, 0 for compiled records. */
	uint64_t packets, bytes;
};

struct policy;

/* NULL when out of memory. */
struct policy *policy_new(void);

/* Accepts NULL. */
void policy_free(struct policy *policy);
CLEANUP_DEFINE(policy, policy_free)

/* Copies the record and its comment, which is made printable and cut on the way.  0 or -ENOMEM. */
int policy_add(struct policy *policy, const struct policy_record *record);

/* Sorts, and keeps one record of those that share a key: the one whose comment sorts first; in sets of intervals, of
 * those that overlap the first.  To be called once after the last policy_add; the functions below want a finished
 * policy. */
void policy_finish(struct policy *policy);

/* Joins intervals of ports that follow each other under one comment.  The kernel takes ten thousand ports one by one
 * for seconds, and as a range at once.  For finished policies that were compiled; one that was read is what the kernel
 * holds, element by element. */
void policy_merge(struct policy *policy);

size_t policy_count(const struct policy *policy);
const struct policy_record *policy_at(const struct policy *policy, size_t index);

/* The index range [*ret_begin, *ret_end) of one set's records. */
void policy_range(const struct policy *policy, enum policy_set set, size_t *ret_begin, size_t *ret_end);

/* The record with that key, or NULL. */
const struct policy_record *policy_find(const struct policy *policy, const struct policy_record *key);

/* Orders by set, in the order of the rows, then by key: <0, 0, >0.  The comment does not count. */
int policy_record_compare(const struct policy_record *a, const struct policy_record *b);

/* Whether two records of one set of intervals share a packet; false in all other sets. */
bool policy_record_overlaps(const struct policy_record *a, const struct policy_record *b);

/* Sets the counters of the records that `from` has, too, to what it counted. */
void policy_take_counters(struct policy *policy, const struct policy *from);

/* Same keys and same comments. */
bool policy_equal(const struct policy *a, const struct policy *b);

/* What turns `have` into `want`.  A record whose comment alone differs is in both lists, and in `renamed`.
 * The lists point into the two policies and end with them. */
struct policy_diff {
	const struct policy_record **remove; /* of `have` */
	size_t remove_count;
	const struct policy_record **add; /* of `want` */
	size_t add_count;
	size_t renamed;
};

/* Fills *diff.  0 or -ENOMEM. */
int policy_diff(const struct policy *have, const struct policy *want, struct policy_diff *ret_diff);
bool policy_diff_empty(const struct policy_diff *diff);
/* Frees the lists, not the struct. */
void policy_diff_clear(struct policy_diff *diff);

/* "172.18.0.2 . 172.18.0.3 . tcp . 5432", "0.0.0.0/0 . 172.18.0.2 . tcp . 80": the key as nft prints it, near enough to
 * be searched for. */
#define POLICY_KEY_TEXT_SIZE 192
const char *policy_key_format(const struct policy_record *record, char text[POLICY_KEY_TEXT_SIZE]);

/* "tcp", "udp", "sctp", "icmp", "ipv6-icmp", else the number, in a buffer of at least 16 bytes. */
const char *policy_protocol_format(uint8_t protocol, char text[16]);

/* "5432/tcp", "7000-7010/tcp", "icmp", "any", "gre": ports as a flow file would say them. */
#define POLICY_PORTS_TEXT_SIZE 32
const char *policy_ports_format(const struct policy_record *record, char text[POLICY_PORTS_TEXT_SIZE]);

/* Comments of flow elements, both ways.  "shop: web (shop-web-1) -> db (shop-db-1)".  The sides are services as the
 * app's file names them.  Container names are shortened in the middle where the whole does not fit; the names of an
 * endpoint's own record are whole. */
struct policy_flow_comment {
	char app[64];
	char from[130], to[130]; /* "web", "monitoring/prometheus", "APP/SERVICE", "*" … */
	char source[POLICY_COMMENT_MAX + 1], destination[POLICY_COMMENT_MAX + 1]; /* containers */
};
void policy_flow_comment_format(const struct policy_flow_comment *parts, char text[POLICY_COMMENT_MAX + 1]);
/* False if it is not one of ours. */
bool policy_flow_comment_parse(const char *text, struct policy_flow_comment *ret_parts);

/* Comments of endpoints: "shop-web-1 (shop/web, shop/edge) on shop_default". */
struct policy_endpoint_comment {
	char container[POLICY_COMMENT_MAX + 1];
	char services[POLICY_COMMENT_MAX + 1]; /* "shop/web, shop/edge"; "" for a container in no app */
	char network[POLICY_COMMENT_MAX + 1];
};
void policy_endpoint_comment_format(const struct policy_endpoint_comment *parts, char text[POLICY_COMMENT_MAX + 1]);
bool policy_endpoint_comment_parse(const char *text, struct policy_endpoint_comment *ret_parts);

#endif
