/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel_list.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* By address; those of one address as they stand in the policy. */
static int compare_endpoints(const void *a, const void *b)
{
	const struct policy_record *const *x = a, *const *y = b;
	int order = address_compare(&(*x)->source, &(*y)->source);

	return order ? order : policy_record_compare(*x, *y);
}

int kernel_list_index(struct kernel_state *state)
{
	free(state->endpoints);
	state->endpoint_count = 0;
	state->endpoints = calloc(policy_count(state->policy) + 1, sizeof(struct policy_record *));
	if (!state->endpoints)
		return -ENOMEM;
	for (size_t i = 0; i < policy_count(state->policy); i++) {
		const struct policy_record *record = policy_at(state->policy, i);

		if (policy_set_is(record->set, POLICY_TOPIC_ENDPOINTS))
			state->endpoints[state->endpoint_count++] = record;
	}
	if (state->endpoint_count)
		qsort(state->endpoints, state->endpoint_count, sizeof(struct policy_record *), compare_endpoints);
	return 0;
}

static bool find_indexed(const struct kernel_state *state, const struct address *address,
			 struct policy_endpoint_comment *ret_parts, const struct policy_record **ret_record)
{
	size_t low = 0, high = state->endpoint_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (address_compare(&state->endpoints[middle]->source, address) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < state->endpoint_count && address_compare(&state->endpoints[low]->source, address) == 0; low++) {
		if (!policy_endpoint_comment_parse(state->endpoints[low]->comment, ret_parts))
			continue;
		if (ret_record)
			*ret_record = state->endpoints[low];
		return true;
	}
	return false;
}

bool kernel_list_endpoint(const struct kernel_state *state, const struct address *address,
			  struct policy_endpoint_comment *ret_parts, const struct policy_record **ret_record)
{
	size_t begin, end;

	if (state->endpoints)
		return find_indexed(state, address, ret_parts, ret_record);
	policy_range(state->policy, policy_set_of(POLICY_TOPIC_ENDPOINTS, address->family), &begin, &end);
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

bool kernel_list_has(const struct kernel_state *state, enum policy_topic topic, const struct address *address)
{
	struct policy_record key = {
		.set = policy_set_of(topic, address->family),
		.source = *address,
	};

	return policy_find(state->policy, &key) != NULL;
}

bool kernel_list_observed(const struct kernel_state *state, const struct address *address)
{
	return kernel_list_has(state, POLICY_TOPIC_OBSERVED, address);
}

/* The record of a set of published ports that covers what was denied. */
static const struct policy_record *find_published(const struct kernel_state *state, enum policy_topic topic,
						  const struct kernel_denied *denied)
{
	size_t begin, end;

	policy_range(state->policy, policy_set_of(topic, denied->destination.family), &begin, &end);
	for (size_t i = begin; i < end; i++) {
		const struct policy_record *record = policy_at(state->policy, i);
		struct address last = address_last(&record->destination, record->destination_length);

		if (span_has(&record->span, denied->protocol, denied->port) &&
		    address_compare(&record->destination, &denied->destination) <= 0 &&
		    address_compare(&denied->destination, &last) <= 0)
			return record;
	}
	return NULL;
}

/* The container's port in the place of its range, "8080-8180/tcp", which is as long as the host's. */
static void name_port(const struct policy_record *record, const struct kernel_denied *denied,
		      char text[POLICY_COMMENT_MAX + 1])
{
	unsigned first, last;
	char protocol[16];

	if (sscanf(text, "%u-%u/%15s", &first, &last, protocol) == 3)
		snprintf(text, POLICY_COMMENT_MAX + 1, "%u/%s", first + (denied->port - record->span.port_first),
			 protocol);
}

bool kernel_list_published(const struct kernel_state *state, const struct kernel_denied *denied,
			   struct policy_endpoint_comment *ret_parts)
{
	struct policy_endpoint_comment endpoint;
	const struct policy_record *record;

	/* A port of that number may be published for another container. */
	if (kernel_list_endpoint(state, &denied->destination, &endpoint, NULL))
		return false;
	record = find_published(state, POLICY_TOPIC_PUBLISHED, denied);
	if (!record || !policy_endpoint_comment_parse(record->comment, ret_parts))
		return false;
	name_port(record, denied, ret_parts->network);
	return true;
}

bool kernel_list_let_through(const struct kernel_state *state, const struct kernel_denied *denied)
{
	struct policy_endpoint_comment parts;

	if (kernel_list_endpoint(state, &denied->destination, &parts, NULL))
		return kernel_list_observed(state, &denied->destination);
	if (find_published(state, POLICY_TOPIC_PUBLISHED, denied))
		return find_published(state, POLICY_TOPIC_PUBLISHED_OBSERVED, denied) != NULL;
	return kernel_list_observed(state, &denied->source);
}

const char *kernel_list_guard(const struct kernel_state *state, const struct policy_record *endpoint,
			      const char **ret_port)
{
	struct policy_record off = { .set = POLICY_UNGUARDED };
	size_t begin, end;

	*ret_port = "";
	policy_range(state->policy, policy_set_of(POLICY_TOPIC_PLACES, endpoint->source.family), &begin, &end);
	for (size_t i = begin; i < end; i++) {
		const struct policy_record *place = policy_at(state->policy, i);

		if (address_compare(&place->source, &endpoint->source) != 0)
			continue;
		*ret_port = place->link;
		memcpy(off.link, place->link, sizeof(off.link));
		return policy_find(state->policy, &off) ? "off" : "on";
	}
	return "closed";
}

static bool is_one(const struct policy_record *record, const struct address *address, uint8_t length)
{
	return policy_set_shape(record->set) != POLICY_SHAPE_BOUNDARY || length == 8 * address_length(address);
}

void kernel_list_flow(const struct kernel_state *state, const struct policy_record *record,
		      struct kernel_list_flow *ret_flow)
{
	struct kernel_list_flow flow = { .record = record };
	struct policy_endpoint_comment endpoint;

	/* An element without our comment was not made by us; it is shown all the same, it opens a door. */
	(void)policy_flow_comment_parse(record->comment, &flow.names);
	flow.source_one = is_one(record, &record->source, record->source_length);
	flow.destination_one = is_one(record, &record->destination, record->destination_length);
	flow.published = policy_set_is(record->set, POLICY_TOPIC_TO_PUBLISHED) ||
			 policy_set_is(record->set, POLICY_TOPIC_WORLD_TO_PUBLISHED);
	if (flow.source_one && kernel_list_endpoint(state, &record->source, &endpoint, NULL))
		memcpy(flow.names.source, endpoint.container, sizeof(flow.names.source));
	if (flow.destination_one && kernel_list_endpoint(state, &record->destination, &endpoint, NULL))
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
