/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engine's settings, judged: each check as it passes and as it fails, on a host that is made up. */
#include "verify_scene.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <time.h>

#include "verify_engine_internal.h"

#define FILE_PATH "/etc/docker/daemon.json"
#define USERNS_INFO                                                                                                    \
	"{\"DockerRootDir\":\"/var/lib/docker/100000.100000\"," INFO_REGISTRIES                                        \
	",\"SecurityOptions\":[\"name=userns\"]}"

static void judge(struct scene *scene, const char *info)
{
	scene_judge(scene, info, verify_engine_judge);
}

/* -- 2.2 */

static void icc_of(struct scene *scene, const char *option)
{
	scene->network.name = (char *)(uintptr_t) "bridge";
	scene->network.icc = (char *)(uintptr_t)option;
	judge(scene, INFO);
}

static void icc(void **state)
{
	struct scene *scene = *state;

	scene_engine(scene, "/usr/bin/dockerd --icc=false");
	icc_of(scene, "false");
	scene_expect(scene, "engine-icc", VERIFY_PASS, "icc is false on the command line of dockerd (pid 100)");
	icc_of(scene, "true");
	scene_expect(scene, "engine-icc", VERIFY_FAIL, "not in effect");
	scene_engine(scene, "/usr/bin/dockerd");
	icc_of(scene, "true");
	scene_expect(scene, "engine-icc", VERIFY_FAIL, "ICC is on, says the engine; icc is set neither");
	icc_of(scene, NULL);
	scene_expect(scene, "engine-icc", VERIFY_FAIL, "ICC is on");
	icc_of(scene, "False");
	scene_expect(scene, "engine-icc", VERIFY_WARN, "a restart turns it on");
	scene_put(scene, FILE_PATH, "{\"icc\": false}");
	icc_of(scene, "false");
	scene_expect(scene, "engine-icc", VERIFY_PASS, "icc is false in /etc/docker/daemon.json");
	scene_put(scene, FILE_PATH, "{\"icc\": true}");
	icc_of(scene, "0");
	scene_expect(scene, "engine-icc", VERIFY_WARN, "icc is true in /etc/docker/daemon.json");
}

static void icc_is_not_guessed(void **state)
{
	struct scene *scene = *state;

	scene_folder(scene, "/proc");
	icc_of(scene, "false");
	scene_expect(scene, "engine-icc", VERIFY_UNKNOWN, "no process named dockerd is seen");
	icc_of(scene, "true");
	scene_expect(scene, "engine-icc", VERIFY_FAIL, "ICC is on");
	scene_engine(scene, "dockerd");
	scene_put(scene, FILE_PATH, "{\"icc\": false");
	icc_of(scene, "false");
	scene_expect(scene, "engine-icc", VERIFY_UNKNOWN, FILE_PATH ": not JSON");
	scene->network.name = (char *)(uintptr_t) "other";
	judge(scene, INFO);
	scene_expect(scene, "engine-icc", VERIFY_SKIP, "no default bridge");
	scene->verify.reconciler = NULL;
	scene->verify.engine_error = "no answer";
	judge(scene, NULL);
	scene_expect(scene, "engine-icc", VERIFY_UNKNOWN, "no answer");
}

/* -- 2.5 */

static void registries(void **state)
{
	struct scene *scene = *state;

	scene_engine(scene, "dockerd -H unix:///var/run/docker.sock");
	judge(scene, INFO);
	scene_expect(scene, "engine-registries", VERIFY_PASS, "none");
	scene_put(scene, FILE_PATH, "{\"insecure-registries\": [\"127.0.0.0/8\", \"::1/128\"]}");
	judge(scene, INFO);
	scene_expect(scene, "engine-registries", VERIFY_PASS, "none");
	scene_put(scene, FILE_PATH, "{\"insecure-registries\": [\"registry.example:5000\"]}");
	judge(scene, INFO);
	scene_expect(scene, "engine-registries", VERIFY_FAIL, "registry.example:5000 in /etc/docker/daemon.json");
	scene_put(scene, FILE_PATH, "{}");
	scene_engine(scene, "dockerd --insecure-registry 192.0.2.0/24");
	judge(scene, INFO);
	scene_expect(scene, "engine-registries", VERIFY_FAIL, "192.0.2.0/24 on the command line");
	scene_engine(scene, "dockerd");
	judge(scene, "{\"RegistryConfig\":{\"InsecureRegistryCIDRs\":[\"127.0.0.0/8\",\"192.0.2.0/"
		     "24\"],\"IndexConfigs\":{}}}");
	scene_expect(scene, "engine-registries", VERIFY_FAIL, "192.0.2.0/24 in effect, says the engine");
	judge(scene, "{\"RegistryConfig\":{\"IndexConfigs\":{\"docker.io\":{\"Secure\":true},\"r:5000\":{\"Secure\":"
		     "false}}}}");
	scene_expect(scene, "engine-registries", VERIFY_FAIL, "r:5000 in effect");
}

