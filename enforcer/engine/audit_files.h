/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's files, for the audit: beneath a folder, which is the host's own root or one that a test has made.  This is
 * the only file of the audit that opens anything; what the bytes mean is said by parsers that are given them.
 *
 * root is "" for the host itself, else a folder's absolute path; links are followed, and stay inside it.  Paths are
 * absolute, as the host sees them, and so are those in errors.  -ENOENT says that there is no such file, which is a
 * fact; every other error means that nothing is known, -ENXIO for instance: there is no such root.
 */
#ifndef BULKHEAD_AUDIT_FILES_H
#define BULKHEAD_AUDIT_FILES_H

#include <stddef.h>
#include <sys/stat.h>

#include "error.h"
#include "texts.h"

/* A longer file is none that is read here; /proc/net/tcp has 150 bytes a socket. */
#define AUDIT_FILES_MAX ((size_t)16 * 1024 * 1024)

/* A regular file, whole.  *ret_text is the caller's and has a NUL at ret_text[*ret_length].  -EFBIG: it is longer than
 * AUDIT_FILES_MAX; -EINVAL: no regular file. */
int audit_files_read(const char *root, const char *path, char **ret_text, size_t *ret_length, struct error *err);

/* Of whatever is there. */
int audit_files_stat(const char *root, const char *path, struct stat *ret_status, struct error *err);

/* The path without links and dots, as far as it is there, to a text of PATH_MAX bytes. */
int audit_files_real(const char *root, const char *path, char *ret_path, struct error *err);

/* An extended attribute of whatever is there, into a buffer.  *ret_size is 0 where it has none, or the file system
 * knows none.  -ERANGE where it does not fit. */
int audit_files_attribute(const char *root, const char *path, const char *name, void *buffer, size_t size,
			  size_t *ret_size, struct error *err);

/* The names in a folder, sorted, without those that begin with a dot. */
int audit_files_list(const char *root, const char *path, struct texts *ret_names, struct error *err);

/* What a link says, unresolved: "socket:[1234]".  -ENAMETOOLONG where it does not fit. */
int audit_files_link(const char *root, const char *path, char *ret_target, size_t size, struct error *err);

/* Two names of one file. */
bool audit_files_same(const char *root, const char *a, const char *b);

#endif
