/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an engine hardly says, and what a label or a name may well hold. */
#include "docker_json.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct network *parse_network(const char *text)
{
	struct network *network = NULL;
	struct error err = { 0 };

	if (docker_json_network(text, strlen(text), &network, &err) < 0)
		fail_msg("%s", err.text);
	return network;
}

static struct container *parse_container(const char *text)
{
	struct container *container = NULL;
	struct error err = { 0 };

	if (docker_json_container(text, strlen(text), &container, &err) < 0)
		fail_msg("%s", err.text);
	return container;
}

static void assert_address(const struct address *address, const char *expected)
{
	char text[ADDRESS_TEXT_SIZE];

	assert_string_equal(address_format(address, text), expected);
}

static void odd_containers(void **state)
{
	static const char text[] = "[{\"Id\":\"1\",\"Names\":null,\"Image\":7,\"Labels\":null,\"State\":{},"
				   "\"HostConfig\":null,\"Unknown\":[[[]]]},"
				   "{\"Id\":\"2\",\"Names\":[7,\"/a/b\",\"bare\",\"/"
				   "last\"],\"Labels\":{\"a\":1,\"b\":null,\"c\":\"\",\"d\":[]},"
				   "\"State\":\"restarting\",\"HostConfig\":{\"NetworkMode\":\"container:\"}},"
				   "{\"Id\":\"3\",\"Names\":[\"/only/alias\"],\"Labels\":[\"x\"],\"State\":\"exited\","
				   "\"HostConfig\":{\"NetworkMode\":\"container:web\"}}]";
	struct container **containers;
	size_t count;

	(void)state;
	assert_int_equal(docker_json_containers(text, strlen(text), &containers, &count, NULL), 0);
	assert_int_equal(count, 3);
	assert_string_equal(containers[0]->name, "");
	assert_string_equal(containers[0]->image, "");
	assert_false(containers[0]->running);
	assert_string_equal(containers[1]->name, "bare");
	assert_true(containers[1]->running);
	assert_null(containers[1]->shares);
	assert_int_equal(containers[1]->label_count, 1);
	assert_string_equal(container_label(containers[1], "c"), "");
	assert_string_equal(containers[2]->name, "only/alias");
	assert_string_equal(containers[2]->shares, "web");
	assert_false(containers[2]->running);
	assert_int_equal(containers[2]->label_count, 0);
	docker_json_free_containers(containers, count);
}

/* One that is not understood hides nobody else: whom nobody knows is closed. */
static void one_hides_no_other(void **state)
{
	static const struct {
		const char *before, *after;
	} texts[] = {
		{ "[{\"Names\":[\"/x\"]},", "]" },
		{ "[", ",{\"Id\":\"\"}]" },
		{ "[{\"Id\":7},", "]" },
		{ "[[],", ",null,7]" },
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct container **containers;
		struct network **networks;
		size_t count;

		snprintf(text, sizeof(text), "%s{\"Id\":\"1\",\"Name\":\"n\",\"Driver\":\"d\"}%s", texts[i].before,
			 texts[i].after);
		assert_int_equal(docker_json_containers(text, strlen(text), &containers, &count, NULL), 0);
		assert_int_equal(count, 1);
		assert_string_equal(containers[0]->id, "1");
		docker_json_free_containers(containers, count);
		assert_int_equal(docker_json_networks(text, strlen(text), &networks, &count, NULL), 0);
		assert_int_equal(count, 1);
		assert_string_equal(networks[0]->id, "1");
		docker_json_free_networks(networks, count);
	}
}

/* Something was too long to be kept: that is known of it, and a network's bridge may be any. */
static void what_was_cut(void **state)
{
	struct network *network;
	struct container *container =
		parse_container("{\"Id\":\"1\",\"Config\":{\"Labels\":{}},\"bulkhead.cut\":true}");

	(void)state;
	assert_true(container->obscure);
	container_free(container);
	container = parse_container("{\"Id\":\"1\",\"Config\":{\"Labels\":{\"bulkhead.cut\":\"true\"}}}");
	assert_false(container->obscure);
	container_free(container);
	network = parse_network("{\"Id\":\"0123456789abcdef\",\"Driver\":\"bridge\",\"bulkhead.cut\":true}");
	assert_true(network->managed);
	assert_string_equal(network->name, "0123456789abcdef");
	assert_string_equal(network->bridge, "");
	network_free(network);
}

