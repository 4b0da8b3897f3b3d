/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is kept of a JSON text that comes in pieces, and that the rest costs nothing. */
#include "json_sieve.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "docker_json_rules.h"

static const struct json_sieve_row rows[] = {
	{ .path = "Id" },
	{ .path = "Labels/*", .max = 300, .counted = true },
	{ .path = "Ports/[]/Ip", .max = 0 },
	{ .path = "Ports/[]/Port", .required = true },
	{ .path = "Deep/*/[]/Value" },
};
static const struct json_sieve_rules rules = { .rows = rows, .count = 5, .part_max = 1000, .all_max = 5000 };
static const struct json_sieve_rules lines = {
	.rows = rows, .count = 5, .part_max = 1000, .all_max = 5000, .many = true
};

/* What comes out, or NULL with *ret_error.  piece: so many bytes at once. */
static char *sift_pieces(const struct json_sieve_rules *how, const char *text, size_t piece, int *ret_error)
{
	cleanup_of(json_sieve) struct json_sieve *sieve = json_sieve_new(how, 1 << 20);
	size_t length = strlen(text), out_length;
	struct error err = { 0 };
	const char *out;
	int r = 0;

	assert_non_null(sieve);
	for (size_t i = 0; r == 0 && i < length; i += piece)
		r = json_sieve_feed(sieve, text + i, length - i < piece ? length - i : piece, &err);
	if (r == 0)
		r = json_sieve_end(sieve, &err);
	*ret_error = r;
	if (r < 0) {
		assert_true(err.text[0]);
		return NULL;
	}
	out = json_sieve_text(sieve, &out_length);
	assert_int_equal(strlen(out), out_length);
	return strdup(out);
}

static void assert_sifted(const struct json_sieve_rules *how, const char *text, const char *expected)
{
	for (size_t piece = 1; piece < 20; piece++) {
		int error;
		char *found = sift_pieces(how, text, piece, &error);

		if (expected) {
			assert_int_equal(error, 0);
			assert_string_equal(found, expected);
		} else {
			assert_int_equal(error, -EPROTO);
		}
		free(found);
	}
}

static void keeps_what_is_wanted(void **state)
{
	(void)state;
	assert_sifted(&rules,
		      "{\"Id\":\"1\",\"Other\":{\"Id\":\"2\",\"a\":[1,2,{\"b\":null}]},\"Labels\":{\"a\":\"x\"}}",
		      "{\"Id\":\"1\",\"Labels\":{\"a\":\"x\"}}");
	assert_sifted(
		&rules,
		" { \"Id\" : 12.5e3 , \"X\" : [ ] , \"Deep\" : { \"k\" : [ { \"Value\" : true , \"V\" : 0 } ] } } ",
		"{\"Id\":12.5e3,\"Deep\":{\"k\":[{\"Value\":true}]}}");
	/* Shape is kept on the way: what is empty, or of another kind, is seen to be so. */
	assert_sifted(&rules, "{\"Deep\":{\"a\":[],\"b\":null,\"c\":{}},\"Labels\":[\"x\"],\"Ports\":\"none\"}",
		      "{\"Deep\":{\"a\":[],\"b\":null,\"c\":{}},\"Labels\":[],\"Ports\":\"none\"}");
	/* An object in the place of a value is none. */
	assert_sifted(&rules, "{\"Id\":{\"x\":1},\"Labels\":{\"a\":[1,[2]],\"b\":\"y\"}}",
		      "{\"Id\":null,\"Labels\":{\"a\":null,\"b\":\"y\"}}");
	assert_sifted(&rules, "[{\"Id\":\"1\"},3]", "[]");
	assert_sifted(&rules, "null", "null");
	assert_sifted(&rules, "12", "12");
}

