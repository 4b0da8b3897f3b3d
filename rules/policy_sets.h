/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sets of nftables that hold policy: one row a set, and whatever is known of a set stands in its row.  Who adds a
 * set adds a row, a rule that looks it up (enforcer/kernel/nft_skeleton_*.c), and who fills it (compile*.c).
 */
#ifndef BULKHEAD_POLICY_SETS_H
#define BULKHEAD_POLICY_SETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The table that a set stands in. */
enum policy_table {
	POLICY_TABLE_INET,   /* who reaches whom */
	POLICY_TABLE_BRIDGE, /* the guard: which port may send and get what */
};

/* What a set's keys consist of. */
enum policy_shape {
	POLICY_SHAPE_LINK,	    /* ifname: a bridge, or a port of one */
	POLICY_SHAPE_LINK_TWICE,    /* ifname . ifname: a bridge, twice */
	POLICY_SHAPE_ENDPOINT,	    /* ifname . address */
	POLICY_SHAPE_ADDRESS,	    /* address */
	POLICY_SHAPE_ADDRESS_TWICE, /* address . address: one, twice */
	POLICY_SHAPE_LINK_MAC,	    /* ifname . MAC */
	POLICY_SHAPE_PLACE,	    /* ifname . MAC . address */
	POLICY_SHAPE_PUBLISHED,	    /* destination . protocol . port, intervals */
	POLICY_SHAPE_FLOW,	    /* source . destination . protocol . port */
	POLICY_SHAPE_RANGE,	    /* the same, intervals of protocols and ports */
	POLICY_SHAPE_BOUNDARY,	    /* the same, intervals of everything */
};

/* What an element has besides its key and its comment. */
enum policy_element {
	POLICY_ELEMENT_PLAIN,	   /* nothing */
	POLICY_ELEMENT_COUNTED,	   /* a counter */
	POLICY_ELEMENT_REMEMBERED, /* a counter and a time to live: the kernel itself adds it and forgets it */
	POLICY_ELEMENT_LIMITED,	   /* a limit and a time to live: likewise, and nobody reads it */
};

/* What an element's comment says. */
enum policy_says {
	POLICY_SAYS_NOTHING,
	POLICY_SAYS_NETWORK,   /* "shop_default" */
	POLICY_SAYS_CONTAINER, /* "shop-web-1" */
	POLICY_SAYS_ENDPOINT,  /* "shop-web-1 (shop/web) on shop_default" */
	POLICY_SAYS_PUBLISHED, /* "shop-web-1 (shop/web) on 80/tcp" */
	POLICY_SAYS_REASON,    /* why it is there */
	POLICY_SAYS_FLOW,      /* "shop: web (shop-web-1) -> db (shop-db-1)" */
};

/* The rows.  ONE is a set; TWINS are two, of IPv4 and of IPv6, whose names end with 4 and 6.  Last come
 * the set's comment in the kernel and, where an older version called it otherwise, that name.  Lists of records are
 * sorted in the order of the rows, which means nothing else. */
