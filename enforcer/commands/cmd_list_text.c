/* SPDX-License-Identifier: GPL-2.0-or-later */
/* list for people. */
#include "cmd_list_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd_list_rows.h"
#include "columns.h"

/* "shop-web-1 172.18.0.2", "shop-db-1, published at 198.51.100.1" */
#define PLACE_SIZE (POLICY_COMMENT_MAX + ADDRESS_TEXT_SIZE + sizeof(", published at "))

static void print_place(const char *container, const struct address *address, char text[PLACE_SIZE])
{
	char digits[ADDRESS_TEXT_SIZE];

	snprintf(text, PLACE_SIZE, "%s %s", *container ? container : "?", address_format(address, digits));
}

/* Where there is no one address, the name says it: "anywhere", "203.0.113.0/24", "this host". */
static void print_source(const struct kernel_list_flow *flow, char text[PLACE_SIZE])
{
	if (flow->source_one)
		print_place(flow->names.source, &flow->record->source, text);
	else
		snprintf(text, PLACE_SIZE, "%s", flow->names.source);
}

static void print_destination(const struct kernel_list_flow *flow, char text[PLACE_SIZE])
{
	char digits[ADDRESS_TEXT_SIZE];

	if (flow->published && flow->destination_one)
		snprintf(text, PLACE_SIZE, "%s, published at %s", flow->names.destination,
			 address_format(&flow->record->destination, digits));
	else if (flow->published)
		snprintf(text, PLACE_SIZE, "%s, published", flow->names.destination);
	else if (flow->destination_one)
		print_place(flow->names.destination, &flow->record->destination, text);
	else
		snprintf(text, PLACE_SIZE, "%s", flow->names.destination);
}

static bool wanted_flow(const struct options *options, const struct kernel_list_flow *flow)
{
	return !options->app || strcmp(flow->names.app, options->app) == 0;
}

/* Where lines may be as long as they are: everything of a flow on one. */
static int print_flows_wide(const struct kernel_state *state, const struct options *options, size_t width)
{
	static const char *const headings[] = { "APP",	       "FROM",	"TO",	    "SOURCE",
						"DESTINATION", "PORTS", ">PACKETS", ">BYTES" };
	cleanup_of(columns) struct columns *columns = columns_new(headings, 8);

	for (size_t i = 0; columns && i < policy_count(state->policy); i++) {
		char source[PLACE_SIZE], destination[PLACE_SIZE], ports[POLICY_PORTS_TEXT_SIZE];
		char packets[24], bytes[24];
		struct kernel_list_flow flow;

		if (!policy_set_is_flow(policy_at(state->policy, i)->set))
			continue;
		kernel_list_flow(state, policy_at(state->policy, i), &flow);
		if (!wanted_flow(options, &flow))
			continue;
		print_source(&flow, source);
		print_destination(&flow, destination);
		policy_ports_format(flow.record, ports);
		snprintf(packets, sizeof(packets), "%" PRIu64, flow.record->packets);
		snprintf(bytes, sizeof(bytes), "%" PRIu64, flow.record->bytes);
		const char *cells[] = { flow.names.app, flow.names.from, flow.names.to, source,
					destination,	ports,		 packets,	bytes };

		if (columns_row(columns, cells) < 0)
			return -1;
	}
	if (!columns || (width && columns_width(columns) > width))
		return -1;
	columns_print(columns, stdout);
	return 0;
}

static int compare_flows(const void *a, const void *b)
{
	const struct kernel_list_flow *x = a, *y = b;
	int order = strcmp(x->names.app, y->names.app);

	if (!order)
		order = strcmp(x->names.from, y->names.from);
	if (!order)
		order = strcmp(x->names.to, y->names.to);
	return order ? order : policy_record_compare(x->record, y->record);
}

/* Cuts a name in the middle to at most `room` bytes. */
static void fit(const char *name, size_t room, char *text, size_t size)
{
	size_t length = strlen(name);

	if (length <= room || room < 4) {
		snprintf(text, size, "%.*s", (int)room, name);
		return;
	}
	snprintf(text, size, "%.*s~%s", (int)((room - 1) / 2), name, name + length - (room - 1 - (room - 1) / 2));
}