/* Strings go through as they came: bytes, escapes, whatever they would mean. */
static void keeps_bytes(void **state)
{
	(void)state;
	assert_sifted(&rules, "{\"Id\":\"\\u0001\\\"\\\\\\/\\ud800 \xff\xfe\",\"Labels\":{\"\\\"k\":\"\\n\"}}",
		      "{\"Id\":\"\\u0001\\\"\\\\\\/\\ud800 \xff\xfe\",\"Labels\":{\"\\\"k\":\"\\n\"}}");
	assert_sifted(&rules, "{\"\\\"Id\":\"no\",\"Id\\\\\":\"no\"}", "{}");
}

static void drops_what_lacks_a_member(void **state)
{
	(void)state;
	assert_sifted(&rules, "{\"Ports\":[{\"Ip\":\"a\"},{\"Ip\":\"b\",\"Port\":1},{\"Port\":\"2\",\"Ip\":\"c\"},{}]}",
		      "{\"Ports\":[{\"Ip\":\"b\",\"Port\":1},{\"Port\":\"2\",\"Ip\":\"c\"}]}");
	assert_sifted(&rules, "{\"Ports\":[{\"Ip\":\"a\"}],\"Id\":\"1\"}", "{\"Ports\":[],\"Id\":\"1\"}");
}

