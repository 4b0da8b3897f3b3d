/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "way.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"

#define LINKS_MAX 40

struct walk {
	way_step *step;
	void *data;
	char end[PATH_MAX];  /* where we are: "" is the root directory */
	char rest[PATH_MAX]; /* what is still to go */
	unsigned links;
};

static int look_at(const struct walk *walk, const char *place)
{
	return walk->step ? walk->step(place, walk->data) : 0;
}

/* The link's text takes its place before the rest. */
static int follow(struct walk *walk, const char *place, const char *rest)
{
	char text[PATH_MAX], joined[PATH_MAX];
	ssize_t length = readlink(place, text, sizeof(text) - 1);

	if (length < 0)
		return -errno;
	text[length] = '\0';
	if (++walk->links > LINKS_MAX)
		return -ELOOP;
	if (snprintf(joined, sizeof(joined), "%s%s", text, rest) >= (int)sizeof(joined))
		return -ENAMETOOLONG;
	memcpy(walk->rest, joined, sizeof(joined));
	if (text[0] == '/')
		walk->end[0] = '\0';
	return 0;
}

/* Takes one name from the rest. */
static int go_on(struct walk *walk, const char *name, size_t length, const char *rest)
{
	char place[PATH_MAX];
	struct stat about;
	int r;

	if (length == 2 && memcmp(name, "..", 2) == 0) {
		char *slash = strrchr(walk->end, '/');

		if (slash)
			*slash = '\0';
	} else if (length != 1 || name[0] != '.') {
		if (snprintf(place, sizeof(place), "%s/%.*s", walk->end, (int)length, name) >= (int)sizeof(place))
			return -ENAMETOOLONG;
		if (lstat(place, &about) < 0)
			return -errno;
		r = look_at(walk, place);
		if (r < 0)
			return r;
		if (S_ISLNK(about.st_mode))
			return follow(walk, place, rest);
		memcpy(walk->end, place, sizeof(place));
	}
	memmove(walk->rest, rest, strlen(rest) + 1);
	return 0;
}

static int walk_all(struct walk *walk)
{
	int r = look_at(walk, "/");

	while (r == 0) {
		const char *name = walk->rest + strspn(walk->rest, "/");
		size_t length = strcspn(name, "/");

		if (length == 0)
			break;
		r = go_on(walk, name, length, name + length);
	}
	return r;
}

int way_walk(const char *path, way_step *step, void *data, char ret_end[PATH_MAX], bool *ret_whole)
{
	cleanup_free struct walk *walk = calloc(1, sizeof(*walk));
	cleanup_free char *here = path[0] == '/' ? NULL : getcwd(NULL, 0);
	int r;

	if (!walk)
		return -ENOMEM;
	if (path[0] != '/' && !here)
		return -errno;
	if (snprintf(walk->rest, sizeof(walk->rest), "%s/%s", here ? here : "", path) >= (int)sizeof(walk->rest))
		return -ENAMETOOLONG;
	walk->step = step;
	walk->data = data;
	r = walk_all(walk);
	if (r < 0 && r != -ENOENT && r != -ENOTDIR)
		return r;
	snprintf(ret_end, PATH_MAX, "%s", walk->end[0] ? walk->end : "/");
	*ret_whole = r == 0;
	return 0;
}
