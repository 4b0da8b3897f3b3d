/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engine's host, judged: each check as it passes and as it fails, on a host that is made up. */
#include "verify_scene.h"

#include <errno.h>
#include <limits.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>

#include "engine_read.h"
#include "verify_blind.h"
#include "verify_blind_sockets.h"
#include "verify_datapath.h"
#include "verify_docker.h"
#include "audit_files.h"
#include "verify_host.h"

/* With an engine that runs, so that nothing has to be guessed. */
static void judge(struct scene *scene)
{
	char place[512];

	if (access(scene_path(scene, "/proc/100/cmdline", place), F_OK) < 0)
		scene_engine(scene, "/usr/bin/dockerd");
	scene_judge(scene, INFO, verify_host_judge);
}

static void configure(struct scene *scene, const char *text)
{
	struct diagnostics diagnostics = { 0 };
	struct config *config = NULL;

	assert_int_equal(config_parse("bulkhead.json", text, strlen(text), &diagnostics, &config), 0);
	config_free(scene->host.config);
	scene->host.config = config;
}

/* -- 1.1.1 */

#define MOUNT_ROOT "22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n"

static void partition(void **state)
{
	struct scene *scene = *state;

	scene_put(scene, "/proc/100/mountinfo", MOUNT_ROOT "40 22 8:2 / /var/lib/docker rw - ext4 /dev/sda2 rw\n");
	judge(scene);
	scene_expect_about(scene, "host-partition", "/var/lib/docker", VERIFY_PASS, "device 8:2");
	scene_put(scene, "/proc/100/mountinfo",
		  MOUNT_ROOT "40 22 8:2 / /var/lib rw - ext4 /dev/sda2 rw\n"
			     "41 40 0:50 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw\n"
			     "42 40 8:3 / /var/lib/docker2 rw - ext4 /dev/sda3 rw\n");
	judge(scene);
	scene_expect(scene, "host-partition", VERIFY_FAIL, "shares the file system of /var/lib");
	/* The engine mounts its folder onto itself where the root is not shared. */
	scene_put(scene, "/proc/100/mountinfo",
		  MOUNT_ROOT "40 22 8:1 /var/lib/docker /var/lib/docker rw - ext4 /dev/sda1 rw\n");
	judge(scene);
	scene_expect(scene, "host-partition", VERIFY_FAIL, "a part of the file system of / (device 8:1)");
	/* What this process sees says nothing of the engine. */
	scene_put(scene, "/proc/self/mountinfo", MOUNT_ROOT "40 22 8:2 / /var/lib/docker rw - ext4 /dev/sda2 rw\n");
	scene_drop(scene, "/proc/100/mountinfo");
	judge(scene);
	scene_expect(scene, "host-partition", VERIFY_UNKNOWN, "/proc/1/mountinfo: No such file");
	scene_put(scene, "/proc/1/mountinfo", MOUNT_ROOT "40 22 8:2 / /var/lib/docker rw - ext4 /dev/sda2 rw\n");
	judge(scene);
	scene_expect(scene, "host-partition", VERIFY_PASS, "device 8:2");
}

/* A folder of another partition is bound there: what fills that one fills this. */
static void a_bound_folder_is_no_partition(void **state)
{
	struct scene *scene = *state;

	scene_put(scene, "/proc/100/mountinfo",
		  MOUNT_ROOT "39 22 8:2 / /home rw - ext4 /dev/sda2 rw\n"
			     "40 22 8:2 /docker /var/lib/docker rw - ext4 /dev/sda2 rw\n");
	judge(scene);
	scene_expect(scene, "host-partition", VERIFY_FAIL,
		     "/docker of device 8:2) is a part of the file system of /home");
	scene_put(scene, "/proc/100/mountinfo",
		  MOUNT_ROOT "39 22 8:2 / /data rw - ext4 /dev/sda2 rw\n"
			     "40 22 8:2 / /var/lib/docker rw - ext4 /dev/sda2 rw\n");
	judge(scene);
	scene_expect(scene, "host-partition", VERIFY_FAIL, "the file system of /data");
	/* What the engine's own data are bound to elsewhere is theirs. */
	scene_put(scene, "/proc/100/mountinfo",
		  MOUNT_ROOT "39 22 8:2 /volumes/x /srv/x rw - ext4 /dev/sda2 rw\n"
			     "40 22 8:2 / /var/lib/docker rw - ext4 /dev/sda2 rw\n"
			     "41 40 8:2 /overlay2 /var/lib/docker/overlay2 rw - ext4 /dev/sda2 rw\n");
	judge(scene);
	scene_expect(scene, "host-partition", VERIFY_PASS, "8:2");
}

static void partition_of_the_data_root(void **state)
{
	struct scene *scene = *state;

	scene_put(scene, "/proc/100/mountinfo", MOUNT_ROOT "40 22 8:2 / /srv/my\\040docker rw - ext4 /dev/sda2 rw\n");
	scene_put(scene, "/proc/1/mountinfo", MOUNT_ROOT "40 22 8:2 / /srv/my\\040docker rw - ext4 /dev/sda2 rw\n");
	scene_put(scene, "/etc/docker/daemon.json", "{\"data-root\": \"/srv/my docker\"}");
	scene_judge(scene, NULL, verify_host_judge);
	scene_expect_about(scene, "host-partition", "/srv/my docker", VERIFY_UNKNOWN, "is not known: no process");
	scene_engine(scene, "/usr/bin/dockerd");
	scene_judge(scene, NULL, verify_host_judge);
	scene_expect_about(scene, "host-partition", "/srv/my docker", VERIFY_PASS, "8:2");
	scene_judge(scene, "{\"DockerRootDir\":\"/srv/my docker/1000.1000\",\"SecurityOptions\":[\"name=userns\"]}",
		    verify_host_judge);
	scene_expect_about(scene, "host-partition", "/srv/my docker", VERIFY_PASS, "8:2");
	scene_judge(scene, "{\"DockerRootDir\":\"/srv/other\"}", verify_host_judge);
	scene_expect_about(scene, "host-partition", "/srv/other", VERIFY_FAIL, "nothing is mounted there");
}

