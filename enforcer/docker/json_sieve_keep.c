/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is kept: brackets, names, strings and words as they begin, go on and end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "json_sieve_internal.h"

int json_sieve_append(struct buffer *buffer, const char *bytes, size_t count, size_t limit)
{
	size_t size = buffer->size ? buffer->size : 256;
	char *grown;

	if (count > limit || buffer->length > limit - count)
		return -E2BIG;
	while (size < buffer->length + count + 1)
		size *= 2;
	if (size != buffer->size) {
		grown = realloc(buffer->bytes, size);
		if (!grown)
			return -ENOMEM;
		buffer->bytes = grown;
		buffer->size = size;
	}
	memcpy(buffer->bytes + buffer->length, bytes, count);
	buffer->length += count;
	buffer->bytes[buffer->length] = '\0';
	return 0;
}

int json_sieve_write_out(struct json_sieve *sieve, const char *bytes, size_t count)
{
	return json_sieve_append(&sieve->out, bytes, count, sieve->limit);
}

struct level *json_sieve_top(struct json_sieve *sieve)
{
	return sieve->depth ? &sieve->levels[sieve->depth - 1] : NULL;
}

/* ---- Which rows a value fits ---- */

static const char *segment(const char *path, size_t index, size_t *ret_length)
{
	while (index-- && path) {
		path = strchr(path, '/');
		path = path ? path + 1 : NULL;
	}
	if (path)
		*ret_length = strcspn(path, "/");
	return path;
}

static bool fits_segment(const struct json_sieve *sieve, const struct level *level, const char *text, size_t length)
{
	bool any = length == 1 && text[0] == '*', element = length == 2 && memcmp(text, "[]", 2) == 0;

	if (level->array || element)
		return level->array && element;
	return any || (!sieve->name_cut && sieve->name.length == length &&
		       (!length || memcmp(sieve->name.bytes, text, length) == 0));
}

/* *ret_whole: rows whose path ends here.  Returned: rows that go on. */
static uint32_t find_rows(struct json_sieve *sieve, uint32_t *ret_whole)
{
	const struct level *level = json_sieve_top(sieve);
	uint32_t on = 0;

	*ret_whole = 0;
	for (size_t i = 0; i < sieve->rules->count; i++) {
		const char *path = sieve->rules->rows[i].path, *text;
		size_t length;

		if (!level) {
			on |= UINT32_C(1) << i;
			continue;
		}
		if (!(level->rows & UINT32_C(1) << i))
			continue;
		text = segment(path, sieve->depth - 1, &length);
		if (!text || !fits_segment(sieve, level, text, length))
			continue;
		if (text[length])
			on |= UINT32_C(1) << i;
		else
			*ret_whole |= UINT32_C(1) << i;
	}
	return on;
}

/* ---- Writing, and taking back ---- */

static struct mark mark(struct json_sieve *sieve)
{
	const struct level *level = json_sieve_top(sieve);

	return (struct mark){ .length = sieve->out.length, .wrote = level && level->wrote };
}

static void take_back(struct json_sieve *sieve, const struct mark *before)
{
	if (json_sieve_top(sieve))
		json_sieve_top(sieve)->wrote = before->wrote;
	sieve->out.length = before->length;
}

/* What stands before a value: a comma, and the member's name. */
static int write_before(struct json_sieve *sieve)
{
	struct level *level = json_sieve_top(sieve);
	int r = 0;

	if (!level)
		return 0;
	if (level->wrote)
		r = json_sieve_write_out(sieve, ",", 1);
	level->wrote = true;
	if (r == 0 && !level->array) {
		r = json_sieve_write_out(sieve, "\"", 1);
		if (r == 0)
			r = json_sieve_write_out(sieve, sieve->name.bytes ? sieve->name.bytes : "", sieve->name.length);
		if (r == 0)
			r = json_sieve_write_out(sieve, "\":", 2);
	}
	return r;
}

/* Whether brackets open at the root's elements, or at the root. */
static bool is_part(const struct json_sieve *sieve)
{
	return sieve->depth == (sieve->levels[0].array ? 2 : 1);
}

