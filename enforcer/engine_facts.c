/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine_facts.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "docker_ask.h"
#include "utf8.h"
#include "verify_files.h"

#define INFO_TIMEOUT_MS 10000u

static int set_problem(char **problem, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return -ENOMEM;
	free(*problem);
	*problem = copy;
	return 0;
}

/* -- the process */

/* A process that is named dockerd; how sure it is that it is the engine that we ask. */
struct candidate {
	pid_t pid;
	struct daemon_settings command, file;
	char *file_path, *file_problem;
	bool file_exists;
	enum {
		CANDIDATE_OTHER,    /* it has other data, or another process has its pidfile: one inside a container */
		CANDIDATE_POSSIBLE, /* nothing speaks against it */
		CANDIDATE_SURE,	    /* its pidfile names it */
	} rank;
};

static void candidate_clear(struct candidate *candidate)
{
	daemon_settings_clear(&candidate->command);
	daemon_settings_clear(&candidate->file);
	free(candidate->file_path);
	free(candidate->file_problem);
	*candidate = (struct candidate){ 0 };
}

/* A file that is not there is no problem: the engine does without. */
static int read_file(const char *root, struct candidate *candidate)
{
	const char *path = candidate->command.config_file ? candidate->command.config_file : ENGINE_DEFAULT_FILE;
	cleanup_free char *text = NULL;
	struct error err;
	size_t length;
	int r;

	candidate->file_path = strdup(path);
	if (!candidate->file_path)
		return -ENOMEM;
	r = verify_files_read(root, path, &text, &length, &err);
	if (r == -ENOENT)
		return 0;
	candidate->file_exists = true;
	if (r == 0) {
		r = daemon_settings_parse_file(text, length, &candidate->file, &err);
		if (r < 0)
			error_context(&err, r, "%s", path);
	}
	return r < 0 ? set_problem(&candidate->file_problem, err.text) : 0;
}

