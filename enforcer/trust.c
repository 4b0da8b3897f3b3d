/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trust.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"

static int judge(const char *place, bool last, struct error *err)
{
	struct stat about;

	if (lstat(place, &about) < 0)
		return -errno;
	if (about.st_uid != 0 && about.st_uid != geteuid())
		return error_set(err, -EPERM, "%s belongs to uid %u, neither root nor the caller: chown root %s", place,
				 (unsigned)about.st_uid, place);
	if (S_ISLNK(about.st_mode) || !(about.st_mode & (S_IWGRP | S_IWOTH)))
		return 0;
	if (!last && S_ISDIR(about.st_mode) && about.st_mode & S_ISVTX)
		return 0;
	return error_set(err, -EPERM, "group or others can write %s (mode %04o): chmod go-w %s", place,
			 (unsigned)about.st_mode & 07777u, place);
}

/* An absolute path, from the root down; what does not exist ends it. */
static int judge_way(const char *path, struct error *err)
{
	char place[PATH_MAX];
	int r = judge("/", false, err);

	for (size_t end = 1; r == 0 && path[end - 1];) {
		size_t length = end + strcspn(path + end, "/"), rest = length + strspn(path + length, "/");

		if (length >= sizeof(place))
			return error_set(err, -ENAMETOOLONG, "%s: %s", path, strerror(ENAMETOOLONG));
		if (length > end) {
			memcpy(place, path, length);
			place[length] = '\0';
			r = judge(place, !path[rest], err);
		}
		if (!path[length])
			break;
		end = rest;
	}
	return r == -ENOENT || r == -ENOTDIR ? 0 : r;
}

int trust_path(const char *path, struct error *err)
{
	cleanup_free char *here = NULL, *absolute = NULL, *real = NULL;
	int r;

	if (path[0] != '/') {
		here = getcwd(NULL, 0);
		if (!here || asprintf(&absolute, "%s/%s", here, path) < 0) {
			absolute = NULL;
			return error_oom(err);
		}
	}
	r = judge_way(absolute ? absolute : path, err);
	if (r < 0)
		return r == -EPERM || r == -ENAMETOOLONG ? r : error_set(err, r, "%s: %s", path, strerror(-r));
	/* Where links lead to. */
	real = realpath(path, NULL);
	return real ? judge_way(real, err) : 0;
}
