/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of docker_json that reads containers. */
#include "docker_json.h"

#include <errno.h>
#include <string.h>

#include "docker_json_internal.h"
#include "json_sieve.h"

/* Labels with a value that is no string are left out: nothing can match them. */
static int read_labels(const cJSON *labels, struct container *container)
{
	size_t count = 0;
	const cJSON *item;

	if (!cJSON_IsObject(labels) || container->labels)
		return 0;
	cJSON_ArrayForEach(item, labels) count++;
	if (!count)
		return 0;
	container->labels = calloc(count, sizeof(*container->labels));
	if (!container->labels)
		return -ENOMEM;
	cJSON_ArrayForEach(item, labels)
	{
		const char *value = docker_json_string(item);
		struct flow_label *label = &container->labels[container->label_count];

		if (!value || !item->string)
			continue;
		container->label_count++;
		label->key = strdup(item->string);
		label->value = strdup(value);
		if (!label->key || !label->value)
			return -ENOMEM;
	}
	container_sort_labels(container);
	return 0;
}

/* A container that others link to has the names that they gave it too, "/other/alias": those are not its own. */
static int read_names(const cJSON *names, struct container *container)
{
	const char *best = NULL;
	const cJSON *item;

	if (!cJSON_IsArray(names))
		return 0;
	cJSON_ArrayForEach(item, names)
	{
		const char *name = docker_json_string(item);

		if (!name)
			continue;
		if (name[0] == '/')
			name++;
		if (!best || (strchr(best, '/') && !strchr(name, '/')))
			best = name;
	}
	return best ? docker_json_set(&container->name, best) : 0;
}

static int read_host_config(const cJSON *config, struct container *container)
{
	const cJSON *item;

	if (!cJSON_IsObject(config))
		return 0;
	cJSON_ArrayForEach(item, config)
	{
		const char *mode = docker_json_string(item);

		if (!docker_json_is(item, "NetworkMode") || !mode)
			continue;
		if (strncmp(mode, "container:", 10) == 0 && mode[10])
			return docker_json_set(&container->shares, mode + 10);
	}
	return 0;
}

/* Between two attempts of the engine to start it a container's process does not run. */
static void read_listed_state(const char *state, struct container *container)
{
	container->started = state && (strcmp(state, "running") == 0 || strcmp(state, "paused") == 0);
	container->running = container->started || (state && strcmp(state, "restarting") == 0);
}

/* One of GET /containers/json. */
static int read_listed_member(const cJSON *item, struct container *container)
{
	if (docker_json_is(item, JSON_SIEVE_CUT))
		container->obscure = true;
	if (docker_json_is(item, "Id"))
		return docker_json_copy(&container->id, item);
	if (docker_json_is(item, "Names"))
		return read_names(item, container);
	if (docker_json_is(item, "Image"))
		return docker_json_copy(&container->image, item);
	if (docker_json_is(item, "Labels"))
		return read_labels(item, container);
	if (docker_json_is(item, "HostConfig"))
		return read_host_config(item, container);
	if (docker_json_is(item, "Ports"))
		return docker_json_listed_ports(item, container);
	if (docker_json_is(item, "State"))
		read_listed_state(docker_json_string(item), container);
	return 0;
}

static int read_config(const cJSON *config, struct container *container)
{
	const cJSON *item;
	int r = 0;

	if (!cJSON_IsObject(config))
		return 0;
	cJSON_ArrayForEach(item, config)
	{
		if (docker_json_is(item, "Image"))
			r = docker_json_copy(&container->image, item);
		else if (docker_json_is(item, "Labels"))
			r = read_labels(item, container);
		if (r < 0)
			return r;
	}
	return 0;
}

static void read_inspected_state(const cJSON *state, struct container *container)
{
	bool running = false, restarting = false;
	const cJSON *item;

	if (cJSON_IsObject(state)) {
		cJSON_ArrayForEach(item, state)
		{
			if (docker_json_is(item, "Running"))
				running = cJSON_IsTrue(item);
			else if (docker_json_is(item, "Restarting"))
				restarting = cJSON_IsTrue(item);
		}
	}
	container->running = running;
	container->started = running && !restarting;
}

