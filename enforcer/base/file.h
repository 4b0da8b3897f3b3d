/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files are read and written as a whole. */
#ifndef BULKHEAD_FILE_H
#define BULKHEAD_FILE_H

#include <stddef.h>
#include <sys/types.h>

/* Writes PATH.new and renames it to PATH: a reader sees the old file or the new one, never a part.  Neither has to
 * outlive a crash.  The umask does not change the mode.  0 or negative errno: then the old file is removed as well,
 * because what it says is not true any more. */
int file_replace(const char *path, mode_t mode, const char *text, size_t length);

/* Writes all of it, in as many writes as that takes.  0 or negative errno. */
int file_write_all(int fd, const char *text, size_t length);

/* Reads from here to the end of the file, but at most `room` bytes: if they are filled, there may be more.  Adds no
 * terminator.  0 or negative errno. */
int file_read_all(int fd, char *text, size_t room, size_t *ret_length);

#endif
