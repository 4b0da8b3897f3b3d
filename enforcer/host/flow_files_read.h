/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One flow file or configuration as it lies on the disk: who may have written it, and its bytes. */
#ifndef BULKHEAD_FLOW_FILES_READ_H
#define BULKHEAD_FLOW_FILES_READ_H

#include <stddef.h>
#include <sys/stat.h>

#include "diagnostics.h"

/* Reads a flow file or a configuration whole: NUL-terminated, *ret_length without the terminator, the caller's.
 *
 * Whoever can write such a file rules over the host's containers, so it must be a regular file, owned by root or by the
 * caller, not writable by group or others, and at most FLOW_FILE_MAX bytes.  A symbolic link may lead there; what
 * counts is the file that was opened.  -EINVAL: it was refused, and diagnostics has why and the remedy, at file:1:1.
 * Any other negative errno: it could not be read, and that is in diagnostics too. */
int flow_files_read(const char *path, char **ret_text, size_t *ret_length, struct diagnostics *diagnostics);

/* ---- Its steps, for flow_files.c ---- */
/* Each says its problem in diagnostics, where the file is called `file`, and returns as flow_files_read does. */

/* Opens `name` relative to the directory `at` for reading.  Returns the descriptor. */
int flow_files_open(int at, const char *name, const char *file, struct stat *ret_status,
		    struct diagnostics *diagnostics);
int flow_files_read_opened(int fd, const char *file, char **ret_text, size_t *ret_length,
			   struct diagnostics *diagnostics);
/* Of the opened file or directory, so that nobody can exchange it between the check and the reading. */
int flow_files_check_owner(const struct stat *status, const char *file, struct diagnostics *diagnostics);
/* It cannot be read, for that errno. */
int flow_files_unreadable(struct diagnostics *diagnostics, const char *file, int error);

#endif
