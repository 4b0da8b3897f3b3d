/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts, one file each; for confine.c and its tests. */
#ifndef BULKHEAD_CONFINE_INTERNAL_H
#define BULKHEAD_CONFINE_INTERNAL_H

#include "confine.h"

/* Each fills text with what holds now; its error says what could not be had. */
int confine_capabilities(char text[160], struct error *err);
int confine_no_new_privileges(char text[160], struct error *err);
/* Both need no_new_privs, or CAP_SYS_ADMIN. */
int confine_landlock(const struct confine_plan *plan, char text[160], struct error *err);
int confine_seccomp(const struct confine_plan *plan, char text[160], struct error *err);

#endif
