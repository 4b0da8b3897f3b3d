/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is said of a file that failed, and what stays in force of it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow_files_internal.h"

static bool is_below(const char *file, const char *directory)
{
	size_t length = strlen(directory);

	while (length > 1 && directory[length - 1] == '/')
		length--;
	return strncmp(file, directory, length) == 0 && file[length] == '/';
}

static bool has_failed(const struct flow_files *files, const struct flow_app *app)
{
	for (size_t i = 0; i < files->failure_count; i++) {
		const struct flow_files_failure *failure = &files->failures[i];

		if ((failure->app && strcmp(failure->app, app->name) == 0) || strcmp(failure->file, app->file) == 0 ||
		    is_below(app->file, failure->file))
			return true;
	}
	return false;
}

/* Forgets what was added behind the first `good`. */
static void drop_copies(struct flow_set *set, size_t good)
{
	while (set->count > good)
		flow_app_free(set->apps[--set->count]);
}

static const struct diagnostic *first_error(const struct diagnostics *diagnostics, const char *file)
{
	for (size_t i = 0; i < diagnostics->count; i++) {
		const struct diagnostic *item = &diagnostics->items[i];

		if (item->severity == DIAGNOSTIC_ERROR && strcmp(item->file, file) == 0)
			return item;
	}
	return NULL;
}

int flow_files_explain(struct flow_files *files, const struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < files->failure_count; i++) {
		struct flow_files_failure *failure = &files->failures[i];
		const struct diagnostic *item = first_error(diagnostics, failure->file);

		if (!item || failure->why)
			continue;
		if (asprintf(&failure->why, "%u:%u: %s", item->line, item->column, item->text) < 0) {
			failure->why = NULL;
			return -ENOMEM;
		}
	}
	return 0;
}

int flow_files_keep(struct flow_files *files, const struct flow_set *previous, size_t *ret_kept, struct error *err)
{
	struct flow_set *set = files->set;
	size_t good = set->count;
	struct flow_app **grown;

	if (!previous || previous->count == 0) {
		*ret_kept = 0;
		return 0;
	}
	grown = reallocarray(set->apps, good + previous->count, sizeof(struct flow_app *));
	if (!grown)
		return error_oom(err);
	set->apps = grown;
	for (size_t i = 0; i < previous->count; i++) {
		struct flow_set declared = { .apps = set->apps, .count = good };
		struct flow_app *copy;

		if (!has_failed(files, previous->apps[i]) || flow_set_find(&declared, previous->apps[i]->name))
			continue;
		copy = flow_app_copy(previous->apps[i]);
		if (!copy) {
			drop_copies(set, good);
			return error_oom(err);
		}
		set->apps[set->count++] = copy;
	}
	*ret_kept = set->count - good;
	flow_files_sort(set);
	return 0;
}
