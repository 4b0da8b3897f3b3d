/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What GET /info says of the engine's own settings, as far as the audit asks.  Pure, like docker_json. */
#ifndef BULKHEAD_DOCKER_JSON_AUDIT_H
#define BULKHEAD_DOCKER_JSON_AUDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"
#include "texts.h"

struct docker_engine {
	char *root_dir;			  /* DockerRootDir, or NULL */
	bool options_known;		  /* SecurityOptions is there, and with it the next two */
	bool userns, rootless;		  /* name=userns, name=rootless */
	bool registries_known;		  /* RegistryConfig is there, and nothing in it of another kind than expected */
	struct texts insecure_registries; /* names and ranges, sorted, without the engine's own for the host itself */
};

/* GET /info; text has a NUL at text[length]. */
int docker_json_engine(const char *text, size_t length, struct docker_engine *ret_engine, struct error *err);
void docker_engine_clear(struct docker_engine *engine);

#endif
