/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of docker_watch, for its files alone: what a watch remembers.  docker_watch_queries.c asks, each question
 * once, docker_watch_late.c once more; docker_watch_snapshot.c puts the first answers together, docker_watch_events.c
 * listens, docker_watch_answers.c understands, docker_watch.c begins.
 */
#ifndef BULKHEAD_DOCKER_WATCH_STATE_H
#define BULKHEAD_DOCKER_WATCH_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "docker_client.h"
#include "docker_watch_handler.h"
#include "loop.h"

#define DOCKER_WATCH_TIMEOUT_MS 10000
#define BACKOFF_MIN_MS		100
#define BACKOFF_LOCAL_MS	250 /* a unix socket costs nothing to try, and until then declared flows may be closed */
#define BACKOFF_REMOTE_MS	10000
/* The engine drops events of a reader that is 1,024 behind, and does not say so (moby, pkg/pubsub): after that many in
 * one go, look at everything. */
#define BURST	 512
#define BURST_MS 1000
/* A snapshot that was asked for while another one was taken begins so long after that one. */
#define STALE_MS 200
/* Subscribed from so long ago; and anew after so long a silence. */
#define SINCE_S	 2
#define QUIET_MS 30000
/* Belt and braces: whatever was missed is found within this. */
#define RESYNC_MS (5 * 60 * 1000)

/* Engines tell of some changes before their lists show them (20.10: an end, a rename, under load): whatever an event
 * was about is looked at once more. */
#define LATE_MS 250
/* Everything is looked at again so long after a network's answer was of no use. */
#define DOUBT_MS 10000

struct late {
	char id[128];
	uint64_t due_ns;
	bool again; /* another event came meanwhile */
};

enum query_kind {
	QUERY_VERSION,
	QUERY_INFO,
	QUERY_CONTAINERS, /* all of them */
	QUERY_NETWORKS,
	QUERY_NETWORK,	 /* one with its endpoints */
	QUERY_CONTAINER, /* one's identity, from the list: answers at once, also while the container starts */
	QUERY_IMAGE,	 /* one's image as it was created from, where the list only has a digest */
	QUERY_BINDINGS,	 /* what one publishes whenever it starts */
};

struct query {
	struct query *next;
	struct docker_watch *watch;
	enum query_kind kind;
	char id[128];
	bool snapshot; /* belongs to the snapshot being built */
	bool again;    /* asked for again while it was under way */
	uint64_t event_ns;
	struct docker_request *request; /* NULL: waiting */
	struct container *bindings;	/* of CONTAINER: the answer to BINDINGS, which was there first */
};

/* Timers; the function of each stands in the table of docker_watch.c. */
enum watch_timer {
	WATCH_BEGIN,   /* begins, after a loss again */
	WATCH_AGAIN,   /* everything is looked at: somebody wants it */
	WATCH_RESYNC,  /* … now and then */
	WATCH_DOUBT,   /* … because a network's answer was of no use */
	WATCH_PUMP,    /* sends queries that wait */
	WATCH_OPENING, /* the event stream does not open */
	WATCH_QUIET,   /* the event stream is silent */
	WATCH_LATE,    /* the first of `late` is due */
	WATCH_TIMERS,
};

struct docker_watch {
	struct docker_client *client;
	const struct docker_watch_handler *handler;
	void *data;
	bool follow;
	docker_response_fn *answered; /* every answer to every question goes there; its data is the query */

	struct docker_version version;
	struct docker_info info;
	struct docker_request *stream;
	struct query *queries;
	struct query **tail;
	size_t under_way;
	struct inventory *building; /* the snapshot that is being taken, or NULL */
	bool synced;		    /* a snapshot was handed on since the last loss */
	bool stale;		    /* another snapshot is wanted after this one */
	unsigned backoff_ms;
	size_t burst; /* events since burst_began */
	uint64_t burst_began_ns;
	char reason[512];  /* why it was lost last, to say it once */
	struct late *late; /* containers that are looked at again, the first due first */
	size_t late_count, late_room;
	struct loop_timer *timers[WATCH_TIMERS];
};

/* Forgets what is asked, heard and put together, and stops every timer but the one that begins anew. */
void docker_watch_drop(struct docker_watch *watch);
/* The connection, or something about it, is no good: drops everything and tries again later. */
void docker_watch_lose(struct docker_watch *watch, const char *reason);
/* A network of which the engine does not tell must not hide the others: it is asked about again, DOUBT_MS from now. */
void docker_watch_doubt_network(struct docker_watch *watch, const struct query *query,
				const struct docker_response *response);
/* Another snapshot is wanted, soon: once however often this is said before it is taken. */
void docker_watch_want_snapshot(struct docker_watch *watch);

#endif
