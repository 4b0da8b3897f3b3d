/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `verify`: is this host segmented now?  Groups of checks, each in a file of its own (verify_groups.c lists them), look
 * and say what they found by verify_find; one line a finding, with a stable id, the evidence and the remedy.
 */
#ifndef BULKHEAD_VERIFY_H
#define BULKHEAD_VERIFY_H

#include <stdbool.h>
#include <stddef.h>

#include "docker_client.h"
#include "docker_json.h"
#include "flow_files.h"
#include "host.h"
#include "kernel.h"
#include "loop.h"
#include "reconcile.h"

enum verify_status {
	VERIFY_PASS,
	VERIFY_WARN,
	VERIFY_FAIL,
	VERIFY_SKIP,	/* does not apply here, or was not asked for; the evidence says why */
	VERIFY_UNKNOWN, /* could not be told: shown as SKIP, and the exit status is 3, never "yes" */
};

/* A check: each has an id that stays, and a paragraph in contrib/docs/verify.md. */
struct verify_check {
	const char *id;	   /* "icc-network" */
	const char *cis;   /* recommendation of the CIS Docker Benchmark 1.6 that it answers, "2.2"; or NULL */
	const char *title; /* what is true when it passes: "traffic between containers is restricted" */
};

struct verify;

/* Checks that stand together, in a file of their own. */
struct verify_group {
	const char *name;  /* "datapath" */
	const char *title; /* heading for people */
	bool audit;	   /* only with --all, or those of its checks that --only names */
	const struct verify_check *checks;
	size_t check_count;
	void (*run)(struct verify *verify);
};

struct verify_finding {
	const struct verify_check *check;
	enum verify_status status;
	char *subject;	/* what it is about: "network shop_default"; or NULL: the host */
	char *evidence; /* what was seen, with where */
	char *remedy;	/* what to do, in words that a newcomer can act on; NULL where there is nothing to do */
};

/* Everything that a group may look at. */
struct verify {
	const struct host *host;		  /* configuration and options */
	const struct verify_group *const *groups; /* all that there are, up to a NULL: verify_groups.h has them */
	/* Why nothing could be looked at, a configuration that cannot be used for instance; or NULL. */
	const char *error;
	const char *root; /* the folder that host facts are read from: "" for the host itself, else an absolute path */
	struct loop *loop;
	/* NULL, as all that follows up to `version`, where the engine could not be reached … */
	struct docker_client *client;
	const char *engine_error; /* … and why; NULL where it could */
	/* The flow files, the engine's word, and the bridges of this network namespace. */
	const struct flow_set *flows;
	const struct binding *binding;
	const struct inventory *inventory;
	char (*bridges)[16];
	size_t bridge_count;
	const struct docker_info *info;
	const struct docker_version *version;
	const struct flow_files *files; /* what was refused; its set is in `flows` by now */
	/* What the kernel holds; both NULL where it could not be read, and why. */
	struct kernel *kernel;
	const struct kernel_state *state;
	const char *kernel_error;
	/* What `plan` would say, and how many elements the kernel lacks, or has too many; NULL without engine or
	 * kernel, and why. */
	const struct reconcile_report *plan;
	size_t missing, surplus;
	/* A managed network whose bridge is no link here, or NULL. */
	const struct network *elsewhere;
	const char *plan_error;
	bool service_runs; /* whoever holds the lock */
	/* bulkhead's policy is in force: the tables are whole, hold what flow files and inventory compile to, and
	 * packets on bridges come by them. */
	bool enforced;
	/* What is known of the engine and its host: see verify_facts_of.  NULL until the first group asks. */
	struct engine_facts *engine_facts;
	/* Findings, in the order in which they were made. */
	struct verify_finding *findings;
	size_t finding_count;
	bool out_of_memory; /* a finding is missing: then nothing is said at all */
};

/* Adds a finding of the check with that id, which is one of the groups' (an unknown id is a mistake in the code, and
 * aborts).  Texts are copied; subject and remedy may be NULL; the evidence is formatted.  A check that was not asked
 * for (--only, --skip) adds nothing. */
__attribute__((format(printf, 6, 7))) void verify_find(struct verify *verify, const char *id, enum verify_status status,
						       const char *subject, const char *remedy, const char *fmt, ...);
/* Waits. */
void verify_pause(struct verify *verify, unsigned milliseconds);
/* Whether the check was asked for: to save the work where it is much. */
bool verify_wants(const struct verify *verify, const char *id);

/* Somebody on that network is only observed: what bulkhead denies to him passes. */
bool verify_has_observed(const struct verify *verify, const struct network *network);
/* --icc-required, or the configuration's word: ICC that is on is a failure, whatever else holds. */
bool verify_icc_required(const struct verify *verify);

/* Whether a word of --only or --skip, or a part of a text, names the check: by its id or its recommendation of CIS. */
bool verify_names(const struct verify_check *check, const char *word, size_t length);
/* Whether the check was asked for; options NULL: all are. */
bool verify_asked_for(const struct options *options, const struct verify_group *group,
		      const struct verify_check *check);

/* How many findings have that status. */
size_t verify_count(const struct verify *verify, enum verify_status status);
/* Exit status: EXIT_UNKNOWN if something could not be told, else EXIT_NO if something failed, else EXIT_YES. */
int verify_exit_status(const struct verify *verify);
/* Frees the findings and the engine's facts, nothing else. */
void verify_clear(struct verify *verify);

/* A copy in which each line is printable text: control characters and what is no UTF-8 are escaped.  NULL: out of
 * memory. */
char *verify_printable(const char *text);

#endif
