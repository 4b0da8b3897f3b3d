/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signals: SIGTERM and SIGINT end the service, SIGHUP reloads. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "log.h"
#include "notify.h"
#include "service_internal.h"
#include "service_reload.h"

static void follow_reload(struct service *service, const struct flow_files *files)
{
	log_info("reloaded: %zu apps", reconciler_flows(service->reconciler)->count);
	service_status_settings(service);
	service_status_flows(service, files);
	service_look_because(service, "reload");
	service->advised = false;
	if (reconciler_inventory(service->reconciler))
		service_advise(service);
	service_write(service);
	if (service->metrics_path)
		service_metrics(service);
}

static void reload(struct service *service)
{
	cleanup_of(flow_files) struct flow_files *files = NULL;
	struct error err;

	notify_reloading();
	if (service_reload(service->host, service->reconciler, &files, &err) < 0)
		log_error("reload: %s: everything stays as it was", err.text);
	else
		follow_reload(service, files);
	notify_send("READY=1");
}

static void take_signals(int fd, uint32_t events, void *data)
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

int service_follow_signals(struct service *service, struct error *err)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
		return error_set(err, -errno, "signals: %s", strerror(errno));
	service->signals = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
	if (service->signals < 0)
		return error_set(err, -errno, "signals: %s", strerror(errno));
	return loop_watch(service->loop, service->signals, EPOLLIN, take_signals, service, err);
}
