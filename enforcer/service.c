/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service.h"

#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "datapath.h"
#include "docker_watch.h"
#include "lock.h"
#include "log.h"
#include "loop.h"
#include "notify.h"
#include "reconcile.h"
#include "report.h"
#include "service_reload.h"
#include "state.h"

/* Ready is said at the latest after this: an engine that waits for us must not be waited for. */
#define READY_MS 300
/* After a transaction that was refused. */
#define RETRY_MIN_MS 50
#define RETRY_MAX_MS 5000
/* The kernel tells nobody when somebody switches br_netfilter off. */
#define DATAPATH_MS 2000

struct service {
	struct host *host;
	struct loop *loop;
	struct reconciler *reconciler;
	struct docker_client *client;
	struct docker_watch *watch;
	struct loop_timer *ready, *retry, *watchdog, *datapath;
	uint64_t watchdog_ms;
	unsigned retry_ms;
	bool said_ready;
	bool datapath_failing;
	bool advised;
	int status;
	/* Why everything is looked at right now, for the log. */
	const char *drift_name;
	uint32_t drift_pid;
};

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

/* ---- What is logged ---- */

static void log_line(const char *line, void *data)
{
	(void)data;
	log_info("%s", line);
}

static void log_drift(const struct service *service, const struct reconcile_report *report)
{
	char who[64] = "";
	const char *what = service->host->config->repair ? "put back" : "found, and not put back (\"repair\": false)";

	if (service->drift_pid)
		snprintf(who, sizeof(who), " changed by %s (pid %" PRIu32 ")",
			 service->drift_name ? service->drift_name : "?", service->drift_pid);
	if (report->install != KERNEL_KEEP)
		log_warning("table inet " KERNEL_TABLE "%s: %s%s", who, what,
			    report->install == KERNEL_REPLACE ? ", all of it" : ", its rules");
	else if (report->added || report->removed)
		log_warning("table inet " KERNEL_TABLE "%s: %s: +%zu -%zu elements", who, what, report->added,
			    report->removed);
}

static void log_change(const struct policy_diff *diff, const struct reconcile_report *report, void *data)
{
	struct service *service = data;

	if (service->drift_name) {
		log_drift(service, report);
	} else {
		if (report->install == KERNEL_REPLACE)
			log_info("installing table inet " KERNEL_TABLE);
		else if (report->install == KERNEL_RULES)
			log_info("writing the rules of table inet " KERNEL_TABLE " anew");
		report_flows(diff, log_line, NULL);
	}
	if (report->docker)
		log_info("the accept rule for the mark, with which declared flows pass Docker's own drop, was put in "
			 "order");
}

/* What a change cost: the engine's answer, our own work from the answer to the commit's end, the commit. */
static void log_cost(const char *what, const struct reconcile_report *report, const struct docker_watch_times *times)
{
	uint64_t work = report->work_ns;

	if (!report->changed)
		return;
	if (!times || !times->event) {
		log_debug("cost: %s: work %" PRIu64 " us, commit %" PRIu64 " us, +%zu -%zu", what, work / 1000,
			  report->commit_ns / 1000, report->added, report->removed);
		return;
	}
	if (report->done_ns > times->received)
		work = report->done_ns - times->received - report->commit_ns;
	log_debug("cost: %s: engine %" PRIu64 " us, work %" PRIu64 " us, commit %" PRIu64 " us, +%zu -%zu", what,
		  (times->received - times->event) / 1000, work / 1000, report->commit_ns / 1000, report->added,
		  report->removed);
}

static void say_advice(const char *sentence, void *data)
{
	(void)data;
	log_warning("%s", sentence);
}

/* Once after each snapshot that is news: what the host needs is not going to change by being repeated. */
static void advise(struct service *service)
{
	struct kernel_state state = { 0 };
	struct error err;

	if (service->advised)
		return;
	if (kernel_read(service->reconciler->kernel, &service->reconciler->options, &state, &err) < 0)
		return;
	service->advised = true;
	reconcile_advise(service->reconciler, &state, say_advice, NULL);
	kernel_state_clear(&state);
}

/* ---- Reconciling ---- */

static void write_state(struct service *service)
{
	cleanup_free char(*bridges)[16] = NULL;
	struct error err;
	size_t count;

	if (!service->reconciler->inventory)
		return;
	if (state_collect(service->reconciler->inventory, &bridges, &count) < 0)
		return;
	if (state_write(service->host->config->state, bridges, count, &err) < 0)
		log_warning("%s: after a reboot only docker0 is closed before the engine is heard", err.text);
}

