/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "docker_client_transfer.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>

_Static_assert(DOCKER_PROBLEM_SIZE >= CURL_ERROR_SIZE, "libcurl writes its errors there");

static void take_out_of_queue(struct docker_request *request)
{
	struct docker_client *client = request->client;
	struct docker_request **p;

	if (!request->ready)
		return;
	for (p = &client->first_ready; *p != request; p = &(*p)->next_ready)
		;
	*p = request->next_ready;
	if (!*p)
		client->last_ready = p;
	request->next_ready = NULL;
	request->ready = false;
}

void docker_request_queue(struct docker_request *request)
{
	if (request->ready)
		return;
	request->ready = true;
	*request->client->last_ready = request;
	request->client->last_ready = &request->next_ready;
}

struct docker_request *docker_request_next_ready(struct docker_client *client)
{
	struct docker_request *request = client->first_ready;

	if (request)
		take_out_of_queue(request);
	return request;
}

void docker_request_unlink(struct docker_request *request)
{
	take_out_of_queue(request);
	if (request->previous)
		request->previous->next = request->next;
	else if (request->client->requests == request)
		request->client->requests = request->next;
	if (request->next)
		request->next->previous = request->previous;
	request->next = request->previous = NULL;
}

void docker_request_link(struct docker_request *request)
{
	struct docker_client *client = request->client;

	request->next = client->requests;
	if (request->next)
		request->next->previous = request;
	client->requests = request;
}

bool docker_request_is_stream(const struct docker_request *request)
{
	return request->line && request->status == 200;
}

static bool keep_bytes(struct docker_request *request, const char *bytes, size_t count)
{
	size_t size = request->size ? request->size : DOCKER_BUFFER_START;
	char *buffer;

	if (count > request->limit - request->length) {
		request->problem = "the answer is longer than bulkhead reads";
		return false;
	}
	/* One more for the terminator. */
	while (size < request->length + count + 1)
		size *= 2;
	if (size != request->size) {
		buffer = realloc(request->buffer, size);
		if (!buffer) {
			request->problem = "out of memory";
			return false;
		}
		request->buffer = buffer;
		request->size = size;
	}
	memcpy(request->buffer + request->length, bytes, count);
	request->length += count;
	request->buffer[request->length] = '\0';
	return true;
}

static bool keep_lines(struct docker_request *request, const char *bytes, size_t count)
{
	const char *newline = memrchr(bytes, '\n', count), *first = memchr(bytes, '\n', count);

	if (request->incomplete + (first ? (size_t)(first - bytes) : count) > DOCKER_LINE_MAX) {
		request->problem = "a line is longer than 4 MiB";
		return false;
	}
	request->incomplete = newline ? (size_t)(bytes + count - newline - 1) : request->incomplete + count;
	if (!keep_bytes(request, bytes, count))
		return false;
	if (newline)
		docker_request_queue(request);
	return true;
}

int docker_request_sift(struct docker_request *request, const struct json_sieve_rules *rules)
{
	request->sieve = json_sieve_new(rules, DOCKER_BODY_MAX);
	return request->sieve ? 0 : -ENOMEM;
}

static bool is_sifted(const struct docker_request *request)
{
	return request->sieve && request->status == 200;
}

/* Takes over what the sieve has let through for certain. */
static bool take_sifted(struct docker_request *request)
{
	size_t length;
	const char *text = json_sieve_text(request->sieve, &length);
	bool kept = !length || (docker_request_is_stream(request) ? keep_lines(request, text, length)
								  : keep_bytes(request, text, length));

	json_sieve_forget(request->sieve);
	return kept;
}

static bool sift(struct docker_request *request, const char *bytes, size_t count)
{
	if (json_sieve_feed(request->sieve, bytes, count, &request->sieve_error) == 0)
		return take_sifted(request);
	request->problem = request->sieve_error.text;
	return false;
}

bool docker_request_keep(struct docker_request *request, const char *bytes, size_t count)
{
	if (is_sifted(request))
		return sift(request, bytes, count);
	return docker_request_is_stream(request) ? keep_lines(request, bytes, count)
						 : keep_bytes(request, bytes, count);
}

void docker_request_finish(struct docker_request *request, const char *problem)
{
	request->received_ns = loop_now_ns();
	request->finished = true;
	request->problem = problem;
	if (!problem && is_sifted(request) && !docker_request_is_stream(request)) {
		if (json_sieve_end(request->sieve, &request->sieve_error) < 0)
			request->problem = request->sieve_error.text;
		else
			(void)take_sifted(request); /* or its problem is told */
	}
	docker_request_queue(request);
}

void docker_request_detach(struct docker_request *request)
{
	if (request->attached)
		curl_multi_remove_handle(request->client->multi, request->easy);
	request->attached = false;
}

void docker_request_free(struct docker_request *request)
{
	if (!request)
		return;
	docker_request_unlink(request);
	docker_request_detach(request);
	curl_easy_cleanup(request->easy);
	json_sieve_free(request->sieve);
	free(request->buffer);
	free(request->path);
	free(request);
}

void docker_request_cancel(struct docker_request *request)
{
	if (!request)
		return;
	if (request->client->serving != request) {
		docker_request_free(request);
		return;
	}
	/* In its own callback, which still reads the line: whoever serves it frees it. */
	docker_request_detach(request);
	docker_request_unlink(request);
	request->client->serving = NULL;
}
