/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Docker's switch as Go's ParseBool reads it. */
#include "icc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static enum icc read_text(const char *text)
{
	struct network network = { .icc = (char *)(uintptr_t)text };

	return icc_read(&network);
}

static void spellings(void **state)
{
	static const char *const on[] = { "1", "t", "T", "TRUE", "true", "True" };
	static const char *const off[] = { "0", "f", "F", "FALSE", "false", "False" };
	static const char *const neither[] = { "",  " ",  "yes",    "no",     "on", "off",   "tRUE", "fALSE",
					       "2", "00", "false ", " false", "-1", "falsE", "null" };

	(void)state;
	assert_int_equal(read_text(NULL), ICC_ON);
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(read_text(on[i]), ICC_ON);
		assert_int_equal(read_text(off[i]), ICC_OFF);
	}
	for (size_t i = 0; i < sizeof(neither) / sizeof(neither[0]); i++)
		assert_int_equal(read_text(neither[i]), ICC_UNREADABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(spellings) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
