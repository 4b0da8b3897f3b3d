/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine's bytes behind libcurl, in pieces of any size: kept, and told as lines or as a body.  Bytes at the front
 * say how: the status, the end, when the reader has enough and what it does then, and how the pieces are cut.
 */
#include "docker_client.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "docker_client_deliver.h"
#include "docker_client_transfer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A small limit is as good as a large one, and is met. */
#define LIMIT 2048

enum farewell { FAREWELL_FALSE, FAREWELL_CANCEL, FAREWELL_FREE, FAREWELLS };

struct hearing {
	struct docker_client *client;
	struct docker_request *request;
	const uint8_t *bytes;
	size_t size, at; /* where the next line begins, by a reading of our own */
	unsigned lines, enough;
	enum farewell farewell;
	bool stream, opened, done, over;
	size_t body; /* kept, of an answer that is no stream */
};

/* The next line that is not empty, as it should come. */
static const uint8_t *next_line(struct hearing *hearing, size_t *ret_length)
{
	const uint8_t *line, *newline;

	do {
		line = hearing->bytes + hearing->at;
		if (hearing->at >= hearing->size)
			return NULL;
		newline = memchr(line, '\n', hearing->size - hearing->at);
		*ret_length = newline ? (size_t)(newline - line) : hearing->size - hearing->at;
		hearing->at += *ret_length + 1;
	} while (!*ret_length);
	return line;
}

static bool on_line(const char *line, size_t length, void *data)
{
	struct hearing *hearing = data;
	size_t expected_length;
	const uint8_t *expected = next_line(hearing, &expected_length);

	assert(hearing->stream && hearing->opened && !hearing->done && !hearing->over);
	assert(expected && length == expected_length && memcmp(line, expected, length) == 0 && line[length] == '\0');
	if (++hearing->lines != hearing->enough)
		return true;
	hearing->over = true;
	if (hearing->farewell == FAREWELL_CANCEL) {
		docker_request_cancel(hearing->request);
	} else if (hearing->farewell == FAREWELL_FREE) {
		docker_client_free(hearing->client);
		hearing->client = NULL;
	}
	if (hearing->farewell != FAREWELL_FALSE)
		hearing->request = NULL;
	return false;
}

static void on_opened(void *data)
{
	struct hearing *hearing = data;

	assert(hearing->stream && !hearing->opened && !hearing->lines && !hearing->done);
	hearing->opened = true;
}

static void on_done(const struct docker_response *response, void *data)
{
	struct hearing *hearing = data;

	assert(!hearing->done && hearing->request);
	assert(response->error ? response->status == 0 : response->status != 0);
	assert(strlen(response->body) <= response->length);
	if (!response->error && !hearing->stream) {
		assert(response->length == hearing->body);
		assert(memcmp(response->body, hearing->bytes, hearing->body) == 0);
	}
	hearing->done = true;
	hearing->request = NULL;
}

static void open_client(struct hearing *hearing)
{
	struct docker_client *client = calloc(1, sizeof(*client));
	struct docker_request *request = calloc(1, sizeof(*request));

	assert(client && request && docker_address_new("unix:///engine", &client->address, NULL) == 0);
	client->last_ready = &client->first_ready;
	*request = (struct docker_request){
		.client = client, .limit = LIMIT, .line = on_line, .opened = on_opened, .done = on_done, .data = hearing
	};
	request->path = strdup("/events?since=0");
	assert(request->path);
	docker_request_link(request);
	hearing->client = client;
	hearing->request = request;
}

/* Between two pieces the loop may, or may not, have come to tell of them. */
static void deliver(struct hearing *hearing, const uint8_t *cuts, size_t cut_count)
{
	size_t at = 0, cut = 0;

	while (hearing->request && at < hearing->size) {
		uint8_t byte = cuts[cut++ % cut_count];
		size_t piece = 1 + (byte >> 1), left = hearing->size - at;

		piece = piece < left ? piece : left;
		if (!docker_request_keep(hearing->request, (const char *)hearing->bytes + at, piece)) {
			assert(hearing->request->problem);
			docker_request_finish(hearing->request, hearing->request->problem);
			docker_client_dispatch(hearing->client);
			assert(hearing->done || hearing->over);
			return;
		}
		at += piece;
		hearing->body = at;
		if (byte & 1)
			docker_client_dispatch(hearing->client);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t cuts = 4, head = 3 + cuts;
	struct hearing hearing = { 0 };
	bool clean;

	if (size < head || size > 16384)
		return 0;
	hearing.stream = data[0] & 1;
	clean = data[0] & 2;
	hearing.farewell = (enum farewell)(data[1] % FAREWELLS);
	hearing.enough = data[2];
	hearing.bytes = data + head;
	hearing.size = size - head;
	open_client(&hearing);
	hearing.request->status = hearing.stream ? 200 : 500;
	hearing.request->headers = true;
	if (hearing.stream)
		docker_request_queue(hearing.request);
	deliver(&hearing, data + 3, cuts);
	if (hearing.request) {
		docker_request_finish(hearing.request, clean ? NULL : "the connection was lost");
		docker_client_dispatch(hearing.client);
		assert(hearing.done || hearing.over);
		/* All lines, and the last one without its newline only at a clean end. */
		if (hearing.stream && !hearing.over) {
			size_t length;
			const uint8_t *line = next_line(&hearing, &length);

			assert(!line || (!clean && line + length == hearing.bytes + hearing.size));
		}
	}
	if (hearing.client) {
		assert(!hearing.client->requests && !hearing.client->first_ready && !hearing.client->dispatching);
		docker_client_free(hearing.client);
	}
	return 0;
}
