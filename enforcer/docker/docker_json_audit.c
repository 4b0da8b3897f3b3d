/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What GET /info says of the engine's own settings: for the audit alone, so that no other asks for it. */
#include <errno.h>
#include <string.h>

#include "docker_json_audit.h"
#include "docker_json_internal.h"

/* The engine's own entries: what is on the host itself. */
static bool is_built_in(const char *registry)
{
	return strcmp(registry, "127.0.0.0/8") == 0 || strcmp(registry, "::1/128") == 0;
}

static int add(struct texts *texts, const char *text)
{
	return texts_add(texts, text, strlen(text));
}

/* What of it can be read counts; *known: it was all of the kind that an engine answers. */
static int read_ranges(const cJSON *ranges, struct docker_engine *engine, bool *known)
{
	const cJSON *item;

	*known = cJSON_IsArray(ranges);
	if (!*known)
		return 0;
	cJSON_ArrayForEach(item, ranges)
	{
		const char *text = docker_json_string(item);

		*known = *known && text;
		if (text && !is_built_in(text) && add(&engine->insecure_registries, text) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* {"registry.example:5000": {"Name": …, "Secure": false}}: one that says nothing is taken for insecure. */
static int read_indexes(const cJSON *indexes, struct docker_engine *engine, bool *known)
{
	const cJSON *item;

	*known = cJSON_IsObject(indexes);
	if (!*known)
		return 0;
	cJSON_ArrayForEach(item, indexes)
	{
		bool secure = false;
		const cJSON *member;

		if (!cJSON_IsObject(item) || !item->string) {
			*known = false;
			continue;
		}
		cJSON_ArrayForEach(member, item)
		{
			if (docker_json_is(member, "Secure"))
				secure = cJSON_IsTrue(member);
		}
		if (!secure && add(&engine->insecure_registries, item->string) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int read_registries(const cJSON *registries, struct docker_engine *engine)
{
	bool ranges_known = false, indexes_known = false;
	const cJSON *item;

	if (!cJSON_IsObject(registries))
		return 0;
	cJSON_ArrayForEach(item, registries)
	{
		if (docker_json_is(item, "InsecureRegistryCIDRs") && read_ranges(item, engine, &ranges_known) < 0)
			return -ENOMEM;
		if (docker_json_is(item, "IndexConfigs") && read_indexes(item, engine, &indexes_known) < 0)
			return -ENOMEM;
	}
	engine->registries_known = ranges_known && indexes_known;
	return 0;
}

/* "name=userns", and perhaps ",more". */
static bool has_option(const cJSON *options, const char *name)
{
	const cJSON *item;
	size_t length = strlen(name);

	cJSON_ArrayForEach(item, options)
	{
		const char *text = docker_json_string(item);

		if (text && strncmp(text, name, length) == 0 && (!text[length] || text[length] == ','))
			return true;
	}
	return false;
}

static int read_member(const cJSON *item, struct docker_engine *engine)
{
	if (docker_json_is(item, "DockerRootDir"))
		return docker_json_copy(&engine->root_dir, item);
	if (docker_json_is(item, "RegistryConfig"))
		return read_registries(item, engine);
	if (docker_json_is(item, "SecurityOptions") && cJSON_IsArray(item)) {
		engine->options_known = true;
		engine->userns = has_option(item, "name=userns");
		engine->rootless = has_option(item, "name=rootless");
	}
	return 0;
}

int docker_json_engine(const char *text, size_t length, struct docker_engine *ret_engine, struct error *err)
{
	struct docker_engine engine = { 0 };
	cleanup_of(cJSON) cJSON *root = NULL;
	const cJSON *item;
	int r = docker_json_parse(text, length, "itself", &root, err);

	if (r == 0)
		r = docker_json_object(root, "itself", err);
	if (r < 0)
		return r;
	cJSON_ArrayForEach(item, root)
	{
		if (read_member(item, &engine) < 0) {
			docker_engine_clear(&engine);
			return error_oom(err);
		}
	}
	texts_sort(&engine.insecure_registries);
	*ret_engine = engine;
	return 0;
}

void docker_engine_clear(struct docker_engine *engine)
{
	free(engine->root_dir);
	texts_clear(&engine->insecure_registries);
	*engine = (struct docker_engine){ 0 };
}
