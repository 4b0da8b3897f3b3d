/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From start to end.  What happens in between comes from the engine (service_engine.c), from the kernel
 * (service_netlink.c), from signals (service_signals.c) and from the timers in the table below.
 */
#include "service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "confine.h"
#include "datapath.h"
#include "lock.h"
#include "log.h"
#include "notify.h"
#include "reconcile_host.h"
#include "service_internal.h"

/* Ready is said at the latest after this: an engine that waits for us must not be waited for. */
#define READY_MS 300
/* The kernel tells nobody when somebody switches br_netfilter off. */
#define BEAT_MS STATUS_BEAT_MS

/* ---- Timers ---- */

static void ready_in_time(void *data)
{
	service_ready(data, "Waiting for the engine; what is known is closed");
}

/* verify believes a status only while it is fresh. */
static void beat(void *data)
{
	struct service *service = data;

	loop_timer_set(service->timers[SERVICE_BEAT], BEAT_MS);
	service_check_datapath(service);
	if (reconcile_look_at_sockets(service->reconciler))
		service_look_because(service, "sockets");
	service_keep_sockets(service);
	service_write(service);
}

static void pat_watchdog(void *data)
{
	struct service *service = data;

	notify_send("WATCHDOG=1");
	loop_timer_set(service->timers[SERVICE_WATCHDOG], service->watchdog_ms);
}

static loop_timer_fn *const timer_functions[SERVICE_TIMERS] = {
	[SERVICE_READY] = ready_in_time,
	[SERVICE_RETRY] = service_retry,
	[SERVICE_UNKNOWN_PORTS] = service_ask_for_unknown_ports,
	[SERVICE_BEAT] = beat,
	[SERVICE_METRICS] = service_metrics,
	[SERVICE_WATCHDOG] = pat_watchdog,
};

static int make_timers(struct service *service, struct error *err)
{
	for (size_t i = 0; i < SERVICE_TIMERS; i++) {
		service->timers[i] = loop_timer_new(service->loop, timer_functions[i], service);
		if (!service->timers[i])
			return error_oom(err);
	}
	return 0;
}

/* ---- Start and end ---- */

/* The reconciler, with the flow files. */
static int load(struct service *service, struct error *err)
{
	cleanup_of(flow_files) struct flow_files *files = NULL;
	int r = host_load_flows(service->host, &files, err);

	if (r < 0)
		return r;
	if (files->failure_count)
		log_warning("%zu flow file%s refused: their apps have no flows", files->failure_count,
			    files->failure_count == 1 ? " is" : "s are");
	r = reconciler_new(service->host->config, steal(files->set), true, service_log_change, service,
			   &service->reconciler, err);
	if (r == 0)
		service_status_flows(service, files);
	return r;
}

static int start(struct service *service, struct error *err)
{
	int r = loop_new(&service->loop, err);

	if (r == 0)
		r = service_follow_signals(service, err);
	if (r == 0)
		r = make_timers(service, err);
	if (r == 0)
		r = load(service, err);
	if (r == 0)
		r = service_read_closed(service, err);
	if (r == 0)
		service_read_sockets(service);
	if (r == 0)
		r = service_follow_kernel(service, err);
	if (r == 0)
		r = service_follow_engine(service, err);
	if (r == 0)
		service_status_start(service);
	return r;
}

static int serve(struct service *service, struct error *err)
{
	/* Close what is known first, then tell, then listen. */
	service_check_datapath(service);
	service_look_because(service, "start");
	beat(service);
	if (service->metrics_path)
		service_metrics(service);
	loop_timer_set(service->timers[SERVICE_READY], READY_MS);
	service->watchdog_ms = notify_watchdog_ms();
	if (service->watchdog_ms)
		pat_watchdog(service);
	return loop_run(service->loop, err);
}

static void stop(struct service *service)
{
	docker_watch_free(service->watch);
	docker_client_free(service->client);
	reconciler_free(service->reconciler);
	metrics_clear(&service->metrics);
	loop_free(service->loop); /* with its timers */
	if (service->signals >= 0)
		close(service->signals);
}

/* What needs more than the service keeps is done before. */
static int give_up_privileges(const struct host *host, struct error *err)
{
	cleanup_of(confine_plan) struct confine_plan *plan = NULL;
	int r;

	if (host->config->repair && datapath_load())
		log_info("loaded br_netfilter");
	r = confine_plan_new(host, &plan, err);
	if (r == 0)
		confine(plan);
	return r;
}

static int run(struct service *service, struct error *err)
{
	int r;

	/* The path does not change with a reload. */
	if (service->host->config->metrics) {
		service->metrics_path = strdup(service->host->config->metrics);
		if (!service->metrics_path)
			log_warning("metrics: out of memory: there are none");
	}
	/* A service that was killed left its status file behind. */
	status_remove();
	r = give_up_privileges(service->host, err);
	if (r == 0)
		r = start(service, err);
	if (r == 0)
		r = serve(service, err);
	stop(service);
	status_remove();
	/* Old figures must not be taken for those of a service that runs. */
	if (service->metrics_path)
		(void)unlink(service->metrics_path);
	free(service->metrics_path);
	return r;
}

int service_run(struct host *host)
{
	struct service service = { .host = host, .signals = -1 };
	cleanup_close int lock = -1;
	struct error err;
	pid_t holder;
	int r;

	lock = lock_take(&holder, &err);
	r = lock < 0 ? lock : run(&service, &err);
	if (r < 0) {
		log_error("%s", err.text);
		return EXIT_UNKNOWN;
	}
	return service.status;
}
