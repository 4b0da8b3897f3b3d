/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why everything is looked at, and what one comparison found and did. */
#ifndef BULKHEAD_RECONCILE_REPORT_H
#define BULKHEAD_RECONCILE_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel.h"
#include "policy.h"

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

/* The kernel's tables, as they are in the end. */
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
	bool docker_lost;		/* if full: the rule stood there after the last look, and was gone */
	struct reconcile_left left;	/* if full */
	struct reconcile_tables tables; /* if full */
	uint64_t work_ns;		/* our own work: compiling, comparing, encoding, and reading if full */
	uint64_t commit_ns;		/* the kernel's: the commit's system calls */
	uint64_t done_ns;		/* CLOCK_MONOTONIC when the commit was over */
};

/* The observer of a reconciler: is called with every difference.  That is before the commit when everything is looked
 * at, and after it when only one event's change is committed. */
typedef void reconcile_observer_fn(const struct policy_diff *diff, const struct reconcile_report *report, void *data);

#endif
