/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What list's two forms, cmd_list_text and cmd_list_json, say alike of a row. */
#ifndef BULKHEAD_CMD_LIST_ROWS_H
#define BULKHEAD_CMD_LIST_ROWS_H

#include "kernel_list.h"
#include "options.h"

bool cmd_list_wants_denied(const struct kernel_state *state, const struct options *options,
			   const struct kernel_denied *denied);
/* What an endpoint's boundary has declared, "ingress egress host", in a buffer of at least 32 bytes; "" if all is open.
 */
const char *cmd_list_boundary(const struct kernel_state *state, const struct address *address, char text[32]);
/* Whether the record is one of the bridges that list shows. */
bool cmd_list_is_network(const struct policy_record *record);
/* How many addresses live on a bridge. */
size_t cmd_list_endpoints_on(const struct kernel_state *state, const char *bridge);
/* "managed", "closed", "not managed"; and the network's name, "-" where none is known. */
const char *cmd_list_network_state(const struct kernel_state *state, const struct policy_record *record);
const char *cmd_list_network_name(const struct kernel_state *state, const struct policy_record *record);

#endif
