/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the group verify_engine: which sockets the engine really listens on. */
#ifndef BULKHEAD_VERIFY_ENGINE_SOCKETS_H
#define BULKHEAD_VERIFY_ENGINE_SOCKETS_H

#include "engine_facts.h"
#include "verify.h"

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

#endif