/* -- 1.1.2 */

#define USERS                                                                                                          \
	"root:x:0:0:root:/root:/bin/bash\nalice:x:1000:1000::/home/alice:/bin/bash\nal:x:1001:1001::/home/al:/bin/"    \
	"bash\n"                                                                                                       \
	"bob:x:1002:999:Bob:/home/bob:/bin/bash\n"

static void docker_group(void **state)
{
	struct scene *scene = *state;

	scene_put(scene, "/etc/passwd", "root:x:0:0:root:/root:/bin/bash\n");
	scene_put(scene, "/etc/group", "root:x:0:\ndocker:x:999:\n");
	judge(scene);
	scene_expect_about(scene, "host-docker-group", "group docker", VERIFY_PASS, "nobody is in it");
	scene_put(scene, "/etc/passwd", USERS);
	judge(scene);
	scene_expect(scene, "host-docker-group", VERIFY_WARN, "bob"); /* by its primary group */
	scene_put(scene, "/etc/group", "docker:x:999:alice,bob\n");
	judge(scene);
	scene_expect(scene, "host-docker-group", VERIFY_WARN, ": alice, bob");
	configure(scene, "{\"verify\": {\"docker_group\": [\"alice\"]}}");
	judge(scene);
	scene_expect(scene, "host-docker-group", VERIFY_FAIL, "in it, but not in \"docker_group\": bob");
	configure(scene, "{\"verify\": {\"docker_group\": [\"bob\", \"alice\", \"carol\"]}}");
	judge(scene);
	scene_expect(scene, "host-docker-group", VERIFY_PASS, "alice, bob");
	configure(scene, "{\"verify\": {\"docker_group\": []}}");
	judge(scene);
	scene_expect(scene, "host-docker-group", VERIFY_FAIL, "alice, bob");
	scene_put(scene, "/etc/group", "dockers:x:999:alice\n");
	judge(scene);
	scene_expect(scene, "host-docker-group", VERIFY_PASS, "no such group");
	scene_put(scene, "/etc/docker/daemon.json", "{\"group\": \"dockers\"}");
	judge(scene);
	scene_expect_about(scene, "host-docker-group", "group dockers", VERIFY_FAIL, "alice, bob");
	scene_drop(scene, "/etc/group");
	judge(scene);
	scene_expect(scene, "host-docker-group", VERIFY_UNKNOWN, "/etc/group: No such file");
}

/* docker-bench-security matches names by substring: to it, al is as trusted as alice. */
static void user_names_are_whole(void **state)
{
	struct scene *scene = *state;

	scene_put(scene, "/etc/passwd", USERS);
	scene_put(scene, "/etc/group", "docker:x:998:al\nnotdocker:x:5:mallory\n");
	configure(scene, "{\"verify\": {\"docker_group\": [\"alice\"]}}");
	judge(scene);
	scene_expect(scene, "host-docker-group", VERIFY_FAIL, "not in \"docker_group\": al");
	scene_put(scene, "/etc/group", "docker:x:998:alice\n");
	configure(scene, "{\"verify\": {\"docker_group\": [\"al\"]}}");
	judge(scene);
	scene_expect(scene, "host-docker-group", VERIFY_FAIL, "not in \"docker_group\": alice");
	configure(scene, "{\"verify\": {\"docker_group\": [\"alice\"]}}");
	judge(scene);
	scene_expect(scene, "host-docker-group", VERIFY_PASS, "alice");
}

/* -- 1.2.2 */

/* docker-bench-security says PASS whatever the version. */
static void version_check_can_fail(void **state)
{
	struct scene *scene = *state;

	judge(scene);
	scene_expect(scene, "host-engine-version", VERIFY_SKIP, "this engine is 20.10.24+dfsg1");
	assert_non_null(strstr(scene_finding(scene, "host-engine-version", NULL)->remedy, "\"engine_minimum\""));
	configure(scene, "{\"verify\": {\"engine_minimum\": \"24.0\"}}");
	judge(scene);
	scene_expect(scene, "host-engine-version", VERIFY_FAIL, "20.10.24+dfsg1 comes before 24.0");
	configure(scene, "{\"verify\": {\"engine_minimum\": \"20.10.24\"}}");
	judge(scene);
	scene_expect(scene, "host-engine-version", VERIFY_PASS, "20.10.24+dfsg1 does not come before 20.10.24");
	strcpy(scene->version.version, "9.0");
	judge(scene);
	scene_expect(scene, "host-engine-version", VERIFY_FAIL, "9.0 comes before");
	strcpy(scene->version.version, "master");
	judge(scene);
	scene_expect(scene, "host-engine-version", VERIFY_UNKNOWN, "\"master\" is no version");
	scene->verify.version = NULL;
	judge(scene);
	scene_expect(scene, "host-engine-version", VERIFY_UNKNOWN, "not asked");
}

/* -- 1.1.3 to 1.1.18 */

/* What is looked at, and where it is on the host that is made up. */
static const struct {
	const char *id, *path;
} watched[] = {
	{ "audit-dockerd", "/usr/bin/dockerd" },
	{ "audit-run-containerd", "/run/containerd" },
	{ "audit-data-root", "/var/lib/docker" },
	{ "audit-etc-docker", "/etc/docker" },
	{ "audit-docker-service", "/usr/lib/systemd/system/docker.service" },
	{ "audit-containerd-sock", "/run/containerd/containerd.sock" },
	{ "audit-docker-sock", "/run/docker.sock" },
	{ "audit-docker-sock", "/usr/lib/systemd/system/docker.socket" },
	{ "audit-default-docker", "/etc/default/docker" },
	{ "audit-daemon-json", "/etc/docker/daemon.json" },
	{ "audit-containerd-config", "/etc/containerd/config.toml" },
	{ "audit-sysconfig-docker", "/etc/sysconfig/docker" },
	{ "audit-containerd", "/usr/bin/containerd" },
	{ "audit-containerd-shim", "/usr/bin/containerd-shim" },
	{ "audit-shim-runc-v1", "/usr/bin/containerd-shim-runc-v1" },
	{ "audit-shim-runc-v2", "/usr/bin/containerd-shim-runc-v2" },
	{ "audit-runc", "/usr/bin/runc" },
};
#define WATCHED_COUNT (sizeof(watched) / sizeof(watched[0]))

