/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One state for each byte that may come next, and a level for each bracket that is open.  Strings are copied as they
 * stand between their quotes, so nothing is decoded; a string that grows too long takes back what was written of it.
 */
#include "json_sieve.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX   64
#define STRING_MAX  256	 /* where a row says nothing else, and of numbers */
#define PART_ALWAYS 4096 /* counted bytes that each part may have, however many others have used */

enum state {
	STATE_VALUE,	   /* … */
	STATE_FIRST_VALUE, /* … or "]" */
	STATE_FIRST_NAME,  /* a member's name or "}" */
	STATE_NAME,
	STATE_COLON,
	STATE_NEXT, /* "," or the bracket's end */
	STATE_STRING,
	STATE_ESCAPE,
	STATE_HEX,
	STATE_WORD, /* a number, true, false, null */
	STATE_END,
	STATE_LOST, /* until the next newline */
};

struct buffer {
	char *bytes;
	size_t length, size;
};

/* Where an output was before something was written that may be taken back. */
struct mark {
	size_t length;
	bool wrote;
};

struct level {
	bool array, kept;
	bool wrote;    /* something stands in it already */
	bool met;      /* its required member is there, or it needs none */
	uint32_t rows; /* that its members may fit: as many segments as brackets are open have fitted so far */
	struct mark before;
};

struct json_sieve {
	const struct json_sieve_rules *rules;
	size_t limit;
	enum state state;
	struct level levels[DEPTH_MAX];
	size_t depth;
	struct buffer out, name, word;
	bool name_cut;
	/* The string or word that comes. */
	bool is_name, kept;
	size_t max, length, hex;
	uint32_t fits; /* rows whose whole path leads here */
	struct mark before;
	bool cut;	    /* of the current part */
	size_t part, all;   /* counted bytes */
	size_t certain, at; /* of the output; bytes read */
};

struct json_sieve *json_sieve_new(const struct json_sieve_rules *rules, size_t limit)
{
	struct json_sieve *sieve = calloc(1, sizeof(*sieve));

	if (sieve) {
		sieve->rules = rules;
		sieve->limit = limit;
	}
	return sieve;
}

void json_sieve_free(struct json_sieve *sieve)
{
	if (!sieve)
		return;
	free(sieve->out.bytes);
	free(sieve->name.bytes);
	free(sieve->word.bytes);
	free(sieve);
}

/* One byte more than the text, for a terminator. */
static int append(struct buffer *buffer, const char *bytes, size_t count, size_t limit)
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

static int write_out(struct json_sieve *sieve, const char *bytes, size_t count)
{
	return append(&sieve->out, bytes, count, sieve->limit);
}

static struct level *top(struct json_sieve *sieve)
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
	const struct level *level = top(sieve);
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
	const struct level *level = top(sieve);

	return (struct mark){ .length = sieve->out.length, .wrote = level && level->wrote };
}

static void take_back(struct json_sieve *sieve, const struct mark *before)
{
	if (top(sieve))
		top(sieve)->wrote = before->wrote;
	sieve->out.length = before->length;
}

