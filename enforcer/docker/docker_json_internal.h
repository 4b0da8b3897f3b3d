/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of docker_json alone: what they all ask of a JSON document. */
#ifndef BULKHEAD_DOCKER_JSON_INTERNAL_H
#define BULKHEAD_DOCKER_JSON_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "cleanup.h"
#include "error.h"
#include "inventory.h"

static inline void cleanup_cJSON_p(cJSON **p)
{
	cJSON_Delete(*p);
}

/* The whole text as one document; `what` it is about, for the error.  The root is the caller's. */
int docker_json_parse(const char *text, size_t length, const char *what, cJSON **ret_root, struct error *err);

/* -EPROTO unless root is an object. */
int docker_json_object(const cJSON *root, const char *what, struct error *err);

/* Whether the item is its parent's member of that name. */
bool docker_json_is(const cJSON *item, const char *name);

/* The item's text, or NULL if it is none.  Accepts NULL. */
const char *docker_json_string(const cJSON *item);

/* Replaces *text by a copy of the item's; leaves it alone if that is none.  0 or -ENOMEM. */
int docker_json_copy(char **text, const cJSON *item);
int docker_json_set(char **text, const char *value);

/* Not empty and no longer than an id can be. */
bool docker_json_id_valid(const char *id);

/* How many the array has.  -EPROTO if it is none. */
int docker_json_count(const cJSON *array, const char *what, size_t *ret_count, struct error *err);

/* A container's Ports, as GET /containers/json has them and as GET /containers/ID/json does.  0 or -ENOMEM. */
int docker_json_listed_ports(const cJSON *ports, struct container *container);
int docker_json_inspected_ports(const cJSON *ports, struct container *container);

/* What it publishes whenever it starts: of its HostConfig, as GET /containers/ID/json has it.  0 or -ENOMEM. */
int docker_json_bindings(const cJSON *config, struct container *container);

#endif
