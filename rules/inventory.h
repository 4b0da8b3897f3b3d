/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is on this host, and where: containers, networks and endpoints as the engine describes them, in our terms.
 * Identity (name, image, labels) and place (addresses) come at different times and from different requests, so a
 * network's endpoints name containers that may not be known yet; such an endpoint has no flows: it is closed.
 */
#ifndef BULKHEAD_INVENTORY_H
#define BULKHEAD_INVENTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "cleanup.h"
#include "flow.h"

/* A flow that a container takes part in, and as which of the flow's peers (the first that fits). */
struct flow_use {
	uint32_t flow; /* index in the binding */
	uint32_t peer; /* index in flow->from or flow->to */
};

/* A container's port that can be reached at an address of the host. */
struct published_port {
	struct address address; /* the host's; all zero bytes for any, of that family */
	uint8_t protocol;	/* IPPROTO_TCP, …UDP, …SCTP */
	uint16_t host_port, container_port;
};

struct container {
	char *id;
	char *name;		   /* without the leading slash */
	char *image;		   /* as the container was created from, where the engine tells */
	struct flow_label *labels; /* sorted by key, each key once */
	size_t label_count;
	char *shares; /* id (or its prefix, or a name) of the container whose network namespace it uses, or NULL */
	bool obscure; /* something that it says of itself is longer than anybody reads: see binding_bind */
	bool running;
	/* Its process runs, so what it publishes is known: the engine chooses ports while it starts a container. */
	bool started;
	struct published_port *published; /* sorted, each once */
	size_t published_count;
	/* What it will publish whenever it starts; this never changes.  Not known of those that were never asked about
	 * while they were not started. */
	bool bindings_known;
	struct published_port *bindings; /* sorted, each once; of a range that the engine chooses from each port */
	size_t binding_count;
	bool chooses; /* besides, or instead, at least one port of the host that the engine chooses */
	/* Filled by binding_bind: what it may be a source or a destination of, by ascending flow. */
	struct flow_use *from_flows, *to_flows;
	size_t from_count, to_count;
	char *services;			 /* "shop/web, shop/edge": for people; NULL until bound */
	bool observed;			 /* every app that it belongs to observes */
	struct flow_boundaries boundary; /* OPEN or DECLARED: declared if any app that it belongs to says so */
	bool unguarded;			 /* one of its services may use other addresses than its own */
};

/* Accepts NULL. */
void container_free(struct container *container);
CLEANUP_DEFINE(container, container_free)

/* The label's value or NULL. */
const char *container_label(const struct container *container, const char *key);

/* Sorts the labels and keeps the last of those that share a key. */
void container_sort_labels(struct container *container);

/* Same identity: what binding_bind reads. */
bool container_equal(const struct container *a, const struct container *b);

/* Completes what was told of a container with what was known of it before (NULL: nothing): its bindings, where it comes
 * without.  What one that is not started is going to publish counts as published from then on.  0 or -ENOMEM. */
int container_complete(struct container *container, const struct container *known);

/* Whether no port that it publishes, now or once it starts, is unknown.  A container that is NULL is not known. */
bool container_is_settled(const struct container *container);

struct endpoint {
	char *container; /* id; or the engine's own key where no container stands behind it (ep-…, lb-…) */
	char *name;	 /* what the network calls it */
	struct address ipv4, ipv6;
	uint8_t mac[6]; /* zero where unknown */
};

struct network {
	char *id, *name, *driver;
	char bridge[16]; /* link name of its bridge; "" for other drivers */
	bool managed;	 /* bridge driver and not excluded: set by whoever builds it */
	bool internal;
	char *parent;		    /* of macvlan and ipvlan: the link by which their packets leave; or NULL */
	char *icc;		    /* value of com.docker.network.bridge.enable_icc, or NULL where absent */
	struct endpoint *endpoints; /* sorted by container */
	size_t endpoint_count;
	uint64_t asked; /* when the engine was asked what this is the answer to; as a port's `seen` */
};

/* Accepts NULL. */
void network_free(struct network *network);
CLEANUP_DEFINE(network, network_free)

void network_sort_endpoints(struct network *network);

/* The engine's own endpoints (ep-…, lb-…, gateway_…) have keys that are no ids of containers. */
bool endpoint_is_container(const struct endpoint *endpoint);

/* Whether an endpoint of the network has that MAC, which is known. */
bool network_has_mac(const struct network *network, const uint8_t mac[6]);

/* The container's endpoint, or NULL. */
const struct endpoint *network_endpoint(const struct network *network, const char *container);

/* A place that changed: everything that concerns this endpoint is compiled anew. */
struct inventory_scope {
	struct {
		char network[65], container[65];
	} * items;
	size_t count;
	bool all; /* the list does not matter: look at everything */
};
void inventory_scope_clear(struct inventory_scope *scope);
int inventory_scope_add(struct inventory_scope *scope, const char *network, const char *container);

