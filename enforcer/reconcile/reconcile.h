/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one function that everything ends in: start, reconnect, reload, a flushed ruleset, a lost message and a container
 * start.  It compares what should be with what is and commits the difference; no difference, no write.
 */
#ifndef BULKHEAD_RECONCILE_H
#define BULKHEAD_RECONCILE_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "inventory.h"
#include "kernel.h"
#include "reconciler.h"

/* Why everything is looked at. */
struct reconcile_cause {
	const char *what;    /* in a word or two, for people: "snapshot" */
	bool tables, docker; /* somebody else changed our tables; changed Docker's */
	const char *name;    /* of the process that changed our tables; NULL or "" if it is not known */
	uint32_t pid;	     /* and its pid; 0 if it is not known */
};

/* What others changed and was left as it is, because "repair" is false. */
struct reconcile_left {
	size_t lost, foreign;	     /* elements that are missing, or should not be there */
	enum kernel_install install; /* what of the tables would have to be written */
	bool docker[2];		     /* our rule in Docker's chain is gone */
};

/* The kernel's tables as they were in the end. */
struct reconcile_tables {
	bool owned, persistent; /* a process owns them; they outlive it */
	bool knows_bridge_names;
	enum kernel_docker_backend backend[2]; /* IPv4, IPv6 */
	size_t elements;
	uint32_t generation;
};

/* What one reconcile found and did. */
struct reconcile_report {
	bool full;		      /* the kernel was read, not taken from memory */
	struct reconcile_cause cause; /* if full, as the caller gave it */
	bool changed;		      /* something was, or would be, committed */
	size_t added, removed;	      /* elements */
	enum kernel_install install;
	bool adopted;			/* ownership of the table was taken: no change of policy */
	bool docker;			/* the rule for Docker's own drop was put in order */
	bool docker_lost;		/* if full: it stood there after the last look, and was gone */
	struct reconcile_left left;	/* if full */
	struct reconcile_tables tables; /* if full */
	uint64_t work_ns;		/* our own work: compiling, comparing, encoding, and reading if full */
	uint64_t commit_ns;		/* the kernel's: the commit's system calls */
	uint64_t done_ns;		/* CLOCK_MONOTONIC when the commit was over */
};

/* Everything: reads the kernel, commits the difference, and reads it back.  dry: only says what it would do.  Before
 * the first inventory: closes the bridges that are known from the last run, and leaves what the kernel holds.  Where
 * "repair" is false, what others changed since the last comparison is left, save after reconciler_set_flows. */
int reconcile_everything(struct reconciler *reconciler, const struct reconcile_cause *cause, bool dry,
			 struct reconcile_report *ret_report, struct error *err);

/* ---- One event ---- */
/* Each of these costs what the change costs, not what the host holds, and looks at everything where that does not do.
 */

/* The network, or the container, is now like this (NULL: gone).  Takes it, also on failure. */
int reconcile_network(struct reconciler *reconciler, const char *id, struct network *network,
		      struct reconcile_report *ret_report, struct error *err);
int reconcile_container(struct reconciler *reconciler, const char *id, struct container *container,
			struct reconcile_report *ret_report, struct error *err);

/* The container publishes this whenever it starts: nothing but the bindings of `told` counts.  Takes it, also on
 * failure.  A container that the inventory does not hold is left out. */
int reconcile_bindings(struct reconciler *reconciler, const char *id, struct container *told,
		       struct reconcile_report *ret_report, struct error *err);
/* Whether its bindings should be asked for: they have to be known before it is started (again). */
bool reconcile_lacks_bindings(const struct container *container);

/* The container's process has ended: it publishes nothing until it has started again. */
int reconcile_ended(struct reconciler *reconciler, const char *id, struct reconcile_report *ret_report,
		    struct error *err);

/* The bridges' ports have changed: asks the links for all of them, and commits what that changes. */
int reconcile_ports(struct reconciler *reconciler, struct reconcile_report *ret_report, struct error *err);

/* ---- Links ---- */

/* Takes note of the ports that there are, before the engine is asked who lives behind them: an answer counts only for
 * ports that were there before the question. */
int reconcile_look_at_ports(struct reconciler *reconciler, struct error *err);

/* The caller listens to links_monitor from now on, and calls reconcile_bridges_changed when it tells of a change. */
void reconcile_follow_bridges(struct reconciler *reconciler);
void reconcile_bridges_changed(struct reconciler *reconciler);

/* The first managed network whose bridge was no link here when the engine's word was taken, or NULL. */
const struct network *reconcile_elsewhere(const struct reconciler *reconciler);

/* The managed networks with a port whose endpoint is not known: the engine should be asked who came.  say is called
 * with each network's id.  only_new: leaves out networks that were asked about after the port was there.  Returns how
 * many there are. */
size_t reconcile_unknown_ports(const struct reconciler *reconciler, bool only_new,
			       void (*say)(const char *id, void *data), void *data);

/* ---- Advice ---- */

/* What an administrator has to do on the host for declared flows to work: say is called with each sentence.  Reads the
 * kernel for it. */
int reconcile_advise(const struct reconciler *reconciler, void (*say)(const char *sentence, void *data), void *data,
		     struct error *err);

#endif
