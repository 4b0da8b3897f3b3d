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

/* A flow that a container takes part in, and the first of the flow's peers that it is. */
struct flow_use {
	uint32_t flow; /* index in the binding */
	uint32_t peer; /* index in flow->from or flow->to */
};

/* A container's port that can be reached at an address of the host. */
struct published_port {
	struct address address; /* the host's; all bytes zero: any of that family */
	uint8_t protocol;	/* IPPROTO_TCP, …UDP, …SCTP */
	uint16_t host_port, container_port;
};

struct container {
	char *id;
	char *name;		   /* without the leading slash */
	char *image;		   /* from which the container was created, if the engine tells */
	struct flow_label *labels; /* sorted by key, each key once */
	size_t label_count;
	char *shares; /* id (or its prefix, or a name) of the container whose network namespace it uses, or NULL */
	bool obscure; /* something that it says of itself is longer than anybody reads: see binding_bind */
	bool running;
	/* Its process runs.  What it publishes is known since then: the engine chooses ports while it starts a
	 * container. */
	bool started;
	struct published_port *published; /* sorted, each once */
	size_t published_count;
	/* What the engine opens at its own addresses instead, on networks that it routes to; host_port is 0.  Flows say
	 * who gets there, so nothing is compiled of it, and only verify asks for it. */
	struct published_port *direct; /* sorted, each once */
	size_t direct_count;
	/* What it publishes whenever it starts; this never changes.  The engine tells only of a container that is not
	 * started, and only when it is asked. */
	bool bindings_known;
	struct published_port *bindings; /* sorted, each once; every port of a range that the engine chooses from */
	size_t binding_count;
	bool chooses; /* the engine chooses at least one port of the host, besides these or instead */
	/* Filled by binding_bind: the flows of which it may be a source or a destination, in ascending order. */
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

/* Sorts the labels, and keeps one of those that share a key. */
void container_sort_labels(struct container *container);

/* Whether both have the same identity: all that binding_bind reads. */
bool container_equal(const struct container *a, const struct container *b);

/* Adds the bindings that were known of a container before (NULL: nothing was), if it comes without.  The bindings of a
 * container that is not started then count as published.  0 or -ENOMEM. */
int container_complete(struct container *container, const struct container *known);

/* Whether every port that it publishes, now or once it starts, is known.  NULL, a container that nobody knows, is not
 * settled. */
bool container_is_settled(const struct container *container);

struct endpoint {
	char *container; /* its id; the engine's own key if it is no container (ep-…, lb-…) */
	char *name;	 /* what the network calls it */
	struct address ipv4, ipv6;
	uint8_t mac[6]; /* zero where unknown */
	int held;	/* the link of the port behind which it lives since nobody else had its MAC; 0: none yet */
};

struct network {
	char *id, *name, *driver;
	char bridge[16]; /* link name of its bridge; "" for other drivers */
	bool managed;	 /* its driver is bridge, and it is not excluded; its maker sets this */
	bool internal;
	char *parent;		      /* of macvlan and ipvlan: the link by which their packets leave; or NULL */
	bool routed4, routed6;	      /* the engine routes to its containers in that family, without NAT */
	struct cidr subnet4, subnet6; /* the first of each family; its base has none where the engine tells none */
	char *icc;		      /* value of com.docker.network.bridge.enable_icc, or NULL where absent */
	struct endpoint *endpoints;   /* sorted by container */
	size_t endpoint_count;
	uint64_t asked; /* when the engine was asked for it; on the clock of a port's `seen` */
};

/* Accepts NULL. */
void network_free(struct network *network);
CLEANUP_DEFINE(network, network_free)

void network_sort_endpoints(struct network *network);

/* Whether it is a container's.  The engine's own endpoints (ep-…, lb-…, gateway_…) have keys that are no ids. */
bool endpoint_is_container(const struct endpoint *endpoint);

/* Whether its key is "ep-…": the engine has made it, and not told whose it is. */
bool endpoint_is_ownerless(const struct endpoint *endpoint);

/* Whether the engine has made it and not given it to its container yet, so that its key is "ep-…".  Its port is there
 * by then, and its process is not.  Swarm's own on docker_gwbridge are no newcomers. */
bool endpoint_is_newcomer(const struct network *network, const struct endpoint *endpoint);

/* Whether the engine has told whose the endpoint with that MAC is.  False for an unknown MAC, and as long as the
 * endpoint's key is "ep-…". */
bool network_tells_of(const struct network *network, const uint8_t mac[6]);

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
	uint8_t mac[6];	       /* of its peer, inside the container; zero where unknown */
	uint8_t bridge_mac[6]; /* of the bridge itself, by which the host speaks; zero where unknown */
	int index;	       /* the link's; no two ports have the same index and name */
	bool paired;	       /* it has another end (veth): the engine makes no other ports */
	uint64_t seen;	       /* when it was first seen, CLOCK_MONOTONIC in nanoseconds */
};

struct inventory {
	struct container **containers; /* sorted by id */
	size_t container_count;
	size_t sharing;		   /* how many of them use another one's network namespace */
	size_t publishing;	   /* how many of them publish ports */
	size_t unsettled;	   /* how many endpoints, on all networks, belong to containers that are not settled */
	struct network **networks; /* sorted by id */
	size_t network_count;
	uint64_t asked;	    /* when the engine was asked which networks there are; on the clock of a port's `seen` */
	struct port *ports; /* sorted by bridge, MAC, name */
	size_t port_count;
	struct address *resolvers; /* name servers that the engine's resolver asks on behalf of containers */
	size_t resolver_count;
	/* The range from which the engine chooses a free port of the host; 0: its own default. */
	uint16_t chosen_first, chosen_last;
	/* Ports that the host's own sockets serve, sorted: no container that starts can get one of them. */
	struct published_port *held;
	size_t held_count;
};

