/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which name servers a resolv.conf names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resolvers.h"

struct sample {
	const char *text;
	const char *expected; /* addresses, each with a space behind it */
	bool stub;
};

static const struct sample samples[] = {
	{ "", "", false },
	{ "nameserver 192.0.2.53\n", "192.0.2.53 ", false },
	{ "# nameserver 192.0.2.1\nsearch example.org\n\tnameserver\t192.0.2.53\noptions edns0\nnameserver "
	  "2001:db8::53",
	  "192.0.2.53 2001:db8::53 ", false },
	{ "nameserver 127.0.0.1\nnameserver ::1\nnameserver 192.0.2.53\n", "192.0.2.53 ", false },
	{ "nameserver 127.0.0.53\noptions edns0 trust-ad\n", "", true },
	{ "nameserver 127.0.0.53\nnameserver 192.0.2.53\n", "192.0.2.53 ", false },
	{ "nameserver 127.0.0.1\n", "", false },
	/* What is no address is no name server. */
	{ "nameserver fe80::1%eth0\nnameserver\nnameserver dns.example.org\nnameservers 192.0.2.1\n", "", false },
	{ "nameserver 192.0.2.53 # the old one\r\n", "192.0.2.53 ", false },
};

static void test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		struct address *addresses;
		char found[512] = "";
		size_t count;
		bool stub;

		assert_int_equal(resolvers_parse(samples[i].text, &addresses, &count, &stub), 0);
		for (size_t j = 0; j < count; j++) {
			char text[ADDRESS_TEXT_SIZE];

			strcat(strcat(found, address_format(&addresses[j], text)), " ");
		}
		assert_string_equal(found, samples[i].expected);
		assert_int_equal(stub, samples[i].stub);
		free(addresses);
	}
}

/* A line that is longer than any name server's. */
static void test_long_line(void **state)
{
	char *text = malloc(100001);
	struct address *addresses;
	size_t count;
	bool stub;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', 100000);
	memcpy(text, "nameserver ", 11);
	text[100000] = '\0';
	assert_int_equal(resolvers_parse(text, &addresses, &count, &stub), 0);
	assert_int_equal(count, 0);
	free(addresses);
	free(text);
}

/* The configuration's word goes before the host's. */
static void test_configured(void **state)
{
	struct config *config = config_new();
	struct address *addresses;
	struct error err;
	size_t count;

	(void)state;
	assert_non_null(config);
	config->dns = calloc(1, sizeof(*config->dns));
	assert_non_null(config->dns);
	assert_int_equal(address_parse("192.0.2.7", false, config->dns), 0);
	config->dns_count = 1;
	assert_int_equal(resolvers_read(config, &addresses, &count, &err), 0);
	assert_int_equal(count, 1);
	assert_int_equal(address_compare(&addresses[0], config->dns), 0);
	free(addresses);
	/* Whatever this host's files say, somebody is asked. */
	config->dns_count = 0;
	assert_int_equal(resolvers_read(config, &addresses, &count, &err), 0);
	assert_true(count > 0);
	free(addresses);
	config->dns_count = 1;
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_configured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
