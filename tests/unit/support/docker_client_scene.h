/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A client, the server that it speaks to, and what was heard of it: for the tests of docker_client. */
#ifndef BULKHEAD_TESTS_DOCKER_CLIENT_SCENE_H
#define BULKHEAD_TESTS_DOCKER_CLIENT_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

void on_deadline(void *data);
int set_up(void **state);
int tear_down(void **state);
void run(struct scene *scene);
void on_done(const struct docker_response *response, void *data);
void get(struct scene *scene, const char *path, unsigned timeout_ms);

/* One request, and its answer. */
void ask(struct scene *scene, const char *path, unsigned timeout_ms);

#define assert_contains(text, part)                                                                                    \
	do {                                                                                                           \
		if (!strstr(text, part))                                                                               \
			fail_msg("\"%s\" does not say \"%s\"", text, part);                                            \
	} while (0)

void assert_answer(const struct scene *scene, int status, const char *body);
void assert_problem(const struct scene *scene, const char *part);
void on_opened(void *data);
bool on_line(const char *line, size_t length, void *data);
void follow_stream(struct scene *scene, const char *path, docker_line_fn *line);

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
