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

#define ENGINE_DEFAULT_FILE	 "/etc/docker/daemon.json"
#define ENGINE_DEFAULT_ROOT	 "/var/lib/docker"
#define ENGINE_DEFAULT_PIDFILE	 "/var/run/docker.pid"
#define ENGINE_DEFAULT_GROUP	 "docker"
#define ENGINE_DEFAULT_SOCKET	 "/var/run/docker.sock"
#define ENGINE_DEFAULT_EXEC_ROOT "/var/run/docker"

/* One of the files of its TLS. */
struct engine_tls_file {
	char *problem; /* why it is not known, or NULL */
	char *path;    /* as the engine sees it; NULL: none is used */
	bool told;     /* else it is the default one, which need not be there */
	bool exists;
	bool newer; /* written after the process started, or it is not known when that was */
};

/* A problem says why nothing is known, and is NULL where it is; each is the facts' own. */
struct engine_facts {
	/* GET /info */
	char *api_problem;
	struct docker_engine api;
	/* Who listens at the unix socket that was asked, as the kernel says; 0: not known. */
	pid_t peer;
	/* The process, and what /proc says of it. */
	char *process_problem;
	pid_t pid;
	struct daemon_settings command;
	/* The folder that the engine's paths begin at: the host's root, or, where the process has a mount namespace or
	 * a root of its own, /proc/PID/root. */
	char *root;
	bool apart; /* … of its own */
	/* Why it cannot be told which of both. */
	char *root_problem;
	/* What it listens on: TCP sockets whatever for, and the paths of unix sockets. */
	char *listeners_problem;
	struct proc_listener *listeners;
	size_t listener_count;
	struct texts unix_listeners;
	/* Where it takes systemd's sockets (fd://): those of docker.socket, as entries of hosts, and where they stand.
	 */
	bool from_systemd;
	struct texts activated;
	char *socket_unit;
	/* The configuration file: where the command line says it is, else the default one. */
	char *file_problem;
	char *file_path;
	bool file_exists;
	bool file_newer; /* as a TLS file's */
	struct daemon_settings file;
	struct engine_tls_file tls_ca, tls_cert, tls_key;
};

/* A copy in the place of what was there: a problem, a path.  0 or -ENOMEM. */
int engine_facts_set_text(char **place, const char *text);

void engine_facts_clear(struct engine_facts *facts);
/* Accepts NULL. */
void engine_facts_free(struct engine_facts *facts);
CLEANUP_DEFINE(engine_facts, engine_facts_free)

/* Command line over file; NULL or DAEMON_UNSET where neither says anything. */
#define engine_facts_setting(facts, field) ((facts)->command.field ? (facts)->command.field : (facts)->file.field)

/* Why what the engine was told is not known in full, or NULL. */
const char *engine_facts_settings_problem(const struct engine_facts *facts);

/* Where the engine's data are, as it says itself, else as it was told, else the default. */
const char *engine_facts_data_root(const struct engine_facts *facts);

/* "on the command line of dockerd (pid 100)", "in /etc/docker/daemon.json": where something stands that it was told,
 * for evidence.  Returns text. */
const char *engine_facts_where(const struct engine_facts *facts, bool command, char *text, size_t size);

#endif