/* Whether so many bytes more of counted rows may be kept. */
static bool afford(const struct json_sieve *sieve, size_t count)
{
	const struct json_sieve_rules *rules = sieve->rules;

	if (sieve->part + count > rules->part_max)
		return false;
	return sieve->all + count <= rules->all_max || sieve->part + count <= PART_ALWAYS;
}

static bool any_row(const struct json_sieve *sieve, uint32_t rows, bool (*holds)(const struct json_sieve_row *))
{
	for (size_t i = 0; i < sieve->rules->count; i++) {
		if ((rows & UINT32_C(1) << i) && holds(&sieve->rules->rows[i]))
			return true;
	}
	return false;
}

static bool is_counted(const struct json_sieve_row *row)
{
	return row->counted;
}

static bool is_required(const struct json_sieve_row *row)
{
	return row->required;
}

/* Whether any of the rows requires a member of the level that is about to open. */
static bool requires_here(const struct json_sieve *sieve, uint32_t rows)
{
	for (size_t i = 0; i < sieve->rules->count; i++) {
		size_t length;
		const char *text = segment(sieve->rules->rows[i].path, sieve->depth, &length);

		if ((rows & UINT32_C(1) << i) && sieve->rules->rows[i].required && text && !text[length])
			return true;
	}
	return false;
}

/* ---- Brackets ---- */

int json_sieve_open_bracket(struct json_sieve *sieve, bool array)
{
	struct level *parent = json_sieve_top(sieve), level = { .array = array, .before = mark(sieve) };
	bool wanted = !parent || parent->kept, nameless = parent && !parent->array && sieve->name_cut;
	uint32_t whole = 0;
	int r = 0;

	if (sieve->depth == DEPTH_MAX)
		return -EPROTO;
	if (wanted)
		level.rows = find_rows(sieve, &whole);
	if (nameless && (level.rows || whole)) {
		sieve->cut = true;
		level.rows = whole = 0;
	}
	/* One in the place of a value is kept as null: it is there, and it is no such value. */
	if (level.rows || whole) {
		level.kept = level.rows != 0;
		r = write_before(sieve);
		if (r == 0)
			r = level.kept ? json_sieve_write_out(sieve, array ? "[" : "{", 1)
				       : json_sieve_write_out(sieve, "null", 4);
	}
	level.met = array || !level.kept || !requires_here(sieve, level.rows);
	sieve->levels[sieve->depth++] = level;
	sieve->state = array ? STATE_FIRST_VALUE : STATE_FIRST_NAME;
	return r;
}

/* After a value. */
static int after_value(struct json_sieve *sieve)
{
	int r = 0;

	sieve->state = STATE_NEXT;
	if (sieve->depth)
		return 0;
	sieve->state = STATE_END;
	if (sieve->rules->many) {
		r = json_sieve_write_out(sieve, "\n", 1);
		sieve->certain = sieve->out.length;
		sieve->state = STATE_VALUE;
	}
	sieve->part = 0;
	sieve->cut = false;
	return r;
}

static int end_part(struct json_sieve *sieve, const struct level *level)
{
	static const char text[] = "\"" JSON_SIEVE_CUT "\":true";
	int r = 0;

	if (sieve->cut && level->kept && level->wrote)
		r = json_sieve_write_out(sieve, ",", 1);
	if (r == 0 && sieve->cut && level->kept)
		r = json_sieve_write_out(sieve, text, sizeof(text) - 1);
	sieve->part = 0;
	sieve->cut = false;
	return r;
}

int json_sieve_close_bracket(struct json_sieve *sieve, bool array)
{
	struct level level;
	int r = 0;

	if (!sieve->depth || json_sieve_top(sieve)->array != array)
		return -EPROTO;
	level = *json_sieve_top(sieve);
	if (is_part(sieve) && !array)
		r = end_part(sieve, &level);
	sieve->depth--;
	if (r == 0 && level.kept && level.met)
		r = json_sieve_write_out(sieve, array ? "]" : "}", 1);
	else if (level.kept && !level.met)
		take_back(sieve, &level.before);
	return r < 0 ? r : after_value(sieve);
}

/* ---- Strings and words ---- */

