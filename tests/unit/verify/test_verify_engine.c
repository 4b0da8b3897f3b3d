/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engine's settings, judged: each check as it passes and as it fails, on a host that is made up. */
#include "verify_scene.h"

#include <sys/stat.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <time.h>

#include "verify_engine.h"

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
	scene->verify.inventory = NULL;
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

	scene_put(scene, "/etc/docker/ca.pem", "");
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

	scene_put(scene, "/ca.pem", "");
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

	scene_put(scene, "/etc/docker/ca.pem", "");
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
	/* … and so is what has the same port elsewhere. */
	scene_engine(scene, "dockerd -H fd:// --metrics-addr=127.0.0.1:9323");
	scene_listen(scene, 9323);
	judge(scene, INFO);
	scene_expect(scene, "engine-tls", VERIFY_FAIL, "which nothing that it was told names");
	scene_engine(scene, "dockerd -H fd:// --metrics-addr=:9323");
	scene_listen(scene, 9323);
	judge(scene, INFO);
	scene_expect(scene, "engine-tls", VERIFY_PASS, "no TCP listener");
	scene_engine(scene, "dockerd -H tcp://0.0.0.0:9323/v1");
	scene_listen(scene, 9323);
	judge(scene, INFO);
	assert_int_equal(scene_count(scene, "engine-tls"), 1);
	scene_expect(scene, "engine-tls", VERIFY_FAIL, "as \"tcp://0.0.0.0:9323/v1\" on the command line");
}