static void registries_are_not_guessed(void **state)
{
	struct scene *scene = *state;

	scene_engine(scene, "dockerd");
	judge(scene, "{}");
	scene_expect(scene, "engine-registries", VERIFY_UNKNOWN, "no RegistryConfig");
	judge(scene, NULL);
	scene_expect(scene, "engine-registries", VERIFY_UNKNOWN, "no answer");
	scene_drop(scene, "/proc/100/cmdline");
	judge(scene, INFO);
	scene_expect(scene, "engine-registries", VERIFY_UNKNOWN, "no process named dockerd");
}

/* -- 2.7 */

#define TLS_FILE                                                                                                       \
	"\"tlsverify\": true, \"tlscacert\": \"/etc/docker/ca.pem\", \"tlscert\": \"/etc/docker/cert.pem\", "          \
	"\"tlskey\": "                                                                                                 \
	"\"/etc/docker/key.pem\""

static void tls_without_tcp(void **state)
{
	struct scene *scene = *state;

	scene_engine(scene, "dockerd -H fd:// --host=unix:///run/other.sock");
	judge(scene, INFO);
	scene_expect(scene, "engine-tls", VERIFY_PASS, "no TCP listener");
	assert_int_equal(scene_count(scene, "engine-tls"), 1);
	/* An engine that does not answer may be another one than the process that is seen. */
	judge(scene, NULL);
	scene_expect(scene, "engine-tls", VERIFY_UNKNOWN, "no answer");
}

/* docker-bench-security looks for TLS on the command line alone, and warns of an engine that has it in its file. */
static void tls_in_the_configuration_file_counts(void **state)
{
	struct scene *scene = *state;

	scene_engine(scene, "dockerd");
	scene_put(scene, FILE_PATH, "{\"hosts\": [\"tcp://0.0.0.0:2376\"], " TLS_FILE "}");
	scene_listen(scene, 2376);
	judge(scene, INFO);
	scene_expect_about(scene, "engine-tls", "0.0.0.0:2376/tcp", VERIFY_PASS,
			   "tlsverify is on in /etc/docker/daemon.json");
	assert_int_equal(scene_count(scene, "engine-tls"), 1);
	/* The listener on the command line, as Debian's unit is changed most often, and TLS in the file. */
	scene_engine(scene, "dockerd -H tcp://0.0.0.0:2376");
	scene_listen(scene, 2376);
	scene_put(scene, FILE_PATH, "{" TLS_FILE "}");
	judge(scene, INFO);
	scene_expect_about(scene, "engine-tls", "0.0.0.0:2376/tcp", VERIFY_PASS, "on the command line");
	scene_put(scene, FILE_PATH, "{\"hosts\": [\"tcp://0.0.0.0:2375\"]}");
	scene_engine(scene, "dockerd");
	scene_listen(scene, 2375);
	judge(scene, INFO);
	scene_expect_about(scene, "engine-tls", "0.0.0.0:2375/tcp", VERIFY_FAIL, "neither tls nor tlsverify is on");
}

