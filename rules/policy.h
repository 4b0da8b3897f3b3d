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

/* The sets of the skeleton that hold policy, in the order of the records. */
enum policy_set {
	POLICY_NETWORKS,   /* ifname . ifname: a managed bridge, twice; both ends of a packet on one network */
	POLICY_BRIDGES,	   /* ifname: a managed bridge */
	POLICY_FOREIGN,	   /* ifname: a bridge named like one of Docker's that is not managed */
	POLICY_ROUTED,	   /* ifname: a managed bridge with a service that routes for others */
	POLICY_ENDPOINTS4, /* ifname . address: who lives where; its comment names the container */
	POLICY_ENDPOINTS6,
	POLICY_OBSERVED4, /* address: would-be denials to it are recorded and let through */
	POLICY_OBSERVED6,
	POLICY_STARTING4, /* address: its published ports are not known yet, so the host opens nothing to it */
	POLICY_STARTING6,
	POLICY_CLOSED_INGRESS4, /* address: from outside the containers only what is declared */
	POLICY_CLOSED_INGRESS6,
	POLICY_CLOSED_EGRESS4, /* address: to the world only what is declared */
	POLICY_CLOSED_EGRESS6,
	POLICY_CLOSED_HOST4, /* address: to the host's own addresses only what is declared */
	POLICY_CLOSED_HOST6,
	POLICY_PUBLISHED4, /* destination . protocol . port, of the host: what is published there is a container's */
	POLICY_PUBLISHED6,
	POLICY_UNSETTLED4, /* … where the engine may be choosing a port for a container that starts */
	POLICY_UNSETTLED6,
	POLICY_WATCHED4, /* … of one that is observed */
	POLICY_WATCHED6,
	POLICY_GATED4, /* … of one whose ingress is closed */
	POLICY_GATED6,
	/* Of table bridge bulkhead. */
	POLICY_PORTS,	   /* ifname: a port of a managed bridge whose endpoint is known */
	POLICY_UNGUARDED,  /* ifname: one that may use other addresses than its endpoint's */
	POLICY_GUARDED,	   /* ifname: a managed bridge */
	POLICY_ADDRESSES4, /* address: of an endpoint; nobody else's */
	POLICY_ADDRESSES6,
	POLICY_PLACES4, /* ifname . MAC . address: the port, and what its endpoint may send and be sent */
	POLICY_PLACES6,
	/* Of table inet bulkhead again.  From here on each record is a flow: it counts, and its comment names both
	 * ends. source . destination . protocol . port, */
	POLICY_FLOWS4,
	POLICY_FLOWS6,
	POLICY_RANGES4, /* the same with intervals of protocols and ports, */
	POLICY_RANGES6,
	POLICY_INGRESS4, /* and of addresses, too, in all the others: from the world to a container, */
	POLICY_INGRESS6,
	POLICY_EGRESS4, /* from a container to the world, */
	POLICY_EGRESS6,
	POLICY_TO_HOST4, /* from a container to the host's own addresses, */
	POLICY_TO_HOST6,
	POLICY_FROM_HOST4, /* from the host to a container (the source is any), */
	POLICY_FROM_HOST6,
	POLICY_DOORS4, /* from a container to a published port on the host, */
	POLICY_DOORS6,
	POLICY_GATES4, /* from the world to a published port whose ingress is closed */
	POLICY_GATES6,
	POLICY_SET_COUNT,
};

#define POLICY_IFNAME_SIZE 16  /* IFNAMSIZ */
#define POLICY_COMMENT_MAX 120 /* bytes without terminator; nft takes back 128 */

/* ICMP elements hold type and code where others hold the port: what conntrack calls the tuple's destination port. */
#define POLICY_ICMP_ECHO   (8 << 8)
#define POLICY_ICMPV6_ECHO (128 << 8)

struct policy_record {
	enum policy_set set;
	/* The key. What a set's key has no place for is zero. */
	char bridge[POLICY_IFNAME_SIZE]; /* zero-padded; of PORTS, UNGUARDED and PLACES: the port */
	uint8_t mac[6];			 /* of PLACES */
	struct address source;		 /* also the address of ENDPOINTS, OBSERVED, … and PLACES */
	struct address destination;
	/* Where addresses are intervals: prefix lengths, 32 or 128 for a single one; elsewhere 0. */
	uint8_t source_length, destination_length;
	uint8_t protocol_first, protocol_last; /* equal in FLOWS */
	uint16_t port_first, port_last;	       /* host byte order; equal in FLOWS */
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

size_t policy_count(const struct policy *policy);
const struct policy_record *policy_at(const struct policy *policy, size_t index);

/* The index range [*ret_begin, *ret_end) of one set's records. */
void policy_range(const struct policy *policy, enum policy_set set, size_t *ret_begin, size_t *ret_end);

/* The record with that key, or NULL. */
const struct policy_record *policy_find(const struct policy *policy, const struct policy_record *key);

/* Orders by set, then key: <0, 0, >0. The comment does not count. */
int policy_record_compare(const struct policy_record *a, const struct policy_record *b);

/* Whether two records of one set of intervals share a packet; false in all other sets. */
bool policy_record_overlaps(const struct policy_record *a, const struct policy_record *b);

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

/* The set's name in the kernel. */
const char *policy_set_name(enum policy_set set);
/* 4, 6 or 0. */
uint8_t policy_set_family(enum policy_set set);
/* What the set's keys consist of. */
enum policy_shape {
	POLICY_SHAPE_BRIDGE,	   /* ifname */
	POLICY_SHAPE_BRIDGE_TWICE, /* ifname . ifname */
	POLICY_SHAPE_ENDPOINT,	   /* ifname . address */
	POLICY_SHAPE_ADDRESS,	   /* address */
	POLICY_SHAPE_PLACE,	   /* ifname . MAC . address */
	POLICY_SHAPE_PUBLISHED,	   /* destination . protocol . port, intervals */
	POLICY_SHAPE_FLOW,	   /* source . destination . protocol . port */
	POLICY_SHAPE_RANGE,	   /* the same, intervals of protocols and ports */
	POLICY_SHAPE_BOUNDARY,	   /* the same, intervals of everything */
};
enum policy_shape policy_set_shape(enum policy_set set);

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
