/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine_facts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int engine_facts_set_text(char **place, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return -ENOMEM;
	free(*place);
	*place = copy;
	return 0;
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

const char *engine_facts_where(const struct engine_facts *facts, bool command, char *text, size_t size)
{
	if (command)
		snprintf(text, size, "on the command line of dockerd (pid %d)", (int)facts->pid);
	else
		snprintf(text, size, "in %s", facts->file_path ? facts->file_path : ENGINE_DEFAULT_FILE);
	return text;
}