/* clang-format off */
#define POLICY_SETS(ONE, TWINS) \
	/* Which bridges are ours. */ \
	ONE(NETWORKS, "networks", INET, LINK_TWICE, PLAIN, NETWORK, \
	    "managed bridges, each twice: both ends of a packet on one network") \
	ONE(BRIDGES, "bridges", INET, LINK, PLAIN, NETWORK, "managed bridges, and those that are closed") \
	ONE(FOREIGN, "foreign", INET, LINK, PLAIN, REASON, "bridges named like Docker's that are left alone") \
	ONE(ROUTED, "routed", INET, LINK, PLAIN, NETWORK, "managed bridges with a service that routes for others") \
	/* Who lives there, and what holds for it. */ \
	TWINS(ENDPOINTS, "endpoints", INET, ENDPOINT, PLAIN, ENDPOINT, "who lives where") \
	TWINS(OBSERVED, "observed", INET, ADDRESS, PLAIN, CONTAINER, \
	      "mode observe: what would be denied to these is recorded and let through") \
	TWINS(STARTING, "starting", INET, ADDRESS, PLAIN, CONTAINER, \
	      "containers whose published ports are not known yet: the host opens nothing to them") \
	TWINS(CLOSED_INGRESS, "closed_ingress", INET, ADDRESS, PLAIN, CONTAINER, \
	      "containers that get from outside only what is declared") \
	TWINS(CLOSED_EGRESS, "closed_egress", INET, ADDRESS, PLAIN, CONTAINER, \
	      "containers that send to the world only what is declared") \
	TWINS(CLOSED_HOST, "closed_host", INET, ADDRESS, PLAIN, CONTAINER, \
	      "containers that send to the host only what is declared") \
	TWINS(ENDS, "ends", INET, ADDRESS_TWICE, PLAIN, CONTAINER, \
	      "addresses of endpoints, each twice: who sends an ICMP error is an end of the connection") \
	/* Ports of the host that are a container's. */ \
	TWINS(PUBLISHED, "published", INET, PUBLISHED, PLAIN, PUBLISHED, \
	      "ports of the host that are a container's: who reaches one reaches the container") \
	TWINS(UNSETTLED, "unsettled", INET, PUBLISHED, PLAIN, REASON, \
	      "ports of the host that the engine may be choosing for a container that starts") \
	TWINS(PUBLISHED_OBSERVED, "published_observed", INET, PUBLISHED, PLAIN, PUBLISHED, \
	      "published ports of observed containers: recorded and let through", \
	      FORMERLY("watched")) \
	TWINS(PUBLISHED_CLOSED, "published_closed", INET, PUBLISHED, PLAIN, PUBLISHED, \
	      "published ports of containers that get from outside only what is declared", \
	      FORMERLY("gated")) \
	/* The guard's. */ \
	ONE(KNOWN_PORTS, "known_ports", BRIDGE, LINK, PLAIN, CONTAINER, "ports of managed bridges whose endpoint is known", \
	    FORMERLY("ports")) \
	ONE(UNGUARDED, "unguarded", BRIDGE, LINK, PLAIN, CONTAINER, \
	    "ports whose endpoint routes for others: any address that is nobody else's") \
	ONE(REFUSED, "refused", BRIDGE, LINK, PLAIN, REASON, \
	    "ports whose MAC another port of the bridge had first: nothing comes from them") \
	ONE(GATEWAYS, "gateways", BRIDGE, LINK_MAC, PLAIN, NOTHING, \
	    "port, and the MAC of its bridge: what the host sends there is from it") \
	ONE(FRAGMENTS, "fragments", BRIDGE, LINK, LIMITED, NOTHING, \
	    "ports that send fragments, each with what it may send a second: all share the host's memory for them") \
	ONE(GUARDED, "guarded", BRIDGE, LINK, PLAIN, NETWORK, \
	    "managed bridges: a port of theirs that is not known is closed") \
	TWINS(ADDRESSES, "addresses", BRIDGE, ADDRESS, PLAIN, CONTAINER, "addresses of endpoints: nobody else's") \
	TWINS(PLACES, "places", BRIDGE, PLACE, PLAIN, NOTHING, \
	      "port, MAC and address of an endpoint: what it may send from and be sent to") \
	/* What is declared. */ \
	TWINS(FLOWS, "flows", INET, FLOW, COUNTED, FLOW, "declared between containers: source, destination, protocol, port") \
	TWINS(RANGES, "ranges", INET, RANGE, COUNTED, FLOW, "declared between containers, with ranges of ports or any protocol") \
	TWINS(INGRESS, "ingress", INET, BOUNDARY, COUNTED, FLOW, "declared from the world to a container") \
	TWINS(EGRESS, "egress", INET, BOUNDARY, COUNTED, FLOW, "declared from a container to the world") \
	TWINS(TO_HOST, "to_host", INET, BOUNDARY, COUNTED, FLOW, "declared from a container to the host's own addresses") \
	TWINS(FROM_HOST, "from_host", INET, BOUNDARY, COUNTED, FLOW, \
	      "declared from the host to a container, whatever address the host has") \
	TWINS(TO_PUBLISHED, "to_published", INET, BOUNDARY, COUNTED, FLOW, "declared from a container to a published port of the host", \
	      FORMERLY("doors")) \
	TWINS(WORLD_TO_PUBLISHED, "world_to_published", INET, BOUNDARY, COUNTED, FLOW, "declared from the world to a published port of the host", \
	      FORMERLY("gates")) \
	/* What was denied. */ \
	TWINS(DENIED, "denied", INET, FLOW, REMEMBERED, NOTHING, "who was denied what, for an hour after the last packet")
/* clang-format on */

/* A row; twins have one topic. */
enum policy_topic {
#define ROW(topic, ...) POLICY_TOPIC_##topic,
	POLICY_SETS(ROW, ROW)
#undef ROW
};

/* POLICY_NETWORKS, POLICY_FLOWS4, POLICY_FLOWS6 … */
enum policy_set {
#define ONE(topic, ...)	  POLICY_##topic,
#define TWINS(topic, ...) POLICY_##topic##4, POLICY_##topic##6,
	POLICY_SETS(ONE, TWINS)
#undef ONE
#undef TWINS
		POLICY_SET_COUNT,
};

struct policy_set_row {
	enum policy_set set;
	enum policy_topic topic;
	const char *topic_name; /* "FLOWS": what rules call it (enforcer/kernel/nft_rule.h) */
	const char *name;	/* in the kernel */
	uint8_t family;		/* 4, 6, or 0 where keys have no address */
	enum policy_table table;
	enum policy_shape shape;
	enum policy_element element;
	enum policy_says says;
	const char *about;    /* the set's own comment in the kernel */
	const char *formerly; /* what an older version called it, without 4 and 6; NULL: the same */
};

const struct policy_set_row *policy_set_row(enum policy_set set);

/* The row of that name in that table; NULL if it is none of ours. */
const struct policy_set_row *policy_set_named(enum policy_table table, const char *name);

/* The same by the topic's name; NULL if there is no such topic. */
const struct policy_set_row *policy_set_by_topic(const char *topic_name, uint8_t family);

/* The topic's set of that family (ADDRESS_IPV4, ADDRESS_IPV6); its only one where there are no twins. */
enum policy_set policy_set_of(enum policy_topic topic, uint8_t family);

/* Whether the keys of that shape are intervals. */
bool policy_shape_is_interval(enum policy_shape shape);

/* Short for what the row says. */
const char *policy_set_name(enum policy_set set);
uint8_t policy_set_family(enum policy_set set);
enum policy_shape policy_set_shape(enum policy_set set);
/* Whether its elements are the kernel's own doing: they are no policy. */
bool policy_set_is_kernels(enum policy_set set);
bool policy_set_is(enum policy_set set, enum policy_topic topic);
/* Whether each of its records is a flow: its comment names both ends. */
bool policy_set_is_flow(enum policy_set set);

#endif
