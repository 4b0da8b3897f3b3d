/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel_list.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

bool kernel_list_endpoint(const struct kernel_state *state, const struct address *address,
			  struct policy_endpoint_comment *ret_parts, const struct policy_record **ret_record)
{
	size_t begin, end;

	policy_range(state->policy, address->family == ADDRESS_IPV6 ? POLICY_ENDPOINTS6 : POLICY_ENDPOINTS4, &begin,
		     &end);
	for (size_t i = begin; i < end; i++) {
		const struct policy_record *record = policy_at(state->policy, i);

		if (address_compare(&record->source, address) != 0 ||
		    !policy_endpoint_comment_parse(record->comment, ret_parts))
			continue;
		if (ret_record)
			*ret_record = record;
		return true;
	}
	return false;
}

bool kernel_list_observed(const struct kernel_state *state, const struct address *address)
{
	struct policy_record key = {
		.set = address->family == ADDRESS_IPV6 ? POLICY_OBSERVED6 : POLICY_OBSERVED4,
		.source = *address,
	};

	return policy_find(state->policy, &key) != NULL;
}

void kernel_list_flow(const struct kernel_state *state, const struct policy_record *record,
		      struct kernel_list_flow *ret_flow)
{
	struct kernel_list_flow flow = { .record = record };
	struct policy_endpoint_comment endpoint;

	/* An element without our comment was not made by us; it is shown all the same, it opens a door. */
	(void)policy_flow_comment_parse(record->comment, &flow.names);
	if (kernel_list_endpoint(state, &record->source, &endpoint, NULL))
		memcpy(flow.names.source, endpoint.container, sizeof(flow.names.source));
	if (kernel_list_endpoint(state, &record->destination, &endpoint, NULL))
		memcpy(flow.names.destination, endpoint.container, sizeof(flow.names.destination));
	*ret_flow = flow;
}

bool kernel_list_in_app(const char *services, const char *app)
{
	size_t length = strlen(app);

	while (*services) {
		if (strncmp(services, app, length) == 0 && strchr("/,", services[length]))
			return true;
		services += strcspn(services, ",");
		services += strspn(services, ", ");
	}
	return false;
}

const char *kernel_list_denied_port(const struct kernel_denied *denied, char text[32])
{
	char protocol[16];

	policy_protocol_format(denied->protocol, protocol);
	switch (denied->protocol) {
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return strcpy(text, "icmp");
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_SCTP:
		snprintf(text, 32, "%s/%u", protocol, denied->port);
		return text;
	default:
		/* What stands where other protocols have a port tells nothing. */
		snprintf(text, 32, "protocol %s", protocol);
		return text;
	}
}
