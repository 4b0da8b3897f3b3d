/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of docker_client, for its files alone: a client's requests, what has come in of each, and the queue of
 * those that have something to tell.  Nothing here calls our callers.
 */
#ifndef BULKHEAD_DOCKER_CLIENT_TRANSFER_H
#define BULKHEAD_DOCKER_CLIENT_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "cleanup.h"
#include "docker_client_address.h"
#include "docker_request.h"
#include "error.h"
#include "json_sieve.h"
#include "loop.h"

#define DOCKER_BODY_MAX (64u * 1024 * 1024)
/* An event holds all labels of its container, with up to six bytes for one. */
#define DOCKER_LINE_MAX		(4u * 1024 * 1024)
#define DOCKER_STREAM_ERROR_MAX (64u * 1024) /* body of an answer to a stream that is no stream */
#define DOCKER_BUFFER_START	(16u * 1024) /* what a request has for its answer at first */
#define DOCKER_VERSION_SIZE	16
#define DOCKER_PROBLEM_SIZE	256 /* CURL_ERROR_SIZE */

struct docker_request {
	struct docker_client *client;
	struct docker_request *next, *previous; /* of the client's */
	struct docker_request *next_ready;
	void *easy;	      /* curl's handle */
	bool attached;	      /* to the client's multi handle */
	char *path;	      /* for messages */
	docker_line_fn *line; /* NULL unless it is a stream */
	void (*opened)(void *);
	docker_response_fn *done;
	void *data;
	char *buffer; /* the body, or what of a stream is not delivered yet */
	size_t length, size, limit;
	struct json_sieve *sieve; /* through which a 200's body goes, or NULL */
	struct error sieve_error;
	size_t incomplete;   /* bytes after a stream's last newline, as they came */
	const char *problem; /* why there is no whole answer, or NULL */
	long status;
	bool headers;	/* they are whole */
	bool announced; /* … and opened was called */
	bool ready;	/* in the queue */
	bool finished;
	char curl_error[DOCKER_PROBLEM_SIZE];
	uint64_t sent_ns, received_ns;
};

/* How much of the path messages show: the query says nothing to people. */
static inline int docker_request_shown(const struct docker_request *request)
{
	return (int)strcspn(request->path, "?");
}

struct docker_client {
	struct loop *loop;
	struct docker_address *address;
	char version[DOCKER_VERSION_SIZE];
	void *multi; /* curl's handle */
	struct loop_timer *timer;
	struct docker_request *requests;
	struct docker_request *first_ready, **last_ready;
	struct docker_request *serving; /* whose callback runs; NULL once that has cancelled it */
	bool dispatching;
	bool freed; /* by a callback */
};

/* A 200 to a stream's request: what comes are lines. */
bool docker_request_is_stream(const struct docker_request *request);

/* Keeps bytes of the body, or what its sieve leaves of them.  False, with request->problem, if they are too many. */
bool docker_request_keep(struct docker_request *request, const char *bytes, size_t count);

/* There is something to tell of the request: it is served at the next dispatch. */
void docker_request_queue(struct docker_request *request);

/* No more comes.  problem: NULL if the answer is whole; it must live as long as the request. */
void docker_request_finish(struct docker_request *request, const char *problem);

/* The first of the queue, which is no longer in it; NULL when it is empty. */
struct docker_request *docker_request_next_ready(struct docker_client *client);

/* Into the client's list; out of it and out of the queue. */
void docker_request_link(struct docker_request *request);
void docker_request_unlink(struct docker_request *request);

/* After this no callback of curl's comes for it. */
void docker_request_detach(struct docker_request *request);

/* Accepts NULL. */
void docker_request_free(struct docker_request *request);
CLEANUP_DEFINE(docker_request, docker_request_free)

#endif