static void refuses_what_is_no_json(void **state)
{
	static const char *const texts[] = {
		"",
		"{",
		"{\"a\"}",
		"{\"a\":}",
		"{\"a\":1,}",
		"[1,]",
		"{,}",
		"[1 2]",
		"\"x",
		"{\"a\":1]",
		"[1}",
		"{\"a\":\"\n\"}",
		"tru",
		"nulls",
		"{} {}",
		"{\"a\":\"\\x\"}",
		"\"\\u12g4\"",
		"{a:1}",
		"{\"a\":1 2}",
		"]",
		"+",
		"{1:2}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_sifted(&rules, texts[i], NULL);
}

static void nesting_is_bounded(void **state)
{
	const size_t depth = 100000;
	char *text = malloc(depth + 1);
	int error;

	(void)state;
	assert_non_null(text);
	memset(text, '[', depth);
	text[depth] = '\0';
	assert_null(sift_pieces(&rules, text, depth, &error));
	assert_int_equal(error, -EPROTO);
	free(text);
}

/* Longer than anybody wants: left out, and said so.  A name as well as a value. */
static void cuts_what_is_too_long(void **state)
{
	char text[2000], expected[2000];

	(void)state;
	snprintf(text, sizeof(text),
		 "{\"Id\":\"%0*d\",\"Labels\":{\"a\":\"b\",\"%0*d\":\"c\",\"d\":\"%0*d\",\"e\":\"f\"}}", 256, 7, 301, 0,
		 300, 5);
	snprintf(expected, sizeof(expected),
		 "{\"Id\":\"%0*d\",\"Labels\":{\"a\":\"b\",\"d\":\"%0*d\",\"e\":\"f\"},\"bulkhead.cut\":true}", 256, 7,
		 300, 5);
	assert_sifted(&rules, text, expected);
	snprintf(text, sizeof(text), "{\"Id\":\"%0*d\",\"x\":\"%0*d\"}", 257, 7, 900, 1);
	assert_sifted(&rules, text, "{\"bulkhead.cut\":true}");
	snprintf(text, sizeof(text), "{\"x\":\"%0*d\",\"Id\":\"1\"}", 900, 1);
	assert_sifted(&rules, text, "{\"Id\":\"1\"}");
}

/* One part cannot take what others need. */
static void counts_labels(void **state)
{
	char text[4000], *found;
	size_t length = 0;
	int error;

	(void)state;
	length += (size_t)snprintf(text, sizeof(text), "{\"Labels\":{");
	for (int i = 0; i < 20; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s\"%02d\":\"%098d\"", i ? "," : "",
					   i, i);
	snprintf(text + length, sizeof(text) - length, "},\"Id\":\"1\"}");
	found = sift_pieces(&rules, text, 7, &error);
	assert_int_equal(error, 0);
	assert_non_null(strstr(found, "\"09\""));
	assert_null(strstr(found, "\"10\""));
	assert_non_null(strstr(found, "\"Id\":\"1\",\"bulkhead.cut\":true}"));
	free(found);
}

/* A member of that name, said by whoever chose the labels, is a label. */
static void marker_cannot_be_said(void **state)
{
	(void)state;
	assert_sifted(&rules, "{\"Labels\":{\"bulkhead.cut\":\"true\"},\"bulkhead.cut\":true}",
		      "{\"Labels\":{\"bulkhead.cut\":\"true\"}}");
}

static void line_by_line(void **state)
{
	char text[400];

	(void)state;
	assert_sifted(&lines, "{\"Id\":\"1\",\"x\":2}\n{\"Id\":\"2\"}{\"Id\":\"3\"}\n\n",
		      "{\"Id\":\"1\"}\n{\"Id\":\"2\"}\n{\"Id\":\"3\"}\n");
	/* What is no JSON is told of, and what comes after it is heard. */
	assert_sifted(&lines, "{\"Id\":\"1\"}\n{\"Id\":oops,\"x\":{}}\n{\"Id\":\"3\"}\n",
		      "{\"Id\":\"1\"}\n{}\n{\"Id\":\"3\"}\n");
	assert_sifted(&lines, "{\"Id\":\"1\n{\"Id\":\"3\"}\n", "{}\n{\"Id\":\"3\"}\n");
	assert_sifted(&lines, "{\"Id\":\"1\"", NULL);
	/* A name that was too long is forgotten with its object. */
	snprintf(text, sizeof(text), "{\"Labels\":{\"%0*d\":1}}\n7\n", 301, 0);
	assert_sifted(&lines, text, "{\"Labels\":{},\"bulkhead.cut\":true}\n7\n");
	assert_sifted(&lines, "", "");
}

/* Seventy megabytes of a label leave nothing behind. */
static void gigantic_labels(void **state)
{
	cleanup_of(json_sieve) struct json_sieve *sieve =
		json_sieve_new(docker_json_rules(DOCKER_JSON_CONTAINERS), 1 << 20);
	static const char before[] = "[{\"Id\":\"1\",\"Labels\":{\"x\":\"",
			  after[] = "\"},\"State\":\"created\"},{\"Id\":\"2\"}]";
	struct error err;
	char piece[4096];
	size_t length;

	(void)state;
	assert_non_null(sieve);
	memset(piece, 'x', sizeof(piece));
	assert_int_equal(json_sieve_feed(sieve, before, sizeof(before) - 1, &err), 0);
	for (size_t i = 0; i < (70u << 20) / sizeof(piece); i++)
		assert_int_equal(json_sieve_feed(sieve, piece, sizeof(piece), &err), 0);
	assert_int_equal(json_sieve_feed(sieve, after, sizeof(after) - 1, &err), 0);
	assert_int_equal(json_sieve_end(sieve, &err), 0);
	assert_string_equal(
		json_sieve_text(sieve, &length),
		"[{\"Id\":\"1\",\"Labels\":{},\"State\":\"created\",\"bulkhead.cut\":true},{\"Id\":\"2\"}]");
}

static void what_is_kept_has_a_limit(void **state)
{
	cleanup_of(json_sieve) struct json_sieve *sieve =
		json_sieve_new(docker_json_rules(DOCKER_JSON_CONTAINERS), 1000);
	static const char element[] = "{\"Id\":\"0123456789\"},";
	struct error err;
	int r = json_sieve_feed(sieve, "[", 1, &err);

	(void)state;
	for (int i = 0; r == 0 && i < 1000; i++)
		r = json_sieve_feed(sieve, element, sizeof(element) - 1, &err);
	assert_int_equal(r, -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_what_is_wanted),
		cmocka_unit_test(keeps_bytes),
		cmocka_unit_test(drops_what_lacks_a_member),
		cmocka_unit_test(refuses_what_is_no_json),
		cmocka_unit_test(nesting_is_bounded),
		cmocka_unit_test(cuts_what_is_too_long),
		cmocka_unit_test(counts_labels),
		cmocka_unit_test(marker_cannot_be_said),
		cmocka_unit_test(line_by_line),
		cmocka_unit_test(gigantic_labels),
		cmocka_unit_test(what_is_kept_has_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
