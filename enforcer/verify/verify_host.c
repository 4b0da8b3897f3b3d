/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engine's host: its disk, who may use the engine, its version; and the table of all that is looked at there. */
#include "verify_host.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "accounts.h"
#include "engine_version.h"
#include "utf8.h"
#include "verify_facts.h"
#include "audit_files.h"
#include "verify_host_audit.h"
#include "verify_host_modes.h"
#include "verify_host_places.h"

#define PARTITION "host-partition"
#define GROUP	  "host-docker-group"
#define VERSION	  "host-engine-version"

#define WATCHED(id, cis, what)                                                                                         \
	{                                                                                                              \
		"audit-" id, cis, "changes of " what " are written down by the audit system"                           \
	}
#define OWNER(id, cis, what)                                                                                           \
	{                                                                                                              \
		"owner-" id, cis, what " belongs to root"                                                              \
	}
#define MODE(id, cis, what, by)                                                                                        \
	{                                                                                                              \
		"mode-" id, cis, what " can be " by                                                                    \
	}

static const struct verify_check checks[] = {
	{ PARTITION, "1.1.1", "the engine's data have a partition of their own" },
	{ GROUP, "1.1.2", "only trusted users are in the engine's group" },
	{ VERSION, "1.2.2", "the engine is not older than it may be" },
	WATCHED("dockerd", "1.1.3", "the engine's program"),
	WATCHED("run-containerd", "1.1.4", "/run/containerd"),
	WATCHED("data-root", "1.1.5", "the engine's data"),
	WATCHED("etc-docker", "1.1.6", "/etc/docker"),
	WATCHED("docker-service", "1.1.7", "docker.service"),
	WATCHED("containerd-sock", "1.1.8", "containerd.sock"),
	WATCHED("docker-sock", "1.1.9", "docker.sock and docker.socket"),
	WATCHED("default-docker", "1.1.10", "/etc/default/docker"),
	WATCHED("daemon-json", "1.1.11", "daemon.json"),
	WATCHED("containerd-config", "1.1.12", "/etc/containerd/config.toml"),
	WATCHED("sysconfig-docker", "1.1.13", "/etc/sysconfig/docker"),
	WATCHED("containerd", "1.1.14", "containerd"),
	WATCHED("containerd-shim", "1.1.15", "containerd-shim"),
	WATCHED("shim-runc-v1", "1.1.16", "containerd-shim-runc-v1"),
	WATCHED("shim-runc-v2", "1.1.17", "containerd-shim-runc-v2"),
	WATCHED("runc", "1.1.18", "runc"),
	OWNER("docker-service", "3.1", "docker.service"),
	MODE("docker-service", "3.2", "docker.service", "written by its owner alone"),
	OWNER("docker-socket", "3.3", "docker.socket"),
	MODE("docker-socket", "3.4", "docker.socket", "written by its owner alone"),
	OWNER("etc-docker", "3.5", "/etc/docker"),
	MODE("etc-docker", "3.6", "/etc/docker", "written by its owner alone"),
	OWNER("registry-certs", "3.7", "each registry certificate"),
	MODE("registry-certs", "3.8", "each registry certificate", "read only"),
	OWNER("tls-ca", "3.9", "the TLS authority's certificate"),
	MODE("tls-ca", "3.10", "the TLS authority's certificate", "read only"),
	OWNER("tls-cert", "3.11", "the engine's TLS certificate"),
	MODE("tls-cert", "3.12", "the engine's TLS certificate", "read only"),
	OWNER("tls-key", "3.13", "the engine's TLS key"),
	MODE("tls-key", "3.14", "the engine's TLS key", "read by its owner alone"),
	{ "owner-docker-sock", "3.15", "docker.sock belongs to root and the engine's group" },
	MODE("docker-sock", "3.16", "docker.sock", "used by its owner and group alone"),
	OWNER("daemon-json", "3.17", "daemon.json"),
	MODE("daemon-json", "3.18", "daemon.json", "written by its owner alone"),
	OWNER("default-docker", "3.19", "/etc/default/docker"),
	MODE("default-docker", "3.20", "/etc/default/docker", "written by its owner alone"),
	MODE("sysconfig-docker", "3.21", "/etc/sysconfig/docker", "written by its owner alone"),
	OWNER("sysconfig-docker", "3.22", "/etc/sysconfig/docker"),
	OWNER("containerd-sock", "3.23", "containerd.sock"),
	MODE("containerd-sock", "3.24", "containerd.sock", "used by its owner and group alone"),
};

