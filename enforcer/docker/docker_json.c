/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every object is walked once, child by child: a lookup by name is linear in cJSON, and inspecting a network stands on
 * the way from a container's connect to its rules.  Of members that occur twice the last counts, as in the engine's
 * own language.  What has an unexpected type counts as absent.
 */
#include "docker_json.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "docker_json_internal.h"

/* The next "\u0000" that is an escape, or NULL: its backslash has an even number of others before it. */
static char *find_escaped_nul(const char *text, const char *from, const char *end)
{
	for (const char *at = from; (at = memmem(at, (size_t)(end - at), "\\u0000", 6)); at++) {
		const char *first = at;

		while (first > text && first[-1] == '\\')
			first--;
		if ((at - first) % 2 == 0)
			return (char *)(uintptr_t)at;
	}
	return NULL;
}

/* cJSON's strings end at a NUL inside them, so a label "shop\u0000…" would be the label "shop".  Where there is one,
 * the answer is copied, and the replacement character takes its place. *ret_copy: NULL where nothing had to be done. */
static int replace_nuls(const char *text, size_t length, char **ret_copy)
{
	char *copy;

	*ret_copy = NULL;
	if (!find_escaped_nul(text, text, text + length))
		return 0;
	copy = malloc(length + 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, text, length);
	for (char *nul = copy; (nul = find_escaped_nul(copy, nul, copy + length)); nul += 6)
		memcpy(nul, "\\ufffd", 6);
	*ret_copy = copy;
	return 0;
}

int docker_json_parse(const char *text, size_t length, const char *what, cJSON **ret_root, struct error *err)
{
	cleanup_free char *copy = NULL;
	const char *end = NULL;
	cJSON *root;

	if (memchr(text, '\0', length))
		return error_set(err, -EPROTO, "the engine's answer about %s holds a byte of zero", what);
	if (replace_nuls(text, length, &copy) < 0)
		return error_oom(err);
	text = copy ? copy : text;
	root = cJSON_ParseWithLengthOpts(text, length, &end, false);
	if (!root)
		return error_set(err, -EPROTO, "the engine's answer about %s is not JSON (byte %zu of %zu)", what,
				 end ? (size_t)(end - text) : 0, length);
	while (end < text + length && isspace((unsigned char)*end))
		end++;
	if (end != text + length) {
		cJSON_Delete(root);
		return error_set(err, -EPROTO, "the engine's answer about %s goes on after its end (byte %zu of %zu)",
				 what, (size_t)(end - text), length);
	}
	*ret_root = root;
	return 0;
}

bool docker_json_is(const cJSON *item, const char *name)
{
	return item->string && strcmp(item->string, name) == 0;
}

const char *docker_json_string(const cJSON *item)
{
	return item && cJSON_IsString(item) ? item->valuestring : NULL;
}

int docker_json_object(const cJSON *root, const char *what, struct error *err)
{
	if (!cJSON_IsObject(root))
		return error_set(err, -EPROTO, "the engine's answer about %s is not an object", what);
	return 0;
}

int docker_json_copy(char **text, const cJSON *item)
{
	const char *value = docker_json_string(item);

	return value ? docker_json_set(text, value) : 0;
}

int docker_json_set(char **text, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return -ENOMEM;
	free(*text);
	*text = copy;
	return 0;
}

/* Ids are 64 hexadecimal digits and the keys of what is no container a little longer; nothing longer is one. */
#define ID_MAX 127

bool docker_json_id_valid(const char *id)
{
	return id && id[0] && strlen(id) <= ID_MAX;
}

int docker_json_count(const cJSON *array, const char *what, size_t *ret_count, struct error *err)
{
	const cJSON *item;
	size_t count = 0;

	if (!cJSON_IsArray(array))
		return error_set(err, -EPROTO, "the engine's answer about %s is not an array", what);
	cJSON_ArrayForEach(item, array) count++;
	*ret_count = count;
	return 0;
}

/* Leaves the target alone, "" or an earlier value, where the text is none or does not fit. */
static bool copy_text(char *target, size_t size, const cJSON *item)
{
	const char *text = docker_json_string(item);

	if (!text || strlen(text) >= size)
		return false;
	strcpy(target, text);
	return true;
}

