/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of docker_watch, for its files alone: everything at once. */
#ifndef BULKHEAD_DOCKER_WATCH_SNAPSHOT_H
#define BULKHEAD_DOCKER_WATCH_SNAPSHOT_H

#include "docker_watch_state.h"

/* Asks for everything anew; what was being put together is forgotten. */
void docker_watch_take_snapshot(struct docker_watch *watch);
/* An answer to one of its questions. */
int docker_watch_snapshot_part(struct docker_watch *watch, const struct query *query,
			       const struct docker_response *response, struct error *err);
bool docker_watch_snapshot_complete(const struct docker_watch *watch);
/* The handler may free the watch. */
void docker_watch_hand_snapshot_on(struct docker_watch *watch);

#endif
