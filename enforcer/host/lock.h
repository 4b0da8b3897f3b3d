/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One writer per network namespace: whoever changes the tables holds this lock.  A record lock, so that it ends with
 * its process and tells the holder's pid; in a file that is named after the namespace, because tables are.
 */
#ifndef BULKHEAD_LOCK_H
#define BULKHEAD_LOCK_H

#include <sys/types.h>

#include "error.h"

#define LOCK_DIRECTORY "/run/bulkhead"

/* Returns the lock's fd, to be kept open as long as it is needed (closing any fd of that file in this process releases
 * it).  -EBUSY: somebody else holds it, *ret_holder is its pid (0 if it cannot be told). */
int lock_take(pid_t *ret_holder, struct error *err);

/* Whether somebody else holds it, without taking it: 1, with *ret_holder as above, or 0; negative errno where it could
 * not be told. */
int lock_held(pid_t *ret_holder, struct error *err);

/* Files that belong to this network namespace: "/run/bulkhead/netns-INODE.KIND". */
#define LOCK_PATH_SIZE 96
int lock_path(const char *kind, char path[LOCK_PATH_SIZE], struct error *err);

#endif
