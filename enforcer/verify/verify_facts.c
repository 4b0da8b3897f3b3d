/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify_facts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "docker_ask.h"
#include "engine_read.h"

#define INFO_TIMEOUT_MS 10000u

static int ask_engine(const struct verify *verify, struct engine_facts *facts)
{
	cleanup_free char *body = NULL;
	struct error err;
	size_t length;
	int r;

	if (!verify->client)
		return engine_facts_set_text(&facts->api_problem,
					     verify->engine_error ? verify->engine_error : "the engine was not asked");
	r = docker_ask(verify->loop, verify->client, "/info", NULL, INFO_TIMEOUT_MS, &body, &length, &err);
	if (r == 0)
		r = docker_json_engine(body, length, &facts->api, &err);
	return r < 0 && r != -ENOMEM ? engine_facts_set_text(&facts->api_problem, err.text) : r;
}

/* Another host's engine is told nothing by this host's files. */
static int not_here(struct engine_facts *facts)
{
	static const char text[] =
		"the engine is reached over TCP, so that this is its host is not known: run this there, "
		"with --docker unix:///var/run/docker.sock";

	if (engine_facts_set_text(&facts->process_problem, text) < 0 ||
	    engine_facts_set_text(&facts->listeners_problem, text) < 0 ||
	    engine_facts_set_text(&facts->file_problem, text) < 0)
		return -ENOMEM;
	return 0;
}

static int read_facts(const struct verify *verify, struct engine_facts *facts)
{
	int r = ask_engine(verify, facts);

	if (r < 0)
		return r;
	if (verify->client && docker_client_remote(verify->client))
		return not_here(facts);
	/* Beneath another root processes have other numbers, perhaps. */
	if (verify->client && !verify->root[0])
		facts->peer = docker_client_peer(verify->client);
	return engine_read_host(verify->root, facts);
}

const struct engine_facts *verify_facts_of(struct verify *verify)
{
	cleanup_of(engine_facts) struct engine_facts *facts = NULL;

	if (verify->engine_facts)
		return verify->engine_facts;
	facts = calloc(1, sizeof(*facts));
	if (!facts || read_facts(verify, facts) < 0) {
		verify->out_of_memory = true;
		return NULL;
	}
	verify->engine_facts = steal(facts);
	return verify->engine_facts;
}

void verify_facts_judge(struct verify *verify, void (*judge)(struct verify *, const struct engine_facts *))
{
	const struct engine_facts *facts = verify_facts_of(verify);

	if (facts)
		judge(verify, facts);
}
