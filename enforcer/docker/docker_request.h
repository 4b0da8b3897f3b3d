/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One request to the engine, as whoever sent it through docker_client sees it. */
#ifndef BULKHEAD_DOCKER_REQUEST_H
#define BULKHEAD_DOCKER_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json_sieve.h"

struct docker_request;

struct docker_response {
	int status;	      /* HTTP status; 0 if there was none, then `error` says why */
	const char *body;     /* NUL-terminated */
	size_t length;	      /* without the terminator */
	const char *error;    /* NULL when a response with any status arrived whole */
	uint64_t sent_ns;     /* CLOCK_MONOTONIC when the request was started */
	uint64_t received_ns; /* … and when the response was whole */
};
typedef void docker_response_fn(const struct docker_response *response, void *data);

/* A stream's lines as they arrive, without the newline.  Returns false to end the stream. */
typedef bool docker_line_fn(const char *line, size_t length, void *data);

/* Only what the rules keep of a 200's body is kept, and counts for limits: of a stream, value by value as its lines. To
 * be called before the loop runs.  Borrows the rules.  0 or -ENOMEM. */
int docker_request_sift(struct docker_request *request, const struct json_sieve_rules *rules);

/* Accepts NULL.  No callback comes after it.  The request must not have called done yet. */
void docker_request_cancel(struct docker_request *request);

#endif
