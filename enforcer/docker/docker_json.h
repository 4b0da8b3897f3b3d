/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine's JSON to our structs: pure, and safe against anything that an engine, or a label, may say.  Every text
 * has a NUL at text[length], as docker_client gives it: some releases of cJSON look one byte past the end.
 */
#ifndef BULKHEAD_DOCKER_JSON_H
#define BULKHEAD_DOCKER_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"
#include "inventory.h"
#include "texts.h"

struct docker_version {
	char version[64];	  /* "20.10.24+dfsg1" */
	char api_version[16];	  /* the newest that it speaks, "1.41" */
	char min_api_version[16]; /* the oldest; "" if it does not say */
};
/* GET /version */
int docker_json_version(const char *text, size_t length, struct docker_version *ret_version, struct error *err);

/* The newest API version that both sides speak; ours are 1.24 to 1.47.  -EPROTO and a sentence if there is none. */
int docker_json_negotiate(const struct docker_version *version, char ret_api[16], struct error *err);

struct docker_info {
	bool rootless;		   /* SecurityOptions has name=rootless */
	bool swarm;		   /* Swarm.LocalNodeState is active */
	bool nftables;		   /* FirewallBackend.Driver starts with nftables (engine >= 29) */
	char firewall_backend[32]; /* FirewallBackend.Driver, "" where absent */
	char id[128];
};
/* GET /info */
int docker_json_info(const char *text, size_t length, struct docker_info *ret_info, struct error *err);

/* GET /containers/json?all=1 : containers are the caller's, in an array that is too.  One that is not understood is
 * left out, so that it cannot hide the others: whom nobody knows is closed. */
int docker_json_containers(const char *text, size_t length, struct container ***ret_containers, size_t *ret_count,
			   struct error *err);

/* GET /containers/ID/json : one container; used for the image's own reference, and for its bindings. */
int docker_json_container(const char *text, size_t length, struct container **ret_container, struct error *err);

/* What makes a container the host, or lets it become it. */
struct docker_exposure {
	bool privileged;
	bool net_admin;	   /* NET_ADMIN, or ALL, was added to its capabilities */
	bool host_network; /* NetworkMode host */
	/* Words like "SYS_ADMIN" for capabilities that were added and let it become the host; and "SYS_PTRACE" only
	 * beside the host's processes (PidMode host). */
	struct texts host_capabilities;
	struct texts sources; /* of the host's folders and files that it has */
	struct texts volumes; /* names of those of the driver "local" that it has */
};
/* GET /containers/ID/json.  -EPROTO also where it has no HostConfig: then nothing is known of it. */
int docker_json_exposure(const char *text, size_t length, struct docker_exposure *ret_exposure, struct error *err);
void docker_exposure_clear(struct docker_exposure *exposure);

/* Volumes that are a folder or file of the host's under another name (type=none, o=bind, device=…). */
struct docker_volumes {
	struct texts names, devices; /* as many of each, in the same order */
};
/* GET /volumes */
int docker_json_volumes(const char *text, size_t length, struct docker_volumes *ret_volumes, struct error *err);
void docker_volumes_clear(struct docker_volumes *volumes);

/* GET /networks : ids and names, without endpoints; one that is not understood is left out.  GET /networks/ID : one
 * with its endpoints.  `managed` is true for the bridge driver, also where `bridge` is "" because its name cannot be
 * told; exclusion by name is the caller's. */
int docker_json_networks(const char *text, size_t length, struct network ***ret_networks, size_t *ret_count,
			 struct error *err);
int docker_json_network(const char *text, size_t length, struct network **ret_network, struct error *err);

enum docker_event_type {
	DOCKER_EVENT_OTHER, /* nothing that concerns us */
	DOCKER_EVENT_CONTAINER,
	DOCKER_EVENT_NETWORK,
	DOCKER_EVENT_DAEMON,
};
struct docker_event {
	enum docker_event_type type;
	char action[64];
	char id[128];	     /* Actor.ID: of the container or the network */
	char container[128]; /* for network connect/disconnect: Actor.Attributes.container */
};
/* A line of GET /events.  Only Type, Action, Actor.ID and, for networks, the container are read: the other attributes
 * can be overwritten by labels. */
int docker_json_event(const char *text, size_t length, struct docker_event *ret_event, struct error *err);

/* The containers, networks arrays as a whole. Accept NULL. */
void docker_json_free_containers(struct container **containers, size_t count);
void docker_json_free_networks(struct network **networks, size_t count);

#endif
