/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The range of ports that the engine chooses from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chosen_ports.h"

static void test_parse(void **state)
{
	static const char *const refused[] = { "",	  "\n",		 "32768",    "32768\t",	    "x\ty",
					       "-1 5",	  "60999 32768", "0\t60999", "32768 65536", "1 100000",
					       "100000 5" };
	uint16_t first = 7, last = 8;

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		assert_false(chosen_ports_parse(refused[i], &first, &last));
	assert_int_equal(first, 7);
	assert_int_equal(last, 8);
	assert_true(chosen_ports_parse("32768\t60999\n", &first, &last));
	assert_int_equal(first, 32768);
	assert_int_equal(last, 60999);
	assert_true(chosen_ports_parse("1 65535", &first, &last));
	assert_int_equal(first, 1);
	assert_int_equal(last, 65535);
	assert_true(chosen_ports_parse("9 9", &first, &last));
	assert_int_equal(last, 9);
}

/* Whatever this kernel says. */
static void test_read(void **state)
{
	uint16_t first = 7, last = 6;

	(void)state;
	chosen_ports_read(&first, &last);
	assert_true(first <= last);
	assert_true(first > 7 || (first == 0 && last == 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
