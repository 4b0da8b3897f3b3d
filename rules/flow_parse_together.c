/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names that are probably misspelt, within a file and across files; and apps that are declared twice. */
#include "flow_parse.h"

#include <errno.h>
#include <string.h>

#include "flow_parse_parts.h"

static size_t without_digits(const char *text)
{
	size_t length = strlen(text);

	while (length > 0 && text[length - 1] >= '0' && text[length - 1] <= '9')
		length--;
	return length;
}

static bool differ_in_trailing_digits(const char *a, const char *b)
{
	size_t length = without_digits(a);

	return length == without_digits(b) && memcmp(a, b, length) == 0;
}

/* Every unknown name is compared with every known one.  A file with more names than this was not typed by anybody. */
#define NEAR_MISS_NAMES_MAX 1000

int flow_parse_near_miss(const char *word, const char *const *names, size_t count, const char **ret_near)
{
	cleanup_free const char **candidates = NULL;
	size_t candidate_count = 0;

	if (count == 0 || count > NEAR_MISS_NAMES_MAX) {
		*ret_near = NULL;
		return 0;
	}
	candidates = calloc(count, sizeof(*candidates));
	if (!candidates)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		if (!differ_in_trailing_digits(word, names[i]))
			candidates[candidate_count++] = names[i];
	}
	*ret_near = diagnostics_suggest(word, candidates, candidate_count);
	return 0;
}

typedef int peer_fn(const struct flow_peer *peer, void *data);

