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

struct container {
	char *id;
	char *name;		   /* without the leading slash */
	char *image;		   /* as the container was created from, where the engine tells */
	struct flow_label *labels; /* sorted by key, each key once */
	size_t label_count;
	char *shares; /* id (or its prefix, or a name) of the container whose network namespace it uses, or NULL */
	bool running;
	/* Filled by binding_bind: what it may be a source or a destination of, by ascending flow. */
	struct flow_use *from_flows, *to_flows;
	size_t from_count, to_count;
	char *services; /* "shop/web, shop/edge": for people; NULL until bound */
	bool observed;	/* every app that it belongs to observes */
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
	char *icc;		    /* value of com.docker.network.bridge.enable_icc, or NULL where absent */
	struct endpoint *endpoints; /* sorted by container */
	size_t endpoint_count;
};

/* Accepts NULL. */
void network_free(struct network *network);
CLEANUP_DEFINE(network, network_free)

void network_sort_endpoints(struct network *network);

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

struct inventory {
	struct container **containers; /* sorted by id */
	size_t container_count;
	size_t sharing;		   /* how many of them use another one's network namespace */
	struct network **networks; /* sorted by id */
	size_t network_count;
};

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
void inventory_remove_network(struct inventory *inventory, const char *id);

/* The container whose network namespace `container` uses: itself, or the one that it shares (NULL if not known). */
struct container *inventory_netns_owner(const struct inventory *inventory, struct container *container);

/* Adds to the scope what changes when `next` replaces the network of its id (next NULL: `id` is removed).  scope->all
 * is set when the network itself (name, bridge, managed) comes, goes or changes: then its own records change too. */
int inventory_network_changes(const struct inventory *inventory, const char *id, const struct network *next,
			      struct inventory_scope *scope);

/* Adds every endpoint of the container, of the container whose network namespace it uses, and of every container that
 * gains or loses those who share its network namespace by name because this one comes, goes or is renamed. */
int inventory_container_changes(const struct inventory *inventory, const char *id, struct inventory_scope *scope);

#endif
