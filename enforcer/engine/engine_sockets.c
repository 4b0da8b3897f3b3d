/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the engine really listens on, and what systemd listens on for it. */
#include "engine_sockets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit_files.h"
#include "audit_files.h"

#define SOCKET_UNIT "docker.socket"

/* All sockets of a kind, of the process's network namespace: /proc/PID/net/NAME. */
static int read_net(const char *root, pid_t pid, const char *name, char **ret_text, struct error *err)
{
	char path[64];
	size_t length;
	int r;

	snprintf(path, sizeof(path), "/proc/%d/net/%s", (int)pid, name);
	r = audit_files_read(root, path, ret_text, &length, err);
	if (r == -ENOENT) {
		snprintf(path, sizeof(path), "/proc/net/%s", name);
		r = audit_files_read(root, path, ret_text, &length, err);
	}
	return r;
}

static int read_tcp(const char *root, struct engine_facts *facts, struct error *err)
{
	static const char *const names[] = { "tcp", "tcp6" };
	int r = 0;

	for (size_t i = 0; i < 2 && r == 0; i++) {
		cleanup_free char *text = NULL;

		r = read_net(root, facts->pid, names[i], &text, err);
		if (r == -ENOENT && i == 1)
			return 0; /* a kernel without IPv6 */
		if (r == 0)
			r = proc_parse_listeners(text, i == 1, &facts->listeners, &facts->listener_count);
		if (r == -ENOMEM)
			error_oom(err);
	}
	return r;
}

/* Sockets, and which of them the process holds. */
struct held {
	struct proc_unix *unix_sockets;
	size_t unix_count;
	bool *tcp_own, *unix_own;
};

static void held_clear(struct held *held)
{
	proc_free_unix(held->unix_sockets, held->unix_count);
	free(held->tcp_own);
	free(held->unix_own);
}

static int read_unix(const char *root, const struct engine_facts *facts, struct held *held, struct error *err)
{
	cleanup_free char *text = NULL;
	int r = read_net(root, facts->pid, "unix", &text, err);

	if (r == 0)
		r = proc_parse_unix(text, &held->unix_sockets, &held->unix_count);
	if (r == 0) {
		held->tcp_own = calloc(facts->listener_count + 1, sizeof(bool));
		held->unix_own = calloc(held->unix_count + 1, sizeof(bool));
		r = held->tcp_own && held->unix_own ? 0 : -ENOMEM;
	}
	return r == -ENOMEM ? error_oom(err) : r;
}

static void mark(const struct engine_facts *facts, struct held *held, uint64_t inode)
{
	for (size_t i = 0; i < facts->listener_count; i++)
		held->tcp_own[i] = held->tcp_own[i] || facts->listeners[i].inode == inode;
	for (size_t i = 0; i < held->unix_count; i++)
		held->unix_own[i] = held->unix_own[i] || held->unix_sockets[i].inode == inode;
}

static int mark_held(const char *root, const struct engine_facts *facts, struct held *held, struct error *err)
{
	cleanup_texts struct texts fds = { 0 };
	char folder[64];
	int r;

	snprintf(folder, sizeof(folder), "/proc/%d/fd", (int)facts->pid);
	r = audit_files_list(root, folder, &fds, err);
	for (size_t i = 0; r == 0 && i < fds.count; i++) {
		char path[128], target[64];
		uint64_t inode;

		snprintf(path, sizeof(path), "%s/%.20s", folder, fds.items[i]);
		r = audit_files_link(root, path, target, sizeof(target), err);
		if (r == 0 && proc_parse_socket(target, &inode))
			mark(facts, held, inode);
		/* Closed since; no socket. */
		r = r == -ENOENT || r == -ENAMETOOLONG ? 0 : r;
	}
	return r;
}

/* What is held alone stays. */
static int keep_own(struct engine_facts *facts, const struct held *held, struct error *err)
{
	size_t kept = 0;

	for (size_t i = 0; i < facts->listener_count; i++) {
		if (held->tcp_own[i])
			facts->listeners[kept++] = facts->listeners[i];
	}
	facts->listener_count = kept;
	for (size_t i = 0; i < held->unix_count; i++) {
		if (held->unix_own[i] && texts_addf(&facts->unix_listeners, "%s", held->unix_sockets[i].path) < 0)
			return error_oom(err);
	}
	texts_sort(&facts->unix_listeners);
	return 0;
}