/* One flow below its heading: names and addresses side by side where they fit, else below each other. */
static void print_flow_narrow(const struct kernel_list_flow *flow, size_t width)
{
	const size_t numbers = 1 + 15 + 1 + 5 + 1 + 5; /* ports, packets, bytes */
	size_t side = (width - 2 - 4 - numbers) / 2;
	char ports[POLICY_PORTS_TEXT_SIZE], packets[16], bytes[16], left[PLACE_SIZE], right[PLACE_SIZE];
	char source[ADDRESS_TEXT_SIZE] = "", destination[ADDRESS_TEXT_SIZE] = "";
	bool one_line;

	print_source(flow, left);
	print_destination(flow, right);
	one_line = strlen(left) <= side && strlen(right) <= side;
	if (!one_line) {
		fit(flow->names.source, side, left, sizeof(left));
		fit(flow->names.destination, side, right, sizeof(right));
		if (flow->source_one)
			address_format(&flow->record->source, source);
		if (flow->destination_one)
			address_format(&flow->record->destination, destination);
	}
	printf("  %-*s -> %-*s %-15s %5s %5s\n", (int)side, left, (int)side, right,
	       policy_ports_format(flow->record, ports), columns_amount(flow->record->packets, packets),
	       columns_amount(flow->record->bytes, bytes));
	if (one_line)
		return;
	if (strlen(source) <= side && 2 + side + 4 + strlen(destination) <= width)
		printf("  %-*s    %s\n", (int)side, source, destination);
	else /* two long IPv6 addresses */
		printf("  %s\n  %*s    %s\n", source, (int)side, "", destination);
}

/* On a narrow terminal: flows under headings. */
static int print_flows_narrow(const struct kernel_state *state, const struct options *options, size_t width)
{
	cleanup_free struct kernel_list_flow *flows = NULL;
	size_t count = 0;

	for (size_t i = 0; i < policy_count(state->policy); i++)
		count += policy_set_is_flow(policy_at(state->policy, i)->set);
	flows = calloc(count + 1, sizeof(*flows));
	if (!flows)
		return -1;
	count = 0;
	for (size_t i = 0; i < policy_count(state->policy); i++) {
		if (!policy_set_is_flow(policy_at(state->policy, i)->set))
			continue;
		kernel_list_flow(state, policy_at(state->policy, i), &flows[count]);
		count += wanted_flow(options, &flows[count]);
	}
	qsort(flows, count, sizeof(*flows), compare_flows);
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || strcmp(flows[i].names.app, flows[i - 1].names.app) != 0 ||
		    strcmp(flows[i].names.from, flows[i - 1].names.from) != 0 ||
		    strcmp(flows[i].names.to, flows[i - 1].names.to) != 0)
			printf("%s: %s -> %s\n", flows[i].names.app, flows[i].names.from, flows[i].names.to);
		print_flow_narrow(&flows[i], width < 60 ? 60 : width);
	}
	return 0;
}

static int print_flows(const struct kernel_state *state, const struct options *options)
{
	size_t width = columns_terminal_width(stdout);

	if (print_flows_wide(state, options, width) == 0)
		return 0;
	return print_flows_narrow(state, options, width);
}

static int print_endpoints(const struct kernel_state *state, const struct options *options)
{
	static const char *const headings[] = { "CONTAINER", "ADDRESS", "NETWORK", "BRIDGE",  "PORT",
						"SERVICES",  "MODE",	"GUARD",   "DECLARED" };
	cleanup_of(columns) struct columns *columns = columns_new(headings, 9);

	for (size_t i = 0; columns && i < policy_count(state->policy); i++) {
		const struct policy_record *record = policy_at(state->policy, i);
		struct policy_endpoint_comment parts = { .container = "?", .network = "?" };
		char address[ADDRESS_TEXT_SIZE], boundary[32];
		const char *port, *guard;

		if (!policy_set_is(record->set, POLICY_TOPIC_ENDPOINTS))
			continue;
		guard = kernel_list_guard(state, record, &port);
		(void)policy_endpoint_comment_parse(record->comment, &parts);
		if (options->app && !kernel_list_in_app(parts.services, options->app))
			continue;
		cmd_list_boundary(state, &record->source, boundary);
		const char *cells[] = { parts.container,
					address_format(&record->source, address),
					parts.network,
					record->link,
					*port ? port : "-",
					*parts.services ? parts.services : "-",
					kernel_list_observed(state, &record->source) ? "observe" : "enforce",
					guard,
					*boundary ? boundary : "-" };

		if (columns_row(columns, cells) < 0)
			return -1;
	}
	if (!columns)
		return -1;
	columns_print(columns, stdout);
	return 0;
}

