/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose the engine's files are, and what others may do with them.  A file that is not there is nobody's business. */
#include "verify_host_modes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "accounts.h"
#include "posix_acl.h"
#include "audit_files.h"
#include "verify_host_places.h"

#define CERTIFICATES "/etc/docker/certs.d"

/* What the files of one pair of checks should be. */
struct wish {
	const char *owner_id, *mode_id;
	mode_t mode; /* no other bits */
	bool group;  /* the engine's group will do as well as root's */
};

/* What was found of one pair of checks. */
struct found {
	bool named;		    /* the subject is the only file, and need not be named again */
	size_t count;		    /* files that are there */
	struct texts owners, modes; /* what is wrong, a text a file */
	struct texts owner_files, mode_files;
	bool granted;	      /* one of the modes is an access control list's */
	struct error problem; /* "" where all could be looked at */
};

static void found_clear(struct found *found)
{
	texts_clear(&found->owners);
	texts_clear(&found->modes);
	texts_clear(&found->owner_files);
	texts_clear(&found->mode_files);
}

struct group {
	char name[64];
	bool known; /* and then there is one */
	gid_t gid;
	struct error problem; /* why that cannot be told, or "" */
};

/* What an access control list gives to others than the mode names: no more than the mode would. */
static int look_at_list(const char *root, const struct wish *wish, const struct group *group, const char *path,
			const char *name, struct found *found)
{
	cleanup_free struct posix_acl_grant *grants = NULL;
	size_t size, count, before = found->modes.count;
	uint8_t bytes[4096];
	struct error err;
	int r = audit_files_attribute(root, path, POSIX_ACL_ATTRIBUTE, bytes, sizeof(bytes), &size, &err);

	if (r == 0 && !size)
		return 0;
	if (r == 0)
		r = posix_acl_parse(bytes, size, &grants, &count);
	if (r == -EINVAL)
		error_set(&err, r, "%s: its access control list cannot be read", path);
	if (r < 0) {
		found->problem = err;
		return r == -ENOMEM ? r : 0;
	}
	for (size_t i = 0; r == 0 && i < count; i++) {
		const struct posix_acl_grant *grant = &grants[i];
		bool trusted = grant->group && wish->group && group->known && grant->id == group->gid;
		unsigned wanted = trusted ? wish->mode >> 3 & 7 : wish->mode & 7;

		if (grant->id == 0 || !(grant->mode & ~wanted))
			continue;
		r = texts_addf(&found->modes, "%sgives %s %u %s%s%s by its access control list", name,
			       grant->group ? "group" : "user", grant->id, grant->mode & 4 ? "r" : "",
			       grant->mode & 2 ? "w" : "", grant->mode & 1 ? "x" : "");
		found->granted = true;
	}
	if (r == 0 && found->modes.count > before)
		r = texts_addf(&found->mode_files, "%s", path);
	return r;
}

static int look_at(const char *root, const struct wish *wish, const struct group *group, const char *path,
		   struct found *found)
{
	struct stat status;
	struct error err;
	mode_t mode;
	char name[4100];
	int r = audit_files_stat(root, path, &status, &err);

	if (r < 0) {
		if (r != -ENOENT)
			found->problem = err;
		return 0;
	}
	found->count++;
	if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode) && !S_ISSOCK(status.st_mode)) {
		(void)error_set(&found->problem, -EINVAL, "%s is no file, folder or socket", path);
		return 0;
	}
	mode = status.st_mode & 07777;
	snprintf(name, sizeof(name), "%.4096s%s", found->named ? "" : path, found->named ? "" : " ");
	if (status.st_uid == 0 && status.st_gid != 0 && wish->group && group->problem.text[0]) {
		found->problem = group->problem;
	} else if (status.st_uid != 0 ||
		   (status.st_gid != 0 && !(wish->group && group->known && status.st_gid == group->gid))) {
		if (texts_addf(&found->owners, "%sbelongs to %u:%u", name, (unsigned)status.st_uid,
			       (unsigned)status.st_gid) < 0 ||
		    texts_addf(&found->owner_files, "%s", path) < 0)
			return -ENOMEM;
	}
	if (mode & ~wish->mode) {
		if (texts_addf(&found->modes, "%shas mode %04o", name, (unsigned)mode) < 0 ||
		    texts_addf(&found->mode_files, "%s", path) < 0)
			return -ENOMEM;
	}
	return look_at_list(root, wish, group, path, name, found);
}

static char *join_for_shell(const struct texts *files)
{
	cleanup_texts struct texts words = { 0 };

	for (size_t i = 0; i < files->count; i++) {
		cleanup_free char *word = texts_shell(files->items[i]);

		if (!word || texts_add(&words, word, strlen(word)) < 0)
			return NULL;
	}
	return texts_join(&words, " ");
}

