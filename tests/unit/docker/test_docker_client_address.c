/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the engine is: unix sockets, TCP, TLS, the environment, and what is said when nobody is there. */
#include "docker_client_scene.h"

#include <stdio.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "docker_client_address.h"

static void use_url(struct scene *scene, const char *url)
{
	struct error err = { 0 };

	docker_client_free(scene->client);
	scene->client = NULL;
	if (docker_client_new(scene->loop, url, &scene->client, &err) < 0)
		fail_msg("%s", err.text);
}

static void nobody_there(void **state)
{
	struct scene *scene = *state;
	struct server server;
	char url[128], path[128];
	int fd;

	snprintf(url, sizeof(url), "unix://%s/none", scene->directory);
	use_url(scene, url);
	ask(scene, "/whole", 0);
	assert_problem(scene, "is the Docker Engine running?");
	assert_problem(scene, "no such socket");

	snprintf(path, sizeof(path), "%s/file", scene->directory);
	snprintf(url, sizeof(url), "unix://%.100s", path);
	fd = open(path, O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	use_url(scene, url);
	ask(scene, "/whole", 0);
	assert_problem(scene, "nobody listens");

	server_start(&server, NULL);
	server_stop(&server);
	use_url(scene, server.url);
	ask(scene, "/whole", 0);
	assert_problem(scene, "refused");
	follow_stream(scene, "/lines", on_line);
	assert_problem(scene, "refused");
}

static void no_permission(void **state)
{
	struct scene *scene = *state;

	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(scene->directory, 0700), 0);
	assert_int_equal(seteuid(65534), 0);
	get(scene, "/whole", 0);
	run(scene);
	assert_int_equal(seteuid(0), 0);
	assert_problem(scene, "run bulkhead as root");
}

static void plain_tcp(void **state)
{
	struct scene *scene = *state;
	struct server server;
	char url[160];

	server_start(&server, NULL);
	/* The environment's proxy is nobody's business here. */
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("all_proxy", "http://127.0.0.1:1", 1);
	use_url(scene, server.url);
	assert_true(docker_client_remote(scene->client));
	assert_string_equal(docker_client_url(scene->client), server.url);
	ask(scene, "/whole", 0);
	assert_answer(scene, 200, "whole");
	follow_stream(scene, "/lines", on_line);
	assert_string_equal(scene->text, "first|second|third|fourth|fifth|last|");
	snprintf(url, sizeof(url), "http%.100s/", server.url + 3);
	use_url(scene, url);
	ask(scene, "/whole", 0);
	assert_answer(scene, 200, "whole");
	unsetenv("http_proxy");
	unsetenv("all_proxy");
	docker_client_free(scene->client);
	scene->client = NULL;
	server_stop(&server);
}

static void urls(void **state)
{
	static const struct {
		const char *url, *says; /* NULL: accepted */
	} cases[] = {
		{ "unix:///run/x.sock", NULL },
		{ "tcp://192.0.2.1", NULL },
		{ "tcp://192.0.2.1:2375/", NULL },
		{ "tcp://[2001:db8::1]:2375", NULL },
		{ "TCP://host.example:1/prefix", NULL },
		{ "https://host.example", NULL },
		{ "unix://relative", "absolute" },
		{ "unix://", "absolute" },
		{ "unix:///"
		  "1234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890"
		  "1234567",
		  "longer" },
		{ "tcp://", "HOST:PORT" },
		{ "tcp://:2375", "HOST:PORT" },
		{ "tcp://host:", "HOST:PORT" },
		{ "tcp://host:port", "HOST:PORT" },
		{ "tcp://host:1234567", "HOST:PORT" },
		{ "tcp://[::1", "HOST:PORT" },
		{ "tcp://[]:1", "HOST:PORT" },
		{ "tcp://[::1]x:1", "HOST:PORT" },
		{ "tcp://user:secret@host:1", "user name" },
		{ "tcp://host:1?x", "query" },
		{ "tcp://ho st:1", "blank" },
		{ "tcp://host:1\n", "blank" },
		{ "foo://user:secret@host:1", "user name" },
		{ "user:secret@host:1", "user name" },
		{ "ssh://root:secret@host", "run bulkhead on the engine's own host" },
		{ "ssh://root@host", "run bulkhead on the engine's own host" },
		{ "npipe:////./pipe/docker_engine", "Linux" },
		{ "fd://", "unix:///PATH or tcp://HOST:PORT" },
		{ "/var/run/docker.sock", "unix:///var/run/docker.sock" },
		{ "nonsense", "unix:///PATH or tcp://HOST:PORT" },
	};
	struct scene *scene = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cleanup_of(docker_client) struct docker_client *client = NULL;
		struct error err = { 0 };
		int r = docker_client_new(scene->loop, cases[i].url, &client, &err);

		if (cases[i].says) {
			assert_int_equal(r, -EINVAL);
			assert_contains(err.text, cases[i].says);
			assert_null(strstr(err.text, "secret"));
			assert_null(client);
		} else {
			assert_int_equal(r, 0);
			assert_string_equal(docker_client_url(client), cases[i].url);
		}
	}
}

