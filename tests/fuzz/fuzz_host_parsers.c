/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as what the audit reads of a host: the first one says as which file. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "accounts.h"
#include "audit_rules.h"
#include "daemon_settings.h"
#include "docker_json_audit.h"
#include "engine_version.h"
#include "posix_acl.h"
#include "proc_parse.h"
#include "unit_files.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		__builtin_trap();
}

static void read_accounts(const char *text)
{
	struct texts members = { 0 };
	bool found;
	gid_t gid;

	if (accounts_group(text, "docker", &found, &gid, &members) == 0 && found)
		accounts_primary(text, gid, &members);
	texts_sort(&members);
	for (size_t i = 0; i < members.count; i++)
		require(members.items[i][0] && !strchr(members.items[i], '\n'));
	texts_clear(&members);
}

static void read_rules(const char *text, bool part)
{
	struct audit_rules rules = { 0 };

	require(audit_rules_parse(text, part, &rules) == 0);
	for (size_t i = 0; i < rules.count; i++) {
		size_t length = strlen(rules.items[i].path);

		require(rules.items[i].path[0] == '/' && (length == 1 || rules.items[i].path[length - 1] != '/'));
	}
	audit_rules_cover(&rules, "/usr/bin/dockerd");
	audit_rules_clear(&rules);
}

static void read_settings(const char *text, size_t size, bool command)
{
	struct daemon_settings settings = { 0 };
	struct error err;

	if (command)
		require(daemon_settings_parse_command(text, size, &settings) == 0);
	else if (daemon_settings_parse_file(text, size, &settings, &err) < 0)
		require(err.text[0] && settings.hosts.count == 0);
	for (size_t i = 0; i < settings.hosts.count; i++) {
		daemon_settings_host_is_tcp(settings.hosts.items[i]);
		daemon_settings_host_port(settings.hosts.items[i], true);
		daemon_settings_host_address(settings.hosts.items[i]);
	}
	daemon_settings_is_engine(text, size);
	daemon_settings_clear(&settings);
}

static void read_proc(const char *text)
{
	struct proc_listener *listeners = NULL;
	struct proc_unix *sockets;
	struct proc_mount *mounts;
	unsigned depth;
	uid_t user;
	size_t count = 0;
	uint64_t number;
	int64_t seconds;

	require(proc_parse_listeners(text, false, &listeners, &count) == 0);
	require(proc_parse_listeners(text, true, &listeners, &count) == 0);
	free(listeners);
	require(proc_parse_unix(text, &sockets, &count) == 0);
	proc_free_unix(sockets, count);
	proc_parse_status(text, &user, &depth);
	require(proc_parse_mounts(text, &mounts, &count) == 0);
	proc_mount_at(mounts, count, "/var/lib/docker");
	proc_mount_over(mounts, count, "/var/lib/docker");
	proc_free_mounts(mounts, count);
	proc_parse_start(text, &number);
	proc_parse_boot(text, &seconds);
	proc_parse_socket(text, &number);
}

static void read_unit(const char *text)
{
	struct texts hosts = { 0 };

	require(unit_files_listen(text, &hosts) == 0);
	texts_clear(&hosts);
}

static void read_acl(const char *text, size_t size)
{
	struct posix_acl_grant *grants;
	size_t count;

	if (posix_acl_parse(text, size, &grants, &count) == 0) {
		require(count <= size / 8);
		free(grants);
	}
}

static void read_engine(const char *text, size_t size)
{
	struct docker_engine engine;
	struct error err;

	if (docker_json_engine(text, size, &engine, &err) == 0)
		docker_engine_clear(&engine);
	if (engine_version_valid(text))
		require(engine_version_compare(text, text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text || !size) {
		free(text);
		return 0;
	}
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	switch (data[0]) {
	case 'a':
		read_accounts(text);
		break;
	case 'r':
		read_rules(text, false);
		break;
	case 'd':
		read_rules(text, true);
		break;
	case 'c':
		read_settings(text, size - 1, true);
		break;
	case 'f':
		read_settings(text, size - 1, false);
		break;
	case 'p':
		read_proc(text);
		break;
	case 'u':
		read_unit(text);
		break;
	case 'l':
		read_acl(text, size - 1);
		break;
	default:
		read_engine(text, size - 1);
	}
	free(text);
	return 0;
}