static void tls_is_not_guessed(void **state)
{
	struct scene *scene = *state;

	struct timespec long_ago[2] = { { .tv_sec = 500 }, { .tv_sec = 500 } };
	char place[512];

	scene_engine(scene, "dockerd -H tcp://0.0.0.0");
	scene_put(scene, FILE_PATH, "{" TLS_FILE "}");
	scene_put(scene, "/etc/docker/ca.pem", "");
	scene_listen(scene, 2376);
	judge(scene, INFO);
	scene_expect(scene, "engine-tls", VERIFY_PASS, "for clients of /etc/docker/ca.pem");
	scene_put(scene, "/proc/stat", "btime 1000\n"); /* the file was written long after */
	judge(scene, INFO);
	scene_expect(scene, "engine-tls", VERIFY_UNKNOWN, "after the engine had started");
	/* Whoever wrote it can say when, but the inode tells. */
	assert_int_equal(utimensat(AT_FDCWD, scene_path(scene, FILE_PATH, place), long_ago, 0), 0);
	judge(scene, INFO);
	scene_expect(scene, "engine-tls", VERIFY_UNKNOWN, "but that was written after the engine had started");
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

/* Whose certificates count stands in a file, too. */
static void tls_whose_clients(void **state)
{
	struct scene *scene = *state;
	char now[64];

	scene_engine(scene, "dockerd -H tcp://0.0.0.0 --tlsverify --tlscacert=/ca.pem");
	scene_listen(scene, 2376);
	judge(scene, INFO);
	scene_expect(scene, "engine-tls", VERIFY_UNKNOWN, "there is no /ca.pem");
	scene_put(scene, "/ca.pem", "");
	judge(scene, INFO);
	scene_expect(scene, "engine-tls", VERIFY_PASS, "for clients of /ca.pem");
	scene_put(scene, "/proc/stat", "btime 1000\n");
	judge(scene, INFO);
	scene_expect(scene, "engine-tls", VERIFY_UNKNOWN, "/ca.pem was written after the engine had started");
	/* Relative to where the engine was started. */
	scene_engine(scene, "dockerd -H tcp://0.0.0.0 --tlsverify --tlscacert=tls/ca.pem");
	scene_listen(scene, 2376);
	judge(scene, INFO);
	scene_expect(scene, "engine-tls", VERIFY_UNKNOWN, "tls/ca.pem is relative to a folder that is not known");
	scene_link(scene, "/proc/100/cwd", "/srv");
	scene_put(scene, "/srv/tls/ca.pem", "");
	judge(scene, INFO);
	scene_expect(scene, "engine-tls", VERIFY_PASS, "for clients of /srv/tls/ca.pem");
	/* Where nobody named one, the engine looks in a folder of its own. */
	scene_engine(scene, "dockerd -H tcp://0.0.0.0 --tlsverify");
	scene_listen(scene, 2376);
	judge(scene, INFO);
	scene_expect(scene, "engine-tls", VERIFY_WARN, "but tlscacert is not:");
	scene_put(scene, "/root/.docker/ca.pem", "");
	judge(scene, INFO);
	scene_expect(scene, "engine-tls", VERIFY_PASS, "for clients of /root/.docker/ca.pem");
	scene_put(scene, "/proc/100/environ", "PATH=/bin");
	judge(scene, INFO);
	scene_expect(scene, "engine-tls", VERIFY_UNKNOWN, "/etc/passwd: No such file");
	scene_put(scene, "/etc/passwd", "alice:x:1000:1000::/home/alice:/bin/sh\nroot:x:0:0::/srv/home:/bin/sh\n");
	judge(scene, INFO);
	scene_expect(scene, "engine-tls", VERIFY_WARN, "but tlscacert is not:");
	scene_put(scene, "/srv/home/.docker/ca.pem", "");
	judge(scene, INFO);
	scene_expect(scene, "engine-tls", VERIFY_PASS, "for clients of /srv/home/.docker/ca.pem");
	snprintf(now, sizeof(now), "HOME=/root%cDOCKER_CERT_PATH=/certs", '\0');
	scene_put_bytes(scene, "/proc/100/environ", now, sizeof("HOME=/root") + sizeof("DOCKER_CERT_PATH=/certs"));
	scene_put(scene, "/certs/ca.pem", "");
	judge(scene, INFO);
	scene_expect(scene, "engine-tls", VERIFY_PASS, "for clients of /certs/ca.pem");
	scene_drop(scene, "/proc/100/environ");
	judge(scene, INFO);
	scene_expect(scene, "engine-tls", VERIFY_UNKNOWN, "/proc/100/environ");
}

/* -- which sockets */

static void sockets(void **state)
{
	static const char unit[] = "/lib/systemd/system/docker.socket";
	struct scene *scene = *state;

	scene_engine(scene, "dockerd -H unix:///srv/engine.sock");
	scene_listen_unix(scene, "/srv/engine.sock");
	judge(scene, INFO);
	scene_expect(scene, "engine-sockets", VERIFY_PASS, "where it was told: /srv/engine.sock");
	scene_listen_unix(scene, "/srv/other.sock");
	judge(scene, INFO);
	scene_expect_about(scene, "engine-sockets", "/srv/other.sock", VERIFY_FAIL, "nothing that it was told names");
	scene_engine(scene, "dockerd");
	scene_listen_unix(scene, "/var/run/docker.sock");
	judge(scene, INFO);
	scene_expect(scene, "engine-sockets", VERIFY_PASS, "/var/run/docker.sock");
	scene_listen_unix(scene, "/var/run/docker/metrics.sock");
	judge(scene, INFO);
	scene_expect(scene, "engine-sockets", VERIFY_PASS, "nowhere");
	scene_listen_unix(scene, "@docker");
	judge(scene, INFO);
	scene_expect_about(scene, "engine-sockets", "@docker", VERIFY_FAIL, "abstract socket");
	/* What systemd gives is named in its unit, and in that of nobody else. */
	scene_engine(scene, "dockerd -H fd://");
	scene_listen_unix(scene, "/srv/engine.sock");
	scene_listen(scene, 4243);
	judge(scene, INFO);
	assert_int_equal(scene_count(scene, "engine-sockets"), 2);
	scene_put(scene, unit, "[Socket]\nListenStream=/srv/engine.sock\n");
	judge(scene, INFO);
	assert_int_equal(scene_count(scene, "engine-sockets"), 1);
	scene_expect_about(scene, "engine-sockets", "0.0.0.0:4243/tcp", VERIFY_FAIL, "nothing that it was told names");
	scene_put(scene, "/etc/systemd/system/docker.socket.d/tcp.conf", "[Socket]\nListenStream=4243\n");
	judge(scene, INFO);
	scene_expect(scene, "engine-sockets", VERIFY_PASS, "/srv/engine.sock, 0.0.0.0:4243/tcp");
	scene_expect(scene, "engine-tls", VERIFY_FAIL, "as \"tcp://[::]:4243\" in /lib/systemd/system/docker.socket");
	scene_engine(scene, "dockerd");
	scene_listen_unix(scene, "/srv/engine.sock");
	judge(scene, INFO);
	scene_expect(scene, "engine-sockets", VERIFY_FAIL, "nothing that it was told names");
	scene_drop(scene, "/proc/100/net/unix");
	judge(scene, INFO);
	scene_expect(scene, "engine-sockets", VERIFY_UNKNOWN, "/proc/net/unix: No such file");
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
	for (size_t i = 0; i < 4; i++) {
		static const char *const none[] = { "", "0", "0:0", "root:root" };
		char text[64];

		snprintf(text, sizeof(text), "{\"userns-remap\": \"%s\"}", none[i]);
		scene_put(scene, FILE_PATH, text);
		judge(scene, USERNS_INFO);
		scene_expect(scene, "engine-userns", VERIFY_WARN, "not after a restart");
	}
	scene_put(scene, FILE_PATH, "{\"userns-remap\": \"1000:1000\"}");
	judge(scene, USERNS_INFO);
	scene_expect(scene, "engine-userns", VERIFY_PASS, "1000:1000");
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
	scene_expect(scene, "engine-icc", VERIFY_UNKNOWN, "is seen, but none whose data are in /srv/none");
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

/* Anybody can name a process dockerd, and in a container be root there. */
static void not_fooled_by_a_name(void **state)
{
	struct scene *scene = *state;

	scene_engine(scene, "dockerd --icc=true");
	scene_drop(scene, "/var/run/docker.pid");
	scene_process(scene, 300, "dockerd --icc=false");
	icc_of(scene, "false");
	scene_expect(scene, "engine-icc", VERIFY_UNKNOWN, "2 processes are named dockerd");
	scene_user(scene, 300, 0, 1); /* in a container */
	judge(scene, INFO);
	scene_expect(scene, "engine-icc", VERIFY_WARN, "icc is true on the command line of dockerd (pid 100)");
	scene_user(scene, 300, 1000, 0); /* of a user's */
	judge(scene, INFO);
	scene_expect(scene, "engine-icc", VERIFY_WARN, "(pid 100)");
	/* With the host's processes, but mounts of its own, and a pidfile that is its own as well. */
	scene_user(scene, 300, 0, 0);
	scene_mounts(scene, 1, "mnt:[1]");
	scene_mounts(scene, PID, "mnt:[1]");
	scene_mounts(scene, 300, "mnt:[3]");
	scene_put(scene, "/proc/300/root/var/run/docker.pid", "300");
	judge(scene, INFO);
	scene_expect(scene, "engine-icc", VERIFY_WARN, "(pid 100)");
	/* Alone it is the engine, and its files are those that it sees. */
	scene_process(scene, PID, "other");
	judge(scene, INFO);
	scene_expect(scene, "engine-icc", VERIFY_PASS, "(pid 300)");
	/* Nor is it one that says of itself where its settings are. */
	scene_process(scene, 300, "dockerd --config-file /srv/fake.json");
	scene_user(scene, 300, 0, 1);
	scene_put(scene, "/srv/fake.json", "{\"icc\": false}");
	judge(scene, INFO);
	scene_expect(
		scene, "engine-icc", VERIFY_UNKNOWN,
		"no process named dockerd is seen here (1 in containers, or of other users than root, not counted)");
}

/* The kernel knows who listens at the socket. */
static void asks_who_listens(void **state)
{
	struct scene *scene = *state;

	scene_engine(scene, "dockerd --icc=true");
	scene_process(scene, 300, "dockerd --icc=false");
	icc_of(scene, "false");
	scene_expect(scene, "engine-icc", VERIFY_WARN, "(pid 100)");
	scene->peer = 300;
	judge(scene, INFO);
	scene_expect(scene, "engine-icc", VERIFY_PASS, "(pid 300)");
	/* An engine without root is one as well, if it is the one that answers. */
	scene_user(scene, 300, 1000, 0);
	judge(scene, INFO);
	scene_expect(scene, "engine-icc", VERIFY_PASS, "(pid 300)");
	/* systemd, or a proxy: that is no engine. */
	scene_process(scene, 1, "/sbin/init");
	scene->peer = 1;
	judge(scene, INFO);
	scene_expect(scene, "engine-icc", VERIFY_WARN, "(pid 100)");
	scene->peer = 300;
	scene_user(scene, 300, 0, 1);
	judge(scene, INFO);
	scene_expect(scene, "engine-icc", VERIFY_UNKNOWN, "the engine runs in a container");
}

/* What the engine sees at a path need not be what we see there. */
static void mounts_of_its_own(void **state)
{
	struct scene *scene = *state;

	scene_engine(scene, "dockerd");
	scene_put(scene, FILE_PATH, "{\"icc\": false}");
	scene_put(scene, "/proc/100/root" FILE_PATH, "{\"icc\": true}");
	icc_of(scene, "false");
	scene_expect(scene, "engine-icc", VERIFY_PASS, "icc is false in /etc/docker/daemon.json");
	scene_mounts(scene, 1, "mnt:[1]");
	scene_mounts(scene, PID, "mnt:[2]");
	judge(scene, INFO);
	scene_expect(scene, "engine-icc", VERIFY_WARN, "icc is true in /etc/docker/daemon.json");
	scene_mounts(scene, PID, "mnt:[1]");
	judge(scene, INFO);
	scene_expect(scene, "engine-icc", VERIFY_PASS, "icc is false");
	if (geteuid() != 0)
		return;
	scene_mode(scene, "/proc/100/ns", 0700);
	assert_int_equal(seteuid(65534), 0);
	judge(scene, INFO);
	assert_int_equal(seteuid(0), 0);
	scene_expect(scene, "engine-icc", VERIFY_UNKNOWN, "/proc/100/ns/mnt: Permission denied");
}

static void follows_config_file(void **state)
{
	struct scene *scene = *state;

	scene_engine(scene, "dockerd --config-file /srv/daemon.json");
	scene_put(scene, FILE_PATH, "{\"icc\": true}");
	scene_put(scene, "/srv/daemon.json", "{\"icc\": false}");
	icc_of(scene, "false");
	scene_expect(scene, "engine-icc", VERIFY_PASS, "icc is false in /srv/daemon.json");
	/* Relative to where it was started, and to nowhere else. */
	scene_engine(scene, "dockerd --config-file daemon.json");
	judge(scene, INFO);
	scene_expect(scene, "engine-icc", VERIFY_UNKNOWN, "daemon.json is relative to a folder that is not known");
	scene_link(scene, "/proc/100/cwd", "/srv");
	judge(scene, INFO);
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
		test(tls_whose_clients),
		test(sockets),
		test(no_permission),
		test(userns),
		test(asks_the_right_process),
		test(not_fooled_by_a_name),
		test(asks_who_listens),
		test(mounts_of_its_own),
		test(follows_config_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
