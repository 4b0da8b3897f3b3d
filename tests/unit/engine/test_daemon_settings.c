/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon_settings.h"

/* A command line's words, separated by blanks here. */
static struct daemon_settings command(const char *line)
{
	struct daemon_settings settings;
	char text[512];
	size_t length = strlen(line);

	assert_true(length < sizeof(text));
	memcpy(text, line, length + 1);
	for (size_t i = 0; i < length; i++)
		text[i] = text[i] == ' ' ? '\0' : text[i];
	assert_int_equal(daemon_settings_parse_command(text, length + 1, &settings), 0);
	return settings;
}

static void flags(void **state)
{
	struct daemon_settings settings =
		command("/usr/bin/dockerd --icc=false --tlsverify --tls=F --tlscacert /ca.pem --tlscert=/c=1.pem "
			"--data-root /srv/docker --pidfile=/run/d.pid --userns-remap default --config-file /etc/d.json "
			"--network-diagnostic-port 2000 --metrics-addr 127.0.0.1:9323 --insecure-registry a:5000 "
			"--insecure-registry=b --group dockers");

	(void)state;
	assert_int_equal(settings.icc, DAEMON_OFF);
	assert_int_equal(settings.tlsverify, DAEMON_ON);
	assert_int_equal(settings.tls, DAEMON_OFF);
	assert_string_equal(settings.tlscacert, "/ca.pem");
	assert_string_equal(settings.tlscert, "/c=1.pem");
	assert_null(settings.tlskey);
	assert_string_equal(settings.data_root, "/srv/docker");
	assert_string_equal(settings.pidfile, "/run/d.pid");
	assert_string_equal(settings.userns_remap, "default");
	assert_string_equal(settings.config_file, "/etc/d.json");
	assert_int_equal(settings.diagnostic_port, 2000);
	assert_string_equal(settings.metrics, "127.0.0.1:9323");
	assert_string_equal(settings.group, "dockers");
	assert_int_equal(settings.insecure_registries.count, 2);
	assert_string_equal(settings.insecure_registries.items[1], "b");
	assert_int_equal(settings.hosts.count, 0);
	daemon_settings_clear(&settings);
	assert_null(settings.tlscacert);
}

static void switches(void **state)
{
	static const char *const on[] = { "1", "t", "T", "true", "TRUE", "True" };
	static const char *const off[] = { "0", "f", "F", "false", "FALSE", "False" };
	static const char *const invalid[] = { "", "yes", "no", "tRUE", "2", "on" };
	struct daemon_settings settings;

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(daemon_settings_switch(on[i]), DAEMON_ON);
		assert_int_equal(daemon_settings_switch(off[i]), DAEMON_OFF);
		assert_int_equal(daemon_settings_switch(invalid[i]), DAEMON_INVALID);
	}
	/* A switch takes no word that follows it, and the last of several counts. */
	settings = command("dockerd --icc false --tlsverify=false --tlsverify -D");
	assert_int_equal(settings.icc, DAEMON_ON);
	assert_int_equal(settings.tlsverify, DAEMON_ON);
	daemon_settings_clear(&settings);
	settings = command("dockerd --icc=no");
	assert_int_equal(settings.icc, DAEMON_INVALID);
	daemon_settings_clear(&settings);
}

static void hosts(void **state)
{
	struct daemon_settings settings = command("dockerd -H fd:// --host unix:///run/d.sock -Htcp://0.0.0.0:2375 "
						  "-H=:2376 -DH tcp://[::1]:1 --host=tcp://");
	static const char *const expected[] = { "fd://", "unix:///run/d.sock", "tcp://0.0.0.0:2375",
						":2376", "tcp://[::1]:1",      "tcp://" };

	(void)state;
	assert_int_equal(settings.hosts.count, 6);
	for (size_t i = 0; i < 6; i++) {
		assert_string_equal(settings.hosts.items[i], expected[i]);
		assert_int_equal(daemon_settings_host_is_tcp(expected[i]), i >= 2);
	}
	daemon_settings_clear(&settings);
	assert_false(daemon_settings_host_is_tcp(""));
	assert_true(daemon_settings_host_is_tcp(" tcp://0.0.0.0"));
	assert_int_equal(daemon_settings_host_port("tcp://0.0.0.0:4243", true), 4243);
	assert_int_equal(daemon_settings_host_port("tcp://", false), 2375);
	assert_int_equal(daemon_settings_host_port("tcp://0.0.0.0", true), 2376);
	assert_int_equal(daemon_settings_host_port("tcp://[::1]", true), 2376);
	assert_int_equal(daemon_settings_host_port("tcp://[::1]:99", true), 99);
	assert_int_equal(daemon_settings_host_port(":2375", true), 2375);
	assert_int_equal(daemon_settings_host_port("tcp://a:70000", true), 0);
	assert_int_equal(daemon_settings_host_port("tcp://127.0.0.1:4243/v1", true), 4243);
	assert_int_equal(daemon_settings_host_port("tcp://127.0.0.1/v1:5", true), 2376);
	assert_int_equal(daemon_settings_host_address("tcp://127.0.0.1:4243/v1").bytes[3], 1);
	assert_int_equal(daemon_settings_host_address("[::1]:99").family, ADDRESS_IPV6);
	assert_int_equal(daemon_settings_host_address("127.0.0.1").family, ADDRESS_IPV4);
	assert_int_equal(daemon_settings_host_address(":99").family, ADDRESS_NONE);
	assert_int_equal(daemon_settings_host_address("tcp://localhost:99").family, ADDRESS_NONE);
	assert_int_equal(daemon_settings_host_port("tcp://a:http", true), 0);
}

