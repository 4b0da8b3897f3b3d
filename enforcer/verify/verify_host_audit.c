/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether the audit system writes down who changes the engine's files.  What is read is what it is told at boot: the
 * files of /etc/audit; the rules in the kernel can only be asked for by who may also change them.
 */
#include "verify_host_audit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "audit_rules.h"
#include "audit_files.h"
#include "verify_host_places.h"

#define RULES_FOLDER "/etc/audit/rules.d"
#define RULES_FILE   "/etc/audit/audit.rules"

struct rules {
	struct audit_rules folder, file; /* augenrules(8) makes the file of the folder, if that has any */
	bool in_folder;
	bool exist;
	struct error problem; /* "" where all could be read */
};

static void rules_clear(struct rules *rules)
{
	audit_rules_clear(&rules->folder);
	audit_rules_clear(&rules->file);
}

/* 0 or -ENOMEM; everything else is a problem. */
static int read_rules(const struct verify *verify, const char *path, bool part, struct audit_rules *ret_rules,
		      struct rules *rules)
{
	cleanup_free char *text = NULL;
	struct error err;
	size_t length;
	int r = audit_files_read(verify->root, path, &text, &length, &err);

	if (r == 0) {
		rules->exist = true;
		return audit_rules_parse(text, part, ret_rules);
	}
	if (r != -ENOENT)
		rules->problem = err;
	return r == -ENOMEM ? r : 0;
}

static int read_all(const struct verify *verify, struct rules *rules)
{
	cleanup_texts struct texts names = { 0 };
	struct error err;
	int r = audit_files_list(verify->root, RULES_FOLDER, &names, &err);

	if (r < 0 && r != -ENOENT)
		rules->problem = err;
	r = r == -ENOMEM ? r : 0;
	for (size_t i = 0; r == 0 && i < names.count; i++) {
		size_t length = strlen(names.items[i]);
		char path[512];

		/* augenrules takes no others. */
		if (length < 6 || strcmp(names.items[i] + length - 6, ".rules") != 0)
			continue;
		snprintf(path, sizeof(path), RULES_FOLDER "/%s", names.items[i]);
		rules->in_folder = true;
		r = read_rules(verify, path, true, &rules->folder, rules);
	}
	return r == 0 ? read_rules(verify, RULES_FILE, false, &rules->file, rules) : r;
}

static const char *covered_by(const struct rules *rules, const char *path)
{
	if (audit_rules_cover(&rules->folder, path))
		return RULES_FOLDER;
	return audit_rules_cover(&rules->file, path) ? RULES_FILE : NULL;
}

static bool same_file(const struct verify *verify, const char *a, const struct stat *b)
{
	struct stat status;

	return audit_files_stat(verify->root, a, &status, NULL) == 0 && status.st_dev == b->st_dev &&
	       status.st_ino == b->st_ino;
}

/* Many hosts have one folder under two names; the kernel resolves a rule's path, so either name will do in it. */
static const char *covered(const struct verify *verify, const struct rules *rules, const char *path,
			   const struct stat *status)
{
	static const char *const names[][2] = {
		{ "/run/", "/var/run/" },      { "/var/run/", "/run/" },      { "/usr/lib/", "/lib/" },
		{ "/lib/", "/usr/lib/" },      { "/usr/bin/", "/bin/" },      { "/usr/sbin/", "/sbin/" },
		{ "/usr/sbin/", "/usr/bin/" }, { "/usr/bin/", "/usr/sbin/" },
	};
	const char *by = covered_by(rules, path);

	for (size_t i = 0; !by && i < sizeof(names) / sizeof(names[0]); i++) {
		size_t length = strlen(names[i][0]);
		char other[4200];

		if (strncmp(path, names[i][0], length) != 0)
			continue;
		snprintf(other, sizeof(other), "%s%.4096s", names[i][1], path + length);
		if (same_file(verify, other, status))
			by = covered_by(rules, other);
	}
	return by;
}

static void judge(struct verify *verify, const struct rules *rules, const char *id, const char *path,
		  const struct stat *status)
{
	const char *by = covered(verify, rules, path, status);
	char remedy[4400];

	snprintf(remedy, sizeof(remedy),
		 "add the line `-w %.4096s -k docker` to " RULES_FOLDER "/docker.rules and load it: augenrules --load",
		 path);
	if (by && rules->in_folder && strcmp(by, RULES_FILE) == 0)
		verify_find(verify, id, VERIFY_WARN, path, remedy,
			    "a rule in " RULES_FILE " watches it, but none in " RULES_FOLDER
			    ", of which that file is made anew");
	else if (by)
		verify_find(verify, id, VERIFY_PASS, path, NULL, "a rule in %s watches it", by);
	else if (rules->problem.text[0])
		verify_find(verify, id, VERIFY_UNKNOWN, path, NULL, "%s", rules->problem.text);
	else if (!rules->exist)
		verify_find(verify, id, VERIFY_FAIL, path, remedy,
			    "there are no audit rules at all: neither *.rules in " RULES_FOLDER " nor " RULES_FILE
			    "; is auditd installed?");
	else
		verify_find(verify, id, VERIFY_FAIL, path, remedy,
			    "no rule in " RULES_FOLDER " or " RULES_FILE " watches it or a folder above it");
}

/* Rules are of the host's files; an engine with mounts of its own may have others at that place. */
static bool is_another(const struct verify *verify, const struct engine_facts *facts, const char *path)
{
	struct stat seen;

	if (!facts->apart || audit_files_stat(facts->root, path, &seen, NULL) < 0)
		return false;
	return !same_file(verify, path, &seen);
}