static void tls_on_the_command_line(void **state)
{
	struct scene *scene = *state;

	scene_engine(scene,
		     "dockerd -H tcp://0.0.0.0 --tlsverify --tlscacert=/ca.pem --tlscert=/c.pem --tlskey=/k.pem");
	scene_listen(scene, 2376);
	judge(scene, INFO);
	scene_expect_about(scene, "engine-tls", "0.0.0.0:2376/tcp", VERIFY_PASS, "for clients of /ca.pem");
	scene_engine(scene, "dockerd -H tcp://0.0.0.0 --tls --tlsverify=0 --tlscert=/c.pem --tlskey=/k.pem");
	scene_listen(scene, 2376);
	judge(scene, INFO);
	scene_expect_about(scene, "engine-tls", "0.0.0.0:2376/tcp", VERIFY_FAIL, "takes any client");
	scene_engine(scene, "dockerd -H tcp://0.0.0.0 --tls --tlscacert=/ca.pem");
	scene_listen(scene, 2376);
	judge(scene, INFO);
	scene_expect(scene, "engine-tls", VERIFY_WARN, "tlsverify not mentioned");
	scene_engine(scene, "dockerd -H tcp://0.0.0.0:2375 --tls=false --tlscacert=/ca.pem");
	scene_listen(scene, 2375);
	judge(scene, INFO);
	scene_expect(scene, "engine-tls", VERIFY_FAIL, "neither tls nor tlsverify is on");
	scene_engine(scene, "dockerd -H tcp://0.0.0.0 --tlsverify=false");
	scene_listen(scene, 2376);
	judge(scene, INFO);
	scene_expect(scene, "engine-tls", VERIFY_FAIL, "takes any client");
	scene_engine(scene, "dockerd -H tcp://0.0.0.0 --tlsverify");
	scene_listen(scene, 2376);
	judge(scene, INFO);
	scene_expect(scene, "engine-tls", VERIFY_WARN, "but tlscacert is not:");
	scene_engine(scene, "dockerd -H tcp://127.0.0.1:2375");
	judge(scene, INFO);
	scene_expect_about(scene, "engine-tls", "tcp://127.0.0.1:2375", VERIFY_FAIL, "not listening now, but named");
}

/* systemd's docker.socket can listen on TCP, and then the engine's settings name nothing but fd://. */
static void tls_of_a_listener_that_nothing_names(void **state)
{
	struct scene *scene = *state;

	scene_engine(scene, "dockerd -H fd://");
	scene_listen(scene, 4243);
	judge(scene, INFO);
	scene_expect_about(scene, "engine-tls", "0.0.0.0:4243/tcp", VERIFY_FAIL,
			   "which nothing that it was told names");
	assert_int_equal(scene_count(scene, "engine-tls"), 1);
	scene_put(scene, FILE_PATH, "{" TLS_FILE "}");
	judge(scene, INFO);
	scene_expect_about(scene, "engine-tls", "0.0.0.0:4243/tcp", VERIFY_PASS, "tlsverify is on");
}

static void tls_says_nothing_of_other_services(void **state)
{
	struct published_port port = {
		.address = { .family = ADDRESS_IPV4 }, .protocol = IPPROTO_TCP, .host_port = 8080, .container_port = 80
	};
	struct container container = { .published = &port, .published_count = 1 }, *containers[] = { &container };
	struct scene *scene = *state;

	scene_engine(scene, "dockerd -H fd://");
	scene_listen(scene, 8080);
	judge(scene, INFO);
	scene_expect(scene, "engine-tls", VERIFY_FAIL, "listens");
	scene->inventory.containers = containers;
	scene->inventory.container_count = 1;
	judge(scene, INFO);
	scene_expect(scene, "engine-tls", VERIFY_PASS, "no TCP listener");
	scene->inventory.container_count = 0;
	scene_listen(scene, 2377);
	judge(scene, INFO);
	scene_expect(scene, "engine-tls", VERIFY_FAIL, "listens");
	scene->info.swarm = true;
	judge(scene, INFO);
	scene_expect(scene, "engine-tls", VERIFY_PASS, "no TCP listener");
	scene_listen(scene, 8080);
	judge(scene, INFO);
	scene_expect(scene, "engine-tls", VERIFY_WARN, "with Swarm that may be a port of a service");
	scene_engine(scene, "dockerd -H tcp://0.0.0.0:8080");
	scene_listen(scene, 8080);
	judge(scene, INFO);
	scene_expect(scene, "engine-tls", VERIFY_FAIL, "neither tls");
	scene->info.swarm = false;
	scene_engine(scene, "dockerd -H fd:// --metrics-addr=0.0.0.0:9323");
	scene_listen(scene, 9323);
	judge(scene, INFO);
	scene_expect(scene, "engine-tls", VERIFY_PASS, "no TCP listener");
	/* … but what the engine was told to listen on is the API, whatever else has that port. */
	scene_engine(scene, "dockerd -H tcp://0.0.0.0:9323 --metrics-addr=127.0.0.1:9323");
	scene_listen(scene, 9323);
	judge(scene, INFO);
	scene_expect(scene, "engine-tls", VERIFY_FAIL, "dockerd listens");
}

