/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the bindings of containers are learnt, against the fake engine of the engine tests, which is late on demand. */
#include "docker_watch.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* A test that hangs ends by this, red. */
#define DEADLINE_MS 15000
#define PROGRAM	    TESTS_DIR "/engine/fake_engine.py"

struct scene {
	char directory[64], socket[96], control_path[96];
	pid_t engine;
	int control;
	struct loop *loop;
	struct docker_client *client;
	struct docker_watch *watch;
	struct loop_timer *deadline, *pause;
	/* What was heard of. */
	unsigned listed, snapshots, networks, containers, bindings, ended, lost;
	bool told, told_with, told_chooses; /* the last container: there, with its bindings, … */
	size_t told_count;
	bool bindings_known;
	size_t bindings_count;
	char id[65]; /* of the last that was created */
	/* When to stop. */
	const unsigned *awaited;
	unsigned wanted;
};

static void check_awaited(struct scene *scene)
{
	if (scene->awaited && *scene->awaited >= scene->wanted)
		loop_stop(scene->loop);
}

static void got_snapshot(struct inventory *inventory, const struct docker_info *info,
			 const struct docker_version *version, void *data)
{
	struct scene *scene = data;

	(void)info;
	(void)version;
	inventory_free(inventory);
	scene->snapshots++;
	check_awaited(scene);
}

static void got_list(struct network *const *networks, size_t count, uint64_t asked, void *data)
{
	struct scene *scene = data;

	assert_true(count > 0 && networks[0]->id[0] && asked > 0);
	scene->listed++;
	check_awaited(scene);
}

static void got_network(const char *id, struct network *network, const struct docker_watch_times *times, void *data)
{
	struct scene *scene = data;

	(void)id;
	(void)times;
	network_free(network);
	scene->networks++;
	check_awaited(scene);
}

static void got_container(const char *id, struct container *container, void *data)
{
	struct scene *scene = data;

	(void)id;
	scene->told = container != NULL;
	scene->told_with = container && container->bindings_known;
	scene->told_chooses = container && container->chooses;
	scene->told_count = container ? container->binding_count : 0;
	container_free(container);
	scene->containers++;
	check_awaited(scene);
}

static void got_bindings(const char *id, struct container *container, void *data)
{
	struct scene *scene = data;

	assert_string_equal(container->id, id);
	scene->bindings_known = container->bindings_known;
	scene->bindings_count = container->binding_count;
	container_free(container);
	scene->bindings++;
	check_awaited(scene);
}

static void got_ended(const char *id, void *data)
{
	struct scene *scene = data;

	(void)id;
	scene->ended++;
	check_awaited(scene);
}

static void got_lost(const char *reason, void *data)
{
	struct scene *scene = data;

	print_error("lost: %s\n", reason);
	scene->lost++;
	loop_stop(scene->loop);
}

static void on_deadline(void *data)
{
	(void)data;
	fail_msg("nothing came for %d ms", DEADLINE_MS);
}

static void on_pause(void *data)
{
	loop_stop(((struct scene *)data)->loop);
}