/* What stands before a value: a comma, and the member's name. */
static int write_before(struct json_sieve *sieve)
{
	struct level *level = top(sieve);
	int r = 0;

	if (!level)
		return 0;
	if (level->wrote)
		r = write_out(sieve, ",", 1);
	level->wrote = true;
	if (r == 0 && !level->array) {
		r = write_out(sieve, "\"", 1);
		if (r == 0)
			r = write_out(sieve, sieve->name.bytes ? sieve->name.bytes : "", sieve->name.length);
		if (r == 0)
			r = write_out(sieve, "\":", 2);
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

static int open_bracket(struct json_sieve *sieve, bool array)
{
	struct level *parent = top(sieve), level = { .array = array, .before = mark(sieve) };
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
			r = level.kept ? write_out(sieve, array ? "[" : "{", 1) : write_out(sieve, "null", 4);
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
		r = write_out(sieve, "\n", 1);
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
		r = write_out(sieve, ",", 1);
	if (r == 0 && sieve->cut && level->kept)
		r = write_out(sieve, text, sizeof(text) - 1);
	sieve->part = 0;
	sieve->cut = false;
	return r;
}

static int close_bracket(struct json_sieve *sieve, bool array)
{
	struct level level;
	int r = 0;

	if (!sieve->depth || top(sieve)->array != array)
		return -EPROTO;
	level = *top(sieve);
	if (is_part(sieve) && !array)
		r = end_part(sieve, &level);
	sieve->depth--;
	if (r == 0 && level.kept && level.met)
		r = write_out(sieve, array ? "]" : "}", 1);
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

/* A member's name: as long as a row may want it. */
static int begin_name(struct json_sieve *sieve)
{
	const struct level *level = top(sieve);

	sieve->is_name = true;
	sieve->kept = level->kept;
	sieve->max = max_of(sieve, level->rows);
	sieve->length = sieve->name.length = 0;
	sieve->name_cut = false;
	sieve->state = STATE_STRING;
	return 0;
}

/* A string or a word.  One in the place of an object or array is kept as well: it is there, and it is none. */
static int begin_scalar(struct json_sieve *sieve, bool string)
{
	const struct level *level = top(sieve);
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
	if (sieve->kept && sieve->name_cut && !level->array) {
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
	return string ? write_out(sieve, "\"", 1) : 0;
}

/* More of the string, or word, as it came. */
static int take(struct json_sieve *sieve, const char *bytes, size_t count)
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
		return append(&sieve->name, bytes, count, sieve->limit);
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
	return write_out(sieve, bytes, count);
}

static int end_string(struct json_sieve *sieve)
{
	int r = 0;

	if (sieve->is_name) {
		sieve->state = STATE_COLON;
		return 0;
	}
	if (sieve->kept) {
		r = write_out(sieve, "\"", 1);
		if (sieve->depth && any_row(sieve, sieve->fits, is_required))
			top(sieve)->met = true;
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

static int end_word(struct json_sieve *sieve)
{
	int r;

	if (!sieve->word.length || !is_word(sieve))
		return -EPROTO;
	r = sieve->kept ? write_out(sieve, sieve->word.bytes, sieve->word.length) : 0;
	if (sieve->kept && sieve->depth && any_row(sieve, sieve->fits, is_required))
		top(sieve)->met = true;
	return r < 0 ? r : after_value(sieve);
}

/* ---- Byte by byte ---- */

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static int begin_value(struct json_sieve *sieve, char c)
{
	int r;

	switch (c) {
	case '{':
		return open_bracket(sieve, false);
	case '[':
		return open_bracket(sieve, true);
	case '"':
		return begin_scalar(sieve, true);
	default:
		r = begin_scalar(sieve, false);
		return r < 0 ? r : append(&sieve->word, &c, 1, STRING_MAX);
	}
}

/* The bytes of a string up to what ends it or escapes: most of most texts. */
static size_t plain(const char *bytes, size_t count)
{
	size_t i = 0;

	while (i < count && bytes[i] != '"' && bytes[i] != '\\' && (unsigned char)bytes[i] >= ' ')
		i++;
	return i;
}

static int step_string(struct json_sieve *sieve, char c)
{
	switch (sieve->state) {
	case STATE_STRING:
		if (c == '"')
			return end_string(sieve);
		if (c != '\\')
			return -EPROTO;
		sieve->state = STATE_ESCAPE;
		break;
	case STATE_ESCAPE:
		if (!c || !strchr("\"\\/bfnrtu", c))
			return -EPROTO;
		sieve->state = c == 'u' ? STATE_HEX : STATE_STRING;
		sieve->hex = 0;
		break;
	default:
		if (!c || !strchr("0123456789abcdefABCDEF", c))
			return -EPROTO;
		if (++sieve->hex == 4)
			sieve->state = STATE_STRING;
	}
	return take(sieve, &c, 1);
}

static int step(struct json_sieve *sieve, char c)
{
	switch (sieve->state) {
	case STATE_FIRST_VALUE:
		if (c == ']')
			return close_bracket(sieve, true);
		return begin_value(sieve, c);
	case STATE_VALUE:
		return begin_value(sieve, c);
	case STATE_FIRST_NAME:
		if (c == '}')
			return close_bracket(sieve, false);
		return c == '"' ? begin_name(sieve) : -EPROTO;
	case STATE_NAME:
		return c == '"' ? begin_name(sieve) : -EPROTO;
	case STATE_COLON:
		sieve->state = STATE_VALUE;
		return c == ':' ? 0 : -EPROTO;
	case STATE_NEXT:
		if (c == ']' || c == '}')
			return close_bracket(sieve, c == ']');
		sieve->state = top(sieve)->array ? STATE_VALUE : STATE_NAME;
		return c == ',' ? 0 : -EPROTO;
	default:
		return -EPROTO;
	}
}

static bool is_in_string(const struct json_sieve *sieve)
{
	return sieve->state == STATE_STRING || sieve->state == STATE_ESCAPE || sieve->state == STATE_HEX;
}

/* What ends a word is looked at again. */
static int step_word(struct json_sieve *sieve, char c)
{
	if (is_space(c) || c == ',' || c == ']' || c == '}')
		return end_word(sieve) ?: is_space(c) ? 0 : step(sieve, c);
	return append(&sieve->word, &c, 1, STRING_MAX);
}

static int start_anew(struct json_sieve *sieve)
{
	sieve->out.length = sieve->certain;
	sieve->depth = 0;
	sieve->part = 0;
	sieve->cut = false;
	sieve->state = STATE_LOST;
	if (write_out(sieve, "{}\n", 3) < 0)
		return -ENOMEM;
	sieve->certain = sieve->out.length;
	return 0;
}

static int feed_one(struct json_sieve *sieve, const char *bytes, size_t count, size_t *ret_used)
{
	char c = bytes[0];

	*ret_used = 1;
	if (sieve->state == STATE_STRING && (*ret_used = plain(bytes, count)) > 0)
		return take(sieve, bytes, *ret_used);
	*ret_used = 1;
	if (sieve->state == STATE_LOST) {
		if (c == '\n')
			sieve->state = STATE_VALUE;
		return 0;
	}
	if (is_in_string(sieve))
		return step_string(sieve, c);
	if (sieve->state == STATE_WORD)
		return step_word(sieve, c);
	return is_space(c) ? 0 : step(sieve, c);
}

static int explain(const struct json_sieve *sieve, int r, struct error *err)
{
	if (r == -ENOMEM)
		return error_oom(err);
	if (r == -E2BIG)
		return error_set(err, r, "the answer is longer than bulkhead reads");
	return error_set(err, r, "the answer is not JSON (byte %zu)", sieve->at);
}

int json_sieve_feed(struct json_sieve *sieve, const char *bytes, size_t count, struct error *err)
{
	size_t used;

	for (size_t i = 0; i < count; i += used) {
		int r = feed_one(sieve, bytes + i, count - i, &used);

		if (r == -EPROTO && sieve->rules->many) {
			r = start_anew(sieve);
			if (r == 0 && bytes[i] == '\n')
				sieve->state = STATE_VALUE;
		}
		if (r < 0)
			return explain(sieve, r, err);
		sieve->at += used;
	}
	return 0;
}

int json_sieve_end(struct json_sieve *sieve, struct error *err)
{
	int r = 0;

	if (sieve->state == STATE_WORD && !sieve->depth)
		r = end_word(sieve);
	if (r == 0 && (sieve->rules->many ? sieve->depth || is_in_string(sieve) : sieve->state != STATE_END))
		r = -EPROTO;
	if (r < 0)
		return explain(sieve, r, err);
	sieve->certain = sieve->out.length;
	return 0;
}

const char *json_sieve_text(const struct json_sieve *sieve, size_t *ret_length)
{
	*ret_length = sieve->certain;
	return sieve->out.bytes ? sieve->out.bytes : "";
}

void json_sieve_forget(struct json_sieve *sieve)
{
	if (!sieve->certain)
		return;
	memmove(sieve->out.bytes, sieve->out.bytes + sieve->certain, sieve->out.length - sieve->certain);
	sieve->out.length -= sieve->certain;
	for (size_t i = 0; i < sieve->depth; i++)
		sieve->levels[i].before.length -= sieve->certain;
	sieve->before.length -= sieve->before.length < sieve->certain ? sieve->before.length : sieve->certain;
	sieve->certain = 0;
}
