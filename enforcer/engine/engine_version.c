/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine_version.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

/* 17.06.2 has a zero in front, 20.10.24 has not: digits are compared by their number, so no version is too long. */
static const char *start(const char *version)
{
	return version[0] == 'v' ? version + 1 : version;
}

bool engine_version_valid(const char *version)
{
	return isdigit((unsigned char)*start(version));
}

/* The next number's digits, without zeros in front; moves on to what follows its dot, or to the end of the numbers. */
static const char *next_number(const char **version, size_t *ret_length)
{
	const char *digits = *version + strspn(*version, "0"), *end = *version + strspn(*version, "0123456789");

	*ret_length = (size_t)(end - digits);
	*version = *end == '.' && isdigit((unsigned char)end[1]) ? end + 1 : end;
	return digits;
}

static bool before_release(const char *rest)
{
	static const char *const words[] = { "-alpha", "-beta", "-rc", "-tp", "-dev" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strncmp(rest, words[i], strlen(words[i])) == 0)
			return true;
	}
	return false;
}

int engine_version_compare(const char *a, const char *b)
{
	a = start(a);
	b = start(b);
	while (isdigit((unsigned char)*a) || isdigit((unsigned char)*b)) {
		size_t a_length, b_length;
		const char *a_digits = next_number(&a, &a_length), *b_digits = next_number(&b, &b_length);
		int order =
			a_length == b_length ? memcmp(a_digits, b_digits, a_length) : (a_length < b_length ? -1 : 1);

		if (order)
			return order;
	}
	return (int)before_release(b) - (int)before_release(a);
}
