/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The questions to the engine: which wait, which are under way. */
#include "docker_watch_queries.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "docker_json_rules.h"

/* Requests under way at once: enough to hide an engine's latency, too few to be a load. */
#define PARALLEL 16
/* … of those that the engine may leave unanswered while a container starts: the others must not wait for them. */
#define PARALLEL_BINDINGS  8
#define TIMEOUT_INSPECT_MS 2000 /* a container that is starting does not answer */
/* Labels may be gigabytes, of which next to nothing is kept; docker_client gives up earlier where nothing comes. */
#define TIMEOUT_LONG_MS 120000

void docker_watch_remove_query(struct query *query)
{
	struct docker_watch *watch = query->watch;
	struct query **link = &watch->queries;

	while (*link != query)
		link = &(*link)->next;
	*link = query->next;
	if (watch->tail == &query->next)
		watch->tail = link;
	container_free(query->bindings);
	free(query);
}

struct query *docker_watch_find_query(const struct docker_watch *watch, enum query_kind kind, const char *id)
{
	for (struct query *query = watch->queries; query; query = query->next) {
		if (query->kind == kind && !query->snapshot && strcmp(query->id, id) == 0)
			return query;
	}
	return NULL;
}

/* Ids go into paths; the engine's are hex digits, and nothing else than a name's characters is let through. */
bool docker_watch_is_id(const char *id)
{
	if (!*id)
		return false;
	for (; *id; id++) {
		if (!((*id >= 'a' && *id <= 'z') || (*id >= 'A' && *id <= 'Z') || (*id >= '0' && *id <= '9') ||
		      *id == '_' || *id == '-'))
			return false;
	}
	return true;
}

/* Asks for something, once however often it is asked for before the answer is there. */
int docker_watch_ask(struct docker_watch *watch, enum query_kind kind, const char *id, bool snapshot, uint64_t event_ns)
{
	struct query *query;

	if (strlen(id) >= sizeof(query->id))
		return -EINVAL;
	for (query = watch->queries; query; query = query->next) {
		if (query->kind != kind || query->snapshot != snapshot || strcmp(query->id, id) != 0)
			continue;
		/* Bindings do not change: one answer is enough. */
		if (query->request && kind != QUERY_BINDINGS)
			query->again = true;
		if (!query->event_ns)
			query->event_ns = event_ns;
		return 0;
	}
	query = calloc(1, sizeof(*query));
	if (!query)
		return -ENOMEM;
	query->watch = watch;
	query->kind = kind;
	strcpy(query->id, id);
	query->snapshot = snapshot;
	query->event_ns = event_ns;
	*watch->tail = query;
	watch->tail = &query->next;
	return 0;
}

static void query_path(const struct query *query, char path[256])
{
	switch (query->kind) {
	case QUERY_VERSION:
		strcpy(path, "/version");
		break;
	case QUERY_INFO:
		strcpy(path, "/info");
		break;
	case QUERY_CONTAINERS:
		strcpy(path, "/containers/json?all=1");
		break;
	case QUERY_NETWORKS:
		strcpy(path, "/networks");
		break;
	case QUERY_NETWORK:
		snprintf(path, 256, "/networks/%s", query->id);
		break;
	case QUERY_CONTAINER:
		/* {"id":["…"]} */
		snprintf(path, 256, "/containers/json?all=1&filters=%%7B%%22id%%22%%3A%%5B%%22%s%%22%%5D%%7D",
			 query->id);
		break;
	case QUERY_IMAGE:
	case QUERY_BINDINGS:
		snprintf(path, 256, "/containers/%s/json", query->id);
		break;
	}
}

static const struct json_sieve_rules *query_rules(const struct query *query)
{
	static const enum docker_json_answer answers[] = {
		[QUERY_VERSION] = DOCKER_JSON_VERSION,	     [QUERY_INFO] = DOCKER_JSON_INFO,
		[QUERY_CONTAINERS] = DOCKER_JSON_CONTAINERS, [QUERY_NETWORKS] = DOCKER_JSON_NETWORKS,
		[QUERY_NETWORK] = DOCKER_JSON_NETWORK,	     [QUERY_CONTAINER] = DOCKER_JSON_CONTAINERS,
		[QUERY_IMAGE] = DOCKER_JSON_CONTAINER,	     [QUERY_BINDINGS] = DOCKER_JSON_CONTAINER,
	};

	return docker_json_rules(answers[query->kind]);
}

static size_t bindings_under_way(const struct docker_watch *watch)
{
	size_t count = 0;

	for (const struct query *query = watch->queries; query; query = query->next)
		count += query->kind == QUERY_BINDINGS && query->request;
	return count;
}

static unsigned timeout_ms(const struct query *query)
{
	switch (query->kind) {
	case QUERY_IMAGE:
	case QUERY_BINDINGS:
		return TIMEOUT_INSPECT_MS;
	case QUERY_CONTAINERS:
	case QUERY_CONTAINER:
	case QUERY_NETWORKS:
	case QUERY_NETWORK:
		return TIMEOUT_LONG_MS;
	default:
		return DOCKER_WATCH_TIMEOUT_MS;
	}
}

/* Starts what waits, as far as there is room.  While a snapshot is being taken, questions that events raised wait for
 * its end: they would change what it is about to replace. */
void docker_watch_pump(void *data)
{
	struct docker_watch *watch = data;
	size_t bindings = bindings_under_way(watch);
	struct error err;

	for (struct query *query = watch->queries; query && watch->under_way < PARALLEL; query = query->next) {
		char path[256];

		if (query->request || (watch->building && !query->snapshot))
			continue;
		if (query->kind == QUERY_BINDINGS && bindings >= PARALLEL_BINDINGS)
			continue;
		query_path(query, path);
		if (docker_client_get(watch->client, path, timeout_ms(query), watch->answered, query, &query->request,
				      &err) < 0) {
			docker_watch_lose(watch, err.text);
			return;
		}
		if (docker_request_sift(query->request, query_rules(query)) < 0) {
			docker_watch_lose(watch, "out of memory");
			return;
		}
		watch->under_way++;
		bindings += query->kind == QUERY_BINDINGS;
	}
}

/* Asks, and pumps. */
void docker_watch_look(struct docker_watch *watch, enum query_kind kind, const char *id, bool snapshot,
		       uint64_t event_ns)
{
	if (docker_watch_ask(watch, kind, id, snapshot, event_ns) < 0)
		docker_watch_lose(watch, "out of memory");
	else
		docker_watch_pump(watch);
}

void docker_watch_look_from_loop(struct docker_watch *watch, enum query_kind kind, const char *id)
{
	if (watch->synced && docker_watch_is_id(id) && docker_watch_ask(watch, kind, id, false, 0) == 0)
		loop_timer_set(watch->timers[WATCH_PUMP], 0);
}
