/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the engine tells, and what it is asked besides. */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "reconcile_links.h"
#include "service_internal.h"

/* A port that nobody knows is most often one that is just being made.  Newer engines (26 and later) list its endpoint
 * some milliseconds after the port is there, and let its process run some milliseconds after that: so it is asked about
 * again at once.  Of some ports, docker_gwbridge's for instance, the engine tells only when it is asked. */
#define UNKNOWN_MIN_MS 2
/* The engine is not asked for all networks that often. */
#define UNCLAIMED_MIN_MS 64
#define UNKNOWN_MAX_MS	 10000

/* ---- Ports that nobody told of ---- */

static void ask_for_network(const char *id, void *data)
{
	struct service *service = data;

	docker_watch_network(service->watch, id);
}

/* Whoever is behind an unknown port, or has an unclaimed bridge, is closed until the engine has told of it.  An answer
 * from before the port, or the bridge, was there does not count. */
static void await_unknown_ports(struct service *service)
{
	struct loop_timer *timer = service->timers[SERVICE_UNKNOWN_PORTS];

	(void)reconcile_unknown_ports(service->reconciler, true, ask_for_network, service);
	if (reconcile_unclaimed_bridges(service->reconciler, false))
		docker_watch_networks(service->watch);
	if (!reconcile_unknown_ports(service->reconciler, false, NULL, NULL) &&
	    !reconcile_unclaimed_bridges(service->reconciler, true))
		service->unknown_ms = UNKNOWN_MIN_MS;
	else if (!loop_timer_armed(timer))
		loop_timer_set(timer, service->unknown_ms);
}

void service_ask_for_unknown_ports(void *data)
{
	struct service *service = data;

	(void)reconcile_unknown_ports(service->reconciler, false, ask_for_network, service);
	if (service->unknown_ms >= UNCLAIMED_MIN_MS && reconcile_unclaimed_bridges(service->reconciler, true))
		docker_watch_networks(service->watch);
	service->unknown_ms *= 2;
	if (service->unknown_ms > UNKNOWN_MAX_MS)
		service->unknown_ms = UNKNOWN_MAX_MS;
	await_unknown_ports(service);
}

/* What is new is not left waiting for what has been unknown for long. */
static void await_new_ports(struct service *service)
{
	loop_timer_stop(service->timers[SERVICE_UNKNOWN_PORTS]);
	service->unknown_ms = UNKNOWN_MIN_MS;
	await_unknown_ports(service);
}

void service_ports_changed(struct service *service)
{
	struct reconcile_report report;
	struct error err;
	int result = reconcile_ports(service->reconciler, &report, &err);

	service_note_result(service, "ports", result, &report, &err);
	if (result < 0)
		return;
	service_log_cost("ports", &report, NULL);
	await_new_ports(service);
}

void service_bridges_changed(struct service *service)
{
	reconcile_bridges_changed(service->reconciler, docker_client_nobody(service->client));
	service_look_because(service, "links");
	/* Its first port may have been heard of before it. */
	service_ports_changed(service);
}

/* ---- Everything ---- */

/* The engine's list does not tell what a container publishes once it starts; that has to be known before it starts. */
static void learn_bindings(struct service *service, const struct container *container)
{
	if (container && reconcile_lacks_bindings(container))
		docker_watch_bindings(service->watch, container->id);
}

static void learn_all_bindings(struct service *service)
{
	const struct inventory *inventory = reconciler_inventory(service->reconciler);

	for (size_t i = 0; i < inventory->container_count; i++)
		learn_bindings(service, inventory->containers[i]);
}

/* The inventory is taken. */
static void follow_snapshot(struct service *service, const struct docker_version *version, const char *status,
			    bool first)
{
	log_debug("%s", status);
	service_status_engine(service, version);
	if (first)
		log_info("following %s: %s", docker_client_url(service->client), status);
	service_check_datapath(service);
	service_look_because(service, "snapshot");
	await_unknown_ports(service);
	learn_all_bindings(service);
	service_write_state(service);
	service_advise(service);
	/* A comparison of everything needs memory that no single event needs. */
	malloc_trim(0);
	service_ready(service, status);
}

/* Who says so much of himself that it is not read is closed: once, the log says who. */
static void name_obscure(struct service *service, const struct container *container)
{
	const struct inventory *inventory = reconciler_inventory(service->reconciler);
	const struct container *known = inventory ? inventory_container(inventory, container->id) : NULL;

	if (container->obscure && !(known && known->obscure))
		log_warning("container %s is closed: its labels or names are longer than bulkhead reads",
			    container->name[0] ? container->name : container->id);
}

