/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The status as a document, and back; both ways by one table. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "status.h"
#include "texts.h"

enum kind { NUMBER, SWITCH, TEXT };

struct field {
	const char *group, *key; /* group: the object that it stands in; NULL: the outermost one */
	enum kind kind;
	size_t offset, size;
};

#define FIELD(type, group, key, kind, member)                                                                          \
	{                                                                                                              \
		group, key, kind, offsetof(struct type, member), sizeof(((struct type *)NULL)->member)                 \
	}

static const struct field fields[] = {
	FIELD(status, NULL, "pid", NUMBER, pid),
	FIELD(status, NULL, "written_ms", NUMBER, written),
	FIELD(status, NULL, "version", TEXT, version),
	FIELD(status, NULL, "started", NUMBER, started),
	FIELD(status, "in_force", "broken", SWITCH, broken),
	FIELD(status, "in_force", "since", NUMBER, since),
	FIELD(status, "in_force", "reason", TEXT, reason),
	FIELD(status, "drift", "put_right", NUMBER, put_right),
	FIELD(status, "drift", "left_lost", NUMBER, left_lost),
	FIELD(status, "drift", "left_foreign", NUMBER, left_foreign),
	FIELD(status, "reconciles", "done", NUMBER, reconciles),
	FIELD(status, "reconciles", "failed", NUMBER, failures),
	FIELD(status, "reconciles", "last_time", NUMBER, last_time),
	FIELD(status, "reconciles", "last_what", TEXT, last_what),
	FIELD(status, "reconciles", "last_work_us", NUMBER, last_work_us),
	FIELD(status, "reconciles", "last_commit_us", NUMBER, last_commit_us),
	FIELD(status, "reconciles", "last_added", NUMBER, last_added),
	FIELD(status, "reconciles", "last_removed", NUMBER, last_removed),
	FIELD(status, "engine", "reachable", SWITCH, engine_up),
	FIELD(status, "engine", "since", NUMBER, engine_since),
	FIELD(status, "engine", "url", TEXT, engine_url),
	FIELD(status, "engine", "version", TEXT, engine_version),
	FIELD(status, "engine", "error", TEXT, engine_error),
	FIELD(status, "engine", "rules_ipv4", TEXT, backend4),
	FIELD(status, "engine", "rules_ipv6", TEXT, backend6),
	FIELD(status, "kernel", "release", TEXT, kernel),
	FIELD(status, "kernel", "knows_owner", SWITCH, knows_owner),
	FIELD(status, "kernel", "knows_bridge_names", SWITCH, knows_bridge_names),
	FIELD(status, "kernel", "owned", SWITCH, owned),
	FIELD(status, "kernel", "persistent", SWITCH, persistent),
	FIELD(status, "kernel", "generation", NUMBER, generation),
	FIELD(status, "confined", "capabilities", SWITCH, capabilities),
	FIELD(status, "confined", "no_new_privs", SWITCH, no_new_privs),
	FIELD(status, "confined", "landlock", SWITCH, landlock),
	FIELD(status, "confined", "seccomp", SWITCH, seccomp),
	FIELD(status, "settings", "mode", TEXT, mode),
	FIELD(status, "settings", "repair", SWITCH, repair),
	FIELD(status, "settings", "owner", SWITCH, owner),
	FIELD(status, "loaded", "apps", NUMBER, apps),
	FIELD(status, "loaded", "flows", NUMBER, flows),
	FIELD(status, "loaded", "elements", NUMBER, elements),
	FIELD(status, "loaded", "containers", NUMBER, containers),
	FIELD(status, "loaded", "networks", NUMBER, networks),
	FIELD(status, "loaded", "refused_files", NUMBER, refused_files),
};

static const struct field repair_fields[] = {
	FIELD(status_repair, NULL, "time", NUMBER, time),
	FIELD(status_repair, NULL, "what", TEXT, what),
	FIELD(status_repair, NULL, "by", TEXT, by),
	FIELD(status_repair, NULL, "pid", NUMBER, pid),
};

static const struct field refused_fields[] = {
	FIELD(status_refused, NULL, "file", TEXT, file),
	FIELD(status_refused, NULL, "app", TEXT, app),
	FIELD(status_refused, NULL, "why", TEXT, why),
	FIELD(status_refused, NULL, "kept", SWITCH, kept),
};

