/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bridges_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "file.h"
#include "link_name.h"
#include "trust.h"

/* More bridges than a host can have; a file that is larger is not ours. */
#define STATE_MAX ((size_t)1024 * 1024)

static int read_all(const char *path, char **ret_text, size_t *ret_length, struct error *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	cleanup_free char *text = NULL;
	size_t length = 0;
	struct stat about;
	int r;

	if (fd < 0)
		return error_set(err, -errno, "%s: %s", path, strerror(errno));
	if (fstat(fd, &about) < 0)
		return error_set(err, -errno, "%s: %s", path, strerror(errno));
	if (!S_ISREG(about.st_mode) || (about.st_mode & 022) || (about.st_uid != 0 && about.st_uid != geteuid()))
		return error_set(err, -EPERM,
				 "%s can be written by others: it decides what is closed at boot (chown root, chmod "
				 "go-w, or remove it)",
				 path);
	if (about.st_size < 0 || (size_t)about.st_size > STATE_MAX)
		return error_set(err, -EFBIG, "%s is too large to be a list of bridges: remove it", path);
	text = malloc((size_t)about.st_size + 1);
	if (!text)
		return error_oom(err);
	r = file_read_all(fd, text, (size_t)about.st_size, &length);
	if (r < 0)
		return error_set(err, r, "%s: %s", path, strerror(-r));
	text[length] = '\0';
	*ret_text = steal(text);
	*ret_length = length;
	return 0;
}

int bridges_file_parse(const char *text, size_t length, char (**ret_bridges)[16], size_t *ret_count)
{
	cleanup_free char(*bridges)[16] = NULL;
	const char *end = text + length;
	size_t count = 0, lines = 1;

	for (size_t i = 0; i < length; i++)
		lines += text[i] == '\n';
	bridges = calloc(lines, sizeof(*bridges));
	if (!bridges)
		return -ENOMEM;
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t line = (size_t)((newline ? newline : end) - text);

		if (link_name_valid(text, line))
			memcpy(bridges[count++], text, line);
		text += line + (newline != NULL);
	}
	*ret_bridges = steal(bridges);
	*ret_count = count;
	return 0;
}

static void path_in(const char *directory, const char *name, char path[4096])
{
	snprintf(path, 4096, "%s/%s", directory, name);
}

/* What stands there decides what is closed at boot. */
static int check_directory(const char *directory, struct error *err)
{
	int r = trust_path(directory, err);

	return r < 0 ? error_context(err, r, "the state directory %s is not used", directory) : 0;
}

int bridges_file_read(const char *directory, char (**ret_bridges)[16], size_t *ret_count, struct error *err)
{
	cleanup_free char *text = NULL;
	char path[4096];
	size_t length = 0;
	int r = check_directory(directory, err);

	if (r < 0)
		return r;
	path_in(directory, BRIDGES_FILE, path);
	r = read_all(path, &text, &length, err);
	if (r == -ENOENT) {
		*ret_bridges = NULL;
		*ret_count = 0;
		return 0;
	}
	if (r < 0)
		return r;
	return !text || bridges_file_parse(text, length, ret_bridges, ret_count) < 0 ? error_oom(err) : 0;
}

int bridges_file_collect(const struct inventory *inventory, char (**ret_bridges)[16], size_t *ret_count)
{
	char(*bridges)[16] = calloc(inventory->network_count + 1, sizeof(*bridges));
	size_t count = 0;

	if (!bridges)
		return -ENOMEM;
	for (size_t i = 0; i < inventory->network_count; i++) {
		const struct network *network = inventory->networks[i];

		if (network->managed && network->bridge[0])
			memcpy(bridges[count++], network->bridge, sizeof(*bridges));
	}
	*ret_bridges = bridges;
	*ret_count = count;
	return 0;
}

/* A new file beside the old one, on disk before it takes its name: a crash leaves one or the other, whole. */
static int replace(const char *directory, const char *path, const char *text, size_t length, struct error *err)
{
	cleanup_close int fd = -1, directory_fd = -1;
	char temporary[4096];
	int r;

	path_in(directory, "." BRIDGES_FILE ".new", temporary);
	(void)unlink(temporary);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return error_set(err, -errno, "%s: %s", temporary, strerror(errno));
	r = file_write_all(fd, text, length);
	if (r == 0 && (fsync(fd) < 0 || rename(temporary, path) < 0))
		r = -errno;
	if (r < 0) {
		(void)unlink(temporary);
		return error_set(err, r, "%s: %s", path, strerror(-r));
	}
	directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory_fd >= 0)
		(void)fsync(directory_fd);
	return 0;
}

int bridges_file_write(const char *directory, char (*bridges)[16], size_t count, struct error *err)
{
	cleanup_free char *text = malloc(count * 16 + 1), *old = NULL;
	size_t length = 0, old_length = 0;
	char path[4096];

	if (!text)
		return error_oom(err);
	if (check_directory(directory, err) < 0)
		return -EPERM;
	for (size_t i = 0; i < count; i++) {
		size_t name = strnlen(bridges[i], 15);

		memcpy(text + length, bridges[i], name);
		text[length + name] = '\n';
		length += name + 1;
	}
	/* First whether it is there: to make it may be forbidden, even where there is nothing to make. */
	if (access(directory, F_OK) < 0 && mkdir(directory, 0755) < 0 && errno != EEXIST)
		return error_set(err, -errno, "%s: %s", directory, strerror(errno));
	path_in(directory, BRIDGES_FILE, path);
	if (read_all(path, &old, &old_length, NULL) == 0 && old && old_length == length &&
	    memcmp(old, text, length) == 0)
		return 0;
	return replace(directory, path, text, length, err);
}

int bridges_file_remove(const char *directory, bool *ret_removed, struct error *err)
{
	char path[4096];

	path_in(directory, BRIDGES_FILE, path);
	*ret_removed = unlink(path) == 0;
	if (!*ret_removed && errno != ENOENT && errno != ENOTDIR)
		return error_set(err, -errno, "%s: %s", path, strerror(errno));
	(void)rmdir(directory);
	return 0;
}