static void hear_snapshot(struct inventory *inventory, const struct docker_info *info,
			  const struct docker_version *version, void *data)
{
	struct service *service = data;
	bool first = !reconciler_inventory(service->reconciler);
	struct error err;
	char status[160];
	int result;

	snprintf(status, sizeof(status), "Engine %s, %zu containers, %zu apps", version->version,
		 inventory->container_count, reconciler_flows(service->reconciler)->count);
	if (info->rootless) {
		inventory_free(inventory);
		service_fail(service,
			     "the engine is rootless, its bridges are in a network namespace of its own: run bulkhead "
			     "inside that one");
		return;
	}
	for (size_t i = 0; i < inventory->container_count; i++)
		name_obscure(service, inventory->containers[i]);
	result = reconciler_set_inventory(service->reconciler, inventory, &err);
	if (result == -ENXIO && first) {
		service_fail(service, err.text);
	} else if (result < 0) {
		service_note_result(service, "snapshot", result, NULL, &err);
		docker_watch_everything(service->watch);
	} else {
		follow_snapshot(service, version, status, first);
	}
}

static void hear_list(struct network *const *networks, size_t count, uint64_t asked, void *data)
{
	struct service *service = data;

	if (reconcile_listed(service->reconciler, networks, count, asked, ask_for_network, service))
		service_look_because(service, "networks");
}

static void hear_lost(const char *reason, void *data)
{
	struct service *service = data;

	service->advised = service->accept_told = false;
	log_warning("%s; the rules stay, trying again", reason);
	service_status_lost(service, reason);
	service_ready(service, "Engine unreachable; the rules stay");
}

/* ---- One event ---- */

/* A newcomer to a network is usually known since it was created; whoever is not is asked for. */
static void learn_strangers(struct service *service, const char *id)
{
	const struct inventory *inventory = reconciler_inventory(service->reconciler);
	const struct network *network = inventory ? inventory_network(inventory, id) : NULL;

	for (size_t i = 0; network && i < network->endpoint_count; i++) {
		const char *container = network->endpoints[i].container;

		if (strlen(container) == 64 && !inventory_container(inventory, container))
			docker_watch_container(service->watch, container);
	}
}

static void hear_network(const char *id, struct network *network, const struct docker_watch_times *times, void *data)
{
	struct service *service = data;
	struct reconcile_report report;
	struct error err;
	int result;

	service->metrics.events[METRICS_ENGINE]++;
	result = reconcile_network(service->reconciler, id, network, &report, &err);
	service_note_result(service, "network", result, &report, &err);
	if (result < 0)
		return;
	service_log_cost("network", &report, times);
	if (report.full)
		service_write_state(service);
	learn_strangers(service, id);
	await_unknown_ports(service);
}

static void hear_container(const char *id, struct container *container, void *data)
{
	struct service *service = data;
	const struct inventory *inventory;
	struct reconcile_report report;
	struct error err;
	int result;

	service->metrics.events[METRICS_ENGINE]++;
	if (container)
		name_obscure(service, container);
	result = reconcile_container(service->reconciler, id, container, &report, &err);
	service_note_result(service, "container", result, &report, &err);
	if (result == 0)
		service_log_cost("container", &report, NULL);
	inventory = reconciler_inventory(service->reconciler);
	if (inventory)
		learn_bindings(service, inventory_container(inventory, id));
}

static void hear_bindings(const char *id, struct container *container, void *data)
{
	struct service *service = data;
	struct reconcile_report report;
	struct error err;
	int result = reconcile_bindings(service->reconciler, id, container, &report, &err);

	service_note_result(service, "bindings", result, &report, &err);
	if (result == 0)
		service_log_cost("bindings", &report, NULL);
}

static void hear_end(const char *id, void *data)
{
	struct service *service = data;
	struct reconcile_report report;
	struct error err;
	int result;

	service->metrics.events[METRICS_ENGINE]++;
	result = reconcile_ended(service->reconciler, id, &report, &err);
	service_note_result(service, "end", result, &report, &err);
	if (result == 0)
		service_log_cost("end", &report, NULL);
}

int service_follow_engine(struct service *service, struct error *err)
{
	static const struct docker_watch_handler handler = {
		.snapshot = hear_snapshot,
		.listed = hear_list,
		.network = hear_network,
		.container = hear_container,
		.bindings = hear_bindings,
		.ended = hear_end,
		.lost = hear_lost,
	};
	int r = reconcile_look_at_ports(service->reconciler, err);

	service->unknown_ms = UNKNOWN_MIN_MS;
	if (r == 0)
		r = docker_client_new(service->loop, service->host->config->docker, &service->client, err);
	if (r == 0)
		r = docker_watch_new(service->loop, service->client, true, &handler, service, &service->watch, err);
	return r;
}
