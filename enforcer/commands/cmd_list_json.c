/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd_list_json.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd_list_rows.h"
#include "json_out.h"

/* cJSON's builders return NULL when out of memory; one that failed makes the whole document fail, at the end. */
static void add_text(cJSON *object, const char *key, const char *value, bool *ok)
{
	*ok = cJSON_AddStringToObject(object, key, value) && *ok;
}

static void add_number(cJSON *object, const char *key, uint64_t value, bool *ok)
{
	*ok = cJSON_AddNumberToObject(object, key, (double)value) && *ok;
}

static cJSON *add_item(cJSON *array, bool *ok)
{
	cJSON *item = cJSON_CreateObject();

	if (!item || !cJSON_AddItemToArray(array, item)) {
		cJSON_Delete(item);
		*ok = false;
		return NULL;
	}
	return item;
}

static void add_services(cJSON *object, const char *services, bool *ok)
{
	cJSON *array = cJSON_AddArrayToObject(object, "services");

	*ok = array && *ok;
	while (array && *services) {
		size_t length = strcspn(services, ",");
		char name[POLICY_COMMENT_MAX + 1];
		cJSON *text;

		snprintf(name, sizeof(name), "%.*s", (int)length, services);
		text = cJSON_CreateString(name);
		if (!text || !cJSON_AddItemToArray(array, text)) {
			cJSON_Delete(text);
			*ok = false;
			return;
		}
		services += length;
		services += strspn(services, ", ");
	}
}

/* {"address": …, "container": …, "services": […]} of whoever has the address. */
static void add_side(const struct kernel_state *state, cJSON *object, const char *key, const struct address *address,
		     const char *container, bool *ok)
{
	cJSON *side = cJSON_AddObjectToObject(object, key);
	struct policy_endpoint_comment parts = { .services = "" };
	char text[ADDRESS_TEXT_SIZE];

	*ok = side && *ok;
	if (!side)
		return;
	if (kernel_list_endpoint(state, address, &parts, NULL))
		container = parts.container;
	add_text(side, "address", address_format(address, text), ok);
	add_text(side, "container", container, ok);
	add_services(side, parts.services, ok);
}

/* One side of a flow that may be more than one address: {"network": "203.0.113.0/24", "name": …}. */
static void add_flow_side(const struct kernel_state *state, cJSON *object, const char *key,
			  const struct address *address, uint8_t length, bool one, const char *name, bool *ok)
{
	char digits[ADDRESS_TEXT_SIZE], network[ADDRESS_TEXT_SIZE + 4];
	cJSON *side;

	if (one) {
		add_side(state, object, key, address, name, ok);
		return;
	}
	side = cJSON_AddObjectToObject(object, key);
	*ok = side && *ok;
	if (!side)
		return;
	snprintf(network, sizeof(network), "%s/%u", address_format(address, digits), length);
	add_text(side, "network", network, ok);
	add_text(side, "container", name, ok);
	add_services(side, "", ok);
}

static void add_flows(const struct kernel_state *state, const struct options *options, cJSON *array, bool *ok)
{
	for (size_t i = 0; *ok && i < policy_count(state->policy); i++) {
		char ports[POLICY_PORTS_TEXT_SIZE], protocol[16];
		struct kernel_list_flow flow;
		cJSON *item;

		if (!policy_set_is_flow(policy_at(state->policy, i)->set))
			continue;
		kernel_list_flow(state, policy_at(state->policy, i), &flow);
		if (options->app && strcmp(options->app, flow.names.app) != 0)
			continue;
		item = add_item(array, ok);
		if (!item)
			return;
		add_text(item, "app", flow.names.app, ok);
		add_text(item, "from", flow.names.from, ok);
		add_text(item, "to", flow.names.to, ok);
		add_text(item, "set", policy_set_name(flow.record->set), ok);
		add_flow_side(state, item, "source", &flow.record->source, flow.record->source_length, flow.source_one,
			      flow.names.source, ok);
		add_flow_side(state, item, "destination", &flow.record->destination, flow.record->destination_length,
			      flow.destination_one, flow.names.destination, ok);
		add_text(item, "ports", policy_ports_format(flow.record, ports), ok);
		if (flow.record->span.protocol_first == flow.record->span.protocol_last)
			policy_protocol_format(flow.record->span.protocol_first, protocol);
		else
			strcpy(protocol, "any");
		add_text(item, "protocol", protocol, ok);
		add_number(item, "port_first", flow.record->span.port_first, ok);
		add_number(item, "port_last", flow.record->span.port_last, ok);
		add_number(item, "packets", flow.record->packets, ok);
		add_number(item, "bytes", flow.record->bytes, ok);
	}
}