static void tls_is_not_guessed(void **state)
{
	struct scene *scene = *state;

	scene_engine(scene, "dockerd -H tcp://0.0.0.0");
	scene_put(scene, FILE_PATH, "{" TLS_FILE "}");
	scene_listen(scene, 2376);
	scene_put(scene, "/proc/stat", "btime 1000\n"); /* the file was written long after */
	judge(scene, INFO);
	scene_expect(scene, "engine-tls", VERIFY_UNKNOWN, "after the engine had started");
	scene_put(scene, "/proc/stat", "no time\n");
	judge(scene, INFO);
	scene_expect(scene, "engine-tls", VERIFY_UNKNOWN, "after the engine had started");
	scene_put(scene, FILE_PATH, "{\"tlsverify\": 1}");
	judge(scene, INFO);
	scene_expect(scene, "engine-tls", VERIFY_UNKNOWN, "\"tlsverify\" is neither true nor false");
	scene_drop(scene, FILE_PATH);
	scene_drop(scene, "/proc/100/net/tcp");
	judge(scene, INFO);
	scene_expect_about(scene, "engine-tls", "tcp://0.0.0.0", VERIFY_FAIL, "named on the command line");
	scene_engine(scene, "dockerd");
	scene_drop(scene, "/proc/100/net/tcp");
	judge(scene, INFO);
	scene_expect(scene, "engine-tls", VERIFY_UNKNOWN, "/proc/net/tcp: No such file or directory");
}

/* Who is not root may not see another's descriptors, and must not be told that all is well. */
static void no_permission(void **state)
{
	struct scene *scene = *state;

	if (geteuid() != 0)
		skip();
	scene_engine(scene, "dockerd --icc=false");
	scene->network.name = (char *)(uintptr_t) "bridge";
	scene->network.icc = (char *)(uintptr_t) "false";
	scene_put(scene, FILE_PATH, "{}");
	scene_mode(scene, FILE_PATH, 0600);
	scene_mode(scene, "/proc/100/fd", 0500);
	assert_int_equal(seteuid(65534), 0);
	scene_judge(scene, USERNS_INFO, verify_engine_judge);
	assert_int_equal(seteuid(0), 0);
	scene_expect(scene, "engine-icc", VERIFY_UNKNOWN, FILE_PATH ": Permission denied");
	scene_expect(scene, "engine-registries", VERIFY_UNKNOWN, "Permission denied");
	scene_expect(scene, "engine-tls", VERIFY_UNKNOWN, "Permission denied");
	scene_expect(scene, "engine-userns", VERIFY_UNKNOWN, "Permission denied");
	scene_mode(scene, FILE_PATH, 0644);
	assert_int_equal(seteuid(65534), 0);
	judge(scene, INFO);
	assert_int_equal(seteuid(0), 0);
	scene_expect(scene, "engine-icc", VERIFY_PASS, "false");
	scene_expect(scene, "engine-tls", VERIFY_UNKNOWN, "/proc/100/fd: Permission denied");
}

/* -- 2.9 */

