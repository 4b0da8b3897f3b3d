/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jsonc_check.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 5, 0))) static void report(struct jsonc_check *check, enum diagnostic_severity severity,
							 unsigned line, unsigned column, const char *fmt, va_list ap)
{
	cleanup_free char *text = NULL;

	if (vasprintf(&text, fmt, ap) < 0) {
		text = NULL; /* undefined after a failure */
		check->diagnostics->errors += check->diagnostics->out_of_memory ? 0 : 1;
		check->diagnostics->out_of_memory = true;
		return;
	}
	diagnostics_add(check->diagnostics, severity, check->file, line, column, "%s", text);
}

void jsonc_check_error(struct jsonc_check *check, unsigned line, unsigned column, const char *fmt, ...)
{
	va_list ap;

	check->errors++;
	if (check->errors == JSONC_CHECK_ERRORS_MAX)
		diagnostics_add(check->diagnostics, DIAGNOSTIC_ERROR, check->file, line, column,
				"too many errors: the rest of this file's are not shown");
	if (check->errors >= JSONC_CHECK_ERRORS_MAX)
		return;
	va_start(ap, fmt);
	report(check, DIAGNOSTIC_ERROR, line, column, fmt, ap);
	va_end(ap);
}

void jsonc_check_warning(struct jsonc_check *check, unsigned line, unsigned column, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report(check, DIAGNOSTIC_WARNING, line, column, fmt, ap);
	va_end(ap);
}

bool jsonc_check_type(struct jsonc_check *check, const struct jsonc *value, const char *what, enum jsonc_type type)
{
	if (value->type == type)
		return true;
	jsonc_check_error_at(check, value, "%s must be %s, not %s", what, jsonc_type_name(type),
			     jsonc_type_name(value->type));
	return false;
}

const char *jsonc_check_text(struct jsonc_check *check, const struct jsonc *value, const char *what, bool allow_empty)
{
	if (!jsonc_check_type(check, value, what, JSONC_STRING))
		return NULL;
	if (!allow_empty && !*value->text) {
		jsonc_check_error_at(check, value, "%s must not be empty", what);
		return NULL;
	}
	for (const char *c = value->text; *c; c++) {
		/* They would reach terminals, logs and the comments in the kernel. */
		if ((unsigned char)*c < 0x20 || *c == 0x7f) {
			jsonc_check_error_at(check, value, "%s must not contain control characters", what);
			return NULL;
		}
	}
	return value->text;
}

/* "\"a\", \"b\" or \"c\"", cut where it does not fit. */
static void list_choices(const char *const *choices, size_t count, char *text, size_t size)
{
	size_t used = 0;

	*text = '\0';
	for (size_t i = 0; i < count && used < size; i++) {
		const char *between = i == 0 ? "" : i + 1 == count ? " or " : ", ";

		used += (size_t)snprintf(text + used, size - used, "%s\"%s\"", between, choices[i]);
	}
}

int jsonc_check_choice(struct jsonc_check *check, const struct jsonc *value, const char *what,
		       const char *const *choices, size_t count)
{
	char list[128];
	const char *near;

	list_choices(choices, count, list, sizeof(list));
	if (value->type != JSONC_STRING) {
		jsonc_check_error_at(check, value, "%s must be %s, not %s", what, list, jsonc_type_name(value->type));
		return -1;
	}
	for (size_t i = 0; i < count; i++) {
		if (strcmp(value->text, choices[i]) == 0)
			return (int)i;
	}
	near = diagnostics_suggest(value->text, choices, count);
	if (near)
		jsonc_check_error_at(check, value, "%s must be %s, not \"%s\": did you mean \"%s\"?", what, list,
				     value->text, near);
	else
		jsonc_check_error_at(check, value, "%s must be %s, not \"%s\"", what, list, value->text);
	return -1;
}

static void unknown_key(struct jsonc_check *check, const struct jsonc_member *member, const char *what,
			const struct jsonc_field *fields, size_t count)
{
	const char *keys[16], *near;
	char list[256];

	for (size_t i = 0; i < count && i < sizeof(keys) / sizeof(keys[0]); i++)
		keys[i] = fields[i].key;
	near = diagnostics_suggest(member->key, keys, count);
	list_choices(keys, count, list, sizeof(list));
	if (near)
		jsonc_check_error(check, member->line, member->column, "unknown key \"%s\" in %s: did you mean \"%s\"?",
				  member->key, what, near);
	else
		jsonc_check_error(check, member->line, member->column, "unknown key \"%s\" in %s: it may have %s",
				  member->key, what, list);
}

bool jsonc_check_object(struct jsonc_check *check, const struct jsonc *value, const char *what,
			const struct jsonc_field *fields, size_t count)
{
	if (!jsonc_check_type(check, value, what, JSONC_OBJECT))
		return false;
	for (size_t i = 0; i < value->count; i++) {
		const struct jsonc_member *member = &value->members[i];
		size_t field = 0;

		while (field < count && strcmp(fields[field].key, member->key) != 0)
			field++;
		if (field == count)
			unknown_key(check, member, what, fields, count);
		else if (!*fields[field].ret_value) /* a duplicate was reported; the first counts */
			*fields[field].ret_value = &member->value;
	}
	return true;
}

static int compare_entries(const void *a_pointer, const void *b_pointer, void *data)
{
	const struct jsonc_entry *a = a_pointer, *b = b_pointer;
	jsonc_compare_fn *const *compare = data;
	int order = (*compare)(a->meaning, b->meaning);

	if (order != 0)
		return order;
	return a->written < b->written ? -1 : a->written > b->written;
}

void jsonc_check_duplicates(struct jsonc_check *check, const char *what, struct jsonc_entry *entries, size_t count,
			    jsonc_compare_fn *compare)
{
	size_t first = 0;

	if (count < 2)
		return;
	qsort_r(entries, count, sizeof(*entries), compare_entries, &compare);
	for (size_t i = 1; i < count; i++) {
		const struct jsonc *written = entries[i].written, *before = entries[first].written;

		if (compare(entries[i].meaning, entries[first].meaning) != 0)
			first = i;
		else if (what)
			jsonc_check_warning(check, written->line, written->column, "%s already, at %u:%u", what,
					    before->line, before->column);
		else
			jsonc_check_error_at(check, written, "\"%s\" stands in this list already, at %u:%u",
					     written->text, before->line, before->column);
	}
}
