/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "flow_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "confined.h"
#include "file.h"
#include "flow_parse.h"

/* -EINVAL means "refused" in this file, so a system call's own must not look like it. */
static int errno_of(int error)
{
	return error == EINVAL ? -EIO : -error;
}

#define complain(diagnostics, file, ...) diagnostics_add(diagnostics, DIAGNOSTIC_ERROR, file, 1, 1, __VA_ARGS__)

static int unreadable(struct diagnostics *diagnostics, const char *file, int error)
{
	complain(diagnostics, file, "cannot be read: %s%s", strerror(error), confined_hint(error));
	return errno_of(error);
}

/* Of the opened file or directory, so that nobody can exchange it between the check and the reading. */
static int check_owner(const struct stat *status, const char *file, struct diagnostics *diagnostics)
{
	if (status->st_uid != 0 && status->st_uid != geteuid()) {
		complain(diagnostics, file, "refused: it belongs to uid %u, neither root nor the caller: chown root %s",
			 (unsigned)status->st_uid, file);
		return -EINVAL;
	}
	if (status->st_mode & (S_IWGRP | S_IWOTH)) {
		complain(diagnostics, file, "refused: group or others can write it (mode %04o): chmod go-w %s",
			 (unsigned)status->st_mode & 07777u, file);
		return -EINVAL;
	}
	return 0;
}

static int check_file(const struct stat *status, const char *file, struct diagnostics *diagnostics)
{
	if (!S_ISREG(status->st_mode)) {
		complain(diagnostics, file, "refused: it is no regular file");
		return -EINVAL;
	}
	return check_owner(status, file, diagnostics);
}

/* One byte more than allowed tells a file that grew from one that fits. */
static int read_whole(int fd, const char *file, char **ret_text, size_t *ret_length, struct diagnostics *diagnostics)
{
	cleanup_free char *text = malloc(FLOW_FILE_MAX + 1);
	size_t length = 0;
	char *fitting;
	int r;

	if (!text)
		return unreadable(diagnostics, file, ENOMEM);
	r = file_read_all(fd, text, FLOW_FILE_MAX + 1, &length);
	if (r < 0)
		return unreadable(diagnostics, file, -r);
	if (length > FLOW_FILE_MAX) {
		complain(diagnostics, file, "refused: it is larger than %d bytes", FLOW_FILE_MAX);
		return -EINVAL;
	}
	text[length] = '\0';
	fitting = realloc(text, length + 1);
	if (fitting)
		text = fitting;
	*ret_text = steal(text);
	*ret_length = length;
	return 0;
}

/* Opens `name` relative to the directory `at`; messages call it `file`.  O_NONBLOCK: a FIFO must not hold us up before
 * it is refused. */
static int open_checked(int at, const char *name, const char *file, struct stat *ret_status,
			struct diagnostics *diagnostics)
{
	cleanup_close int fd = openat(at, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int r;

	if (fd < 0)
		return unreadable(diagnostics, file, errno);
	if (fstat(fd, ret_status) < 0)
		return unreadable(diagnostics, file, errno);
	r = check_file(ret_status, file, diagnostics);
	if (r < 0)
		return r;
	return steal_fd(&fd);
}

int flow_files_read(const char *path, char **ret_text, size_t *ret_length, struct diagnostics *diagnostics)
{
	struct stat status;
	cleanup_close int fd = open_checked(AT_FDCWD, path, path, &status, diagnostics);

	return fd < 0 ? fd : read_whole(fd, path, ret_text, ret_length, diagnostics);
}

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

	fd = open_checked(at, name, file, &status, load->diagnostics);
	if (fd >= 0) {
		r = note_seen(load, &status);
		if (r != 0)
			return r < 0 ? r : 0;
	}
	load->files->file_count++;
	r = fd < 0 ? fd : read_whole(fd, file, &text, &length, load->diagnostics);
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

static int load_directory(struct load *load, int fd, const struct stat *status, const char *directory)
{
	struct dirent **entries = NULL;
	int count, r;

	r = check_owner(status, directory, load->diagnostics);
	if (r < 0)
		return add_failure(load->files, directory, NULL, r);
	count = scandirat(fd, ".", &entries, is_flow_file, compare_entries);
	if (count < 0 && errno == ENOMEM)
		return -ENOMEM;
	if (count < 0)
		return add_failure(load->files, directory, NULL, unreadable(load->diagnostics, directory, errno));
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

	if (fd < 0 && errno == ENOTDIR)
		return load_file(load, AT_FDCWD, path, path);
	if (fd < 0 || fstat(fd, &status) < 0)
		return add_failure(load->files, path, NULL, unreadable(load->diagnostics, path, errno));
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

static void sort_set(struct flow_set *set)
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
	sort_set(load->files->set);
	diagnostics_sort(load->diagnostics);
	return 0;
}

int flow_files_load(const char *const *paths, size_t count, struct diagnostics *diagnostics,
		    struct flow_files **ret_files, struct error *err)
{
	cleanup_of(flow_files) struct flow_files *files = calloc(1, sizeof(*files));
	struct load load = { .files = files, .diagnostics = diagnostics };
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
	sort_set(set);
	return 0;
}
