/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file that others read while it is written anew. */
#ifndef BULKHEAD_FILE_REPLACE_H
#define BULKHEAD_FILE_REPLACE_H

#include <stddef.h>
#include <sys/types.h>

/* A new file, PATH.new, takes the old one's name: a reader sees one or the other, whole.  Nothing of it has to outlive
 * a crash.  The mode is the file's whatever the umask.  Where it fails the old one is removed too: what is not so any
 * more must not be read.  0 or negative errno. */
int file_replace(const char *path, mode_t mode, const char *text, size_t length);

/* All of it, however many writes that takes.  0 or negative errno. */
int file_write_all(int fd, const char *text, size_t length);

#endif