int docker_json_version(const char *text, size_t length, struct docker_version *ret_version, struct error *err)
{
	struct docker_version version = { 0 };
	cleanup_of(cJSON) cJSON *root = NULL;
	const cJSON *item;
	int r;

	r = docker_json_parse(text, length, "its version", &root, err);
	if (r < 0)
		return r;
	r = docker_json_object(root, "its version", err);
	if (r < 0)
		return r;
	cJSON_ArrayForEach(item, root)
	{
		if (docker_json_is(item, "Version"))
			copy_text(version.version, sizeof(version.version), item);
		else if (docker_json_is(item, "ApiVersion"))
			copy_text(version.api_version, sizeof(version.api_version), item);
		else if (docker_json_is(item, "MinAPIVersion"))
			copy_text(version.min_api_version, sizeof(version.min_api_version), item);
	}
	if (!version.api_version[0])
		return error_set(err, -EPROTO,
				 "the engine does not say which API version it speaks: is this a Docker Engine?");
	*ret_version = version;
	return 0;
}

/* "1.41" */
static int parse_api(const char *text, unsigned *ret_major, unsigned *ret_minor)
{
	unsigned major, minor;
	char rest;

	if (!isdigit((unsigned char)text[0]) || strlen(text) > 8 || strspn(text, "0123456789.") != strlen(text) ||
	    sscanf(text, "%u.%u%c", &major, &minor, &rest) != 2)
		return -EPROTO;
	*ret_major = major;
	*ret_minor = minor;
	return 0;
}

#define API_MAJOR     1u
#define API_OLDEST    24u
#define API_NEWEST    47u /* that was tried */
#define API_TEXT_SIZE 16

int docker_json_negotiate(const struct docker_version *version, char ret_api[16], struct error *err)
{
	unsigned major, minor, min_major = API_MAJOR, min_minor = 0, chosen;

	if (parse_api(version->api_version, &major, &minor) < 0)
		return error_set(err, -EPROTO, "the engine's API version \"%s\" is not a version",
				 version->api_version);
	if (version->min_api_version[0] && parse_api(version->min_api_version, &min_major, &min_minor) < 0)
		return error_set(err, -EPROTO, "the engine's oldest API version \"%s\" is not a version",
				 version->min_api_version);
	if (major < API_MAJOR || (major == API_MAJOR && minor < API_OLDEST))
		return error_set(err, -EPROTO,
				 "the engine speaks API %s at most, bulkhead %u.%u at least: use a newer Docker Engine",
				 version->api_version, API_MAJOR, API_OLDEST);
	if (min_major > API_MAJOR)
		return error_set(err, -EPROTO, "the engine speaks API %s at least, bulkhead %u: use a newer bulkhead",
				 version->min_api_version, API_MAJOR);
	chosen = major > API_MAJOR || minor > API_NEWEST ? API_NEWEST : minor;
	/* An engine that has given up what we know is followed: within one major version what is told stays, and what
	 * is missing in an answer is an error of its own. */
	if (min_major == API_MAJOR && min_minor > chosen)
		chosen = min_minor;
	snprintf(ret_api, API_TEXT_SIZE, "%u.%u", API_MAJOR, chosen);
	return 0;
}

static void read_security_options(const cJSON *options, struct docker_info *info)
{
	const cJSON *item;

	if (!cJSON_IsArray(options))
		return;
	cJSON_ArrayForEach(item, options)
	{
		/* "name=rootless", where others have more: "name=seccomp,profile=default" */
		const char *text = docker_json_string(item);

		if (text && strncmp(text, "name=rootless", 13) == 0 && (text[13] == '\0' || text[13] == ','))
			info->rootless = true;
	}
}

static void read_firewall(const cJSON *firewall, struct docker_info *info)
{
	const cJSON *item;

	if (!cJSON_IsObject(firewall))
		return;
	cJSON_ArrayForEach(item, firewall)
	{
		if (docker_json_is(item, "Driver"))
			copy_text(info->firewall_backend, sizeof(info->firewall_backend), item);
	}
	info->nftables = strncmp(info->firewall_backend, "nftables", 8) == 0;
}