static void settle(struct service *service, int result, const struct error *err)
{
	if (result == 0) {
		service->retry_ms = RETRY_MIN_MS;
		loop_timer_stop(service->retry);
		return;
	}
	log_error("%s; trying again in %u ms", err->text, service->retry_ms);
	loop_timer_set(service->retry, service->retry_ms);
	service->retry_ms = service->retry_ms * 2 > RETRY_MAX_MS ? RETRY_MAX_MS : service->retry_ms * 2;
}

static void look_at_everything(struct service *service, const char *why)
{
	struct reconcile_report report;
	struct error err;
	bool dry = service->drift_name && !service->host->config->repair;
	int result = reconcile_everything(service->reconciler, dry, log_change, service, &report, &err);

	if (result == 0)
		log_cost(why, &report, NULL);
	settle(service, result, &err);
	if (result == 0 && report.changed)
		write_state(service);
}

static void retry(void *data)
{
	look_at_everything(data, "retry");
}

/* br_netfilter off means that no rule sees the packets: checked with everything, and now and then. */
static void check_datapath(void *data)
{
	struct service *service = data;
	struct datapath datapath;
	char changed[160];
	struct error err;
	int result;

	loop_timer_set(service->datapath, DATAPATH_MS);
	result = datapath_read(&datapath, &err);
	if (result == 0 && datapath_whole(&datapath)) {
		service->datapath_failing = false;
		return;
	}
	if (result == 0 && !service->host->config->repair)
		result = error_set(&err, -EPERM,
				   "br_netfilter is %s: packets between containers on one bridge are not filtered, and "
				   "\"repair\" is false",
				   datapath.present ? "switched off" : "not loaded");
	if (result == 0)
		result = datapath_repair(changed, &err);
	if (result == 0)
		log_warning("packets on one bridge did not come by bulkhead's rules: %s", changed);
	else if (!service->datapath_failing)
		log_error("%s", err.text);
	service->datapath_failing = result < 0;
}

/* ---- The engine ---- */

static void got_snapshot(struct inventory *inventory, const struct docker_info *info,
			 const struct docker_version *version, void *data)
{
	struct service *service = data;
	bool first = !service->reconciler->inventory;
	struct error err;
	char status[160];
	int result;

	snprintf(status, sizeof(status), "Engine %s, %zu containers, %zu apps", version->version,
		 inventory->container_count, service->reconciler->flows->count);
	if (info->rootless) {
		inventory_free(inventory);
		fail(service, "the engine is rootless, its bridges are in a network namespace of its own: run bulkhead "
			      "inside that one");
		return;
	}
	result = reconcile_set_inventory(service->reconciler, inventory, &err);
	if (result == -ENXIO && first) {
		fail(service, err.text);
		return;
	}
	if (result < 0) {
		settle(service, result, &err);
		docker_watch_everything(service->watch);
		return;
	}
	log_debug("%s", status);
	if (first)
		log_info("following %s: %s", docker_client_url(service->client), status);
	check_datapath(service);
	look_at_everything(service, "snapshot");
	write_state(service);
	advise(service);
	/* What everything at once needed, a single event does not. */
	malloc_trim(0);
	say_ready(service, status);
}

/* Who a network's newcomers are is usually known since they were created; whoever is not is asked for. */
static void learn_strangers(struct service *service, const char *id)
{
	const struct inventory *inventory = service->reconciler->inventory;
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

	result = reconcile_network(service->reconciler, id, network, log_change, service, &report, &err);
	settle(service, result, &err);
	if (result < 0)
		return;
	log_cost("network", &report, times);
	if (report.full)
		write_state(service);
	learn_strangers(service, id);
}

static void got_container(const char *id, struct container *container, void *data)
{
	struct service *service = data;
	struct reconcile_report report;
	struct error err;
	int result;

	result = reconcile_container(service->reconciler, id, container, log_change, service, &report, &err);
	settle(service, result, &err);
	if (result == 0)
		log_cost("container", &report, NULL);
}

static void got_lost(const char *reason, void *data)
{
	struct service *service = data;

	service->advised = false;
	log_warning("%s; the rules stay, trying again", reason);
	say_ready(service, "Engine unreachable; the rules stay");
}

/* ---- The kernel and the links ---- */

