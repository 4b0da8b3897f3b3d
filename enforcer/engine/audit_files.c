/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "audit_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "cleanup.h"

/* A part of the way that is no folder means that there is no such file, too. */
static int failed(const char *path, int error, struct error *err)
{
	return error_set(err, error == ENOTDIR ? -ENOENT : -error, "%s: %s", path, strerror(error));
}

/* As many as the kernel follows. */
#define LINKS_MAX 40

/* A path on its way from what was asked for to one without links. */
struct way {
	char done[PATH_MAX]; /* beneath the folder; no part of it is a link */
	char rest[PATH_MAX]; /* still to be looked at, from `at` on */
	size_t at;
	unsigned links;
};

/* The next part of the rest: 0, or -ENODATA where there is none. */
static int next_part(struct way *way, char part[NAME_MAX + 1])
{
	const char *start = way->rest + way->at + strspn(way->rest + way->at, "/");
	size_t length = strcspn(start, "/");

	if (!length)
		return -ENODATA;
	if (length > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(part, start, length);
	part[length] = '\0';
	way->at = (size_t)(start + length - way->rest);
	return 0;
}

/* What a link says comes before the rest; one that begins with a slash starts from the folder again. */
static int follow(struct way *way, const char *target)
{
	char rest[PATH_MAX];

	if (++way->links > LINKS_MAX)
		return -ELOOP;
	if (snprintf(rest, sizeof(rest), "%s%s", target, way->rest + way->at) >= (int)sizeof(rest))
		return -ENAMETOOLONG;
	strcpy(way->rest, rest);
	way->at = 0;
	if (target[0] == '/')
		way->done[0] = '\0';
	return 0;
}

static int step(int folder, struct way *way, const char *part, bool follow_last)
{
	size_t length = strlen(way->done);
	char target[PATH_MAX];
	ssize_t got = -1;

	if (strcmp(part, ".") == 0)
		return 0;
	if (strcmp(part, "..") == 0) {
		char *slash = strrchr(way->done, '/');

		/* Above the folder is the folder. */
		way->done[slash ? slash - way->done : 0] = '\0';
		return 0;
	}
	if (length + strlen(part) + 2 > sizeof(way->done))
		return -ENAMETOOLONG;
	snprintf(way->done + length, sizeof(way->done) - length, "/%s", part);
	if (follow_last || way->rest[way->at + strspn(way->rest + way->at, "/")])
		got = readlinkat(folder, way->done + 1, target, sizeof(target) - 1);
	/* No link: whatever else is wrong with it is said when it is opened. */
	if (got < 0)
		return 0;
	target[got] = '\0';
	way->done[length] = '\0';
	return follow(way, target);
}

/* As if the folder were the root: no link leads out of it.  (openat2's RESOLVE_IN_ROOT does that too, where it is
 * known: neither to old kernels nor to valgrind.) */
static int resolve(int folder, const char *path, bool follow_last, struct way *way)
{
	char part[NAME_MAX + 1];
	int r = 0;

	if (strlen(path) >= sizeof(way->rest))
		return -ENAMETOOLONG;
	strcpy(way->rest, path);
	way->done[0] = '\0';
	way->at = 0;
	way->links = 0;
	while (r == 0) {
		r = next_part(way, part);
		if (r == 0)
			r = step(folder, way, part, follow_last);
	}
	return r == -ENODATA ? 0 : r;
}

static int open_beneath(const char *root, const char *path, int flags, struct error *err)
{
	cleanup_close int folder = -1;
	struct way way;
	int fd, r;

	if (!root[0]) {
		fd = open(path, flags | O_CLOEXEC);
		return fd < 0 ? failed(path, errno, err) : fd;
	}
	folder = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* Without the folder nothing is known of what is beneath it: never "there is no such file". */
	if (folder < 0)
		return error_set(err, -ENXIO, "%s: %s", root, strerror(errno));
	r = resolve(folder, path, !(flags & O_NOFOLLOW), &way);
	if (r < 0)
		return failed(path, -r, err);
	fd = openat(folder, way.done[0] ? way.done + 1 : ".", flags | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? failed(path, errno, err) : fd;
}

static int read_all(int fd, const char *path, char **ret_text, size_t *ret_length, struct error *err)
{
	size_t size = 4096, length = 0;
	cleanup_free char *text = malloc(size);

	while (text) {
		ssize_t got = read(fd, text + length, size - 1 - length);
		char *grown;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return failed(path, errno, err);
		if (got == 0) {
			text[length] = '\0';
			*ret_text = steal(text);
			*ret_length = length;
			return 0;
		}
		length += (size_t)got;
		if (length > AUDIT_FILES_MAX)
			return error_set(err, -EFBIG, "%s: longer than %zu MiB", path, AUDIT_FILES_MAX >> 20);
		if (length + 1 < size)
			continue;
		grown = realloc(text, size * 2);
		if (!grown)
			break;
		text = grown;
		size *= 2;
	}
	return error_oom(err);
}

int audit_files_read(const char *root, const char *path, char **ret_text, size_t *ret_length, struct error *err)
{
	/* O_NONBLOCK: a FIFO in the place of a file is not waited for. */
	cleanup_close int fd = open_beneath(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, err);
	struct stat status;

	if (fd < 0)
		return fd;
	if (fstat(fd, &status) < 0)
		return failed(path, errno, err);
	if (!S_ISREG(status.st_mode))
		return error_set(err, -EINVAL, "%s: no regular file", path);
	return read_all(fd, path, ret_text, ret_length, err);
}

int audit_files_stat(const char *root, const char *path, struct stat *ret_status, struct error *err)
{
	cleanup_close int fd = open_beneath(root, path, O_PATH, err);

	if (fd < 0)
		return fd;
	return fstat(fd, ret_status) < 0 ? failed(path, errno, err) : 0;
}

int audit_files_real(const char *root, const char *path, char *ret_path, struct error *err)
{
	cleanup_close int folder = open(root[0] ? root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct way way;
	int r;

	if (folder < 0)
		return failed(root, errno, err);
	r = resolve(folder, path, true, &way);
	if (r < 0)
		return failed(path, -r, err);
	strcpy(ret_path, way.done[0] ? way.done : "/");
	return 0;
}

int audit_files_attribute(const char *root, const char *path, const char *name, void *buffer, size_t size,
			  size_t *ret_size, struct error *err)
{
	cleanup_close int fd = open_beneath(root, path, O_PATH, err);
	char place[32];
	ssize_t got;

	if (fd < 0)
		return fd;
	/* fgetxattr takes none that was opened as a path, as a socket can be alone. */
	snprintf(place, sizeof(place), "/proc/self/fd/%d", fd);
	got = getxattr(place, name, buffer, size);
	if (got < 0 && errno != ENODATA && errno != EOPNOTSUPP)
		return failed(path, errno, err);
	*ret_size = got < 0 ? 0 : (size_t)got;
	return 0;
}

int audit_files_list(const char *root, const char *path, struct texts *ret_names, struct error *err)
{
	cleanup_close int fd = open_beneath(root, path, O_RDONLY | O_DIRECTORY, err);
	struct texts names = { 0 };
	struct dirent *entry;
	int r = 0;
	DIR *folder;

	if (fd < 0)
		return fd;
	folder = fdopendir(fd);
	if (!folder)
		return failed(path, errno, err);
	steal_fd(&fd);
	while (r == 0 && (errno = 0, entry = readdir(folder))) {
		if (entry->d_name[0] != '.')
			r = texts_add(&names, entry->d_name, strlen(entry->d_name));
	}
	if (r < 0)
		r = error_oom(err);
	else if (errno)
		r = failed(path, errno, err);
	closedir(folder);
	if (r < 0) {
		texts_clear(&names);
		return r;
	}
	texts_sort(&names);
	*ret_names = names;
	return 0;
}

int audit_files_link(const char *root, const char *path, char *ret_target, size_t size, struct error *err)
{
	cleanup_close int fd = open_beneath(root, path, O_PATH | O_NOFOLLOW, err);
	ssize_t length;

	if (fd < 0)
		return fd;
	length = readlinkat(fd, "", ret_target, size);
	if (length < 0)
		return failed(path, errno, err);
	if ((size_t)length >= size)
		return failed(path, ENAMETOOLONG, err);
	ret_target[length] = '\0';
	return 0;
}

bool audit_files_same(const char *root, const char *a, const char *b)
{
	struct stat one, other;

	if (strcmp(a, b) == 0)
		return true;
	return audit_files_stat(root, a, &one, NULL) == 0 && audit_files_stat(root, b, &other, NULL) == 0 &&
	       one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}