static int find_listeners(const char *root, struct engine_facts *facts)
{
	struct held held = { 0 };
	struct error err;
	int r;

	if (!facts->pid)
		return engine_facts_set_text(&facts->listeners_problem, facts->process_problem);
	r = read_tcp(root, facts, &err);
	if (r == 0)
		r = read_unix(root, facts, &held, &err);
	if (r == 0)
		r = mark_held(root, facts, &held, &err);
	if (r == 0)
		r = keep_own(facts, &held, &err);
	held_clear(&held);
	if (r == 0)
		return 0;
	facts->listener_count = 0;
	return r == -ENOMEM ? r : engine_facts_set_text(&facts->listeners_problem, err.text);
}

/* -- systemd's */

static bool has_fd(const struct texts *hosts)
{
	for (size_t i = 0; i < hosts->count; i++) {
		if (strncmp(hosts->items[i], "fd://", 5) == 0)
			return true;
	}
	return false;
}

static int add_listen(const char *root, const char *path, struct engine_facts *facts)
{
	cleanup_free char *text = NULL;
	size_t length;
	struct error err;
	int r = audit_files_read(root, path, &text, &length, &err);

	/* What cannot be read names nothing: a listener of it is told as one that is not named. */
	if (r == 0)
		r = unit_files_listen(text, &facts->activated);
	return r == -ENOMEM ? r : 0;
}

/* Units are systemd's: it reads them where the host's files are. */
static int find_activated(const char *root, struct engine_facts *facts)
{
	cleanup_texts struct texts drop_ins = { 0 };
	struct error problem;
	char path[256];
	int r;

	facts->from_systemd = has_fd(&facts->command.hosts) || has_fd(&facts->file.hosts);
	if (!facts->from_systemd || !unit_files_find(root, SOCKET_UNIT, path, sizeof(path)))
		return 0;
	r = engine_facts_set_text(&facts->socket_unit, path);
	if (r == 0)
		r = add_listen(root, path, facts);
	if (r == 0)
		r = unit_files_drop_ins(root, SOCKET_UNIT, &drop_ins, &problem);
	for (size_t i = 0; r == 0 && i < drop_ins.count; i++)
		r = add_listen(root, drop_ins.items[i], facts);
	return r;
}

int engine_sockets_find(const char *root, struct engine_facts *facts)
{
	int r = find_activated(root, facts);

	return r == 0 ? find_listeners(root, facts) : r;
}

/* -- what they are for */

static bool names(const struct engine_facts *facts, const struct texts *hosts, const char *path)
{
	for (size_t i = 0; i < hosts->count; i++) {
		const char *host = hosts->items[i];

		if (strncmp(host, "unix://", 7) != 0)
			continue;
		/* moby, opts/hosts.go: nothing behind it is the default. */
		host = host[7] ? host + 7 : ENGINE_DEFAULT_SOCKET;
		if (audit_files_same(facts->root ? facts->root : "", host, path))
			return true;
	}
	return false;
}

bool engine_sockets_names(const struct engine_facts *facts, const char *path)
{
	bool nothing_said = facts->command.hosts.count + facts->file.hosts.count == 0;

	return names(facts, &facts->command.hosts, path) || names(facts, &facts->file.hosts, path) ||
	       names(facts, &facts->activated, path) ||
	       (nothing_said && audit_files_same(facts->root ? facts->root : "", ENGINE_DEFAULT_SOCKET, path));
}

/* /var/run is /run nearly everywhere. */
static const char *without_var(const char *path)
{
	return strncmp(path, "/var/run/", 9) == 0 ? path + 4 : path;
}

bool engine_sockets_internal(const struct engine_facts *facts, const char *path)
{
	const char *told = engine_facts_setting(facts, exec_root);

	return proc_lies_in(without_var(path), without_var(told && told[0] ? told : ENGINE_DEFAULT_EXEC_ROOT));
}