/* Lists, which stand in the outermost object. */
static const struct list {
	const char *key;
	const struct field *fields;
	size_t field_count;
	size_t offset, size, count_offset, max;
} lists[] = {
	{ "repairs", repair_fields, sizeof(repair_fields) / sizeof(repair_fields[0]), offsetof(struct status, repairs),
	  sizeof(struct status_repair), offsetof(struct status, repair_count), STATUS_REPAIRS },
	{ "refused", refused_fields, sizeof(refused_fields) / sizeof(refused_fields[0]),
	  offsetof(struct status, refused), sizeof(struct status_refused), offsetof(struct status, refused_count),
	  STATUS_REFUSED },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- Writing ---- */

static cJSON *group_of(cJSON *object, const char *group)
{
	cJSON *found = group ? cJSON_GetObjectItemCaseSensitive(object, group) : object;

	return found ? found : cJSON_AddObjectToObject(object, group);
}

static bool add_field(cJSON *object, const struct field *field, const void *from)
{
	const char *place = (const char *)from + field->offset;

	object = group_of(object, field->group);
	if (!object)
		return false;
	switch (field->kind) {
	case NUMBER:
		return cJSON_AddNumberToObject(object, field->key, (double)*(const int64_t *)(const void *)place) !=
		       NULL;
	case SWITCH:
		return cJSON_AddBoolToObject(object, field->key, *(const bool *)place) != NULL;
	default:
		return *place ? cJSON_AddStringToObject(object, field->key, place) != NULL
			      : cJSON_AddNullToObject(object, field->key) != NULL;
	}
}

static bool add_list(cJSON *document, const struct list *list, const struct status *status)
{
	const char *base = (const char *)status;
	size_t count = *(const size_t *)(const void *)(base + list->count_offset);
	cJSON *array = cJSON_AddArrayToObject(document, list->key);
	bool ok = array != NULL;

	for (size_t i = 0; ok && i < count; i++) {
		cJSON *item = cJSON_CreateObject();

		ok = item && cJSON_AddItemToArray(array, item);
		if (!ok)
			cJSON_Delete(item);
		for (size_t j = 0; ok && j < list->field_count; j++)
			ok = add_field(item, &list->fields[j], base + list->offset + i * list->size);
	}
	return ok;
}

cJSON *status_to_json(const struct status *status)
{
	cJSON *document = cJSON_CreateObject();
	bool ok = document != NULL;

	for (size_t i = 0; ok && i < COUNT(fields); i++)
		ok = add_field(document, &fields[i], status);
	for (size_t i = 0; ok && i < COUNT(lists); i++)
		ok = add_list(document, &lists[i], status);
	if (ok)
		return document;
	cJSON_Delete(document);
	return NULL;
}

/* ---- Reading: whatever the bytes are ---- */

static bool take_number(const cJSON *value, int64_t *to)
{
	double number = cJSON_IsNumber(value) ? value->valuedouble : -1;

	if (!(number >= 0 && number <= 9007199254740992.0) || (double)(int64_t)number != number)
		return false;
	*to = (int64_t)number;
	return true;
}

static bool take_text(const cJSON *value, char *to, size_t size)
{
	if (cJSON_IsNull(value)) {
		to[0] = '\0';
		return true;
	}
	if (!cJSON_IsString(value) || strlen(value->valuestring) >= size || !texts_printable_line(value->valuestring))
		return false;
	strcpy(to, value->valuestring);
	return true;
}

static bool take_field(const cJSON *object, const struct field *field, void *to)
{
	char *place = (char *)to + field->offset;
	const cJSON *value;

	if (field->group)
		object = cJSON_GetObjectItemCaseSensitive(object, field->group);
	value = cJSON_GetObjectItemCaseSensitive(object, field->key);
	switch (field->kind) {
	case NUMBER:
		return take_number(value, (int64_t *)(void *)place);
	case SWITCH:
		*(bool *)place = cJSON_IsTrue(value);
		return cJSON_IsBool(value);
	default:
		return value && take_text(value, place, field->size);
	}
}

static const char *take_list(const cJSON *document, const struct list *list, struct status *to)
{
	const cJSON *array = cJSON_GetObjectItemCaseSensitive(document, list->key), *item;
	char *base = (char *)to;
	size_t count = 0;

	if (!cJSON_IsArray(array))
		return list->key;
	cJSON_ArrayForEach(item, array)
	{
		if (count == list->max)
			return list->key;
		for (size_t j = 0; j < list->field_count; j++) {
			if (!take_field(item, &list->fields[j], base + list->offset + count * list->size))
				return list->fields[j].key;
		}
		count++;
	}
	*(size_t *)(void *)(base + list->count_offset) = count;
	return NULL;
}

static const char *take_all(const cJSON *document, struct status *status)
{
	const char *wrong = NULL;

	for (size_t i = 0; !wrong && i < COUNT(fields); i++)
		wrong = take_field(document, &fields[i], status) ? NULL : fields[i].key;
	for (size_t i = 0; !wrong && i < COUNT(lists); i++)
		wrong = take_list(document, &lists[i], status);
	return wrong;
}

int status_parse(const char *text, size_t length, struct status *ret_status, const char **ret_what)
{
	struct status status = { 0 };
	const char *end, *wrong = "no JSON";
	/* cJSON_ParseWithLength stops at a NUL, and at the end of the first value. */
	cJSON *document = memchr(text, '\0', length) ? NULL : cJSON_ParseWithLengthOpts(text, length, &end, false);

	if (document && end != text + length)
		wrong = "something behind the document";
	else if (document)
		wrong = take_all(document, &status);
	cJSON_Delete(document);
	if (wrong) {
		*ret_what = wrong;
		return -EINVAL;
	}
	*ret_status = status;
	return 0;
}
