/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the service says of what it does. */
#include <inttypes.h>
#include <stdio.h>

#include "log.h"
#include "report.h"
#include "service_internal.h"

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
		log_warning("the tables " KERNEL_TABLE "%s: %s%s", who, what,
			    report->install == KERNEL_REPLACE ? ", all of them" : ", their rules");
	else if (report->added || report->removed)
		log_warning("the tables " KERNEL_TABLE "%s: %s: +%zu -%zu elements", who, what, report->added,
			    report->removed);
}

void service_log_change(const struct policy_diff *diff, const struct reconcile_report *report, void *data)
{
	struct service *service = data;

	if (service->drift_name) {
		log_drift(service, report);
	} else {
		if (report->install == KERNEL_REPLACE)
			log_info("installing the tables inet " KERNEL_TABLE " and bridge " KERNEL_TABLE);
		else if (report->install == KERNEL_RULES)
			log_info("writing the rules of the tables " KERNEL_TABLE " anew");
		report_flows(diff, log_line, NULL);
	}
	if (report->docker)
		log_info("the accept rule for the mark, with which declared flows pass Docker's own drop, was put in "
			 "order");
}

void service_log_cost(const char *what, const struct reconcile_report *report, const struct docker_watch_times *times)
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

void service_advise(struct service *service)
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
