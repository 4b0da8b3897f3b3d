/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel tells: somebody else changed the ruleset; links came or went. */
#include <sys/epoll.h>

#include "log.h"
#include "reconcile_links.h"
#include "service_internal.h"

static void ruleset_news(int fd, uint32_t events, void *data)
{
	struct service *service = data;
	struct reconcile_cause cause = { .what = "change by others" };
	struct kernel_news news = { 0 };
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
	cause.tables = news.ours;
	cause.docker = news.docker;
	if (news.ours) {
		cause.name = news.name;
		cause.pid = news.pid;
	}
	service_look(service, &cause);
}

static void link_news(int fd, uint32_t events, void *data)
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
		service_ports_changed(service);
	if (news.bridges)
		service_bridges_changed(service);
}

int service_follow_kernel(struct service *service, struct error *err)
{
	int fd = kernel_monitor(reconciler_kernel(service->reconciler), err);
	int r = fd < 0 ? fd : loop_watch(service->loop, fd, EPOLLIN, ruleset_news, service, err);

	if (r < 0)
		return r;
	fd = links_monitor(reconciler_links(service->reconciler), err);
	r = fd < 0 ? fd : loop_watch(service->loop, fd, EPOLLIN, link_news, service, err);
	if (r == 0)
		reconcile_follow_bridges(service->reconciler);
	return r;
}
