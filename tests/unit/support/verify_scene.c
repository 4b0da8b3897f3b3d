/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify_scene.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine_read.h"
#include "verify_groups.h"

static int scene_remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

int scene_enter(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	char folder[80];

	umask(022);
	strcpy(scene->root, "/tmp/test_verify.XXXXXX");
	if (!mkdtemp(scene->root) || chmod(scene->root, 0755) < 0)
		return -1;
	/* What every host has. */
	snprintf(folder, sizeof(folder), "%s/etc", scene->root);
	if (mkdir(folder, 0755) < 0)
		return -1;
	scene->host.config = config_new();
	scene->networks[0] = &scene->network;
	scene->inventory.networks = scene->networks;
	scene->inventory.network_count = 1;
	scene->verify.inventory = &scene->inventory;
	scene->verify.host = &scene->host;
	scene->verify.groups = verify_groups;
	scene->verify.root = scene->root;
	scene->verify.version = &scene->version;
	scene->verify.info = &scene->info;
	strcpy(scene->version.version, "20.10.24+dfsg1");
	*state = scene;
	return 0;
}

int scene_leave(void **state)
{
	struct scene *scene = *state;
	int r = nftw(scene->root, scene_remove_entry, 8, FTW_DEPTH | FTW_PHYS);

	verify_clear(&scene->verify);
	config_free(scene->host.config);
	free(scene);
	return r;
}

const char *scene_path(struct scene *scene, const char *path, char text[512])
{
	snprintf(text, 512, "%s%s", scene->root, path);
	for (char *slash = text + strlen(scene->root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		if (mkdir(text, 0755) < 0 && errno != EEXIST)
			fail_msg("%s: %s", text, strerror(errno));
		*slash = '/';
	}
	return text;
}

void scene_put_bytes(struct scene *scene, const char *path, const char *bytes, size_t length)
{
	char place[512];
	FILE *file;

	unlink(scene_path(scene, path, place));
	file = fopen(place, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

void scene_put(struct scene *scene, const char *path, const char *text)
{
	scene_put_bytes(scene, path, text, strlen(text));
}

void scene_link(struct scene *scene, const char *path, const char *target)
{
	char place[512];

	unlink(scene_path(scene, path, place));
	assert_int_equal(symlink(target, place), 0);
}

void scene_folder(struct scene *scene, const char *path)
{
	char place[512];

	if (mkdir(scene_path(scene, path, place), 0755) < 0)
		assert_int_equal(errno, EEXIST);
}

void scene_drop(struct scene *scene, const char *path)
{
	char place[512];

	assert_int_equal(remove(scene_path(scene, path, place)), 0);
}

void scene_mode(struct scene *scene, const char *path, mode_t mode)
{
	char place[512];

	assert_int_equal(chmod(scene_path(scene, path, place), mode), 0);
}

void scene_user(struct scene *scene, int pid, unsigned user, unsigned depth)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	snprintf(text, sizeof(text), "Name:\tdockerd\nUid:\t%u\t%u\t%u\t%u\nNSpid:\t%d%s\n", user, user, user, user,
		 pid, depth ? "\t7" : "");
	scene_put(scene, path, text);
}

void scene_mounts(struct scene *scene, int pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
	scene_link(scene, path, name);
}

void scene_process(struct scene *scene, int pid, const char *command)
{
	char path[64], line[1024];

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	snprintf(line, sizeof(line), "%s", command);
	for (char *blank = line; (blank = strchr(blank, ' ')); blank++)
		*blank = '\0';
	scene_put_bytes(scene, path, line, strlen(command) + 1);
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	snprintf(line, sizeof(line),
		 "%d (dockerd) S 1 %d %d 0 -1 4194560 6719 0 0 0 31 20 0 0 20 0 14 0 100 1 1 1 1 1 1 0 0 0 0\n", pid,
		 pid, pid);
	scene_put(scene, path, line);
	/* It started a second after boot, an hour from now: no file is newer. */
	snprintf(line, sizeof(line), "cpu 1\nbtime %lld\n", (long long)time(NULL) + 3600);
	scene_put(scene, "/proc/stat", line);
	snprintf(path, sizeof(path), "/proc/%d/net/tcp", pid);
	scene_put(scene, path, "  sl  local_address\n");
	snprintf(path, sizeof(path), "/proc/%d/net/unix", pid);
	scene_put(scene, path, "Num       RefCount Protocol Flags    Type St Inode Path\n");
	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	scene_folder(scene, path);
	snprintf(path, sizeof(path), "/proc/%d/environ", pid);
	scene_put(scene, path, "HOME=/root");
	scene_user(scene, pid, 0, 0);
}

void scene_engine(struct scene *scene, const char *command)
{
	scene_process(scene, PID, command);
	scene_put(scene, "/var/run/docker.pid", "100");
}

void scene_listen(struct scene *scene, unsigned port)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "  sl  local_address rem_address   st\n"
		 "   0: 00000000:%04X 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 "
		 "100 0 0\n"
		 "   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 "
		 "100 0 0\n",
		 port);
	scene_put(scene, "/proc/100/net/tcp", text);
	scene_link(scene, "/proc/100/fd/3", "socket:[4711]");
	scene_link(scene, "/proc/100/fd/0", "/dev/null");
}

