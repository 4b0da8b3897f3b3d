/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "docker_ask.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

struct question {
	struct loop *loop;
	struct error *err;
	const char *path;
	char *body;
	size_t length;
	int result;
};

static int refused(int status)
{
	switch (status) {
	case 404:
		return -ENOENT;
	case 401:
	case 403:
		return -EACCES;
	default:
		return -EPROTO;
	}
}

static void answered(const struct docker_response *response, void *data)
{
	struct question *question = data;

	loop_stop(question->loop);
	if (response->error) {
		question->result = error_set(question->err, -EHOSTUNREACH, "%s: %s", question->path, response->error);
		return;
	}
	if (response->status != 200) {
		question->result =
			error_set(question->err, refused(response->status), "%s: the engine answers %d: %.*s",
				  question->path, response->status, (int)utf8_cut(response->body, 200), response->body);
		return;
	}
	question->body = malloc(response->length + 1);
	if (!question->body) {
		question->result = error_oom(question->err);
		return;
	}
	memcpy(question->body, response->body, response->length);
	question->body[response->length] = '\0';
	question->length = response->length;
}

int docker_ask(struct loop *loop, struct docker_client *client, const char *path, const struct json_sieve_rules *rules,
	       unsigned timeout_ms, char **ret_body, size_t *ret_length, struct error *err)
{
	struct question question = { .loop = loop, .err = err, .path = path };
	struct docker_request *request;
	int r = docker_client_get(client, path, timeout_ms, answered, &question, &request, err);

	if (r == 0 && rules && docker_request_sift(request, rules) < 0) {
		docker_request_cancel(request);
		return error_oom(err);
	}
	if (r == 0) {
		r = loop_run(loop, err);
		if (r < 0)
			docker_request_cancel(request);
	}
	if (r == 0)
		r = question.result;
	if (r < 0) {
		free(question.body);
		return r;
	}
	*ret_body = question.body;
	*ret_length = question.length;
	return 0;
}
