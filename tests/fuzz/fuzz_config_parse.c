/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a configuration: refused with reasons, or one that keeps what config.h promises. */
#include <stdint.h>

#include "config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diagnostics diagnostics = { 0 };
	struct config *config = NULL;

	if (config_parse("fuzz.json", (const char *)data, size, &diagnostics, &config) == 0) {
		require(diagnostics.errors == 0);
		require(config->flows[0] == '/' && config->state[0] == '/');
		require(config->mode != FLOW_MODE_DEFAULT && config->boundary.ingress != FLOW_BOUNDARY_DEFAULT);
		require((config->mark & (config->mark - 1)) == 0 && config->log <= CONFIG_LOG_DEBUG);
		for (size_t i = 0; i < config->dns_count; i++)
			require(config->dns[i].family == ADDRESS_IPV4 || config->dns[i].family == ADDRESS_IPV6);
		config_manages(config, "bridge", "");
	} else {
		require(diagnostics.errors > 0 && !config);
	}
	diagnostics_clear(&diagnostics);
	config_free(config);
	return 0;
}
