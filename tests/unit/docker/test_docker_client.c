/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests and streams: what comes, what breaks, and what callbacks may do. */
#include "docker_client_scene.h"

#include <errno.h>

static void answers(void **state)
{
	struct scene *scene = *state;

	ask(scene, "/whole", 0);
	assert_answer(scene, 200, "whole");
	ask(scene, "/chunked", 0);
	assert_answer(scene, 200, "chunked body");
	ask(scene, "/interim", 0);
	assert_answer(scene, 200, "late");
	ask(scene, "/empty", 0);
	assert_answer(scene, 204, "");
	ask(scene, "/missing", 0);
	assert_answer(scene, 404, "{\"message\":1}");
	ask(scene, "/redirect", 0); /* is not followed */
	assert_answer(scene, 301, "");
	ask(scene, "/large", 0);
	assert_int_equal(scene->status, 200);
	assert_int_equal(scene->length, 3000000);
	/* All of that on one connection. */
	assert_int_equal(scene->server.connection_count, 1);
}

static void version_prefix(void **state)
{
	struct scene *scene = *state;
	struct error err = { 0 };

	assert_int_equal(docker_client_set_version(scene->client, "1.41", NULL), 0);
	ask(scene, "/versioned", 0);
	assert_answer(scene, 200, "versioned");
	assert_int_equal(docker_client_set_version(scene->client, "../1.41", &err), -EINVAL);
	assert_int_equal(docker_client_set_version(scene->client, "1.4100000000000000000", &err), -EINVAL);
	assert_int_equal(docker_client_set_version(scene->client, "", NULL), 0);
	ask(scene, "/whole", 0);
	assert_answer(scene, 200, "whole");
	assert_int_equal(docker_client_get(scene->client, "whole", 0, on_done, scene, NULL, &err), -EINVAL);
}

static void broken_answers(void **state)
{
	struct scene *scene = *state;

	ask(scene, "/half", 5000);
	assert_problem(scene, "GET /half");
	ask(scene, "/no-http", 5000);
	assert_problem(scene, "GET /no-http");
	ask(scene, "/hang-up", 5000);
	assert_problem(scene, "GET /hang-up");
	ask(scene, "/too-large", 0);
	assert_problem(scene, "longer than");
	/* And it goes on. */
	ask(scene, "/whole", 5000);
	assert_answer(scene, 200, "whole");
}

static void timeouts(void **state)
{
	struct scene *scene = *state;

	ask(scene, "/stalled", 50);
	assert_problem(scene, "timed out");
	assert_true(scene->took_ns >= 50 * 1000000ull);
	ask(scene, "/half-stalled", 50);
	assert_problem(scene, "timed out");
	ask(scene, "/whole", 5000);
	assert_answer(scene, 200, "whole");
}

/* More at once than there are connections: the others wait, and those that wait time out as well. */
static void many_at_once(void **state)
{
	struct scene *scene = *state;
	size_t i;

	for (i = 0; i < 300; i++)
		get(scene, "/whole", 0);
	scene->wanted = 300;
	run(scene);
	assert_answer(scene, 200, "whole");
	assert_true(scene->server.connection_count <= 64);
	for (i = 0; i < 100; i++)
		get(scene, "/stalled", 100);
	scene->wanted = 400;
	run(scene);
	assert_problem(scene, "timed out");
}

static void streams(void **state)
{
	struct scene *scene = *state;

	follow_stream(scene, "/lines", on_line);
	assert_string_equal(scene->text, "first|second|third|fourth|fifth|last|");
	assert_answer(scene, 200, "");
	follow_stream(scene, "/lines-cut", on_line);
	assert_string_equal(scene->text, "first|"); /* half a line is none */
	assert_problem(scene, "GET /lines-cut");
	follow_stream(scene, "/line-longest", on_line);
	assert_int_equal(scene->longest, 4 * 1024 * 1024);
	assert_int_equal(scene->lines, 2);
	assert_answer(scene, 200, "");
	follow_stream(scene, "/line-long-and-half", on_line);
	assert_int_equal(scene->longest, 100000);
	assert_non_null(strstr(scene->text, "|half|"));
	assert_int_equal(scene->lines, 2);
	follow_stream(scene, "/line-too-long", on_line);
	assert_string_equal(scene->text, "ok|");
	assert_problem(scene, "longer than 4 MiB");
}

