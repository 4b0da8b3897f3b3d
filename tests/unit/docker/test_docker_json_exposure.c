/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What makes a container the host, as GET /containers/ID/json tells it. */
#include "docker_json.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct docker_exposure parse(const char *text)
{
	struct docker_exposure exposure = { 0 };
	struct error err = { 0 };

	if (docker_json_exposure(text, strlen(text), &exposure, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	return exposure;
}

static void refused(const char *text)
{
	struct docker_exposure exposure = { .privileged = true, .sources = { .count = 7 } };
	struct error err = { 0 };

	assert_int_equal(docker_json_exposure(text, strlen(text), &exposure, &err), -EPROTO);
	assert_true(err.text[0]);
	assert_int_equal(exposure.sources.count, 7);
}

static void harmless(void **state)
{
	static const char *const texts[] = {
		"{\"HostConfig\":{}}",
		"{\"HostConfig\":{\"Privileged\":false,\"CapAdd\":null,\"NetworkMode\":\"shop_default\"},\"Mounts\":[]"
		"}",
		"{\"HostConfig\":{\"CapAdd\":[\"NET_RAW\",\"CAP_SYS_TIME\",\"CAP_NET_ADMINX\",\"XNET_ADMIN\"],"
		"\"CapDrop\":[\"ALL\"]}}",
		"{\"HostConfig\":{\"NetworkMode\":\"host2\"},\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/run/"
		"other\"}]}",
		"{\"HostConfig\":{},\"Mounts\":[{\"Type\":\"volume\",\"Source\":\"/var/lib/docker/volumes/"
		"docker.sock\"}]}",
		"{\"HostConfig\":{},\"Mounts\":[null,1,\"x\",{\"Type\":\"bind\"},{\"Source\":7}]}",
		"{\"HostConfig\":{\"CapAdd\":\"ALL\"},\"Mounts\":{\"Source\":\"/\"}}",
		"{\"HostConfig\":{\"CapAdd\":[1,null,{}]}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct docker_exposure exposure = parse(texts[i]);

		assert_false(exposure.privileged || exposure.net_admin || exposure.host_network);
		docker_exposure_clear(&exposure);
	}
}

static void assert_capabilities(const char *members, const char *expected)
{
	struct docker_exposure exposure;
	char text[256], found[128] = "";

	snprintf(text, sizeof(text), "{\"HostConfig\":{%s}}", members);
	exposure = parse(text);
	for (size_t i = 0; i < exposure.host_capabilities.count; i++) {
		strcat(found, exposure.host_capabilities.items[i]);
		strcat(found, " ");
	}
	assert_string_equal(found, expected);
	docker_exposure_clear(&exposure);
}

static void each(void **state)
{
	static const char *const capabilities[] = { "NET_ADMIN", "CAP_NET_ADMIN", "ALL",
						    "all",	 "cap_net_admin", "CAP_ALL" };
	struct docker_exposure exposure;
	char text[256];

	(void)state;
	assert_true(parse("{\"HostConfig\":{\"Privileged\":true}}").privileged);
	assert_true(parse("{\"HostConfig\":{\"Privileged\":\"what\"}}").privileged);
	assert_true(parse("{\"HostConfig\":{\"NetworkMode\":\"host\"}}").host_network);
	for (size_t i = 0; i < sizeof(capabilities) / sizeof(capabilities[0]); i++) {
		snprintf(text, sizeof(text), "{\"HostConfig\":{\"CapAdd\":[\"CHOWN\",\"%s\"]}}", capabilities[i]);
		exposure = parse(text);
		assert_true(exposure.net_admin);
		docker_exposure_clear(&exposure);
	}
	assert_capabilities("\"CapAdd\":[\"NET_ADMIN\",\"CHOWN\"]", "");
	assert_capabilities("\"CapAdd\":[\"cap_sys_admin\",\"SYS_MODULE\"]", "SYS_ADMIN SYS_MODULE ");
	assert_capabilities("\"CapAdd\":[\"DAC_READ_SEARCH\",\"SYS_RAWIO\"]", "SYS_RAWIO DAC_READ_SEARCH ");
	assert_capabilities("\"CapAdd\":[\"SYS_PTRACE\"]", "");
	assert_capabilities("\"PidMode\":\"host\"", "");
	assert_capabilities("\"PidMode\":\"host\",\"CapAdd\":[\"SYS_PTRACE\"]", "SYS_PTRACE ");
	assert_capabilities("\"CapAdd\":[\"SYS_PTRACE\"],\"PidMode\":\"host\"", "SYS_PTRACE ");
	assert_capabilities("\"CapAdd\":[\"ALL\"]", "SYS_ADMIN SYS_MODULE SYS_RAWIO DAC_READ_SEARCH ");
}

static void mounts(void **state)
{
	struct docker_exposure exposure =
		parse("{\"Mounts\":[null,1,{\"Source\":7},{\"Type\":\"bind\"},{\"Source\":\"/tmp\"},{\"Source\":\"/"
		      "run\",\"Type\":"
		      "\"bind\"},"
		      "{\"Type\":\"volume\",\"Name\":\"a\",\"Source\":\"/var/lib/docker/volumes/a/"
		      "_data\",\"Driver\":\"local\"},"
		      "{\"Type\":\"volume\",\"Name\":\"b\"},{\"Type\":\"volume\",\"Name\":\"c\",\"Driver\":\"other\"},"
		      "{\"Type\":\"tmpfs\",\"Source\":\"/\"}],\"HostConfig\":{}}");

	(void)state;
	assert_int_equal(exposure.sources.count, 2);
	assert_string_equal(exposure.sources.items[0], "/tmp");
	assert_string_equal(exposure.sources.items[1], "/run");
	assert_int_equal(exposure.volumes.count, 2);
	assert_string_equal(exposure.volumes.items[0], "a");
	assert_string_equal(exposure.volumes.items[1], "b");
	docker_exposure_clear(&exposure);
}

/* Which volumes are the host's folders under another name. */
static void volumes(void **state)
{
	static const char text[] =
		"{\"Volumes\":[null,{\"Name\":\"plain\",\"Options\":null},{\"Name\":\"nfs\",\"Options\":{\"type\":"
		"\"nfs\","
		"\"o\":\"addr=192.0.2.1,nobind\",\"device\":\":/"
		"x\"}},{\"Name\":\"run\",\"Options\":{\"type\":\"none\",\"o\":"
		"\"ro,bind\",\"device\":\"/run\"}},{\"Name\":\"r\",\"Options\":{\"o\":\"rbind\",\"device\":\"/\"}},"
		"{\"Options\":{\"o\":\"bind\",\"device\":\"/\"}}],\"Warnings\":null}";
	struct docker_volumes read = { 0 };
	struct error err;

	(void)state;
	assert_int_equal(docker_json_volumes(text, strlen(text), &read, &err), 0);
	assert_int_equal(read.names.count, 2);
	assert_int_equal(read.devices.count, 2);
	assert_string_equal(read.names.items[0], "run");
	assert_string_equal(read.devices.items[0], "/run");
	assert_string_equal(read.devices.items[1], "/");
	docker_volumes_clear(&read);
	assert_int_equal(docker_json_volumes("{\"Volumes\":null}", 16, &read, &err), 0);
	assert_int_equal(read.names.count, 0);
	assert_int_equal(docker_json_volumes("{}", 2, &read, &err), -EPROTO);
	assert_int_equal(docker_json_volumes("{\"Volumes\":1}", 13, &read, &err), -EPROTO);
	assert_int_equal(docker_json_volumes("[", 1, &read, &err), -EPROTO);
}

/* Of members that occur twice the last counts, as for the engine. */
static void twice(void **state)
{
	(void)state;
	assert_false(parse("{\"HostConfig\":{\"Privileged\":true,\"Privileged\":false}}").privileged);
	assert_true(parse("{\"HostConfig\":{},\"HostConfig\":{\"Privileged\":true}}").privileged);
}

static void nothing_is_known(void **state)
{
	(void)state;
	refused("");
	refused("[]");
	refused("{}");
	refused("{\"HostConfig\":null}");
	refused("{\"HostConfig\":[]}");
	refused("{\"HostConfig\":{}");
	refused("{\"HostConfig\":{}} x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(harmless), cmocka_unit_test(each),  cmocka_unit_test(mounts),
		cmocka_unit_test(volumes),  cmocka_unit_test(twice), cmocka_unit_test(nothing_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
