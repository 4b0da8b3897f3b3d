/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the service says of itself, for `status` and for `verify`: one JSON document in /run, beside the lock, as long
 * as the service runs.  It is written again and again, so that the word of a service that hangs, or was killed, is not
 * taken for that of one that lives.
 */
#ifndef BULKHEAD_STATUS_H
#define BULKHEAD_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "error.h"

#define STATUS_TEXT_SIZE 256
#define STATUS_REPAIRS	 16
#define STATUS_REFUSED	 32
/* A longer file is none of the service's. */
#define STATUS_FILE_MAX ((size_t)256 * 1024)

/* How often the service writes it again, and what is older than that is nobody's word any more. */
#define STATUS_BEAT_MS	2000
#define STATUS_STALE_MS 15000

/* Something that others changed and that was put right. */
struct status_repair {
	int64_t time;
	char what[STATUS_TEXT_SIZE];
	char by[20]; /* the process's name, as the kernel tells it; "" if that is not known */
	int64_t pid; /* 0 if that is not known */
};

/* A flow file that is not in force. */
struct status_refused {
	char file[STATUS_TEXT_SIZE];
	char app[64];		    /* "" where that cannot be told */
	char why[STATUS_TEXT_SIZE]; /* its first problem */
	bool kept;		    /* its app keeps the last good flows */
};

/* Times are seconds since 1970, 0 for never; texts are printable UTF-8, "" for none. */
struct status {
	/* Of the file: who wrote it, and when, in milliseconds of CLOCK_MONOTONIC, which nobody sets. */
	int64_t pid, written;
	char version[32];
	int64_t started;
	/* Whether all is in force, since when, and what is not. */
	bool broken;
	int64_t since;
	char reason[STATUS_TEXT_SIZE];
	/* What others changed: put right, the last ones first; and left, because "repair" is false. */
	int64_t put_right;
	struct status_repair repairs[STATUS_REPAIRS];
	size_t repair_count;
	int64_t left_lost, left_foreign;
	/* Comparisons with the kernel, of everything or of what an event changed; the last one that was done. */
	int64_t reconciles, failures, last_time, last_work_us, last_commit_us, last_added, last_removed;
	char last_what[24];
	/* The engine. */
	bool engine_up;
	int64_t engine_since;
	char engine_url[STATUS_TEXT_SIZE], engine_version[64], engine_error[STATUS_TEXT_SIZE];
	/* Docker's rules, by family: "none", "iptables", "nftables". */
	char backend4[16], backend6[16];
	/* The kernel, as it was at the last comparison of everything. */
	char kernel[STATUS_TEXT_SIZE];
	bool knows_owner, knows_bridge_names;
	bool owned, persistent; /* flags of the tables */
	int64_t generation;
	/* What the service has given up: see confine.h. */
	bool capabilities, no_new_privs, landlock, seccomp;
	/* The configuration. */
	char mode[16];
	bool repair, owner;
	/* What is loaded, and what it comes to. */
	int64_t apps, flows, elements, containers, networks;
	struct status_refused refused[STATUS_REFUSED];
	size_t refused_count;
	int64_t refused_files; /* all of them */
};

/* ---- The service's ---- */

/* A text into one of the status's, printable and cut where it may be cut. */
void status_text(char *to, size_t size, const char *from);
#define STATUS_TEXT(to, from) status_text((to), sizeof(to), (from))

/* What is in force.  True where that is news. */
bool status_set_broken(struct status *status, bool broken, const char *reason);
void status_put_right(struct status *status, const char *what, const char *by, int64_t pid);

/* Writes the file; 0 or negative errno: then there is none. */
int status_write(struct status *status);
/* When the service ends. */
void status_remove(void);

/* ---- The reader's ---- */

/* What the service of this network namespace wrote, whoever that was and however long ago.  -ENOENT: nothing. */
int status_read(struct status *ret_status, struct error *err);
/* The same, but waits, for two seconds, where there is nothing: a service that has just been started takes its lock
 * first, and tells when it has looked at everything. */
int status_await(struct status *ret_status, struct error *err);
/* Whether it is that process's word: -ESTALE; and of now: -ETIMEDOUT. */
int status_check(const struct status *status, pid_t service, struct error *err);

/* ---- The document, and back: pure ---- */

struct cJSON;
/* NULL when out of memory. */
struct cJSON *status_to_json(const struct status *status);
/* -EINVAL for anything that is no such document; *ret_what, not to be freed, says what is wrong with it. */
int status_parse(const char *text, size_t length, struct status *ret_status, const char **ret_what);

#endif
