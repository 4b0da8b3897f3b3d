/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files, whole. */
#ifndef BULKHEAD_FILE_H
#define BULKHEAD_FILE_H

#include <stddef.h>
#include <sys/types.h>

/* A new file, PATH.new, takes the old one's name: a reader sees one or the other, whole.  Nothing of it has to outlive
 * a crash.  The mode is the file's whatever the umask.  Where it fails the old one is removed too: what is not so any
 * more must not be read.  0 or negative errno. */
int file_replace(const char *path, mode_t mode, const char *text, size_t length);

/* All of it, however many writes that takes.  0 or negative errno. */
int file_write_all(int fd, const char *text, size_t length);

/* What the descriptor gives from here to its end, but at most `room` bytes; a file of which there may be more fills
 * them. No terminator.  0 or negative errno. */
int file_read_all(int fd, char *text, size_t room, size_t *ret_length);

#endif
