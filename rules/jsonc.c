/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jsonc.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "jsonc_internal.h"
#include "utf8.h"

static bool at_end(const struct jsonc_parser *parser)
{
	return parser->at >= parser->end;
}

static bool looking_at(const struct jsonc_parser *parser, const char *text)
{
	size_t length = strlen(text);

	return (size_t)(parser->end - parser->at) >= length && memcmp(parser->at, text, length) == 0;
}

static void next_line(struct jsonc_parser *parser)
{
	parser->at++;
	parser->line++;
	parser->line_start = parser->at;
}

static int skip_block_comment(struct jsonc_parser *parser)
{
	struct jsonc_place start = jsonc_here(parser);

	parser->at += 2;
	while (!looking_at(parser, "*/")) {
		if (at_end(parser))
			return jsonc_syntax_error(parser, start, "unterminated comment: \"*/\" is missing");
		if (*parser->at == '\n')
			next_line(parser);
		else
			parser->at++;
	}
	parser->at += 2;
	return 0;
}

/* White space and comments. */
static int skip_space(struct jsonc_parser *parser)
{
	while (!at_end(parser)) {
		if (*parser->at == '\n') {
			next_line(parser);
		} else if (*parser->at == ' ' || *parser->at == '\t' || *parser->at == '\r') {
			parser->at++;
		} else if (looking_at(parser, "//")) {
			while (!at_end(parser) && *parser->at != '\n')
				parser->at++;
		} else if (looking_at(parser, "/*")) {
			if (skip_block_comment(parser) < 0)
				return -EINVAL;
		} else {
			break;
		}
	}
	return 0;
}

/* The bytes of the code point at the parser's place; the whole text is known to be valid. */
static int code_point_length(const struct jsonc_parser *parser)
{
	uint32_t point;

	return (int)utf8_decode(parser->at, (size_t)(parser->end - parser->at), &point);
}

static int unexpected(struct jsonc_parser *parser, const char *expected)
{
	if (at_end(parser))
		return jsonc_syntax_error(parser, jsonc_here(parser), "the file ends here: expected %s", expected);
	if (*parser->at == '\'')
		return jsonc_syntax_error(parser, jsonc_here(parser),
					  "unexpected \"'\": strings stand in double quotes");
	if (*parser->at == '#')
		return jsonc_syntax_error(parser, jsonc_here(parser), "unexpected \"#\": comments begin with // or /*");
	return jsonc_syntax_error(parser, jsonc_here(parser), "unexpected \"%.*s\": expected %s",
				  code_point_length(parser), parser->at, expected);
}

static int parse_value(struct jsonc_parser *parser, struct jsonc *ret_value);

/* Called after an element.  Returns 1 if another one follows, 0 at the closing bracket, which is taken. */
static int after_element(struct jsonc_parser *parser, char close, struct jsonc_place start)
{
	struct jsonc_place comma;

	if (skip_space(parser) < 0)
		return -EINVAL;
	if (at_end(parser))
		return jsonc_syntax_error(parser, start, "not closed: \"%c\" is missing", close);
	if (*parser->at == close) {
		parser->at++;
		return 0;
	}
	if (*parser->at != ',')
		return unexpected(parser, close == ']' ? "\",\" or \"]\"" : "\",\" or \"}\"");
	comma = jsonc_here(parser);
	parser->at++;
	if (skip_space(parser) < 0)
		return -EINVAL;
	if (!at_end(parser) && *parser->at == close)
		return jsonc_syntax_error(parser, comma, "trailing comma before \"%c\": remove it", close);
	return 1;
}

/* Takes the opening bracket.  Returns 1 if an element follows, 0 at the closing bracket, which is taken. */
static int before_element(struct jsonc_parser *parser, char close, struct jsonc_place start)
{
	parser->at++;
	if (skip_space(parser) < 0)
		return -EINVAL;
	if (at_end(parser))
		return jsonc_syntax_error(parser, start, "not closed: \"%c\" is missing", close);
	if (*parser->at != close)
		return 1;
	parser->at++;
	return 0;
}

