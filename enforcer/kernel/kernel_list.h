/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel holds, as things with names: for list, from nothing but the kernel's own answer. */
#ifndef BULKHEAD_KERNEL_LIST_H
#define BULKHEAD_KERNEL_LIST_H

#include "kernel.h"

/* Makes the next ones fast, for those who ask about many addresses.  0 or -ENOMEM. */
int kernel_list_index(struct kernel_state *state);

/* Who has that address; false if no endpoint has it (any more). *ret_record may be NULL. */
bool kernel_list_endpoint(const struct kernel_state *state, const struct address *address,
			  struct policy_endpoint_comment *ret_parts, const struct policy_record **ret_record);

/* Whether would-be denials to that address are let through. */
bool kernel_list_observed(const struct kernel_state *state, const struct address *address);

/* Whether this one was let through: the side whose door it was decides, the container's own where the other is none. */
bool kernel_list_let_through(const struct kernel_state *state, const struct kernel_denied *denied);

/* Whose port it is that a denial was about, where the destination is the host's own address; false if nobody's. */
bool kernel_list_published(const struct kernel_state *state, const struct kernel_denied *denied,
			   struct policy_endpoint_comment *ret_parts);

/* How the layer-2 guard treats an endpoint's record: "on", "off" (its flow file says so), or "closed" (its port is not
 * known, so nothing passes).  *ret_port: the port's name, "" if not known. */
const char *kernel_list_guard(const struct kernel_state *state, const struct policy_record *endpoint,
			      const char **ret_port);

/* Whether an address stands in one of the sets of addresses, POLICY_TOPIC_CLOSED_EGRESS for instance. */
bool kernel_list_has(const struct kernel_state *state, enum policy_topic topic, const struct address *address);

/* A flow with its whole names: the comment's, with containers looked up by address where an endpoint has it. */
struct kernel_list_flow {
	struct policy_flow_comment names;
	const struct policy_record *record;
	bool source_one, destination_one; /* the record has the one address of that side */
	bool published;			  /* through a port that the host publishes */
};
void kernel_list_flow(const struct kernel_state *state, const struct policy_record *record,
		      struct kernel_list_flow *ret_flow);

/* Whether "shop/web, shop/edge" has a service of that app. */
bool kernel_list_in_app(const char *services, const char *app);

/* "tcp/6379", "icmp", "47": what a denied packet wanted, in a buffer of at least 32 bytes. */
const char *kernel_list_denied_port(const struct kernel_denied *denied, char text[32]);

#endif
