/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of docker_json that reads what a container may do to the host: no rule holds one that can write rules. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "docker_json.h"
#include "docker_json_internal.h"

/* "NET_ADMIN", "CAP_NET_ADMIN", "all": engines of different age keep it as it was written, or in their own form. */
static bool is_capability(const char *text, const char *name)
{
	if (strncasecmp(text, "CAP_", 4) == 0)
		text += 4;
	return strcasecmp(text, name) == 0 || strcasecmp(text, "ALL") == 0;
}

static bool has_capability(const cJSON *capabilities, const char *name)
{
	const cJSON *item;

	if (!cJSON_IsArray(capabilities))
		return false;
	cJSON_ArrayForEach(item, capabilities)
	{
		const char *text = docker_json_string(item);

		if (text && is_capability(text, name))
			return true;
	}
	return false;
}

/* What each lets a process do to the host (capabilities(7)): mount and enter namespaces; load modules; reach memory and
 * devices; open any file of the file system by its handle; and, where it sees the host's processes, become one of them.
 */
static const struct {
	const char *name;
	bool needs_host_pid;
} host_capabilities[] = {
	{ "SYS_ADMIN", false },	      { "SYS_MODULE", false }, { "SYS_RAWIO", false },
	{ "DAC_READ_SEARCH", false }, { "SYS_PTRACE", true },
};

static int find_host_capabilities(const cJSON *capabilities, bool host_pid, struct docker_exposure *exposure)
{
	for (size_t i = 0; i < sizeof(host_capabilities) / sizeof(host_capabilities[0]); i++) {
		const char *name = host_capabilities[i].name;

		if ((host_capabilities[i].needs_host_pid && !host_pid) || !has_capability(capabilities, name))
			continue;
		if (texts_add(&exposure->host_capabilities, name, strlen(name)) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int add(struct texts *texts, const char *text)
{
	return text ? texts_add(texts, text, strlen(text)) : 0;
}

static int read_mount(const cJSON *mount, struct docker_exposure *exposure)
{
	const char *type = NULL, *source = NULL, *name = NULL, *driver = NULL;
	const cJSON *item;

	cJSON_ArrayForEach(item, mount)
	{
		if (docker_json_is(item, "Type"))
			type = docker_json_string(item);
		else if (docker_json_is(item, "Source"))
			source = docker_json_string(item);
		else if (docker_json_is(item, "Name"))
			name = docker_json_string(item);
		else if (docker_json_is(item, "Driver"))
			driver = docker_json_string(item);
	}
	if (type && strcmp(type, "volume") == 0)
		return !driver || !driver[0] || strcmp(driver, "local") == 0 ? add(&exposure->volumes, name) : 0;
	return !type || strcmp(type, "bind") == 0 ? add(&exposure->sources, source) : 0;
}

/* Mounts: [ { "Type": "bind", "Source": … }, { "Type": "volume", "Name": …, "Driver": "local" } ] */
static int read_mounts(const cJSON *mounts, struct docker_exposure *exposure)
{
	const cJSON *mount;
	int r = 0;

	if (!cJSON_IsArray(mounts))
		return 0;
	cJSON_ArrayForEach(mount, mounts)
	{
		if (r == 0 && cJSON_IsObject(mount))
			r = read_mount(mount, exposure);
	}
	return r;
}

static int read_host_config(const cJSON *config, struct docker_exposure *exposure)
{
	const cJSON *item, *capabilities = NULL;
	bool host_pid = false;

	cJSON_ArrayForEach(item, config)
	{
		const char *text = docker_json_string(item);

		if (docker_json_is(item, "Privileged"))
			exposure->privileged = !cJSON_IsFalse(item) && !cJSON_IsNull(item);
		else if (docker_json_is(item, "CapAdd"))
			capabilities = item;
		else if (docker_json_is(item, "PidMode"))
			host_pid = text && strcmp(text, "host") == 0;
		else if (docker_json_is(item, "NetworkMode"))
			exposure->host_network = text && strcmp(text, "host") == 0;
	}
	exposure->net_admin = has_capability(capabilities, "NET_ADMIN");
	return find_host_capabilities(capabilities, host_pid, exposure);
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
	if (read_host_config(config, &exposure) < 0 || read_mounts(mounts, &exposure) < 0) {
		docker_exposure_clear(&exposure);
		return error_oom(err);
	}
	*ret_exposure = exposure;
	return 0;
}

void docker_exposure_clear(struct docker_exposure *exposure)
{
	texts_clear(&exposure->host_capabilities);
	texts_clear(&exposure->sources);
	texts_clear(&exposure->volumes);
}

/* "bind,ro": as mount(8) takes them. */
static bool has_bind(const char *options)
{
	while (options && *options) {
		size_t length = strcspn(options, ",");

		if ((length == 4 && strncmp(options, "bind", 4) == 0) ||
		    (length == 5 && strncmp(options, "rbind", 5) == 0))
			return true;
		options += length + (options[length] == ',');
	}
	return false;
}

static int read_volume(const cJSON *volume, struct docker_volumes *volumes)
{
	const char *name = NULL, *device = NULL, *how = NULL;
	const cJSON *item, *options = NULL;

	cJSON_ArrayForEach(item, volume)
	{
		if (docker_json_is(item, "Name"))
			name = docker_json_string(item);
		else if (docker_json_is(item, "Options"))
			options = item;
	}
	if (cJSON_IsObject(options)) {
		cJSON_ArrayForEach(item, options)
		{
			if (docker_json_is(item, "device"))
				device = docker_json_string(item);
			else if (docker_json_is(item, "o"))
				how = docker_json_string(item);
		}
	}
	if (!name || !device || !has_bind(how))
		return 0;
	return add(&volumes->names, name) < 0 ? -ENOMEM : add(&volumes->devices, device);
}

int docker_json_volumes(const char *text, size_t length, struct docker_volumes *ret_volumes, struct error *err)
{
	static const char *const what = "its volumes";
	cleanup_of(cJSON) cJSON *root = NULL;
	struct docker_volumes volumes = { 0 };
	const cJSON *list = NULL, *item;
	int r = docker_json_parse(text, length, what, &root, err);

	if (r == 0)
		r = docker_json_object(root, what, err);
	if (r < 0)
		return r;
	cJSON_ArrayForEach(item, root)
	{
		if (docker_json_is(item, "Volumes"))
			list = item;
	}
	/* None is null, or an empty list. */
	if (!list || (!cJSON_IsArray(list) && !cJSON_IsNull(list)))
		return error_set(err, -EPROTO, "the engine's answer about %s has no Volumes", what);
	cJSON_ArrayForEach(item, list)
	{
		if (r == 0 && cJSON_IsObject(item))
			r = read_volume(item, &volumes);
	}
	if (r < 0) {
		docker_volumes_clear(&volumes);
		return error_oom(err);
	}
	*ret_volumes = volumes;
	return 0;
}

void docker_volumes_clear(struct docker_volumes *volumes)
{
	texts_clear(&volumes->names);
	texts_clear(&volumes->devices);
}
