/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the service tells `verify` about the time before it: since when all is in force, and what was put right last.
 * In /run, beside the lock, and only as long as the service runs: it watched since then and no longer.  It is written
 * again and again, so that the word of a service that hangs, or was killed, is not taken for that of one that watches.
 */
#ifndef BULKHEAD_HEALTH_H
#define BULKHEAD_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "error.h"

#define HEALTH_TEXT_SIZE 256

struct health {
	bool broken;	    /* something is not in force, and the service could not, or may not, put it right */
	int64_t since;	    /* seconds since 1970: since when it is whole, or broken; 0: nothing was looked at yet */
	uint64_t put_right; /* how often something was found and put right */
	int64_t last;	    /* when that was the last time; 0: never */
	char last_text[HEALTH_TEXT_SIZE]; /* and what; "" if never */
	char reason[HEALTH_TEXT_SIZE];	  /* what is broken; "" if nothing is */
	/* Of the file: who wrote it, and when, in milliseconds of CLOCK_MONOTONIC, which nobody sets. */
	pid_t pid;
	int64_t written;
	int error; /* the writer's: 0, or the negative errno of why the last file could not be written */
};

/* How often the service writes it again, and what is older than that is nobody's word any more. */
#define HEALTH_BEAT_MS	2000
#define HEALTH_STALE_MS 15000

/* The first two write the file if that is news, the third one always; in one piece.  Where it cannot be written, the
 * old one is removed: verify then says that it could not tell. */
void health_set(struct health *health, bool broken, const char *reason);
void health_put_right(struct health *health, const char *what);
void health_beat(struct health *health);
/* When the service ends. */
void health_remove(void);

/* What the service of this network namespace, which is that process, wrote.  -ENOENT: nothing; -ESTALE: it is somebody
 * else's word, or too old. */
int health_read(pid_t service, struct health *ret_health, struct error *err);

/* The file's text, and back.  Pure.  -EINVAL for anything that is not such a text. */
#define HEALTH_FILE_SIZE (2 * HEALTH_TEXT_SIZE + 192)
size_t health_format(const struct health *health, char text[HEALTH_FILE_SIZE]);
int health_parse(const char *text, size_t length, struct health *ret_health);

#endif
