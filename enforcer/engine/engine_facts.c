/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine_facts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine_internal.h"
#include "verify_files.h"

int engine_facts_set_text(char **place, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return -ENOMEM;
	free(*place);
	*place = copy;
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

bool engine_is_newer(const char *root, const struct engine_facts *facts, const char *path)
{
	struct stat status;
	int64_t start;

	/* A file's own time of writing can be set at will, that of its inode's change cannot. */
	return !read_start(root, facts->pid, &start) || verify_files_stat(facts->root, path, &status, NULL) < 0 ||
	       status.st_mtime > start + START_SLACK_S || status.st_ctime > start + START_SLACK_S;
}

int engine_facts_read_host(const char *root, struct engine_facts *facts)
{
	int r = engine_process_find(root, facts);

	if (r < 0)
		return r;
	facts->file_newer = facts->pid && facts->file_exists && engine_is_newer(root, facts, facts->file_path);
	r = engine_tls_find(root, facts);
	return r == 0 ? engine_sockets_find(root, facts) : r;
}

static void tls_file_clear(struct engine_tls_file *file)
{
	free(file->problem);
	free(file->path);
}

void engine_facts_clear(struct engine_facts *facts)
{
	docker_engine_clear(&facts->api);
	daemon_settings_clear(&facts->command);
	daemon_settings_clear(&facts->file);
	texts_clear(&facts->unix_listeners);
	texts_clear(&facts->activated);
	tls_file_clear(&facts->tls_ca);
	tls_file_clear(&facts->tls_cert);
	tls_file_clear(&facts->tls_key);
	free(facts->listeners);
	free(facts->api_problem);
	free(facts->process_problem);
	free(facts->listeners_problem);
	free(facts->file_problem);
	free(facts->file_path);
	free(facts->socket_unit);
	free(facts->root);
	free(facts->root_problem);
	*facts = (struct engine_facts){ 0 };
}

void engine_facts_free(struct engine_facts *facts)
{
	if (!facts)
		return;
	engine_facts_clear(facts);
	free(facts);
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
