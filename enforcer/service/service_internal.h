/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of the service alone: its state, and what each file does for the others. */
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

/* What each does stands in the table of service.c. */
enum service_timer {
	SERVICE_READY,
	SERVICE_RETRY,
	SERVICE_UNKNOWN_PORTS,
	SERVICE_BEAT,
	SERVICE_METRICS,
	SERVICE_WATCHDOG,
	SERVICE_TIMERS,
};

struct service {
	struct host *host;
	struct loop *loop;
	struct loop_timer *timers[SERVICE_TIMERS];
	int signals; /* signalfd, or -1 */
	struct reconciler *reconciler;
	struct docker_client *client;
	struct docker_watch *watch;
	uint64_t watchdog_ms;	       /* 0: no supervisor wants to hear of us */
	uint64_t retry_ms, unknown_ms; /* how long the next of them waits; retry_ms is 0 after a success */
	bool said_ready;
	bool advised;	  /* service_advise has spoken */
	bool accept_told; /* that the rule in Docker's chain was put in order, since the engine was lost */
	int status;	  /* the process's exit status */
	/* What is not in force, and the text that others are told. */
	bool refused; /* the last comparison failed */
	char refused_text[STATUS_TEXT_SIZE];
	bool datapath_failing;
	char datapath_text[STATUS_TEXT_SIZE];
	bool drifted; /* others changed something, and it was left as it is: "repair" is false */
	char drift_text[STATUS_TEXT_SIZE];
	struct reconcile_left left; /* what of it was logged last … */
	char who[64];		    /* … and by whom it was: " changed by nft (pid 4711)", or "" */
	/* What others read of the service, and why it could not be written, as it was logged last. */
	struct status tell;
	int tell_error;
	struct metrics metrics;
	char *metrics_path; /* NULL: nobody asked for metrics */
	int metrics_error;
};

/* ---- service_tell.c ---- */

/* Tells the supervisor the status, and the first time that the service is ready. */
void service_ready(struct service *service, const char *status);
/* Logs the reason, and ends the service with an error. */
void service_fail(struct service *service, const char *reason);

/* ---- service_reconcile.c ---- */

/* Compares everything and commits what differs. */
void service_look(struct service *service, const struct reconcile_cause *cause);
/* The same where nobody else changed anything.  what: for people, as in struct reconcile_cause. */
void service_look_because(struct service *service, const char *what);
/* Takes note of what a comparison came to.  report: if result is 0; err: if it is negative. */
void service_note_result(struct service *service, const char *what, int result, const struct reconcile_report *report,
			 const struct error *err);
/* A timer's. */
void service_retry(void *data);

/* ---- service_engine.c ---- */

int service_follow_engine(struct service *service, struct error *err);
/* Ports of bridges came, went or changed; and bridges did. */
void service_ports_changed(struct service *service);
void service_bridges_changed(struct service *service);
/* A timer's. */
void service_ask_for_unknown_ports(void *data);

/* ---- service_netlink.c, service_signals.c ---- */

int service_follow_kernel(struct service *service, struct error *err);
int service_follow_signals(struct service *service, struct error *err);

/* ---- service_log.c ---- */

/* The reconciler's observer: logs a difference before it is committed.  data is the service. */
void service_log_change(const struct policy_diff *diff, const struct reconcile_report *report, void *data);

/* Logs what others changed and is left as it is, where that is news.  Called after each comparison of everything. */
void service_note_left(struct service *service, const struct reconcile_report *report);

/* Logs, with -v, what a change cost: the engine's answer, our own work from the answer to the commit's end, the commit.
 * times may be NULL. */
void service_log_cost(const char *what, const struct reconcile_report *report, const struct docker_watch_times *times);

/* Whether the difference puts right what others changed. */
bool service_repairs_drift(const struct service *service, const struct reconcile_report *report);

/* Logs what an administrator has to do on the host: once, and again after the engine was lost and after a reload. */
void service_advise(struct service *service);

/* ---- service_status.c: what others read of the service ---- */

/* Takes note of the start, the settings, the flow files, the engine, a comparison. */
void service_status_start(struct service *service);
void service_status_settings(struct service *service);
void service_status_flows(struct service *service, const struct flow_files *files);
void service_status_engine(struct service *service, const struct docker_version *version);
void service_status_lost(struct service *service, const char *reason);
void service_status_done(struct service *service, const char *what, const struct reconcile_report *report);
void service_status_failed(struct service *service);

/* Takes note that something was put right that others had changed.  cause: who it was; NULL where that is not known. */
void service_put_right(struct service *service, const char *what, const struct reconcile_cause *cause);

/* Writes whether all is in force, if that is news. */
void service_health(struct service *service);
/* Writes the status, which is fresh again. */
void service_write(struct service *service);
/* Writes the metrics, and will again: a timer's. */
void service_metrics(void *data);

/* ---- service_state.c: the bridges to close before the engine has said a word ---- */

/* Gives those of the last run, and docker0, to the reconciler. */
int service_read_closed(struct service *service, struct error *err);
/* Keeps those of this run for the next one. */
void service_write_state(struct service *service);
/* Keeps the sockets that are known to be the host's own, where that is news; and gives those of the last run to the
 * reconciler. */
void service_keep_sockets(struct service *service);
void service_read_sockets(struct service *service);

/* ---- service_datapath.c ---- */

/* Whether br_netfilter is on, and if not, puts it right. */
void service_check_datapath(struct service *service);

#endif
