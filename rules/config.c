/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <fnmatch.h>
#include <string.h>

struct config *config_new(void)
{
	cleanup_of(config) struct config *config = calloc(1, sizeof(*config));

	if (!config)
		return NULL;
	config->flows = strdup(CONFIG_DEFAULT_FLOWS);
	config->state = strdup(CONFIG_DEFAULT_STATE);
	if (!config->flows || !config->state)
		return NULL;
	config->mode = FLOW_MODE_ENFORCE;
	config->boundary = (struct flow_boundaries){ FLOW_BOUNDARY_OPEN, FLOW_BOUNDARY_OPEN, FLOW_BOUNDARY_OPEN };
	config->mark = CONFIG_DEFAULT_MARK;
	config->repair = true;
	config->owner = true;
	config->log = CONFIG_LOG_INFO;
	return steal(config);
}

void config_free(struct config *config)
{
	if (!config)
		return;
	free(config->docker);
	free(config->flows);
	free(config->state);
	free(config->metrics);
	for (size_t i = 0; i < config->exclude_count; i++)
		free(config->exclude[i]);
	free(config->exclude);
	free(config->dns);
	for (size_t i = 0; i < config->verify.docker_group_count; i++)
		free(config->verify.docker_group[i]);
	free(config->verify.docker_group);
	free(config->verify.engine_minimum);
	free(config);
}

/* As `docker network ls` shows it, or longer. */
#define ID_SHORTEST 12
#define ID_LONGEST  64

static bool is_id(const char *entry)
{
	size_t digits = strspn(entry, "0123456789abcdef");

	return !entry[digits] && digits >= ID_SHORTEST && digits <= ID_LONGEST;
}

static bool excludes(const char *entry, const char *network_name, const char *network_id)
{
	if (is_id(entry))
		return strncmp(network_id, entry, strlen(entry)) == 0;
	return fnmatch(entry, network_name, 0) == 0;
}

bool config_manages(const struct config *config, const char *network_name, const char *network_id)
{
	for (size_t i = 0; i < config->exclude_count; i++) {
		if (excludes(config->exclude[i], network_name, network_id))
			return false;
	}
	return true;
}
