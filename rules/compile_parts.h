/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts that a compilation is made of; private to compile*.c. */
#ifndef BULKHEAD_COMPILE_PARTS_H
#define BULKHEAD_COMPILE_PARTS_H

#include "binding.h"
#include "inventory.h"
#include "policy.h"

/* One end of a flow: a container's endpoint with everybody who stands behind it. Usually that is one container;
 * containers that share a network namespace share its addresses too, so the address may do what any of them may. */
struct end {
	const struct network *network;	   /* NULL where the end stands for the container wherever it lives */
	const struct endpoint *endpoint;   /* NULL likewise */
	const struct container *container; /* NULL while the engine has not told us who it is */
	const struct flow_use *from, *to;
	size_t from_count, to_count;
	const struct published_port *published;
	size_t published_count;
	bool observed;			 /* all of them are */
	struct flow_boundaries boundary; /* declared if it is for any of them */
	bool unguarded;			 /* any of them is */
	/* Where they had to be merged, and owned. */
	struct flow_use *owned_from, *owned_to;
	struct published_port *owned_published;
	char *services; /* owned */
};

/* A container of which a port is published on the host. */
struct publisher {
	struct end end;
	struct published_port *ports; /* no two of them overlap */
	size_t port_count;
};

/* An endpoint by its MAC, of which an address is made that is the same on every network. */
struct mac_use {
	const struct network *network;
	const struct endpoint *endpoint;
};

/* What is declared between the same two ends, before it is made disjoint. */
struct range {
	struct cidr network; /* that one of the two ends is; all zero where both are single addresses */
	struct span span;
	char comment[POLICY_COMMENT_MAX + 1];
};

/* A part of the ranges of one network that goes into one record. */
struct range_piece {
	struct span span;
	const char *comment; /* a range's */
};

struct compilation {
	const struct binding *binding;
	const struct inventory *inventory;
	struct policy *policy;
	struct publisher *publishers;
	size_t publisher_count;
	struct mac_use
		*macs; /* endpoints of managed networks that have IPv6, sorted by MAC; NULL until somebody asks */
	size_t mac_count;
	struct end *ends; /* of all managed networks; NULL until somebody asks */
	size_t end_count;
	struct range *ranges;
	size_t range_count, range_capacity;
	struct range_piece *pieces;
	size_t piece_count, piece_capacity;
};

/* compile_end.c */
/* endpoint and network may be NULL together, and so may container.  0 or -ENOMEM. */
int compile_end_init(const struct compilation *c, const struct network *network, const struct endpoint *endpoint,
		     const struct container *container, struct end *ret_end);
void compile_end_clear(struct end *end);
/* The container's name, or what the network calls it. */
const char *compile_end_name(const struct end *end);
/* The end's address in that family; its family is ADDRESS_NONE if it has none there. */
const struct address *compile_end_address(const struct end *end, bool v6);
/* Whether packets of this network are ours to judge. */
bool compile_is_managed(const struct network *network);

/* compile_comment.c */
/* A flow between two containers; from and to are indices of its peers. */
void compile_comment_flow(const struct flow_app *app, const struct flow *flow, const struct end *source, uint32_t from,
			  const struct end *destination, uint32_t to, char text[POLICY_COMMENT_MAX + 1]);
/* A flow with one end outside.  `from` or `to` is the index of that end's peer; outside says what is there
 * ("anywhere", a network, "this host"). */
void compile_comment_inward(const struct flow_app *app, const struct flow *flow, uint32_t from, const char *outside,
			    const struct end *destination, uint32_t to, char text[POLICY_COMMENT_MAX + 1]);
void compile_comment_outward(const struct flow_app *app, const struct flow *flow, const struct end *source,
			     uint32_t from, uint32_t to, const char *outside, char text[POLICY_COMMENT_MAX + 1]);
/* What passes though no flow declares it: our own doing. */
void compile_comment_own(const struct end *source, const char *from, const char *to, const char *destination,
			 char text[POLICY_COMMENT_MAX + 1]);

/* compile_ranges.c */
/* The range of one element of `ports` as the kernel sees it: of ICMP, type and code in the place of the port. */
struct range compile_range_of(const struct flow_port *port, bool v6);
/* Whether an element of the flow's `ports` covers a protocol's port. */
bool compile_range_covers(const struct flow *flow, uint8_t protocol, uint16_t port);
/* Collects it; network may be NULL. */
int compile_ranges_add(struct compilation *c, const struct range *range, const struct cidr *network,
		       const char *comment);

enum compile_side {
	COMPILE_NEITHER, /* both ends are single addresses */
	COMPILE_SOURCE,
	COMPILE_DESTINATION,
};
/* Adds what was collected to the policy, as records that are like `like`: disjoint, because the kernel refuses
 * intervals that overlap.  The network goes to that side.  Afterwards nothing is collected. */
int compile_ranges_flush(struct compilation *c, const struct policy_record *like, enum compile_side side);
void compile_ranges_clear(struct compilation *c);

/* compile_flows.c: every flow from one endpoint to another on the same network. */
int compile_flows(struct compilation *c, const struct end *source, const struct end *destination);
/* The same in one family, wherever both live. */
int compile_flows_family(struct compilation *c, const struct end *source, const struct end *destination, bool v6);

/* compile_across.c: every flow into a network that the engine routes to, from one of its other networks: those from and
 * to one container; NULL: all. */
int compile_across(struct compilation *c, const char *container);
void compile_across_clear(struct compilation *c);

/* compile_endpoint.c: who lives where, and what holds for it. */
int compile_endpoint(struct compilation *c, const struct end *end);

/* compile_states.c: what holds for each address that the guard lets an endpoint use. */
int compile_states(struct compilation *c, const struct end *end);
/* fe80:: with the EUI-64 of the MAC, which is what the kernel gives an interface by itself. */
struct address compile_link_local(const uint8_t mac[6]);
void compile_states_clear(struct compilation *c);

/* compile_boundary.c: what passes between an endpoint and the outside, where that is closed. */
int compile_boundary(struct compilation *c, const struct end *end);
/* The index of the first peer of that kind, or -1. */
int64_t compile_find_peer(const struct flow_peer *peers, size_t count, enum flow_peer_kind kind);
/* Collects one range for every network of the world that the flow admits of that family. */
int compile_world_ranges(struct compilation *c, const struct end *end, const struct flow_use *use, bool inward,
			 const struct range *range, bool v6);

/* compile_published.c */
/* Fills c->publishers. */
int compile_publishers(struct compilation *c);
void compile_publishers_clear(struct compilation *c);
/* What holds for the published ports themselves, whoever comes. */
int compile_published(struct compilation *c, const struct publisher *publisher);
/* The way of an endpoint's packets to a publisher's ports on the host, once it is started. */
int compile_to_published(struct compilation *c, const struct end *source, const struct publisher *publisher);

/* compile_unsettled.c */
/* What holds while any container of the host is not settled. */
int compile_unsettled(struct compilation *c);

#endif
