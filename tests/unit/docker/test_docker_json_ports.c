/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which ports a container publishes, and whether it has started. */
#include "docker_json.h"

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* "0.0.0.0:8080->80/6 " for each; the caller frees. */
static char *published_text(const struct container *container)
{
	size_t size = 0;
	char *text = NULL;
	FILE *stream = open_memstream(&text, &size);

	assert_non_null(stream);
	for (size_t i = 0; i < container->published_count; i++) {
		const struct published_port *port = &container->published[i];
		char address[ADDRESS_TEXT_SIZE];

		fprintf(stream, "%s:%u->%u/%u ", address_format(&port->address, address), port->host_port,
			port->container_port, port->protocol);
	}
	fclose(stream);
	return text;
}

static void assert_published(const struct container *container, const char *expected)
{
	cleanup_free char *text = published_text(container);

	assert_string_equal(text, expected);
}

static struct container *listed(const char *members)
{
	cleanup_free char *text = NULL;
	struct container **containers, *container;
	struct error err = { 0 };
	size_t count;

	assert_true(asprintf(&text, "[{\"Id\":\"1\",%s}]", members) > 0);
	if (docker_json_containers(text, strlen(text), &containers, &count, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(count, 1);
	container = containers[0];
	free(containers);
	return container;
}

static struct container *inspected(const char *members)
{
	cleanup_free char *text = NULL;
	struct container *container = NULL;
	struct error err = { 0 };

	assert_true(asprintf(&text, "{\"Id\":\"1\",%s}", members) > 0);
	if (docker_json_container(text, strlen(text), &container, &err) < 0)
		fail_msg("%s", err.text);
	return container;
}

static void assert_listed(const char *ports, const char *expected)
{
	cleanup_of(container) struct container *container = NULL;
	cleanup_free char *member = NULL;

	assert_true(asprintf(&member, "\"Ports\":%s", ports) > 0);
	container = listed(member);
	assert_published(container, expected);
}

static void assert_inspected(const char *ports, const char *expected)
{
	cleanup_of(container) struct container *container = NULL;
	cleanup_free char *member = NULL;

	assert_true(asprintf(&member, "\"NetworkSettings\":{\"Bridge\":\"\",\"Ports\":%s}", ports) > 0);
	container = inspected(member);
	assert_published(container, expected);
}

static void as_engines_list_them(void **state)
{
	(void)state;
	assert_listed("[{\"IP\":\"0.0.0.0\",\"PrivatePort\":80,\"PublicPort\":8080,\"Type\":\"tcp\"},"
		      "{\"IP\":\"::\",\"PrivatePort\":80,\"PublicPort\":8080,\"Type\":\"tcp\"},"
		      "{\"PrivatePort\":81,\"Type\":\"tcp\"},"
		      "{\"IP\":\"127.0.0.1\",\"PrivatePort\":53,\"PublicPort\":5353,\"Type\":\"udp\"},"
		      "{\"IP\":\"2001:db8::1\",\"PrivatePort\":1,\"PublicPort\":65535,\"Type\":\"sctp\"}]",
		      "0.0.0.0:8080->80/6 127.0.0.1:5353->53/17 :::8080->80/6 2001:db8::1:65535->1/132 ");
	assert_listed("[]", "");
	assert_listed("null", "");
}

static void as_engines_tell_when_asked(void **state)
{
	(void)state;
	assert_inspected("{\"80/tcp\":[{\"HostIp\":\"0.0.0.0\",\"HostPort\":\"8080\"},"
			 "{\"HostIp\":\"::\",\"HostPort\":\"8080\"}],\"81/tcp\":null,"
			 "\"53/udp\":[{\"HostIp\":\"127.0.0.1\",\"HostPort\":\"5353\"}],\"9/sctp\":[]}",
			 "0.0.0.0:8080->80/6 127.0.0.1:5353->53/17 :::8080->80/6 ");
	assert_inspected("{}", "");
	assert_inspected("null", "");
}

/* By address (IPv4 first), protocol, the host's port, the container's. */
static void sorted_and_unique(void **state)
{
	(void)state;
	assert_listed("[{\"IP\":\"::\",\"PrivatePort\":1,\"PublicPort\":1,\"Type\":\"tcp\"},"
		      "{\"IP\":\"10.0.0.1\",\"PrivatePort\":3,\"PublicPort\":2,\"Type\":\"udp\"},"
		      "{\"IP\":\"10.0.0.1\",\"PrivatePort\":2,\"PublicPort\":2,\"Type\":\"udp\"},"
		      "{\"IP\":\"10.0.0.1\",\"PrivatePort\":3,\"PublicPort\":300,\"Type\":\"tcp\"},"
		      "{\"IP\":\"10.0.0.1\",\"PrivatePort\":3,\"PublicPort\":2,\"Type\":\"tcp\"},"
		      "{\"IP\":\"::\",\"PrivatePort\":1,\"PublicPort\":1,\"Type\":\"tcp\"},"
		      "{\"IP\":\"9.0.0.1\",\"PrivatePort\":9,\"PublicPort\":9,\"Type\":\"tcp\"},"
		      "{\"IP\":\"10.0.0.1\",\"PrivatePort\":3,\"PublicPort\":2,\"Type\":\"tcp\"}]",
		      "9.0.0.1:9->9/6 10.0.0.1:2->3/6 10.0.0.1:300->3/6 10.0.0.1:2->2/17 10.0.0.1:2->3/17 :::1->1/6 ");
}

/* Closed rather than open: an address that is not understood may be any. */
static void addresses_not_understood(void **state)
{
	static const char *const addresses[] = { "",
						 "\"IP\":\"\",",
						 "\"IP\":null,",
						 "\"IP\":7,",
						 "\"IP\":[],",
						 "\"IP\":\"10.0.0.999\",",
						 "\"IP\":\"10.0.0.1/8\",",
						 "\"IP\":\"fe80::1%eth0\",",
						 "\"ip\":\"*\"," };
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		snprintf(text, sizeof(text), "[{%s\"PrivatePort\":80,\"PublicPort\":8080,\"Type\":\"tcp\"}]",
			 addresses[i]);
		assert_listed(text, "0.0.0.0:8080->80/6 :::8080->80/6 ");
	}
	assert_inspected("{\"80/tcp\":[{\"HostPort\":\"8080\"}]}", "0.0.0.0:8080->80/6 :::8080->80/6 ");
	assert_inspected(
		"{\"80/tcp\":[{\"HostIp\":\"\",\"HostPort\":\"8080\"},{\"HostIp\":\"::\",\"HostPort\":\"8080\"}]}",
		"0.0.0.0:8080->80/6 :::8080->80/6 ");
	assert_inspected("{\"80/tcp\":[{\"HostIp\":{},\"HostPort\":\"8080\"}]}", "0.0.0.0:8080->80/6 :::8080->80/6 ");
}

static void no_ports(void **state)
{
	static const char *const numbers[] = { "0",    "-1",   "65536", "1e300",      "-1e300",
					       "80.5", "0.5",  "1e-9",	"null",	      "\"80\"",
					       "true", "[80]", "{}",	"4294967376", "65535.5" };
	static const char *const texts[] = { "\"\"",
					     "\"0\"",
					     "\"-1\"",
					     "\"+80\"",
					     "\" 80\"",
					     "\"80 \"",
					     "\"80x\"",
					     "\"65536\"",
					     "\"99999\"",
					     "\"8080-8090\"",
					     "\"0x50\"",
					     "\"4294967376\"",
					     "\"18446744073709551696\"",
					     "80",
					     "null",
					     "[\"80\"]",
					     "{}" };
	static const char *const keys[] = { "80",	"80/",	 "/tcp",   "/",	    "",		 "80/icmp",  "80/TCP",
					    "80/tcp/x", "x/tcp", "-1/tcp", "0/tcp", "65536/tcp", "80-81/tcp" };
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		snprintf(text, sizeof(text),
			 "[{\"IP\":\"::\",\"PrivatePort\":80,\"PublicPort\":%s,\"Type\":\"tcp\"},"
			 "{\"IP\":\"::\",\"PrivatePort\":%s,\"PublicPort\":80,\"Type\":\"tcp\"}]",
			 numbers[i], numbers[i]);
		assert_listed(text, "");
	}
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		snprintf(text, sizeof(text), "{\"80/tcp\":[{\"HostIp\":\"::\",\"HostPort\":%s}]}", texts[i]);
		assert_inspected(text, "");
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		snprintf(text, sizeof(text), "{\"%s\":[{\"HostIp\":\"::\",\"HostPort\":\"80\"}]}", keys[i]);
		assert_inspected(text, "");
	}
	assert_listed("[{\"IP\":\"::\",\"PrivatePort\":80,\"PublicPort\":80,\"Type\":\"quic\"},"
		      "{\"IP\":\"::\",\"PrivatePort\":80,\"PublicPort\":80,\"Type\":6},"
		      "{\"IP\":\"::\",\"PrivatePort\":80,\"PublicPort\":80}]",
		      "");
}

