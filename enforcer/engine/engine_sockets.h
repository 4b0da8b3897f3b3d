/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the engine really listens on, and what systemd listens on for it. */
#ifndef BULKHEAD_ENGINE_SOCKETS_H
#define BULKHEAD_ENGINE_SOCKETS_H

#include "engine_facts.h"

/* What it listens on, and what systemd does for it.  0 or -ENOMEM. */
int engine_sockets_find(const char *root, struct engine_facts *facts);

/* Whether an entry of its hosts, or of systemd's, is that unix socket; two names of one file are one. */
bool engine_sockets_names(const struct engine_facts *facts, const char *path);
/* Whether a unix socket is one of those that the engine has for itself. */
bool engine_sockets_internal(const struct engine_facts *facts, const char *path);

#endif
