/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which process is the engine.  Anybody can name a process dockerd, in a container too, and give it whatever command
 * line he likes.  So the kernel's word counts first: who listens at the socket that was asked, in which namespaces a
 * process lives, as which user.  What it says of itself is looked at only after that.
 */
#include "engine_process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "utf8.h"
#include "audit_files.h"

/* A process that is named dockerd; how sure it is that it is the engine that we ask. */
struct candidate {
	pid_t pid;
	char *root; /* see struct engine_facts */
	bool apart;
	struct daemon_settings command, file;
	char *root_problem, *file_path, *file_problem;
	bool file_exists;
	enum {
		CANDIDATE_OTHER,       /* it has other data, or another process has its pidfile */
		CANDIDATE_APART,       /* nothing speaks against it but that it has mounts of its own */
		CANDIDATE_APART_NAMED, /* … and its pidfile names it */
		CANDIDATE_POSSIBLE,    /* nothing speaks against it */
		CANDIDATE_NAMED,       /* its pidfile names it */
		CANDIDATE_PEER,	       /* it listens at the socket */
	} rank;
};

static void candidate_clear(struct candidate *candidate)
{
	daemon_settings_clear(&candidate->command);
	daemon_settings_clear(&candidate->file);
	free(candidate->root);
	free(candidate->root_problem);
	free(candidate->file_path);
	free(candidate->file_problem);
	*candidate = (struct candidate){ 0 };
}

/* -- where its files are */

static const char *proc_path(pid_t pid, const char *name, char path[64])
{
	snprintf(path, 64, "/proc/%d/%s", (int)pid, name);
	return path;
}

/* Whether two processes' namespaces are the same; a kernel that has none of the kind has but one.  Negative errno where
 * it cannot be told. */
static int same_namespace(const char *root, const char *own, const char *other, struct error *err)
{
	char one[64], two[64];
	int r = audit_files_link(root, own, one, sizeof(one), err);

	if (r == 0)
		r = audit_files_link(root, other, two, sizeof(two), err);
	if (r == -ENOENT)
		return 1;
	return r < 0 ? r : strcmp(one, two) == 0;
}

/* Where it cannot be told whether they are the host's, they are looked for there; then that is a problem of the file's,
 * too. */
static int find_root(const char *root, struct candidate *candidate)
{
	char path[64], link[4096];
	struct error err;
	int same = same_namespace(root, root[0] ? "/proc/1/ns/mnt" : "/proc/self/ns/mnt",
				  proc_path(candidate->pid, "ns/mnt", path), &err);
	int r = 0;

	if (same > 0) {
		r = audit_files_link(root, proc_path(candidate->pid, "root", path), link, sizeof(link), &err);
		same = r < 0 ? (r == -ENOENT ? 1 : r) : strcmp(link, "/") == 0;
	}
	candidate->apart = same == 0;
	if (same < 0 && (engine_facts_set_text(&candidate->file_problem, err.text) < 0 ||
			 engine_facts_set_text(&candidate->root_problem, err.text) < 0))
		return -ENOMEM;
	if (!candidate->apart)
		return engine_facts_set_text(&candidate->root, root);
	r = asprintf(&candidate->root, "%s/proc/%d/root", root, (int)candidate->pid);
	if (r < 0)
		candidate->root = NULL;
	return r < 0 ? -ENOMEM : 0;
}

int engine_process_path(const char *root, pid_t pid, const char *path, char **ret_path, struct error *err)
{
	char link[64], folder[4096];
	int r;

	if (path[0] == '/' || !pid) {
		*ret_path = strdup(path);
		return *ret_path ? 0 : error_oom(err);
	}
	r = audit_files_link(root, proc_path(pid, "cwd", link), folder, sizeof(folder), err);
	if (r < 0 || folder[0] != '/')
		return error_set(err, -EXDEV, "%s is relative to a folder that is not known: %s", path,
				 r < 0 ? strerror(-r) : folder);
	if (asprintf(ret_path, "%s/%s", folder[1] ? folder : "", path) < 0)
		return error_oom(err);
	return 0;
}

/* -- what it was told */