static void wrong_types(void **state)
{
	static const char *const listed_ports[] = { "{}",
						    "7",
						    "\"80\"",
						    "true",
						    "[null,7,\"x\",[],{},[[{}]]]",
						    "{\"80/tcp\":[{\"HostIp\":\"::\",\"HostPort\":\"80\"}]}" };
	static const char *const inspected_ports[] = { "[]",
						       "7",
						       "\"80\"",
						       "true",
						       "{\"80/tcp\":{}}",
						       "{\"80/tcp\":[null,7,\"x\",[],{},[{\"HostPort\":\"8\"}]]}",
						       "{\"80/tcp\":\"8080\"}" };
	static const char *const settings[] = { "null", "[]", "7", "\"Ports\"", "{}" };
	cleanup_of(container) struct container *twice = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(listed_ports) / sizeof(listed_ports[0]); i++)
		assert_listed(listed_ports[i], "");
	for (size_t i = 0; i < sizeof(inspected_ports) / sizeof(inspected_ports[0]); i++)
		assert_inspected(inspected_ports[i], "");
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		cleanup_of(container) struct container *container = NULL;
		char member[64];

		snprintf(member, sizeof(member), "\"NetworkSettings\":%s", settings[i]);
		container = inspected(member);
		assert_published(container, "");
	}
	twice = listed("\"Ports\":[{\"IP\":\"::\",\"PrivatePort\":1,\"PublicPort\":1,\"Type\":\"tcp\"}],"
		       "\"Ports\":[{\"IP\":\"::\",\"PrivatePort\":2,\"PublicPort\":2,\"Type\":\"tcp\"}]");
	assert_published(twice, ":::2->2/6 ");
}

