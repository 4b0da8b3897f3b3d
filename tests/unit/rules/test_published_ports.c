/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of published ports: random ones are judged pair by pair, too. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "published_ports.h"

#define LISTS 20000
#define LONG  8

/* Any address, loopback, one more; of both families. */
static struct address some_address(void)
{
	static const char *const texts[] = { "0.0.0.0", "127.0.0.1", "192.0.2.1", "::", "::1", "2001:db8::1" };
	struct address address;

	assert_int_equal(address_parse(texts[rand() % 6], false, &address), 0);
	return address;
}

static size_t some_ports(struct published_port ports[LONG])
{
	static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP };
	size_t count = (size_t)rand() % (LONG + 1);

	for (size_t i = 0; i < count; i++)
		ports[i] = (struct published_port){
			.address = some_address(),
			.protocol = protocols[rand() % 2],
			.host_port = (uint16_t)(rand() % 6 ? 1 + rand() % 12 : UINT16_MAX),
			.container_port = (uint16_t)(1 + rand() % 2),
		};
	published_ports_sort(ports, &count);
	return count;
}

static bool naive_overlap(const struct published_port *a, const struct published_port *b)
{
	return a->address.family == b->address.family && a->protocol == b->protocol && a->host_port == b->host_port &&
	       (address_compare(&a->address, &b->address) == 0 || published_port_is_any(a) || published_port_is_any(b));
}

static void test_overlap_is_what_pairs_say(void **state)
{
	size_t overlapping = 0;

	(void)state;
	srand(14);
	for (size_t i = 0; i < LISTS; i++) {
		struct published_port a[LONG], b[LONG];
		size_t a_count = some_ports(a), b_count = some_ports(b);
		bool expected = false;

		for (size_t j = 0; j < a_count * b_count; j++)
			expected = expected || naive_overlap(&a[j / b_count], &b[j % b_count]);
		assert_int_equal(published_ports_overlap(a, a_count, b, b_count), expected);
		assert_int_equal(published_ports_overlap(b, b_count, a, a_count), expected);
		overlapping += expected;
	}
	/* Both answers occur often. */
	assert_in_range(overlapping, LISTS / 10, LISTS - LISTS / 10);
}

static void test_held_is_what_is_there(void **state)
{
	(void)state;
	srand(15);
	for (size_t i = 0; i < LISTS; i++) {
		struct published_port ports[LONG], wanted[LONG];
		size_t count = some_ports(ports), wanted_count = some_ports(wanted);

		for (size_t j = 0; j < wanted_count; j++) {
			bool expected = false;

			for (size_t k = 0; k < count; k++)
				expected = expected || (address_compare(&ports[k].address, &wanted[j].address) == 0 &&
							ports[k].protocol == wanted[j].protocol &&
							ports[k].host_port == wanted[j].host_port);
			assert_int_equal(published_ports_hold(ports, count, &wanted[j].address, &wanted[j]), expected);
		}
	}
}

static void test_sorted_each_once(void **state)
{
	(void)state;
	srand(16);
	for (size_t i = 0; i < LISTS; i++) {
		struct published_port ports[LONG];
		size_t count = some_ports(ports);

		for (size_t j = 1; j < count; j++)
			assert_true(published_port_compare(&ports[j - 1], &ports[j]) < 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_overlap_is_what_pairs_say),
		cmocka_unit_test(test_held_is_what_is_there),
		cmocka_unit_test(test_sorted_each_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
