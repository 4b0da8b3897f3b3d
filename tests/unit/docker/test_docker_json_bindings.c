/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a container publishes whenever it starts, as GET /containers/ID/json tells it of one that does not run. */
#include "docker_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct container *inspected(const char *members)
{
	cleanup_free char *text = NULL;
	struct container *container = NULL;
	struct error err = { 0 };

	assert_true(asprintf(&text, "{\"Id\":\"1\",%s}", members) > 0);
	if (docker_json_container(text, strlen(text), &container, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	return container;
}

/* "0.0.0.0:8080->80/6 " for each, "chosen" if the engine chooses one, "unknown" if nothing is known. */
static char *bindings_text(const struct container *container)
{
	size_t size = 0;
	char *text = NULL;
	FILE *stream = open_memstream(&text, &size);

	assert_non_null(stream);
	for (size_t i = 0; i < container->binding_count; i++) {
		const struct published_port *port = &container->bindings[i];
		char address[ADDRESS_TEXT_SIZE];

		fprintf(stream, "%s:%u->%u/%u ", address_format(&port->address, address), port->host_port,
			port->container_port, port->protocol);
	}
	fprintf(stream, "%s%s", container->chooses ? "chosen" : "", container->bindings_known ? "" : "unknown");
	fclose(stream);
	return text;
}

static void assert_member(const char *member, const char *expected)
{
	cleanup_of(container) struct container *container = inspected(member);
	cleanup_free char *text = bindings_text(container);

	if (strcmp(text, expected) != 0)
		fail_msg("%s: \"%s\", not \"%s\"", member, text, expected);
	/* What it publishes now is another question. */
	assert_int_equal(container->published_count, 0);
}

static void assert_bindings(const char *bindings, const char *expected)
{
	cleanup_free char *member = NULL;

	assert_true(
		asprintf(&member,
			 "\"State\":{\"Running\":false},\"HostConfig\":{\"NetworkMode\":\"app\",\"PortBindings\":%s,"
			 "\"PublishAllPorts\":false},\"NetworkSettings\":{\"Ports\":{}}",
			 bindings) > 0);
	assert_member(member, expected);
}

static void as_engines_tell(void **state)
{
	(void)state;
	assert_bindings("{}", "");
	assert_bindings("null", "");
	assert_bindings("{\"80/tcp\":[{\"HostIp\":\"\",\"HostPort\":\"8080\"}]}", "0.0.0.0:8080->80/6 :::8080->80/6 ");
	assert_bindings("{\"80/tcp\":[{\"HostIp\":\"192.0.2.1\",\"HostPort\":\"8080\"},"
			"{\"HostIp\":\"::1\",\"HostPort\":\"8081\"}],"
			"\"53/udp\":[{\"HostIp\":\"0.0.0.0\",\"HostPort\":\"53\"}],"
			"\"9/sctp\":[{\"HostIp\":\"::\",\"HostPort\":\"9\"}]}",
			"0.0.0.0:53->53/17 192.0.2.1:8080->80/6 :::9->9/132 ::1:8081->80/6 ");
	/* The same twice is one. */
	assert_bindings("{\"80/tcp\":[{\"HostIp\":\"::\",\"HostPort\":\"2\"},{\"HostIp\":\"::\",\"HostPort\":\"1\"},"
			"{\"HostIp\":\"::\",\"HostPort\":\"2\"}]}",
			":::1->80/6 :::2->80/6 ");
	/* Without a protocol it is tcp. */
	assert_bindings("{\"80\":[{\"HostIp\":\"::\",\"HostPort\":\"1\"}]}", ":::1->80/6 ");
}

static void chosen_by_the_engine(void **state)
{
	(void)state;
	assert_bindings("{\"80/tcp\":[{\"HostIp\":\"\",\"HostPort\":\"\"}]}", "chosen");
	assert_bindings("{\"80/tcp\":[{\"HostIp\":\"\",\"HostPort\":\"0\"}]}", "chosen");
	assert_bindings("{\"80/tcp\":[]}", "chosen");
	assert_bindings("{\"80/tcp\":null}", "chosen");
	assert_bindings("{\"80/tcp\":[{\"HostIp\":\"::\",\"HostPort\":\"\"}],"
			"\"81/tcp\":[{\"HostIp\":\"::\",\"HostPort\":\"1\"}]}",
			":::1->81/6 chosen");
	assert_member("\"HostConfig\":{\"PublishAllPorts\":true,\"PortBindings\":{}}", "chosen");
	assert_member("\"HostConfig\":{\"PortBindings\":null,\"PublishAllPorts\":true}", "chosen");
	assert_member("\"HostConfig\":{\"PortBindings\":null,\"PublishAllPorts\":null}", "");
	assert_member("\"HostConfig\":{\"PortBindings\":null}", "");
	/* Rather too much closed than too little. */
	assert_member("\"HostConfig\":{\"PortBindings\":null,\"PublishAllPorts\":1}", "chosen");
}

static void ranges(void **state)
{
	(void)state;
	assert_bindings("{\"80/tcp\":[{\"HostIp\":\"::\",\"HostPort\":\"8000-8002\"}]}",
			":::8000->80/6 :::8001->80/6 :::8002->80/6 ");
	assert_bindings("{\"80/udp\":[{\"HostIp\":\"\",\"HostPort\":\"9-9\"}]}", "0.0.0.0:9->80/17 :::9->80/17 ");
	assert_bindings("{\"80/tcp\":[{\"HostIp\":\"::\",\"HostPort\":\"65534-65535\"}]}",
			":::65534->80/6 :::65535->80/6 ");
}

static void assert_range(const char *ports, size_t count, bool chooses)
{
	cleanup_of(container) struct container *container = NULL;
	cleanup_free char *member = NULL;

	assert_true(asprintf(&member, "\"HostConfig\":{\"PortBindings\":{\"80/tcp\":[{\"HostPort\":\"%s\"}]}}", ports) >
		    0);
	container = inspected(member);
	assert_int_equal(container->binding_count, count);
	assert_int_equal(container->chooses, chooses);
	assert_true(container->bindings_known);
}

/* 1,024 ports of the host, of both families each; what is beyond is as if the engine chose it. */
static void too_many(void **state)
{
	(void)state;
	assert_range("1000-2023", 2048, false);
	assert_range("1000-2024", 2048, true);
	assert_range("1-65535", 2048, true);
}

static void what_cannot_be_read(void **state)
{
	static const char *const ports[] = {
		"\"-1\"",    "\"+80\"",	  "\" 80\"",   "\"80 \"",     "\"65536\"",	"\"8080-8070\"",
		"\"8080-\"", "\"-8080\"", "\"1-2-3\"", "\"1-65536\"", "\"0-5\"",	"\"0x50\"",
		"80",	     "null",	  "[\"80\"]",  "{}",	      "\"4294967376\"",
	};
	static const char *const keys[] = { "80/",   "/tcp",   "/",	"",  "80/icmp",	  "80/TCP",   "80/tcp/x",
					    "x/tcp", "-1/tcp", "0/tcp", "0", "65536/tcp", "80-81/tcp" };
	static const char *const addresses[] = { "null", "7", "{}", "\"*\"", "\"10.0.0.1/8\"", "\"fe80::1%eth0\"" };
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
		snprintf(text, sizeof(text), "{\"80/tcp\":[{\"HostIp\":\"::\",\"HostPort\":%s}]}", ports[i]);
		assert_bindings(text, "chosen");
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		snprintf(text, sizeof(text), "{\"%s\":[{\"HostIp\":\"::\",\"HostPort\":\"80\"}]}", keys[i]);
		assert_bindings(text, "chosen");
	}
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		snprintf(text, sizeof(text), "{\"80/tcp\":[{\"HostIp\":%s,\"HostPort\":\"1\"}]}", addresses[i]);
		assert_bindings(text, "0.0.0.0:1->80/6 :::1->80/6 ");
	}
	assert_bindings("{\"80/tcp\":{}}", "chosen");
	assert_bindings("{\"80/tcp\":\"8080\"}", "chosen");
	assert_bindings("{\"80/tcp\":[null,7,\"x\",[],{},[{\"HostPort\":\"8\"}]]}", "chosen");
	assert_bindings("{\"80/tcp\":[7,{\"HostIp\":\"::\",\"HostPort\":\"8\"}]}", ":::8->80/6 chosen");
}