static void environment(void **state)
{
	struct scene *scene = *state;
	struct error err = { 0 };

	unsetenv("DOCKER_HOST");
	use_url(scene, NULL);
	assert_string_equal(docker_client_url(scene->client), "unix:///var/run/docker.sock");
	assert_false(docker_client_remote(scene->client));
	setenv("DOCKER_HOST", scene->server.url, 1);
	use_url(scene, "");
	ask(scene, "/whole", 0);
	assert_answer(scene, 200, "whole");
	use_url(scene, "tcp://192.0.2.1"); /* what is said counts more */
	assert_string_equal(docker_client_url(scene->client), "tcp://192.0.2.1");
	unsetenv("DOCKER_HOST");

	docker_client_free(scene->client);
	scene->client = NULL;
	setenv("DOCKER_TLS_VERIFY", "1", 1);
	setenv("DOCKER_CERT_PATH", scene->directory, 1);
	assert_int_equal(docker_client_new(scene->loop, "tcp://192.0.2.1", &scene->client, &err), -ENOENT);
	assert_contains(err.text, scene->directory);
	assert_contains(err.text, "/ca.pem");
	assert_contains(err.text, "DOCKER_CERT_PATH");
	unsetenv("DOCKER_CERT_PATH");
	setenv("HOME", scene->directory, 1);
	assert_int_equal(docker_client_new(scene->loop, "tcp://192.0.2.1", &scene->client, &err), -ENOENT);
	assert_contains(err.text, "/.docker/ca.pem");
	setenv("DOCKER_TLS_VERIFY", "", 1);
	use_url(scene, "tcp://192.0.2.1");
	unsetenv("DOCKER_TLS_VERIFY");
}

static void escaping(void **state)
{
	cleanup_free char *plain = docker_escape("AZaz09-._~"), *odd = docker_escape("{\"id\":[\"a b\"]}\n\xff/%");

	(void)state;
	assert_string_equal(plain, "AZaz09-._~");
	assert_string_equal(odd, "%7B%22id%22%3A%5B%22a%20b%22%5D%7D%0A%FF%2F%25");
}

/* A server of openssl's, with an authority, a certificate for 127.0.0.1, and one for us. */
static const char make_certificates[] =
	"cd %s && exec 2>openssl.log && new='openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2' "
	"&& "
	"$new -x509 -subj /CN=authority -keyout ca-key.pem -out ca.pem && "
	"$new -x509 -subj /CN=other -keyout /dev/null -out other.pem && "
	"for n in server client; do $new -subj /CN=$n -keyout $n-key.pem -out $n.csr && "
	"echo subjectAltName=IP:127.0.0.1 >ext && openssl x509 -req -in $n.csr -CA ca.pem -CAkey ca-key.pem "
	"-CAcreateserial -days 2 -extfile ext -out $n.pem || exit 1; done && "
	"cp client.pem cert.pem && cp client-key.pem key.pem && printf secure >whole";