static int parse_array(struct jsonc_parser *parser, struct jsonc *array)
{
	struct jsonc_place start = jsonc_here(parser);
	size_t capacity = 0;
	int r;

	array->type = JSONC_ARRAY;
	for (r = before_element(parser, ']', start); r > 0; r = after_element(parser, ']', start)) {
		if (array->count == capacity) {
			struct jsonc *grown;

			capacity = capacity ? capacity * 2 : 4;
			grown = reallocarray(array->items, capacity, sizeof(*grown));
			if (!grown)
				return -ENOMEM;
			array->items = grown;
		}
		array->items[array->count++] = (struct jsonc){ 0 };
		r = parse_value(parser, &array->items[array->count - 1]);
		if (r < 0)
			return r;
	}
	return r;
}

static int parse_member(struct jsonc_parser *parser, struct jsonc_member *member)
{
	struct jsonc_place place = jsonc_here(parser);
	int r;

	member->line = place.line;
	member->column = place.column;
	if (at_end(parser) || *parser->at != '"')
		return unexpected(parser, "a key in double quotes");
	r = jsonc_parse_string(parser, &member->key);
	if (r < 0 || (r = skip_space(parser)) < 0)
		return r;
	if (at_end(parser) || *parser->at != ':')
		return unexpected(parser, "\":\" after the key");
	parser->at++;
	return skip_space(parser) < 0 ? -EINVAL : parse_value(parser, &member->value);
}

static int compare_members(const void *a_pointer, const void *b_pointer)
{
	const struct jsonc_member *a = *(const struct jsonc_member *const *)a_pointer;
	const struct jsonc_member *b = *(const struct jsonc_member *const *)b_pointer;
	int order = strcmp(a->key, b->key);

	if (order != 0)
		return order;
	return a < b ? -1 : 1;
}

/* Sorted, so that a file of nothing but keys costs no more than its length. */
static int report_duplicates(struct jsonc_parser *parser, const struct jsonc *object)
{
	cleanup_free const struct jsonc_member **sorted = NULL;
	size_t first = 0;

	if (object->count < 2)
		return 0;
	sorted = reallocarray(NULL, object->count, sizeof(*sorted));
	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < object->count; i++)
		sorted[i] = &object->members[i];
	qsort(sorted, object->count, sizeof(*sorted), compare_members);
	for (size_t i = 1; i < object->count; i++) {
		if (strcmp(sorted[i]->key, sorted[first]->key) != 0)
			first = i;
		else
			diagnostics_add(parser->diagnostics, DIAGNOSTIC_ERROR, parser->file, sorted[i]->line,
					sorted[i]->column, "duplicate key \"%s\": the first one is at %u:%u",
					sorted[i]->key, sorted[first]->line, sorted[first]->column);
	}
	return 0;
}