static int read_network_settings(const cJSON *settings, struct container *container)
{
	const cJSON *item;
	int r = 0;

	if (!cJSON_IsObject(settings))
		return 0;
	cJSON_ArrayForEach(item, settings)
	{
		if (docker_json_is(item, "Ports"))
			r = docker_json_inspected_ports(item, container);
		if (r < 0)
			return r;
	}
	return 0;
}

/* GET /containers/ID/json, where Image is the image's id, and its reference stands in Config. */
static int read_inspected_member(const cJSON *item, struct container *container)
{
	const char *name;
	int r;

	if (docker_json_is(item, JSON_SIEVE_CUT))
		container->obscure = true;
	if (docker_json_is(item, "Id"))
		return docker_json_copy(&container->id, item);
	if (docker_json_is(item, "Config"))
		return read_config(item, container);
	if (docker_json_is(item, "HostConfig")) {
		r = read_host_config(item, container);
		return r < 0 ? r : docker_json_bindings(item, container);
	}
	if (docker_json_is(item, "NetworkSettings"))
		return read_network_settings(item, container);
	if (docker_json_is(item, "State"))
		read_inspected_state(item, container);
	if (docker_json_is(item, "Name") && (name = docker_json_string(item)))
		return docker_json_set(&container->name, name[0] == '/' ? name + 1 : name);
	return 0;
}

static int read_container(const cJSON *object, int (*read_member)(const cJSON *, struct container *),
			  struct container **ret_container, struct error *err)
{
	cleanup_of(container) struct container *container = calloc(1, sizeof(*container));
	const cJSON *item;
	int r;

	if (!container)
		return error_oom(err);
	r = docker_json_object(object, "a container", err);
	if (r < 0)
		return r;
	cJSON_ArrayForEach(item, object)
	{
		if (read_member(item, container) < 0)
			return error_oom(err);
	}
	if (!docker_json_id_valid(container->id))
		return error_set(err, -EPROTO, "the engine tells of a container without a valid Id");
	/* Readers need not ask whether there is a name or an image. */
	if ((!container->name && docker_json_set(&container->name, "") < 0) ||
	    (!container->image && docker_json_set(&container->image, "") < 0))
		return error_oom(err);
	*ret_container = steal(container);
	return 0;
}

int docker_json_container(const char *text, size_t length, struct container **ret_container, struct error *err)
{
	cleanup_of(cJSON) cJSON *root = NULL;
	int r;

	r = docker_json_parse(text, length, "a container", &root, err);
	if (r < 0)
		return r;
	return read_container(root, read_inspected_member, ret_container, err);
}

int docker_json_containers(const char *text, size_t length, struct container ***ret_containers, size_t *ret_count,
			   struct error *err)
{
	cleanup_of(cJSON) cJSON *root = NULL;
	struct container **containers;
	const cJSON *item;
	size_t count = 0, done = 0;
	int r;

	r = docker_json_parse(text, length, "its containers", &root, err);
	if (r < 0)
		return r;
	r = docker_json_count(root, "its containers", &count, err);
	if (r < 0)
		return r;
	containers = calloc(count + 1, sizeof(struct container *));
	if (!containers)
		return error_oom(err);
	cJSON_ArrayForEach(item, root)
	{
		r = read_container(item, read_listed_member, &containers[done], err);
		if (r == -ENOMEM) {
			docker_json_free_containers(containers, done);
			return r;
		}
		done += r == 0;
	}
	*ret_containers = containers;
	*ret_count = done;
	return 0;
}

void docker_json_free_containers(struct container **containers, size_t count)
{
	for (size_t i = 0; containers && i < count; i++)
		container_free(containers[i]);
	free(containers);
}
