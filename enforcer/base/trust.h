/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who decides what stands at a path: everybody who can write to it, or to a directory on the way. */
#ifndef BULKHEAD_TRUST_H
#define BULKHEAD_TRUST_H

#include "error.h"

/* 0 if only root and the caller decide.  -EPERM if others do: the error names the place and the remedy.  Links are
 * followed one by one; of a path that does not exist, the directories that exist are judged.  A directory that all can
 * write to, but in which only owners rename (/tmp), is accepted on the way, and not as the path itself. */
int trust_path(const char *path, struct error *err);

#endif
