/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An engine that answers and tells whatever the fuzzer says, in any order: docker_client's functions are the harness's.
 * A letter says what comes, a length of two bytes and a text follow:
 *
 *     a the oldest question is answered with the text · n … with 404 · f … with 500 · x … not at all
 *     e the text is an event · o the stream is open · z it ends · y the youngest question is answered
 */
#include "docker_watch.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "docker_watch_queries.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUESTS_MAX 256

struct docker_request {
	docker_line_fn *line; /* NULL: a question */
	void (*opened)(void *);
	docker_response_fn *done;
	void *data;
	bool is_open;
	struct json_sieve *sieve;
};

static struct engine {
	struct docker_request *questions[REQUESTS_MAX], *stream;
	size_t count;
	struct loop *loop;
	struct loop_timer *turn;
	struct docker_watch *watch;
	const uint8_t *at, *end;
	bool synced;
} engine;

/* ---- In the place of docker_client's ---- */

/* Ids are the engine's words, and stand in paths: they must not lead anywhere else. */
static void check_path(const char *path)
{
	assert(path[0] == '/' && !strstr(path, "..") && !strstr(path, "//"));
	assert(path[strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-/?=&%")] == '\0');
	assert(!strchr(path, '?') || strncmp(path, "/containers/json?all=1", 22) == 0 ||
	       strncmp(path, "/events?", 8) == 0);
}

static int keep(struct docker_request wanted, struct docker_request **ret_request)
{
	struct docker_request *request = malloc(sizeof(*request));

	if (!request)
		return -ENOMEM;
	*request = wanted;
	*ret_request = request;
	return 0;
}

int docker_client_get(struct docker_client *client, const char *path, unsigned timeout_ms, docker_response_fn *done,
		      void *data, struct docker_request **ret_request, struct error *err)
{
	(void)client;
	check_path(path);
	assert(timeout_ms > 0);
	if (engine.count == REQUESTS_MAX)
		return error_set(err, -EAGAIN, "too many questions");
	if (keep((struct docker_request){ .done = done, .data = data }, ret_request) < 0)
		return error_oom(err);
	engine.questions[engine.count++] = *ret_request;
	return 0;
}

int docker_client_stream(struct docker_client *client, const char *path, docker_line_fn *line, void (*opened)(void *),
			 docker_response_fn *done, void *data, struct docker_request **ret_request, struct error *err)
{
	(void)client;
	check_path(path);
	assert(!engine.stream);
	if (keep((struct docker_request){ .line = line, .opened = opened, .done = done, .data = data }, ret_request) <
	    0)
		return error_oom(err);
	engine.stream = *ret_request;
	return 0;
}

int docker_request_sift(struct docker_request *request, const struct json_sieve_rules *rules)
{
	request->sieve = json_sieve_new(rules, 1 << 20);
	return request->sieve ? 0 : -ENOMEM;
}

static void forget(const struct docker_request *request)
{
	for (size_t i = 0; i < engine.count; i++) {
		if (engine.questions[i] != request)
			continue;
		memmove(&engine.questions[i], &engine.questions[i + 1],
			(--engine.count - i) * sizeof(engine.questions[0]));
		return;
	}
	assert(engine.stream == request);
	engine.stream = NULL;
}

void docker_request_cancel(struct docker_request *request)
{
	if (!request)
		return;
	forget(request);
	json_sieve_free(request->sieve);
	free(request);
}

bool docker_client_remote(const struct docker_client *client)
{
	(void)client;
	return false;
}

const char *docker_client_url(const struct docker_client *client)
{
	(void)client;
	return "unix:///engine";
}

int docker_client_set_version(struct docker_client *client, const char *version, struct error *err)
{
	(void)client;
	(void)err;
	assert(!version || (*version && version[strspn(version, "0123456789.")] == '\0'));
	return 0;
}

/* ---- What is handed on ---- */

static void on_snapshot(struct inventory *inventory, const struct docker_info *info,
			const struct docker_version *version, void *data)
{
	(void)info;
	(void)version;
	(void)data;
	assert(inventory);
	for (size_t i = 0; i < inventory->network_count; i++)
		assert(inventory->networks[i]->managed || !inventory->networks[i]->bridge[0]);
	inventory_free(inventory);
	engine.synced = true;
}

static void on_network(const char *id, struct network *network, const struct docker_watch_times *times, void *data)
{
	(void)data;
	assert(engine.synced && docker_watch_is_id(id) && times);
	network_free(network);
}

static void on_container(const char *id, struct container *container, void *data)
{
	(void)data;
	assert(engine.synced && docker_watch_is_id(id));
	container_free(container);
}

static void on_bindings(const char *id, struct container *container, void *data)
{
	(void)data;
	assert(engine.synced && docker_watch_is_id(id) && container);
	container_free(container);
}

static void on_ended(const char *id, void *data)
{
	(void)data;
	assert(docker_watch_is_id(id));
}

static void on_lost(const char *reason, void *data)
{
	(void)data;
	assert(reason[0]);
	engine.synced = false;
}

static const struct docker_watch_handler handler = {
	.snapshot = on_snapshot,
	.network = on_network,
	.container = on_container,
	.bindings = on_bindings,
	.ended = on_ended,
	.lost = on_lost,
};

/* ---- What the fuzzer says ---- */

static void answer(struct docker_request *request, int status, const char *text, size_t length)
{
	struct docker_response response = { .status = status,
					    .body = text,
					    .length = length,
					    .error = status ? NULL : "unix:///engine: the connection was lost" };

	if (status == 200 && request->sieve && !request->line) {
		struct error err;
		int r = json_sieve_feed(request->sieve, text, length, &err);

		if (r == 0)
			r = json_sieve_end(request->sieve, &err);
		response.body = json_sieve_text(request->sieve, &response.length);
		if (r < 0)
			response = (struct docker_response){ .body = "", .error = "unix:///engine: it is no JSON" };
	}
	forget(request);
	request->done(&response, request->data);
	json_sieve_free(request->sieve);
	free(request);
}

/* Lines, as far as they are whole. */
static void hear(struct docker_request *stream, const char *text, size_t length)
{
	struct error err;
	const char *lines;
	char *copy, *line;

	assert(json_sieve_feed(stream->sieve, text, length, &err) == 0 || err.text[0]);
	lines = json_sieve_text(stream->sieve, &length);
	copy = strndup(lines, length);
	json_sieve_forget(stream->sieve);
	for (char *at = copy; at && engine.stream == stream && (line = strsep(&at, "\n"));) {
		if (*line && !stream->line(line, strlen(line), stream->data) && engine.stream == stream) {
			answer(stream, 200, "", 0);
			break;
		}
	}
	free(copy);
}

static void on_stream(uint8_t letter, const char *text, size_t length)
{
	struct docker_request *stream = engine.stream;

	if (!stream)
		return;
	if (letter == 'z') {
		answer(stream, length % 2 ? 200 : 0, "", 0);
	} else if (!stream->is_open) {
		stream->is_open = true;
		stream->opened(stream->data);
	} else if (letter == 'e') {
		hear(stream, text, length);
	}
}

static void say(uint8_t letter, const char *text, size_t length)
{
	struct docker_request *oldest = engine.count ? engine.questions[0] : NULL;

	if (letter == 'e' || letter == 'o' || letter == 'z')
		on_stream(letter, text, length);
	else if (oldest && letter == 'y')
		answer(engine.questions[engine.count - 1], 200, text, length);
	else if (oldest && (letter == 'n' || letter == 'f'))
		answer(oldest, letter == 'n' ? 404 : 500, text, length);
	else if (oldest)
		answer(oldest, letter == 'x' ? 0 : 200, text, length);
}

/* Everything that is due at once comes before the next word. */
static void on_turn(void *data)
{
	size_t length;
	char *text;
	uint8_t letter;

	(void)data;
	if (engine.end - engine.at < 3) {
		loop_stop(engine.loop);
		return;
	}
	letter = *engine.at++;
	length = (size_t)engine.at[0] << 8 | engine.at[1];
	engine.at += 2;
	if (length > (size_t)(engine.end - engine.at))
		length = (size_t)(engine.end - engine.at);
	/* A buffer of exactly this size and a NUL, so that one byte too far is found. */
	text = malloc(length + 1);
	if (text) {
		memcpy(text, engine.at, length);
		text[length] = '\0';
		say(letter, text, length);
	}
	free(text);
	engine.at += length;
	/* A lost engine is asked again after a while: that is not waited for. */
	if (!engine.count && !engine.stream && loop_timer_armed(engine.watch->timers[WATCH_BEGIN]))
		loop_timer_set(engine.watch->timers[WATCH_BEGIN], 0);
	loop_timer_set(engine.turn, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 16384)
		return 0;
	engine = (struct engine){ .at = data, .end = data + size };
	assert(loop_new(&engine.loop, NULL) == 0);
	engine.turn = loop_timer_new(engine.loop, on_turn, NULL);
	assert(engine.turn);
	assert(docker_watch_new(engine.loop, NULL, true, &handler, NULL, &engine.watch, NULL) == 0);
	loop_timer_set(engine.turn, 0);
	assert(loop_run(engine.loop, NULL) == 0);
	docker_watch_free(engine.watch);
	assert(!engine.count && !engine.stream);
	loop_timer_free(engine.turn);
	loop_free(engine.loop);
	return 0;
}