/* A file that is not there is no problem: the engine does without. */
static int read_file(struct candidate *candidate, const char *root)
{
	const char *told = candidate->command.config_file ? candidate->command.config_file : ENGINE_DEFAULT_FILE;
	cleanup_free char *text = NULL;
	struct error err;
	size_t length;
	int r = engine_process_path(root, candidate->pid, told, &candidate->file_path, &err);

	if (r == -EXDEV && !(candidate->file_path = strdup(told)))
		return -ENOMEM;
	if (r == 0)
		r = audit_files_read(candidate->root, candidate->file_path, &text, &length, &err);
	if (r == -ENOENT)
		return 0;
	if (r == -ENOMEM)
		return r;
	candidate->file_exists = true;
	if (r == 0) {
		r = daemon_settings_parse_file(text, length, &candidate->file, &err);
		if (r < 0)
			error_context(&err, r, "%s", candidate->file_path);
	}
	return r < 0 ? engine_facts_set_text(&candidate->file_problem, err.text) : 0;
}

/* -- whether it is the one */

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
static int has_data(const struct candidate *candidate, const char *data, bool *ret_has)
{
	const char *told = candidate->command.data_root ? candidate->command.data_root : candidate->file.data_root;
	char *stem;

	told = told ? told : ENGINE_DEFAULT_ROOT;
	*ret_has = audit_files_same(candidate->root, told, data);
	if (*ret_has)
		return 0;
	stem = strndup(data, without_ids(data));
	if (!stem)
		return -ENOMEM;
	*ret_has = audit_files_same(candidate->root, told, stem);
	free(stem);
	return 0;
}

/* A pidfile holds the number alone. */
static int rank_by_pidfile(struct candidate *candidate)
{
	const char *path = candidate->command.pidfile ? candidate->command.pidfile : candidate->file.pidfile;
	cleanup_free char *text = NULL;
	size_t length;
	int r = audit_files_read(candidate->root, path ? path : ENGINE_DEFAULT_PIDFILE, &text, &length, NULL);
	bool named = r == 0 && strtol(text, NULL, 10) == candidate->pid;

	if (r == -ENOMEM)
		return r;
	if (r == 0 && !named)
		candidate->rank = CANDIDATE_OTHER;
	else if (candidate->apart)
		candidate->rank = named ? CANDIDATE_APART_NAMED : CANDIDATE_APART;
	else
		candidate->rank = named ? CANDIDATE_NAMED : CANDIDATE_POSSIBLE;
	return 0;
}

/* What the kernel says of who it is; false: it is no engine of this host, whatever it is named. */
static bool is_of_host(const char *root, pid_t pid)
{
	cleanup_free char *text = NULL;
	unsigned depth;
	char path[64];
	size_t length;
	uid_t user;

	return audit_files_read(root, proc_path(pid, "status", path), &text, &length, NULL) == 0 &&
	       proc_parse_status(text, &user, &depth) && user == 0 && depth == 0;
}

/* Fills in all but the rank.  *ret_named is false where the process is no engine, or has just ended. */
static int look_at(const char *root, struct candidate *candidate, bool *ret_named)
{
	cleanup_free char *text = NULL;
	char path[64];
	size_t length;
	int r = audit_files_read(root, proc_path(candidate->pid, "cmdline", path), &text, &length, NULL);

	*ret_named = r == 0 && daemon_settings_is_engine(text, length);
	if (!*ret_named)
		return r == -ENOMEM ? r : 0;
	r = daemon_settings_parse_command(text, length, &candidate->command);
	if (r == 0)
		r = find_root(root, candidate);
	return r == 0 ? read_file(candidate, root) : r;
}

