/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The JSON reader, what is said about problems, and UTF-8 below both. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "jsonc.h"
#include "utf8.h"

static struct jsonc *parse(const char *text)
{
	struct diagnostics diagnostics = { 0 };
	struct jsonc *value = NULL;
	int r = jsonc_parse("x", text, strlen(text), &diagnostics, &value);

	if (r < 0 || diagnostics.count > 0)
		print_error("%s: %d: %s\n", text, r, diagnostics.count ? diagnostics.items[0].text : "no reason");
	assert_int_equal(r, 0);
	assert_int_equal(diagnostics.count, 0);
	return value;
}

/* The one error that the text gives, as "LINE:COLUMN: text". */
static void refuses_bytes(const char *text, size_t length, const char *expected)
{
	struct diagnostics diagnostics = { 0 };
	struct jsonc *untouched = (struct jsonc *)&diagnostics, *value = untouched;
	/* No terminator behind the text: reading on would be seen. */
	char *exact = malloc(length + !length), got[512];

	assert_non_null(exact);
	memcpy(exact, text, length);
	assert_int_equal(jsonc_parse("some.json", exact, length, &diagnostics, &value), -EINVAL);
	assert_ptr_equal(value, untouched);
	assert_int_equal(diagnostics.count, 1);
	assert_int_equal(diagnostics.errors, 1);
	assert_string_equal(diagnostics.items[0].file, "some.json");
	snprintf(got, sizeof(got), "%u:%u: %s", diagnostics.items[0].line, diagnostics.items[0].column,
		 diagnostics.items[0].text);
	assert_string_equal(got, expected);
	diagnostics_clear(&diagnostics);
	free(exact);
}

static void refuses(const char *text, const char *expected)
{
	refuses_bytes(text, strlen(text), expected);
}

static void values_and_places(void **state)
{
	struct jsonc *root = parse("\n{ \"a\": [1, -2.5, 1e3, 0],\n\t\"b\": {\"\xc3\xa9\": true, \"d\" : false},\n"
				   " /* c */ \"c\": null, // d\r\n\"d\":\"x\" }\n");
	const struct jsonc *a = jsonc_get(root, "a"), *b = jsonc_get(root, "b");

	(void)state;
	assert_int_equal(root->type, JSONC_OBJECT);
	assert_int_equal(root->line, 2);
	assert_int_equal(root->column, 1);
	assert_int_equal(root->count, 4);
	assert_int_equal(a->type, JSONC_ARRAY);
	assert_int_equal(a->count, 4);
	assert_string_equal(a->items[0].text, "1");
	assert_true(a->items[0].is_integer);
	assert_int_equal(a->items[0].column, 9);
	assert_string_equal(a->items[1].text, "-2.5");
	assert_false(a->items[1].is_integer);
	assert_string_equal(a->items[2].text, "1e3");
	assert_false(a->items[2].is_integer);
	assert_true(a->items[3].is_integer);
	assert_int_equal(b->line, 3);
	assert_int_equal(b->column, 7);
	assert_string_equal(b->members[0].key, "\xc3\xa9");
	assert_true(b->members[0].value.boolean);
	/* Columns count bytes: the letter has two. */
	assert_int_equal(b->members[0].value.column, 14);
	assert_int_equal(b->members[1].column, 20);
	assert_int_equal(b->members[1].value.type, JSONC_BOOLEAN);
	assert_false(b->members[1].value.boolean);
	assert_int_equal(jsonc_get(root, "c")->type, JSONC_NULL);
	assert_int_equal(root->members[2].line, 4);
	assert_int_equal(root->members[2].column, 10);
	assert_int_equal(root->members[3].line, 5);
	assert_string_equal(jsonc_get(root, "d")->text, "x");
	assert_null(jsonc_get(root, "e"));
	assert_null(jsonc_get(a, "a"));
	jsonc_free(root);
	jsonc_free(NULL);
}