/* Gives the network's newcomers, which bear their containers' names, their containers' ids, as the engine itself is
 * going to do: so their flows stand before their processes do.  The network need not be the inventory's.  0 or -ENOMEM.
 */
int inventory_name_newcomers(const struct inventory *inventory, struct network *network);

/* Sorts ports in the order of an inventory. */
void inventory_sort_ports(struct port *ports, size_t count);

/* Whether the engine was asked about the network after the port was there.  An older answer may name the port's
 * predecessor: the engine gives an address away again, with the same MAC, before we hear that it was free (moby,
 * libnetwork: an endpoint leaves the store before its address is released). */
bool network_is_newer(const struct network *network, const struct port *port);

/* The ports of that bridge with that MAC: how many, and the first of them. */
size_t inventory_ports_of(const struct inventory *inventory, const char *bridge, const uint8_t mac[6],
			  const struct port **ret_first);

/* The port behind which the endpoint lives.  Who had his MAC first keeps his place: a port that comes with it later
 * takes nothing from him.  NULL where nobody can tell. */
const struct port *inventory_place(const struct inventory *inventory, const struct network *network,
				   const struct endpoint *endpoint);

/* Remembers where the scope's endpoints, or all of them (NULL), live.  To be called after each change. */
void inventory_hold(struct inventory *inventory, const struct inventory_scope *scope);

struct policy;
/* Takes over from a finished policy, which the kernel holds, where endpoints live of which nobody else can tell. */
void inventory_adopt(struct inventory *inventory, const struct policy *policy);

/* Takes over from `before`, which may be NULL, where endpoints live that are the same in both. */
void network_keep_places(struct network *network, const struct network *before);

/* The port of that bridge with that MAC.  NULL if there is none, or if there are several: nobody can tell which of them
 * is the endpoint's. */
const struct port *inventory_port(const struct inventory *inventory, const char *bridge, const uint8_t mac[6]);

/* Adds to the scope every endpoint whose port comes, goes or changes when the sorted array replaces the inventory's
 * ports.  0 or -ENOMEM. */
int inventory_port_changes(const struct inventory *inventory, const struct port *ports, size_t count,
			   struct inventory_scope *scope);

/* Replaces the ports by a sorted array, and takes it.  Also does what inventory_port_changes does, unless scope is
 * NULL.  0, or -ENOMEM: the inventory is unchanged, and the caller still owns the array.  Without a scope it cannot
 * fail. */
int inventory_set_ports(struct inventory *inventory, struct port *ports, size_t count, struct inventory_scope *scope);

/* NULL when out of memory. */
struct inventory *inventory_new(void);
/* Accepts NULL. */
void inventory_free(struct inventory *inventory);
CLEANUP_DEFINE(inventory, inventory_free)

struct container *inventory_container(const struct inventory *inventory, const char *id);
struct network *inventory_network(const struct inventory *inventory, const char *id);

/* Put takes what it is given, and frees what had the same id.  0, or -ENOMEM: the caller still owns it.  Remove frees;
 * a missing id is no error. */
int inventory_put_container(struct inventory *inventory, struct container *container);
int inventory_put_network(struct inventory *inventory, struct network *network);
void inventory_remove_container(struct inventory *inventory, const char *id);
/* The container's process has ended: it publishes nothing now; its bindings count as published, for when it starts
 * again.  0 or -ENOMEM. */
int inventory_end(struct inventory *inventory, struct container *container);

/* container_complete for a container of the inventory.  0 or -ENOMEM. */
int inventory_complete(struct inventory *inventory, struct container *container, const struct container *known);
void inventory_remove_network(struct inventory *inventory, const char *id);

/* The container whose network namespace `container` uses: itself, or another one whose namespace it shares.  NULL if
 * that one is not known. */
struct container *inventory_netns_owner(const struct inventory *inventory, struct container *container);

/* Whether denied packets to the owner of a network namespace pass: the owner and all who share the namespace are
 * observed. */
bool inventory_observes(const struct inventory *inventory, const struct container *owner);

/* Whether two containers with endpoints, this one and another, publish the same port of the host; this one need not be
 * in the inventory.  It happens for a moment when one takes over from the other.  Then a change of one changes what is
 * compiled for the other, and everything has to be looked at.  Containers without endpoints do not count: nothing is
 * compiled for them, and many a stopped container would publish the port of its successor. */
bool inventory_published_twice(const struct inventory *inventory, const struct container *container);

/* Adds to the scope what changes when `next` replaces the network with that id (next NULL: the network is removed).
 * Sets scope->all if the network itself (name, bridge, managed) comes, goes or changes, because then its own records
 * change too; and if a published port is claimed twice. */
int inventory_network_changes(const struct inventory *inventory, const char *id, const struct network *next,
			      struct inventory_scope *scope);

/* Adds to the scope what changes when the container comes, goes or changes: its endpoints; those of the container whose
 * network namespace it uses; and those of every container that others share by name, if this one comes to have that
 * name or loses it.  Sets scope->all if a published port is claimed twice; what the container changes to is not known
 * here, see inventory_published_twice. */
int inventory_container_changes(const struct inventory *inventory, const char *id, struct inventory_scope *scope);

#endif
