/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The places by which the kernel comes to a path, from the root down, each link followed by hand: what realpath() does
 * not tell are the links on the way, and how far a way goes whose end does not exist yet. */
#ifndef BULKHEAD_WAY_H
#define BULKHEAD_WAY_H

#include <limits.h>
#include <stdbool.h>

#include "error.h"

/* Of each place, links as well; a negative answer ends the walk. */
typedef int way_step(const char *place, void *data);

/* An absolute or relative path.  ret_end: the last place that exists, without links; *ret_whole: it is the path's.
 * step may be NULL.  -ELOOP after 40 links, as the kernel; what does not exist is no error. */
int way_walk(const char *path, way_step *step, void *data, char ret_end[PATH_MAX], bool *ret_whole);

#endif
