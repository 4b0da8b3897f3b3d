/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "flows": who may reach whom, and how. */
#include <errno.h>
#include <string.h>

#include "flow_parse_parts.h"

static int compare_numbers(unsigned a, unsigned b)
{
	return a < b ? -1 : a > b;
}

static int compare_text(const char *a, const char *b)
{
	if (!a || !b)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

static int compare_peers(const void *a_pointer, const void *b_pointer)
{
	const struct flow_peer *a = a_pointer, *b = b_pointer;
	int order = compare_numbers(a->kind, b->kind);

	if (order == 0)
		order = compare_text(a->app, b->app);
	return order ? order : compare_text(a->service, b->service);
}

static int compare_ports(const void *a_pointer, const void *b_pointer)
{
	const struct flow_port *a = a_pointer, *b = b_pointer;
	int order = compare_numbers(a->protocol, b->protocol);

	if (order == 0)
		order = compare_numbers(a->first, b->first);
	return order ? order : compare_numbers(a->last, b->last);
}

static int compare_cidrs(const void *a_pointer, const void *b_pointer)
{
	const struct cidr *a = a_pointer, *b = b_pointer;
	int order = address_compare(&a->base, &b->base);

	return order ? order : compare_numbers(a->length, b->length);
}

static int compare_lists(const void *a, size_t a_count, const void *b, size_t b_count, size_t size,
			 jsonc_compare_fn *compare)
{
	int order = a_count < b_count ? -1 : a_count > b_count;

	for (size_t i = 0; order == 0 && i < a_count; i++)
		order = compare((const char *)a + i * size, (const char *)b + i * size);
	return order;
}

/* By what a flow says, in the order in which it says it; notes and places do not count. */
static int compare_flows(const void *a_pointer, const void *b_pointer)
{
	const struct flow *a = a_pointer, *b = b_pointer;
	int order = compare_lists(a->from, a->from_count, b->from, b->from_count, sizeof(*a->from), compare_peers);

	if (order == 0)
		order = compare_lists(a->to, a->to_count, b->to, b->to_count, sizeof(*a->to), compare_peers);
	if (order == 0)
		order = compare_lists(a->ports, a->port_count, b->ports, b->port_count, sizeof(*a->ports),
				      compare_ports);
	return order ? order
		     : compare_lists(a->cidrs, a->cidr_count, b->cidrs, b->cidr_count, sizeof(*a->cidrs),
				     compare_cidrs);
}

/* A list under construction: what its entries mean, and where they were written. */
struct list {
	void *items;
	struct jsonc_entry *entries;
	size_t count;
};

typedef int parse_item_fn(struct flow_parse *parse, const struct jsonc *value, void *ret_item);

/* Parses `count` values into items of `size` bytes, leaving out the bad ones.  On -ENOMEM the list is still valid. */
static int parse_items(struct flow_parse *parse, const struct jsonc *values, size_t count, size_t size,
		       parse_item_fn *parse_item, struct list *list)
{
	list->items = calloc(count, size);
	list->entries = calloc(count, sizeof(*list->entries));
	if (!list->items || !list->entries)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		char *item = (char *)list->items + list->count * size;
		int r = parse_item(parse, &values[i], item);

		if (r == -ENOMEM)
			return r;
		if (r == 0)
			list->entries[list->count++] = (struct jsonc_entry){ &values[i], item };
	}
	return 0;
}

static int parse_from(struct flow_parse *parse, const struct jsonc *value, void *ret_item)
{
	return flow_parse_peer(parse, value, FLOW_PARSE_FROM, ret_item);
}

static int parse_to(struct flow_parse *parse, const struct jsonc *value, void *ret_item)
{
	return flow_parse_peer(parse, value, FLOW_PARSE_TO, ret_item);
}

static int parse_port(struct flow_parse *parse, const struct jsonc *value, void *ret_item)
{
	return flow_parse_port(&parse->check, value, ret_item);
}

