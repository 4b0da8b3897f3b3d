/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Follows one engine: subscribe, then snapshot, then follow; reconnect with backoff and start over.  Events only say
 * where to look again: what is handed on is always what the engine answered when it was asked.
 */
#ifndef BULKHEAD_DOCKER_WATCH_H
#define BULKHEAD_DOCKER_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "cleanup.h"
#include "docker_client.h"
#include "docker_json.h"
#include "error.h"
#include "inventory.h"
#include "loop.h"

/* When things happened, CLOCK_MONOTONIC in nanoseconds: for the log of what a change cost. */
struct docker_watch_times {
	uint64_t event;	   /* the event was read; 0 if none caused this */
	uint64_t sent;	   /* the request that answers it went out */
	uint64_t received; /* its answer was there */
};

struct docker_watch_handler {
	/* Everything, as of now.  The inventory is the handler's. */
	void (*snapshot)(struct inventory *inventory, const struct docker_info *info,
			 const struct docker_version *version, void *data);
	/* One network or container as it is now; NULL: it is gone.  What is handed over is the handler's. */
	void (*network)(const char *id, struct network *network, const struct docker_watch_times *times, void *data);
	void (*container)(const char *id, struct container *container, void *data);
	/* What a container publishes whenever it starts, which the list does not tell.  Only its bindings count: what
	 * else it says may be older than what came before.  Of the container, too, the handler is the owner. */
	void (*bindings)(const char *id, struct container *container, void *data);
	/* The container's process has ended; the engine's lists may still have it running for a moment. */
	void (*ended)(const char *id, void *data);
	/* The engine cannot be reached, or does not answer as one; called once for each new reason.  The next thing
	 * to come is a snapshot. */
	void (*lost)(const char *reason, void *data);
};

struct docker_watch;

/* follow: stay subscribed and reconnect; else one snapshot (or one lost) is all.  Nothing happens before the loop
 * runs.  Borrows loop, client and handler. */
int docker_watch_new(struct loop *loop, struct docker_client *client, bool follow,
		     const struct docker_watch_handler *handler, void *data, struct docker_watch **ret_watch,
		     struct error *err);
/* Accepts NULL. */
void docker_watch_free(struct docker_watch *watch);
CLEANUP_DEFINE(docker_watch, docker_watch_free)

/* Look at that container, that network, or everything, again. */
void docker_watch_container(struct docker_watch *watch, const char *id);
/* Ask for the bindings of one that is not started, and not known with them.  (One that was just created is asked by
 * itself.)  While it starts the engine does not answer: then nothing comes. */
void docker_watch_bindings(struct docker_watch *watch, const char *id);
void docker_watch_network(struct docker_watch *watch, const char *id);
void docker_watch_everything(struct docker_watch *watch);

#endif
