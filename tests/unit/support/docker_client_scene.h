/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A client, the server that it speaks to, and what was heard of it: for the tests of docker_client. */
#ifndef BULKHEAD_TESTS_DOCKER_CLIENT_SCENE_H
#define BULKHEAD_TESTS_DOCKER_CLIENT_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "docker_client.h"
#include "http_server.h"

/* A test that hangs ends by this, red. */
#define DEADLINE_MS 60000

struct scene {
	char directory[64];
	struct server server;
	struct loop *loop;
	struct loop_timer *deadline;
	struct docker_client *client;
	/* What was heard of. */
	struct docker_request *requests[4];
	unsigned done, opened, lines, wanted;
	int status;
	char body[256], error[1024], text[1024];
	size_t length, longest;
	uint64_t took_ns;
};

static inline void on_deadline(void *data)
{
	(void)data;
	fail_msg("nothing came for %d ms", DEADLINE_MS);
}

static inline int set_up(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	char path[128];

	assert_non_null(scene);
	strcpy(scene->directory, "/tmp/test-docker-client.XXXXXX");
	assert_non_null(mkdtemp(scene->directory));
	snprintf(path, sizeof(path), "%s/socket", scene->directory);
	server_start(&scene->server, path);
	assert_int_equal(loop_new(&scene->loop, NULL), 0);
	scene->deadline = loop_timer_new(scene->loop, on_deadline, scene);
	loop_timer_set(scene->deadline, DEADLINE_MS);
	assert_int_equal(docker_client_new(scene->loop, scene->server.url, &scene->client, NULL), 0);
	scene->wanted = 1;
	*state = scene;
	return 0;
}

static inline int tear_down(void **state)
{
	struct scene *scene = *state;
	char command[128];

	docker_client_free(scene->client);
	loop_free(scene->loop);
	server_stop(&scene->server);
	snprintf(command, sizeof(command), "rm -r %s", scene->directory);
	assert_int_equal(system(command), 0);
	free(scene);
	return 0;
}

static inline void run(struct scene *scene)
{
	struct error err = { 0 };

	if (loop_run(scene->loop, &err) < 0)
		fail_msg("%s", err.text);
}

static inline void on_done(const struct docker_response *response, void *data)
{
	struct scene *scene = data;

	scene->status = response->status;
	scene->length = response->length;
	assert_int_equal(strlen(response->body), response->length);
	snprintf(scene->body, sizeof(scene->body), "%.200s", response->body);
	snprintf(scene->error, sizeof(scene->error), "%s", response->error ? response->error : "");
	assert_true(response->received_ns >= response->sent_ns);
	scene->took_ns = response->received_ns - response->sent_ns;
	if (++scene->done == scene->wanted)
		loop_stop(scene->loop);
}

static inline void get(struct scene *scene, const char *path, unsigned timeout_ms)
{
	unsigned before = scene->done;
	struct error err = { 0 };

	if (docker_client_get(scene->client, path, timeout_ms, on_done, scene, &scene->requests[0], &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(scene->done, before); /* never from within the call */
}

/* One request, and its answer. */
static inline void ask(struct scene *scene, const char *path, unsigned timeout_ms)
{
	get(scene, path, timeout_ms);
	scene->wanted = scene->done + 1;
	run(scene);
}

#define assert_contains(text, part)                                                                                    \
	do {                                                                                                           \
		if (!strstr(text, part))                                                                               \
			fail_msg("\"%s\" does not say \"%s\"", text, part);                                            \
	} while (0)

static inline void assert_answer(const struct scene *scene, int status, const char *body)
{
	assert_string_equal(scene->error, "");
	assert_int_equal(scene->status, status);
	assert_string_equal(scene->body, body);
}

static inline void assert_problem(const struct scene *scene, const char *part)
{
	assert_int_equal(scene->status, 0);
	assert_int_equal(scene->length, 0);
	assert_contains(scene->error, part);
	assert_contains(scene->error, docker_client_url(scene->client));
}

static inline void on_opened(void *data)
{
	struct scene *scene = data;

	assert_int_equal(scene->lines, 0);
	scene->opened++;
}

static inline bool on_line(const char *line, size_t length, void *data)
{
	struct scene *scene = data;

	assert_int_equal(scene->opened, 1);
	scene->lines++;
	if (length > scene->longest)
		scene->longest = length;
	snprintf(scene->text + strlen(scene->text), sizeof(scene->text) - strlen(scene->text), "%.16s|", line);
	return true;
}

static inline void follow(struct scene *scene, const char *path, docker_line_fn *line)
{
	struct error err = { 0 };

	scene->text[0] = '\0';
	scene->opened = scene->lines = 0;
	scene->longest = 0;
	if (docker_client_stream(scene->client, path, line, on_opened, on_done, scene, &scene->requests[0], &err) < 0)
		fail_msg("%s", err.text);
	scene->wanted = scene->done + 1;
	run(scene);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