static size_t max_of(const struct json_sieve *sieve, uint32_t rows)
{
	size_t max = STRING_MAX;

	for (size_t i = 0; i < sieve->rules->count; i++) {
		if ((rows & UINT32_C(1) << i) && sieve->rules->rows[i].max > max)
			max = sieve->rules->rows[i].max;
	}
	return max;
}

int json_sieve_begin_name(struct json_sieve *sieve)
{
	const struct level *level = &sieve->levels[sieve->depth - 1]; /* names stand in objects */

	sieve->is_name = true;
	sieve->kept = level->kept;
	sieve->max = max_of(sieve, level->rows);
	sieve->length = sieve->name.length = 0;
	sieve->name_cut = false;
	sieve->state = STATE_STRING;
	return 0;
}

int json_sieve_begin_scalar(struct json_sieve *sieve, bool string)
{
	const struct level *level = json_sieve_top(sieve);
	bool wanted = !level || level->kept;
	uint32_t on = wanted ? find_rows(sieve, &sieve->fits) : 0;

	if (!wanted)
		sieve->fits = 0;
	sieve->is_name = false;
	sieve->kept = wanted && (on || sieve->fits);
	sieve->max = max_of(sieve, sieve->fits);
	sieve->length = sieve->word.length = 0;
	sieve->before = mark(sieve);
	sieve->state = string ? STATE_STRING : STATE_WORD;
	if (sieve->kept && sieve->name_cut && level && !level->array) {
		sieve->cut = true;
		sieve->kept = false;
	}
	if (!sieve->kept)
		return 0;
	if (any_row(sieve, sieve->fits, is_counted)) {
		if (!afford(sieve, sieve->name.length)) {
			sieve->cut = true;
			sieve->kept = false;
			return 0;
		}
		sieve->part += sieve->name.length;
		sieve->all += sieve->name.length;
	}
	if (write_before(sieve) < 0)
		return -ENOMEM;
	return string ? json_sieve_write_out(sieve, "\"", 1) : 0;
}

int json_sieve_take(struct json_sieve *sieve, const char *bytes, size_t count)
{
	sieve->length += count;
	if (!sieve->kept)
		return 0;
	if (sieve->length > sieve->max) {
		sieve->kept = false;
		if (sieve->is_name) {
			sieve->name_cut = true;
			return 0;
		}
		sieve->cut = true;
		take_back(sieve, &sieve->before);
		return 0;
	}
	if (sieve->is_name)
		return json_sieve_append(&sieve->name, bytes, count, sieve->limit);
	if (any_row(sieve, sieve->fits, is_counted)) {
		if (!afford(sieve, count)) {
			sieve->cut = true;
			sieve->kept = false;
			take_back(sieve, &sieve->before);
			return 0;
		}
		sieve->part += count;
		sieve->all += count;
	}
	return json_sieve_write_out(sieve, bytes, count);
}

/* A value was kept: its bracket has what a row requires of it. */
static void note_required(struct json_sieve *sieve)
{
	if (sieve->depth && any_row(sieve, sieve->fits, is_required))
		sieve->levels[sieve->depth - 1].met = true;
}

int json_sieve_end_string(struct json_sieve *sieve)
{
	int r = 0;

	if (sieve->is_name) {
		sieve->state = STATE_COLON;
		return 0;
	}
	if (sieve->kept) {
		r = json_sieve_write_out(sieve, "\"", 1);
		note_required(sieve);
	}
	return r < 0 ? r : after_value(sieve);
}

static bool is_word(const struct json_sieve *sieve)
{
	const char *text = sieve->word.bytes;

	if (text[0] == '-' || (text[0] >= '0' && text[0] <= '9'))
		return strspn(text, "+-.0123456789eE") == sieve->word.length;
	return strcmp(text, "true") == 0 || strcmp(text, "false") == 0 || strcmp(text, "null") == 0;
}

int json_sieve_end_word(struct json_sieve *sieve)
{
	int r;

	if (!sieve->word.length || !is_word(sieve))
		return -EPROTO;
	r = sieve->kept ? json_sieve_write_out(sieve, sieve->word.bytes, sieve->word.length) : 0;
	if (sieve->kept)
		note_required(sieve);
	return r < 0 ? r : after_value(sieve);
}
