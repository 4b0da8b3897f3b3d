/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the engine's answers mean. */
#include "docker_watch_answers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "docker_watch_events.h"
#include "docker_watch_queries.h"
#include "docker_watch_snapshot.h"

static int take_version(struct docker_watch *watch, const struct docker_response *response, struct error *err)
{
	char api[16];
	int r;

	if (response->status != 200)
		return error_set(err, -EPROTO, "the engine answered with status %d", response->status);
	r = docker_json_version(response->body, response->length, &watch->version, err);
	if (r == 0)
		r = docker_json_negotiate(&watch->version, api, err);
	if (r == 0)
		r = docker_client_set_version(watch->client, api, err);
	return r;
}

static int tell_network(struct docker_watch *watch, const struct query *query, const struct docker_response *response,
			struct error *err)
{
	struct docker_watch_times times = { query->event_ns, response->sent_ns, response->received_ns };
	struct network *network = NULL;
	int r = response->status == 404 ? 0 : -EPROTO;

	if (response->status == 200)
		r = docker_json_network(response->body, response->length, &network, err);
	if (r == -EPROTO) {
		/* What is known of it stays; a new one's bridge is closed. */
		docker_watch_doubt_network(watch, query, response);
		return 0;
	}
	if (r < 0)
		return r;
	if (network)
		network->asked = response->sent_ns;
	watch->handler->network(query->id, network, &times, watch->data);
	return 0;
}

static int tell_networks(struct docker_watch *watch, const struct docker_response *response, struct error *err)
{
	struct network **networks;
	size_t count;
	int r;

	if (response->status != 200)
		return error_set(err, -EPROTO, "the engine answered with status %d", response->status);
	r = docker_json_networks(response->body, response->length, &networks, &count, err);
	if (r < 0)
		return r;
	if (watch->handler->listed)
		watch->handler->listed(networks, count, response->sent_ns, watch->data);
	docker_json_free_networks(networks, count);
	return 0;
}

static int tell_container(struct docker_watch *watch, const struct query *query, const struct docker_response *response,
			  struct error *err)
{
	struct container **containers;
	struct container *found = NULL;
	size_t count;
	int r;

	if (response->status != 200)
		return error_set(err, -EPROTO, "the engine answered with status %d", response->status);
	r = docker_json_containers(response->body, response->length, &containers, &count, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < count && !found; i++) {
		if (strcmp(containers[i]->id, query->id) == 0)
			found = steal(containers[i]);
	}
	docker_json_free_containers(containers, count);
	if (found && found->image && strncmp(found->image, "sha256:", 7) == 0) {
		/* It is handed on when its image's reference is there; until then it stays what it was. */
		container_free(found);
		return docker_watch_ask(watch, QUERY_IMAGE, query->id, false, 0) < 0 ? error_oom(err) : 0;
	}
	if (found && container_complete(found, query->bindings) < 0) {
		container_free(found);
		return error_oom(err);
	}
	watch->handler->container(query->id, found, watch->data);
	return 0;
}

static int tell_image(struct docker_watch *watch, const struct query *query, const struct docker_response *response,
		      struct error *err)
{
	struct container *container = NULL;

	if (response->status == 200) {
		int r = docker_json_container(response->body, response->length, &container, err);

		if (r < 0)
			return r;
	} else if (response->status != 404) {
		/* It blocks while the container starts: ask once more through the list, which does not. */
		return docker_watch_ask(watch, QUERY_CONTAINER, query->id, false, 0) < 0 ? error_oom(err) : 0;
	}
	watch->handler->container(query->id, container, watch->data);
	return 0;
}

/* Whoever does not answer stays unknown.  An answer that comes before the one about the container itself goes with it:
 * it says less than that one, and maybe what is no longer so. */
static int tell_bindings(struct docker_watch *watch, const struct query *query, const struct docker_response *response)
{
	struct query *container_query = docker_watch_find_query(watch, QUERY_CONTAINER, query->id);
	struct container *container = NULL;
	struct error ignored;

	if (response->error || response->status != 200 ||
	    docker_json_container(response->body, response->length, &container, &ignored) < 0)
		return 0;
	if (!container_query) {
		watch->handler->bindings(query->id, container, watch->data);
		return 0;
	}
	container_free(container_query->bindings);
	container_query->bindings = container;
	return 0;
}

static const char *query_name(enum query_kind kind)
{
	static const char *const names[] = {
		[QUERY_VERSION] = "its version",       [QUERY_INFO] = "its settings",
		[QUERY_CONTAINERS] = "the containers", [QUERY_NETWORKS] = "the networks",
		[QUERY_NETWORK] = "a network",	       [QUERY_CONTAINER] = "a container",
		[QUERY_IMAGE] = "a container",	       [QUERY_BINDINGS] = "a container",
	};

	return names[kind];
}

static int understand(struct docker_watch *watch, const struct query *query, const struct docker_response *response,
		      struct error *err)
{
	/* Of a container that is starting: no answer within its time is an answer too. */
	bool bearable = query->kind == QUERY_IMAGE || query->kind == QUERY_BINDINGS ||
			(watch->follow && query->kind == QUERY_NETWORK);

	if (response->error && !bearable)
		return error_set(err, -EIO, "%s", response->error);
	if (query->snapshot)
		return docker_watch_snapshot_part(watch, query, response, err);
	switch (query->kind) {
	case QUERY_VERSION:
		return take_version(watch, response, err);
	case QUERY_NETWORKS:
		return tell_networks(watch, response, err);
	case QUERY_NETWORK:
		return tell_network(watch, query, response, err);
	case QUERY_CONTAINER:
		return tell_container(watch, query, response, err);
	case QUERY_IMAGE:
		return tell_image(watch, query, response, err);
	case QUERY_BINDINGS:
		return tell_bindings(watch, query, response);
	default:
		return 0;
	}
}

/* Every answer to every question. */
void docker_watch_answered(const struct docker_response *response, void *data)
{
	struct query *query = data, done;
	struct docker_watch *watch = query->watch;
	struct error err;
	int r;

	query->request = NULL;
	watch->under_way--;
	done = *query;
	query->bindings = NULL;
	if (query->again) {
		query->again = false;
		query->event_ns = 0;
	} else {
		docker_watch_remove_query(query);
	}
	/* Whatever the handlers do next, the loop comes back to start what waits. */
	loop_timer_set(watch->timers[WATCH_PUMP], 0);
	r = understand(watch, &done, response, &err);
	container_free(done.bindings);
	if (r < 0) {
		char reason[sizeof(err.text) + 128];

		if (response->error) /* names the engine by itself */
			snprintf(reason, sizeof(reason), "cannot learn %s: %s", query_name(done.kind), err.text);
		else
			snprintf(reason, sizeof(reason), "%s: cannot learn %s: %s", docker_client_url(watch->client),
				 query_name(done.kind), err.text);
		docker_watch_lose(watch, reason);
	} else if (done.kind == QUERY_VERSION) {
		docker_watch_connect(watch);
	} else if (done.snapshot && docker_watch_snapshot_complete(watch)) {
		docker_watch_hand_snapshot_on(watch);
	} else if (done.snapshot) {
		docker_watch_pump(watch);
	}
}