struct search {
	const char *root, *data;
	struct candidate best;
	size_t seen;	/* processes that are named so */
	size_t foreign; /* … in containers, or of other users than root */
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

static bool is_named_so(const char *root, pid_t pid)
{
	cleanup_free char *text = NULL;
	char path[64];
	size_t length;

	return audit_files_read(root, proc_path(pid, "cmdline", path), &text, &length, NULL) == 0 &&
	       daemon_settings_is_engine(text, length);
}

static int consider(struct search *search, pid_t pid)
{
	struct candidate candidate = { .pid = pid };
	bool named, has = true;
	int r;

	if (!is_of_host(search->root, pid)) {
		search->foreign += is_named_so(search->root, pid);
		return 0;
	}
	r = look_at(search->root, &candidate, &named);
	if (r == 0 && named && search->data)
		r = has_data(&candidate, search->data, &has);
	if (r == 0 && named && has)
		r = rank_by_pidfile(&candidate);
	if (r < 0 || !named)
		candidate_clear(&candidate);
	else
		compare(search, &candidate);
	return r;
}

static int search_all(struct search *search, char **problem)
{
	cleanup_texts struct texts names = { 0 };
	struct error err;
	int r = audit_files_list(search->root, "/proc", &names, &err);

	if (r < 0)
		return engine_facts_set_text(problem, err.text);
	for (size_t i = 0; r == 0 && i < names.count; i++) {
		if (!names.items[i][strspn(names.items[i], "0123456789")])
			r = consider(search, (pid_t)strtol(names.items[i], NULL, 10));
	}
	return r;
}

/* Who listens at the socket is the engine, unless that is systemd or a proxy before it; then *ret_is is false. */
static int take_peer(struct search *search, pid_t peer, bool *ret_is, char **problem)
{
	struct candidate candidate = { .pid = peer, .rank = CANDIDATE_PEER };
	cleanup_free char *text = NULL;
	unsigned depth = 0;
	char path[64];
	size_t length;
	uid_t user;
	int r = look_at(search->root, &candidate, ret_is);

	if (r < 0 || !*ret_is) {
		candidate_clear(&candidate);
		return r;
	}
	if (audit_files_read(search->root, proc_path(peer, "status", path), &text, &length, NULL) == 0 &&
	    proc_parse_status(text, &user, &depth) && depth > 0) {
		candidate_clear(&candidate);
		return engine_facts_set_text(problem,
					     "the engine runs in a container, so that this is not its host: run "
					     "this in there");
	}
	compare(search, &candidate);
	return 0;
}

static int no_process(const struct search *search, char **problem)
{
	char text[512], foreign[128] = "";

	if (search->foreign)
		snprintf(foreign, sizeof(foreign), " (%zu in containers, or of other users than root, not counted)",
			 search->foreign);
	if (search->as_good > 1)
		snprintf(text, sizeof(text),
			 "%zu processes are named dockerd, and which of them is this engine cannot be told",
			 search->as_good);
	else if (search->seen && search->data)
		snprintf(text, sizeof(text),
			 "a process named dockerd is seen, but none whose data are in %.*s, or its pidfile names "
			 "another%s",
			 (int)utf8_cut(search->data, 200), search->data, foreign);
	else if (search->seen)
		snprintf(text, sizeof(text), "a process named dockerd is seen, but its pidfile names another%s",
			 foreign);
	else
		snprintf(text, sizeof(text), "no process named dockerd is seen here%s", foreign);
	return engine_facts_set_text(problem, text);
}

/* Without a process the default file still tells what the next one will be told. */
int engine_process_find(const char *root, struct engine_facts *facts)
{
	struct search search = { .root = root, .data = facts->api.root_dir };
	bool is = false;
	int r = facts->peer ? take_peer(&search, facts->peer, &is, &facts->process_problem) : 0;

	if (r == 0 && !is)
		r = search_all(&search, &facts->process_problem);
	if (r == 0 && !facts->process_problem && search.as_good != 1) {
		candidate_clear(&search.best);
		r = no_process(&search, &facts->process_problem);
	}
	if (r == 0 && !search.best.pid)
		r = engine_facts_set_text(&search.best.root, root) < 0 ? -ENOMEM : read_file(&search.best, root);
	if (r < 0) {
		candidate_clear(&search.best);
		return r;
	}
	facts->pid = search.best.pid;
	facts->root = search.best.root;
	facts->root_problem = search.best.root_problem;
	facts->apart = search.best.apart;
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
	if (audit_files_read(root, path, &own, &length, NULL) < 0 ||
	    audit_files_read(root, "/proc/stat", &host, &length, NULL) < 0 || !proc_parse_start(own, &ticks) ||
	    !proc_parse_boot(host, &boot))
		return false;
	*ret_seconds = boot + (int64_t)(ticks / (uint64_t)sysconf(_SC_CLK_TCK));
	return true;
}

bool engine_process_is_older(const char *root, const struct engine_facts *facts, const char *path)
{
	struct stat status;
	int64_t start;

	/* A file's own time of writing can be set at will, that of its inode's change cannot. */
	return !read_start(root, facts->pid, &start) || audit_files_stat(facts->root, path, &status, NULL) < 0 ||
	       status.st_mtime > start + START_SLACK_S || status.st_ctime > start + START_SLACK_S;
}