/* -- 1.1.1 */

/* Another place where the same file system, or a part of it that is not within what is mounted here, is mounted too:
 * what is written there fills this one. */
static const struct proc_mount *shared_with(const struct proc_mount *own, const struct proc_mount *mounts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		bool within = strcmp(mounts[i].root, own->root) != 0 && proc_lies_in(mounts[i].root, own->root);

		if (strcmp(mounts[i].device, own->device) == 0 && !proc_lies_in(mounts[i].point, own->point) && !within)
			return &mounts[i];
	}
	return NULL;
}

/* A mount of a file system that has another place is no partition: the engine may have made it itself, and
 * administrators bind a folder of a bigger one. */
static void judge_mounts(struct verify *verify, const char *path, const struct proc_mount *mounts, size_t count)
{
	static const char remedy[] =
		"stop the engine, move its data to a file system of their own, mount it there and name it "
		"in /etc/fstab: a container that fills the disk then fills this one alone";
	const struct proc_mount *own = proc_mount_at(mounts, count, path), *above, *other;
	const char *slash = strrchr(path, '/');
	char parent[4096];

	snprintf(parent, sizeof(parent), "%.*s", slash && slash > path ? (int)(slash - path) : 1, path);
	above = proc_mount_over(mounts, count, parent);
	other = own ? shared_with(own, mounts, count) : NULL;
	if (!own)
		verify_find(verify, PARTITION, VERIFY_FAIL, path, remedy,
			    "nothing is mounted there: it shares the file system of %s", above ? above->point : "/");
	else if (above && strcmp(own->device, above->device) == 0)
		verify_find(verify, PARTITION, VERIFY_FAIL, path, remedy,
			    "what is mounted there is a part of the file system of %s (device %s)", above->point,
			    own->device);
	else if (other)
		verify_find(verify, PARTITION, VERIFY_FAIL, path, remedy,
			    "what is mounted there (%s of device %s) is a part of the file system of %s", own->root,
			    own->device, other->point);
	else
		verify_find(verify, PARTITION, VERIFY_PASS, path, NULL,
			    "a file system of its own is mounted there (device %s)", own->device);
}

/* As the engine sees them, else as the host's first process does. */
static int read_mounts(const struct verify *verify, const struct engine_facts *facts, char **ret_text,
		       struct error *err)
{
	char path[64];
	size_t length;
	int r;

	snprintf(path, sizeof(path), "/proc/%d/mountinfo", facts->pid ? (int)facts->pid : 1);
	r = audit_files_read(verify->root, path, ret_text, &length, err);
	return r == -ENOENT ? audit_files_read(verify->root, "/proc/1/mountinfo", ret_text, &length, err) : r;
}

static void check_partition(struct verify *verify, const struct engine_facts *facts)
{
	cleanup_free char *text = NULL;
	struct proc_mount *mounts = NULL;
	char path[4096];
	struct error err;
	size_t count;
	int r;

	verify_host_data_root(facts, path, sizeof(path));
	r = read_mounts(verify, facts, &text, &err);
	if (r < 0) {
		verify_find(verify, PARTITION, VERIFY_UNKNOWN, path, NULL, "%s", err.text);
		return;
	}
	if (proc_parse_mounts(text, &mounts, &count) < 0) {
		verify->out_of_memory = true;
		return;
	}
	judge_mounts(verify, path, mounts, count);
	proc_free_mounts(mounts, count);
}

