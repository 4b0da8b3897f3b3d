/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The small parsers of the audit: accounts, audit rules, /proc, versions, and what the engine says of itself. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "accounts.h"
#include "audit_rules.h"
#include "docker_json_audit.h"
#include "engine_version.h"
#include "posix_acl.h"
#include "proc_parse.h"
#include "unit_files.h"

static void versions(void **state)
{
	static const struct {
		const char *a, *b;
		int order;
	} cases[] = {
		{ "9.0", "20.10", -1 },
		{ "20.10.24+dfsg1", "20.10.24", 0 },
		{ "20.10.24+dfsg1", "20.10.25", -1 },
		{ "20.10.24+dfsg1", "20.10.9", 1 },
		{ "24", "24.0.0", 0 },
		{ "24.0.1", "24", 1 },
		{ "17.06.2-ce", "17.6.2", 0 },
		{ "v1.13", "1.13.0", 0 },
		{ "28.0.0-rc.1", "28.0.0", -1 },
		{ "28.0.0-rc.1", "27.9", 1 },
		{ "100000000000000000000", "99", 1 },
		{ "20.10", "20.100", -1 },
		{ "29.7.0~debian", "29.7", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int order = engine_version_compare(cases[i].a, cases[i].b);
		int back = engine_version_compare(cases[i].b, cases[i].a);

		if ((order > 0) - (order < 0) != cases[i].order || (back > 0) - (back < 0) != -cases[i].order)
			fail_msg("%s and %s: %d, %d", cases[i].a, cases[i].b, order, back);
	}
	assert_true(engine_version_valid("24"));
	assert_true(engine_version_valid("v24"));
	assert_false(engine_version_valid(""));
	assert_false(engine_version_valid("dev"));
	assert_false(engine_version_valid(".1"));
}

static void groups(void **state)
{
	static const char text[] =
		"# comment\nroot:x:0:\ndockers:x:5:eve\n docker:x:6:eve\ndocker:x\ndocker:x:nine:eve\n"
		"docker:x:999: alice,,bob ,\r\ndocker:x:7:eve\n";
	struct texts members = { 0 };
	bool found;
	gid_t gid;

	(void)state;
	assert_int_equal(accounts_group(text, "docker", &found, &gid, &members), 0);
	assert_true(found);
	assert_int_equal(gid, 999);
	assert_int_equal(members.count, 2);
	assert_string_equal(members.items[0], "alice");
	assert_string_equal(members.items[1], "bob");
	assert_int_equal(
		accounts_primary("a:x:1:999::/:/bin/sh\nb:x:2:99::/:\nc:x:999:1::/:\nd:x:3:999\n+::::::\ne:x:4:999:::",
				 999, &members),
		0);
	assert_int_equal(members.count, 4);
	assert_string_equal(members.items[2], "a");
	assert_string_equal(members.items[3], "e");
	texts_clear(&members);
	assert_int_equal(accounts_group("", "docker", &found, &gid, &members), 0);
	assert_false(found);
	assert_int_equal(accounts_group("docker:x:4294967296:a\n", "docker", &found, &gid, &members), 0);
	assert_false(found);
	texts_clear(&members);
}

/* "alice,bob" of the group, or NULL where there is none. */
static const char *members_of(const char *text, const char *group, gid_t want)
{
	static char all[256];
	cleanup_texts struct texts members = { 0 };
	cleanup_free char *joined = NULL;
	gid_t gid = 0;
	bool found;

	assert_int_equal(accounts_group(text, group, &found, &gid, &members), 0);
	if (!found)
		return NULL;
	assert_int_equal(gid, want);
	joined = texts_join(&members, ",");
	assert_non_null(joined);
	snprintf(all, sizeof(all), "%s", joined);
	return all;
}

/* The kernel compares numbers, glibc forgives a missing colon, and the engine takes a number for a name. */
static void groups_by_number(void **state)
{
	(void)state;
	assert_string_equal(members_of("docker:x:999:\nops:x:999:mallory\n", "docker", 999), "mallory");
	assert_string_equal(members_of("docker:x:999:alice\nops:x:998:mallory\n", "docker", 999), "alice");
	assert_string_equal(members_of("ops:x:998:mallory\n", "998", 998), "mallory");
	assert_string_equal(members_of("998:x:5:eve\nops:x:998:mallory\n", "998", 5), "eve");
	assert_string_equal(members_of("docker:x:999\n", "docker", 999), "");
	assert_null(members_of("docker:x\n", "docker", 0));
	assert_null(members_of("docker2:x:999:alice\n", "docker", 0));
}

static bool watched(const char *text, const char *path)
{
	cleanup_audit_rules struct audit_rules rules = { 0 };

	assert_int_equal(audit_rules_parse(text, false, &rules), 0);
	return audit_rules_cover(&rules, path);
}

static void rules(void **state)
{
	static const char path[] = "/usr/bin/dockerd";

	(void)state;
	assert_false(watched("", path));
	assert_true(watched("-w /usr/bin/dockerd", path));
	assert_true(watched("-w /usr/bin/dockerd -p wa -k docker\n", path));
	assert_true(watched("  -w\t/usr/bin/dockerd\r\n", path));
	assert_true(watched("-w /usr/bin/", path));
	assert_true(watched("-w /", path));
	assert_true(watched("-a always,exit -F path=/usr/bin/dockerd -F perm=xwa", path));
	assert_true(watched("-a exit,always -F arch=b64 -S all -F dir=/usr -k docker", path));
	assert_true(watched("-A always,exit -F path=/usr/bin/dockerd", path));
	/* What looks like it. */
	assert_false(watched("# -w /usr/bin/dockerd", path));
	assert_false(watched("#-w /usr/bin/dockerd", path));
	assert_false(watched("-w /usr/bin/docker", path));
	assert_false(watched("-w /usr/bin/dockerd2", path));
	assert_false(watched("-w /usr/bi", path));
	assert_false(watched("-w", path));
	assert_false(watched("-w usr/bin/dockerd", path));
	assert_false(watched("-k /usr/bin/dockerd", path));
	assert_false(watched("-a always,exit -F path=/usr/bin", path));
	assert_false(watched("-a always,exit -F path!=/usr/bin/dockerd", path));
	assert_false(watched("-a always,exit -F exe=/usr/bin/dockerd -S open", path));
	assert_false(watched("-a always,user -F path=/usr/bin/dockerd", path));
	assert_false(watched("-a always,exit -k path=/usr/bin/dockerd", path));
	assert_false(watched("-a always,exit -F", path));
	/* Not every change. */
	assert_false(watched("-w /usr/bin/dockerd -p r", path));
	assert_false(watched("-w /usr/bin/dockerd -k docker -p wx", path));
	assert_false(watched("-a always,exit -F path=/usr/bin/dockerd -F perm=x", path));
	assert_false(watched("-a always,exit -F path=/usr/bin/dockerd -F auid=1000", path));
	assert_false(watched("-a always,exit -F path=/usr/bin/dockerd -F exe=/bin/false", path));
	assert_false(watched("-a always,exit -F arch=b32 -S open -F path=/usr/bin/dockerd", path));
	/* Nothing at all, or no more. */
	assert_false(watched("-w /usr/bin/dockerd\n-a task,never\n", path));
	assert_false(watched("-a never,exit\n-w /usr/bin/dockerd\n", path));
	assert_false(watched("-a never,exit -S all\n-w /usr/bin/dockerd\n", path));
	assert_true(watched("-a never,exit -S adjtimex\n-w /usr/bin/dockerd\n", path));
	assert_true(watched("-a never,user\n-w /usr/bin/dockerd\n", path));
	assert_false(watched("-w /usr/bin/dockerd\n-e 0\n", path));
	assert_true(watched("-e 0\n-w /usr/bin/dockerd\n-e 2\n", path));
	assert_false(watched("-w /usr/bin/dockerd\n-d always,exit -F path=/usr/bin/dockerd -F perm=rwxa\n", path));
}

static void rules_against_others(void **state)
{
	static const char path[] = "/usr/bin/dockerd";
	cleanup_audit_rules struct audit_rules parts = { 0 };

	(void)state;
	assert_false(watched("-a never,exit -F path=/usr/bin/dockerd\n-w /usr/bin\n", path));
	assert_true(watched("-w /usr/bin\n-a never,exit -F path=/usr/bin/dockerd\n", path));
	assert_false(watched("-w /usr/bin\n-A exit,never -F dir=/usr\n", path));
	assert_true(watched("-a never,exit -F path=/usr/bin/dockerd -F auid=1000\n-w /usr/bin\n", path));
	assert_false(watched("-w /usr/bin\n-D\n", path));
	assert_true(watched("-D\n-w /usr/bin\n", path));
	assert_false(watched("-w /usr/bin/\n-W /usr/bin\n", path));
	assert_true(watched("-w /usr/bin\n-W /usr\n", path));
	assert_int_equal(audit_rules_parse("-w /usr/bin\n", true, &parts), 0);
	assert_int_equal(audit_rules_parse("-D\n", true, &parts), 0);
	assert_true(audit_rules_cover(&parts, path));
}

static void listeners(void **state)
{
	/* Recorded: 0.0.0.0:2024, 127.0.0.1:2375, one that is connected; and [::]:2376, [::1]:80. */
	static const char tcp[] =
		"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
		"   0: 00000000:07E8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1574 1 "
		"00000000c78f7017 100 0 0 10 0\n"
		"   1: 0100007F:0947 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 "
		"18446744073709551615 1 0 100\n"
		"   2: 0100007F:0947 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 1576 1 0 "
		"100\n"
		"   3: 01007F:0947 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1577 1 0 "
		"100\n"
		"   4: 0100007F:0947 00000000:0000 0A\n"
		"rubbish\n";
	static const char tcp6[] = "   0: 00000000000000000000000000000000:0948 00000000000000000000000000000000:0000 "
				   "0A 00000000:00000000 00:00000000 00000000     0        0 7 1\n"
				   "   1: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 "
				   "0A 00000000:00000000 00:00000000 00000000     0        0 8 1";
	static const struct {
		const char *address;
		uint16_t port;
		uint64_t inode;
	} expected[] = {
		{ "0.0.0.0", 2024, 1574 }, { "127.0.0.1", 2375, UINT64_MAX }, { "::", 2376, 7 }, { "::1", 80, 8 }
	};
	struct proc_listener *found = NULL;
	char text[ADDRESS_TEXT_SIZE];
	size_t count = 0;

	(void)state;
	assert_int_equal(proc_parse_listeners(tcp, false, &found, &count), 0);
	assert_int_equal(proc_parse_listeners(tcp6, true, &found, &count), 0);
	assert_int_equal(count, 4);
	for (size_t i = 0; i < count; i++) {
		assert_string_equal(address_format(&found[i].address, text), expected[i].address);
		assert_int_equal(found[i].port, expected[i].port);
		assert_true(found[i].inode == expected[i].inode);
	}
	free(found);
}

static void sockets(void **state)
{
	uint64_t inode;

	(void)state;
	assert_true(proc_parse_socket("socket:[4711]", &inode));
	assert_int_equal(inode, 4711);
	assert_false(proc_parse_socket("socket:[4711", &inode));
	assert_false(proc_parse_socket("socket:[4711]x", &inode));
	assert_false(proc_parse_socket("pipe:[4711]", &inode));
	assert_false(proc_parse_socket("/dev/null", &inode));
}

static void unix_sockets(void **state)
{
	static const char text[] = "Num       RefCount Protocol Flags    Type St Inode Path\n"
				   "0000000000000000: 00000002 00000000 00010000 0001 01 12345 /run/a b.sock\n"
				   "0000000000000000: 00000003 00000000 00000000 0001 03 12346 /run/a b.sock\n"
				   "0000000000000000: 00000002 00000000 00010000 0001 01 12347\n"
				   "ffff8881: 00000002 00000000 00010000 0005 01 18446744073709551615 @name\nrubbish\n";
	struct proc_unix *found;
	size_t count;

	(void)state;
	assert_int_equal(proc_parse_unix(text, &found, &count), 0);
	assert_int_equal(count, 2);
	assert_string_equal(found[0].path, "/run/a b.sock");
	assert_int_equal(found[0].inode, 12345);
	assert_string_equal(found[1].path, "@name");
	assert_true(found[1].inode == UINT64_MAX);
	proc_free_unix(found, count);
}

static void who_a_process_is(void **state)
{
	uid_t user;
	unsigned depth;

	(void)state;
	assert_true(proc_parse_status("Name:\tUid: 7\nUid:\t1000\t0\t0\t0\nNSpid:\t812\n", &user, &depth));
	assert_int_equal(user, 0);
	assert_int_equal(depth, 0);
	assert_true(proc_parse_status("Uid:\t0\t65534\t0\t0\nNSpid:\t812\t7\t1\n", &user, &depth));
	assert_int_equal(user, 65534);
	assert_int_equal(depth, 2);
	assert_true(proc_parse_status("Uid:\t0\t0\t0\t0\n", &user, &depth)); /* a kernel without */
	assert_int_equal(depth, 0);
	assert_false(proc_parse_status("Name:\tUid: 0 0\n", &user, &depth));
}

static void acls(void **state)
{
	static const uint8_t list[] = { 2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255, 2, 0, 7,   0,   0xe8, 3,
					0, 0, 8, 0, 6, 0, 7, 0, 0,   0,	  16,  0,   4, 0, 255, 255, 255,  255 };
	struct posix_acl_grant *grants;
	size_t count;

	(void)state;
	assert_int_equal(posix_acl_parse(list, sizeof(list), &grants, &count), 0);
	assert_int_equal(count, 2);
	assert_true(!grants[0].group && grants[0].id == 1000 && grants[0].mode == 4);
	assert_true(grants[1].group && grants[1].id == 7 && grants[1].mode == 4);
	free(grants);
	assert_int_equal(posix_acl_parse(list, sizeof(list) - 1, &grants, &count), -EINVAL);
	assert_int_equal(posix_acl_parse(list + 1, 4, &grants, &count), -EINVAL);
	assert_int_equal(posix_acl_parse(list, 3, &grants, &count), -EINVAL);
}

static void socket_units(void **state)
{
	static const char *const expected[] = { "unix:///run/a.sock", "unix://@b", "tcp://[::]:2375",
						"tcp://127.0.0.1:1" };
	struct texts hosts = { 0 };

	(void)state;
	assert_int_equal(unit_files_listen("ListenStream=/early\n[Socket]\n# ListenStream=/no\n;ListenStream=/no\n"
					   "ListenStream=/gone.sock\nListenStream=\n ListenStream = %t/a.sock \r\n"
					   "ListenStream=\\\n@b\nListenStream=2375\nListenStream=127.0.0.1:1\n"
					   "ListenStreamX=/no\nListenDatagram=/no\n[Install]\nListenStream=/no\n",
					   &hosts),
			 0);
	assert_int_equal(hosts.count, 4);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(hosts.items[i], expected[i]);
	texts_clear(&hosts);
}

static void mounts(void **state)
{
	static const char text[] = "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
				   "30 22 0:5 / /proc rw - proc proc rw\n"
				   "40 22 8:2 / /srv/a\\040b\\134040 rw - ext4 /dev/sda2 rw\n"
				   "41 22 8:3 / /srv rw\n"
				   "42 22 8:4 / /srv rw - tmpfs none rw\n"
				   "43 22 8:5 / relative rw\nshort 1 2\n\n";
	struct proc_mount *found;
	size_t count;

	(void)state;
	assert_int_equal(proc_parse_mounts(text, &found, &count), 0);
	assert_int_equal(count, 5);
	assert_string_equal(found[2].point, "/srv/a b\\040");
	assert_string_equal(found[2].root, "/");
	assert_string_equal(proc_mount_at(found, count, "/srv")->device, "8:4");
	assert_null(proc_mount_at(found, count, "/srv/a"));
	assert_string_equal(proc_mount_over(found, count, "/srv/a")->device, "8:4");
	assert_string_equal(proc_mount_over(found, count, "/srv/a b\\040/x")->device, "8:2");
	assert_string_equal(proc_mount_over(found, count, "/srvx")->device, "8:1");
	assert_string_equal(proc_mount_over(found, count, "/")->device, "8:1");
	proc_free_mounts(found, count);
	assert_int_equal(proc_parse_mounts("", &found, &count), 0);
	assert_null(proc_mount_over(found, count, "/"));
	proc_free_mounts(found, count);
}

static void times(void **state)
{
	uint64_t ticks;
	int64_t boot;

	(void)state;
	assert_true(proc_parse_start("7 (a) b) (c) S 1 7 7 0 -1 4194560 6719 0 0 0 31 20 0 0 20 0 14 0 123456 9 9",
				     &ticks));
	assert_int_equal(ticks, 123456);
	assert_false(proc_parse_start("7 (a) S 1 7 7", &ticks));
	assert_false(proc_parse_start("", &ticks));
	assert_true(proc_parse_boot("cpu  1 2\nbtime 1700000000\nprocesses 1\n", &boot));
	assert_int_equal(boot, 1700000000);
	assert_false(proc_parse_boot("cpu 1\nxbtime 5\n", &boot));
}

static struct docker_engine engine(const char *text)
{
	struct docker_engine read;
	struct error err;

	if (docker_json_engine(text, strlen(text), &read, &err) < 0)
		fail_msg("%s", err.text);
	return read;
}

static void engine_of_itself(void **state)
{
	static const char *const odd[] = {
		"null",
		"\"none\"",
		"{}",
		"{\"InsecureRegistryCIDRs\":[]}",
		"{\"InsecureRegistryCIDRs\":null,\"IndexConfigs\":{}}",
		"{\"InsecureRegistryCIDRs\":\"0.0.0.0/0\",\"IndexConfigs\":{}}",
		"{\"InsecureRegistryCIDRs\":[1],\"IndexConfigs\":{}}",
		"{\"InsecureRegistryCIDRs\":[],\"IndexConfigs\":null}",
		"{\"InsecureRegistryCIDRs\":[],\"IndexConfigs\":[]}",
		"{\"InsecureRegistryCIDRs\":[],\"IndexConfigs\":{\"a\":1}}",
	};
	struct docker_engine read = engine(
		"{\"DockerRootDir\":\"/var/lib/docker\",\"SecurityOptions\":[\"name=usernsx\",\"name=userns,x=1\",7],"
		"\"RegistryConfig\":{\"InsecureRegistryCIDRs\":[\"127.0.0.0/8\",\"::1/128\",\"192.0.2.0/24\",1],"
		"\"IndexConfigs\":{\"docker.io\":{\"Secure\":true},\"b\":{\"Secure\":false},\"a\":{},\"x\":1}}}");
	struct error err;

	(void)state;
	assert_string_equal(read.root_dir, "/var/lib/docker");
	assert_true(read.options_known && read.userns && !read.rootless);
	assert_false(read.registries_known); /* a number among the ranges, and an index that is none */
	assert_int_equal(read.insecure_registries.count, 3);
	assert_string_equal(read.insecure_registries.items[0], "192.0.2.0/24");
	assert_string_equal(read.insecure_registries.items[1], "a");
	assert_string_equal(read.insecure_registries.items[2], "b");
	docker_engine_clear(&read);
	read = engine("{\"SecurityOptions\":[\"name=usernsx\"],\"RegistryConfig\":null}");
	assert_true(read.options_known && !read.userns && !read.registries_known);
	docker_engine_clear(&read);
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		char text[256];

		snprintf(text, sizeof(text), "{\"RegistryConfig\":%s}", odd[i]);
		read = engine(text);
		if (read.registries_known)
			fail_msg("%s is taken for an answer", odd[i]);
		docker_engine_clear(&read);
	}
	read = engine("{\"RegistryConfig\":{\"InsecureRegistryCIDRs\":[\"127.0.0.0/8\"],\"IndexConfigs\":{}}}");
	assert_true(read.registries_known);
	docker_engine_clear(&read);
	read = engine("{\"SecurityOptions\":null}");
	assert_false(read.options_known);
	docker_engine_clear(&read);
	assert_int_equal(docker_json_engine("[]", 2, &read, &err), -EPROTO);
	assert_int_equal(docker_json_engine("{", 1, &read, &err), -EPROTO);
}