static void add_endpoints(const struct kernel_state *state, const struct options *options, cJSON *array, bool *ok)
{
	for (size_t i = 0; *ok && i < policy_count(state->policy); i++) {
		const struct policy_record *record = policy_at(state->policy, i);
		struct policy_endpoint_comment parts = { .container = "" };
		char address[ADDRESS_TEXT_SIZE], boundary[32];
		const char *port, *guard;
		cJSON *item;

		if (!policy_set_is(record->set, POLICY_TOPIC_ENDPOINTS))
			continue;
		guard = kernel_list_guard(state, record, &port);
		(void)policy_endpoint_comment_parse(record->comment, &parts);
		if (options->app && !kernel_list_in_app(parts.services, options->app))
			continue;
		item = add_item(array, ok);
		if (!item)
			return;
		add_text(item, "container", parts.container, ok);
		add_services(item, parts.services, ok);
		add_text(item, "network", parts.network, ok);
		add_text(item, "bridge", record->link, ok);
		add_text(item, "address", address_format(&record->source, address), ok);
		add_text(item, "mode", kernel_list_observed(state, &record->source) ? "observe" : "enforce", ok);
		add_text(item, "port", port, ok);
		add_text(item, "guard", guard, ok);
		add_text(item, "declared", cmd_list_boundary(state, &record->source, boundary), ok);
	}
}

static void add_networks(const struct kernel_state *state, cJSON *array, bool *ok)
{
	for (size_t i = 0; *ok && i < policy_count(state->policy); i++) {
		const struct policy_record *record = policy_at(state->policy, i);
		cJSON *item;

		if (!cmd_list_is_network(record))
			continue;
		item = add_item(array, ok);
		if (!item)
			return;
		add_text(item, "network", cmd_list_network_name(state, record), ok);
		add_text(item, "bridge", record->link, ok);
		add_text(item, "state", cmd_list_network_state(state, record), ok);
		add_number(item, "addresses", cmd_list_endpoints_on(state, record->link), ok);
	}
}

/* Of a port that the host publishes: whose it is. */
static void add_wanted(const struct kernel_state *state, cJSON *item, const struct kernel_denied *denied, bool *ok)
{
	struct policy_endpoint_comment parts;
	char text[ADDRESS_TEXT_SIZE];
	cJSON *side;

	if (!kernel_list_published(state, denied, &parts)) {
		add_side(state, item, "destination", &denied->destination, "", ok);
		return;
	}
	side = cJSON_AddObjectToObject(item, "destination");
	*ok = side && *ok;
	if (!side)
		return;
	add_text(side, "address", address_format(&denied->destination, text), ok);
	add_text(side, "container", parts.container, ok);
	add_services(side, parts.services, ok);
	add_text(side, "published", parts.network, ok);
}

static void add_denied(const struct kernel_state *state, const struct options *options, cJSON *array, bool *ok)
{
	for (size_t i = 0; *ok && i < state->denied_count; i++) {
		const struct kernel_denied *denied = &state->denied[i];
		char protocol[16], port[32];
		cJSON *item;

		if (!cmd_list_wants_denied(state, options, denied))
			continue;
		item = add_item(array, ok);
		if (!item)
			return;
		add_side(state, item, "source", &denied->source, "", ok);
		add_wanted(state, item, denied, ok);
		add_text(item, "protocol", policy_protocol_format(denied->protocol, protocol), ok);
		add_text(item, "wanted", kernel_list_denied_port(denied, port), ok);
		add_number(item, "port", denied->port, ok);
		add_number(item, "packets", denied->packets, ok);
		add_number(item, "bytes", denied->bytes, ok);
		add_number(item, "age_ms", denied->age_ms, ok);
		*ok = cJSON_AddBoolToObject(item, "let_through", kernel_list_let_through(state, denied)) && *ok;
	}
}

static cJSON *add_array(cJSON *document, const char *key, bool *ok)
{
	cJSON *array = cJSON_AddArrayToObject(document, key);

	*ok = array && *ok;
	return array;
}

static cJSON *build(const struct kernel_state *state, const struct options *options, bool *ok)
{
	static const char *const skeletons[] = {
		[KERNEL_SKELETON_ABSENT] = "absent",
		[KERNEL_SKELETON_WHOLE] = "whole",
		[KERNEL_SKELETON_RULES] = "altered",
		[KERNEL_SKELETON_FOREIGN] = "altered",
	};
	bool chosen = options->endpoints || options->networks || options->denied;
	cJSON *document = cJSON_CreateObject();

	*ok = document != NULL;
	if (!document)
		return NULL;
	add_text(document, "table", skeletons[state->skeleton], ok);
	if (!chosen)
		add_flows(state, options, add_array(document, "flows", ok), ok);
	if (options->networks)
		add_networks(state, add_array(document, "networks", ok), ok);
	if (options->endpoints)
		add_endpoints(state, options, add_array(document, "endpoints", ok), ok);
	if (options->denied)
		add_denied(state, options, add_array(document, "denied", ok), ok);
	return document;
}

int cmd_list_json(const struct kernel_state *state, const struct options *options)
{
	bool ok;
	cJSON *document = build(state, options, &ok);

	return json_out_print(document, ok);
}
