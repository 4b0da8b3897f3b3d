/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of the group `engine`, and its test: what is said of facts, apart from how they were learnt. */
#ifndef BULKHEAD_VERIFY_ENGINE_INTERNAL_H
#define BULKHEAD_VERIFY_ENGINE_INTERNAL_H

#include "engine_facts.h"
#include "verify.h"

void verify_engine_judge(struct verify *verify, const struct engine_facts *facts);
void verify_engine_tls(struct verify *verify, const struct engine_facts *facts);
void verify_engine_sockets(struct verify *verify, const struct engine_facts *facts);

/* "[::1]:2376/tcp" */
#define VERIFY_ENGINE_LISTENER 96
const char *verify_engine_listener(const struct proc_listener *listener, char text[VERIFY_ENGINE_LISTENER]);
/* The entry that names a TCP socket, of the engine's hosts or of docker.socket, and where that stands; or NULL. */
const char *verify_engine_named(const struct engine_facts *facts, const struct proc_listener *listener, char *where,
				size_t size);
/* Whether a TCP socket of the engine's that nothing names is for something else than its API. */
bool verify_engine_other(const struct verify *verify, const struct engine_facts *facts,
			 const struct proc_listener *listener);

/* "--icc=false on its command line", `"icc": false in /etc/docker/daemon.json`: where it says so, for evidence. */
const char *verify_engine_where(const struct engine_facts *facts, bool command, char *text, size_t size);

#endif
