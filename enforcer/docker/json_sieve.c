/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One state for each byte that may come next, and a level for each bracket that is open.  Strings are copied as they
 * stand between their quotes, so nothing is decoded; a string that grows too long takes back what was written of it.
 */
#include "json_sieve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "json_sieve_internal.h"

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
		return json_sieve_open_bracket(sieve, false);
	case '[':
		return json_sieve_open_bracket(sieve, true);
	case '"':
		return json_sieve_begin_scalar(sieve, true);
	default:
		r = json_sieve_begin_scalar(sieve, false);
		return r < 0 ? r : json_sieve_append(&sieve->word, &c, 1, STRING_MAX);
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
			return json_sieve_end_string(sieve);
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
	return json_sieve_take(sieve, &c, 1);
}

static int step(struct json_sieve *sieve, char c)
{
	switch (sieve->state) {
	case STATE_FIRST_VALUE:
		if (c == ']')
			return json_sieve_close_bracket(sieve, true);
		return begin_value(sieve, c);
	case STATE_VALUE:
		return begin_value(sieve, c);
	case STATE_FIRST_NAME:
		if (c == '}')
			return json_sieve_close_bracket(sieve, false);
		return c == '"' ? json_sieve_begin_name(sieve) : -EPROTO;
	case STATE_NAME:
		return c == '"' ? json_sieve_begin_name(sieve) : -EPROTO;
	case STATE_COLON:
		sieve->state = STATE_VALUE;
		return c == ':' ? 0 : -EPROTO;
	case STATE_NEXT:
		if (c == ']' || c == '}')
			return json_sieve_close_bracket(sieve, c == ']');
		sieve->state = json_sieve_top(sieve)->array ? STATE_VALUE : STATE_NAME;
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
		return json_sieve_end_word(sieve) ?: is_space(c) ? 0 : step(sieve, c);
	return json_sieve_append(&sieve->word, &c, 1, STRING_MAX);
}

static int start_anew(struct json_sieve *sieve)
{
	sieve->out.length = sieve->certain;
	sieve->depth = 0;
	sieve->part = 0;
	sieve->cut = false;
	sieve->state = STATE_LOST;
	if (json_sieve_write_out(sieve, "{}\n", 3) < 0)
		return -ENOMEM;
	sieve->certain = sieve->out.length;
	return 0;
}

static int feed_one(struct json_sieve *sieve, const char *bytes, size_t count, size_t *ret_used)
{
	char c = bytes[0];

	*ret_used = 1;
	if (sieve->state == STATE_STRING && (*ret_used = plain(bytes, count)) > 0)
		return json_sieve_take(sieve, bytes, *ret_used);
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
		r = json_sieve_end_word(sieve);
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
