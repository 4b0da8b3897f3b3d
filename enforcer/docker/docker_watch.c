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
	watch->retry = loop_timer_new(loop, begin, watch);
	watch->again = loop_timer_new(loop, look_again, watch);
	watch->resync = loop_timer_new(loop, look_again, watch);
	watch->pump = loop_timer_new(loop, docker_watch_pump, watch);
	watch->opening = loop_timer_new(loop, docker_watch_stream_overdue, watch);
	watch->quiet = loop_timer_new(loop, docker_watch_renew_stream, watch);
	watch->late_timer = loop_timer_new(loop, docker_watch_look_at_due, watch);
	watch->doubt = loop_timer_new(loop, look_again, watch);
	if (!watch->retry || !watch->again || !watch->resync || !watch->pump || !watch->opening || !watch->quiet ||
	    !watch->late_timer || !watch->doubt) {
		docker_watch_free(watch);
		return error_oom(err);
	}
	loop_timer_set(watch->retry, 0);
	*ret_watch = watch;
	return 0;
}

void docker_watch_free(struct docker_watch *watch)
{
	if (!watch)
		return;
	if (watch->retry && watch->again && watch->resync && watch->pump && watch->opening && watch->quiet &&
	    watch->late_timer && watch->doubt)
		docker_watch_drop(watch);
	loop_timer_free(watch->retry);
	loop_timer_free(watch->again);
	loop_timer_free(watch->resync);
	loop_timer_free(watch->pump);
	loop_timer_free(watch->opening);
	loop_timer_free(watch->quiet);
	loop_timer_free(watch->late_timer);
	loop_timer_free(watch->doubt);
	free(watch->late);
	free(watch);
}
