/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BULKHEAD_CMD_LIST_JSON_H
#define BULKHEAD_CMD_LIST_JSON_H

#include "kernel.h"
#include "options.h"

/* One JSON document; documented in contrib/docs/json.md.  0 or -ENOMEM. */
int cmd_list_json(const struct kernel_state *state, const struct options *options);

#endif