/* Each of the paths that exists; one that is another's second name is left out.  facts: of the engine that they are as
 * it sees them, or NULL. */
static int judge_paths(struct verify *verify, const struct rules *rules, const char *id, const struct texts *paths,
		       const struct engine_facts *facts)
{
	cleanup_free struct stat *seen = calloc(paths->count + 1, sizeof(*seen));
	cleanup_free char *all = texts_join(paths, ", ");
	size_t count = 0, unknown = 0;

	if (!seen || !all)
		return -ENOMEM;
	for (size_t i = 0; i < paths->count; i++) {
		struct stat *status = &seen[count];
		bool twice = false;
		struct error err;
		int r = audit_files_stat(verify->root, paths->items[i], status, &err);

		if (facts && is_another(verify, facts, paths->items[i]))
			r = error_set(&err, -EXDEV,
				      "the engine has a mount namespace of its own, and another file there");
		if (r < 0 && r != -ENOENT) {
			verify_find(verify, id, VERIFY_UNKNOWN, paths->items[i], NULL, "%s", err.text);
			unknown++;
		}
		if (r < 0)
			continue;
		for (size_t j = 0; j < count; j++)
			twice = twice || (seen[j].st_dev == status->st_dev && seen[j].st_ino == status->st_ino);
		if (twice)
			continue;
		judge(verify, rules, id, paths->items[i], status);
		count++;
	}
	if (count + unknown == 0)
		verify_find(verify, id, VERIFY_SKIP, NULL, NULL,
			    paths->count > 1 ? "there is none of %s" : "there is no %s",
			    paths->count ? all : "such file");
	return 0;
}

/* -- which files */

static int add(struct texts *paths, const char *path)
{
	return texts_add(paths, path, strlen(path));
}

static int add_program(struct texts *paths, const char *name)
{
	static const char *const folders[] = { "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin" };

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		if (texts_addf(paths, "%s/%s", folders[i], name) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* The one that runs is not always where packages put it. */
static int add_running(const struct verify *verify, const struct engine_facts *facts, struct texts *paths)
{
	char path[64], target[4096];

	if (!facts->pid)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/exe", (int)facts->pid);
	if (audit_files_link(verify->root, path, target, sizeof(target), NULL) < 0 || target[0] != '/')
		return 0;
	return add(paths, target);
}

/* A unit with its drop-ins, which say more than the unit itself where there are any. */
static int add_unit(struct verify *verify, const char *id, const char *unit, struct texts *paths)
{
	struct error problem = { "" };
	size_t before = paths->count;
	int r = verify_host_unit(verify, unit, paths, &problem);

	if (problem.text[0])
		verify_find(verify, id, VERIFY_UNKNOWN, NULL, NULL, "%s", problem.text);
	return r == 0 && paths->count == before ? texts_addf(paths, "%s", unit) : r;
}

/* Those of what depends on the engine; the others are in the table below. */
static int collect(struct verify *verify, const struct engine_facts *facts, const char *id, struct texts *paths)
{
	char path[4096];

	if (strcmp(id, "audit-dockerd") == 0)
		return add_running(verify, facts, paths) < 0 ? -ENOMEM : add_program(paths, "dockerd");
	if (strcmp(id, "audit-data-root") == 0) {
		verify_host_data_root(facts, path, sizeof(path));
		return add(paths, path);
	}
	if (strcmp(id, "audit-docker-service") == 0)
		return add_unit(verify, id, "docker.service", paths);
	if (strcmp(id, "audit-docker-sock") == 0)
		return verify_host_sockets(facts, paths) < 0 ? -ENOMEM : add_unit(verify, id, "docker.socket", paths);
	if (strcmp(id, "audit-daemon-json") == 0)
		return add(paths, facts->file_path ? facts->file_path : ENGINE_DEFAULT_FILE);
	return 0;
}

void verify_host_audit(struct verify *verify, const struct engine_facts *facts)
{
	static const struct {
		const char *id, *path, *program;
	} files[] = {
		{ "audit-dockerd", NULL, NULL },
		{ "audit-run-containerd", "/run/containerd", NULL },
		{ "audit-data-root", NULL, NULL },
		{ "audit-etc-docker", "/etc/docker", NULL },
		{ "audit-docker-service", NULL, NULL },
		{ "audit-containerd-sock", "/run/containerd/containerd.sock", NULL },
		{ "audit-docker-sock", NULL, NULL },
		{ "audit-default-docker", "/etc/default/docker", NULL },
		{ "audit-daemon-json", NULL, NULL },
		{ "audit-containerd-config", "/etc/containerd/config.toml", NULL },
		{ "audit-sysconfig-docker", "/etc/sysconfig/docker", NULL },
		{ "audit-containerd", NULL, "containerd" },
		{ "audit-containerd-shim", NULL, "containerd-shim" },
		{ "audit-shim-runc-v1", NULL, "containerd-shim-runc-v1" },
		{ "audit-shim-runc-v2", NULL, "containerd-shim-runc-v2" },
		{ "audit-runc", NULL, "runc" },
	};
	struct rules rules = { 0 };
	int r = read_all(verify, &rules);

	for (size_t i = 0; r == 0 && i < sizeof(files) / sizeof(files[0]); i++) {
		cleanup_texts struct texts paths = { 0 };

		if (files[i].path)
			r = add(&paths, files[i].path);
		else if (files[i].program)
			r = add_program(&paths, files[i].program);
		else
			r = collect(verify, facts, files[i].id, &paths);
		if (r == 0)
			r = judge_paths(verify, &rules, files[i].id, &paths,
					files[i].path || files[i].program ? NULL : facts);
	}
	rules_clear(&rules);
	verify->out_of_memory = verify->out_of_memory || r < 0;
}