static pid_t start_tls_server(const char *directory, char *url, size_t size, FILE **ret_output)
{
	char line[256] = "";
	int pipe_fds[2];
	FILE *output;
	pid_t child;

	assert_int_equal(pipe(pipe_fds), 0);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGTERM); /* should the test fail before it ends it */
		dup2(pipe_fds[1], STDOUT_FILENO);
		close(pipe_fds[0]);
		close(pipe_fds[1]);
		if (chdir(directory) == 0 && freopen("server.log", "we", stderr))
			execlp("openssl", "openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", "server.pem",
			       "-key", "server-key.pem", "-CAfile", "ca.pem", "-Verify", "1", "-verify_return_error",
			       "-WWW", (char *)NULL);
		_exit(127);
	}
	close(pipe_fds[1]);
	output = fdopen(pipe_fds[0], "r");
	while (!strstr(line, "ACCEPT 127.0.0.1:")) {
		if (!fgets(line, sizeof(line), output))
			fail_msg("openssl s_server does not say where it listens");
	}
	line[strcspn(line, "\n")] = '\0';
	snprintf(url, size, "tcp://%.100s", line + strlen("ACCEPT "));
	*ret_output = output; /* it goes on writing there */
	return child;
}

static void tls(void **state)
{
	struct scene *scene = *state;
	char command[2048], url[128], plain[128];
	FILE *output;
	pid_t child;
	int status;

	if (system("command -v openssl >/dev/null") != 0)
		skip();
	snprintf(command, sizeof(command), make_certificates, scene->directory);
	assert_int_equal(system(command), 0);
	child = start_tls_server(scene->directory, url, sizeof(url), &output);
	setenv("DOCKER_TLS_VERIFY", "1", 1);
	setenv("DOCKER_CERT_PATH", scene->directory, 1);
	use_url(scene, url);
	ask(scene, "/whole", 5000);
	assert_answer(scene, 200, "secure");
	snprintf(plain, sizeof(plain), "https%.100s", url + 3);
	use_url(scene, plain);
	ask(scene, "/whole", 5000);
	assert_answer(scene, 200, "secure");

	/* An authority that did not sign the server's certificate. */
	snprintf(command, sizeof(command), "cd %s && mv ca.pem good.pem && cp other.pem ca.pem", scene->directory);
	assert_int_equal(system(command), 0);
	use_url(scene, url);
	ask(scene, "/whole", 5000);
	assert_problem(scene, "ca.pem");

	/* A certificate for another name: localhost is not 127.0.0.1. */
	snprintf(command, sizeof(command), "cd %s && mv good.pem ca.pem", scene->directory);
	assert_int_equal(system(command), 0);
	snprintf(plain, sizeof(plain), "tcp://localhost%.10s", strrchr(url, ':'));
	use_url(scene, plain);
	ask(scene, "/whole", 5000);
	assert_problem(scene, "this host's name");

	/* No certificate of ours, or none that the server trusts, is the server's to refuse. */
	snprintf(command, sizeof(command),
		 "cd %s && openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=me "
		 "-keyout key.pem -out cert.pem 2>>openssl.log",
		 scene->directory);
	assert_int_equal(system(command), 0);
	use_url(scene, url);
	ask(scene, "/whole", 5000);
	assert_int_equal(scene->status, 0);
	assert_contains(scene->error, url);

	snprintf(command, sizeof(command), "rm %s/key.pem", scene->directory);
	assert_int_equal(system(command), 0);
	assert_int_equal(docker_client_new(scene->loop, url, &(struct docker_client *){ NULL }, NULL), -ENOENT);
	unsetenv("DOCKER_TLS_VERIFY");
	unsetenv("DOCKER_CERT_PATH");
	kill(child, SIGTERM);
	waitpid(child, &status, 0);
	fclose(output);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nobody_there), TEST(no_permission), TEST(plain_tcp), TEST(urls),
		TEST(environment),  TEST(escaping),	 TEST(tls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
