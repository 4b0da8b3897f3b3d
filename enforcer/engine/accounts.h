/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is in a group: from the bytes of /etc/group and /etc/passwd (group(5), passwd(5)). */
#ifndef BULKHEAD_ACCOUNTS_H
#define BULKHEAD_ACCOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "texts.h"

/* The group's id, and the members that its line lists, and those of other groups of the same id.  A name that no group
 * has and that is a number is an id.  *ret_found is false where there is no such group, and then nothing else is set. 0
 * or -ENOMEM. */
int accounts_group(const char *text, const char *name, bool *ret_found, gid_t *ret_gid, struct texts *members);

/* Adds those whose primary group it is.  0 or -ENOMEM. */
int accounts_primary(const char *text, gid_t gid, struct texts *members);

#endif