/* docker.sock is asked for where the engine has it. */
static const char *subject(size_t index)
{
	return strcmp(watched[index].path, "/run/docker.sock") == 0 ? "/var/run/docker.sock" : watched[index].path;
}

static void make_watched(struct scene *scene)
{
	scene_folder(scene, "/run/containerd");
	scene_folder(scene, "/var/lib/docker");
	scene_put(scene, "/etc/docker/daemon.json", "{}");
	scene_link(scene, "/var/run", "/run");
	for (size_t i = 0; i < WATCHED_COUNT; i++) {
		char place[512];
		struct stat status;

		if (stat(scene_path(scene, watched[i].path, place), &status) < 0)
			scene_put(scene, watched[i].path, "");
	}
}

static void each_file_is_watched_or_not(void **state)
{
	struct scene *scene = *state;

	make_watched(scene);
	judge(scene);
	for (size_t i = 0; i < WATCHED_COUNT; i++)
		scene_expect_about(scene, watched[i].id, subject(i), VERIFY_FAIL, "no audit rules at all");
	for (size_t i = 0; i < WATCHED_COUNT; i++) {
		char rule[256];

		/* The rule of each makes that one pass; and none whose name only begins alike. */
		snprintf(rule, sizeof(rule), "# %s\n-w %s -p wa -k docker\n", watched[i ? 0 : 1].path, watched[i].path);
		scene_put(scene, "/etc/audit/rules.d/docker.rules", rule);
		judge(scene);
		for (size_t j = 0; j < WATCHED_COUNT; j++) {
			size_t length = strlen(watched[i].path);
			bool below = strncmp(watched[i].path, watched[j].path, length) == 0 &&
				     (watched[j].path[length] == '/' || !watched[j].path[length]);

			scene_expect_about(scene, watched[j].id, subject(j), below ? VERIFY_PASS : VERIFY_FAIL,
					   below ? "rules.d watches it" : "no rule in");
		}
	}
}

static void nothing_there_is_nothing_to_watch(void **state)
{
	struct scene *scene = *state;

	judge(scene);
	for (size_t i = 0; i < WATCHED_COUNT; i++)
		scene_expect(scene, watched[i].id, VERIFY_SKIP, "there is no");
}

static void rules_of_a_filter_and_of_the_old_file(void **state)
{
	struct scene *scene = *state;

	make_watched(scene);
	scene_put(scene, "/etc/audit/audit.rules",
		  "-D\n-a always,exit -F path=/usr/bin/dockerd -F perm=wa -k docker\n-a exit,always -F dir=/etc -F "
		  "perm=wa\n");
	judge(scene);
	scene_expect(scene, "audit-dockerd", VERIFY_PASS, "/etc/audit/audit.rules watches it");
	scene_expect(scene, "audit-etc-docker", VERIFY_PASS, "audit.rules");
	scene_expect(scene, "audit-daemon-json", VERIFY_PASS, "audit.rules");
	scene_expect(scene, "audit-runc", VERIFY_FAIL, "no rule");
	/* augenrules takes no other names. */
	scene_put(scene, "/etc/audit/rules.d/docker.rules.off", "-w /usr/bin/runc\n");
	judge(scene);
	scene_expect(scene, "audit-runc", VERIFY_FAIL, "no rule");
}

/* The next boot makes the old file anew of the folder. */
static void a_rule_that_will_be_gone(void **state)
{
	struct scene *scene = *state;

	make_watched(scene);
	scene_put(scene, "/etc/audit/audit.rules", "-w /usr/bin/runc\n");
	scene_put(scene, "/etc/audit/rules.d/other.rules", "-w /usr/bin/dockerd\n");
	judge(scene);
	scene_expect(scene, "audit-dockerd", VERIFY_PASS, "rules.d watches it");
	scene_expect(scene, "audit-runc", VERIFY_WARN, "is made anew");
}

/* chmod and chown follow the link to /dev/null. */
static void a_masked_unit(void **state)
{
	struct scene *scene = *state;
	char place[512];

	judge(scene);
	scene_expect(scene, "mode-docker-socket", VERIFY_SKIP, "there is none");
	if (mknod(scene_path(scene, "/etc/systemd/system/docker.socket", place), S_IFCHR | 0666, makedev(1, 3)) < 0)
		skip();
	scene_put(scene, "/lib/systemd/system/docker.socket", "");
	judge(scene);
	scene_expect(scene, "mode-docker-socket", VERIFY_SKIP, "there is none");
	scene_expect(scene, "owner-docker-socket", VERIFY_SKIP, "there is none");
	/* Nor is anything else of that kind to be mended. */
	assert_int_equal(mknod(scene_path(scene, "/etc/docker/daemon.json", place), S_IFCHR | 0666, makedev(1, 3)), 0);
	scene_judge(scene, INFO, verify_host_judge);
	scene_expect(scene, "mode-daemon-json", VERIFY_UNKNOWN, "daemon.json");
}

/* Where neither the engine nor its process answers, what is right at the default place is no pass. */
static void nothing_is_guessed(void **state)
{
	static const char *const ids[] = {
		"host-partition",   "audit-data-root",	 "host-docker-group", "owner-docker-sock",
		"mode-docker-sock", "owner-daemon-json", "mode-daemon-json",  "audit-daemon-json",
	};
	struct scene *scene = *state;

	scene_put(scene, "/proc/100/mountinfo", MOUNT_ROOT "40 22 8:2 / /var/lib/docker rw - ext4 /dev/sda2 rw\n");
	scene_put(scene, "/etc/group", "root:x:0:\ndocker:x:999:\n");
	scene_put(scene, "/etc/passwd", "root:x:0:0:root:/root:/bin/bash\n");
	scene_put(scene, "/etc/audit/rules.d/all.rules", "-w /\n");
	scene_folder(scene, "/var/lib/docker");
	scene_put(scene, "/etc/docker/daemon.json", "{");
	scene_judge(scene, NULL, verify_host_judge);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		scene_expect(scene, ids[i], VERIFY_UNKNOWN, "");
	scene_put(scene, "/etc/docker/daemon.json", "{}");
	judge(scene);
	scene_expect(scene, "host-partition", VERIFY_PASS, "8:2");
	scene_expect(scene, "audit-data-root", VERIFY_PASS, "watches it");
	scene_expect(scene, "host-docker-group", VERIFY_PASS, "nobody");
	scene_expect(scene, "mode-daemon-json", VERIFY_PASS, "");
}

