/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service_reload.h"

#include <string.h>

#include "log.h"

static bool differ(const char *a, const char *b)
{
	return (a == NULL) != (b == NULL) || (a && strcmp(a, b) != 0);
}

static void say_what_needs_a_restart(const struct config *before, const struct config *after)
{
	if (differ(before->docker, after->docker))
		log_warning("\"docker\" changed: that needs a restart");
	if (differ(before->state, after->state))
		log_warning("\"state\" changed: that needs a restart");
	if (differ(before->metrics, after->metrics))
		log_warning("\"metrics\" changed: that needs a restart");
	if (before->owner != after->owner)
		log_warning("\"owner\" changed: that needs a restart");
}

/* The new configuration; NULL if the file is broken: then the old one stays. */
static struct config *next_config(const struct host *host)
{
	struct host next = { 0 };
	struct error err;

	if (host_open(host->options, &next, &err) < 0) {
		log_error("%s: the last good one stays", err.text);
		return NULL;
	}
	say_what_needs_a_restart(host->config, next.config);
	return next.config;
}

int service_reload(struct host *host, struct reconciler *reconciler, struct flow_files **ret_files, struct error *err)
{
	cleanup_of(flow_files) struct flow_files *files = NULL;
	cleanup_of(config) struct config *config = next_config(host);
	struct host next = { .options = host->options, .config = config ? config : host->config };
	size_t kept = 0;
	int r;

	r = host_load_flows(&next, &files, err);
	if (r == 0)
		r = flow_files_keep(files, reconciler_flows(reconciler), &kept, err);
	if (r < 0)
		return r;
	if (kept)
		log_warning("%zu app%s the last good flows", kept, kept == 1 ? " keeps" : "s keep");
	r = reconciler_set_flows(reconciler, next.config, steal(files->set), err);
	if (r < 0)
		return r;
	if (config) {
		config_free(host->config);
		host->config = steal(config);
	}
	*ret_files = steal(files);
	return 0;
}
