/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the engine tells by itself. */
#include "docker_watch_events.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "docker_json_rules.h"
#include "docker_watch_late.h"
#include "docker_watch_queries.h"
#include "docker_watch_snapshot.h"
#include "log.h"

/* So many events that some may have been dropped on the way.  The second look comes a fixed time after the burst was
 * noticed, however long it lasts: churn must not postpone it. */
static void count_event(struct docker_watch *watch, uint64_t now)
{
	if (now - watch->burst_began_ns > (uint64_t)BURST_MS * 1000000) {
		watch->burst_began_ns = now;
		watch->burst = 0;
	}
	if (++watch->burst >= BURST && !loop_timer_armed(watch->timers[WATCH_AGAIN]))
		loop_timer_set(watch->timers[WATCH_AGAIN], BURST_MS);
}

/* From its creation on a container's bindings can be asked for, until it is started: often at once, so that the
 * question has to be there first. */
static void look_at_container(struct docker_watch *watch, const struct docker_event *event, uint64_t now)
{
	if (strcmp(event->action, "create") == 0)
		docker_watch_look(watch, QUERY_BINDINGS, event->id, false, now);
	if (!watch->stream)
		return;
	if (strcmp(event->action, "die") == 0)
		watch->handler->ended(event->id, watch->data);
	else
		docker_watch_look(watch, QUERY_CONTAINER, event->id, false, now);
	if (watch->stream)
		docker_watch_look_late(watch, event->id);
}

static bool event_line(const char *line, size_t length, void *data)
{
	struct docker_watch *watch = data;
	uint64_t now = loop_now_ns();
	struct docker_event event;
	struct error err;

	if (docker_json_event(line, length, &event, &err) < 0) {
		log_debug("engine event skipped: %s", err.text);
		docker_watch_want_snapshot(watch);
		return true;
	}
	loop_timer_set(watch->timers[WATCH_QUIET], QUIET_MS);
	count_event(watch, now);
	if (event.type == DOCKER_EVENT_DAEMON)
		docker_watch_want_snapshot(watch);
	else if (event.type == DOCKER_EVENT_CONTAINER && docker_watch_is_id(event.id))
		look_at_container(watch, &event, now);
	else if (event.type == DOCKER_EVENT_NETWORK && docker_watch_is_id(event.id))
		docker_watch_look(watch, QUERY_NETWORK, event.id, false, now);
	return watch->stream != NULL;
}

static void stream_opened(void *data)
{
	struct docker_watch *watch = data;

	loop_timer_stop(watch->timers[WATCH_OPENING]);
	loop_timer_set(watch->timers[WATCH_QUIET], QUIET_MS);
	if (!watch->synced && !watch->building)
		docker_watch_take_snapshot(watch);
}

/* A stream has no end, so its request has no timeout; but the headers have to come. */
void docker_watch_stream_overdue(void *data)
{
	struct docker_watch *watch = data;
	char reason[512];

	snprintf(reason, sizeof(reason), "%s: the engine does not answer the request for events",
		 docker_client_url(watch->client));
	docker_watch_lose(watch, reason);
}

static void stream_ended(const struct docker_response *response, void *data)
{
	struct docker_watch *watch = data;
	char reason[512];

	watch->stream = NULL;
	if (response->error) /* names the engine by itself */
		snprintf(reason, sizeof(reason), "%s", response->error);
	else if (response->status != 200)
		snprintf(reason, sizeof(reason), "%s: events: the engine answered with status %d",
			 docker_client_url(watch->client), response->status);
	else
		snprintf(reason, sizeof(reason), "%s: the engine closed the stream of events",
			 docker_client_url(watch->client));
	docker_watch_lose(watch, reason);
}

/* The engine sends the headers before the subscription stands, hence `since` a moment ago: what comes twice does no
 * harm. */
static void subscribe(struct docker_watch *watch, unsigned ago_s)
{
	char path[512];
	struct error err;

	/* {"type":["container","network","daemon"],"event":["create","rename","start","die","destroy","connect",
	 * "disconnect","remove","reload"]} */
	snprintf(path, sizeof(path),
		 "/events?since=%lld&filters=%%7B%%22type%%22%%3A%%5B%%22container%%22%%2C%%22network%%22%%2C%%22daemon"
		 "%%22%%5D%%2C%%22event%%22%%3A%%5B%%22create%%22%%2C%%22rename%%22%%2C%%22start%%22%%2C%%22die%%22%%2C"
		 "%%22destroy%%22%%2C%%22connect%%22%%2C%%22disconnect%%22%%2C%%22remove%%22%%2C%%22reload%%22%%5D%%7D",
		 (long long)time(NULL) - ago_s);
	if (docker_client_stream(watch->client, path, event_line, stream_opened, stream_ended, watch, &watch->stream,
				 &err) < 0)
		docker_watch_lose(watch, err.text);
	else if (docker_request_sift(watch->stream, docker_json_rules(DOCKER_JSON_EVENTS)) < 0)
		docker_watch_lose(watch, "out of memory");
	else
		loop_timer_set(watch->timers[WATCH_OPENING], DOCKER_WATCH_TIMEOUT_MS);
}

/* With the version known: subscribe first, so that nothing falls between snapshot and events. */
void docker_watch_connect(struct docker_watch *watch)
{
	if (watch->follow)
		subscribe(watch, SINCE_S);
	else
		docker_watch_take_snapshot(watch);
}

/* A stream that has stalled looks like one of an engine at rest.  So one that is silent is opened anew, and the engine
 * repeats what should have been heard meanwhile. */
void docker_watch_renew_stream(void *data)
{
	struct docker_watch *watch = data;

	docker_request_cancel(watch->stream);
	watch->stream = NULL;
	subscribe(watch, SINCE_S + (QUIET_MS + DOCKER_WATCH_TIMEOUT_MS) / 1000);
}
