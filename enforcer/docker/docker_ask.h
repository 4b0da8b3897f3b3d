/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One question to the engine, waited for: for commands that ask and end, never within the service. */
#ifndef BULKHEAD_DOCKER_ASK_H
#define BULKHEAD_DOCKER_ASK_H

#include <stddef.h>

#include "docker_client.h"
#include "error.h"
#include "json_sieve.h"
#include "loop.h"

/* GET path, at most timeout_ms; of the answer what the rules keep (NULL: all).  *ret_body is the caller's and has a NUL
 * at ret_body[*ret_length].  Runs the loop, so nothing else may be under way in it.  -EHOSTUNREACH where no whole
 * answer came, -ENOENT for 404, -EACCES for 401 and 403, -EPROTO for any other status than 200; the error holds what
 * the engine says of it. */
int docker_ask(struct loop *loop, struct docker_client *client, const char *path, const struct json_sieve_rules *rules,
	       unsigned timeout_ms, char **ret_body, size_t *ret_length, struct error *err);

#endif
