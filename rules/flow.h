/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The policy language's model: what one flow file says, after parsing, before any container is known. */
#ifndef BULKHEAD_FLOW_H
#define BULKHEAD_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "cleanup.h"

enum flow_mode {
	FLOW_MODE_DEFAULT, /* the host's, from the configuration */
	FLOW_MODE_ENFORCE,
	FLOW_MODE_OBSERVE, /* would-be denials are recorded and let through */
};

enum flow_boundary {
	FLOW_BOUNDARY_DEFAULT, /* the host's, from the configuration */
	FLOW_BOUNDARY_OPEN,
	FLOW_BOUNDARY_DECLARED,
};

struct flow_boundaries {
	enum flow_boundary ingress, egress, host;
};

enum flow_protocol {
	FLOW_TCP,
	FLOW_UDP,
	FLOW_SCTP,
	FLOW_ICMP, /* echo, of both families */
	FLOW_ANY,  /* every protocol and port */
};

struct flow_port {
	enum flow_protocol protocol;
	uint16_t first, last; /* inclusive; 0 and 65535 for a protocol alone */
};

enum flow_peer_kind {
	FLOW_PEER_SERVICE, /* app and service */
	FLOW_PEER_APP,	   /* app: every container of it */
	FLOW_PEER_ALL,	   /* every container of every app */
	FLOW_PEER_WORLD,
	FLOW_PEER_HOST,
};

struct flow_peer {
	enum flow_peer_kind kind;
	char *app;     /* for SERVICE and APP; the file's own app for a bare name */
	char *service; /* for SERVICE */
	unsigned line, column;
};

struct flow {
	struct flow_peer *from, *to;
	size_t from_count, to_count; /* both at least one */
	struct flow_port *ports;
	size_t port_count; /* at least one */
	struct cidr *cidrs;
	size_t cidr_count;
	char *note; /* or NULL */
	unsigned line, column;
};

struct flow_label {
	char *key, *value;
};

/* A service definition; every criterion that is given must match. */
struct flow_service {
	char *name;
	char *compose;	 /* Compose service in the project named like the app, or NULL */
	char *swarm;	 /* full Swarm service name, or NULL */
	char *container; /* shell pattern on the container's name, or NULL */
	char *image;	 /* shell pattern on the image reference, or NULL */
	struct flow_label *labels;
	size_t label_count;
	bool unguarded; /* "guard": "off": it routes for others, so it may use addresses that are not its own */
	unsigned line, column;
};

struct flow_app {
	char *name;
	char *file; /* where it was read from, for messages */
	enum flow_mode mode;
	struct flow_boundaries boundary;
	struct flow_service *services;
	size_t service_count;
	struct flow *flows;
	size_t flow_count;
	unsigned line, column; /* of the app's name */
};

/* Accepts NULL. */
void flow_app_free(struct flow_app *app);
CLEANUP_DEFINE(flow_app, flow_app_free)

/* A deep copy; NULL when out of memory. */
struct flow_app *flow_app_copy(const struct flow_app *app);

/* The apps of a host, sorted by name, each name once.  Owns them. */
struct flow_set {
	struct flow_app **apps;
	size_t count;
};

/* Accepts NULL. */
void flow_set_free(struct flow_set *set);
CLEANUP_DEFINE(flow_set, flow_set_free)

/* The app of that name, or NULL. */
struct flow_app *flow_set_find(const struct flow_set *set, const char *name);

/* The definition of that name in the app, or NULL where the name stands for the Compose or Swarm service. */
const struct flow_service *flow_app_service(const struct flow_app *app, const char *name);

/* Names that may stand for an app or a service: 1 to 63 of [A-Za-z0-9_.-], the first a letter or digit. */
#define FLOW_NAME_MAX 63

const char *flow_protocol_name(enum flow_protocol protocol);
const char *flow_mode_name(enum flow_mode mode);
const char *flow_boundary_name(enum flow_boundary boundary);

#endif