static int print_networks(const struct kernel_state *state)
{
	static const char *const headings[] = { "NETWORK", "BRIDGE", "STATE", ">ADDRESSES" };
	cleanup_of(columns) struct columns *columns = columns_new(headings, 4);

	for (size_t i = 0; columns && i < policy_count(state->policy); i++) {
		const struct policy_record *record = policy_at(state->policy, i);
		char addresses[24];

		if (!cmd_list_is_network(record))
			continue;
		snprintf(addresses, sizeof(addresses), "%zu", cmd_list_endpoints_on(state, record->link));
		const char *cells[] = { cmd_list_network_name(state, record), record->link,
					cmd_list_network_state(state, record), addresses };

		if (columns_row(columns, cells) < 0)
			return -1;
	}
	if (!columns)
		return -1;
	columns_print(columns, stdout);
	return 0;
}

/* A side of a denial: its service, or its container, or its address. */
static void print_side(const struct kernel_state *state, const struct address *address, char name[PLACE_SIZE],
		       char place[PLACE_SIZE])
{
	struct policy_endpoint_comment parts;
	char digits[ADDRESS_TEXT_SIZE];

	address_format(address, digits);
	if (!kernel_list_endpoint(state, address, &parts, NULL)) {
		snprintf(name, PLACE_SIZE, "%s", digits);
		snprintf(place, PLACE_SIZE, "%s", digits);
		return;
	}
	snprintf(name, PLACE_SIZE, "%s", *parts.services ? parts.services : parts.container);
	snprintf(place, PLACE_SIZE, "%s %s", parts.container, digits);
}

/* The other side; of a port that the host publishes it is whose port that is. */
static void print_wanted(const struct kernel_state *state, const struct kernel_denied *denied, char name[PLACE_SIZE],
			 char place[PLACE_SIZE])
{
	struct policy_endpoint_comment parts;
	char digits[ADDRESS_TEXT_SIZE];

	if (!kernel_list_published(state, denied, &parts)) {
		print_side(state, &denied->destination, name, place);
		return;
	}
	snprintf(name, PLACE_SIZE, "%s", *parts.services ? parts.services : parts.container);
	snprintf(place, PLACE_SIZE, "%s, published at %s", parts.container,
		 address_format(&denied->destination, digits));
}

static void print_age(uint64_t milliseconds, char text[32])
{
	uint64_t seconds = milliseconds / 1000;

	if (seconds < 120)
		snprintf(text, 32, "%" PRIu64 " s", seconds);
	else
		snprintf(text, 32, "%" PRIu64 " min", seconds / 60);
}

static int print_denied(const struct kernel_state *state, const struct options *options)
{
	for (size_t i = 0; i < state->denied_count; i++) {
		const struct kernel_denied *denied = &state->denied[i];
		char from[PLACE_SIZE], from_place[PLACE_SIZE], to[PLACE_SIZE], to_place[PLACE_SIZE];
		char port[32], age[32];

		if (!cmd_list_wants_denied(state, options, denied))
			continue;
		print_side(state, &denied->source, from, from_place);
		print_wanted(state, denied, to, to_place);
		print_age(denied->age_ms, age);
		printf("%s -> %s %s, %" PRIu64 " packet%s, last %s ago%s\n", from, to,
		       kernel_list_denied_port(denied, port), denied->packets, denied->packets == 1 ? "" : "s", age,
		       kernel_list_let_through(state, denied) ? ", let through (observe)" : "");
		printf("    %s -> %s\n", from_place, to_place);
	}
	return 0;
}

int cmd_list_text(const struct kernel_state *state, const struct options *options)
{
	int r = 0;

	if (!options->endpoints && !options->networks && !options->denied)
		r = print_flows(state, options);
	if (r == 0 && options->networks)
		r = print_networks(state);
	if (r == 0 && options->endpoints)
		r = print_endpoints(state, options);
	if (r == 0 && options->denied)
		r = print_denied(state, options);
	return r;
}