/* -- 1.1.2 */

static bool is_trusted(const struct config_verify *config, const char *name)
{
	for (size_t i = 0; i < config->docker_group_count; i++) {
		if (strcmp(config->docker_group[i], name) == 0)
			return true;
	}
	return false;
}

/* Says who is in the group, and who of them should not be. */
static int judge_members(struct verify *verify, const char *group, const struct texts *members)
{
	const struct config_verify *config = &verify->host->config->verify;
	cleanup_texts struct texts strangers = { 0 };
	cleanup_free char *all = texts_join(members, ", "), *strange = NULL;
	int r = 0;

	for (size_t i = 0; r == 0 && i < members->count; i++) {
		if (!is_trusted(config, members->items[i]))
			r = texts_addf(&strangers, "%s", members->items[i]);
	}
	strange = texts_join(&strangers, ", ");
	if (r < 0 || !all || !strange)
		return -ENOMEM;
	if (!members->count)
		verify_find(verify, GROUP, VERIFY_PASS, group, NULL, "nobody is in it");
	else if (!config->docker_group_given)
		verify_find(verify, GROUP, VERIFY_WARN, group,
			    "each of them is as good as root: take out who should not be (gpasswd --delete USER "
			    "GROUP), and name "
			    "the others in bulkhead.json: \"verify\": { \"docker_group\": [\"USER\"] }",
			    "in it, and nobody says whether they should be: %s", all);
	else if (strangers.count)
		verify_find(verify, GROUP, VERIFY_FAIL, group,
			    "take them out (gpasswd --delete USER GROUP; usermod --gid for a primary group), or name "
			    "them in "
			    "\"docker_group\" of bulkhead.json",
			    "in it, but not in \"docker_group\": %s", strange);
	else
		verify_find(verify, GROUP, VERIFY_PASS, group, NULL, "in it, and in \"docker_group\": %s", all);
	return 0;
}

static void check_group(struct verify *verify, const struct engine_facts *facts)
{
	const char *told = engine_facts_setting(facts, group), *name = told && told[0] ? told : ENGINE_DEFAULT_GROUP;
	cleanup_free char *groups = NULL, *users = NULL;
	cleanup_texts struct texts members = { 0 };
	char subject[128];
	size_t length;
	bool found;
	gid_t gid;
	struct error err;

	snprintf(subject, sizeof(subject), "group %.*s", (int)utf8_cut(name, 100), name);
	if (audit_files_read(verify->root, "/etc/group", &groups, &length, &err) < 0 ||
	    audit_files_read(verify->root, "/etc/passwd", &users, &length, &err) < 0) {
		verify_find(verify, GROUP, VERIFY_UNKNOWN, subject, NULL, "%s", err.text);
		return;
	}
	if (accounts_group(groups, name, &found, &gid, &members) < 0 ||
	    (found && accounts_primary(users, gid, &members) < 0)) {
		verify->out_of_memory = true;
		return;
	}
	texts_sort(&members);
	if (!found)
		verify_find(verify, GROUP, VERIFY_PASS, subject, NULL, "/etc/group has no such group");
	else if (judge_members(verify, subject, &members) < 0)
		verify->out_of_memory = true;
}

/* -- 1.2.2 */

static void check_version(struct verify *verify)
{
	const char *minimum = verify->host->config->verify.engine_minimum;
	const char *version = verify->version ? verify->version->version : NULL;

	if (!minimum)
		verify_find(verify, VERSION, VERIFY_SKIP, NULL,
			    "name the oldest engine that will do in bulkhead.json: \"verify\": { \"engine_minimum\": "
			    "\"24.0\" }",
			    "no \"engine_minimum\" is configured; this engine is %s", version ? version : "not known");
	else if (!version)
		verify_find(verify, VERSION, VERIFY_UNKNOWN, NULL, NULL, "the engine does not say: %s",
			    verify->engine_error ? verify->engine_error : "it was not asked");
	else if (!engine_version_valid(version))
		verify_find(verify, VERSION, VERIFY_UNKNOWN, NULL, NULL, "\"%s\" is no version that can be compared",
			    version);
	else if (engine_version_compare(version, minimum) < 0)
		verify_find(verify, VERSION, VERIFY_FAIL, NULL, "bring in a newer Docker Engine", "%s comes before %s",
			    version, minimum);
	else
		verify_find(verify, VERSION, VERIFY_PASS, NULL, NULL, "%s does not come before %s", version, minimum);
}

