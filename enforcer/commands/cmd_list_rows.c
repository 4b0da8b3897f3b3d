/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd_list_rows.h"

#include <string.h>

const char *cmd_list_boundary(const struct kernel_state *state, const struct address *address, char text[32])
{
	static const struct {
		enum policy_topic topic;
		const char *name;
	} sides[] = { { POLICY_TOPIC_CLOSED_INGRESS, "ingress" },
		      { POLICY_TOPIC_CLOSED_EGRESS, "egress" },
		      { POLICY_TOPIC_CLOSED_HOST, "host" } };

	*text = '\0';
	for (size_t i = 0; i < sizeof(sides) / sizeof(sides[0]); i++) {
		if (!kernel_list_has(state, sides[i].topic, address))
			continue;
		if (*text)
			strcat(text, " ");
		strcat(text, sides[i].name);
	}
	return text;
}

size_t cmd_list_endpoints_on(const struct kernel_state *state, const char *bridge)
{
	size_t count = 0;

	for (size_t i = 0; i < policy_count(state->policy); i++) {
		const struct policy_record *record = policy_at(state->policy, i);

		count += policy_set_is(record->set, POLICY_TOPIC_ENDPOINTS) &&
			 strncmp(record->link, bridge, POLICY_IFNAME_SIZE) == 0;
	}
	return count;
}

bool cmd_list_is_network(const struct policy_record *record)
{
	return record->set == POLICY_BRIDGES || record->set == POLICY_FOREIGN;
}

static bool is_network(const struct kernel_state *state, const struct policy_record *record)
{
	struct policy_record key = { .set = POLICY_NETWORKS };

	memcpy(key.link, record->link, sizeof(key.link));
	return policy_find(state->policy, &key) != NULL;
}

const char *cmd_list_network_state(const struct kernel_state *state, const struct policy_record *record)
{
	if (record->set == POLICY_FOREIGN)
		return "not managed";
	return is_network(state, record) ? "managed" : "closed";
}

const char *cmd_list_network_name(const struct kernel_state *state, const struct policy_record *record)
{
	return record->set == POLICY_BRIDGES && is_network(state, record) ? record->comment : "-";
}

bool cmd_list_wants_denied(const struct kernel_state *state, const struct options *options,
			   const struct kernel_denied *denied)
{
	struct policy_endpoint_comment parts;

	return !options->app ||
	       (kernel_list_endpoint(state, &denied->source, &parts, NULL) &&
		kernel_list_in_app(parts.services, options->app)) ||
	       (kernel_list_endpoint(state, &denied->destination, &parts, NULL) &&
		kernel_list_in_app(parts.services, options->app)) ||
	       (kernel_list_published(state, denied, &parts) && kernel_list_in_app(parts.services, options->app));
}