static void run(struct scene *scene)
{
	struct error err = { 0 };

	loop_timer_set(scene->deadline, DEADLINE_MS);
	if (loop_run(scene->loop, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(scene->lost, 0);
}

/* Until so many of them were heard of. */
static void await(struct scene *scene, const unsigned *counter, unsigned wanted)
{
	scene->awaited = counter;
	scene->wanted = wanted;
	if (*counter < wanted)
		run(scene);
	scene->awaited = NULL;
}

static void pause_for(struct scene *scene, unsigned ms)
{
	loop_timer_set(scene->pause, ms);
	run(scene);
}

/* One line to the engine's control socket, and its answer's. */
__attribute__((format(printf, 4, 5))) static void command(struct scene *scene, char *answer, size_t size,
							  const char *format, ...)
{
	char line[1024];
	size_t length = 0;
	va_list arguments;
	int count;

	va_start(arguments, format);
	count = vsnprintf(line, sizeof(line) - 1, format, arguments);
	va_end(arguments);
	assert_true(count > 0 && (size_t)count < sizeof(line) - 1);
	strcat(line, "\n");
	assert_int_equal(send(scene->control, line, strlen(line), 0), strlen(line));
	while (!length || answer[length - 1] != '\n') {
		ssize_t got = recv(scene->control, answer + length, size - 1 - length, 0);

		assert_true(got > 0);
		length += (size_t)got;
		answer[length] = '\0';
	}
	if (!strstr(answer, "\"ok\":true"))
		fail_msg("%s%s", line, answer);
}

static void create(struct scene *scene, const char *ports)
{
	char answer[4096], *id;

	command(scene, answer, sizeof(answer), "{\"cmd\":\"create\",\"network\":\"app001_default\",\"ports\":[%s]}",
		ports);
	id = strstr(answer, "\"id\":\"");
	assert_non_null(id);
	snprintf(scene->id, sizeof(scene->id), "%.64s", id + strlen("\"id\":\""));
}

/* How often a container was inspected. */
static unsigned inspections(struct scene *scene)
{
	char answer[4096], *found;

	command(scene, answer, sizeof(answer), "{\"cmd\":\"stats\"}");
	found = strstr(answer, "\"/containers/ID/json\":");
	return found ? (unsigned)strtoul(strchr(found, ':') + 1, NULL, 10) : 0;
}

/* The list is late, or those that are asked for one. */
static void list_fault(struct scene *scene, const char *kind, unsigned ms)
{
	char answer[256];

	command(scene, answer, sizeof(answer),
		"{\"cmd\":\"fault\",\"path\":\"/containers/json\",\"kind\":\"%s\",\"ms\":%u}", kind, ms);
}

static void inspect_fault(struct scene *scene, const char *kind, unsigned ms)
{
	char answer[256];

	/* The first fault that fits a path is the one. */
	list_fault(scene, "delay", 0);
	command(scene, answer, sizeof(answer),
		"{\"cmd\":\"fault\",\"path\":\"/containers/\",\"kind\":\"%s\",\"ms\":%u}", kind, ms);
}

static void start_engine(struct scene *scene)
{
	char word[16] = "";
	FILE *said;
	int out[2];

	assert_int_equal(pipe(out), 0);
	scene->engine = fork();
	assert_true(scene->engine >= 0);
	if (scene->engine == 0) {
		/* A test that fails ends without its tear-down. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(out[1], STDOUT_FILENO);
		execl("/usr/bin/python3", "python3", PROGRAM, "--socket", scene->socket, "--control",
		      scene->control_path, "--per-network", "2", NULL);
		_exit(127);
	}
	close(out[1]);
	said = fdopen(out[0], "r");
	assert_non_null(said);
	assert_non_null(fgets(word, sizeof(word), said));
	assert_string_equal(word, "ready\n");
	fclose(said);
}

static int set_up(void **state)
{
	static const struct docker_watch_handler handler = {
		.snapshot = got_snapshot,
		.listed = got_list,
		.network = got_network,
		.container = got_container,
		.bindings = got_bindings,
		.lost = got_lost,
		.ended = got_ended,
	};
	struct scene *scene = calloc(1, sizeof(*scene));
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char url[128];

	assert_non_null(scene);
	strcpy(scene->directory, "/tmp/test-docker-watch.XXXXXX");
	assert_non_null(mkdtemp(scene->directory));
	snprintf(scene->socket, sizeof(scene->socket), "%s/socket", scene->directory);
	snprintf(scene->control_path, sizeof(scene->control_path), "%s/control", scene->directory);
	start_engine(scene);
	scene->control = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	strcpy(address.sun_path, scene->control_path);
	assert_int_equal(connect(scene->control, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(loop_new(&scene->loop, NULL), 0);
	scene->deadline = loop_timer_new(scene->loop, on_deadline, scene);
	scene->pause = loop_timer_new(scene->loop, on_pause, scene);
	snprintf(url, sizeof(url), "unix://%s", scene->socket);
	assert_int_equal(docker_client_new(scene->loop, url, &scene->client, NULL), 0);
	assert_int_equal(docker_watch_new(scene->loop, scene->client, true, &handler, scene, &scene->watch, NULL), 0);
	await(scene, &scene->snapshots, 1);
	*state = scene;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;

	docker_watch_free(scene->watch);
	docker_client_free(scene->client);
	loop_timer_free(scene->deadline);
	loop_timer_free(scene->pause);
	loop_free(scene->loop);
	close(scene->control);
	kill(scene->engine, SIGTERM);
	assert_int_equal(waitpid(scene->engine, NULL, 0), scene->engine);
	assert_int_equal(rmdir(scene->directory), 0);
	free(scene);
	return 0;
}

/* The answer that comes first goes with the list's, so that the container is known with its bindings at once. */
static void test_with_the_container(void **state)
{
	struct scene *scene = *state;

	list_fault(scene, "delay", 200);
	create(scene, "\"8080:80\",\"0:81\",\"82\"");
	await(scene, &scene->containers, 1);
	assert_true(scene->told && scene->told_with && scene->told_chooses);
	assert_int_equal(scene->told_count, 2);
	pause_for(scene, 100);
	assert_int_equal(scene->bindings, 0);
	assert_int_equal(inspections(scene), 1);
}

/* … and the list's does not wait for it. */
static void test_after_the_container(void **state)
{
	struct scene *scene = *state;

	inspect_fault(scene, "delay", 1000);
	create(scene, "\"8080:80\"");
	await(scene, &scene->containers, 1);
	assert_true(scene->told && !scene->told_with);
	assert_int_equal(scene->bindings, 0);
	/* Who asks meanwhile gets no second question. */
	docker_watch_bindings(scene->watch, scene->id);
	docker_watch_bindings(scene->watch, scene->id);
	await(scene, &scene->bindings, 1);
	assert_true(scene->bindings_known);
	assert_int_equal(scene->bindings_count, 2);
	pause_for(scene, 500);
	assert_int_equal(scene->bindings, 1);
	assert_int_equal(inspections(scene), 1);
}

/* Only who was created is asked: never again when it starts, ends, or runs. */
static void test_once(void **state)
{
	struct scene *scene = *state;
	char answer[4096];

	assert_int_equal(inspections(scene), 0);
	create(scene, "");
	await(scene, &scene->containers, 1);
	command(scene, answer, sizeof(answer), "{\"cmd\":\"start\",\"container\":\"%s\"}", scene->id);
	await(scene, &scene->containers, 2);
	command(scene, answer, sizeof(answer), "{\"cmd\":\"stop\",\"container\":\"%s\"}", scene->id);
	await(scene, &scene->containers, 3);
	command(scene, answer, sizeof(answer), "{\"cmd\":\"destroy\",\"container\":\"%s\"}", scene->id);
	await(scene, &scene->containers, 4);
	assert_false(scene->told);
	assert_int_equal(inspections(scene), 1);
}

/* Whoever knows one without asks for them. */
static void test_asked_for(void **state)
{
	struct scene *scene = *state;

	inspect_fault(scene, "status", 0);
	create(scene, "\"8080:80\"");
	/* The second look as well: bindings that come while a container is asked for go with it. */
	await(scene, &scene->containers, 2);
	assert_int_equal(inspections(scene), 1);
	assert_int_equal(scene->bindings, 0);
	command(scene, (char[256]){ 0 }, 256, "{\"cmd\":\"clear_faults\"}");
	docker_watch_bindings(scene->watch, scene->id);
	await(scene, &scene->bindings, 1);
	assert_int_equal(scene->bindings_count, 2);
}

/* Of the 16 questions that may be under way at once half may be about bindings; each is given up after 2 s. */
static void assert_half_of_the_questions(struct scene *scene, uint64_t since_ns)
{
	uint64_t terms = 1 + (loop_now_ns() - since_ns) / 2000000000ull;

	assert_in_range(inspections(scene), 8, 8 * terms);
}

/* The engine does not answer while it starts containers; many of them keep nobody else waiting, and end nothing. */
static void test_no_answer(void **state)
{
	struct scene *scene = *state;
	uint64_t began = loop_now_ns();
	unsigned networks, containers;
	char answer[4096];

	inspect_fault(scene, "hang", 0);
	for (unsigned i = 0; i < 40; i++)
		create(scene, "\"0:80\"");
	await(scene, &scene->containers, 40);
	assert_false(scene->told_with);
	networks = scene->networks;
	containers = scene->containers;
	assert_half_of_the_questions(scene, began);
	command(scene, answer, sizeof(answer), "{\"cmd\":\"start\",\"container\":\"%s\"}", scene->id);
	await(scene, &scene->networks, networks + 1);
	await(scene, &scene->containers, containers + 1);
	assert_half_of_the_questions(scene, began);
	for (unsigned i = 0; i < 100 && inspections(scene) <= 8; i++)
		pause_for(scene, 100);
	assert_true(inspections(scene) > 8);
	assert_int_equal(scene->bindings, 0);
	assert_int_equal(scene->snapshots, 1);
}

/* The list of networks alone, as often as it is asked for. */
static void test_list(void **state)
{
	struct scene *scene = *state;

	for (unsigned i = 1; i <= 3; i++) {
		docker_watch_networks(scene->watch);
		await(scene, &scene->listed, i);
	}
	assert_int_equal(scene->snapshots, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_with_the_container), TEST(test_after_the_container), TEST(test_once),
		TEST(test_asked_for),	       TEST(test_no_answer),	       TEST(test_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
