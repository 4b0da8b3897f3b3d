/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "flow_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "flow_files_internal.h"
#include "flow_files_read.h"
#include "flow_parse.h"
#include "trust.h"

void flow_files_free(struct flow_files *files)
{
	if (!files)
		return;
	flow_set_free(files->set);
	for (size_t i = 0; i < files->failure_count; i++) {
		free(files->failures[i].file);
		free(files->failures[i].app);
		free(files->failures[i].why);
	}
	free(files->failures);
	free(files);
}

/* A file that was opened already, maybe by another name. */
struct seen {
	dev_t device;
	ino_t inode;
};

struct load {
	struct flow_files *files;
	struct diagnostics *diagnostics;
	bool whole_way;		/* who can write a directory on the way to a path counts as who can write the path */
	struct flow_app **apps; /* of the good files, in the order of reading */
	size_t app_count;
	struct seen *seen;
	size_t seen_count;
};

static int add_failure(struct flow_files *files, const char *file, const char *app, int error)
{
	struct flow_files_failure *grown, *failure;

	grown = reallocarray(files->failures, files->failure_count + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	files->failures = grown;
	failure = &grown[files->failure_count];
	*failure = (struct flow_files_failure){ .error = error == -EINVAL ? 0 : error };
	failure->file = strdup(file);
	failure->app = app ? strdup(app) : NULL;
	files->failure_count++;
	files->unreadable += failure->error ? 1 : 0;
	return failure->file && (!app || failure->app) ? 0 : -ENOMEM;
}

/* 1 if the file was seen before, 0 if it is new, -ENOMEM. */
static int note_seen(struct load *load, const struct stat *status)
{
	struct seen *grown;

	for (size_t i = 0; i < load->seen_count; i++) {
		if (load->seen[i].device == status->st_dev && load->seen[i].inode == status->st_ino)
			return 1;
	}
	grown = reallocarray(load->seen, load->seen_count + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	load->seen = grown;
	grown[load->seen_count++] = (struct seen){ status->st_dev, status->st_ino };
	return 0;
}

static int add_app(struct load *load, struct flow_app *app)
{
	struct flow_app **grown = reallocarray(load->apps, load->app_count + 1, sizeof(*grown));

	if (!grown) {
		flow_app_free(app);
		return -ENOMEM;
	}
	load->apps = grown;
	grown[load->app_count++] = app;
	return 0;
}

static int parse_file(struct load *load, const char *file, const char *text, size_t length)
{
	cleanup_free char *name = NULL;
	struct flow_app *app;
	int r;

	r = flow_parse(file, text, length, load->diagnostics, &app);
	if (r == 0)
		return add_app(load, app);
	if (r != -EINVAL || flow_parse_app_name(text, length, &name) < 0)
		return -ENOMEM;
	return add_failure(load->files, file, name, -EINVAL);
}

/* Only -ENOMEM is a failure of ours; everything else is one of the file. */
static int load_file(struct load *load, int at, const char *name, const char *file)
{
	cleanup_free char *text = NULL;
	cleanup_close int fd = -1;
	struct stat status = { 0 };
	size_t length = 0;
	int r;

	fd = flow_files_open(at, name, file, &status, load->diagnostics);
	if (fd >= 0) {
		r = note_seen(load, &status);
		if (r != 0)
			return r < 0 ? r : 0;
	}
	load->files->file_count++;
	r = fd < 0 ? fd : flow_files_read_opened(fd, file, &text, &length, load->diagnostics);
	if (r == -ENOMEM)
		return r;
	return r < 0 ? add_failure(load->files, file, NULL, r) : parse_file(load, file, text, length);
}

/* Not what editors leave behind: .shop.json.swp, shop.json~, #shop.json#, .#shop.json. */
static int is_flow_file(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name), suffix = strlen(".json");

	return entry->d_name[0] != '.' && entry->d_name[0] != '#' && length > suffix &&
	       strcmp(entry->d_name + length - suffix, ".json") == 0;
}

/* By bytes, whatever the locale. */
static int compare_entries(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int load_entries(struct load *load, int fd, const char *directory, struct dirent **entries, int count)
{
	size_t length = strlen(directory);
	const char *slash = length > 0 && directory[length - 1] == '/' ? "" : "/";

	for (int i = 0; i < count; i++) {
		cleanup_free char *file = NULL;

		if (asprintf(&file, "%s%s%s", directory, slash, entries[i]->d_name) < 0) {
			file = NULL; /* undefined after a failure */
			return -ENOMEM;
		}
		if (load_file(load, fd, entries[i]->d_name, file) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int check_way(struct load *load, const char *path)
{
	struct error err;
	int r = load->whole_way ? trust_path(path, &err) : 0;

	if (r == -EPERM)
		diagnostics_add(load->diagnostics, DIAGNOSTIC_ERROR, path, 1, 1, "refused: %s", err.text);
	else if (r < 0)
		return flow_files_unreadable(load->diagnostics, path, -r);
	return r < 0 ? -EINVAL : 0;
}

static int load_directory(struct load *load, int fd, const struct stat *status, const char *directory)
{
	struct dirent **entries = NULL;
	int count, r;

	r = flow_files_check_owner(status, directory, load->diagnostics);
	if (r == 0)
		r = check_way(load, directory);
	if (r < 0)
		return add_failure(load->files, directory, NULL, r);
	count = scandirat(fd, ".", &entries, is_flow_file, compare_entries);
	if (count < 0 && errno == ENOMEM)
		return -ENOMEM;
	if (count < 0)
		return add_failure(load->files, directory, NULL,
				   flow_files_unreadable(load->diagnostics, directory, errno));
	r = load_entries(load, fd, directory, entries, count);
	for (int i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
	return r;
}

static int load_path(struct load *load, const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
	struct stat status;

	if (fd < 0 && errno == ENOTDIR) {
		int r = check_way(load, path);

		return r < 0 ? add_failure(load->files, path, NULL, r) : load_file(load, AT_FDCWD, path, path);
	}
	if (fd < 0 || fstat(fd, &status) < 0)
		return add_failure(load->files, path, NULL, flow_files_unreadable(load->diagnostics, path, errno));
	return load_directory(load, fd, &status, path);
}

/* An app whose file failed, as far as other files are concerned: it exists, and nobody knows its services. */
static struct flow_app *stand_in(const struct flow_files_failure *failure)
{
	cleanup_of(flow_app) struct flow_app *app = calloc(1, sizeof(*app));

	if (!app)
		return NULL;
	app->line = app->column = 1;
	app->name = strdup(failure->app);
	app->file = strdup(failure->file);
	return app->name && app->file ? steal(app) : NULL;
}

/* The good apps, then the stand-ins of the failed ones that are known by name: without these, a broken file would make
 * its app's name look misspelt in the others. */
static int gather(const struct load *load, struct flow_app **all, size_t *ret_count)
{
	*ret_count = load->app_count;
	for (size_t i = 0; i < load->app_count; i++)
		all[i] = load->apps[i];
	for (size_t i = 0; i < load->files->failure_count; i++) {
		const struct flow_files_failure *failure = &load->files->failures[i];

		if (!failure->app)
			continue;
		all[*ret_count] = stand_in(failure);
		if (!all[*ret_count])
			return -ENOMEM;
		(*ret_count)++;
	}
	return 0;
}

/* Moves the good apps into the set, and makes failures of the others. */
static int divide(struct load *load, const bool *bad)
{
	struct flow_set *set = load->files->set;

	set->apps = calloc(load->app_count + 1, sizeof(struct flow_app *));
	if (!set->apps)
		return -ENOMEM;
	for (size_t i = 0; i < load->app_count; i++) {
		cleanup_of(flow_app) struct flow_app *app = steal(load->apps[i]);

		if (!bad[i])
			set->apps[set->count++] = steal(app);
		else if (add_failure(load->files, app->file, app->name, -EINVAL) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int check_together(struct load *load)
{
	size_t most = load->app_count + load->files->failure_count, count = 0;
	cleanup_free struct flow_app **all = calloc(most + 1, sizeof(struct flow_app *));
	cleanup_free bool *bad = calloc(most + 1, sizeof(*bad));
	int r = -ENOMEM;

	if (all && bad && gather(load, all, &count) == 0) {
		flow_check_together(all, count, load->diagnostics, bad);
		r = divide(load, bad);
	}
	for (size_t i = load->app_count; all && i < count; i++)
		flow_app_free(all[i]);
	return r;
}

static int compare_apps(const void *a_pointer, const void *b_pointer)
{
	const struct flow_app *a = *(const struct flow_app *const *)a_pointer;
	const struct flow_app *b = *(const struct flow_app *const *)b_pointer;

	return strcmp(a->name, b->name);
}

void flow_files_sort(struct flow_set *set)
{
	if (set->count > 1)
		qsort(set->apps, set->count, sizeof(struct flow_app *), compare_apps);
}

static int load_all(struct load *load, const char *const *paths, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (load_path(load, paths[i]) < 0)
			return -ENOMEM;
	}
	if (check_together(load) < 0 || load->diagnostics->out_of_memory)
		return -ENOMEM;
	flow_files_sort(load->files->set);
	diagnostics_sort(load->diagnostics);
	return 0;
}

static int load_paths(const char *const *paths, size_t count, bool whole_way, struct diagnostics *diagnostics,
		      struct flow_files **ret_files, struct error *err)
{
	cleanup_of(flow_files) struct flow_files *files = calloc(1, sizeof(*files));
	struct load load = { .files = files, .diagnostics = diagnostics, .whole_way = whole_way };
	int r;

	if (!files)
		return error_oom(err);
	files->set = calloc(1, sizeof(*files->set));
	r = files->set ? load_all(&load, paths, count) : -ENOMEM;
	for (size_t i = 0; i < load.app_count; i++)
		flow_app_free(load.apps[i]); /* NULL where it was divided */
	free(load.apps);
	free(load.seen);
	if (r < 0)
		return error_oom(err);
	*ret_files = steal(files);
	return 0;
}

int flow_files_load(const char *const *paths, size_t count, struct diagnostics *diagnostics,
		    struct flow_files **ret_files, struct error *err)
{
	return load_paths(paths, count, false, diagnostics, ret_files, err);
}

int flow_files_load_trusted(const char *path, struct diagnostics *diagnostics, struct flow_files **ret_files,
			    struct error *err)
{
	return load_paths(&path, 1, true, diagnostics, ret_files, err);
}