static void watched_under_its_other_name(void **state)
{
	struct scene *scene = *state;

	make_watched(scene);
	scene_link(scene, "/lib", "usr/lib");
	scene_put(scene, "/usr/sbin/runc", "");
	scene_put(scene, "/etc/audit/rules.d/a.rules",
		  "-w /lib/systemd/system/docker.service\n-w /bin/dockerd\n-w /usr/bin/runc\n");
	judge(scene);
	scene_expect(scene, "audit-docker-service", VERIFY_PASS, "rules.d");
	scene_expect(scene, "audit-dockerd", VERIFY_FAIL, "no rule"); /* there is no /bin here */
	/* Both of two different programs. */
	assert_int_equal(scene_count(scene, "audit-runc"), 2);
	scene_expect_about(scene, "audit-runc", "/usr/sbin/runc", VERIFY_FAIL, "no rule");
	scene_engine(scene, "/opt/docker/dockerd");
	scene_put(scene, "/opt/docker/dockerd", "");
	scene_link(scene, "/proc/100/exe", "/opt/docker/dockerd");
	judge(scene);
	scene_expect_about(scene, "audit-dockerd", "/opt/docker/dockerd", VERIFY_FAIL, "no rule");
}

static void rules_that_nobody_may_read(void **state)
{
	struct scene *scene = *state;

	if (geteuid() != 0)
		skip();
	make_watched(scene);
	scene_put(scene, "/etc/audit/rules.d/a.rules", "-w /usr/bin/dockerd\n");
	scene_put(scene, "/etc/audit/rules.d/b.rules", "-w /usr/bin/runc\n");
	scene_mode(scene, "/etc/audit/rules.d/b.rules", 0600);
	scene_engine(scene, "/usr/bin/dockerd");
	assert_int_equal(seteuid(65534), 0);
	judge(scene);
	assert_int_equal(seteuid(0), 0);
	scene_expect(scene, "audit-dockerd", VERIFY_PASS, "rules.d");
	scene_expect(scene, "audit-runc", VERIFY_UNKNOWN, "/etc/audit/rules.d/b.rules: Permission denied");
	judge(scene);
	scene_expect(scene, "audit-runc", VERIFY_PASS, "rules.d");
}

/* -- section 3 */

static const struct {
	const char *what, *path;
	mode_t good, bad;
	unsigned wanted;
} files[] = {
	{ "docker-service", "/usr/lib/systemd/system/docker.service", 0644, 0664, 0644 },
	{ "docker-socket", "/etc/systemd/system/docker.socket", 0600, 0645, 0644 },
	{ "etc-docker", "/etc/docker", 0755, 0757, 0755 },
	{ "registry-certs", "/etc/docker/certs.d/r.example:5000/ca.crt", 0444, 0644, 0444 },
	{ "tls-ca", "/etc/docker/ca.pem", 0444, 0464, 0444 },
	{ "tls-cert", "/etc/docker/cert.pem", 0400, 0644, 0444 },
	{ "tls-key", "/etc/docker/key.pem", 0400, 0440, 0400 },
	{ "docker-sock", "/run/docker.sock", 0660, 0666, 0660 },
	{ "daemon-json", "/etc/docker/daemon.json", 0644, 0646, 0644 },
	{ "default-docker", "/etc/default/docker", 0640, 0660, 0644 },
	{ "sysconfig-docker", "/etc/sysconfig/docker", 0644, 0755, 0644 },
	{ "containerd-sock", "/run/containerd/containerd.sock", 0660, 0661, 0660 },
};
#define FILE_COUNT (sizeof(files) / sizeof(files[0]))

static void make_files(struct scene *scene)
{
	for (size_t i = 0; i < FILE_COUNT; i++) {
		if (strcmp(files[i].what, "etc-docker") == 0)
			scene_folder(scene, files[i].path);
		else
			scene_put(scene, files[i].path, "{}");
		scene_mode(scene, files[i].path, files[i].good);
	}
	scene_engine(scene,
		     "dockerd -H unix:///run/docker.sock --tlscacert=/etc/docker/ca.pem --tlscert=/etc/docker/cert.pem "
		     "--tlskey=/etc/docker/key.pem");
	scene_put(scene, "/etc/group", "docker:x:999:\n");
	scene_put(scene, "/etc/passwd", "");
}

