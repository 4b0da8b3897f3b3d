/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which process the engine is. */
#ifndef BULKHEAD_ENGINE_PROCESS_H
#define BULKHEAD_ENGINE_PROCESS_H

#include "engine_facts.h"

/* Which process it is, what it was told, and where its files are.  0 or -ENOMEM. */
int engine_process_find(const char *root, struct engine_facts *facts);

/* A path of a process's, absolute as it sees it, into a text that is the caller's; -EXDEV or so where that is not
 * known, and err says why. */
int engine_process_path(const char *root, pid_t pid, const char *path, char **ret_path, struct error *err);

/* Whether a file of the engine's is newer than its process, or nobody can say. */
bool engine_process_is_older(const char *root, const struct engine_facts *facts, const char *path);

#endif
