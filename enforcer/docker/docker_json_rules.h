/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What docker_json's readers use of each of the engine's answers, for json_sieve. */
#ifndef BULKHEAD_DOCKER_JSON_RULES_H
#define BULKHEAD_DOCKER_JSON_RULES_H

#include "json_sieve.h"

enum docker_json_answer {
	DOCKER_JSON_VERSION,
	DOCKER_JSON_INFO,
	DOCKER_JSON_CONTAINERS,
	DOCKER_JSON_CONTAINER,
	DOCKER_JSON_NETWORKS,
	DOCKER_JSON_NETWORK,
	DOCKER_JSON_EVENTS,
	DOCKER_JSON_EXPOSURE,
	DOCKER_JSON_VOLUMES,
	DOCKER_JSON_ANSWERS,
};

const struct json_sieve_rules *docker_json_rules(enum docker_json_answer answer);

#endif
