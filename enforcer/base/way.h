/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way to a path: every place by which the kernel gets there, from the root down.  Other than realpath(), it tells
 * of the links on the way, and how far a way goes if its end does not exist yet. */
#ifndef BULKHEAD_WAY_H
#define BULKHEAD_WAY_H

#include <limits.h>
#include <stdbool.h>

#include "error.h"

/* Is called with each place, links as well; a negative answer ends the walk. */
typedef int way_step(const char *place, void *data);

/* path: absolute or relative.  ret_end: the last place that exists, without links; *ret_whole: it is the path's end.
 * step may be NULL.  -ELOOP after 40 links, as in the kernel.  It is no error if the path does not exist. */
int way_walk(const char *path, way_step *step, void *data, char ret_end[PATH_MAX], bool *ret_whole);

#endif