static void streams_that_are_none(void **state)
{
	struct scene *scene = *state;

	follow_stream(scene, "/missing", on_line);
	assert_int_equal(scene->opened, 0);
	assert_answer(scene, 404, "{\"message\":1}");
	follow_stream(scene, "/error-endless", on_line);
	assert_int_equal(scene->opened, 0);
	assert_problem(scene, "longer than");
	follow_stream(scene, "/hang-up", on_line);
	assert_int_equal(scene->opened, 0);
	assert_problem(scene, "GET /hang-up");
}

static bool last_line(const char *line, size_t length, void *data)
{
	on_line(line, length, data);
	return false;
}

static void reader_ends_the_stream(void **state)
{
	struct scene *scene = *state;

	follow_stream(scene, "/lines-stalled", last_line);
	assert_string_equal(scene->text, "first|");
	assert_answer(scene, 200, "");
	follow_stream(scene, "/lines", last_line);
	assert_string_equal(scene->text, "first|");
	assert_answer(scene, 200, "");
}

static void stop_on_opened(void *data)
{
	struct scene *scene = data;

	on_opened(data);
	loop_stop(scene->loop);
}

/* The headers alone open a stream, before any line comes. */
static void silent_stream_opens(void **state)
{
	struct scene *scene = *state;

	assert_int_equal(docker_client_stream(scene->client, "/lines-silent", on_line, stop_on_opened, on_done, scene,
					      &scene->requests[1], NULL),
			 0);
	run(scene);
	assert_int_equal(scene->opened, 1);
	/* Other requests are not held up by it. */
	ask(scene, "/whole", 0);
	assert_answer(scene, 200, "whole");
	docker_request_cancel(scene->requests[1]);
}

static void never(const struct docker_response *response, void *data)
{
	(void)response;
	(void)data;
	fail_msg("a cancelled request was answered");
}

static void cancel_before_the_loop(void **state)
{
	struct scene *scene = *state;
	struct docker_request *request;

	assert_int_equal(docker_client_get(scene->client, "/whole", 0, never, NULL, &request, NULL), 0);
	docker_request_cancel(request);
	docker_request_cancel(NULL);
	ask(scene, "/whole", 0);
	assert_answer(scene, 200, "whole");
}

static bool cancel_own(const char *line, size_t length, void *data)
{
	struct scene *scene = data;

	on_line(line, length, data);
	docker_request_cancel(scene->requests[0]);
	get(scene, "/whole", 0);
	scene->wanted = 1;
	return true;
}

static void cancel_own_on_opened(void *data)
{
	struct scene *scene = data;

	scene->opened++;
	docker_request_cancel(scene->requests[0]);
	get(scene, "/whole", 0);
}

static void cancel_in_own_callbacks(void **state)
{
	struct scene *scene = *state;

	assert_int_equal(docker_client_stream(scene->client, "/lines", cancel_own, on_opened, never, scene,
					      &scene->requests[0], NULL),
			 0);
	run(scene);
	assert_string_equal(scene->text, "first|");
	assert_answer(scene, 200, "whole");

	scene->opened = scene->done = 0;
	assert_int_equal(docker_client_stream(scene->client, "/lines", on_line, cancel_own_on_opened, never, scene,
					      &scene->requests[0], NULL),
			 0);
	run(scene);
	assert_int_equal(scene->opened, 1);
	assert_string_equal(scene->text, "first|");
}