static void userns(void **state)
{
	struct scene *scene = *state;

	scene_engine(scene, "dockerd");
	judge(scene, INFO);
	scene_expect(scene, "engine-userns", VERIFY_FAIL, "userns-remap is set neither");
	scene_put(scene, FILE_PATH, "{\"userns-remap\": \"default\"}");
	judge(scene, INFO);
	scene_expect(scene, "engine-userns", VERIFY_FAIL, "not in effect");
	judge(scene, USERNS_INFO);
	scene_expect(scene, "engine-userns", VERIFY_PASS, "userns-remap is \"default\" in /etc/docker/daemon.json");
	scene_put(scene, FILE_PATH, "{\"userns-remap\": \"root\"}");
	judge(scene, INFO);
	scene_expect(scene, "engine-userns", VERIFY_FAIL, "not remapped, says the engine; userns-remap is \"root\"");
	scene_put(scene, FILE_PATH, "{\"userns-remap\": \"\"}");
	judge(scene, USERNS_INFO);
	scene_expect(scene, "engine-userns", VERIFY_WARN, "not after a restart");
	scene_drop(scene, FILE_PATH);
	scene_engine(scene, "dockerd --userns-remap alice");
	judge(scene, USERNS_INFO);
	scene_expect(scene, "engine-userns", VERIFY_PASS, "\"alice\" on the command line");
	judge(scene, "{\"SecurityOptions\":[\"name=rootless\"]}");
	scene_expect(scene, "engine-userns", VERIFY_PASS, "rootless");
	judge(scene, "{}");
	scene_expect(scene, "engine-userns", VERIFY_UNKNOWN, "no SecurityOptions");
	judge(scene, NULL);
	scene_expect(scene, "engine-userns", VERIFY_UNKNOWN, "no answer");
}

/* -- which process */

static void asks_the_right_process(void **state)
{
	struct scene *scene = *state;

	/* One inside a container has the same settings; the pidfile is the host's. */
	scene_process(scene, 300, "dockerd --icc=false");
	scene_engine(scene, "/usr/sbin/dockerd --icc=true");
	icc_of(scene, "true");
	scene_expect(scene, "engine-icc", VERIFY_FAIL, "icc is true on the command line of dockerd (pid 100)");
	/* Another engine of this host has its data elsewhere. */
	scene_process(scene, 300, "dockerd --data-root /srv/docker -p /run/other.pid --icc=false");
	scene_put(scene, "/run/other.pid", "300\n");
	judge(scene, "{\"DockerRootDir\":\"/srv/docker\"}");
	scene_expect(scene, "engine-icc", VERIFY_FAIL,
		     "on the command line of dockerd (pid 300), but that is not in effect");
	judge(scene, "{\"DockerRootDir\":\"/srv/none\"}");
	icc_of(scene, "false");
	judge(scene, "{\"DockerRootDir\":\"/srv/none\"}");
	scene_expect(scene, "engine-icc", VERIFY_UNKNOWN, "no process named dockerd has its data in /srv/none");
	/* A link in the way of the data is none in the engine's answer. */
	scene_folder(scene, "/srv/real");
	scene_link(scene, "/srv/docker", "/srv/real");
	judge(scene, "{\"DockerRootDir\":\"/srv/real/1000.1000\"}");
	scene_expect(scene, "engine-icc", VERIFY_PASS, "(pid 300)");
	/* Without pidfiles, and with the same data, nobody can tell. */
	scene_process(scene, 300, "dockerd");
	scene_drop(scene, "/var/run/docker.pid");
	judge(scene, INFO);
	scene_expect(scene, "engine-icc", VERIFY_UNKNOWN, "2 processes are named dockerd");
	scene_process(scene, 300, "notdockerd");
	judge(scene, INFO);
	scene_expect(scene, "engine-icc", VERIFY_WARN, "(pid 100)");
}

static void follows_config_file(void **state)
{
	struct scene *scene = *state;

	scene_engine(scene, "dockerd --config-file /srv/daemon.json");
	scene_put(scene, FILE_PATH, "{\"icc\": true}");
	scene_put(scene, "/srv/daemon.json", "{\"icc\": false}");
	icc_of(scene, "false");
	scene_expect(scene, "engine-icc", VERIFY_PASS, "icc is false in /srv/daemon.json");
}

#define test(function) cmocka_unit_test_setup_teardown(function, scene_enter, scene_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(icc),
		test(icc_is_not_guessed),
		test(registries),
		test(registries_are_not_guessed),
		test(tls_without_tcp),
		test(tls_in_the_configuration_file_counts),
		test(tls_on_the_command_line),
		test(tls_of_a_listener_that_nothing_names),
		test(tls_says_nothing_of_other_services),
		test(tls_is_not_guessed),
		test(no_permission),
		test(userns),
		test(asks_the_right_process),
		test(follows_config_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