static bool same_place(const char *root, const char *a, const char *b)
{
	struct stat one, other;

	if (strcmp(a, b) == 0)
		return true;
	return verify_files_stat(root, a, &one, NULL) == 0 && verify_files_stat(root, b, &other, NULL) == 0 &&
	       one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

/* With user namespaces the engine keeps its data in a folder "UID.GID" of its data root. */
static size_t without_ids(const char *path)
{
	const char *slash = strrchr(path, '/');
	unsigned uid, gid;
	int end = 0;

	if (slash && slash > path && sscanf(slash, "/%9u.%9u%n", &uid, &gid, &end) == 2 && !slash[end])
		return (size_t)(slash - path);
	return strlen(path);
}

/* Whether an engine with these settings may be the one whose data are there. */
static int has_data(const char *root, const struct candidate *candidate, const char *data, bool *ret_has)
{
	const char *told = candidate->command.data_root ? candidate->command.data_root : candidate->file.data_root;
	char *stem;

	told = told ? told : ENGINE_DEFAULT_ROOT;
	*ret_has = same_place(root, told, data);
	if (*ret_has)
		return 0;
	stem = strndup(data, without_ids(data));
	if (!stem)
		return -ENOMEM;
	*ret_has = same_place(root, told, stem);
	free(stem);
	return 0;
}

/* A pidfile holds the number alone. */
static int rank_by_pidfile(const char *root, struct candidate *candidate)
{
	const char *path = candidate->command.pidfile ? candidate->command.pidfile : candidate->file.pidfile;
	cleanup_free char *text = NULL;
	size_t length;
	int r = verify_files_read(root, path ? path : ENGINE_DEFAULT_PIDFILE, &text, &length, NULL);

	if (r == -ENOMEM)
		return r;
	if (r < 0)
		candidate->rank = CANDIDATE_POSSIBLE;
	else
		candidate->rank = strtol(text, NULL, 10) == candidate->pid ? CANDIDATE_SURE : CANDIDATE_OTHER;
	return 0;
}

/* *ret_candidate has pid 0 where the process is no engine, or has just ended. */
static int look_at(const char *root, const char *pid, const char *data, struct candidate *ret_candidate)
{
	struct candidate candidate = { .pid = (pid_t)strtol(pid, NULL, 10) };
	cleanup_free char *text = NULL;
	char path[64];
	size_t length;
	bool has = true;
	int r;

	*ret_candidate = (struct candidate){ 0 };
	snprintf(path, sizeof(path), "/proc/%.20s/cmdline", pid);
	r = verify_files_read(root, path, &text, &length, NULL);
	if (r < 0 || !daemon_settings_is_engine(text, length))
		return r == -ENOMEM ? r : 0;
	r = daemon_settings_parse_command(text, length, &candidate.command);
	if (r == 0)
		r = read_file(root, &candidate);
	if (r == 0 && data)
		r = has_data(root, &candidate, data, &has);
	if (r == 0 && has)
		r = rank_by_pidfile(root, &candidate);
	if (r < 0)
		candidate_clear(&candidate);
	else
		*ret_candidate = candidate;
	return r;
}

struct search {
	struct candidate best;
	size_t seen;	/* processes that are named so */
	size_t as_good; /* … of the best one's rank */
};

/* Takes the candidate. */
static void compare(struct search *search, struct candidate *candidate)
{
	search->seen++;
	if (candidate->rank != CANDIDATE_OTHER && candidate->rank == search->best.rank)
		search->as_good++;
	if (candidate->rank <= search->best.rank) {
		candidate_clear(candidate);
		return;
	}
	candidate_clear(&search->best);
	search->best = *candidate;
	search->as_good = 1;
}

static int search_all(const char *root, const char *data, struct search *search, char **problem)
{
	cleanup_texts struct texts names = { 0 };
	struct error err;
	int r = verify_files_list(root, "/proc", &names, &err);

	if (r < 0)
		return set_problem(problem, err.text);
	for (size_t i = 0; i < names.count; i++) {
		struct candidate candidate;

		if (names.items[i][strspn(names.items[i], "0123456789")])
			continue;
		r = look_at(root, names.items[i], data, &candidate);
		if (r < 0)
			return r;
		if (candidate.pid)
			compare(search, &candidate);
	}
	return 0;
}

static int no_process(const struct search *search, const char *data, char **problem)
{
	char text[512];

	if (search->as_good > 1)
		snprintf(text, sizeof(text),
			 "%zu processes are named dockerd, and which of them is this engine cannot be told",
			 search->as_good);
	else if (search->seen && data)
		snprintf(text, sizeof(text), "no process named dockerd has its data in %.*s and its pidfile",
			 (int)utf8_cut(data, 300), data);
	else
		snprintf(text, sizeof(text), "no process named dockerd is seen here");
	return set_problem(problem, text);
}

/* Without a process the default file still tells what the next one will be told. */
static int find_process(const char *root, struct engine_facts *facts)
{
	struct search search = { 0 };
	int r = search_all(root, facts->api.root_dir, &search, &facts->process_problem);

	if (r == 0 && !facts->process_problem && search.as_good != 1) {
		candidate_clear(&search.best);
		r = no_process(&search, facts->api.root_dir, &facts->process_problem);
	}
	if (r == 0 && !search.best.pid)
		r = read_file(root, &search.best);
	if (r < 0) {
		candidate_clear(&search.best);
		return r;
	}
	facts->pid = search.best.pid;
	facts->command = search.best.command;
	facts->file = search.best.file;
	facts->file_path = search.best.file_path;
	facts->file_problem = search.best.file_problem;
	facts->file_exists = search.best.file_exists;
	return 0;
}

/* -- when it started */

/* btime is rounded to seconds, and the clock may have been set a little since. */
#define START_SLACK_S 2

static bool read_start(const char *root, pid_t pid, int64_t *ret_seconds)
{
	cleanup_free char *own = NULL, *host = NULL;
	char path[64];
	uint64_t ticks;
	int64_t boot;
	size_t length;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (verify_files_read(root, path, &own, &length, NULL) < 0 ||
	    verify_files_read(root, "/proc/stat", &host, &length, NULL) < 0 || !proc_parse_start(own, &ticks) ||
	    !proc_parse_boot(host, &boot))
		return false;
	*ret_seconds = boot + (int64_t)(ticks / (uint64_t)sysconf(_SC_CLK_TCK));
	return true;
}

static bool is_newer(const char *root, const struct engine_facts *facts)
{
	struct stat status;
	int64_t start;

	if (!facts->pid || !facts->file_exists)
		return false;
	return !read_start(root, facts->pid, &start) || verify_files_stat(root, facts->file_path, &status, NULL) < 0 ||
	       status.st_mtime > start + START_SLACK_S;
}

/* -- the sockets */

/* The TCP sockets of the process's network namespace that listen. */
static int read_listeners(const char *root, struct engine_facts *facts, struct error *err)
{
	static const char *const names[] = { "tcp", "tcp6" };
	int r = 0;

	for (size_t i = 0; i < 2 && r == 0; i++) {
		cleanup_free char *text = NULL;
		char path[64];
		size_t length;

		snprintf(path, sizeof(path), "/proc/%d/net/%s", (int)facts->pid, names[i]);
		r = verify_files_read(root, path, &text, &length, err);
		if (r == -ENOENT) {
			snprintf(path, sizeof(path), "/proc/net/%s", names[i]);
			r = verify_files_read(root, path, &text, &length, err);
		}
		if (r == -ENOENT && i == 1)
			return 0; /* a kernel without IPv6 */
		if (r == 0)
			r = proc_parse_listeners(text, i == 1, &facts->listeners, &facts->listener_count);
		if (r == -ENOMEM)
			error_oom(err);
	}
	return r;
}

/* Whether the process holds each of the sockets; the others are taken out. */
static int keep_own(const char *root, struct engine_facts *facts, struct error *err)
{
	cleanup_free bool *own = calloc(facts->listener_count + 1, sizeof(*own));
	cleanup_texts struct texts fds = { 0 };
	char folder[64];
	size_t kept = 0;
	int r;

	snprintf(folder, sizeof(folder), "/proc/%d/fd", (int)facts->pid);
	r = own ? verify_files_list(root, folder, &fds, err) : error_oom(err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < fds.count; i++) {
		char path[128], target[64];
		uint64_t inode;

		snprintf(path, sizeof(path), "%s/%.20s", folder, fds.items[i]);
		r = verify_files_link(root, path, target, sizeof(target), err);
		if (r == -ENOENT || r == -ENAMETOOLONG)
			continue; /* closed since; no socket */
		if (r < 0)
			return r;
		for (size_t j = 0; proc_parse_socket(target, &inode) && j < facts->listener_count; j++)
			own[j] = own[j] || facts->listeners[j].inode == inode;
	}
	for (size_t j = 0; j < facts->listener_count; j++) {
		if (own[j])
			facts->listeners[kept++] = facts->listeners[j];
	}
	facts->listener_count = kept;
	return 0;
}

static int find_listeners(const char *root, struct engine_facts *facts)
{
	struct error err;
	int r;

	if (!facts->pid)
		return set_problem(&facts->listeners_problem, facts->process_problem);
	r = read_listeners(root, facts, &err);
	if (r == 0)
		r = keep_own(root, facts, &err);
	if (r == 0)
		return 0;
	facts->listener_count = 0;
	return r == -ENOMEM ? r : set_problem(&facts->listeners_problem, err.text);
}

int engine_facts_read_host(const char *root, struct engine_facts *facts)
{
	int r = find_process(root, facts);

	if (r < 0)
		return r;
	facts->file_newer = is_newer(root, facts);
	return find_listeners(root, facts);
}

/* -- the API */

static int ask_engine(const struct verify *verify, struct engine_facts *facts)
{
	cleanup_free char *body = NULL;
	struct error err;
	size_t length;
	int r;

	if (!verify->client)
		return set_problem(&facts->api_problem,
				   verify->engine_error ? verify->engine_error : "the engine was not asked");
	r = docker_ask(verify->loop, verify->client, "/info", INFO_TIMEOUT_MS, &body, &length, &err);
	if (r == 0)
		r = docker_json_engine(body, length, &facts->api, &err);
	return r < 0 && r != -ENOMEM ? set_problem(&facts->api_problem, err.text) : r;
}

/* Another host's engine is told nothing by this host's files. */
static int not_here(struct engine_facts *facts)
{
	static const char text[] =
		"the engine is reached over TCP, so that this is its host is not known: run this there, "
		"with --docker unix:///var/run/docker.sock";

	if (set_problem(&facts->process_problem, text) < 0 || set_problem(&facts->listeners_problem, text) < 0 ||
	    set_problem(&facts->file_problem, text) < 0)
		return -ENOMEM;
	return 0;
}

void engine_facts_judge(struct verify *verify, void (*judge)(struct verify *, const struct engine_facts *))
{
	cleanup_engine_facts struct engine_facts facts = { 0 };
	int r = ask_engine(verify, &facts);

	if (r == 0)
		r = verify->client && docker_client_remote(verify->client)
			    ? not_here(&facts)
			    : engine_facts_read_host(verify->root, &facts);
	if (r < 0)
		verify->out_of_memory = true;
	else
		judge(verify, &facts);
}

void engine_facts_clear(struct engine_facts *facts)
{
	docker_engine_clear(&facts->api);
	daemon_settings_clear(&facts->command);
	daemon_settings_clear(&facts->file);
	free(facts->listeners);
	free(facts->api_problem);
	free(facts->process_problem);
	free(facts->listeners_problem);
	free(facts->file_problem);
	free(facts->file_path);
	*facts = (struct engine_facts){ 0 };
}

const char *engine_facts_settings_problem(const struct engine_facts *facts)
{
	return facts->process_problem ? facts->process_problem : facts->file_problem;
}

const char *engine_facts_data_root(const struct engine_facts *facts)
{
	const char *told = engine_facts_setting(facts, data_root);

	if (facts->api.root_dir)
		return facts->api.root_dir;
	return told ? told : ENGINE_DEFAULT_ROOT;
}
