/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of the service alone: its state, and what it logs. */
#ifndef BULKHEAD_SERVICE_INTERNAL_H
#define BULKHEAD_SERVICE_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "docker_watch.h"
#include "host.h"
#include "loop.h"
#include "metrics.h"
#include "reconcile.h"
#include "status.h"

struct service {
	struct host *host;
	struct loop *loop;
	struct reconciler *reconciler;
	struct docker_client *client;
	struct docker_watch *watch;
	struct loop_timer *ready, *retry, *watchdog, *beat, *unknown, *metrics_timer;
	uint64_t watchdog_ms;
	unsigned retry_ms, unknown_ms;
	bool said_ready;
	bool datapath_failing;
	bool drifted;		    /* others changed something, and it was left as it is ("repair": false) … */
	struct reconcile_left left; /* … this, as it was told last */
	char who[64];		    /* by whom: " changed by nft (pid 4711)", or "" */
	bool refused;		    /* the last comparison failed */
	/* What is told of each of them. */
	char datapath_text[STATUS_TEXT_SIZE], drift_text[STATUS_TEXT_SIZE], refused_text[STATUS_TEXT_SIZE];
	struct status tell; /* of all of this, to others */
	struct metrics metrics;
	char *metrics_path;	       /* NULL: nobody asked for them */
	int tell_error, metrics_error; /* why they could not be written, as it was logged last */
	bool advised;
	bool accept_told; /* that the rule in Docker's chain was put in order, since the engine was lost */
	int status;
};

/* A reconcile's observer: one line per meaningful change.  data is the service. */
void service_log_change(const struct policy_diff *diff, const struct reconcile_report *report, void *data);

/* What others changed and was left as it is, after each comparison of everything: a line where that is news. */
void service_note_left(struct service *service, const struct reconcile_report *report);

/* With -v, what a change cost: the engine's answer, our own work from the answer to the commit's end, the commit. times
 * may be NULL. */
void service_log_cost(const char *what, const struct reconcile_report *report, const struct docker_watch_times *times);

/* Tells others whether all is in force, where that is news; and that all of it is still so. */
void service_health(struct service *service);
void service_write(struct service *service);
/* The metrics, now and then: a timer's. */
void service_metrics(void *data);

/* What is told: of the start, of the configuration, of flow files, of the engine, of a comparison. */
void service_status_start(struct service *service);
void service_status_settings(struct service *service);
void service_status_flows(struct service *service, const struct flow_files *files);
void service_status_engine(struct service *service, const struct docker_version *version);
void service_status_lost(struct service *service, const char *reason);
void service_status_done(struct service *service, const char *what, const struct reconcile_report *report);
void service_status_failed(struct service *service);
/* The bridges of the last run, and docker0: closed before the engine has said a word; and for the next run. */
int service_read_closed(struct service *service, struct error *err);
void service_write_state(struct service *service);

/* Whether br_netfilter is on, and if not, puts it right. */
void service_check_datapath(struct service *service);

/* Whether what was committed, or is to be, puts right what others changed. */
bool service_repairs_drift(const struct service *service, const struct reconcile_report *report);
/* Tells others that something that others had changed was put right.  cause: who it was; NULL where that is not known.
 */
void service_put_right(struct service *service, const char *what, const struct reconcile_cause *cause);

/* What the host needs, once after each snapshot that is news: it is not going to change by being repeated. */
void service_advise(struct service *service);

#endif
