/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One writer per network namespace: whoever changes the tables holds this lock.  A record lock, so that it ends with
 * its process and tells the holder's pid; in a file that is named after the namespace, because tables are.
 */
#ifndef BULKHEAD_LOCK_H
#define BULKHEAD_LOCK_H

#include <sys/types.h>

#include "error.h"

/* Returns the lock's fd, to be kept open as long as it is needed (closing any fd of that file in this process releases
 * it).  -EBUSY: somebody else holds it, *ret_holder is its pid (0 if it cannot be told). */
int lock_take(pid_t *ret_holder, struct error *err);

#endif
