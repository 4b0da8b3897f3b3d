/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "docker_watch.h"

#include <stdlib.h>

#include "docker_watch_answers.h"
#include "docker_watch_events.h"
#include "docker_watch_late.h"
#include "docker_watch_queries.h"
#include "docker_watch_snapshot.h"

static void look_again(void *data)
{
	struct docker_watch *watch = data;

	if (watch->building)
		watch->stale = true;
	else if (watch->synced)
		docker_watch_take_snapshot(watch);
}

static void begin(void *data)
{
	struct docker_watch *watch = data;

	docker_watch_drop(watch);
	/* It may be another engine than the last time. */
	if (docker_client_set_version(watch->client, NULL, NULL) == 0)
		docker_watch_look(watch, QUERY_VERSION, "", false, 0);
}

static loop_timer_fn *const timer_functions[WATCH_TIMERS] = {
	[WATCH_BEGIN] = begin,
	[WATCH_AGAIN] = look_again,
	[WATCH_RESYNC] = look_again,
	[WATCH_DOUBT] = look_again,
	[WATCH_PUMP] = docker_watch_pump,
	[WATCH_OPENING] = docker_watch_stream_overdue,
	[WATCH_QUIET] = docker_watch_renew_stream,
	[WATCH_LATE] = docker_watch_look_at_due,
};

void docker_watch_container(struct docker_watch *watch, const char *id)
{
	docker_watch_look_from_loop(watch, QUERY_CONTAINER, id);
}

void docker_watch_bindings(struct docker_watch *watch, const char *id)
{
	docker_watch_look_from_loop(watch, QUERY_BINDINGS, id);
}

void docker_watch_network(struct docker_watch *watch, const char *id)
{
	docker_watch_look_from_loop(watch, QUERY_NETWORK, id);
}

void docker_watch_networks(struct docker_watch *watch)
{
	if (watch->synced && docker_watch_ask(watch, QUERY_NETWORKS, "", false, 0) == 0)
		loop_timer_set(watch->timers[WATCH_PUMP], 0);
}

void docker_watch_everything(struct docker_watch *watch)
{
	docker_watch_want_snapshot(watch);
}

int docker_watch_new(struct loop *loop, struct docker_client *client, bool follow,
		     const struct docker_watch_handler *handler, void *data, struct docker_watch **ret_watch,
		     struct error *err)
{
	struct docker_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return error_oom(err);
	watch->client = client;
	watch->follow = follow;
	watch->handler = handler;
	watch->data = data;
	watch->answered = docker_watch_answered;
	watch->tail = &watch->queries;
	watch->backoff_ms = BACKOFF_MIN_MS;
	for (size_t i = 0; i < WATCH_TIMERS; i++) {
		watch->timers[i] = loop_timer_new(loop, timer_functions[i], watch);
		if (!watch->timers[i]) {
			docker_watch_free(watch);
			return error_oom(err);
		}
	}
	loop_timer_set(watch->timers[WATCH_BEGIN], 0);
	*ret_watch = watch;
	return 0;
}

void docker_watch_free(struct docker_watch *watch)
{
	if (!watch)
		return;
	docker_watch_drop(watch);
	for (size_t i = 0; i < WATCH_TIMERS; i++)
		loop_timer_free(watch->timers[i]);
	free(watch->late);
	free(watch);
}
