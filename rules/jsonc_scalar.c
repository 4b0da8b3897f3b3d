/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strings, numbers and the three words of JSON. */
#include "jsonc_internal.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Reads the four digits after \u, at `at`.  False if they are not there. */
static bool read_hex4(const char *at, const char *end, uint32_t *ret_unit)
{
	uint32_t unit = 0;

	if (end - at < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		if (!is_hex(at[i]))
			return false;
		unit = unit << 4 | (uint32_t)(at[i] <= '9' ? at[i] - '0' : (at[i] | 0x20) - 'a' + 10);
	}
	*ret_unit = unit;
	return true;
}

/* \uXXXX, or a pair of them for what lies above U+FFFF.  The parser stands at the backslash. */
static int parse_unicode_escape(struct jsonc_parser *parser, const char *end, char **out)
{
	struct jsonc_place place = jsonc_here(parser);
	uint32_t unit, low;

	if (!read_hex4(parser->at + 2, end, &unit))
		return jsonc_syntax_error(parser, place, "\\u needs four hexadecimal digits");
	parser->at += 6;
	if (unit == 0)
		return jsonc_syntax_error(parser, place, "\\u0000 is not allowed: no name contains it");
	if (unit >= 0xdc00 && unit <= 0xdfff)
		return jsonc_syntax_error(parser, place, "\\u%04x is the second half of a surrogate pair",
					  (unsigned)unit);
	if (unit >= 0xd800 && unit <= 0xdbff) {
		if (end - parser->at < 6 || parser->at[0] != '\\' || parser->at[1] != 'u' ||
		    !read_hex4(parser->at + 2, end, &low) || low < 0xdc00 || low > 0xdfff)
			return jsonc_syntax_error(parser, place, "\\u%04x needs the second half of its surrogate pair",
						  (unsigned)unit);
		parser->at += 6;
		unit = 0x10000 + ((unit - 0xd800) << 10 | (low - 0xdc00));
	}
	*out += utf8_encode(unit, *out);
	return 0;
}

static int parse_escape(struct jsonc_parser *parser, const char *end, char **out)
{
	static const char names[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
	const char *name;

	if (parser->at[1] == 'u')
		return parse_unicode_escape(parser, end, out);
	name = strchr(names, parser->at[1]);
	if (!name)
		return jsonc_syntax_error(parser, jsonc_here(parser),
					  "unknown escape in a string: a backslash is written \\\\");
	*(*out)++ = meanings[name - names];
	parser->at += 2;
	return 0;
}

/* The closing quote, or NULL if the line ends before it. */
static const char *find_quote(const struct jsonc_parser *parser)
{
	const char *at = parser->at + 1;

	for (; at < parser->end && *at != '"' && *at != '\n'; at++) {
		if (*at == '\\' && at + 1 < parser->end && at[1] != '\n')
			at++;
	}
	return at < parser->end && *at == '"' ? at : NULL;
}

/* The parser stands at the opening quote.  No escape is longer than what it stands for. */
int jsonc_parse_string(struct jsonc_parser *parser, char **ret_text)
{
	const char *quote = find_quote(parser);
	cleanup_free char *text = NULL;
	char *out;

	if (!quote)
		return jsonc_syntax_error(parser, jsonc_here(parser),
					  "unterminated string: the closing quote is missing on this line");
	out = text = malloc((size_t)(quote - parser->at));
	if (!text)
		return -ENOMEM;
	parser->at++;
	while (parser->at < quote) {
		if (*parser->at == '\\') {
			int r = parse_escape(parser, quote, &out);

			if (r < 0)
				return r;
		} else if ((unsigned char)*parser->at < 0x20) {
			return jsonc_syntax_error(parser, jsonc_here(parser),
						  "control character in a string: write it as an escape, \\u%04x",
						  (unsigned char)*parser->at);
		} else {
			*out++ = *parser->at++;
		}
	}
	*out = '\0';
	parser->at++;
	*ret_text = steal(text);
	return 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const char *skip_digits(const char *at)
{
	while (is_digit(*at))
		at++;
	return at;
}

/* RFC 8259, section 6. */
static bool is_number(const char *text, bool *ret_integer)
{
	const char *digits = text + (*text == '-' ? 1 : 0);
	const char *at = skip_digits(digits);

	*ret_integer = true;
	if (at == digits || (*digits == '0' && at != digits + 1))
		return false;
	if (*at == '.') {
		*ret_integer = false;
		digits = at + 1;
		at = skip_digits(digits);
		if (at == digits)
			return false;
	}
	if (*at == 'e' || *at == 'E') {
		*ret_integer = false;
		digits = at + (at[1] == '+' || at[1] == '-' ? 2 : 1);
		at = skip_digits(digits);
		if (at == digits)
			return false;
	}
	return *at == '\0';
}

bool jsonc_is_word(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '+' || c == '-' ||
	       c == '.';
}

/* A number, true, false or null: all that stands without quotes. */
int jsonc_parse_word(struct jsonc_parser *parser, struct jsonc *ret_value)
{
	static const char *const words[] = { "false", "true", "null" };
	const char *start = parser->at;
	cleanup_free char *word = NULL;
	const char *near;

	while (parser->at < parser->end && jsonc_is_word(*parser->at))
		parser->at++;
	word = strndup(start, (size_t)(parser->at - start));
	if (!word)
		return -ENOMEM;
	parser->at = start; /* for the place of errors */
	if (is_digit(*word) || strchr("+-.", *word)) {
		if (!is_number(word, &ret_value->is_integer))
			return jsonc_syntax_error(parser, jsonc_here(parser),
						  "malformed number %.40s: text stands in double quotes", word);
		ret_value->type = JSONC_NUMBER;
		parser->at += strlen(word);
		ret_value->text = steal(word);
		return 0;
	}
	for (unsigned i = 0; i < 3; i++) {
		if (strcmp(word, words[i]) == 0) {
			ret_value->type = i < 2 ? JSONC_BOOLEAN : JSONC_NULL;
			ret_value->boolean = i == 1;
			parser->at += strlen(word);
			return 0;
		}
	}
	near = diagnostics_suggest(word, words, 3);
	if (near)
		return jsonc_syntax_error(parser, jsonc_here(parser), "unknown word %s: did you mean %s?", word, near);
	return jsonc_syntax_error(parser, jsonc_here(parser), "unknown word %.40s: text stands in double quotes", word);
}
