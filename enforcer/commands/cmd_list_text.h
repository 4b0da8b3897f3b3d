/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BULKHEAD_CMD_LIST_TEXT_H
#define BULKHEAD_CMD_LIST_TEXT_H

#include "kernel.h"
#include "options.h"

/* What the options ask for, as tables that fit the terminal.  0, or -1: out of memory. */
int cmd_list_text(const struct kernel_state *state, const struct options *options);

#endif
