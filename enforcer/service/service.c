/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "confine.h"
#include "datapath.h"
#include "docker_watch.h"
#include "lock.h"
#include "log.h"
#include "loop.h"
#include "notify.h"
#include "reconcile.h"
#include "service_internal.h"
#include "service_reload.h"

/* Ready is said at the latest after this: an engine that waits for us must not be waited for. */
#define READY_MS 300
/* After a transaction that was refused. */
#define RETRY_MIN_MS 50
#define RETRY_MAX_MS 5000
/* The kernel tells nobody when somebody switches br_netfilter off. */
#define DATAPATH_MS STATUS_BEAT_MS
/* A port whose endpoint is not known is usually one that is just being made, and the engine tells of it; of some
 * (docker_gwbridge's) it tells only those who ask. */
#define UNKNOWN_MIN_MS 100
#define UNKNOWN_MAX_MS 10000

static void say_ready(struct service *service, const char *status)
{
	char text[256];

	snprintf(text, sizeof(text), "%sSTATUS=%s", service->said_ready ? "" : "READY=1\n", status);
	notify_send(text);
	if (!service->said_ready)
		log_debug("ready: %s", status);
	service->said_ready = true;
}

static void ready_in_time(void *data)
{
	say_ready(data, "Waiting for the engine; what is known is closed");
}

static void fail(struct service *service, const char *reason)
{
	log_error("%s", reason);
	service->status = EXIT_UNKNOWN;
	loop_stop(service->loop);
}

/* ---- Reconciling ---- */

/* report: of a comparison that succeeded. */
static void settle(struct service *service, const char *what, int result, const struct reconcile_report *report,
		   const struct error *err)
{
	/* Nothing had to be done for this event; what was refused before still has to be. */
	if (result == 0 && !report->full && service->refused && reconciler_is_doubtful(service->reconciler))
		return;
	service->refused = result < 0;
	if (result == 0) {
		service_status_done(service, what, report);
		if (report->full)
			service_note_left(service, report);
		service->retry_ms = RETRY_MIN_MS;
		loop_timer_stop(service->retry);
		service_health(service);
		return;
	}
	STATUS_TEXT(service->refused_text, err->text);
	service_status_failed(service);
	service_health(service);
	log_error("%s; trying again in %u ms", err->text, service->retry_ms);
	loop_timer_set(service->retry, service->retry_ms);
	service->retry_ms = service->retry_ms * 2 > RETRY_MAX_MS ? RETRY_MAX_MS : service->retry_ms * 2;
}

static void look_at_everything(struct service *service, const struct reconcile_cause *cause)
{
	struct reconcile_report report;
	struct error err;
	int result;

	result = reconcile_everything(service->reconciler, cause, false, &report, &err);
	if (result == 0) {
		service_log_cost(cause->what, &report, NULL);
		if (service_repairs_drift(service, &report))
			service_put_right(service, service->drift_text, cause);
	}
	settle(service, cause->what, result, &report, &err);
	if (result == 0 && report.changed)
		service_write_state(service);
}

static void look_because(struct service *service, const char *what)
{
	look_at_everything(service, &(struct reconcile_cause){ .what = what });
}

static void retry(void *data)
{
	look_because(data, "retry");
}

/* Now and then, and what it says stays fresh: verify takes the word of a service that lives alone. */
static void beat(void *data)
{
	struct service *service = data;

	loop_timer_set(service->beat, DATAPATH_MS);
	service_check_datapath(service);
	service_write(service);
}

static void ask_for_network(const char *id, void *data)
{
	struct service *service = data;

	docker_watch_network(service->watch, id);
}

/* Whoever is behind a port that is not known is closed until the engine has told; what it said before the port was
 * there does not count. */
static void await_unknown_ports(struct service *service)
{
	(void)reconcile_unknown_ports(service->reconciler, true, ask_for_network, service);
	if (!reconcile_unknown_ports(service->reconciler, false, NULL, NULL))
		service->unknown_ms = UNKNOWN_MIN_MS;
	else if (!loop_timer_armed(service->unknown))
		loop_timer_set(service->unknown, service->unknown_ms);
}