static void read_swarm(const cJSON *swarm, struct docker_info *info)
{
	const cJSON *item;

	if (!cJSON_IsObject(swarm))
		return;
	cJSON_ArrayForEach(item, swarm)
	{
		const char *state = docker_json_string(item);

		if (docker_json_is(item, "LocalNodeState"))
			info->swarm = state && strcmp(state, "active") == 0;
	}
}

int docker_json_info(const char *text, size_t length, struct docker_info *ret_info, struct error *err)
{
	struct docker_info info = { 0 };
	cleanup_of(cJSON) cJSON *root = NULL;
	const cJSON *item;
	int r;

	r = docker_json_parse(text, length, "itself", &root, err);
	if (r < 0)
		return r;
	r = docker_json_object(root, "itself", err);
	if (r < 0)
		return r;
	cJSON_ArrayForEach(item, root)
	{
		if (docker_json_is(item, "ID"))
			copy_text(info.id, sizeof(info.id), item);
		else if (docker_json_is(item, "SecurityOptions"))
			read_security_options(item, &info);
		else if (docker_json_is(item, "FirewallBackend"))
			read_firewall(item, &info);
		else if (docker_json_is(item, "Swarm"))
			read_swarm(item, &info);
	}
	*ret_info = info;
	return 0;
}

static enum docker_event_type event_type(const char *text)
{
	if (strcmp(text, "container") == 0)
		return DOCKER_EVENT_CONTAINER;
	if (strcmp(text, "network") == 0)
		return DOCKER_EVENT_NETWORK;
	if (strcmp(text, "daemon") == 0)
		return DOCKER_EVENT_DAEMON;
	return DOCKER_EVENT_OTHER;
}

/* "exec_create: /bin/sh -c true" and "health_status: healthy" are exec_create and health_status.  False if it does not
 * fit, and then it is no action that we know. */
static bool copy_action(char *target, size_t size, const char *text)
{
	size_t length = strcspn(text, ":");

	while (length && isspace((unsigned char)text[length - 1]))
		length--;
	if (length >= size)
		return false;
	memcpy(target, text, length);
	target[length] = '\0';
	return true;
}

struct event_parts {
	const cJSON *type, *action, *id, *container;
};

static void find_actor_parts(const cJSON *actor, struct event_parts *parts)
{
	const cJSON *item, *attribute;

	if (!cJSON_IsObject(actor))
		return;
	cJSON_ArrayForEach(item, actor)
	{
		if (docker_json_is(item, "ID"))
			parts->id = item;
		if (!docker_json_is(item, "Attributes") || !cJSON_IsObject(item))
			continue;
		cJSON_ArrayForEach(attribute, item)
		{
			if (docker_json_is(attribute, "container"))
				parts->container = attribute;
		}
	}
}

static void find_event_parts(const cJSON *root, struct event_parts *parts)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, root)
	{
		if (docker_json_is(item, "Type"))
			parts->type = item;
		else if (docker_json_is(item, "Action"))
			parts->action = item;
		else if (docker_json_is(item, "Actor"))
			find_actor_parts(item, parts);
	}
}

int docker_json_event(const char *text, size_t length, struct docker_event *ret_event, struct error *err)
{
	struct docker_event event = { .type = DOCKER_EVENT_OTHER };
	struct event_parts parts = { 0 };
	cleanup_of(cJSON) cJSON *root = NULL;
	const char *type, *action;
	int r;

	r = docker_json_parse(text, length, "an event", &root, err);
	if (r < 0)
		return r;
	r = docker_json_object(root, "an event", err);
	if (r < 0)
		return r;
	find_event_parts(root, &parts);
	type = docker_json_string(parts.type);
	action = docker_json_string(parts.action);
	if (!type || !action)
		return error_set(err, -EPROTO, "the engine's event has no Type or no Action");
	event.type = event_type(type);
	if (event.type != DOCKER_EVENT_OTHER && (!copy_action(event.action, sizeof(event.action), action) ||
						 !copy_text(event.id, sizeof(event.id), parts.id)))
		event = (struct docker_event){ .type = DOCKER_EVENT_OTHER };
	/* A container's attributes hold its labels, so only a network's are trusted. */
	if (event.type == DOCKER_EVENT_NETWORK)
		copy_text(event.container, sizeof(event.container), parts.container);
	*ret_event = event;
	return 0;
}