/* A published range of thousands of ports, each of them twice and in the wrong order. */
static void thousands(void **state)
{
	const unsigned many = 5000;
	cleanup_of(container) struct container *container = NULL;
	cleanup_free char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);

	(void)state;
	assert_non_null(stream);
	fputs("\"Ports\":[", stream);
	for (unsigned i = 2 * many; i > 0; i--)
		fprintf(stream, "{\"IP\":\"%s\",\"PrivatePort\":%u,\"PublicPort\":%u,\"Type\":\"udp\"}%s",
			i % 3 ? "0.0.0.0" : "", (i - 1) % many + 1, (i - 1) % many + 20001, i > 1 ? "," : "]");
	fclose(stream);
	container = listed(text);
	/* Whose address is not told once counts for both families. */
	assert_true(container->published_count > many && container->published_count < 2 * many);
	for (unsigned i = 0; i < many; i++) {
		assert_int_equal(container->published[i].address.family, ADDRESS_IPV4);
		assert_int_equal(container->published[i].container_port, i + 1);
		assert_int_equal(container->published[i].host_port, i + 20001);
		assert_int_equal(container->published[i].protocol, IPPROTO_UDP);
	}
	assert_int_equal(container->published[many].address.family, ADDRESS_IPV6);
}

static void states(void **state)
{
	static const struct {
		const char *member;
		bool listed, running, started;
	} cases[] = {
		{ "\"State\":\"running\"", true, true, true },
		{ "\"State\":\"paused\"", true, true, true },
		{ "\"State\":\"restarting\"", true, true, false },
		{ "\"State\":\"created\"", true, false, false },
		{ "\"State\":\"exited\"", true, false, false },
		{ "\"State\":\"removing\"", true, false, false },
		{ "\"State\":\"dead\"", true, false, false },
		{ "\"State\":\"Running\"", true, false, false },
		{ "\"State\":{\"Running\":true}", true, false, false },
		{ "\"State\":null", true, false, false },
		{ "\"Status\":\"running\"", true, false, false },
		{ "\"State\":\"running\",\"State\":\"restarting\"", true, true, false },
		{ "\"State\":{\"Running\":true,\"Paused\":false,\"Restarting\":false}", false, true, true },
		{ "\"State\":{\"Running\":true,\"Paused\":true,\"Restarting\":false}", false, true, true },
		{ "\"State\":{\"Running\":true,\"Restarting\":true}", false, true, false },
		{ "\"State\":{\"Restarting\":true,\"Running\":true}", false, true, false },
		{ "\"State\":{\"Running\":false,\"Restarting\":false}", false, false, false },
		{ "\"State\":{\"Running\":\"true\"}", false, false, false },
		{ "\"State\":{\"Running\":1}", false, false, false },
		{ "\"State\":{\"Running\":true}", false, true, true },
		{ "\"State\":{}", false, false, false },
		{ "\"State\":\"running\"", false, false, false },
		{ "\"State\":{\"Running\":true},\"State\":{}", false, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cleanup_of(container) struct container *container =
			cases[i].listed ? listed(cases[i].member) : inspected(cases[i].member);

		if (container->running != cases[i].running || container->started != cases[i].started)
			fail_msg("%s: running %d, started %d", cases[i].member, container->running, container->started);
	}
}

/* "80/6 at 4 " for each. */
static void assert_direct(const struct container *container, const char *expected)
{
	char text[256] = "";

	for (size_t i = 0; i < container->direct_count; i++) {
		const struct published_port *port = &container->direct[i];
		size_t length = strlen(text);

		assert_int_equal(port->host_port, 0);
		snprintf(text + length, sizeof(text) - length, "%u/%u at %u ", port->container_port, port->protocol,
			 port->address.family);
	}
	assert_string_equal(text, expected);
}

/* As 28.5.2 tells of a network to whose IPv4 it routes: an address, and no port of the host's. */
static void published_directly(void **state)
{
	cleanup_of(container) struct container *list = NULL;
	cleanup_of(container) struct container *inspect = NULL;

	(void)state;
	list = listed("\"Ports\":[{\"IP\":\"0.0.0.0\",\"PrivatePort\":80,\"Type\":\"tcp\"},"
		      "{\"IP\":\"::\",\"PrivatePort\":80,\"PublicPort\":32768,\"Type\":\"tcp\"},"
		      "{\"PrivatePort\":81,\"Type\":\"tcp\"}]");
	assert_direct(list, "80/6 at 4 ");
	assert_published(list, ":::32768->80/6 ");
	inspect = inspected("\"NetworkSettings\":{\"Ports\":{\"80/tcp\":[{\"HostIp\":\"0.0.0.0\",\"HostPort\":\"\"},"
			    "{\"HostIp\":\"::\",\"HostPort\":\"32768\"}],\"81/tcp\":null,"
			    "\"82/udp\":[{\"HostIp\":\"\",\"HostPort\":\"\"}]}}");
	assert_direct(inspect, "80/6 at 4 ");
	assert_published(inspect, ":::32768->80/6 ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_engines_list_them),
		cmocka_unit_test(as_engines_tell_when_asked),
		cmocka_unit_test(sorted_and_unique),
		cmocka_unit_test(addresses_not_understood),
		cmocka_unit_test(no_ports),
		cmocka_unit_test(wrong_types),
		cmocka_unit_test(thousands),
		cmocka_unit_test(states),
		cmocka_unit_test(published_directly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