/* One of the two checks: what is wrong, how many there are, what could not be seen. */
static int say(struct verify *verify, const char *id, const char *subject, const struct found *found,
	       const struct texts *wrong, const struct texts *files, const char *command, const char *right)
{
	cleanup_free char *all = texts_join(wrong, "; "), *names = join_for_shell(files), *remedy = NULL;

	if (!all || !names || asprintf(&remedy, "%s %s", command, names) < 0) {
		remedy = NULL;
		return -ENOMEM;
	}
	if (wrong->count)
		verify_find(verify, id, VERIFY_FAIL, subject, remedy, "%s, not %s", all, right);
	else if (found->problem.text[0])
		verify_find(verify, id, VERIFY_UNKNOWN, subject, NULL, "%s", found->problem.text);
	else if (!found->count)
		verify_find(verify, id, VERIFY_SKIP, subject, NULL, "there is none");
	else if (found->count == 1)
		verify_find(verify, id, VERIFY_PASS, subject, NULL, "%s", right);
	else
		verify_find(verify, id, VERIFY_PASS, subject, NULL, "each of %zu files: %s", found->count, right);
	return 0;
}

/* problem: why there may be more of them, or "". */
static int judge(struct verify *verify, const char *root, const struct wish *wish, const struct group *group,
		 const char *subject, const struct texts *paths, const struct error *problem)
{
	struct found found = { .named = subject && paths->count == 1 && strcmp(subject, paths->items[0]) == 0 };
	char owner[96], chown[128], mode[64], chmod[64];
	const char *group_name = wish->group ? group->name : "root";
	int r = 0;

	found.problem = *problem;
	for (size_t i = 0; r == 0 && i < paths->count; i++)
		r = look_at(root, wish, group, paths->items[i], &found);
	snprintf(owner, sizeof(owner), "root:%s", group_name);
	snprintf(chown, sizeof(chown), "chown %s", owner);
	snprintf(mode, sizeof(mode), "mode %04o or stricter", (unsigned)wish->mode);
	snprintf(chmod, sizeof(chmod), "%schmod %04o", found.granted ? "setfacl --remove-all, then " : "",
		 (unsigned)wish->mode);
	if (r == 0)
		r = say(verify, wish->owner_id, subject, &found, &found.owners, &found.owner_files, chown, owner);
	if (r == 0)
		r = say(verify, wish->mode_id, subject, &found, &found.modes, &found.mode_files, chmod, mode);
	found_clear(&found);
	return r;
}

static const struct error no_problem = { "" };

/* root: the folder that the path begins at, the host's or the engine's. */
static int judge_one(struct verify *verify, const char *root, const struct wish *wish, const struct group *group,
		     const char *path)
{
	cleanup_texts struct texts paths = { 0 };

	return texts_addf(&paths, "%s", path) < 0 ? -ENOMEM
						  : judge(verify, root, wish, group, path, &paths, &no_problem);
}

/* With its drop-ins, which say more than the unit itself where there are any. */
static int judge_unit(struct verify *verify, const struct wish *wish, const struct group *group, const char *unit)
{
	cleanup_texts struct texts paths = { 0 };
	struct error problem = { "" };
	int r = verify_host_unit(verify, unit, &paths, &problem);

	return r == 0 ? judge(verify, verify->root, wish, group, paths.count ? paths.items[0] : unit, &paths, &problem)
		      : r;
}

/* -- certificates of registries: a folder a registry, with files in it */

