/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "flow_files_read.h"
#include "host.h"
#include "json_out.h"
#include "log.h"

/* What was looked at, and what came of it. */
struct checked {
	struct diagnostics diagnostics;
	struct flow_files *files;
	bool config, config_bad, config_unreadable;
	const char *config_file;
};

static bool is_config(const char *path)
{
	const char *name = strrchr(path, '/');

	return strcmp(name ? name + 1 : path, "bulkhead.json") == 0;
}

/* Also gives the flows directory that the configuration names. */
static void check_config(struct checked *checked, const char *file, struct config **ret_config)
{
	cleanup_free char *text = NULL;
	size_t length;
	int r = flow_files_read(file, &text, &length, &checked->diagnostics);

	checked->config = true;
	checked->config_file = file;
	if (r < 0 && r != -EINVAL)
		checked->config_unreadable = true;
	if (r == 0)
		r = config_parse(file, text, length, &checked->diagnostics, ret_config);
	checked->config_bad = checked->config_bad || r < 0;
}

static int check_files(struct checked *checked, const char *const *paths, size_t count, struct error *err)
{
	return flow_files_load(paths, count, &checked->diagnostics, &checked->files, err);
}

/* Without arguments: what the service would read. */
static int check_host(struct checked *checked, const struct options *options, struct error *err)
{
	cleanup_of(config) struct config *config = NULL;
	const char *file = host_config_file(options), *flows;

	if (options->config || access(file, F_OK) == 0)
		check_config(checked, file, &config);
	flows = options->flows ? options->flows : config ? config->flows : CONFIG_DEFAULT_FLOWS;
	if (!options->flows && access(flows, F_OK) < 0 && errno == ENOENT) {
		log_warning("%s does not exist: no flow is declared", flows);
		return check_files(checked, NULL, 0, err);
	}
	return flow_files_load_trusted(flows, &checked->diagnostics, &checked->files, err);
}

static int check_arguments(struct checked *checked, const struct options *options, struct error *err)
{
	cleanup_free const char **paths = calloc(options->argument_count, sizeof(*paths));
	size_t count = 0;

	if (!paths)
		return error_oom(err);
	for (size_t i = 0; i < options->argument_count; i++) {
		cleanup_of(config) struct config *config = NULL;

		if (is_config(options->arguments[i]))
			check_config(checked, options->arguments[i], &config);
		else
			paths[count++] = options->arguments[i];
	}
	return check_files(checked, paths, count, err);
}

static void print_text(const struct checked *checked)
{
	const struct flow_set *set = checked->files->set;

	host_print_diagnostics(&checked->diagnostics);
	if (checked->config && !checked->config_bad)
		printf("%s: ok\n", checked->config_file);
	for (size_t i = 0; i < set->count; i++) {
		const struct flow_app *app = set->apps[i];

		printf("%s: ok: app %s, %zu flow%s%s\n", app->file, app->name, app->flow_count,
		       app->flow_count == 1 ? "" : "s", app->flow_count ? "" : " (closed)");
	}
}

static bool add_problems(cJSON *document, const struct diagnostics *diagnostics)
{
	cJSON *array = cJSON_AddArrayToObject(document, "problems");

	for (size_t i = 0; array && i < diagnostics->count; i++) {
		const struct diagnostic *problem = &diagnostics->items[i];
		cJSON *item = cJSON_CreateObject();

		if (!item || !cJSON_AddStringToObject(item, "file", problem->file) ||
		    !cJSON_AddNumberToObject(item, "line", problem->line) ||
		    !cJSON_AddNumberToObject(item, "column", problem->column) ||
		    !cJSON_AddStringToObject(item, "severity",
					     problem->severity == DIAGNOSTIC_ERROR ? "error" : "warning") ||
		    !cJSON_AddStringToObject(item, "text", problem->text) || !cJSON_AddItemToArray(array, item)) {
			cJSON_Delete(item);
			return false;
		}
	}
	return array != NULL;
}

static bool add_apps(cJSON *document, const struct flow_set *set)
{
	cJSON *array = cJSON_AddArrayToObject(document, "apps");

	for (size_t i = 0; array && i < set->count; i++) {
		cJSON *item = cJSON_CreateObject();

		if (!item || !cJSON_AddStringToObject(item, "app", set->apps[i]->name) ||
		    !cJSON_AddStringToObject(item, "file", set->apps[i]->file) ||
		    !cJSON_AddNumberToObject(item, "flows", (double)set->apps[i]->flow_count) ||
		    !cJSON_AddItemToArray(array, item)) {
			cJSON_Delete(item);
			return false;
		}
	}
	return array != NULL;
}

static int print_json(const struct checked *checked, bool valid)
{
	cJSON *document = cJSON_CreateObject();
	bool complete = document && cJSON_AddBoolToObject(document, "valid", valid) &&
			add_problems(document, &checked->diagnostics) && add_apps(document, checked->files->set);

	return json_out_print(document, complete);
}

static int finish(const struct checked *checked, const struct options *options)
{
	bool valid = checked->diagnostics.errors == 0 && !checked->diagnostics.out_of_memory;

	if (!options->json) {
		print_text(checked);
	} else if (print_json(checked, valid) < 0) {
		log_error("out of memory");
		return EXIT_UNKNOWN;
	}
	if (checked->files->unreadable || checked->config_unreadable)
		return EXIT_UNKNOWN;
	return valid ? EXIT_YES : EXIT_NO;
}

int cmd_check(const struct options *options)
{
	struct checked checked = { 0 };
	struct error err;
	int r, status;

	r = options->argument_count ? check_arguments(&checked, options, &err) : check_host(&checked, options, &err);
	if (r < 0) {
		log_error("%s", err.text);
		status = EXIT_UNKNOWN;
	} else {
		diagnostics_sort(&checked.diagnostics);
		status = finish(&checked, options);
	}
	flow_files_free(checked.files);
	diagnostics_clear(&checked.diagnostics);
	return status;
}
