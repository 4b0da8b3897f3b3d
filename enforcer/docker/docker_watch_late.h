/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of docker_watch, for its files alone: a second look at what an event was about. */
#ifndef BULKHEAD_DOCKER_WATCH_LATE_H
#define BULKHEAD_DOCKER_WATCH_LATE_H

#include "docker_watch_state.h"

/* Looks at that container once more, LATE_MS from now. */
void docker_watch_look_late(struct docker_watch *watch, const char *id);
/* A timer's; data is the watch.  What is due is looked at. */
void docker_watch_look_at_due(void *data);

#endif
