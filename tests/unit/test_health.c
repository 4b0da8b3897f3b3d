/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the service writes for verify, and what verify takes for it. */
#include "health.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void assert_round_trip(const struct health *health)
{
	char text[HEALTH_FILE_SIZE];
	struct health read = { .since = 99 };
	size_t length = health_format(health, text);

	assert_int_equal(length, strlen(text));
	assert_int_equal(health_parse(text, length, &read), 0);
	assert_int_equal(read.broken, health->broken);
	assert_int_equal(read.since, health->since);
	assert_int_equal(read.put_right, health->put_right);
	assert_int_equal(read.last, health->last);
	assert_string_equal(read.reason, health->reason);
	assert_int_equal(read.pid, health->pid);
	assert_int_equal(read.written, health->written);
	assert_string_equal(read.last_text, health->last_text);
}

static void round_trips(void **state)
{
	struct health health = { .since = 1732546271, .pid = 4711, .written = 86400123 };

	(void)state;
	assert_round_trip(&health);
	health.broken = true;
	strcpy(health.reason, "br_netfilter is switched off: \"repair\" is false");
	assert_round_trip(&health);
	health.put_right = 12;
	health.last = 1732546300;
	memset(health.last_text, 'x', HEALTH_TEXT_SIZE - 1);
	memset(health.reason, 'y', HEALTH_TEXT_SIZE - 1);
	assert_round_trip(&health);
}

static void anything_else(void **state)
{
	static const char *const texts[] = {
		"",
		"whole",
		"whole 1 \n",
		"whole 1 \nput-right 0 0 ",
		"whole 1 \nput-right 0 0 \n",
		"whole  \nput-right 0 0 \nwritten 5 by 7\n",
		"whole x \nput-right 0 0 \nwritten 5 by 7\n",
		"whole -1 \nput-right 0 0 \nwritten 5 by 7\n",
		"whole 1\nput-right 0 0 \nwritten 5 by 7\n",
		"half 1 \nput-right 0 0 \nwritten 5 by 7\n",
		"whole 1 \nput-right 0 0 \nwritten 5 by 7\nmore\n",
		"whole 1 \nput-right 9999999999999999999 0 \nwritten 5 by 7\n",
		"whole 1 \nput-right 0 \nwritten 5 by 7\n",
		"whole 1 \nput-right 0 0 \nwritten 5 by 7",
		"whole 1 \nput-right 0 0 \nwritten 5 by \n",
		"whole 1 \nput-right 0 0 \nwritten 5 by -7\n",
		"whole 1 \nput-right 0 0 \nwritten 5 by 4294967303\n",
		"whole 1 \nput-right 0 0 \nwritten x by 7\n",
	};
	static const char good[] = "whole 1 \nput-right 0 0 \nwritten 5 by 7\n";
	char large[HEALTH_FILE_SIZE + 8];
	struct health health = { .since = 99 };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(health_parse(texts[i], strlen(texts[i]), &health), -EINVAL);
	assert_int_equal(health_parse("whole 1 \nput-right 0 0 a\0b\nwritten 5 by 7\n", 42, &health), -EINVAL);
	memset(large, 'x', sizeof(large));
	memcpy(large, "whole 1 ", 8);
	assert_int_equal(health_parse(large, sizeof(large), &health), -EINVAL);
	assert_int_equal(health_parse(large, HEALTH_TEXT_SIZE + 20, &health), -EINVAL);
	assert_int_equal(health.since, 99);
	assert_int_equal(health_parse(good, strlen(good), &health), 0);
	assert_int_equal(health.pid, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(round_trips), cmocka_unit_test(anything_else) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
