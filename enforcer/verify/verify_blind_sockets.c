/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which mounts give a container the engine's socket: by name, and by what is really there. */
#include "verify_blind_sockets.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "docker_ask.h"
#include "docker_json_rules.h"
#include "engine_sockets.h"
#include "verify_facts.h"
#include "audit_files.h"

#define ASK_MS 5000

/* -- which sockets */

static int add(struct texts *paths, const char *path)
{
	return path && path[0] == '/' ? texts_addf(paths, "%s", path) : 0;
}

static int add_hosts(struct texts *paths, const struct texts *hosts)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < hosts->count; i++) {
		if (strncmp(hosts->items[i], "unix://", 7) == 0)
			r = add(paths, hosts->items[i] + 7);
	}
	return r;
}

/* Where the engine's paths begin. */
static const char *root_of(const struct verify *verify)
{
	const struct engine_facts *facts = verify->engine_facts;

	return facts && facts->root ? facts->root : verify->root;
}

/* The one that we ask at, those that the engine was told of or listens on as far as that is known, and containerd's. */
static int learn_paths(struct verify *verify, struct verify_sockets *sockets)
{
	const struct engine_facts *facts = verify_facts_of(verify);
	struct texts *paths = &sockets->paths;
	const char *exec_root;
	int r;

	if (!facts)
		return -ENOMEM;
	exec_root = engine_facts_setting(facts, exec_root);
	r = add(paths, docker_client_socket(verify->client));
	if (r == 0)
		r = add_hosts(paths, &facts->command.hosts);
	if (r == 0)
		r = add_hosts(paths, &facts->file.hosts);
	if (r == 0)
		r = add_hosts(paths, &facts->activated);
	for (size_t i = 0; r == 0 && i < facts->unix_listeners.count; i++) {
		if (!engine_sockets_internal(facts, facts->unix_listeners.items[i]))
			r = add(paths, facts->unix_listeners.items[i]);
	}
	if (r == 0)
		r = texts_addf(paths, "%s/containerd/containerd.sock",
			       exec_root && exec_root[0] == '/' ? exec_root : ENGINE_DEFAULT_EXEC_ROOT);
	if (r == 0)
		r = add(paths, ENGINE_DEFAULT_SOCKET);
	if (r == 0)
		r = add(paths, "/run/containerd/containerd.sock");
	/* Each under its real name too: the folders above that one are others. */
	for (size_t i = 0, count = paths->count; r == 0 && i < count; i++) {
		char real[PATH_MAX];

		if (audit_files_real(root_of(verify), paths->items[i], real, NULL) == 0)
			r = add(paths, real);
	}
	texts_sort(paths);
	sockets->known = r == 0;
	return r;
}

static int learn_volumes(struct verify *verify, struct verify_sockets *sockets, struct error *err)
{
	cleanup_free char *body = NULL;
	size_t length;
	int r = docker_ask(verify->loop, verify->client, "/volumes", docker_json_rules(DOCKER_JSON_VOLUMES), ASK_MS,
			   &body, &length, err);

	if (r == 0)
		r = docker_json_volumes(body, length, &sockets->volumes, err);
	sockets->volumes_known = r == 0;
	/* -ENOENT is said of containers that have ended. */
	return r == -ENOENT ? -EPROTO : r;
}

/* -- what leads there */

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), tail = strlen(end);

	return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* By name: the socket itself, wherever it is, or a folder that it is in by default. */
static bool named_so(const char *source)
{
	static const char *const folders[] = { "/",
					       "/run",
					       "/run/",
					       "/var",
					       "/var/",
					       "/var/run",
					       "/var/run/",
					       "/run/containerd",
					       "/run/containerd/",
					       "/var/run/containerd",
					       "/var/run/containerd/" };

	if (ends_with(source, "docker.sock") || ends_with(source, "containerd.sock"))
		return true;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		if (strcmp(source, folders[i]) == 0)
			return true;
	}
	return false;
}

