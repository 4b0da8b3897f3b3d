/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All groups of checks: which there are, which of their checks were asked for, and running them. */
#ifndef BULKHEAD_VERIFY_GROUPS_H
#define BULKHEAD_VERIFY_GROUPS_H

#include "verify.h"

/* In the order in which they are shown, and a NULL after the last. */
extern const struct verify_group *const verify_groups[];
extern const size_t verify_group_count;

/* The group of a finding's check. */
const struct verify_group *verify_group_of(const struct verify_check *check);

/* Whether --only and --skip name nothing but checks that there are, and leave one.  -EINVAL: err says what is wrong. */
int verify_check_selection(const struct options *options, struct error *err);

/* Runs every group of which a check was asked for. */
void verify_run(struct verify *verify);

#endif