void scene_listen_unix(struct scene *scene, const char *path)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "Num       RefCount Protocol Flags    Type St Inode Path\n"
		 "0000000000000000: 00000002 00000000 00010000 0001 01 4713 %s\n"
		 "0000000000000000: 00000003 00000000 00000000 0001 03 4714 /run/connected.sock\n"
		 "0000000000000000: 00000002 00000000 00010000 0001 01 4715 /run/of-another.sock\n",
		 path);
	scene_put(scene, "/proc/100/net/unix", text);
	scene_link(scene, "/proc/100/fd/4", "socket:[4713]");
	scene_link(scene, "/proc/100/fd/5", "socket:[4714]");
}

void scene_judge(struct scene *scene, const char *info, void (*judge)(struct verify *, const struct engine_facts *))
{
	struct engine_facts facts = { .peer = scene->peer };
	struct error err;

	verify_clear(&scene->verify);
	if (!info)
		facts.api_problem = strdup("no answer");
	else if (docker_json_engine(info, strlen(info), &facts.api, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(engine_read_host(scene->root, &facts), 0);
	judge(&scene->verify, &facts);
	assert_false(scene->verify.out_of_memory);
	engine_facts_clear(&facts);
}

const struct verify_finding *scene_finding(const struct scene *scene, const char *id, const char *subject)
{
	for (size_t i = 0; i < scene->verify.finding_count; i++) {
		const struct verify_finding *finding = &scene->verify.findings[i];

		if (strcmp(finding->check->id, id) == 0 &&
		    (!subject || (finding->subject && strcmp(finding->subject, subject) == 0)))
			return finding;
	}
	return NULL;
}

size_t scene_count(const struct scene *scene, const char *id)
{
	size_t count = 0;

	for (size_t i = 0; i < scene->verify.finding_count; i++)
		count += strcmp(scene->verify.findings[i].check->id, id) == 0;
	return count;
}

void scene_expect_about(const struct scene *scene, const char *id, const char *subject, enum verify_status status,
			const char *part)
{
	static const char *const names[] = { "PASS", "WARN", "FAIL", "SKIP", "UNKNOWN" };
	const struct verify_finding *finding = scene_finding(scene, id, subject);

	if (!finding)
		fail_msg("%s: nothing is said of %s", id, subject ? subject : "it");
	else if (finding->status != status || !strstr(finding->evidence, part))
		fail_msg("%s is %s: %s\nnot %s: %s", id, names[finding->status], finding->evidence, names[status],
			 part);
	else if ((status == VERIFY_FAIL || status == VERIFY_WARN) && !finding->remedy)
		fail_msg("%s: %s: no remedy", id, finding->evidence);
}

void scene_expect(const struct scene *scene, const char *id, enum verify_status status, const char *part)
{
	scene_expect_about(scene, id, NULL, status, part);
}