/* What systemd adds to a unit says as much as the unit. */
static void drop_ins(void **state)
{
	static const char drop_in[] = "/etc/systemd/system/docker.service.d/hosts.conf";
	struct scene *scene = *state;

	scene_put(scene, "/lib/systemd/system/docker.service", "");
	scene_put(scene, "/etc/audit/rules.d/a.rules", "-w /lib/systemd/system/docker.service\n");
	judge(scene);
	scene_expect(scene, "mode-docker-service", VERIFY_PASS, "or stricter");
	assert_int_equal(scene_count(scene, "audit-docker-service"), 1);
	scene_put(scene, drop_in, "[Service]\n");
	scene_put(scene, "/etc/systemd/system/docker.service.d/README", "");
	scene_put(scene, "/lib/systemd/system/docker.service.d/hosts.conf", ""); /* the other one hides it */
	scene_put(scene, "/etc/systemd/system/service.d/all.conf", "");
	scene_mode(scene, drop_in, 0666);
	judge(scene);
	scene_expect(scene, "mode-docker-service", VERIFY_FAIL,
		     "/etc/systemd/system/docker.service.d/hosts.conf has mode 0666, not");
	assert_int_equal(scene_count(scene, "audit-docker-service"), 3);
	scene_expect_about(scene, "audit-docker-service", drop_in, VERIFY_FAIL, "no rule");
	scene_mode(scene, drop_in, 0644);
	scene_put(scene, "/etc/audit/rules.d/a.rules", "-w /lib/systemd/system\n-w /etc/systemd/system\n");
	judge(scene);
	scene_expect(scene, "mode-docker-service", VERIFY_PASS, "each of 3 files");
	scene_expect_about(scene, "audit-docker-service", drop_in, VERIFY_PASS, "watches it");
	if (geteuid() != 0)
		return;
	scene_mode(scene, "/etc/systemd/system/docker.service.d", 0700);
	assert_int_equal(seteuid(65534), 0);
	judge(scene);
	assert_int_equal(seteuid(0), 0);
	scene_expect(scene, "mode-docker-service", VERIFY_UNKNOWN, "docker.service.d: Permission denied");
	scene_expect(scene, "audit-docker-service", VERIFY_UNKNOWN, "docker.service.d: Permission denied");
}

/* An access control list opens a socket to others, and its mode does not show it. */
static void access_control_lists(void **state)
{
	/* user::rw-, user:1000:rw-, group::---, group:999:rw-, mask::rw-, other::--- */
	static const struct {
		uint32_t version;
		struct {
			uint16_t tag, mode;
			uint32_t id;
		} entries[6];
	} list = { 2, { { 1, 6, -1u }, { 2, 6, 1000 }, { 4, 0, -1u }, { 8, 6, 999 }, { 16, 6, -1u }, { 32, 0, -1u } } };
	struct scene *scene = *state;
	char place[512];

	make_files(scene);
	judge(scene);
	scene_expect(scene, "mode-docker-sock", VERIFY_PASS, "or stricter");
	if (setxattr(scene_path(scene, "/run/docker.sock", place), "system.posix_acl_access", &list, sizeof(list), 0) <
	    0)
		skip();
	judge(scene);
	/* The engine's own group may have it. */
	scene_expect(scene, "mode-docker-sock", VERIFY_FAIL,
		     "gives user 1000 rw by its access control list, not mode 0660");
	assert_null(strstr(scene_finding(scene, "mode-docker-sock", NULL)->evidence, "999"));
	assert_string_equal(scene_finding(scene, "mode-docker-sock", NULL)->remedy,
			    "setfacl --remove-all, then chmod 0660 /run/docker.sock");
	/* The mask lets nothing of it through. */
	assert_int_equal(chmod(place, 0600), 0);
	judge(scene);
	scene_expect(scene, "mode-docker-sock", VERIFY_PASS, "or stricter");
	/* Reading what everybody may read is nothing. */
	assert_int_equal(setxattr(scene_path(scene, "/etc/docker/daemon.json", place), "system.posix_acl_access", &list,
				  sizeof(list), 0),
			 0);
	judge(scene);
	scene_expect(scene, "mode-daemon-json", VERIFY_FAIL, "gives user 1000 rw");
	scene_expect(scene, "mode-daemon-json", VERIFY_FAIL, "gives group 999 rw");
	assert_int_equal(chmod(place, 0644), 0);
	judge(scene);
	scene_expect(scene, "mode-daemon-json", VERIFY_PASS, "or stricter");
}

/* Sockets of systemd's, and those that nobody named, are the engine's as well. */
static void all_sockets(void **state)
{
	struct scene *scene = *state;

	scene_put(scene, "/etc/group", "docker:x:999:\n");
	scene_put(scene, "/run/docker.sock", "");
	scene_link(scene, "/var/run", "/run");
	scene_mode(scene, "/run/docker.sock", 0660);
	scene_put(scene, "/lib/systemd/system/docker.socket", "[Socket]\nListenStream=/run/docker.sock\n");
	scene_process(scene, PID, "dockerd -H fd://");
	scene_put(scene, "/run/docker.pid", "100");
	judge(scene);
	scene_expect_about(scene, "mode-docker-sock", "/run/docker.sock", VERIFY_PASS, "or stricter");
	scene_put(scene, "/srv/open.sock", "");
	scene_mode(scene, "/srv/open.sock", 0666);
	scene_put(scene, "/etc/systemd/system/docker.socket.d/more.conf", "[Socket]\nListenStream=/srv/open.sock\n");
	judge(scene);
	scene_expect(scene, "mode-docker-sock", VERIFY_FAIL, "/srv/open.sock has mode 0666");
	scene_drop(scene, "/etc/systemd/system/docker.socket.d/more.conf");
	scene_listen_unix(scene, "/srv/open.sock");
	judge(scene);
	scene_expect(scene, "mode-docker-sock", VERIFY_FAIL, "/srv/open.sock has mode 0666");
	scene_listen_unix(scene, "/var/run/docker.sock"); /* the same under another name */
	judge(scene);
	scene_expect_about(scene, "mode-docker-sock", "/run/docker.sock", VERIFY_PASS, "or stricter");
	/* What the engine has for itself is none of its doors. */
	scene_put(scene, "/run/docker/libnetwork/1.sock", "");
	scene_mode(scene, "/run/docker/libnetwork/1.sock", 0777);
	scene_listen_unix(scene, "/var/run/docker/libnetwork/1.sock");
	judge(scene);
	scene_expect(scene, "mode-docker-sock", VERIFY_PASS, "or stricter");
}

static void expect_file(const struct scene *scene, const char *kind, size_t index, enum verify_status status,
			const char *part)
{
	char id[64];

	snprintf(id, sizeof(id), "%s-%s", kind, files[index].what);
	scene_expect(scene, id, status, part);
}

