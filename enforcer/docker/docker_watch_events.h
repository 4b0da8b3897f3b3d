/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of docker_watch, for its files alone: the stream of events. */
#ifndef BULKHEAD_DOCKER_WATCH_EVENTS_H
#define BULKHEAD_DOCKER_WATCH_EVENTS_H

#include "docker_watch_state.h"

/* With the version known: subscribe, then take a snapshot. */
void docker_watch_connect(struct docker_watch *watch);
/* Timers'; data is the watch.  The headers of the stream have not come; nothing has come for long. */
void docker_watch_stream_overdue(void *data);
void docker_watch_renew_stream(void *data);

#endif
