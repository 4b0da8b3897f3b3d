/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "flow_parse.h"

#include <errno.h>
#include <string.h>

#include "flow_parse_parts.h"

/* Sets the app's name, to "" where there is no valid one: the rest of the file is still worth reading. */
static int parse_name(struct flow_parse *parse, const struct jsonc *root, const struct jsonc *value)
{
	struct flow_app *app = parse->app;
	const char *name = "", *problem;

	if (!value) {
		jsonc_check_error_at(&parse->check, root,
				     "\"app\" is missing: the name of the app that this file is of");
	} else if (jsonc_check_type(&parse->check, value, "\"app\"", JSONC_STRING)) {
		app->line = value->line;
		app->column = value->column;
		problem = flow_parse_name_problem(value->text);
		if (problem)
			jsonc_check_error_at(&parse->check, value, "app name \"%s\" %s", value->text, problem);
		else
			name = value->text;
	}
	app->name = strdup(name);
	return app->name ? 0 : -ENOMEM;
}

static int parse_root(struct flow_parse *parse, const struct jsonc *root)
{
	const struct jsonc *app = NULL, *mode = NULL, *services = NULL, *flows = NULL, *boundary = NULL;
	const struct jsonc_field fields[] = {
		{ "app", &app },     { "mode", &mode },		{ "services", &services },
		{ "flows", &flows }, { "boundary", &boundary },
	};

	if (!jsonc_check_object(&parse->check, root, "a flow file", fields, 5))
		return 0;
	if (parse_name(parse, root, app) < 0)
		return -ENOMEM;
	flow_parse_mode(&parse->check, mode, &parse->app->mode);
	flow_parse_boundary(&parse->check, boundary, &parse->app->boundary);
	if (services && flow_parse_services(parse, services) < 0)
		return -ENOMEM;
	if (!flows)
		jsonc_check_error_at(&parse->check, root,
				     "\"flows\" is missing: write \"flows\": [] for an app that is closed");
	else if (flow_parse_flows(parse, flows) < 0)
		return -ENOMEM;
	return flow_parse_check_services(parse);
}

int flow_parse(const char *file, const char *text, size_t length, struct diagnostics *diagnostics,
	       struct flow_app **ret_app)
{
	struct flow_parse parse = { .check = { .file = file, .diagnostics = diagnostics } };
	cleanup_of(flow_app) struct flow_app *app = NULL;
	cleanup_of(jsonc) struct jsonc *root = NULL;
	size_t errors = diagnostics->errors;
	int r;

	r = jsonc_parse(file, text, length, diagnostics, &root);
	if (r < 0)
		return r;
	parse.app = app = calloc(1, sizeof(*app));
	if (!app)
		return -ENOMEM;
	app->file = strdup(file);
	if (!app->file || parse_root(&parse, root) < 0 || diagnostics->out_of_memory)
		return -ENOMEM;
	if (diagnostics->errors > errors)
		return -EINVAL;
	*ret_app = steal(app);
	return 0;
}

int flow_parse_app_name(const char *text, size_t length, char **ret_name)
{
	cleanup_of(jsonc) struct jsonc *root = NULL;
	struct diagnostics ignored = { 0 };
	const struct jsonc *value = NULL;
	cleanup_free char *name = NULL;
	int r;

	r = jsonc_parse("", text, length, &ignored, &root);
	diagnostics_clear(&ignored);
	if (r == -ENOMEM)
		return r;
	if (r == 0)
		value = jsonc_get(root, "app");
	if (value && value->type == JSONC_STRING && !flow_parse_name_problem(value->text)) {
		name = strdup(value->text);
		if (!name)
			return -ENOMEM;
	}
	*ret_name = steal(name);
	return 0;
}