static void modes(void **state)
{
	struct scene *scene = *state;
	char part[128];

	make_files(scene);
	judge(scene);
	for (size_t i = 0; i < FILE_COUNT; i++)
		expect_file(scene, "mode", i, VERIFY_PASS, "or stricter");
	for (size_t i = 0; i < FILE_COUNT; i++) {
		scene_mode(scene, files[i].path, files[i].bad);
		judge(scene);
		snprintf(part, sizeof(part), "has mode %04o, not mode %04o or stricter", (unsigned)files[i].bad,
			 files[i].wanted);
		expect_file(scene, "mode", i, VERIFY_FAIL, part);
		scene_mode(scene, files[i].path, files[i].good);
	}
	judge(scene);
	assert_int_equal(scene->verify.finding_count > 0, 1);
	expect_file(scene, "mode", 0, VERIFY_PASS, "or stricter");
}

static void owners(void **state)
{
	struct scene *scene = *state;
	char place[512], part[64];

	if (geteuid() != 0)
		skip();
	make_files(scene);
	judge(scene);
	for (size_t i = 0; i < FILE_COUNT; i++)
		expect_file(scene, "owner", i, VERIFY_PASS, "root:");
	for (size_t i = 0; i < FILE_COUNT; i++) {
		for (int group = 0; group < 2; group++) {
			assert_int_equal(chown(scene_path(scene, files[i].path, place), group ? 0 : 7, group ? 7 : 0),
					 0);
			judge(scene);
			snprintf(part, sizeof(part), "belongs to %s, not root:", group ? "0:7" : "7:0");
			expect_file(scene, "owner", i, VERIFY_FAIL, part);
		}
		assert_int_equal(chown(place, 0, 0), 0);
	}
	/* The engine's group may have its socket, and nothing else. */
	assert_int_equal(chown(scene_path(scene, "/run/docker.sock", place), 0, 999), 0);
	assert_int_equal(chown(scene_path(scene, "/run/containerd/containerd.sock", place), 0, 999), 0);
	judge(scene);
	scene_expect(scene, "owner-docker-sock", VERIFY_PASS, "root:docker");
	scene_expect(scene, "owner-containerd-sock", VERIFY_FAIL, "0:999");
	scene_mode(scene, "/etc/group", 0600);
	assert_int_equal(seteuid(65534), 0);
	judge(scene);
	assert_int_equal(seteuid(0), 0);
	scene_expect(scene, "owner-docker-sock", VERIFY_UNKNOWN, "/etc/group: Permission denied");
}

static void modes_that_nobody_may_see(void **state)
{
	struct scene *scene = *state;

	if (geteuid() != 0)
		skip();
	make_files(scene);
	scene_mode(scene, "/etc/docker", 0700);
	assert_int_equal(seteuid(65534), 0);
	judge(scene);
	assert_int_equal(seteuid(0), 0);
	scene_expect(scene, "mode-etc-docker", VERIFY_PASS, "or stricter");
	scene_expect(scene, "mode-daemon-json", VERIFY_UNKNOWN, "/etc/docker/daemon.json: Permission denied");
	scene_expect(scene, "owner-daemon-json", VERIFY_UNKNOWN, "/etc/docker/daemon.json: Permission denied");
	scene_expect(scene, "mode-tls-key", VERIFY_UNKNOWN, "/etc/docker/key.pem: Permission denied");
	scene_expect(scene, "mode-registry-certs", VERIFY_UNKNOWN, "/etc/docker/certs.d: Permission denied");
	scene_expect(scene, "audit-daemon-json", VERIFY_UNKNOWN, "/etc/docker/daemon.json: Permission denied");
}

static void what_is_not_there_is_skipped(void **state)
{
	struct scene *scene = *state;

	scene_engine(scene, "dockerd");
	judge(scene);
	for (size_t i = 0; i < FILE_COUNT; i++) {
		bool told = strncmp(files[i].what, "tls-", 4) == 0;

		expect_file(scene, "owner", i, VERIFY_SKIP, told ? "is not set" : "there is none");
		expect_file(scene, "mode", i, VERIFY_SKIP, told ? "is not set" : "there is none");
	}
	scene_put(scene, "/etc/docker/daemon.json", "not JSON");
	judge(scene);
	scene_expect(scene, "owner-tls-key", VERIFY_UNKNOWN, "not JSON");
	scene_expect(scene, "mode-tls-key", VERIFY_UNKNOWN, "not JSON");
}

static void certificates_are_told_by_name(void **state)
{
	struct scene *scene = *state;

	scene_engine(scene, "dockerd");
	scene_put(scene, "/etc/docker/certs.d/a:5000/ca.crt", "");
	scene_put(scene, "/etc/docker/certs.d/b/client.key", "");
	scene_put(scene, "/etc/docker/certs.d/b/client.cert", "");
	scene_mode(scene, "/etc/docker/certs.d/b/client.cert", 0444);
	judge(scene);
	scene_expect(
		scene, "mode-registry-certs", VERIFY_FAIL,
		"/etc/docker/certs.d/a:5000/ca.crt has mode 0644; /etc/docker/certs.d/b/client.key has mode 0644, not");
	assert_string_equal(scene_finding(scene, "mode-registry-certs", NULL)->remedy,
			    "chmod 0444 /etc/docker/certs.d/a:5000/ca.crt /etc/docker/certs.d/b/client.key");
	scene_mode(scene, "/etc/docker/certs.d/a:5000/ca.crt", 0400);
	scene_mode(scene, "/etc/docker/certs.d/b/client.key", 0400);
	judge(scene);
	scene_expect(scene, "mode-registry-certs", VERIFY_PASS, "each of 3 files");
}