static int parse_cidr(struct flow_parse *parse, const struct jsonc *value, void *ret_item)
{
	struct cidr *cidr = ret_item;
	char text[ADDRESS_TEXT_SIZE];
	int r;

	if (!jsonc_check_type(&parse->check, value, "a network in \"cidrs\"", JSONC_STRING))
		return -EINVAL;
	r = cidr_parse(value->text, cidr);
	if (r == -ERANGE)
		jsonc_check_error_at(&parse->check, value,
				     "\"%s\" has bits set beyond its prefix: did you mean \"%s/%u\"?", value->text,
				     address_format(&cidr->base, text), cidr->length);
	else if (r < 0)
		jsonc_check_error_at(&parse->check, value,
				     "\"%s\" is no network: write \"192.0.2.0/24\" or \"2001:db8::/32\"", value->text);
	return r < 0 ? -EINVAL : 0;
}

/* One side of a flow.  value may be NULL. */
static int parse_side(struct flow_parse *parse, const struct jsonc *flow, const struct jsonc *value,
		      enum flow_parse_side side, struct flow_peer **ret_peers, size_t *ret_count)
{
	const char *name = side == FLOW_PARSE_FROM ? "from" : "to";
	struct list list = { 0 };
	int r = 0;

	if (!value) {
		jsonc_check_error_at(&parse->check, flow, "\"%s\" is missing in this flow", name);
		return 0;
	}
	if (value->type == JSONC_STRING) {
		r = parse_items(parse, value, 1, sizeof(**ret_peers), side == FLOW_PARSE_FROM ? parse_from : parse_to,
				&list);
	} else if (value->type == JSONC_ARRAY && value->count > 0) {
		r = parse_items(parse, value->items, value->count, sizeof(**ret_peers),
				side == FLOW_PARSE_FROM ? parse_from : parse_to, &list);
	} else if (value->type == JSONC_ARRAY) {
		jsonc_check_error_at(&parse->check, value, "\"%s\" must not be empty: name at least one service", name);
	} else {
		jsonc_check_error_at(&parse->check, value, "\"%s\" must be a string or a list of strings, not %s", name,
				     jsonc_type_name(value->type));
	}
	*ret_peers = list.items;
	*ret_count = list.count;
	if (r == 0)
		jsonc_check_duplicates(&parse->check, NULL, list.entries, list.count, compare_peers);
	free(list.entries);
	return r;
}

static int parse_ports(struct flow_parse *parse, const struct jsonc *flow, const struct jsonc *value,
		       struct flow *ret_flow)
{
	struct jsonc_check *check = &parse->check;
	struct list list = { 0 };
	int r = 0;

	if (!value)
		jsonc_check_error_at(check, flow,
				     "\"ports\" is missing in this flow: nothing is opened by leaving it "
				     "out; every protocol and port is [\"any\"]");
	else if (value->type == JSONC_STRING || value->type == JSONC_NUMBER)
		jsonc_check_error_at(check, value, "\"ports\" must be a list of strings: write [\"%s\"]", value->text);
	else if (!jsonc_check_type(check, value, "\"ports\"", JSONC_ARRAY))
		return 0;
	else if (value->count == 0)
		jsonc_check_error_at(check, value, "\"ports\" must not be empty: every protocol and port is [\"any\"]");
	else
		r = parse_items(parse, value->items, value->count, sizeof(*ret_flow->ports), parse_port, &list);
	ret_flow->ports = list.items;
	ret_flow->port_count = list.count;
	if (r == 0)
		jsonc_check_duplicates(check, NULL, list.entries, list.count, compare_ports);
	free(list.entries);
	return r;
}

static int parse_cidrs(struct flow_parse *parse, const struct jsonc *value, struct flow *ret_flow)
{
	struct jsonc_check *check = &parse->check;
	struct list list = { 0 };
	int r = 0;

	if (!value)
		return 0;
	if (value->type == JSONC_STRING)
		jsonc_check_error_at(check, value, "\"cidrs\" must be a list of strings: write [\"%s\"]", value->text);
	else if (!jsonc_check_type(check, value, "\"cidrs\"", JSONC_ARRAY))
		return 0;
	else if (value->count == 0)
		jsonc_check_error_at(check, value, "\"cidrs\" must not be empty: leave it out for every address");
	else
		r = parse_items(parse, value->items, value->count, sizeof(*ret_flow->cidrs), parse_cidr, &list);
	ret_flow->cidrs = list.items;
	ret_flow->cidr_count = list.count;
	if (r == 0)
		jsonc_check_duplicates(check, NULL, list.entries, list.count, compare_cidrs);
	free(list.entries);
	return r;
}