/* A label of 64 KiB, with what is no UTF-8 and every control character that JSON lets through: bytes are kept. */
static void hostile_labels(void **state)
{
	static const char before[] =
		"{\"Id\":\"1\",\"Name\":\"/n\\u001b[31m\",\"Config\":{\"Image\":\"i\",\"Labels\":{\"k\":\"",
			  after[] = "\",\"\\u0001\":\"\\n\",\"\":\"empty\"}}}";
	const size_t size = 65536;
	cleanup_free char *text = malloc(sizeof(before) + size + sizeof(after));
	cleanup_of(container) struct container *container = NULL;
	const char *value;

	(void)state;
	assert_non_null(text);
	strcpy(text, before);
	for (size_t i = 0; i < size; i++)
		text[sizeof(before) - 1 + i] = (char)(0x80 + i % 0x80);
	strcpy(text + sizeof(before) - 1 + size, after);
	container = parse_container(text);
	assert_string_equal(container->name, "n\x1b[31m");
	value = container_label(container, "k");
	assert_non_null(value);
	assert_int_equal(strlen(value), size);
	assert_memory_equal(value, text + sizeof(before) - 1, size);
	assert_string_equal(container_label(container, "\x01"), "\n");
	assert_string_equal(container_label(container, ""), "empty");
}

static void odd_endpoints(void **state)
{
	static const char text[] =
		"{\"Id\":\"0123456789abcdef\",\"Name\":\"n\",\"Driver\":\"bridge\",\"Internal\":\"yes\",\"Options\":"
		"null,\"Containers\":{"
		"\"lb-n\":{\"Name\":\"n-endpoint\",\"IPv4Address\":\"10.0.0.4/"
		"24\",\"MacAddress\":\"02:42:0A:00:00:04\"},"
		"\"ep-1\":{\"Name\":null,\"IPv4Address\":\"\",\"IPv6Address\":\"fd00::1/64\",\"MacAddress\":\"\"},"
		"\"bad\":{\"Name\":\"x\",\"IPv4Address\":\"10.0.0.999/24\",\"IPv6Address\":\"10.0.0.5/"
		"24\",\"MacAddress\":\"02:42:0a:00:00\"},"
		"\"worse\":{\"IPv4Address\":[],\"IPv6Address\":7,\"MacAddress\":\"02-42-0a-00-00-04\"},"
		"\"none\":null,\"\":{\"Name\":\"nobody\"},\"gateway_1\":{}}}";
	static const uint8_t mac[6] = { 0x02, 0x42, 0x0a, 0, 0, 4 }, no_mac[6];
	cleanup_of(network) struct network *network = NULL;

	(void)state;
	network = parse_network(text);
	assert_string_equal(network->bridge, "br-0123456789ab");
	assert_false(network->internal);
	assert_int_equal(network->endpoint_count, 5);
	assert_string_equal(network->endpoints[0].container, "bad");
	assert_int_equal(network->endpoints[0].ipv4.family, ADDRESS_NONE);
	assert_int_equal(network->endpoints[0].ipv6.family, ADDRESS_NONE);
	assert_memory_equal(network->endpoints[0].mac, no_mac, 6);
	assert_string_equal(network->endpoints[1].container, "ep-1");
	assert_string_equal(network->endpoints[1].name, "");
	assert_int_equal(network->endpoints[1].ipv4.family, ADDRESS_NONE);
	assert_address(&network->endpoints[1].ipv6, "fd00::1");
	assert_string_equal(network->endpoints[2].container, "gateway_1");
	assert_string_equal(network->endpoints[3].container, "lb-n");
	assert_address(&network->endpoints[3].ipv4, "10.0.0.4");
	assert_memory_equal(network->endpoints[3].mac, mac, 6);
	assert_string_equal(network->endpoints[4].container, "worse");
	assert_memory_equal(network->endpoints[4].mac, no_mac, 6);
}

#define NETWORK(id, name, driver, bridge)                                                                              \
	"{\"Id\":\"" id "\",\"Name\":\"" name "\",\"Driver\":\"" driver                                                \
	"\",\"Options\":{\"com.docker.network.bridge.name\":\"" bridge "\",\"n\":1}}"

