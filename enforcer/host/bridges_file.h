/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The only thing that is kept outside the kernel: the names of the managed bridges, so that a cold boot can close them
 * before the engine starts the first container.  One name a line; written atomically.
 */
#ifndef BULKHEAD_BRIDGES_FILE_H
#define BULKHEAD_BRIDGES_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"
#include "inventory.h"

#define BRIDGES_FILE "bridges"

/* The array is the caller's.  A missing file is an empty list.  Lines that are no link name are ignored.  -EPERM:
 * others can write the directory (trust_path) or the file. */
int bridges_file_read(const char *directory, char (**ret_bridges)[16], size_t *ret_count, struct error *err);

/* The bytes of such a file.  Pure.  0 or -ENOMEM. */
int bridges_file_parse(const char *text, size_t length, char (**ret_bridges)[16], size_t *ret_count);

/* The managed bridges of an inventory; the array is the caller's.  0 or -ENOMEM. */
int bridges_file_collect(const struct inventory *inventory, char (**ret_bridges)[16], size_t *ret_count);

/* Writes the list if it differs from what is there; makes the directory (mode 0755) if its parent exists. */
int bridges_file_write(const char *directory, char (*bridges)[16], size_t count, struct error *err);

/* For clear: removes the file, and the directory if nothing else is in it.  *ret_removed: there was one. */
int bridges_file_remove(const char *directory, bool *ret_removed, struct error *err);

#endif
