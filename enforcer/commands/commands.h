/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands, one file each. */
#ifndef BULKHEAD_COMMANDS_H
#define BULKHEAD_COMMANDS_H

#include "options.h"

/* Each returns the process's exit status. */
int cmd_run(const struct options *options);
int cmd_apply(const struct options *options);
int cmd_plan(const struct options *options);
int cmd_clear(const struct options *options);
int cmd_check(const struct options *options);
int cmd_list(const struct options *options);
int cmd_verify(const struct options *options);
int cmd_status(const struct options *options);

extern const struct command commands[];
extern const size_t commands_count;

#endif