static void ask_for_unknown_ports(void *data)
{
	struct service *service = data;

	(void)reconcile_unknown_ports(service->reconciler, false, ask_for_network, service);
	service->unknown_ms = service->unknown_ms * 2 > UNKNOWN_MAX_MS ? UNKNOWN_MAX_MS : service->unknown_ms * 2;
	await_unknown_ports(service);
}

/* ---- The engine ---- */

/* What one publishes when it starts has to be known before; the list does not tell. */
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

static void got_snapshot(struct inventory *inventory, const struct docker_info *info,
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
		fail(service, "the engine is rootless, its bridges are in a network namespace of its own: run bulkhead "
			      "inside that one");
		return;
	}
	result = reconciler_set_inventory(service->reconciler, inventory, &err);
	if (result == -ENXIO && first) {
		fail(service, err.text);
		return;
	}
	if (result < 0) {
		settle(service, "snapshot", result, NULL, &err);
		docker_watch_everything(service->watch);
		return;
	}
	log_debug("%s", status);
	service_status_engine(service, version);
	if (first)
		log_info("following %s: %s", docker_client_url(service->client), status);
	service_check_datapath(service);
	look_because(service, "snapshot");
	await_unknown_ports(service);
	learn_all_bindings(service);
	service_write_state(service);
	service_advise(service);
	/* What everything at once needed, a single event does not. */
	malloc_trim(0);
	say_ready(service, status);
}

/* Who a network's newcomers are is usually known since they were created; whoever is not is asked for. */
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

static void got_network(const char *id, struct network *network, const struct docker_watch_times *times, void *data)
{
	struct service *service = data;
	struct reconcile_report report;
	struct error err;
	int result;

	service->metrics.events[METRICS_ENGINE]++;
	result = reconcile_network(service->reconciler, id, network, &report, &err);
	settle(service, "network", result, &report, &err);
	if (result < 0)
		return;
	service_log_cost("network", &report, times);
	if (report.full)
		service_write_state(service);
	learn_strangers(service, id);
	await_unknown_ports(service);
}

static void got_container(const char *id, struct container *container, void *data)
{
	struct service *service = data;
	struct reconcile_report report;
	struct error err;
	int result;

	service->metrics.events[METRICS_ENGINE]++;
	result = reconcile_container(service->reconciler, id, container, &report, &err);
	settle(service, "container", result, &report, &err);
	if (result == 0)
		service_log_cost("container", &report, NULL);
	if (reconciler_inventory(service->reconciler))
		learn_bindings(service, inventory_container(reconciler_inventory(service->reconciler), id));
}

static void got_bindings(const char *id, struct container *container, void *data)
{
	struct service *service = data;
	struct reconcile_report report;
	struct error err;
	int result;

	result = reconcile_bindings(service->reconciler, id, container, &report, &err);
	settle(service, "bindings", result, &report, &err);
	if (result == 0)
		service_log_cost("bindings", &report, NULL);
}

static void got_ended(const char *id, void *data)
{
	struct service *service = data;
	struct reconcile_report report;
	struct error err;
	int result;

	service->metrics.events[METRICS_ENGINE]++;
	result = reconcile_ended(service->reconciler, id, &report, &err);

	settle(service, "end", result, &report, &err);
	if (result == 0)
		service_log_cost("end", &report, NULL);
}

static void got_lost(const char *reason, void *data)
{
	struct service *service = data;

	service->advised = service->accept_told = false;
	log_warning("%s; the rules stay, trying again", reason);
	service_status_lost(service, reason);
	say_ready(service, "Engine unreachable; the rules stay");
}

/* ---- The kernel and the links ---- */

