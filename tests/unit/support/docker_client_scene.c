/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "docker_client_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void on_deadline(void *data)
{
	(void)data;
	fail_msg("nothing came for %d ms", DEADLINE_MS);
}

int set_up(void **state)
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

int tear_down(void **state)
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

void run(struct scene *scene)
{
	struct error err = { 0 };

	if (loop_run(scene->loop, &err) < 0)
		fail_msg("%s", err.text);
}

void on_done(const struct docker_response *response, void *data)
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

void get(struct scene *scene, const char *path, unsigned timeout_ms)
{
	unsigned before = scene->done;
	struct error err = { 0 };

	if (docker_client_get(scene->client, path, timeout_ms, on_done, scene, &scene->requests[0], &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(scene->done, before); /* never from within the call */
}

void ask(struct scene *scene, const char *path, unsigned timeout_ms)
{
	get(scene, path, timeout_ms);
	scene->wanted = scene->done + 1;
	run(scene);
}

void assert_answer(const struct scene *scene, int status, const char *body)
{
	assert_string_equal(scene->error, "");
	assert_int_equal(scene->status, status);
	assert_string_equal(scene->body, body);
}

void assert_problem(const struct scene *scene, const char *part)
{
	assert_int_equal(scene->status, 0);
	assert_int_equal(scene->length, 0);
	assert_contains(scene->error, part);
	assert_contains(scene->error, docker_client_url(scene->client));
}

void on_opened(void *data)
{
	struct scene *scene = data;

	assert_int_equal(scene->lines, 0);
	scene->opened++;
}

bool on_line(const char *line, size_t length, void *data)
{
	struct scene *scene = data;

	assert_int_equal(scene->opened, 1);
	scene->lines++;
	if (length > scene->longest)
		scene->longest = length;
	snprintf(scene->text + strlen(scene->text), sizeof(scene->text) - strlen(scene->text), "%.16s|", line);
	return true;
}

void follow_stream(struct scene *scene, const char *path, docker_line_fn *line)
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
