/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit_files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "audit_files.h"

static const char *const folders[] = {
	"/etc/systemd/system.control",	 "/run/systemd/system.control", "/etc/systemd/system", "/run/systemd/system",
	"/usr/local/lib/systemd/system", "/usr/lib/systemd/system",	"/lib/systemd/system",
};
#define FOLDERS (sizeof(folders) / sizeof(folders[0]))

bool unit_files_find(const char *root, const char *unit, char *ret_path, size_t size)
{
	struct stat status;

	for (size_t i = 0; i < FOLDERS; i++) {
		snprintf(ret_path, size, "%s/%s", folders[i], unit);
		int r = audit_files_stat(root, ret_path, &status, NULL);

		/* One that cannot be looked at is there; one that is masked (a link to /dev/null) is not, whatever
		 * lies in the folders below. */
		if (r != -ENOENT)
			return r < 0 || !S_ISCHR(status.st_mode);
	}
	return false;
}

/* -- drop-ins */

static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Where a file of that name belongs: by names, across folders. */
static size_t place_of(const struct texts *paths, const char *name, bool *ret_there)
{
	size_t i = 0;
	int order = 1;

	while (i < paths->count && (order = strcmp(name_of(paths->items[i]), name)) < 0)
		i++;
	*ret_there = i < paths->count && order == 0;
	return i;
}

static int add_drop_in(struct texts *paths, const char *folder, const char *name)
{
	size_t length = strlen(name), place;
	bool there;
	char *added;

	if (length < 6 || strcmp(name + length - 5, ".conf") != 0)
		return 0;
	place = place_of(paths, name, &there);
	if (there)
		return 0;
	if (texts_addf(paths, "%s/%s", folder, name) < 0)
		return -ENOMEM;
	added = paths->items[paths->count - 1];
	memmove(&paths->items[place + 1], &paths->items[place], (paths->count - 1 - place) * sizeof(*paths->items));
	paths->items[place] = added;
	return 0;
}

static int add_folder(const char *root, const char *folder, struct texts *paths, struct error *problem)
{
	cleanup_texts struct texts names = { 0 };
	struct error err;
	int r = audit_files_list(root, folder, &names, &err);

	if (r < 0 && r != -ENOENT && r != -ENOMEM)
		*problem = err;
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	for (size_t i = 0; r == 0 && i < names.count; i++)
		r = add_drop_in(paths, folder, names.items[i]);
	return r;
}

int unit_files_drop_ins(const char *root, const char *unit, struct texts *ret_paths, struct error *problem)
{
	cleanup_texts struct texts paths = { 0 };
	const char *kind = strrchr(unit, '.');
	int r = 0;

	for (int all = 0; all < 2; all++) {
		for (size_t i = 0; r == 0 && i < FOLDERS; i++) {
			char folder[256];

			snprintf(folder, sizeof(folder), "%s/%s.d", folders[i], all && kind ? kind + 1 : unit);
			r = add_folder(root, folder, &paths, problem);
		}
	}
	if (r == 0) {
		*ret_paths = paths;
		paths = (struct texts){ 0 };
	}
	return r;
}

/* -- what a socket unit listens on */

/* A path, "@name", a port, or an address with a port; %t is /run for units of the system. */
static int add_host(struct texts *hosts, const char *value, size_t length)
{
	if (length > 3 && strncmp(value, "%t/", 3) == 0)
		return texts_addf(hosts, "unix:///run/%.*s", (int)length - 3, value + 3);
	if (value[0] == '/' || value[0] == '@')
		return texts_addf(hosts, "unix://%.*s", (int)length, value);
	if (strspn(value, "0123456789") >= length)
		return texts_addf(hosts, "tcp://[::]:%.*s", (int)length, value);
	return texts_addf(hosts, "tcp://%.*s", (int)length, value);
}

/* A logical line, of which those that end in a backslash are but the beginning. */
static const char *next_line(const char *text, char line[1024])
{
	size_t used = 0;
	bool more = true;

	while (more && *text) {
		size_t length = strcspn(text, "\n"), shown;

		more = length > 0 && text[length - 1] == '\\';
		shown = length - more;
		if (shown > 1023 - used)
			shown = 1023 - used;
		memcpy(line + used, text, shown);
		used += shown;
		if (more && used < 1023)
			line[used++] = ' ';
		text += length + (text[length] == '\n');
	}
	line[used] = '\0';
	return text;
}

static int take_line(const char *line, bool *in_socket, struct texts *hosts)
{
	static const char key[] = "ListenStream";
	size_t length;

	line += strspn(line, " \t\r");
	if (line[0] == '[')
		*in_socket = strncmp(line, "[Socket]", 8) == 0;
	if (!*in_socket || strncmp(line, key, sizeof(key) - 1) != 0)
		return 0;
	line += sizeof(key) - 1;
	line += strspn(line, " \t");
	if (*line != '=')
		return 0;
	line++;
	line += strspn(line, " \t");
	length = strlen(line);
	while (length && strchr(" \t\r", line[length - 1]))
		length--;
	if (length)
		return add_host(hosts, line, length);
	texts_clear(hosts);
	return 0;
}

int unit_files_listen(const char *text, struct texts *hosts)
{
	bool in_socket = false;
	char line[1024];
	int r = 0;

	while (r == 0 && *text) {
		text = next_line(text, line);
		r = take_line(line, &in_socket, hosts);
	}
	return r;
}
