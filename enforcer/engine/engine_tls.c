/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files of the engine's TLS, as it sees them.  Those that nobody named are in a folder that depends on its
 * environment: DOCKER_CERT_PATH, else DOCKER_CONFIG, else .docker in its home (moby, cmd/dockerd/options.go).
 */
#include "engine_tls.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "engine_process.h"
#include "audit_files.h"

bool engine_tls_on(const struct engine_facts *facts)
{
	/* Tried with 20.10.24: anything at all of tlsverify turns it on. */
	return engine_facts_setting(facts, tlsverify) != DAEMON_UNSET || engine_facts_setting(facts, tls) == DAEMON_ON;
}

/* The value of a variable, "" for an empty one, or NULL. */
static const char *variable(const char *environment, size_t length, const char *name)
{
	size_t name_length = strlen(name);

	for (const char *at = environment; at < environment + length; at += strlen(at) + 1) {
		if (strncmp(at, name, name_length) == 0 && at[name_length] == '=')
			return at + name_length + 1;
	}
	return NULL;
}

/* Root's home, of /etc/passwd: systemd gives its services none. */
static int home_of_root(const char *root, char **ret_home, struct error *err)
{
	cleanup_free char *text = NULL;
	const struct passwd *user;
	size_t length;
	FILE *file;
	int r = audit_files_read(root, "/etc/passwd", &text, &length, err);

	if (r < 0)
		return r;
	file = length ? fmemopen(text, length, "r") : NULL;
	while (file && (user = fgetpwent(file)) && user->pw_uid != 0)
		;
	r = file && user ? 0 : error_set(err, -ENXIO, "/etc/passwd has no root");
	if (r == 0 && !(*ret_home = strdup(user->pw_dir)))
		r = error_oom(err);
	if (file)
		fclose(file);
	return r;
}

static int default_folder(const char *root, const struct engine_facts *facts, char **ret_folder, struct error *err)
{
	cleanup_free char *environment = NULL, *folder = NULL, *home = NULL;
	const char *told;
	char path[64];
	size_t length;
	int r;

	snprintf(path, sizeof(path), "/proc/%d/environ", (int)facts->pid);
	r = audit_files_read(root, path, &environment, &length, err);
	if (r < 0)
		return r;
	told = variable(environment, length, "DOCKER_CERT_PATH");
	if (!told || !told[0])
		told = variable(environment, length, "DOCKER_CONFIG");
	if (told && told[0])
		return engine_process_path(root, facts->pid, told, ret_folder, err);
	told = variable(environment, length, "HOME");
	if (!told || !told[0])
		r = home_of_root(facts->root, &home, err);
	if (r < 0)
		return r;
	if (asprintf(&folder, "%s/.docker", home ? home : told) < 0) {
		folder = NULL;
		return error_oom(err);
	}
	return engine_process_path(root, facts->pid, folder, ret_folder, err);
}

static int find_path(const char *root, const struct engine_facts *facts, const char *told, const char *name,
		     char **ret_path, struct error *err)
{
	cleanup_free char *folder = NULL;
	int r;

	if (told)
		return engine_process_path(root, facts->pid, told, ret_path, err);
	r = default_folder(root, facts, &folder, err);
	if (r < 0)
		return r == -ENOMEM ? r : error_context(err, r, "the folder of the engine's certificates");
	return asprintf(ret_path, "%s/%s", folder, name) < 0 ? (*ret_path = NULL, error_oom(err)) : 0;
}

static int find(const char *root, const struct engine_facts *facts, const char *told, const char *name,
		struct engine_tls_file *file)
{
	struct stat status;
	struct error err;
	int r;

	file->told = told;
	/* An empty name is none, and without TLS nothing is looked for. */
	if (!facts->pid || (told ? !told[0] : !engine_tls_on(facts)))
		return 0;
	r = find_path(root, facts, told, name, &file->path, &err);
	if (r == 0)
		r = audit_files_stat(facts->root, file->path, &status, &err);
	file->exists = r == 0;
	if (r == 0)
		file->newer = engine_process_is_older(root, facts, file->path);
	if (r == 0 || r == -ENOMEM)
		return r;
	return r == -ENOENT && file->path ? 0 : engine_facts_set_text(&file->problem, err.text);
}

int engine_tls_find(const char *root, struct engine_facts *facts)
{
	int r = find(root, facts, engine_facts_setting(facts, tlscacert), "ca.pem", &facts->tls_ca);

	if (r == 0)
		r = find(root, facts, engine_facts_setting(facts, tlscert), "cert.pem", &facts->tls_cert);
	return r == 0 ? find(root, facts, engine_facts_setting(facts, tlskey), "key.pem", &facts->tls_key) : r;
}
