/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the service tells of itself, for `status`, `verify` and as metrics: gathers it and writes it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "confine.h"
#include "log.h"
#include "service_internal.h"

void service_status_settings(struct service *service)
{
	const struct config *config = service->host->config;
	struct status *status = &service->tell;

	STATUS_TEXT(status->mode, config->mode == FLOW_MODE_OBSERVE ? "observe" : "enforce");
	status->repair = config->repair;
	status->owner = config->owner;
}

void service_status_start(struct service *service)
{
	const struct confine_state *confined = confine_state();
	struct status *status = &service->tell;
	struct utsname kernel;

	status->started = time(NULL);
	STATUS_TEXT(status->version, BULKHEAD_VERSION);
	if (uname(&kernel) == 0)
		STATUS_TEXT(status->kernel, kernel.release);
	status->capabilities = confined->parts[CONFINE_CAPABILITIES].on;
	status->no_new_privs = confined->parts[CONFINE_NO_NEW_PRIVILEGES].on;
	status->landlock = confined->parts[CONFINE_LANDLOCK].on;
	status->seccomp = confined->parts[CONFINE_SECCOMP].on;
	STATUS_TEXT(status->engine_url, docker_client_url(service->client));
	STATUS_TEXT(status->engine_error, "it has not answered yet");
	status->engine_since = status->started;
	STATUS_TEXT(status->backend4, "none");
	STATUS_TEXT(status->backend6, "none");
	service_status_settings(service);
}

/* ---- Flow files ---- */

static bool has_app(const struct flow_set *flows, const struct flow_files_failure *failure)
{
	for (size_t i = 0; i < flows->count; i++) {
		if (strcmp(flows->apps[i]->file, failure->file) == 0 ||
		    (failure->app && strcmp(flows->apps[i]->name, failure->app) == 0))
			return true;
	}
	return false;
}

void service_status_flows(struct service *service, const struct flow_files *files)
{
	const struct flow_set *flows = reconciler_flows(service->reconciler);
	struct status *status = &service->tell;

	status->apps = (int64_t)flows->count;
	status->flows = 0;
	for (size_t i = 0; i < flows->count; i++)
		status->flows += (int64_t)flows->apps[i]->flow_count;
	status->refused_files = (int64_t)files->failure_count;
	status->refused_count = 0;
	for (size_t i = 0; i < files->failure_count && i < STATUS_REFUSED; i++) {
		const struct flow_files_failure *failure = &files->failures[i];
		struct status_refused *refused = &status->refused[status->refused_count++];

		STATUS_TEXT(refused->file, failure->file);
		STATUS_TEXT(refused->app, failure->app ? failure->app : "");
		STATUS_TEXT(refused->why, failure->why	   ? failure->why
					  : failure->error ? strerror(-failure->error)
							   : "it was refused");
		refused->kept = has_app(flows, failure);
	}
}

/* ---- The engine ---- */

static void note_engine(struct service *service, bool up, const char *error)
{
	struct status *status = &service->tell;

	if (status->engine_up != up)
		status->engine_since = time(NULL);
	status->engine_up = up;
	STATUS_TEXT(status->engine_error, error);
	service_write(service);
}

void service_status_engine(struct service *service, const struct docker_version *version)
{
	STATUS_TEXT(service->tell.engine_version, version->version);
	note_engine(service, true, "");
}

void service_status_lost(struct service *service, const char *reason)
{
	note_engine(service, false, reason);
}

/* ---- Comparisons ---- */

static const char *backend_name(enum kernel_docker_backend backend)
{
	return backend == KERNEL_DOCKER_IPTABLES ? "iptables" : backend == KERNEL_DOCKER_NFTABLES ? "nftables" : "none";
}

static void note_everything(struct service *service, const struct reconcile_report *report)
{
	const struct reconcile_tables *tables = &report->tables;
	struct status *status = &service->tell;

	status->knows_bridge_names = tables->knows_bridge_names;
	status->owned = tables->owned;
	status->persistent = tables->persistent;
	status->knows_owner = status->knows_owner || status->persistent;
	status->generation = tables->generation;
	STATUS_TEXT(status->backend4, backend_name(tables->backend[0]));
	STATUS_TEXT(status->backend6, backend_name(tables->backend[1]));
	status->elements = (int64_t)tables->elements;
	status->left_lost = (int64_t)report->left.lost;
	status->left_foreign = (int64_t)report->left.foreign;
}

static void note_inventory(struct service *service)
{
	const struct inventory *inventory = reconciler_inventory(service->reconciler);

	service->tell.containers = inventory ? (int64_t)inventory->container_count : 0;
	service->tell.networks = 0;
	for (size_t i = 0; inventory && i < inventory->network_count; i++)
		service->tell.networks += inventory->networks[i]->managed;
}

void service_status_done(struct service *service, const char *what, const struct reconcile_report *report)
{
	struct status *status = &service->tell;

	/* Events that changed nothing of ours are not counted. */
	if (!report->full && !report->changed)
		return;
	status->reconciles++;
	status->last_time = time(NULL);
	STATUS_TEXT(status->last_what, what);
	status->last_work_us = (int64_t)(report->work_ns / 1000);
	status->last_commit_us = (int64_t)(report->commit_ns / 1000);
	status->last_added = (int64_t)report->added;
	status->last_removed = (int64_t)report->removed;
	note_inventory(service);
	if (report->full)
		note_everything(service, report);
	else
		status->elements += status->last_added - status->last_removed;
	metrics_done(&service->metrics, report);
}

void service_status_failed(struct service *service)
{
	service->tell.failures++;
}

void service_put_right(struct service *service, const char *what, const struct reconcile_cause *cause)
{
	status_put_right(&service->tell, what, cause ? cause->name : NULL, cause ? cause->pid : 0);
	service_write(service);
}

/* ---- Writing ---- */

static const char *what_is_broken(const struct service *service)
{
	if (service->datapath_failing)
		return service->datapath_text;
	if (service->refused)
		return service->refused_text;
	return service->drifted ? service->drift_text : NULL;
}

void service_health(struct service *service)
{
	const char *reason = what_is_broken(service);

	if (status_set_broken(&service->tell, reason != NULL, reason))
		service_write(service);
}

void service_write(struct service *service)
{
	int r;

	/* The first status is written after everything was looked at. */
	if (!service->tell.since)
		return;
	r = status_write(&service->tell);
	if (r < 0 && r != service->tell_error)
		log_warning("what `bulkhead verify` and `bulkhead status` read of the service cannot be written: %s",
			    strerror(-r));
	service->tell_error = r;
}

void service_metrics(void *data)
{
	struct service *service = data;
	const char *path = service->metrics_path;
	struct error err;
	int r;

	loop_timer_set(service->timers[SERVICE_METRICS], METRICS_MS);
	r = metrics_read_denied(&service->metrics, service->reconciler, &err);
	if (r < 0)
		log_debug("metrics: %s", err.text);
	r = metrics_write(&service->metrics, &service->tell, path);
	if (r < 0 && r != service->metrics_error)
		log_warning("%s: metrics cannot be written: %s", path, strerror(-r));
	service->metrics_error = r;
}
