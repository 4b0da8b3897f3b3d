/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log: what the service does, and what others did. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "diff_text.h"
#include "service_internal.h"

static void log_line(const char *line, void *data)
{
	(void)data;
	log_info("%s", line);
}

/* Somebody took our rule out of Docker's chain.  It is no drift that a chain which the engine has just made lacks the
 * rule, or that the engine puts rules of its own above it. */
static bool accept_lost(const struct reconcile_report *report)
{
	return report->docker_lost && (report->cause.docker || report->cause.tables);
}

static bool tables_differ(const struct reconcile_report *report)
{
	return report->cause.tables && (report->install != KERNEL_KEEP || report->added || report->removed);
}

static void tell_who(const struct reconcile_cause *cause, char who[64])
{
	who[0] = '\0';
	if (cause->pid)
		snprintf(who, 64, " changed by %s (pid %" PRIu32 ")", cause->name ? cause->name : "?", cause->pid);
}

/* Says how the tables differ, or differed, and what becomes of that. */
static void log_tables(struct service *service, const char *who, const char *what, enum kernel_install install,
		       size_t added, size_t removed)
{
	if (install != KERNEL_KEEP)
		snprintf(service->drift_text, sizeof(service->drift_text), "the tables " KERNEL_TABLE "%s: %s%s", who,
			 what, install == KERNEL_REPLACE ? ", all of them" : ", their rules");
	else
		snprintf(service->drift_text, sizeof(service->drift_text),
			 "the tables " KERNEL_TABLE "%s: %s: +%zu -%zu elements", who, what, added, removed);
	log_warning("%s", service->drift_text);
}

/* The status has room for one text: that of the tables, if they differ as well. */
static void log_accept(struct service *service, const char *what, bool with_tables)
{
	char text[STATUS_TEXT_SIZE];

	snprintf(text, sizeof(text),
		 "the accept rule for the mark, with which declared flows pass Docker's own drop: %s", what);
	log_warning("%s", text);
	if (!with_tables)
		memcpy(service->drift_text, text, sizeof(text));
}

/* Says what others did, and that it is put right. */
static void log_drift(struct service *service, const struct reconcile_report *report)
{
	char who[64];

	tell_who(&report->cause, who);
	if (tables_differ(report))
		log_tables(service, who, "put back", report->install, report->added, report->removed);
	if (accept_lost(report))
		log_accept(service, "put back", tables_differ(report));
}

static bool tables_left(const struct reconcile_left *left)
{
	return left->lost || left->foreign || left->install != KERNEL_KEEP;
}

static bool same_left(const struct reconcile_left *a, const struct reconcile_left *b)
{
	return a->lost == b->lost && a->foreign == b->foreign && a->install == b->install &&
	       a->docker[0] == b->docker[0] && a->docker[1] == b->docker[1];
}

void service_note_left(struct service *service, const struct reconcile_report *report)
{
	const struct reconcile_left *left = &report->left;
	static const char what[] = "found, and not put back (\"repair\": false)";
	bool accept = left->docker[0] || left->docker[1], any = tables_left(left) || accept;
	/* The kernel may name the process only after the change was seen. */
	bool named = report->cause.pid && !service->who[0];

	if (service->drifted && !any)
		log_info("what others had changed is as it was again");
	if (any && (!service->drifted || named || !same_left(left, &service->left))) {
		if (report->cause.pid || !service->drifted)
			tell_who(&report->cause, service->who);
		if (tables_left(left))
			log_tables(service, service->who, what, left->install, left->lost, left->foreign);
		if (accept)
			log_accept(service, what, tables_left(left));
	}
	service->drifted = any;
	service->left = *left;
}

/* Who has somebody else's MAC is closed, and should hear of it. */
static void log_refused(const struct policy_diff *diff)
{
	for (size_t i = 0; i < diff->add_count; i++) {
		if (diff->add[i]->set == POLICY_REFUSED)
			log_warning("port %s is closed: %s", diff->add[i]->link, diff->add[i]->comment);
	}
}

static void log_install(const struct policy_diff *diff, const struct reconcile_report *report)
{
	if (report->install == KERNEL_REPLACE)
		log_info("installing the tables inet " KERNEL_TABLE " and bridge " KERNEL_TABLE);
	else if (report->install == KERNEL_RULES)
		log_info("writing the rules of the tables " KERNEL_TABLE " anew");
	diff_text_flows(diff, log_line, NULL);
	log_refused(diff);
}

bool service_repairs_drift(const struct service *service, const struct reconcile_report *report)
{
	return service->host->config->repair && (accept_lost(report) || tables_differ(report));
}

void service_log_change(const struct policy_diff *diff, const struct reconcile_report *report, void *data)
{
	struct service *service = data;
	/* If it is false, all that is committed is what flow files and containers ask for. */
	bool repair = service->host->config->repair;

	if (service_repairs_drift(service, report))
		log_drift(service, report);
	if (!repair || !report->cause.tables)
		log_install(diff, report);
	if (report->docker && !(repair && accept_lost(report))) {
		/* Said once: an engine that starts writes its chains a dozen times. */
		log_write(service->accept_told ? CONFIG_LOG_DEBUG : CONFIG_LOG_INFO,
			  "the accept rule for the mark, with which declared flows pass Docker's own drop, was put in "
			  "order");
		service->accept_told = true;
	}
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
	struct error err;

	if (!service->advised)
		service->advised = reconcile_advise(service->reconciler, say_advice, NULL, &err) == 0;
}
