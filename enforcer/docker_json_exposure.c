/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of docker_json that reads what a container may do to the host: no rule holds one that can write rules. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "docker_json.h"
#include "docker_json_internal.h"

/* "NET_ADMIN", "CAP_NET_ADMIN", "all": engines of different age keep it as it was written, or in their own form. */
static bool is_net_admin(const char *capability)
{
	if (strncasecmp(capability, "CAP_", 4) == 0)
		capability += 4;
	return strcasecmp(capability, "NET_ADMIN") == 0 || strcasecmp(capability, "ALL") == 0;
}

static bool has_net_admin(const cJSON *capabilities)
{
	const cJSON *item;

	if (!cJSON_IsArray(capabilities))
		return false;
	cJSON_ArrayForEach(item, capabilities)
	{
		const char *name = docker_json_string(item);

		if (name && is_net_admin(name))
			return true;
	}
	return false;
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), tail = strlen(end);

	return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* The socket itself, wherever it is, or a folder that it is in by default. */
static bool leads_to_socket(const char *source)
{
	static const char *const folders[] = { "/",
					       "/run",
					       "/run/",
					       "/var",
					       "/var/",
					       "/var/run",
					       "/var/run/",
					       "/run/containerd",
					       "/run/containerd/",
					       "/var/run/containerd",
					       "/var/run/containerd/" };

	if (ends_with(source, "docker.sock") || ends_with(source, "containerd.sock"))
		return true;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		if (strcmp(source, folders[i]) == 0)
			return true;
	}
	return false;
}

static void note_source(const char *source, struct docker_exposure *exposure)
{
	if (!exposure->socket[0] && leads_to_socket(source))
		snprintf(exposure->socket, sizeof(exposure->socket), "%s", source);
}

/* Mounts: [ { "Type": "bind", "Source": … } ] */
static void read_mounts(const cJSON *mounts, struct docker_exposure *exposure)
{
	const cJSON *mount, *item;

	if (!cJSON_IsArray(mounts))
		return;
	cJSON_ArrayForEach(mount, mounts)
	{
		const char *type = NULL, *source = NULL;

		if (!cJSON_IsObject(mount))
			continue;
		cJSON_ArrayForEach(item, mount)
		{
			if (docker_json_is(item, "Type"))
				type = docker_json_string(item);
			else if (docker_json_is(item, "Source"))
				source = docker_json_string(item);
		}
		if (source && (!type || strcmp(type, "bind") == 0))
			note_source(source, exposure);
	}
}

static void read_host_config(const cJSON *config, struct docker_exposure *exposure)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, config)
	{
		const char *text = docker_json_string(item);

		if (docker_json_is(item, "Privileged"))
			exposure->privileged = !cJSON_IsFalse(item) && !cJSON_IsNull(item);
		else if (docker_json_is(item, "CapAdd"))
			exposure->net_admin = has_net_admin(item);
		else if (docker_json_is(item, "NetworkMode"))
			exposure->host_network = text && strcmp(text, "host") == 0;
	}
}

int docker_json_exposure(const char *text, size_t length, struct docker_exposure *ret_exposure, struct error *err)
{
	static const char *const what = "a container";
	cleanup_of(cJSON) cJSON *root = NULL;
	struct docker_exposure exposure = { 0 };
	const cJSON *config = NULL, *mounts = NULL, *item;
	int r = docker_json_parse(text, length, what, &root, err);

	if (r == 0)
		r = docker_json_object(root, what, err);
	if (r < 0)
		return r;
	cJSON_ArrayForEach(item, root)
	{
		if (docker_json_is(item, "HostConfig"))
			config = item;
		else if (docker_json_is(item, "Mounts"))
			mounts = item;
	}
	if (!cJSON_IsObject(config))
		return error_set(err, -EPROTO, "the engine's answer about %s has no HostConfig", what);
	read_host_config(config, &exposure);
	read_mounts(mounts, &exposure);
	*ret_exposure = exposure;
	return 0;
}