/* The recorded answer of a stock 20.10.24. */
static void engine_recorded(void **state)
{
	FILE *file = fopen(TESTS_DIR "/unit/corpus/docker/info.json", "re");
	struct docker_engine read;
	char *text = NULL;
	size_t size = 0;
	ssize_t length;
	struct error err;

	(void)state;
	assert_non_null(file);
	length = getdelim(&text, &size, EOF, file);
	fclose(file);
	assert_true(length > 0);
	assert_int_equal(docker_json_engine(text, (size_t)length, &read, &err), 0);
	assert_string_equal(read.root_dir, "/var/lib/docker");
	assert_true(read.options_known && !read.userns && read.registries_known);
	assert_int_equal(read.insecure_registries.count, 0);
	docker_engine_clear(&read);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions),
		cmocka_unit_test(groups),
		cmocka_unit_test(groups_by_number),
		cmocka_unit_test(rules),
		cmocka_unit_test(rules_against_others),
		cmocka_unit_test(listeners),
		cmocka_unit_test(sockets),
		cmocka_unit_test(unix_sockets),
		cmocka_unit_test(who_a_process_is),
		cmocka_unit_test(acls),
		cmocka_unit_test(socket_units),
		cmocka_unit_test(mounts),
		cmocka_unit_test(times),
		cmocka_unit_test(engine_of_itself),
		cmocka_unit_test(engine_recorded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