/* Links lead to what they would on that host, and never out of the folder. */
static void links_stay_inside(void **state)
{
	struct scene *scene = *state;
	cleanup_texts struct texts names = { 0 };
	char *text = NULL;
	size_t length;
	struct error err;
	char target[16];

	make_files(scene);
	scene_link(scene, "/etc/default/docker", "/etc/docker/daemon.json");
	scene_mode(scene, "/etc/docker/daemon.json", 0666);
	judge(scene);
	scene_expect(scene, "mode-default-docker", VERIFY_FAIL, "0666");
	scene_link(scene, "/etc/outside", "/../../../../../../../../proc/self/status");
	assert_int_equal(audit_files_read(scene->root, "/etc/outside", &text, &length, &err), -ENOENT);
	assert_string_equal(err.text, "/etc/outside: No such file or directory");
	assert_int_equal(audit_files_read(scene->root, "/etc/docker", &text, &length, &err), -EINVAL);
	assert_int_equal(audit_files_list(scene->root, "/etc/passwd", &names, &err), -ENOENT);
	scene_link(scene, "/loop", "/loop");
	assert_int_equal(audit_files_read(scene->root, "/loop", &text, &length, &err), -ELOOP);
	scene_link(scene, "/etc/up", "../etc/../etc/./docker/daemon.json");
	assert_int_equal(audit_files_read(scene->root, "/etc/up", &text, &length, &err), 0);
	assert_string_equal(text, "{}");
	free(text);
	assert_int_equal(audit_files_read(scene->root, "/etc/up/more", &text, &length, &err), -ENOENT);
	assert_int_equal(audit_files_list(scene->root, "/", &names, &err), 0);
	assert_true(texts_have(&names, "etc") && !texts_have(&names, "tmp"));
	assert_int_equal(audit_files_read("/nowhere/at/all", "/etc/group", &text, &length, &err), -ENXIO);
	assert_string_equal(err.text, "/nowhere/at/all: No such file or directory");
	scene_link(scene, "/long", "0123456789abcdef");
	assert_int_equal(audit_files_link(scene->root, "/long", target, sizeof(target), &err), -ENAMETOOLONG);
	assert_int_equal(audit_files_read("", "/proc/self/status", &text, &length, &err), 0);
	assert_true(length > 0 && strlen(text) == length);
	free(text);
}

static void expect_nothing_is_known(struct scene *scene, const char *root)
{
	struct host host = { .options = NULL, .config = scene->host.config };

	scene->verify.root = root;
	scene->verify.host = &host;
	scene_judge(scene, NULL, verify_host_judge);
	verify_docker_legacy(&scene->verify);
	assert_true(scene->verify.finding_count > 40);
	for (size_t i = 0; i < scene->verify.finding_count; i++) {
		const struct verify_finding *finding = &scene->verify.findings[i];

		if (strcmp(finding->check->id, "host-engine-version") == 0)
			continue;
		if (finding->status != VERIFY_UNKNOWN)
			fail_msg("%s of no host: %s", finding->check->id, finding->evidence);
	}
	scene->verify.host = &scene->host;
}

/* A mount that is not there, a name that is misspelt: every file is missing, and none of them says anything. */
static void a_root_that_is_none(void **state)
{
	struct scene *scene = *state;
	char path[512];

	scene_drop(scene, "/etc");
	expect_nothing_is_known(scene, scene->root);
	expect_nothing_is_known(scene, "/nowhere/at/all");
	scene_put(scene, "/file", "");
	expect_nothing_is_known(scene, scene_path(scene, "/file", path));
}

static void old_tables(void **state)
{
	struct scene *scene = *state;

	verify_docker_legacy(&scene->verify);
	scene_expect(scene, "iptables-legacy", VERIFY_UNKNOWN, "/proc/net");
	verify_clear(&scene->verify);
	scene_folder(scene, "/proc/self/net");
	scene_link(scene, "/proc/net", "self/net");
	verify_docker_legacy(&scene->verify);
	scene_expect(scene, "iptables-legacy", VERIFY_PASS, "no table");
	verify_clear(&scene->verify);
	scene_put(scene, "/proc/net/ip6_tables_names", "mangle\nfilter\n");
	verify_docker_legacy(&scene->verify);
	scene_expect_about(scene, "iptables-legacy", "IPv6", VERIFY_FAIL, "(mangle filter)");
	verify_clear(&scene->verify);
	scene_folder(scene, "/proc/net/ip_tables_names");
	verify_docker_legacy(&scene->verify);
	scene_expect(scene, "iptables-legacy", VERIFY_UNKNOWN, "no regular file");
}

/* By name, by inode, and by the folders above. */
static void mounts_that_lead_to_a_socket(void **state)
{
	static const struct {
		const char *source;
		bool leads;
	} cases[] = {
		{ "/srv/real/engine.sock", true },
		{ "/srv/real", true },
		{ "/srv", true },
		{ "/", true },
		{ "/mnt/hard", true },
		{ "/mnt/asked", true },
		{ "/srv/realer", false },
		{ "/mnt", true },
		{ "/usr", false },
		{ "/usr/docker.sock", true },
		{ "/nowhere", false },
		{ "/usr/root", true },
		{ "/usr/top", true },
		{ "/usr/usr", false },
	};
	struct scene *scene = *state;
	struct verify_sockets sockets = { .known = true, .volumes_known = true };
	char real[PATH_MAX], place[512], other[512];
	struct error err;

	scene_put(scene, "/srv/real/engine.sock", "");
	scene_put(scene, "/srv/realer/x", "");
	scene_folder(scene, "/usr");
	scene_link(scene, "/mnt/asked", "/srv/real");
	scene_link(scene, "/usr/root", "/");
	scene_link(scene, "/usr/top", "/srv");
	scene_link(scene, "/usr/usr", "/usr");
	assert_int_equal(link(scene_path(scene, "/srv/real/engine.sock", place), scene_path(scene, "/mnt/hard", other)),
			 0);
	assert_int_equal(audit_files_real(scene->root, "/mnt/asked/engine.sock", real, &err), 0);
	assert_string_equal(real, "/srv/real/engine.sock");
	assert_int_equal(texts_addf(&sockets.paths, "/mnt/asked/engine.sock"), 0);
	assert_int_equal(texts_addf(&sockets.paths, "%s", real), 0);
	assert_int_equal(texts_addf(&sockets.volumes.names, "leads"), 0);
	assert_int_equal(texts_addf(&sockets.volumes.devices, "/srv"), 0);
	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		struct docker_exposure exposure = { 0 };
		const char *source;

		/* Each as a mount of its own, and beside a volume that always leads there. */
		assert_int_equal(texts_addf(&exposure.sources, "%s", cases[i / 2].source), 0);
		if (i % 2)
			assert_int_equal(texts_addf(&exposure.volumes, "leads"), 0);
		assert_int_equal(verify_sockets_find(&scene->verify, &sockets, &exposure, &source, &err), 0);
		if ((source != NULL) != (cases[i / 2].leads || i % 2))
			fail_msg("%s: %s", cases[i / 2].source, source ? source : "nothing");
		docker_exposure_clear(&exposure);
	}
	verify_sockets_clear(&sockets);
}

