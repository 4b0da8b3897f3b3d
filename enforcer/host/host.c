/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "flow_files_read.h"
#include "log.h"
#include "trust.h"

const char *host_config_file(const struct options *options)
{
	return options->config ? options->config : CONFIG_DEFAULT_FILE;
}

void host_print_diagnostics(const struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < diagnostics->count; i++) {
		const struct diagnostic *item = &diagnostics->items[i];

		fprintf(stderr, "%s:%u:%u: %s: %s\n", item->file, item->line, item->column,
			item->severity == DIAGNOSTIC_ERROR ? "error" : "warning", item->text);
	}
	if (diagnostics->out_of_memory)
		fprintf(stderr, "bulkhead: out of memory: not every problem is shown\n");
}

static int set_text(char **field, const char *value)
{
	char *copy;

	if (!value)
		return 0;
	copy = strdup(value);
	if (!copy)
		return -ENOMEM;
	free(*field);
	*field = copy;
	return 0;
}

/* Command line over file over default. */
static int lay_over(const struct options *options, struct config *config, struct error *err)
{
	if (set_text(&config->docker, options->docker) < 0 || set_text(&config->flows, options->flows) < 0 ||
	    set_text(&config->state, options->state) < 0)
		return error_oom(err);
	if (options->verbose)
		config->log = CONFIG_LOG_DEBUG;
	log_level(config->log);
	return 0;
}

int host_open_defaults(const struct options *options, struct host *ret_host, struct error *err)
{
	cleanup_of(config) struct config *config = config_new();
	int r;

	if (!config)
		return error_oom(err);
	r = lay_over(options, config, err);
	if (r < 0)
		return r;
	*ret_host = (struct host){ .options = options, .config = steal(config) };
	return 0;
}

/* The configuration in the file; NULL if the default one does not exist. */
static int read_config(const struct options *options, struct config **ret_config, struct error *err)
{
	const char *file = host_config_file(options);
	struct diagnostics diagnostics = { 0 };
	cleanup_free char *text = NULL;
	size_t length;
	int r;

	if (!options->config && access(file, F_OK) < 0 && errno == ENOENT) {
		*ret_config = NULL;
		return 0;
	}
	r = trust_path(file, err);
	if (r < 0)
		return error_context(err, r, "the configuration %s is not read", file);
	r = flow_files_read(file, &text, &length, &diagnostics);
	if (r == 0)
		r = config_parse(file, text, length, &diagnostics, ret_config);
	host_print_diagnostics(&diagnostics);
	diagnostics_clear(&diagnostics);
	return r < 0 ? error_set(err, r, "the configuration %s cannot be used", file) : 0;
}

int host_open(const struct options *options, struct host *ret_host, struct error *err)
{
	cleanup_of(config) struct config *config = NULL;
	int r = read_config(options, &config, err);

	if (r < 0)
		return r;
	if (!config)
		return host_open_defaults(options, ret_host, err);
	r = lay_over(options, config, err);
	if (r < 0)
		return r;
	*ret_host = (struct host){ .options = options, .config = steal(config) };
	return 0;
}

void host_clear(struct host *host)
{
	config_free(host->config);
	host->config = NULL;
}

int host_load_flows(const struct host *host, struct flow_files **ret_files, struct error *err)
{
	const char *path = host->config->flows;
	struct diagnostics diagnostics = { 0 };
	int r;

	if (!host->options->flows && access(path, F_OK) < 0 && errno == ENOENT) {
		log_warning("%s does not exist: no flow is declared, all containers are closed to each other", path);
		r = flow_files_load(NULL, 0, &diagnostics, ret_files, err);
	} else {
		r = flow_files_load_trusted(path, &diagnostics, ret_files, err);
	}
	if (r == 0 && flow_files_explain(*ret_files, &diagnostics) < 0) {
		flow_files_free(*ret_files);
		*ret_files = NULL;
		r = error_oom(err);
	}
	host_print_diagnostics(&diagnostics);
	diagnostics_clear(&diagnostics);
	return r;
}
