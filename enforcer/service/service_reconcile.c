/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Comparisons: what came of them, and the next attempt after one that failed. */
#include <inttypes.h>

#include "log.h"
#include "service_internal.h"

/* The first attempt follows after this, each other after twice as long. */
#define RETRY_MIN_MS 50
#define RETRY_MAX_MS 5000

static void note_success(struct service *service, const char *what, const struct reconcile_report *report)
{
	service->refused = false;
	service_status_done(service, what, report);
	if (report->full)
		service_note_left(service, report);
	service->retry_ms = 0;
	loop_timer_stop(service->timers[SERVICE_RETRY]);
	service_health(service);
}

static void note_failure(struct service *service, const struct error *err)
{
	service->refused = true;
	STATUS_TEXT(service->refused_text, err->text);
	service_status_failed(service);
	service_health(service);
	service->retry_ms = service->retry_ms ? 2 * service->retry_ms : RETRY_MIN_MS;
	if (service->retry_ms > RETRY_MAX_MS)
		service->retry_ms = RETRY_MAX_MS;
	log_error("%s; trying again in %" PRIu64 " ms", err->text, service->retry_ms);
	loop_timer_set(service->timers[SERVICE_RETRY], service->retry_ms);
}

void service_note_result(struct service *service, const char *what, int result, const struct reconcile_report *report,
			 const struct error *err)
{
	if (result < 0)
		note_failure(service, err);
	/* An event that needed no comparison makes nothing good that was refused before. */
	else if (report->full || !service->refused || !reconciler_is_doubtful(service->reconciler))
		note_success(service, what, report);
}

void service_look(struct service *service, const struct reconcile_cause *cause)
{
	struct reconcile_report report;
	struct error err;
	int result = reconcile_everything(service->reconciler, cause, false, &report, &err);

	if (result == 0) {
		service_log_cost(cause->what, &report, NULL);
		if (service_repairs_drift(service, &report))
			service_put_right(service, service->drift_text, cause);
	}
	service_note_result(service, cause->what, result, &report, &err);
	if (result == 0 && report.changed)
		service_write_state(service);
}

void service_look_because(struct service *service, const char *what)
{
	service_look(service, &(struct reconcile_cause){ .what = what });
}

void service_retry(void *data)
{
	service_look_because(data, "retry");
}
