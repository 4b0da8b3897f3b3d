/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of an engine for the audit, and why the rest is not: from its API, from its command line, from its
 * configuration file and from the sockets that it really listens on.
 */
#ifndef BULKHEAD_ENGINE_FACTS_H
#define BULKHEAD_ENGINE_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "daemon_settings.h"
#include "docker_json_audit.h"
#include "error.h"
#include "proc_parse.h"
#include "verify.h"

#define ENGINE_DEFAULT_FILE    "/etc/docker/daemon.json"
#define ENGINE_DEFAULT_ROOT    "/var/lib/docker"
#define ENGINE_DEFAULT_PIDFILE "/var/run/docker.pid"
#define ENGINE_DEFAULT_GROUP   "docker"
#define ENGINE_DEFAULT_SOCKET  "/var/run/docker.sock"

/* A problem says why nothing is known, and is NULL where it is; each is the facts' own. */
struct engine_facts {
	/* GET /info */
	char *api_problem;
	struct docker_engine api;
	/* The process, and what /proc says of it. */
	char *process_problem;
	pid_t pid;
	struct daemon_settings command;
	/* The TCP sockets that it listens on, whatever for. */
	char *listeners_problem;
	struct proc_listener *listeners;
	size_t listener_count;
	/* The configuration file: where the command line says it is, else the default one. */
	char *file_problem;
	char *file_path;
	bool file_exists;
	bool file_newer; /* written after the process started, or it is not known when that was */
	struct daemon_settings file;
};

/* A group's way: asks the engine, looks at its host, and has the group judge.  What could not be learnt is a problem.
 */
void engine_facts_judge(struct verify *verify, void (*judge)(struct verify *, const struct engine_facts *));

/* The host's part alone: beneath root, of the engine whose data are where facts->api.root_dir says, where that is
 * known. facts->api is the caller's to fill before, and nothing else.  0 or -ENOMEM. */
int engine_facts_read_host(const char *root, struct engine_facts *facts);

void engine_facts_clear(struct engine_facts *facts);

static inline void cleanup_engine_facts_p(struct engine_facts *facts)
{
	engine_facts_clear(facts);
}
#define cleanup_engine_facts __attribute__((cleanup(cleanup_engine_facts_p)))

/* Command line over file; NULL or DAEMON_UNSET where neither says anything. */
#define engine_facts_setting(facts, field) ((facts)->command.field ? (facts)->command.field : (facts)->file.field)

/* Why what the engine was told is not known in full, or NULL. */
const char *engine_facts_settings_problem(const struct engine_facts *facts);

/* Where the engine's data are, as it says itself, else as it was told, else the default. */
const char *engine_facts_data_root(const struct engine_facts *facts);

#endif
