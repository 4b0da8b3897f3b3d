/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Callbacks may start requests, cancel any, the one that is being served too, and free the client.  So after each of
 * them nothing is believed of the request but client->serving, which a cancel clears, and nothing of the client but
 * client->freed.
 */
#include "docker_client_deliver.h"

#include <stdlib.h>
#include <string.h>

#include "docker_client_transfer.h"

/* Takes the request apart and calls done: after this it is gone, as is the client if the callback wants. */
static void deliver_done(struct docker_request *request)
{
	cleanup_of(docker_request) struct docker_request *owned = request;
	struct docker_client *client = request->client;
	struct docker_response response = { .body = "",
					    .sent_ns = request->sent_ns,
					    .received_ns = request->received_ns };
	struct error error;

	if (request->problem) {
		error_set(&error, 0, "%s: GET %.*s: %s", client->address->url, docker_request_shown(request),
			  request->path, request->problem);
		response.error = error.text;
	} else {
		response.status = (int)request->status;
		if (!docker_request_is_stream(request) && request->buffer) {
			response.body = request->buffer;
			response.length = request->length;
		}
	}
	/* Nobody can find it any more, should the callback free the client. */
	docker_request_detach(owned);
	docker_request_unlink(owned);
	client->serving = NULL;
	owned->done(&response, owned->data);
}

/* The lines that are whole, and at a clean end the last one without its newline.  *ret_more: the reader wants others.
 * False if a callback has cancelled the request. */
static bool deliver_lines(struct docker_request *request, bool *ret_more)
{
	struct docker_client *client = request->client;
	size_t start = 0;
	bool more = true;

	while (more && start < request->length) {
		char *line = request->buffer + start;
		char *newline = memchr(line, '\n', request->length - start);
		size_t length = newline ? (size_t)(newline - line) : request->length - start;

		if (!newline && (!request->finished || request->problem))
			break;
		line[length] = '\0';
		start += newline ? length + 1 : length;
		if (!length)
			continue;
		more = request->line(line, length, request->data);
		if (client->serving != request)
			return false;
	}
	request->length -= start;
	if (start)
		memmove(request->buffer, request->buffer + start, request->length);
	/* A stream lives for months: what a thousand events at once took is not kept until the next thousand. */
	if (!request->length && request->size > DOCKER_BUFFER_START) {
		free(steal(request->buffer));
		request->size = 0;
	}
	*ret_more = more;
	return true;
}

/* Calls what there is to call.  False if a callback has cancelled the request. */
static bool serve_stream(struct docker_request *request)
{
	struct docker_client *client = request->client;
	bool more = true;

	if (!request->announced) {
		request->announced = true;
		if (request->opened)
			request->opened(request->data);
		if (client->serving != request)
			return false;
	}
	if (!deliver_lines(request, &more))
		return false;
	if (!more)
		docker_request_finish(request, NULL);
	return true;
}

static void serve(struct docker_request *request)
{
	struct docker_client *client = request->client;

	client->serving = request;
	if (docker_request_is_stream(request) && !serve_stream(request)) {
		docker_request_free(request);
		return;
	}
	if (request->finished)
		deliver_done(request);
	client->serving = NULL;
}

void docker_client_dispatch(struct docker_client *client)
{
	struct docker_request *request;

	/* Should a callback run the loop itself, what comes meanwhile waits for its return. */
	if (client->dispatching)
		return;
	client->dispatching = true;
	while ((request = docker_request_next_ready(client))) /* none once the client is freed */
		serve(request);
	client->dispatching = false;
	if (client->freed)
		free(client);
}