static void kernel_news(int fd, uint32_t events, void *data)
{
	struct service *service = data;
	struct kernel_news news = { 0 };
	struct reconcile_cause cause;
	struct error err;

	(void)fd;
	(void)events;
	if (kernel_monitor_drain(reconciler_kernel(service->reconciler), &news, &err) < 0) {
		log_error("%s", err.text);
		news.lost = true;
	}
	if (!news.ours && !news.docker && !news.lost)
		return;
	service->metrics.events[METRICS_KERNEL]++;
	cause = (struct reconcile_cause){ .what = "change by others", .tables = news.ours, .docker = news.docker };
	if (news.ours) {
		cause.name = news.name;
		cause.pid = news.pid;
	}
	look_at_everything(service, &cause);
}

static void ports_changed(struct service *service)
{
	struct reconcile_report report;
	struct error err;
	int result = reconcile_ports(service->reconciler, &report, &err);

	settle(service, "ports", result, &report, &err);
	if (result < 0)
		return;
	service_log_cost("ports", &report, NULL);
	service->unknown_ms = UNKNOWN_MIN_MS;
	await_unknown_ports(service);
}

static void links_news(int fd, uint32_t events, void *data)
{
	struct service *service = data;
	struct links_news news = { 0 };
	struct error err;

	(void)fd;
	(void)events;
	if (links_monitor_drain(reconciler_links(service->reconciler), &news, &err) < 0) {
		log_error("%s", err.text);
		news.bridges = news.ports = true;
	}
	service->metrics.events[METRICS_LINKS] += news.ports || news.bridges;
	if (news.ports)
		ports_changed(service);
	if (news.bridges) {
		reconcile_bridges_changed(service->reconciler);
		look_because(service, "links");
	}
}

/* ---- Signals and the supervisor ---- */

static void reload(struct service *service)
{
	cleanup_of(flow_files) struct flow_files *files = NULL;
	struct error err;
	int result;

	notify_reloading();
	result = service_reload(service->host, service->reconciler, &files, &err);
	if (result < 0) {
		log_error("reload: %s: everything stays as it was", err.text);
	} else {
		log_info("reloaded: %zu apps", reconciler_flows(service->reconciler)->count);
		service_status_settings(service);
		service_status_flows(service, files);
		look_because(service, "reload");
		service->advised = false;
		if (reconciler_inventory(service->reconciler))
			service_advise(service);
		service_write(service);
		if (service->metrics_path)
			service_metrics(service);
	}
	notify_send("READY=1");
}

static void got_signal(int fd, uint32_t events, void *data)
{
	struct service *service = data;
	struct signalfd_siginfo info;

	(void)events;
	while (read(fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGHUP) {
			reload(service);
			continue;
		}
		notify_send("STOPPING=1");
		log_info("ending on %s; the rules stay", info.ssi_signo == SIGTERM ? "SIGTERM" : "SIGINT");
		loop_stop(service->loop);
	}
}

static int watch_signals(struct service *service, int *ret_fd, struct error *err)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
		return error_set(err, -errno, "signals: %s", strerror(errno));
	*ret_fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
	if (*ret_fd < 0)
		return error_set(err, -errno, "signals: %s", strerror(errno));
	return loop_watch(service->loop, *ret_fd, EPOLLIN, got_signal, service, err);
}

static void pat_watchdog(void *data)
{
	struct service *service = data;

	notify_send("WATCHDOG=1");
	loop_timer_set(service->watchdog, service->watchdog_ms);
}

/* ---- Start ---- */

static int watch_kernel_and_links(struct service *service, struct error *err)
{
	static const struct docker_watch_handler handler = {
		.snapshot = got_snapshot,
		.network = got_network,
		.container = got_container,
		.bindings = got_bindings,
		.lost = got_lost,
		.ended = got_ended,
	};
	int fd = kernel_monitor(reconciler_kernel(service->reconciler), err);
	int r = fd < 0 ? fd : loop_watch(service->loop, fd, EPOLLIN, kernel_news, service, err);

	if (r == 0) {
		fd = links_monitor(reconciler_links(service->reconciler), err);
		r = fd < 0 ? fd : loop_watch(service->loop, fd, EPOLLIN, links_news, service, err);
		reconcile_follow_bridges(service->reconciler);
	}
	if (r == 0)
		r = reconcile_look_at_ports(service->reconciler, err);
	if (r == 0)
		r = docker_client_new(service->loop, service->host->config->docker, &service->client, err);
	if (r == 0)
		r = docker_watch_new(service->loop, service->client, true, &handler, service, &service->watch, err);
	return r;
}

