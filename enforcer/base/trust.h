/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who decides what stands at a path: everybody who can write it, or a directory on the way to it. */
#ifndef BULKHEAD_TRUST_H
#define BULKHEAD_TRUST_H

#include "error.h"

/* 0 if only root and the caller do; a path that does not exist is judged by the directories that do; links are
 * followed one by one.  -EPERM: others do, and the error names the place and the remedy.  A directory that all can
 * write, but only the owner of an entry can rename (/tmp), is in order on the way, not as the path itself. */
int trust_path(const char *path, struct error *err);

#endif