/* -- the group */

/* What is right where the default says it is has not been told of the engine, whose settings may say otherwise. */
static const struct {
	const char *id;
	bool by_root; /* only the data's place matters, which the engine tells */
} guessed[] = {
	{ PARTITION, true },
	{ "audit-data-root", true },
	{ GROUP, false },
	{ "owner-docker-sock", false },
	{ "mode-docker-sock", false },
	{ "audit-docker-sock", false },
	{ "owner-daemon-json", false },
	{ "mode-daemon-json", false },
	{ "audit-daemon-json", false },
	{ "owner-tls-ca", false },
	{ "mode-tls-ca", false },
	{ "owner-tls-cert", false },
	{ "mode-tls-cert", false },
	{ "owner-tls-key", false },
	{ "mode-tls-key", false },
};

static bool is_guessed(const char *id, bool root_known)
{
	for (size_t i = 0; i < sizeof(guessed) / sizeof(guessed[0]); i++) {
		if (strcmp(guessed[i].id, id) == 0)
			return !guessed[i].by_root || !root_known;
	}
	return false;
}

/* Of the findings from `first` on: where the place was only guessed, what is right there is no pass. */
static void doubt(struct verify *verify, const struct engine_facts *facts, size_t first)
{
	const char *problem = engine_facts_settings_problem(facts);

	for (size_t i = first; problem && i < verify->finding_count; i++) {
		struct verify_finding *finding = &verify->findings[i];
		char *evidence;

		if ((finding->status != VERIFY_PASS && finding->status != VERIFY_SKIP) ||
		    !is_guessed(finding->check->id, facts->api.root_dir != NULL))
			continue;
		if (asprintf(&evidence, "%s; but that the engine uses this one is not known: %s", finding->evidence,
			     problem) < 0) {
			verify->out_of_memory = true;
			return;
		}
		free(finding->evidence);
		finding->evidence = evidence;
		finding->status = VERIFY_UNKNOWN;
	}
}

static void know_nothing(struct verify *verify, const char *why)
{
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		if (strcmp(checks[i].id, VERSION) != 0)
			verify_find(verify, checks[i].id, VERIFY_UNKNOWN, NULL, NULL, "%s", why);
	}
}

void verify_host_judge(struct verify *verify, const struct engine_facts *facts)
{
	size_t first = verify->finding_count;
	struct stat folder;
	struct error err;

	check_version(verify);
	/* Nothing of this host is said of an engine that is not known to be here. */
	if (verify->client && docker_client_remote(verify->client)) {
		know_nothing(verify, facts->process_problem);
		return;
	}
	/* Of a folder that nothing is mounted on, every file is missing. */
	if (audit_files_stat(verify->root, "/etc", &folder, &err) < 0) {
		error_context(&err, 0, "%s is no host's root folder", verify->root);
		know_nothing(verify, err.text);
		return;
	}
	check_partition(verify, facts);
	check_group(verify, facts);
	verify_host_audit(verify, facts);
	verify_host_modes(verify, facts);
	doubt(verify, facts, first);
}

static void run(struct verify *verify)
{
	verify_facts_judge(verify, verify_host_judge);
}

const struct verify_group verify_host = {
	.name = "host",
	.title = "the engine's host",
	.audit = true,
	.checks = checks,
	.check_count = sizeof(checks) / sizeof(checks[0]),
	.run = run,
};
