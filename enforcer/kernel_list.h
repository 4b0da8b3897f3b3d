/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel holds, as things with names: for list, from nothing but the kernel's own answer. */
#ifndef BULKHEAD_KERNEL_LIST_H
#define BULKHEAD_KERNEL_LIST_H

#include "kernel.h"

/* Who has that address; false if no endpoint has it (any more). *ret_record may be NULL. */
bool kernel_list_endpoint(const struct kernel_state *state, const struct address *address,
			  struct policy_endpoint_comment *ret_parts, const struct policy_record **ret_record);

/* Whether would-be denials to that address are let through. */
bool kernel_list_observed(const struct kernel_state *state, const struct address *address);

/* A flow with its whole names: the comment's, with containers looked up by address where an endpoint has it. */
struct kernel_list_flow {
	struct policy_flow_comment names;
	const struct policy_record *record;
};
void kernel_list_flow(const struct kernel_state *state, const struct policy_record *record,
		      struct kernel_list_flow *ret_flow);

/* Whether "shop/web, shop/edge" has a service of that app. */
bool kernel_list_in_app(const char *services, const char *app);

/* "tcp/6379", "icmp", "47": what a denied packet wanted, in a buffer of at least 32 bytes. */
const char *kernel_list_denied_port(const struct kernel_denied *denied, char text[32]);

#endif