static int start(struct service *service, int *ret_signals, struct error *err)
{
	cleanup_of(flow_files) struct flow_files *files = NULL;
	int r = host_load_flows(service->host, &files, err);

	if (r == 0)
		r = loop_new(&service->loop, err);
	if (r == 0)
		r = watch_signals(service, ret_signals, err);
	if (r < 0)
		return r;
	service->ready = loop_timer_new(service->loop, ready_in_time, service);
	service->retry = loop_timer_new(service->loop, retry, service);
	service->watchdog = loop_timer_new(service->loop, pat_watchdog, service);
	service->metrics_timer = loop_timer_new(service->loop, service_metrics, service);
	service->beat = loop_timer_new(service->loop, beat, service);
	service->unknown = loop_timer_new(service->loop, ask_for_unknown_ports, service);
	if (!service->ready || !service->retry || !service->watchdog || !service->beat || !service->metrics_timer ||
	    !service->unknown)
		return error_oom(err);
	if (files->failure_count)
		log_warning("%zu flow file%s refused: their apps have no flows", files->failure_count,
			    files->failure_count == 1 ? " is" : "s are");
	r = reconciler_new(service->host->config, steal(files->set), true, service_log_change, service,
			   &service->reconciler, err);
	if (r == 0)
		r = service_read_closed(service, err);
	if (r == 0)
		r = watch_kernel_and_links(service, err);
	if (r == 0) {
		service_status_start(service);
		service_status_flows(service, files);
	}
	return r;
}

static void stop(struct service *service, int signals)
{
	docker_watch_free(service->watch);
	docker_client_free(service->client);
	reconciler_free(service->reconciler);
	loop_timer_free(service->ready);
	loop_timer_free(service->retry);
	loop_timer_free(service->watchdog);
	loop_timer_free(service->beat);
	loop_timer_free(service->metrics_timer);
	metrics_clear(&service->metrics);
	loop_timer_free(service->unknown);
	loop_free(service->loop);
	if (signals >= 0)
		close(signals);
}

/* What takes more than the service keeps comes first. */
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

int service_run(struct host *host)
{
	struct service service = { .host = host, .retry_ms = RETRY_MIN_MS, .unknown_ms = UNKNOWN_MIN_MS };
	cleanup_close int lock = -1;
	int signals = -1, r;
	struct error err;
	pid_t holder;

	lock = lock_take(&holder, &err);
	/* Where it goes does not change with a reload. */
	if (lock >= 0 && host->config->metrics) {
		service.metrics_path = strdup(host->config->metrics);
		if (!service.metrics_path)
			log_warning("metrics: out of memory: there are none");
	}
	/* What one that was killed has left says nothing of this one. */
	if (lock >= 0)
		status_remove();
	r = lock < 0 ? lock : give_up_privileges(host, &err);
	if (r == 0)
		r = start(&service, &signals, &err);
	if (r == 0) {
		/* Close what is known first, then tell, then listen. */
		service_check_datapath(&service);
		look_because(&service, "start");
		beat(&service);
		if (service.metrics_path)
			service_metrics(&service);
		loop_timer_set(service.ready, READY_MS);
		service.watchdog_ms = notify_watchdog_ms();
		if (service.watchdog_ms)
			pat_watchdog(&service);
		r = loop_run(service.loop, &err);
	}
	if (r < 0) {
		log_error("%s", err.text);
		service.status = EXIT_UNKNOWN;
	}
	stop(&service, signals);
	if (lock >= 0) {
		status_remove();
		/* Old figures must not be taken for those of a service that runs. */
		if (service.metrics_path)
			(void)unlink(service.metrics_path);
	}
	free(service.metrics_path);
	return service.status;
}
