/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trust.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "way.h"

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

static int judge_step(const char *place, void *data)
{
	return judge(place, false, data);
}

/* Each link is followed: whoever can write to a folder on the way to one of them decides what is read. */
int trust_path(const char *path, struct error *err)
{
	char end[PATH_MAX];
	bool whole;
	int r = way_walk(path, judge_step, err, end, &whole);

	if (r == 0 && whole)
		r = judge(end, true, err);
	return r < 0 && r != -EPERM ? error_set(err, r, "%s: %s", path, strerror(-r)) : r;
}
