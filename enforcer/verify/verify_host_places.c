/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify_host_places.h"

#include <stdio.h>
#include <string.h>

#include "engine_sockets.h"
#include "unit_files.h"
#include "audit_files.h"

int verify_host_unit(const struct verify *verify, const char *unit, struct texts *ret_paths, struct error *problem)
{
	cleanup_texts struct texts drop_ins = { 0 };
	char path[256];
	int r;

	if (!unit_files_find(verify->root, unit, path, sizeof(path)))
		return 0;
	r = texts_addf(ret_paths, "%s", path);
	if (r == 0)
		r = unit_files_drop_ins(verify->root, unit, &drop_ins, problem);
	for (size_t i = 0; r == 0 && i < drop_ins.count; i++)
		r = texts_addf(ret_paths, "%s", drop_ins.items[i]);
	return r;
}

static int add_socket(const struct engine_facts *facts, const char *path, struct texts *paths)
{
	for (size_t i = 0; i < paths->count; i++) {
		if (audit_files_same(facts->root, paths->items[i], path))
			return 0;
	}
	return texts_addf(paths, "%s", path);
}

static int add_sockets(const struct engine_facts *facts, const struct texts *hosts, struct texts *paths)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < hosts->count; i++) {
		const char *path = strncmp(hosts->items[i], "unix://", 7) == 0 ? hosts->items[i] + 7 : NULL;

		/* moby, opts/hosts.go: nothing behind it is the default. */
		if (path && !path[0])
			path = ENGINE_DEFAULT_SOCKET;
		if (path && path[0] == '/')
			r = add_socket(facts, path, paths);
	}
	return r;
}

int verify_host_sockets(const struct engine_facts *facts, struct texts *ret_paths)
{
	bool by_default = facts->command.hosts.count + facts->file.hosts.count == 0 ||
			  (facts->from_systemd && !facts->activated.count);
	int r = add_sockets(facts, &facts->command.hosts, ret_paths);

	if (r == 0)
		r = add_sockets(facts, &facts->file.hosts, ret_paths);
	if (r == 0)
		r = add_sockets(facts, &facts->activated, ret_paths);
	if (r == 0 && by_default)
		r = add_socket(facts, ENGINE_DEFAULT_SOCKET, ret_paths);
	for (size_t i = 0; r == 0 && i < facts->unix_listeners.count; i++) {
		const char *path = facts->unix_listeners.items[i];

		if (path[0] == '/' && !engine_sockets_internal(facts, path))
			r = add_socket(facts, path, ret_paths);
	}
	texts_sort(ret_paths);
	return r;
}

/* With user namespaces the engine says a folder "UID.GID" below its data root. */
void verify_host_data_root(const struct engine_facts *facts, char *ret_path, size_t size)
{
	char *slash;

	snprintf(ret_path, size, "%s", engine_facts_data_root(facts));
	slash = strrchr(ret_path, '/');
	if (facts->api.userns && facts->api.root_dir && slash && slash > ret_path)
		*slash = '\0';
}