static void cancel_others(const struct docker_response *response, void *data)
{
	struct scene *scene = data;

	for (size_t i = 1; i < 4; i++)
		docker_request_cancel(scene->requests[i]);
	on_done(response, data);
}

static void cancel_others_in_a_callback(void **state)
{
	struct scene *scene = *state;
	struct docker_client *client = scene->client;

	for (size_t i = 1; i < 4; i++)
		assert_int_equal(docker_client_get(client, "/stalled", 0, never, NULL, &scene->requests[i], NULL), 0);
	assert_int_equal(docker_client_get(client, "/whole", 0, cancel_others, scene, NULL, NULL), 0);
	run(scene);
	assert_answer(scene, 200, "whole");
	ask(scene, "/whole", 0);
}

static void ask_again(const struct docker_response *response, void *data)
{
	struct scene *scene = data;

	on_done(response, data);
	if (scene->done < scene->wanted)
		assert_int_equal(docker_client_get(scene->client, "/whole", 0, ask_again, scene, NULL, NULL), 0);
}

static void requests_from_callbacks_reuse_the_connection(void **state)
{
	struct scene *scene = *state;

	scene->wanted = 200;
	assert_int_equal(docker_client_get(scene->client, "/whole", 0, ask_again, scene, NULL, NULL), 0);
	run(scene);
	assert_int_equal(scene->done, 200);
	assert_int_equal(scene->server.connection_count, 1);
}

static void free_client(struct scene *scene)
{
	docker_client_free(scene->client);
	scene->client = NULL;
	loop_stop(scene->loop);
}

static void free_on_done(const struct docker_response *response, void *data)
{
	free_client(data);
	/* The answer is ours until we return. */
	assert_string_equal(response->body, "whole");
}

static bool free_on_line(const char *line, size_t length, void *data)
{
	free_client(data);
	assert_int_equal(strlen(line), length);
	return true;
}

static void client_freed_on_done(void **state)
{
	struct scene *scene = *state;

	for (size_t i = 0; i < 8; i++)
		assert_int_equal(docker_client_get(scene->client, "/stalled", 0, never, NULL, NULL, NULL), 0);
	assert_int_equal(docker_client_get(scene->client, "/whole", 0, free_on_done, scene, NULL, NULL), 0);
	run(scene);
	assert_null(scene->client);
}

static void client_freed_on_line(void **state)
{
	struct scene *scene = *state;

	assert_int_equal(docker_client_get(scene->client, "/stalled", 0, never, NULL, NULL, NULL), 0);
	assert_int_equal(docker_client_stream(scene->client, "/lines", free_on_line, NULL, never, scene, NULL, NULL),
			 0);
	run(scene);
	assert_null(scene->client);
}

static void client_freed_with_requests_under_way(void **state)
{
	struct scene *scene = *state;

	assert_int_equal(docker_client_stream(scene->client, "/lines-stalled", on_line, stop_on_opened, never, scene,
					      NULL, NULL),
			 0);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(docker_client_get(scene->client, "/stalled", 1, never, NULL, NULL, NULL), 0);
	docker_client_free(scene->client);
	scene->client = NULL;
	docker_client_free(NULL);
	loop_timer_set(scene->deadline, 30);
	loop_timer_free(scene->deadline);
	loop_stop(scene->loop);
	run(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(answers),
		TEST(version_prefix),
		TEST(broken_answers),
		TEST(timeouts),
		TEST(many_at_once),
		TEST(streams),
		TEST(streams_that_are_none),
		TEST(reader_ends_the_stream),
		TEST(silent_stream_opens),
		TEST(cancel_before_the_loop),
		TEST(cancel_in_own_callbacks),
		TEST(cancel_others_in_a_callback),
		TEST(requests_from_callbacks_reuse_the_connection),
		TEST(client_freed_on_done),
		TEST(client_freed_on_line),
		TEST(client_freed_with_requests_under_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
