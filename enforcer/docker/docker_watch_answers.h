/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of docker_watch, for its files alone: what the engine's answers mean. */
#ifndef BULKHEAD_DOCKER_WATCH_ANSWERS_H
#define BULKHEAD_DOCKER_WATCH_ANSWERS_H

#include "docker_request.h"

/* Every answer to every question comes here; data is the query. */
void docker_watch_answered(const struct docker_response *response, void *data);

#endif
