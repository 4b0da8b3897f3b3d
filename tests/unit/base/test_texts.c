/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts that go to people and to their shells: quoted, and cut where they may be cut. */
#include "texts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"
#include "utf8.h"

static void quoted_where_needed(void **state)
{
	static const char *const words[][2] = {
		{ "shop_default", "shop_default" },
		{ "/etc/docker/certs.d/a:5000/ca.crt", "/etc/docker/certs.d/a:5000/ca.crt" },
		{ "", "''" },
		{ "my net", "'my net'" },
		{ "it's", "'it'\\''s'" },
		{ "$(reboot)`x`\"\\", "'$(reboot)`x`\"\\'" },
		{ "~", "'~'" },
		{ "=sh", "'=sh'" },
		{ "caf\xc3\xa9", "'caf\xc3\xa9'" },
		{ "a\033[2J'\n", "$'a\\x1b[2J\\x27\\x0a'" },
		{ "a\xc3", "$'a\\xc3'" },
		{ "a\xc2\x85", "$'a\\xc2\\x85'" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		char *quoted = texts_shell(words[i][0]);

		assert_string_equal(quoted, words[i][1]);
		free(quoted);
	}
}

/* Whatever the bytes, a shell takes them for one word, the same one. */
static void a_shell_reads_it_back(void **state)
{
	char word[256] = "", again[300] = "", *quoted, *command;
	FILE *pipe;

	(void)state;
	if (system("bash -c true") != 0)
		skip();
	for (int half = 0; half < 2; half++) {
		for (int i = 0; i < 127; i++)
			word[i] = (char)(1 + i + half * 128);
		quoted = texts_shell(word);
		assert_non_null(quoted);
		assert_true(asprintf(&command, "printf '%%s' %s", quoted) > 0);
		assert_int_equal(setenv("COMMAND", command, 1), 0);
		pipe = popen("bash -c \"$COMMAND\"", "re");
		assert_non_null(pipe);
		memset(again, 0, sizeof(again));
		assert_int_equal(fread(again, 1, sizeof(again) - 1, pipe), strlen(word));
		assert_int_equal(pclose(pipe), 0);
		assert_string_equal(again, word);
		free(command);
		free(quoted);
	}
}

static void cut_between_code_points(void **state)
{
	(void)state;
	assert_int_equal(utf8_cut("abc", 9), 3);
	assert_int_equal(utf8_cut("abc", 2), 2);
	assert_int_equal(utf8_cut("", 2), 0);
	assert_int_equal(utf8_cut("abc", 0), 0);
	assert_int_equal(utf8_cut("a\xc3\xa9z", 2), 1);
	assert_int_equal(utf8_cut("a\xc3\xa9z", 3), 3);
	assert_int_equal(utf8_cut("\xe2\x82\xac", 1), 0);
	assert_int_equal(utf8_cut("\xe2\x82\xac", 2), 0);
	assert_int_equal(utf8_cut("\xe2\x82\xac", 3), 3);
	assert_int_equal(utf8_cut("\xf0\x9f\x9a\xa2!", 3), 0);
	assert_int_equal(utf8_cut("\xf0\x9f\x9a\xa2!", 4), 4);
	/* What is none anyway. */
	assert_int_equal(utf8_cut("\x80\x80\x80\x80\x80\x80", 5), 5);
	assert_int_equal(utf8_cut("\xc3", 5), 0);
}

static void errors_are_cut_so(void **state)
{
	struct error err;
	char text[2 * sizeof(err.text)];

	(void)state;
	for (size_t i = 0; i + 3 < sizeof(text); i += 3)
		memcpy(text + i, "\xe2\x82\xac", 4);
	for (size_t shift = 0; shift < 3; shift++) {
		error_set(&err, -1, "%.*s%s", (int)shift, "xxx", text);
		assert_true(strlen(err.text) > sizeof(err.text) - 4);
		assert_int_equal((strlen(err.text) - shift) % 3, 0);
		error_context(&err, -1, "%s", "yy");
		assert_int_equal((strlen(err.text) - shift - 4) % 3, 0);
	}
	error_set(&err, -1, "%s", "caf\xc3\xa9");
	assert_string_equal(err.text, "caf\xc3\xa9");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quoted_where_needed),
		cmocka_unit_test(a_shell_reads_it_back),
		cmocka_unit_test(cut_between_code_points),
		cmocka_unit_test(errors_are_cut_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
