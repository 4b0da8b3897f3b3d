/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The service gives up what it does not need, once, before it reads a byte of flow files or of the engine:
 * capabilities, new privileges, places (Landlock) and system calls (seccomp).  What a kernel lacks, or an environment
 * forbids, is left out and told; the service runs all the same.  See contrib/docs/confinement.md.
 */
#ifndef BULKHEAD_CONFINE_H
#define BULKHEAD_CONFINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cleanup.h"
#include "error.h"
#include "host.h"

enum confine_access {
	CONFINE_READ,	/* files and directories there, and below */
	CONFINE_CHANGE, /* and write the files that are there */
	CONFINE_REPLACE /* and make, rename and remove files */
};

/* All that a confined process may do; what is not named is forbidden. */
struct confine_plan {
	struct confine_place {
		char *path;
		enum confine_access access;
	} * places;
	size_t place_count;
	bool tcp;	    /* the engine is reached by TCP … */
	uint16_t ports[2];  /* … on these ports, of any address; 0: none */
	bool abstract_unix; /* the supervisor listens on an abstract socket */
};

/* A service of this host: to be extended here when it learns to use another place.  Makes the state directory if its
 * parent exists, because the right to make it is not kept. */
int confine_plan_new(const struct host *host, struct confine_plan **ret_plan, struct error *err);
/* One place more.  One that does not exist when the plan is put into force stays forbidden. */
int confine_plan_add(struct confine_plan *plan, const char *path, enum confine_access access);
/* Accepts NULL. */
void confine_plan_free(struct confine_plan *plan);
CLEANUP_DEFINE(confine_plan, confine_plan_free)

enum confine_part { CONFINE_CAPABILITIES, CONFINE_NO_NEW_PRIVILEGES, CONFINE_LANDLOCK, CONFINE_SECCOMP, CONFINE_PARTS };

struct confine_state {
	bool done; /* confine() has been called */
	struct {
		const char *name;
		bool on;
		char text[160]; /* what holds, or why it does not */
	} parts[CONFINE_PARTS];
};

/* Confines the calling thread, which must be the only one, and all that it will start.  There is no way back. */
void confine(const struct confine_plan *plan);

/* What came of it. */
const struct confine_state *confine_state(void);

#endif