static void not_told(void **state)
{
	static const char *const members[] = {
		"\"Name\":\"/web\"",
		"\"HostConfig\":null",
		"\"HostConfig\":[]",
		"\"HostConfig\":\"PortBindings\"",
		"\"HostConfig\":{}",
		"\"HostConfig\":{\"PublishAllPorts\":false}",
		"\"HostConfig\":{\"PortBindings\":[]}",
		"\"HostConfig\":{\"PortBindings\":7}",
		"\"HostConfig\":{\"PortBindings\":\"80\"}",
		"\"hostConfig\":{\"PortBindings\":{}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		assert_member(members[i], "unknown");
	/* Of members that occur twice the last counts. */
	assert_member("\"HostConfig\":{\"PublishAllPorts\":true,\"PortBindings\":{\"1/tcp\":[{\"HostPort\":\"1\"}]}},"
		      "\"HostConfig\":{\"PortBindings\":{}}",
		      "");
	assert_member("\"HostConfig\":{\"PortBindings\":{\"1/tcp\":[{\"HostPort\":\"1\"}]}},\"HostConfig\":{}",
		      "unknown");
}

/* The list does not tell. */
static void not_listed(void **state)
{
	static const char text[] = "[{\"Id\":\"1\",\"HostConfig\":{\"NetworkMode\":\"app\",\"PortBindings\":{}}}]";
	struct container **containers;
	struct error err;
	size_t count;

	(void)state;
	assert_int_equal(docker_json_containers(text, strlen(text), &containers, &count, &err), 0);
	assert_int_equal(count, 1);
	assert_false(containers[0]->bindings_known);
	docker_json_free_containers(containers, count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_engines_tell), cmocka_unit_test(chosen_by_the_engine), cmocka_unit_test(ranges),
		cmocka_unit_test(too_many),	   cmocka_unit_test(what_cannot_be_read),  cmocka_unit_test(not_told),
		cmocka_unit_test(not_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