static int add_folder(const char *root, const char *folder, struct texts *paths, struct error *problem)
{
	cleanup_texts struct texts names = { 0 };
	struct error err;
	int r = audit_files_list(root, folder, &names, &err);

	if (r == -ENOENT || r == -ENOMEM)
		return r == -ENOMEM ? r : 0;
	if (r < 0) {
		*problem = err;
		return 0;
	}
	for (size_t i = 0; i < names.count; i++) {
		if (texts_addf(paths, "%s/%s", folder, names.items[i]) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int judge_registries(struct verify *verify, const char *root, const struct group *group)
{
	static const struct wish wish = { "owner-registry-certs", "mode-registry-certs", 0444, false };
	cleanup_texts struct texts registries = { 0 }, files = { 0 };
	struct error problem = { "" };
	int r = add_folder(root, CERTIFICATES, &registries, &problem);

	for (size_t i = 0; r == 0 && i < registries.count; i++)
		r = add_folder(root, registries.items[i], &files, &problem);
	if (r == 0 && problem.text[0]) {
		verify_find(verify, wish.owner_id, VERIFY_UNKNOWN, CERTIFICATES, NULL, "%s", problem.text);
		verify_find(verify, wish.mode_id, VERIFY_UNKNOWN, CERTIFICATES, NULL, "%s", problem.text);
		return 0;
	}
	return r < 0 ? r : judge(verify, root, &wish, group, CERTIFICATES, &files, &no_problem);
}

/* -- what the engine was told to use */

static int judge_told(struct verify *verify, const struct engine_facts *facts, const struct wish *wish,
		      const struct group *group, const char *setting, const struct engine_tls_file *file)
{
	const char *problem = file->problem ? file->problem : engine_facts_settings_problem(facts);

	/* One that is nobody's word need not be there. */
	if (!file->problem && file->path)
		return judge_one(verify, facts->root, wish, group, file->path);
	if (problem) {
		verify_find(verify, wish->owner_id, VERIFY_UNKNOWN, NULL, NULL, "%s", problem);
		verify_find(verify, wish->mode_id, VERIFY_UNKNOWN, NULL, NULL, "%s", problem);
	} else {
		verify_find(verify, wish->owner_id, VERIFY_SKIP, NULL, NULL, "%s is not set", setting);
		verify_find(verify, wish->mode_id, VERIFY_SKIP, NULL, NULL, "%s is not set", setting);
	}
	return 0;
}

static int judge_tls(struct verify *verify, const struct engine_facts *facts, const struct group *group)
{
	static const struct wish authority = { "owner-tls-ca", "mode-tls-ca", 0444, false };
	static const struct wish certificate = { "owner-tls-cert", "mode-tls-cert", 0444, false };
	static const struct wish key = { "owner-tls-key", "mode-tls-key", 0400, false };

	if (judge_told(verify, facts, &authority, group, "tlscacert", &facts->tls_ca) < 0 ||
	    judge_told(verify, facts, &certificate, group, "tlscert", &facts->tls_cert) < 0)
		return -ENOMEM;
	return judge_told(verify, facts, &key, group, "tlskey", &facts->tls_key);
}

static int judge_sockets(struct verify *verify, const struct engine_facts *facts, const struct group *group)
{
	static const struct wish own = { "owner-docker-sock", "mode-docker-sock", 0660, true };
	static const struct wish containerd = { "owner-containerd-sock", "mode-containerd-sock", 0660, false };
	cleanup_texts struct texts paths = { 0 };

	if (verify_host_sockets(facts, &paths) < 0 ||
	    judge(verify, facts->root, &own, group, paths.count == 1 ? paths.items[0] : NULL, &paths, &no_problem) < 0)
		return -ENOMEM;
	return judge_one(verify, verify->root, &containerd, group, "/run/containerd/containerd.sock");
}

/* The engine's group; where there is none only root's will do. */
static int find_group(const struct verify *verify, const struct engine_facts *facts, struct group *ret_group)
{
	const char *told = engine_facts_setting(facts, group);
	cleanup_texts struct texts members = { 0 };
	cleanup_free char *text = NULL;
	size_t length;

	*ret_group = (struct group){ 0 };
	snprintf(ret_group->name, sizeof(ret_group->name), "%s", told && told[0] ? told : ENGINE_DEFAULT_GROUP);
	if (audit_files_read(verify->root, "/etc/group", &text, &length, &ret_group->problem) < 0)
		return 0;
	ret_group->problem.text[0] = '\0';
	return accounts_group(text, ret_group->name, &ret_group->known, &ret_group->gid, &members);
}

static int judge_all(struct verify *verify, const struct engine_facts *facts)
{
	static const struct wish service = { "owner-docker-service", "mode-docker-service", 0644, false };
	static const struct wish socket = { "owner-docker-socket", "mode-docker-socket", 0644, false };
	static const struct wish folder = { "owner-etc-docker", "mode-etc-docker", 0755, false };
	static const struct wish file = { "owner-daemon-json", "mode-daemon-json", 0644, false };
	static const struct wish defaults = { "owner-default-docker", "mode-default-docker", 0644, false };
	static const struct wish sysconfig = { "owner-sysconfig-docker", "mode-sysconfig-docker", 0644, false };
	struct group group;

	if (find_group(verify, facts, &group) < 0 || judge_unit(verify, &service, &group, "docker.service") < 0 ||
	    judge_unit(verify, &socket, &group, "docker.socket") < 0 ||
	    judge_one(verify, facts->root, &folder, &group, "/etc/docker") < 0 ||
	    judge_registries(verify, facts->root, &group) < 0 || judge_tls(verify, facts, &group) < 0 ||
	    judge_sockets(verify, facts, &group) < 0 ||
	    judge_one(verify, facts->root, &file, &group, facts->file_path ? facts->file_path : ENGINE_DEFAULT_FILE) <
		    0 ||
	    judge_one(verify, verify->root, &defaults, &group, "/etc/default/docker") < 0)
		return -ENOMEM;
	return judge_one(verify, verify->root, &sysconfig, &group, "/etc/sysconfig/docker");
}

void verify_host_modes(struct verify *verify, const struct engine_facts *facts)
{
	if (judge_all(verify, facts) < 0)
		verify->out_of_memory = true;
}