static void what_is_no_flag_of_ours(void **state)
{
	struct daemon_settings settings = command(
		"dockerd --tlsverified --icc2=false --oom-score-adjust -500 tls --label tlsverify -- --tlsverify");

	(void)state;
	assert_int_equal(settings.tlsverify, DAEMON_UNSET);
	assert_int_equal(settings.tls, DAEMON_UNSET);
	assert_int_equal(settings.icc, DAEMON_UNSET);
	daemon_settings_clear(&settings);
	/* A value may look like a flag. */
	settings = command("dockerd --label --icc=false -l --tls --storage-opt --tlsverify --experimental --icc=true");
	assert_int_equal(settings.icc, DAEMON_ON);
	assert_int_equal(settings.tls, DAEMON_UNSET);
	assert_int_equal(settings.tlsverify, DAEMON_UNSET);
	daemon_settings_clear(&settings);
	settings = command("dockerd --label=a --icc=false");
	assert_int_equal(settings.icc, DAEMON_OFF);
	daemon_settings_clear(&settings);
	/* The program's name is no argument, and a flag may lack its value. */
	settings = command("--tlsverify --tlscacert");
	assert_int_equal(settings.tlsverify, DAEMON_UNSET);
	assert_null(settings.tlscacert);
	daemon_settings_clear(&settings);
	assert_int_equal(daemon_settings_parse_command("", 0, &settings), 0);
	daemon_settings_clear(&settings);
}

static void names(void **state)
{
	(void)state;
	assert_true(daemon_settings_is_engine("/usr/sbin/dockerd\0-H\0fd://", 24));
	assert_true(daemon_settings_is_engine("dockerd", 7));
	assert_false(daemon_settings_is_engine("notdockerd", 10));
	assert_false(daemon_settings_is_engine("/usr/bin/dockerd2", 17));
	assert_false(daemon_settings_is_engine("vi\0dockerd", 10));
	assert_false(daemon_settings_is_engine("", 0));
}

static struct daemon_settings file(const char *text)
{
	struct daemon_settings settings;
	struct error err;

	if (daemon_settings_parse_file(text, strlen(text), &settings, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	return settings;
}

static void the_file(void **state)
{
	struct daemon_settings settings =
		file("{ \"icc\": false, \"tlsverify\": true, \"tlscacert\": \"/ca.pem\", \"hosts\": [\"fd://\", "
		     "\"tcp://0.0.0.0\"],\n"
		     "  \"insecure-registries\": [\"a:5000\"], \"data-root\": \"/srv\", \"userns-remap\": \"default\", "
		     "\"debug\": "
		     "true, \"log-opts\": { \"icc\": true }, \"network-diagnostic-port\": 17, \"labels\": null }\n");

	(void)state;
	assert_int_equal(settings.icc, DAEMON_OFF);
	assert_int_equal(settings.tlsverify, DAEMON_ON);
	assert_int_equal(settings.tls, DAEMON_UNSET);
	assert_string_equal(settings.tlscacert, "/ca.pem");
	assert_string_equal(settings.data_root, "/srv");
	assert_string_equal(settings.userns_remap, "default");
	assert_int_equal(settings.hosts.count, 2);
	assert_string_equal(settings.insecure_registries.items[0], "a:5000");
	assert_int_equal(settings.diagnostic_port, 17);
	daemon_settings_clear(&settings);
	settings = file("");
	assert_int_equal(settings.icc, DAEMON_UNSET);
	settings = file(" \n\t");
	settings =
		file("{\"icc\": true, \"icc\": false, \"hosts\": [\"a\"], \"hosts\": [\"b\"]}"); /* the last counts */
	assert_int_equal(settings.icc, DAEMON_OFF);
	assert_int_equal(settings.hosts.count, 1);
	assert_string_equal(settings.hosts.items[0], "b");
	daemon_settings_clear(&settings);
}

static void refuses(const char *text, const char *expected)
{
	struct daemon_settings settings = { .metrics = (char *)(uintptr_t) "untouched" };
	struct error err;

	assert_int_equal(daemon_settings_parse_file(text, strlen(text), &settings, &err), -EINVAL);
	assert_string_equal(settings.metrics, "untouched");
	if (!strstr(err.text, expected))
		fail_msg("%s: %s, not %s", text, err.text, expected);
}

static void broken_files(void **state)
{
	(void)state;
	refuses("{\"icc\": false", "not JSON");
	refuses("// no\n{}", "not JSON");
	refuses("{} {}", "goes on after its end");
	refuses("[]", "not an object");
	refuses("{\"icc\": \"false\"}", "\"icc\" is neither true nor false");
	refuses("{\"hosts\": \"fd://\"}", "\"hosts\" is no list");
	refuses("{\"hosts\": [1]}", "an entry of \"hosts\" is no text");
	refuses("{\"tlscacert\": 1}", "\"tlscacert\" is no text");
	refuses("{\"network-diagnostic-port\": \"1\"}", "is no number");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flags),	cmocka_unit_test(switches),
		cmocka_unit_test(hosts),	cmocka_unit_test(what_is_no_flag_of_ours),
		cmocka_unit_test(names),	cmocka_unit_test(the_file),
		cmocka_unit_test(broken_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
