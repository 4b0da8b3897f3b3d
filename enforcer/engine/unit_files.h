/* SPDX-License-Identifier: GPL-2.0-or-later */
/* systemd's units as files: where they are (systemd.unit(5)), and on what a socket unit listens (systemd.socket(5)). */
#ifndef BULKHEAD_UNIT_FILES_H
#define BULKHEAD_UNIT_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"
#include "texts.h"

/* Beneath root, in the order in which systemd looks: the first folder that has the unit has it.  True and its path, or
 * false where there is none, or it is masked. */
bool unit_files_find(const char *root, const char *unit, char *ret_path, size_t size);

/* The unit's drop-ins, in the order in which they are read: *.conf of unit.d, and of those for all units of its kind
 * ("service.d"), of several with one name the first folder's.  What cannot be listed is a problem, which is left alone
 * otherwise.  0 or -ENOMEM. */
int unit_files_drop_ins(const char *root, const char *unit, struct texts *ret_paths, struct error *problem);

/* Pure.  Adds what the [Socket] section of one file says of ListenStream, as entries of the engine's hosts:
 * "unix:///run/docker.sock", "tcp://[::]:2375".  An empty ListenStream takes back what was there.  0 or -ENOMEM. */
int unit_files_listen(const char *text, struct texts *hosts);

#endif
