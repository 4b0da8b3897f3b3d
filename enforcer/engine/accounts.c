/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "accounts.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

struct field {
	const char *text;
	size_t length;
};

/* Cuts a line at its colons; false where it has fewer fields.  The last field has the rest. */
static bool split(const char *line, size_t length, struct field *fields, size_t count)
{
	const char *end = line + length;

	for (size_t i = 0; i < count; i++) {
		const char *colon = i + 1 < count ? memchr(line, ':', (size_t)(end - line)) : end;

		if (!colon)
			return false;
		fields[i] = (struct field){ line, (size_t)(colon - line) };
		line = colon + (colon < end);
	}
	return true;
}

/* False where it is no number that a gid can be. */
static bool parse_gid(const struct field *field, gid_t *ret_gid)
{
	uint64_t number = 0;

	if (!field->length || field->length > 10)
		return false;
	for (size_t i = 0; i < field->length; i++) {
		if (field->text[i] < '0' || field->text[i] > '9')
			return false;
		number = number * 10 + (uint64_t)(field->text[i] - '0');
	}
	*ret_gid = (gid_t)number;
	return number <= UINT32_MAX;
}

static int add_members(const struct field *list, struct texts *members)
{
	const char *at = list->text, *end = list->text + list->length;

	while (at < end) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		size_t length = comma ? (size_t)(comma - at) : (size_t)(end - at);

		while (length && (*at == ' ' || *at == '\t')) {
			at++;
			length--;
		}
		while (length && (at[length - 1] == ' ' || at[length - 1] == '\t' || at[length - 1] == '\r'))
			length--;
		if (length && texts_add(members, at, length) < 0)
			return -ENOMEM;
		at = comma ? comma + 1 : end;
	}
	return 0;
}

static const char *next_line(const char **text, size_t *ret_length)
{
	const char *line = *text;

	if (!*line)
		return NULL;
	*ret_length = strcspn(line, "\n");
	*text = line + *ret_length + (line[*ret_length] == '\n');
	return line;
}

/* A line of /etc/group: name, password, gid, members; glibc takes one without the last colon as well. */
static bool split_group(const char *line, size_t length, struct field fields[4], gid_t *ret_gid)
{
	fields[3] = (struct field){ line + length, 0 };
	return (split(line, length, fields, 4) || split(line, length, fields, 3)) && parse_gid(&fields[2], ret_gid);
}

/* The first group of that name; without one, a name that is a number is that group (moby, daemon/listeners). */
static bool find_group(const char *text, const char *name, gid_t *ret_gid)
{
	const struct field number = { name, strlen(name) };
	const char *line;
	size_t length;

	while ((line = next_line(&text, &length))) {
		struct field fields[4];

		if (split_group(line, length, fields, ret_gid) && fields[0].length == strlen(name) &&
		    memcmp(fields[0].text, name, fields[0].length) == 0)
			return true;
	}
	return parse_gid(&number, ret_gid);
}

int accounts_group(const char *text, const char *name, bool *ret_found, gid_t *ret_gid, struct texts *members)
{
	const char *line;
	size_t length;
	gid_t gid;

	*ret_found = find_group(text, name, &gid);
	if (!*ret_found)
		return 0;
	*ret_gid = gid;
	/* The kernel knows the number alone: whoever is in another group of that number is in this one. */
	while ((line = next_line(&text, &length))) {
		struct field fields[4];
		gid_t own;

		if (split_group(line, length, fields, &own) && own == gid && add_members(&fields[3], members) < 0)
			return -ENOMEM;
	}
	return 0;
}

int accounts_primary(const char *text, gid_t gid, struct texts *members)
{
	const char *line;
	size_t length;

	while ((line = next_line(&text, &length))) {
		struct field fields[5]; /* name, password, uid, gid, the rest */
		gid_t own;

		if (split(line, length, fields, 5) && fields[0].length && parse_gid(&fields[3], &own) && own == gid &&
		    texts_add(members, fields[0].text, fields[0].length) < 0)
			return -ENOMEM;
	}
	return 0;
}