static int parse_object(struct jsonc_parser *parser, struct jsonc *object)
{
	struct jsonc_place start = jsonc_here(parser);
	size_t capacity = 0;
	int r;

	object->type = JSONC_OBJECT;
	for (r = before_element(parser, '}', start); r > 0; r = after_element(parser, '}', start)) {
		if (object->count == capacity) {
			struct jsonc_member *grown;

			capacity = capacity ? capacity * 2 : 4;
			grown = reallocarray(object->members, capacity, sizeof(*grown));
			if (!grown)
				return -ENOMEM;
			object->members = grown;
		}
		object->members[object->count++] = (struct jsonc_member){ 0 };
		r = parse_member(parser, &object->members[object->count - 1]);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : report_duplicates(parser, object);
}

static int parse_nested(struct jsonc_parser *parser, struct jsonc *value)
{
	int r;

	if (parser->depth == JSONC_DEPTH_MAX)
		return jsonc_syntax_error(parser, jsonc_here(parser), "nested too deep: at most %d levels",
					  JSONC_DEPTH_MAX);
	parser->depth++;
	r = *parser->at == '[' ? parse_array(parser, value) : parse_object(parser, value);
	parser->depth--;
	return r;
}

/* What was parsed before an error hangs in the tree, which the root frees. */
static int parse_value(struct jsonc_parser *parser, struct jsonc *ret_value)
{
	struct jsonc_place place = jsonc_here(parser);

	ret_value->line = place.line;
	ret_value->column = place.column;
	if (at_end(parser))
		return unexpected(parser, "a value");
	if (*parser->at == '{' || *parser->at == '[')
		return parse_nested(parser, ret_value);
	if (*parser->at == '"') {
		ret_value->type = JSONC_STRING;
		return jsonc_parse_string(parser, &ret_value->text);
	}
	if (jsonc_is_word(*parser->at))
		return jsonc_parse_word(parser, ret_value);
	return unexpected(parser, "a value");
}

/* Whatever the parser meets later is UTF-8 without NUL, comments included. */
static int check_bytes(struct jsonc_parser parser)
{
	while (!at_end(&parser)) {
		int length = code_point_length(&parser);

		if (length == 0)
			return jsonc_syntax_error(&parser, jsonc_here(&parser), "invalid UTF-8: byte 0x%02x",
						  (unsigned char)*parser.at);
		if (*parser.at == '\0')
			return jsonc_syntax_error(&parser, jsonc_here(&parser), "the file contains a NUL byte");
		if (*parser.at == '\n')
			next_line(&parser);
		else
			parser.at += length;
	}
	return 0;
}

int jsonc_parse(const char *file, const char *text, size_t length, struct diagnostics *diagnostics,
		struct jsonc **ret_value)
{
	struct jsonc_parser parser = { .file = file, .diagnostics = diagnostics, .line = 1 };
	cleanup_of(jsonc) struct jsonc *root = NULL;
	int r;

	parser.at = text;
	parser.end = text + length;
	if (looking_at(&parser, "\xef\xbb\xbf"))
		parser.at += 3; /* editors do not show it: the first column is the one after it */
	parser.line_start = parser.at;
	r = check_bytes(parser);
	if (r < 0 || (r = skip_space(&parser)) < 0)
		return r;
	if (at_end(&parser))
		return jsonc_syntax_error(&parser, jsonc_here(&parser), "the file is empty: expected a JSON document");
	root = calloc(1, sizeof(*root));
	if (!root)
		return -ENOMEM;
	r = parse_value(&parser, root);
	if (r < 0 || (r = skip_space(&parser)) < 0)
		return r;
	if (!at_end(&parser))
		return unexpected(&parser, "nothing after the document");
	*ret_value = steal(root);
	return 0;
}

/* Frees what the value holds.  As deep as the parser went, which is limited. */
static void clear_value(struct jsonc *value)
{
	free(value->text);
	for (size_t i = 0; value->items && i < value->count; i++)
		clear_value(&value->items[i]);
	for (size_t i = 0; value->members && i < value->count; i++) {
		free(value->members[i].key);
		clear_value(&value->members[i].value);
	}
	free(value->items);
	free(value->members);
}

void jsonc_free(struct jsonc *value)
{
	if (!value)
		return;
	clear_value(value);
	free(value);
}

const struct jsonc *jsonc_get(const struct jsonc *value, const char *key)
{
	for (size_t i = 0; value->type == JSONC_OBJECT && i < value->count; i++) {
		if (strcmp(value->members[i].key, key) == 0)
			return &value->members[i].value;
	}
	return NULL;
}

const char *jsonc_type_name(enum jsonc_type type)
{
	switch (type) {
	case JSONC_NULL:
		return "null";
	case JSONC_BOOLEAN:
		return "true or false";
	case JSONC_NUMBER:
		return "a number";
	case JSONC_STRING:
		return "a string";
	case JSONC_ARRAY:
		return "a list";
	case JSONC_OBJECT:
		return "an object";
	}
	return "unknown";
}