static void strings(void **state)
{
	static const struct {
		const char *written, *meant;
	} cases[] = {
		{ "\"\"", "" },
		{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t" },
		{ "\"\\u0041\\u00e9\\u20ac\\uFfFd\"", "A\xc3\xa9\xe2\x82\xac\xef\xbf\xbd" },
		{ "\"\\ud800\\udc00\\uDBFF\\uDFFF\"", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf" },
		{ "\"// /* \x7f */\"", "// /* \x7f */" },
		{ "\"\\u0001\"", "\x01" },
		{ "\"\\\\\"", "\\" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct jsonc *value = parse(cases[i].written);

		assert_int_equal(value->type, JSONC_STRING);
		assert_string_equal(value->text, cases[i].meant);
		jsonc_free(value);
	}
}

static void documents(void **state)
{
	static const char *const good[] = { "0", "-0", "10.25E+7", "[]", "{}", "[[],{}]", "true//", "\xef\xbb\xbf[]" };
	struct jsonc *value;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		jsonc_free(parse(good[i]));
	value = parse("\xef\xbb\xbf []");
	assert_int_equal(value->column, 2);
	jsonc_free(value);
}

static void syntax_errors(void **state)
{
	(void)state;
	refuses("", "1:1: the file is empty: expected a JSON document");
	refuses(" \n ", "2:2: the file is empty: expected a JSON document");
	refuses("[1,]", "1:3: trailing comma before \"]\": remove it");
	refuses("{\"a\":1 ,\n}", "1:8: trailing comma before \"}\": remove it");
	refuses("[1 2]", "1:4: unexpected \"2\": expected \",\" or \"]\"");
	refuses("{\"a\":1 \"b\":2}", "1:8: unexpected \"\"\": expected \",\" or \"}\"");
	refuses("[1}", "1:3: unexpected \"}\": expected \",\" or \"]\"");
	refuses("[,1]", "1:2: unexpected \",\": expected a value");
	refuses("{,}", "1:2: unexpected \",\": expected a key in double quotes");
	refuses("{1:2}", "1:2: unexpected \"1\": expected a key in double quotes");
	refuses("{\"a\" 1}", "1:6: unexpected \"1\": expected \":\" after the key");
	refuses("{\"a\":}", "1:6: unexpected \"}\": expected a value");
	refuses("{\"a\"", "1:5: the file ends here: expected \":\" after the key");
	refuses("{\"a\":", "1:6: the file ends here: expected a value");
	refuses("{\"a\":1,", "1:8: the file ends here: expected a key in double quotes");
	refuses("[1,", "1:4: the file ends here: expected a value");
	refuses("\n [1", "2:2: not closed: \"]\" is missing");
	refuses("[{", "1:2: not closed: \"}\" is missing");
	refuses("[] []", "1:4: unexpected \"[\": expected nothing after the document");
	refuses("[]\xe2\x82\xac", "1:3: unexpected \"\xe2\x82\xac\": expected nothing after the document");
	refuses("'a'", "1:1: unexpected \"'\": strings stand in double quotes");
	refuses("# a", "1:1: unexpected \"#\": comments begin with // or /*");
	refuses("[] /* *", "1:4: unterminated comment: \"*/\" is missing");
	refuses("[/*/]", "1:2: unterminated comment: \"*/\" is missing");
	refuses("[] /", "1:4: unexpected \"/\": expected nothing after the document");
	refuses("\"a", "1:1: unterminated string: the closing quote is missing on this line");
	refuses("\"a\n\"", "1:1: unterminated string: the closing quote is missing on this line");
	refuses("\"a\\", "1:1: unterminated string: the closing quote is missing on this line");
	refuses("\"a\\\"", "1:1: unterminated string: the closing quote is missing on this line");
	refuses("\"a\\\n\"", "1:1: unterminated string: the closing quote is missing on this line");
	refuses("\"a\tb\"", "1:3: control character in a string: write it as an escape, \\u0009");
	refuses("\"\\q\"", "1:2: unknown escape in a string: a backslash is written \\\\");
	refuses("\"\\u12G4\"", "1:2: \\u needs four hexadecimal digits");
	refuses("\"\\u12\"", "1:2: \\u needs four hexadecimal digits");
	refuses("\"\\u0000\"", "1:2: \\u0000 is not allowed: no name contains it");
	refuses("\"\\uDC00\"", "1:2: \\udc00 is the second half of a surrogate pair");
	refuses("\"\\uD800\"", "1:2: \\ud800 needs the second half of its surrogate pair");
	refuses("\"\\uD800x12345\"", "1:2: \\ud800 needs the second half of its surrogate pair");
	refuses("\"\\uD800\\uD800\"", "1:2: \\ud800 needs the second half of its surrogate pair");
	refuses("01", "1:1: malformed number 01: text stands in double quotes");
	refuses("[1.]", "1:2: malformed number 1.: text stands in double quotes");
	refuses("-", "1:1: malformed number -: text stands in double quotes");
	refuses("+1", "1:1: malformed number +1: text stands in double quotes");
	refuses(".5", "1:1: malformed number .5: text stands in double quotes");
	refuses("1e", "1:1: malformed number 1e: text stands in double quotes");
	refuses("1e+", "1:1: malformed number 1e+: text stands in double quotes");
	refuses("192.0.2.1", "1:1: malformed number 192.0.2.1: text stands in double quotes");
	refuses("True", "1:1: unknown word True: did you mean true?");
	refuses("[fales]", "1:2: unknown word fales: did you mean false?");
	refuses("yes", "1:1: unknown word yes: text stands in double quotes");
	refuses("NaN", "1:1: unknown word NaN: text stands in double quotes");
}

static void bytes(void **state)
{
	(void)state;
	refuses_bytes("[]\0", 3, "1:3: the file contains a NUL byte");
	refuses_bytes("\"a\0b\"", 5, "1:3: the file contains a NUL byte");
	refuses("[]\n//\xff", "2:3: invalid UTF-8: byte 0xff");
	refuses("\"\x80\"", "1:2: invalid UTF-8: byte 0x80");
	refuses("\"\xc1\xbf\"", "1:2: invalid UTF-8: byte 0xc1");
	refuses("\"\xc3\"", "1:2: invalid UTF-8: byte 0xc3");
	refuses("\"\xe0\x9f\xbf\"", "1:2: invalid UTF-8: byte 0xe0");
	refuses("\"\xed\xbf\xbf\"", "1:2: invalid UTF-8: byte 0xed");
	refuses("\"\xf0\x8f\xbf\xbf\"", "1:2: invalid UTF-8: byte 0xf0");
	refuses("\"\xf4\x90\x80\x80\"", "1:2: invalid UTF-8: byte 0xf4");
	refuses("\"\xf9\x80\x80\x80\x80\"", "1:2: invalid UTF-8: byte 0xf9");
	refuses("[] \xe2\x82", "1:4: invalid UTF-8: byte 0xe2");
	refuses("\xef\xbb\xbf\xff", "1:1: invalid UTF-8: byte 0xff");
}

static void depth(void **state)
{
	char text[2 * JSONC_DEPTH_MAX + 3];

	(void)state;
	memset(text, '[', JSONC_DEPTH_MAX);
	memset(text + JSONC_DEPTH_MAX, ']', JSONC_DEPTH_MAX);
	text[2 * JSONC_DEPTH_MAX] = '\0';
	jsonc_free(parse(text));
	memset(text, '[', JSONC_DEPTH_MAX + 1);
	refuses(text, "1:65: nested too deep: at most 64 levels");
	/* Depth is not length. */
	jsonc_free(
		parse("[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],"
		      "[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],"
		      "[],[],[],[],[],[],[],[]]"));
}

static void duplicate_keys(void **state)
{
	static const char text[] = "{\"b\":1,\"a\":2,\n\"b\":3,\"c\":{\"b\":4,\"b\":5},\"b\":6}";
	struct diagnostics diagnostics = { 0 };
	struct jsonc *value = NULL;

	(void)state;
	assert_int_equal(jsonc_parse("x", text, strlen(text), &diagnostics, &value), 0);
	assert_string_equal(jsonc_get(value, "b")->text, "1");
	assert_int_equal(value->count, 5);
	jsonc_free(value);
	assert_int_equal(diagnostics.errors, 3);
	diagnostics_sort(&diagnostics);
	assert_int_equal(diagnostics.items[0].line, 2);
	assert_int_equal(diagnostics.items[0].column, 1);
	assert_string_equal(diagnostics.items[0].text, "duplicate key \"b\": the first one is at 1:2");
	assert_int_equal(diagnostics.items[1].column, 18);
	assert_string_equal(diagnostics.items[1].text, "duplicate key \"b\": the first one is at 2:12");
	assert_int_equal(diagnostics.items[2].column, 25);
	diagnostics_clear(&diagnostics);
}

static void text_is_printable(void **state)
{
	static const struct {
		const char *raw, *shown;
	} cases[] = {
		{ "plain \xc3\xa9 \xf0\x9f\x98\x80", "plain \xc3\xa9 \xf0\x9f\x98\x80" },
		{ "a\nb\tc\x1b[31m\x7f", "a\\x0ab\\x09c\\x1b[31m\\x7f" },
		{ "\xff\xc3", "\\xff\\xc3" },
		{ "\xc2\x9b", "\\xc2\\x9b" },		   /* C1: a terminal's CSI */
		{ "x\xe2\x80\xaey", "x\\xe2\\x80\\xaey" }, /* right-to-left override */
	};
	struct diagnostics diagnostics = { 0 };
	char huge[5000];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		diagnostics_add(&diagnostics, DIAGNOSTIC_WARNING, "x", 1, 1, "%s", cases[i].raw);
		assert_string_equal(diagnostics.items[i].text, cases[i].shown);
	}
	assert_int_equal(diagnostics.errors, 0);
	memset(huge, 'a', sizeof(huge) - 1);
	huge[sizeof(huge) - 1] = '\0';
	diagnostics_clear(&diagnostics);
	diagnostics_add(&diagnostics, DIAGNOSTIC_ERROR, "x", 1, 1, "%s", huge);
	assert_int_equal(strlen(diagnostics.items[0].text), 1028);
	assert_string_equal(diagnostics.items[0].text + 1024, " ...");
	diagnostics_clear(&diagnostics);
	assert_null(diagnostics.items);
	assert_int_equal(diagnostics.errors, 0);
}

static void sorting(void **state)
{
	static const char expected[] = "abcdefg";
	struct diagnostics diagnostics = { 0 };

	(void)state;
	diagnostics_sort(&diagnostics);
	diagnostics_add(&diagnostics, DIAGNOSTIC_ERROR, "y", 1, 1, "g");
	diagnostics_add(&diagnostics, DIAGNOSTIC_ERROR, "x", 10, 1, "f");
	diagnostics_add(&diagnostics, DIAGNOSTIC_WARNING, "x", 2, 2, "c");
	diagnostics_add(&diagnostics, DIAGNOSTIC_ERROR, "x", 2, 10, "e");
	diagnostics_add(&diagnostics, DIAGNOSTIC_ERROR, "x", 2, 2, "d");
	diagnostics_add(&diagnostics, DIAGNOSTIC_ERROR, "x", 2, 1, "b");
	diagnostics_add(&diagnostics, DIAGNOSTIC_ERROR, "x", 1, 9, "a");
	diagnostics_sort(&diagnostics);
	assert_int_equal(diagnostics.count, 7);
	assert_int_equal(diagnostics.errors, 6);
	for (size_t i = 0; i < diagnostics.count; i++)
		assert_int_equal(diagnostics.items[i].text[0], expected[i]);
	diagnostics_clear(&diagnostics);
}

static const char *suggest(const char *word)
{
	static const char *const candidates[] = { "tcp", "udp", "web", "database", "prometheus", "a" };

	return diagnostics_suggest(word, candidates, sizeof(candidates) / sizeof(candidates[0]));
}

static void assert_suggests(const char *word, const char *expected)
{
	const char *got = suggest(word);

	assert_string_equal(got ? got : "nothing", expected);
}

static void suggestions(void **state)
{
	(void)state;
	assert_suggests("tpc", "tcp");	/* a swap is one edit */
	assert_suggests("tc", "tcp");	/* a letter is missing */
	assert_suggests("tccp", "tcp"); /* one too many */
	assert_suggests("ucp", "tcp");	/* one is another; the first of equals */
	assert_suggests("TCP", "tcp");
	assert_suggests("wab", "web");
	assert_suggests("wabs", "nothing"); /* two edits in a short word */
	assert_suggests("cpt", "nothing");
	assert_suggests("b", "nothing"); /* one edit, and nothing in common */
	assert_suggests("databsae", "database");
	assert_suggests("dtabse", "database"); /* two edits in a long word */
	assert_suggests("dtbse", "nothing");
	assert_suggests("promethius", "prometheus");
	assert_suggests("", "nothing");
	assert_suggests("prometheusprometheusprometheusprometheusprometheusprometheusprometheusprometheusprometheus"
			"prometheusprometheusprometheusprometheusprometheusprometheus",
			"nothing");
	assert_null(diagnostics_suggest("tcp", NULL, 0));
}

static void utf8_round_trip(void **state)
{
	(void)state;
	for (uint32_t point = 0; point <= 0x110010; point++) {
		bool valid = point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff);
		char text[UTF8_MAX];
		uint32_t again = 0;
		size_t length = utf8_encode(point, text);

		if (valid) {
			assert_int_equal(utf8_decode(text, length, &again), length);
			assert_int_equal(again, point);
		} else {
			assert_int_equal(utf8_decode(text, length, &again), 0);
		}
		assert_int_equal(utf8_decode(text, length - 1, &again), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_and_places),
		cmocka_unit_test(strings),
		cmocka_unit_test(documents),
		cmocka_unit_test(syntax_errors),
		cmocka_unit_test(bytes),
		cmocka_unit_test(depth),
		cmocka_unit_test(duplicate_keys),
		cmocka_unit_test(text_is_printable),
		cmocka_unit_test(sorting),
		cmocka_unit_test(suggestions),
		cmocka_unit_test(utf8_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
