/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Flow files as they lie on the disk: who may have written them, which of them count, and what stays in force when one
 * is broken.  What they say is flow_parse's.
 */
#ifndef BULKHEAD_FLOW_FILES_H
#define BULKHEAD_FLOW_FILES_H

#include <stddef.h>

#include "cleanup.h"
#include "diagnostics.h"
#include "error.h"
#include "flow.h"

/* A file, or a directory, that gave no flows. */
struct flow_files_failure {
	char *file; /* the path as messages name it, which is also what flow_app.file of its app would be */
	char *app;  /* the app that it declares, where that can be told though the file is refused; else NULL */
	char *why;  /* "5:34: error …": the first problem; NULL before flow_files_explain, or where there is none */
	int error;  /* 0: refused, for what it says or who can write it; negative errno: could not be read */
};

struct flow_files {
	struct flow_set *set; /* the apps of the good files, never NULL; it may be taken with steal() */
	struct flow_files_failure *failures;
	size_t failure_count;
	size_t unreadable; /* how many of the failures could not be read: a checking command exits with 3 */
	size_t file_count; /* files that were found, good and bad */
};

/* Accepts NULL. */
void flow_files_free(struct flow_files *files);
CLEANUP_DEFINE(flow_files, flow_files_free)

/* Loads flow files.  A path is a file, or a directory, of which every *.json that does not begin with "." or "#" is
 * taken in the order of names.  The directory too must belong to root or the caller and be closed to others' writing.
 * A file that is reached twice is loaded once.
 *
 * Every problem of every file is in diagnostics, sorted, at the end; files with errors are among the failures, and the
 * others are in the set.  Returns 0 even if there is none, or -ENOMEM, also in err. */
int flow_files_load(const char *const *paths, size_t count, struct diagnostics *diagnostics,
		    struct flow_files **ret_files, struct error *err);

/* The same of the host's own directory, or file: each directory on the way has to belong to root or the caller, too,
 * and to be closed to others' writing (see trust_path), else all of it is a failure. */
int flow_files_load_trusted(const char *path, struct diagnostics *diagnostics, struct flow_files **ret_files,
			    struct error *err);

/* Notes the first problem of each failure.  0 or -ENOMEM. */
int flow_files_explain(struct flow_files *files, const struct diagnostics *diagnostics);

/* For a reload: copies from `previous` into files->set the apps of failed files, so that an app keeps its last good
 * flows.  An app counts as failed if its file failed, a failed file declares it, or the directory that its file was in
 * could not be read.  An app that a good file declares is not touched.  *ret_kept says how many were copied.  -ENOMEM:
 * files is as it was, also in err.  `previous` may be NULL; it is left whole, so that it can stay in force if what
 * comes next fails. */
int flow_files_keep(struct flow_files *files, const struct flow_set *previous, size_t *ret_kept, struct error *err);

#endif