static void bridge_names(void **state)
{
	static const struct {
		const char *text, *bridge; /* "" of a bridge network: it cannot be told */
		bool managed;
	} cases[] = {
		{ NETWORK("0123456789abcdef", "n", "bridge", ""), "br-0123456789ab", true },
		{ NETWORK("0123456789abcdef", "bridge", "bridge", ""), "docker0", true },
		{ NETWORK("0123456789abcdef", "bridge", "bridge", "mine"), "mine", true },
		{ NETWORK("0123456789abcdef", "bridge", "macvlan", ""), "", false },
		{ NETWORK("0123456789abcdef", "n", "overlay", "a/b"), "", false },
		{ NETWORK("0123456789abcdef", "n", "bridge", "exactly-15-byte"), "exactly-15-byte", true },
		/* What the kernel takes: bytes. */
		{ NETWORK("0123456789abcdef", "n", "bridge", "x\\u0001"), "x\x01", true },
		{ NETWORK("0123456789abcdef", "n", "bridge", "\\u007f\\\"*"), "\x7f\"*", true },
		{ NETWORK("0123456789abcdef", "n", "bridge", "\xf0\x9f\x90\xb3"), "\xf0\x9f\x90\xb3", true },
		{ NETWORK("0123456789abcdef", "n", "bridge", "more-than-15-byte"), "", true },
		{ NETWORK("0123456789abcdef", "n", "bridge", "a/b"), "", true },
		{ NETWORK("0123456789abcdef", "n", "bridge", "a b"), "", true },
		{ NETWORK("0123456789abcdef", "n", "bridge", "a\\nb"), "", true },
		{ NETWORK("0123456789abcdef", "n", "bridge", "\xc2\xa0"), "", true },
		{ NETWORK("0123456789abcdef", "n", "bridge", ".."), "", true },
		{ NETWORK("../../etc", "n", "bridge", ""), "", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct network *network = parse_network(cases[i].text), **networks = NULL;
		char list[512];
		size_t count;

		snprintf(list, sizeof(list), "[%s]", cases[i].text);
		assert_int_equal(docker_json_networks(list, strlen(list), &networks, &count, NULL), 0);
		assert_int_equal(count, 1);
		assert_string_equal(network->bridge, cases[i].bridge);
		assert_string_equal(networks[0]->bridge, cases[i].bridge);
		assert_int_equal(network->managed, cases[i].managed);
		assert_int_equal(networks[0]->managed, cases[i].managed);
		network_free(network);
		docker_json_free_networks(networks, count);
	}
}

static void deep_nesting(void **state)
{
	const size_t depth = 200000;
	cleanup_free char *text = malloc(2 * depth + 64);
	struct network **networks = NULL;
	size_t count;

	(void)state;
	assert_non_null(text);
	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	assert_int_equal(docker_json_networks(text, 2 * depth, &networks, &count, NULL), -EPROTO);
}

/* A string with a NUL inside is not the string before it; what only looks like an escape is left alone. */
static void escaped_nuls(void **state)
{
	static const char zero[] = "{\"Id\":\"1\",\"Name\":\"a\0b\"}";
	struct container *container =
		parse_container("{\"Id\":\"1\",\"Name\":\"/a\\u0000b\",\"Config\":{\"Labels\":{\"end\":\"shop\\u0000\","
				"\"middle\":\"shop\\u0000\\u0000evil\",\"bulkhead.app\\u0000\":\"shop\","
				"\"written\":\"shop\\\\u0000\",\"both\":\"shop\\\\\\u0000\"}}}");
	struct container *ignored = NULL;
	struct error err;

	(void)state;
	assert_string_equal(container->name, "a\xef\xbf\xbd"
					     "b");
	assert_string_equal(container_label(container, "end"), "shop\xef\xbf\xbd");
	assert_string_equal(container_label(container, "middle"), "shop\xef\xbf\xbd\xef\xbf\xbd"
								  "evil");
	assert_string_equal(container_label(container, "written"), "shop\\u0000");
	assert_string_equal(container_label(container, "both"), "shop\\\xef\xbf\xbd");
	assert_null(container_label(container, "bulkhead.app"));
	container_free(container);
	assert_int_equal(docker_json_container(zero, sizeof(zero) - 1, &ignored, &err), -EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(odd_containers), cmocka_unit_test(one_hides_no_other), cmocka_unit_test(what_was_cut),
		cmocka_unit_test(hostile_labels), cmocka_unit_test(odd_endpoints),	cmocka_unit_test(bridge_names),
		cmocka_unit_test(deep_nesting),	  cmocka_unit_test(escaped_nuls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