/* Every peer of the app's flows, until one call fails. */
static int for_each_peer(const struct flow_app *app, peer_fn *function, void *data)
{
	for (size_t i = 0; i < app->flow_count; i++) {
		const struct flow *flow = &app->flows[i];
		int r = 0;

		for (size_t j = 0; r == 0 && j < flow->from_count; j++)
			r = function(&flow->from[j], data);
		for (size_t j = 0; r == 0 && j < flow->to_count; j++)
			r = function(&flow->to[j], data);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The names that an app's file defines; the array is the caller's, the names are not. */
static int service_names(const struct flow_app *app, const char ***ret_names)
{
	const char **names = calloc(app->service_count + 1, sizeof(*names));

	if (!names)
		return -ENOMEM;
	for (size_t i = 0; i < app->service_count; i++)
		names[i] = app->services[i].name;
	*ret_names = names;
	return 0;
}

struct own_services {
	struct flow_parse *parse;
	const char **names;
};

static int check_own_service(const struct flow_peer *peer, void *data)
{
	struct own_services *own = data;
	const struct flow_app *app = own->parse->app;
	const char *near = NULL;

	if (peer->kind != FLOW_PEER_SERVICE || strcmp(peer->app, app->name) != 0 ||
	    flow_app_service(app, peer->service))
		return 0;
	if (flow_parse_near_miss(peer->service, own->names, app->service_count, &near) < 0)
		return -ENOMEM;
	if (near)
		jsonc_check_error(&own->parse->check, peer->line, peer->column,
				  "unknown service \"%s\": did you mean \"%s\"? (to name the Compose service \"%s\" "
				  "too, define it: \"services\": { \"%s\": { \"compose\": \"%s\" } })",
				  peer->service, near, peer->service, peer->service, peer->service);
	return 0;
}

int flow_parse_check_services(struct flow_parse *parse)
{
	struct own_services own = { .parse = parse };
	cleanup_free const char **names = NULL;

	if (parse->app->service_count == 0)
		return 0;
	if (service_names(parse->app, &names) < 0)
		return -ENOMEM;
	own.names = names;
	return for_each_peer(parse->app, check_own_service, &own);
}

/* All files, sorted: by app, then by file, so that the first of each app is the one that counts. */
struct together {
	struct flow_app *const *apps;
	struct diagnostics *diagnostics;
	bool *bad;
	size_t *order;
	size_t count;
	const char **names; /* of the apps, each once */
	size_t name_count;
	size_t current; /* index in apps of the file that is looked at */
};

static int compare_apps(const void *a_pointer, const void *b_pointer, void *data)
{
	const struct together *together = data;
	size_t a = *(const size_t *)a_pointer, b = *(const size_t *)b_pointer;
	int order = strcmp(together->apps[a]->name, together->apps[b]->name);

	if (order == 0)
		order = strcmp(together->apps[a]->file, together->apps[b]->file);
	return order ? order : (a > b) - (a < b);
}

/* Collects the names on the way. */
static void check_declared_once(struct together *together)
{
	const struct flow_app *first = NULL;

	for (size_t i = 0; i < together->count; i++) {
		const struct flow_app *app = together->apps[together->order[i]];

		if (!first || strcmp(first->name, app->name) != 0) {
			first = app;
			together->names[together->name_count++] = app->name;
			continue;
		}
		together->bad[together->order[i]] = true;
		diagnostics_add(together->diagnostics, DIAGNOSTIC_ERROR, app->file, app->line, app->column,
				"app \"%s\" is declared already, at %s:%u: one file per app", app->name, first->file,
				first->line);
	}
}

/* The file that counts for the app of that name, or NULL. */
static const struct flow_app *find_app(const struct together *together, const char *name)
{
	size_t low = 0, high = together->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(together->apps[together->order[middle]]->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == together->count || strcmp(together->apps[together->order[low]]->name, name) != 0)
		return NULL;
	return together->apps[together->order[low]];
}

static int check_foreign_app(struct together *together, const struct flow_app *app, const struct flow_peer *peer)
{
	const char *near = NULL;

	if (flow_parse_near_miss(peer->app, together->names, together->name_count, &near) < 0)
		return -ENOMEM;
	if (!near)
		return 0;
	diagnostics_add(together->diagnostics, DIAGNOSTIC_ERROR, app->file, peer->line, peer->column,
			"unknown app \"%s\": did you mean \"%s\"? (if there is an app \"%s\" too, give it a file: "
			"{ \"app\": \"%s\", \"flows\": [] })",
			peer->app, near, peer->app, peer->app);
	together->bad[together->current] = true;
	return 0;
}

static int check_foreign_service(struct together *together, const struct flow_app *app, const struct flow_peer *peer,
				 const struct flow_app *other)
{
	cleanup_free const char **names = NULL;
	const char *near = NULL;

	if (flow_app_service(other, peer->service))
		return 0;
	if (service_names(other, &names) < 0 ||
	    flow_parse_near_miss(peer->service, names, other->service_count, &near) < 0)
		return -ENOMEM;
	if (!near)
		return 0;
	diagnostics_add(together->diagnostics, DIAGNOSTIC_ERROR, app->file, peer->line, peer->column,
			"unknown service \"%s\" of app \"%s\": did you mean \"%s/%s\"? (to name the Compose service "
			"\"%s\" too, define it in %s: \"services\": { \"%s\": { \"compose\": \"%s\" } })",
			peer->service, other->name, other->name, near, peer->service, other->file, peer->service,
			peer->service);
	together->bad[together->current] = true;
	return 0;
}

static int check_foreign_peer(const struct flow_peer *peer, void *data)
{
	struct together *together = data;
	const struct flow_app *app = together->apps[together->current], *other;

	if ((peer->kind != FLOW_PEER_SERVICE && peer->kind != FLOW_PEER_APP) || strcmp(peer->app, app->name) == 0)
		return 0;
	other = find_app(together, peer->app);
	if (!other)
		return check_foreign_app(together, app, peer);
	return peer->kind == FLOW_PEER_SERVICE ? check_foreign_service(together, app, peer, other) : 0;
}

static int check_together(struct together *together)
{
	for (size_t i = 0; i < together->count; i++)
		together->order[i] = i;
	qsort_r(together->order, together->count, sizeof(*together->order), compare_apps, together);
	check_declared_once(together);
	for (size_t i = 0; i < together->count; i++) {
		together->current = i;
		if (for_each_peer(together->apps[i], check_foreign_peer, together) < 0)
			return -ENOMEM;
	}
	return 0;
}

size_t flow_check_together(struct flow_app *const *apps, size_t count, struct diagnostics *diagnostics, bool *bad)
{
	cleanup_free size_t *order = calloc(count + 1, sizeof(*order));
	cleanup_free const char **names = calloc(count + 1, sizeof(*names));
	struct together together = {
		.apps = apps,
		.diagnostics = diagnostics,
		.bad = bad,
		.order = order,
		.count = count,
		.names = names,
	};
	size_t refused = 0;

	for (size_t i = 0; i < count; i++)
		bad[i] = false;
	if (!order || !names || check_together(&together) < 0) {
		/* Nobody can tell which are good: none is. */
		diagnostics->errors += diagnostics->out_of_memory ? 0 : 1;
		diagnostics->out_of_memory = true;
		for (size_t i = 0; i < count; i++)
			bad[i] = true;
	}
	for (size_t i = 0; i < count; i++)
		refused += bad[i] ? 1 : 0;
	return refused;
}