static int find_socket(struct scene *scene, const struct texts *sources, const char **ret_source, struct error *err)
{
	struct verify_sockets sockets = { .known = true, .volumes_known = true };
	const struct docker_exposure exposure = { .sources = *sources };
	int r;

	assert_int_equal(texts_addf(&sockets.paths, "/srv/engine.sock"), 0);
	r = verify_sockets_find(&scene->verify, &sockets, &exposure, ret_source, err);
	verify_sockets_clear(&sockets);
	return r;
}

static int find_as(struct scene *scene, uid_t user, const struct texts *sources, const char **ret_source,
		   struct error *err)
{
	int r;

	assert_int_equal(seteuid(user), 0);
	r = find_socket(scene, sources, ret_source, err);
	assert_int_equal(seteuid(0), 0);
	return r;
}

/* What cannot be looked at may be anything; only what is not there is nothing. */
static void mounts_that_nobody_may_see(void **state)
{
	struct scene *scene = *state;
	cleanup_texts struct texts hidden = { 0 }, both = { 0 }, other = { 0 };
	const char *source;
	struct error err;

	if (geteuid() != 0)
		skip();
	scene_put(scene, "/srv/engine.sock", "");
	scene_put(scene, "/usr/file", "");
	scene_link(scene, "/closed/link", "/srv/engine.sock");
	assert_int_equal(texts_addf(&hidden, "/closed/link"), 0);
	assert_int_equal(texts_addf(&both, "/closed/link"), 0);
	assert_int_equal(texts_addf(&both, "/srv"), 0);
	assert_int_equal(texts_addf(&other, "/usr/file"), 0);
	assert_int_equal(texts_addf(&other, "/usr/nothing"), 0);
	/* It can be seen, and leads there. */
	assert_int_equal(find_as(scene, 65534, &hidden, &source, &err), 0);
	assert_string_equal(source, "/closed/link");
	scene_mode(scene, "/closed", 0700);
	assert_int_equal(find_as(scene, 65534, &hidden, &source, &err), -EACCES);
	assert_null(source);
	assert_string_equal(err.text, "/closed/link cannot be compared with the engine's socket: /closed/link: "
				      "Permission denied");
	/* What another one leads to is known all the same. */
	assert_int_equal(find_as(scene, 65534, &both, &source, &err), 0);
	assert_string_equal(source, "/srv");
	/* Nor can another name be told where the socket itself cannot be looked at. */
	assert_int_equal(find_as(scene, 65534, &other, &source, &err), 0);
	assert_null(source);
	scene_mode(scene, "/srv", 0700);
	assert_int_equal(find_as(scene, 65534, &other, &source, &err), -EACCES);
	assert_string_equal(err.text, "/usr/file cannot be compared with the engine's socket: /srv/engine.sock: "
				      "Permission denied");
	assert_int_equal(find_socket(scene, &other, &source, &err), 0);
	assert_null(source);
}

/* An engine with mounts of its own has other files under the same names. */
static void mounts_of_an_engine_somewhere(void **state)
{
	struct scene *scene = *state;
	cleanup_texts struct texts other = { 0 }, socket = { 0 };
	struct engine_facts *facts = calloc(1, sizeof(*facts));
	const char *source;
	struct error err;

	if (geteuid() != 0) {
		free(facts);
		skip();
	}
	assert_int_equal(texts_addf(&other, "/usr/nothing"), 0);
	assert_int_equal(texts_addf(&socket, "/srv"), 0);
	scene_engine(scene, "/usr/bin/dockerd");
	scene_mounts(scene, 1, "mnt:[1]");
	scene_mounts(scene, PID, "mnt:[1]");
	assert_int_equal(engine_read_host(scene->root, facts), 0);
	scene->verify.engine_facts = facts;
	assert_null(facts->root_problem);
	assert_int_equal(find_socket(scene, &other, &source, &err), 0);
	engine_facts_clear(facts);
	scene_mode(scene, "/proc/100/ns", 0700);
	assert_int_equal(seteuid(65534), 0);
	assert_int_equal(engine_read_host(scene->root, facts), 0);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(find_socket(scene, &other, &source, &err), -EXDEV);
	assert_string_equal(err.text, "/usr/nothing cannot be compared with the engine's socket: /proc/100/ns/mnt: "
				      "Permission denied");
	assert_int_equal(find_socket(scene, &socket, &source, &err), 0);
	assert_string_equal(source, "/srv");
}

#define test(function) cmocka_unit_test_setup_teardown(function, scene_enter, scene_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(partition),
		test(partition_of_the_data_root),
		test(a_bound_folder_is_no_partition),
		test(docker_group),
		test(user_names_are_whole),
		test(version_check_can_fail),
		test(each_file_is_watched_or_not),
		test(nothing_there_is_nothing_to_watch),
		test(rules_of_a_filter_and_of_the_old_file),
		test(a_rule_that_will_be_gone),
		test(a_masked_unit),
		test(nothing_is_guessed),
		test(watched_under_its_other_name),
		test(rules_that_nobody_may_read),
		test(drop_ins),
		test(access_control_lists),
		test(all_sockets),
		test(modes),
		test(owners),
		test(modes_that_nobody_may_see),
		test(what_is_not_there_is_skipped),
		test(certificates_are_told_by_name),
		test(links_stay_inside),
		test(a_root_that_is_none),
		test(old_tables),
		test(mounts_that_lead_to_a_socket),
		test(mounts_that_nobody_may_see),
		test(mounts_of_an_engine_somewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
