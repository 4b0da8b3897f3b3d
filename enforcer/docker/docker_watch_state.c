/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "docker_watch_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

static void drop_queries(struct docker_watch *watch)
{
	while (watch->queries) {
		struct query *next = watch->queries->next;

		docker_request_cancel(watch->queries->request);
		container_free(watch->queries->bindings);
		free(watch->queries);
		watch->queries = next;
	}
	watch->tail = &watch->queries;
	watch->under_way = 0;
}

void docker_watch_drop(struct docker_watch *watch)
{
	drop_queries(watch);
	docker_request_cancel(watch->stream);
	watch->stream = NULL;
	inventory_free(watch->building);
	watch->building = NULL;
	watch->stale = false;
	watch->burst = 0;
	for (size_t i = 0; i < WATCH_TIMERS; i++) {
		if (i != WATCH_BEGIN)
			loop_timer_stop(watch->timers[i]);
	}
	watch->late_count = 0;
}

void docker_watch_lose(struct docker_watch *watch, const char *reason)
{
	unsigned limit = docker_client_remote(watch->client) ? BACKOFF_REMOTE_MS : BACKOFF_LOCAL_MS;
	bool news = watch->synced || strcmp(watch->reason, reason) != 0;

	docker_watch_drop(watch);
	watch->synced = false;
	snprintf(watch->reason, sizeof(watch->reason), "%s", reason);
	if (watch->follow) {
		loop_timer_set(watch->timers[WATCH_BEGIN], watch->backoff_ms);
		watch->backoff_ms = watch->backoff_ms * 2 > limit ? limit : watch->backoff_ms * 2;
	}
	if (news)
		watch->handler->lost(watch->reason, watch->data);
}

void docker_watch_doubt_network(struct docker_watch *watch, const struct query *query,
				const struct docker_response *response)
{
	log_warning("%s: the engine's answer about network %s is of no use (status %d): what is not known of it stays "
		    "closed",
		    docker_client_url(watch->client), query->id, response->status);
	if (watch->follow)
		loop_timer_set(watch->timers[WATCH_DOUBT], DOUBT_MS);
}

void docker_watch_want_snapshot(struct docker_watch *watch)
{
	if ((watch->synced || watch->building) && !loop_timer_armed(watch->timers[WATCH_AGAIN]))
		loop_timer_set(watch->timers[WATCH_AGAIN], 0);
}
