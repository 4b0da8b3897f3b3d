/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything at once: what the first answers say, put together. */
#include "docker_watch_snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "docker_watch_queries.h"

bool docker_watch_snapshot_complete(const struct docker_watch *watch)
{
	for (const struct query *query = watch->queries; query; query = query->next) {
		if (query->snapshot)
			return false;
	}
	return true;
}

void docker_watch_hand_snapshot_on(struct docker_watch *watch)
{
	struct inventory *inventory = steal(watch->building);
	bool stale = watch->stale;

	watch->stale = false;
	watch->synced = true;
	watch->reason[0] = '\0';
	watch->backoff_ms = BACKOFF_MIN_MS;
	if (watch->follow)
		loop_timer_set(watch->timers[WATCH_RESYNC], RESYNC_MS);
	/* What events asked for meanwhile, and what the handler asks for, starts from the loop: the handler may free
	 * this watch. */
	if (watch->follow)
		loop_timer_set(watch->timers[WATCH_PUMP], 0);
	if (stale)
		loop_timer_set(watch->timers[WATCH_AGAIN], STALE_MS);
	watch->handler->snapshot(inventory, &watch->info, &watch->version, watch->data);
}

static int add_containers(struct docker_watch *watch, const struct docker_response *response, struct error *err)
{
	struct container **containers;
	size_t count;
	int r = docker_json_containers(response->body, response->length, &containers, &count, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++) {
		const char *image = containers[i]->image;
		bool digest = image && strncmp(image, "sha256:", 7) == 0 && docker_watch_is_id(containers[i]->id);

		if ((digest && docker_watch_ask(watch, QUERY_IMAGE, containers[i]->id, true, 0) < 0) ||
		    inventory_put_container(watch->building, containers[i]) < 0)
			r = error_oom(err);
		else
			containers[i] = NULL;
	}
	docker_json_free_containers(containers, count);
	return r;
}

static int ask_for_networks(struct docker_watch *watch, const struct docker_response *response, struct error *err)
{
	struct network **networks;
	size_t count;
	int r = docker_json_networks(response->body, response->length, &networks, &count, err);

	if (r < 0)
		return r;
	watch->building->asked = response->sent_ns;
	for (size_t i = 0; r == 0 && i < count; i++) {
		/* The drivers of no network and of the host's have no endpoints that matter; all others' are told of.
		 */
		if (strcmp(networks[i]->driver, "null") == 0 || strcmp(networks[i]->driver, "host") == 0)
			continue;
		if (docker_watch_is_id(networks[i]->id) &&
		    docker_watch_ask(watch, QUERY_NETWORK, networks[i]->id, true, 0) < 0)
			r = error_oom(err);
		/* Until it is told who lives there, nobody does: its bridge is closed. */
		else if (inventory_put_network(watch->building, networks[i]) < 0)
			r = error_oom(err);
		else
			networks[i] = NULL;
	}
	docker_json_free_networks(networks, count);
	return r;
}

/* The image's own reference for a container of the snapshot. */
static int add_image(struct docker_watch *watch, const struct query *query, const struct docker_response *response,
		     struct error *err)
{
	cleanup_of(container) struct container *container = NULL;
	struct container *known = inventory_container(watch->building, query->id);
	int r;

	/* The container may be gone, or starting (then this request blocks): the digest stays. */
	if (response->status != 200 || !known)
		return 0;
	r = docker_json_container(response->body, response->length, &container, err);
	if (r == -EPROTO)
		return 0;
	if (r == 0 && inventory_complete(watch->building, known, container) < 0)
		r = error_oom(err);
	if (r == 0 && container->image) {
		free(known->image);
		known->image = steal(container->image);
	}
	return r;
}

/* A network that cannot be told of stays as the list has it, closed, and is asked about again. */
static int got_snapshot_network(struct docker_watch *watch, const struct query *query,
				const struct docker_response *response, struct error *err)
{
	struct network *network = NULL;
	int r = -EPROTO;

	if (response->status == 404) {
		/* Removed since the list was made. */
		inventory_remove_network(watch->building, query->id);
		return 0;
	}
	if (response->status == 200)
		r = docker_json_network(response->body, response->length, &network, err);
	if (r == -EPROTO && watch->follow) {
		docker_watch_doubt_network(watch, query, response);
		return 0;
	}
	if (response->status != 200)
		return error_set(err, -EPROTO, "the engine answered with status %d", response->status);
	if (r < 0)
		return r;
	network->asked = response->sent_ns;
	if (inventory_put_network(watch->building, network) < 0) {
		network_free(network);
		return error_oom(err);
	}
	return 0;
}

int docker_watch_snapshot_part(struct docker_watch *watch, const struct query *query,
			       const struct docker_response *response, struct error *err)
{
	if (query->kind == QUERY_IMAGE)
		return add_image(watch, query, response, err);
	if (query->kind == QUERY_NETWORK)
		return got_snapshot_network(watch, query, response, err);
	if (response->status != 200)
		return error_set(err, -EPROTO, "the engine answered with status %d", response->status);
	switch (query->kind) {
	case QUERY_INFO:
		return docker_json_info(response->body, response->length, &watch->info, err);
	case QUERY_CONTAINERS:
		return add_containers(watch, response, err);
	case QUERY_NETWORKS:
		return ask_for_networks(watch, response, err);
	default:
		return 0;
	}
}

void docker_watch_take_snapshot(struct docker_watch *watch)
{
	inventory_free(watch->building);
	watch->building = inventory_new();
	if (!watch->building || docker_watch_ask(watch, QUERY_INFO, "", true, 0) < 0 ||
	    docker_watch_ask(watch, QUERY_CONTAINERS, "", true, 0) < 0 ||
	    docker_watch_ask(watch, QUERY_NETWORKS, "", true, 0) < 0) {
		docker_watch_lose(watch, "out of memory");
		return;
	}
	docker_watch_pump(watch);
}