static bool is_outside(const struct flow_peer *peer)
{
	return peer->kind == FLOW_PEER_WORLD || peer->kind == FLOW_PEER_HOST;
}

static const struct flow_peer *find_outside(const struct flow_peer *peers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (is_outside(&peers[i]))
			return &peers[i];
	}
	return NULL;
}

static bool has_world(const struct flow_peer *peers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (peers[i].kind == FLOW_PEER_WORLD)
			return true;
	}
	return false;
}

static const char *outside_name(const struct flow_peer *peer)
{
	return peer->kind == FLOW_PEER_WORLD ? "world" : "host";
}

/* What concerns both sides; they are whole. */
static void check_sides(struct flow_parse *parse, const struct flow *flow, const struct jsonc *cidrs)
{
	const struct flow_peer *from = find_outside(flow->from, flow->from_count);
	const struct flow_peer *to = find_outside(flow->to, flow->to_count);

	if (from && to)
		jsonc_check_error(&parse->check, to->line, to->column,
				  "from \"%s\" to \"%s\" has no container on either side: bulkhead rules over what "
				  "containers send and receive",
				  outside_name(from), outside_name(to));
	if (cidrs && !has_world(flow->from, flow->from_count) && !has_world(flow->to, flow->to_count))
		jsonc_check_error_at(&parse->check, cidrs,
				     "\"cidrs\" needs \"world\" in \"from\" or \"to\": it says which addresses of the "
				     "world are meant");
}

static int parse_note(struct flow_parse *parse, const struct jsonc *value, char **ret_note)
{
	if (!value || !jsonc_check_text(&parse->check, value, "\"note\"", true))
		return 0;
	*ret_note = strdup(value->text);
	return *ret_note ? 0 : -ENOMEM;
}

static int parse_flow(struct flow_parse *parse, const struct jsonc *value, struct flow *ret_flow)
{
	const struct jsonc *from = NULL, *to = NULL, *ports = NULL, *note = NULL, *cidrs = NULL;
	const struct jsonc_field fields[] = {
		{ "from", &from }, { "to", &to }, { "ports", &ports }, { "note", &note }, { "cidrs", &cidrs },
	};
	size_t errors;

	ret_flow->line = value->line;
	ret_flow->column = value->column;
	if (!jsonc_check_object(&parse->check, value, "a flow", fields, 5))
		return 0;
	errors = parse->check.errors;
	if (parse_side(parse, value, from, FLOW_PARSE_FROM, &ret_flow->from, &ret_flow->from_count) < 0 ||
	    parse_side(parse, value, to, FLOW_PARSE_TO, &ret_flow->to, &ret_flow->to_count) < 0)
		return -ENOMEM;
	if (parse->check.errors == errors)
		check_sides(parse, ret_flow, cidrs);
	if (parse_ports(parse, value, ports, ret_flow) < 0 || parse_cidrs(parse, cidrs, ret_flow) < 0)
		return -ENOMEM;
	return parse_note(parse, note, &ret_flow->note);
}

/* A flow that says the same as an earlier one does no harm, and is hardly what was meant. */
static int warn_of_same_flows(struct flow_parse *parse, const struct jsonc *values)
{
	cleanup_free struct jsonc_entry *entries = calloc(parse->app->flow_count, sizeof(*entries));

	if (!entries)
		return -ENOMEM;
	for (size_t i = 0; i < parse->app->flow_count; i++)
		entries[i] = (struct jsonc_entry){ &values[i], &parse->app->flows[i] };
	jsonc_check_duplicates(&parse->check, "this flow is declared", entries, parse->app->flow_count, compare_flows);
	return 0;
}

int flow_parse_flows(struct flow_parse *parse, const struct jsonc *value)
{
	struct flow_app *app = parse->app;

	if (!jsonc_check_type(&parse->check, value, "\"flows\"", JSONC_ARRAY) || value->count == 0)
		return 0;
	app->flows = calloc(value->count, sizeof(*app->flows));
	if (!app->flows)
		return -ENOMEM;
	for (size_t i = 0; i < value->count; i++) {
		/* Counted first: what it holds when memory runs out is freed with the app. */
		if (parse_flow(parse, &value->items[i], &app->flows[app->flow_count++]) < 0)
			return -ENOMEM;
	}
	return parse->check.errors == 0 ? warn_of_same_flows(parse, value->items) : 0;
}
