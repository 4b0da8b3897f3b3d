/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of docker_watch, for its files alone: the questions to the engine. */
#ifndef BULKHEAD_DOCKER_WATCH_QUERIES_H
#define BULKHEAD_DOCKER_WATCH_QUERIES_H

#include "docker_watch_state.h"

/* Whether this may be part of a path: the engine's ids are hex digits, and nothing but a name's characters is let
 * through. */
bool docker_watch_is_id(const char *id);

/* Asks for something, once however often it is asked for before the answer is there; `look` also starts it.  ask: 0,
 * -EINVAL (id is too long), -ENOMEM. */
int docker_watch_ask(struct docker_watch *watch, enum query_kind kind, const char *id, bool snapshot,
		     uint64_t event_ns);
void docker_watch_look(struct docker_watch *watch, enum query_kind kind, const char *id, bool snapshot,
		       uint64_t event_ns);
/* For callers outside the watch: asks once there was a snapshot, and the loop starts it. */
void docker_watch_look_from_loop(struct docker_watch *watch, enum query_kind kind, const char *id);
/* Starts what waits, as far as there is room; data is the watch. */
void docker_watch_pump(void *data);
void docker_watch_remove_query(struct query *query);
/* The question of that kind about that id, of no snapshot, or NULL. */
struct query *docker_watch_find_query(const struct docker_watch *watch, enum query_kind kind, const char *id);

#endif
