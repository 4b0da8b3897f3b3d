/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What docker_watch tells, and whom. */
#ifndef BULKHEAD_DOCKER_WATCH_HANDLER_H
#define BULKHEAD_DOCKER_WATCH_HANDLER_H

#include <stdint.h>

#include "docker_json.h"
#include "inventory.h"

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
	/* Which networks there were when this was asked, CLOCK_MONOTONIC in nanoseconds: without endpoints, and the
	 * watch's.  NULL where nobody asks with docker_watch_networks. */
	void (*listed)(struct network *const *networks, size_t count, uint64_t asked, void *data);
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

#endif