static bool is_same(const struct stat *one, const struct stat *other)
{
	return one->st_dev == other->st_dev && one->st_ino == other->st_ino;
}

/* Whether it is the socket, or a folder above it, up to the root, under whatever name: 1 or 0.  Negative errno where
 * one of them is there, perhaps, but cannot be looked at. */
static int leads_to(const char *root, const char *source, const struct stat *wanted, const char *socket,
		    struct error *err)
{
	char path[PATH_MAX];
	int result = 0;

	if (proc_lies_in(socket, source))
		return 1;
	if (!wanted || strlen(socket) >= sizeof(path))
		return 0;
	strcpy(path, socket);
	for (;;) {
		struct stat status;
		int r = audit_files_stat(root, path[0] ? path : "/", &status, result < 0 ? NULL : err);

		if (r == 0 && is_same(&status, wanted))
			return 1;
		if (r < 0 && r != -ENOENT && result == 0)
			result = r;
		if (!path[0])
			return result;
		*strrchr(path, '/') = '\0';
	}
}

static int leads_to_any(struct verify *verify, const struct verify_sockets *sockets, const char *source,
			struct error *err)
{
	const struct engine_facts *facts = verify->engine_facts;
	const char *root = root_of(verify);
	struct stat status;
	bool exists;
	int result;

	if (source[0] != '/')
		return 0;
	if (named_so(source))
		return 1;
	result = audit_files_stat(root, source, &status, err);
	exists = result == 0;
	/* What is not there is no other name of anything; but not there for whom? */
	if (result == 0 || result == -ENOENT)
		result = facts && facts->root_problem ? error_set(err, -EXDEV, "%s", facts->root_problem) : 0;
	for (size_t i = 0; i < sockets->paths.count; i++) {
		int r = leads_to(root, source, exists ? &status : NULL, sockets->paths.items[i],
				 result < 0 ? NULL : err);

		if (r > 0)
			return 1;
		if (r < 0 && result == 0)
			result = r;
	}
	return result < 0 ? error_context(err, result, "%s cannot be compared with the engine's socket", source) : 0;
}

/* What leads there counts, whatever else could not be looked at; the first of that is kept. */
static int look_at(struct verify *verify, const struct verify_sockets *sockets, const char *source,
		   const char **ret_source, int before, struct error *err)
{
	struct error problem;
	int r = leads_to_any(verify, sockets, source, &problem);

	if (r > 0)
		*ret_source = source;
	if (r < 0 && before == 0)
		*err = problem;
	return before < 0 || r > 0 ? before : r;
}

int verify_sockets_find(struct verify *verify, struct verify_sockets *sockets, const struct docker_exposure *exposure,
			const char **ret_source, struct error *err)
{
	const struct docker_volumes *volumes = &sockets->volumes;
	struct error problem;
	int result = 0, r;

	*ret_source = NULL;
	if (!sockets->known && exposure->sources.count + exposure->volumes.count && learn_paths(verify, sockets) < 0)
		return error_oom(err);
	for (size_t i = 0; !*ret_source && i < exposure->sources.count; i++)
		result = look_at(verify, sockets, exposure->sources.items[i], ret_source, result, err);
	if (*ret_source)
		return 0;
	if (exposure->volumes.count && !sockets->volumes_known) {
		r = learn_volumes(verify, sockets, &problem);
		if (r < 0 && result == 0) {
			*err = problem;
			result = r;
		}
	}
	for (size_t i = 0; !*ret_source && i < volumes->names.count; i++) {
		if (texts_have(&exposure->volumes, volumes->names.items[i]))
			result = look_at(verify, sockets, volumes->devices.items[i], ret_source, result, err);
	}
	return *ret_source ? 0 : result;
}

void verify_sockets_clear(struct verify_sockets *sockets)
{
	texts_clear(&sockets->paths);
	docker_volumes_clear(&sockets->volumes);
}