static void kernel_news(int fd, uint32_t events, void *data)
{
	struct service *service = data;
	struct kernel_news news = { 0 };
	struct error err;

	(void)fd;
	(void)events;
	if (kernel_monitor_drain(service->reconciler->kernel, &news, &err) < 0) {
		log_error("%s", err.text);
		news.lost = true;
	}
	if (!news.ours && !news.docker && !news.lost)
		return;
	if (news.ours) {
		service->drift_name = news.name;
		service->drift_pid = news.pid;
	}
	look_at_everything(service, "change by others");
	service->drift_name = NULL;
	service->drift_pid = 0;
}

static void links_news(int fd, uint32_t events, void *data)
{
	struct service *service = data;
	struct error err;
	bool changed;

	(void)fd;
	(void)events;
	if (links_monitor_drain(service->reconciler->links, &changed, &err) < 0) {
		log_error("%s", err.text);
		changed = true;
	}
	if (changed) {
		reconcile_bridges_changed(service->reconciler);
		look_at_everything(service, "links");
	}
}

/* ---- Signals and the supervisor ---- */

static void reload(struct service *service)
{
	struct error err;
	int result;

	notify_reloading();
	result = service_reload(service->host, service->reconciler, &err);
	if (result < 0) {
		log_error("reload: %s: everything stays as it was", err.text);
	} else {
		log_info("reloaded: %zu apps", service->reconciler->flows->count);
		look_at_everything(service, "reload");
		service->advised = false;
		if (service->reconciler->inventory)
			advise(service);
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

/* The bridges of the last run, and docker0: closed before the engine has said a word. */
static int read_closed(struct service *service, struct error *err)
{
	struct reconciler *r = service->reconciler;
	char(*closed)[16];

	if (state_read(service->host->config->state, &r->closed, &r->closed_count, err) < 0) {
		log_warning("%s: only docker0 is closed before the engine is heard", err->text);
		r->closed = NULL;
		r->closed_count = 0;
	}
	for (size_t i = 0; i < r->closed_count; i++) {
		if (strcmp(r->closed[i], "docker0") == 0)
			return 0;
	}
	closed = realloc(r->closed, (r->closed_count + 1) * sizeof(*closed));
	if (!closed)
		return error_oom(err);
	memset(closed[r->closed_count], 0, sizeof(*closed));
	strcpy(closed[r->closed_count], "docker0");
	r->closed = closed;
	r->closed_count++;
	return 0;
}

static int watch_kernel_and_links(struct service *service, struct error *err)
{
	static const struct docker_watch_handler handler = { got_snapshot, got_network, got_container, got_lost };
	int fd = kernel_monitor(service->reconciler->kernel, err);
	int r = fd < 0 ? fd : loop_watch(service->loop, fd, EPOLLIN, kernel_news, service, err);

	if (r == 0) {
		fd = links_monitor(service->reconciler->links, err);
		r = fd < 0 ? fd : loop_watch(service->loop, fd, EPOLLIN, links_news, service, err);
		reconcile_follow_bridges(service->reconciler);
	}
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
	service->datapath = loop_timer_new(service->loop, check_datapath, service);
	if (!service->ready || !service->retry || !service->watchdog || !service->datapath)
		return error_oom(err);
	if (files->failure_count)
		log_warning("%zu flow file%s refused: their apps have no flows", files->failure_count,
			    files->failure_count == 1 ? " is" : "s are");
	r = reconcile_new(service->host->config, steal(files->set), true, &service->reconciler, err);
	if (r == 0)
		r = read_closed(service, err);
	if (r == 0)
		r = watch_kernel_and_links(service, err);
	return r;
}

static void stop(struct service *service, int signals)
{
	docker_watch_free(service->watch);
	docker_client_free(service->client);
	reconcile_free(service->reconciler);
	loop_timer_free(service->ready);
	loop_timer_free(service->retry);
	loop_timer_free(service->watchdog);
	loop_timer_free(service->datapath);
	loop_free(service->loop);
	if (signals >= 0)
		close(signals);
}

int service_run(struct host *host)
{
	struct service service = { .host = host, .retry_ms = RETRY_MIN_MS };
	cleanup_close int lock = -1;
	int signals = -1, r;
	struct error err;
	pid_t holder;

	lock = lock_take(&holder, &err);
	r = lock < 0 ? lock : start(&service, &signals, &err);
	if (r == 0) {
		/* Close what is known first, then tell, then listen. */
		check_datapath(&service);
		look_at_everything(&service, "start");
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
	return service.status;
}