/* A port of a bridge, as rtnetlink tells. */
struct port {
	char bridge[16], name[16];
	uint8_t mac[6]; /* of its peer, inside the container; zero where unknown */
	int index;	/* the link's; an index and a name together are one port's alone */
	uint64_t seen;	/* when it was first seen, CLOCK_MONOTONIC in nanoseconds */
};

struct inventory {
	struct container **containers; /* sorted by id */
	size_t container_count;
	size_t sharing;		   /* how many of them use another one's network namespace */
	size_t publishing;	   /* how many of them publish ports */
	size_t unsettled;	   /* how many endpoints are of containers that are not settled, on whatever network */
	struct network **networks; /* sorted by id */
	size_t network_count;
	uint64_t asked;	    /* when the engine was asked which networks there are; as a port's `seen` */
	struct port *ports; /* sorted by bridge, MAC, name */
	size_t port_count;
	struct address *resolvers; /* the name servers that the engine's resolver asks for its containers */
	size_t resolver_count;
	/* Where the engine looks for a free port of the host when it has to choose one; 0 for its own default. */
	uint16_t chosen_first, chosen_last;
};

/* Sorts an array of ports as an inventory holds them. */
void inventory_sort_ports(struct port *ports, size_t count);

/* Whether the engine has been asked about the network since the port was there.  An address that is free is given away
 * again, with the same MAC, before we have heard that it was free (moby, libnetwork: an endpoint leaves the store
 * before its address is released): an older answer may name the port's predecessor. */
bool network_is_newer(const struct network *network, const struct port *port);

/* The only port of that bridge with that MAC.  NULL where there is none, and where there are several: who of them is
 * the endpoint cannot be told, so none is. */
const struct port *inventory_port(const struct inventory *inventory, const char *bridge, const uint8_t mac[6]);

/* Adds to the scope every endpoint whose port comes, goes or changes when the sorted array replaces the ports that the
 * inventory has.  0 or -ENOMEM. */
int inventory_port_changes(const struct inventory *inventory, const struct port *ports, size_t count,
			   struct inventory_scope *scope);

/* Replaces the ports by a sorted array, which is the inventory's from now on.  Does what inventory_port_changes does,
 * too, unless scope is NULL.  0 or -ENOMEM: then the inventory is as it was, and the array still the caller's.  Without
 * a scope it cannot fail. */
int inventory_set_ports(struct inventory *inventory, struct port *ports, size_t count, struct inventory_scope *scope);

/* NULL when out of memory. */
struct inventory *inventory_new(void);
/* Accepts NULL. */
void inventory_free(struct inventory *inventory);
CLEANUP_DEFINE(inventory, inventory_free)

struct container *inventory_container(const struct inventory *inventory, const char *id);
struct network *inventory_network(const struct inventory *inventory, const char *id);

/* Put takes ownership, replaces what has the same id (and frees it), and returns 0 or -ENOMEM (then the caller still
 * owns).  Remove frees; a missing id is no error. */
int inventory_put_container(struct inventory *inventory, struct container *container);
int inventory_put_network(struct inventory *inventory, struct network *network);
void inventory_remove_container(struct inventory *inventory, const char *id);
/* Its process has ended: what it publishes now is no more, what it is going to publish is as certain as its bindings.
 */
int inventory_end(struct inventory *inventory, struct container *container);

/* container_complete for one that the inventory holds. */
int inventory_complete(struct inventory *inventory, struct container *container, const struct container *known);
void inventory_remove_network(struct inventory *inventory, const char *id);

/* The container whose network namespace `container` uses: itself, or the one that it shares (NULL if not known). */
struct container *inventory_netns_owner(const struct inventory *inventory, struct container *container);

/* Whether what is denied to an owner of a network namespace passes: he, and everybody who shares it, is observed. */
bool inventory_observes(const struct inventory *inventory, const struct container *owner);

/* Whether another container than this one, which need not be in the inventory, publishes a port of the host that this
 * one publishes too, and both have endpoints: nothing is compiled for the others, and many a container that was stopped
 * would publish what its successor does.  It happens for a moment when one takes over from another.  A container that
 * is such, or becomes such, changes what is compiled for the other one: then everything has to be looked at. */
bool inventory_published_twice(const struct inventory *inventory, const struct container *container);

/* Adds to the scope what changes when `next` replaces the network of its id (next NULL: `id` is removed).  scope->all
 * is set when the network itself (name, bridge, managed) comes, goes or changes: then its own records change too; and
 * where published ports are claimed twice. */
int inventory_network_changes(const struct inventory *inventory, const char *id, const struct network *next,
			      struct inventory_scope *scope);

/* Adds every endpoint of the container, of the container whose network namespace it uses, and of every container that
 * gains or loses those who share its network namespace by name because this one comes, goes or is renamed.  scope->all
 * is set where published ports are claimed twice; what takes the container's place is not known here, see
 * inventory_published_twice. */
int inventory_container_changes(const struct inventory *inventory, const char *id, struct inventory_scope *scope);

#endif
