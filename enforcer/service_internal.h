/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of the service alone: its state, and what it logs. */
#ifndef BULKHEAD_SERVICE_INTERNAL_H
#define BULKHEAD_SERVICE_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "docker_watch.h"
#include "health.h"
#include "host.h"
#include "loop.h"
#include "reconcile.h"

struct service {
	struct host *host;
	struct loop *loop;
	struct reconciler *reconciler;
	struct docker_client *client;
	struct docker_watch *watch;
	struct loop_timer *ready, *retry, *watchdog, *beat, *unknown;
	uint64_t watchdog_ms;
	unsigned retry_ms, unknown_ms;
	bool said_ready;
	bool datapath_failing;
	bool drifted;		    /* others changed something, and it was left as it is ("repair": false) … */
	struct reconcile_left left; /* … this, as it was told last */
	char who[64];		    /* by whom: " changed by nft (pid 4711)", or "" */
	bool refused;		    /* the last comparison failed */
	/* What is told of each of them. */
	char datapath_text[HEALTH_TEXT_SIZE], drift_text[HEALTH_TEXT_SIZE], refused_text[HEALTH_TEXT_SIZE];
	struct health health;
	int health_error; /* why it could not be written, as it was logged last */
	bool advised;
	int status;
	/* Everything is looked at right now because others changed something of ours, or of Docker's; what they did was
	 * found; and who, "" if it is not known. */
	bool ours_changed, docker_changed;
	bool drift_found;
	const char *drift_name;
	uint32_t drift_pid;
};

/* A reconcile's observer: one line per meaningful change.  data is the service. */
void service_log_change(const struct policy_diff *diff, const struct reconcile_report *report, void *data);

/* What others changed and was left as it is, after each comparison of everything: a line where that is news. */
void service_note_left(struct service *service, const struct reconcile_left *left);

/* With -v, what a change cost: the engine's answer, our own work from the answer to the commit's end, the commit. times
 * may be NULL. */
void service_log_cost(const char *what, const struct reconcile_report *report, const struct docker_watch_times *times);

/* Tells `verify` whether all is in force, where that is news; and that this is still so. */
void service_health(struct service *service);
void service_beat(struct service *service);

/* What the host needs, once after each snapshot that is news: it is not going to change by being repeated. */
void service_advise(struct service *service);

#endif
