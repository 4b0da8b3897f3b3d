/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "loop.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/time.h>

#include <cmocka.h>

/* A test that hangs ends by this, red. */
#define DEADLINE_MS 5000

struct scene {
	struct loop *loop;
	struct loop_timer *deadline;
	int fds[8];
	unsigned calls[8];
	struct loop_timer *timers[8];
	char order[64];
	bool late;
};

static void on_deadline(void *data)
{
	struct scene *scene = data;

	scene->late = true;
	loop_stop(scene->loop);
}

static int set_up(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	assert_non_null(scene);
	assert_int_equal(loop_new(&scene->loop, NULL), 0);
	scene->deadline = loop_timer_new(scene->loop, on_deadline, scene);
	assert_non_null(scene->deadline);
	loop_timer_set(scene->deadline, DEADLINE_MS);
	for (size_t i = 0; i < 8; i++) {
		scene->fds[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		assert_true(scene->fds[i] >= 0);
	}
	*state = scene;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;

	loop_free(scene->loop);
	for (size_t i = 0; i < 8; i++) {
		if (scene->fds[i] >= 0)
			close(scene->fds[i]);
	}
	free(scene);
	return 0;
}

static void run(struct scene *scene)
{
	assert_int_equal(loop_run(scene->loop, NULL), 0);
	assert_false(scene->late);
}

static void make_ready(int fd)
{
	uint64_t one = 1;

	assert_int_equal(write(fd, &one, sizeof(one)), sizeof(one));
}

static size_t index_of(const struct scene *scene, int fd)
{
	for (size_t i = 0; i < 8; i++) {
		if (scene->fds[i] == fd)
			return i;
	}
	fail();
	return 0;
}

static void note(struct scene *scene, char c)
{
	size_t length = strlen(scene->order);

	assert_true(length + 1 < sizeof(scene->order));
	scene->order[length] = c;
	scene->order[length + 1] = '\0';
}

/* Whoever is served first takes everybody out: no one else may be called. */
static void unwatch_all(int fd, uint32_t events, void *data)
{
	struct scene *scene = data;

	assert_true(events & EPOLLIN);
	scene->calls[index_of(scene, fd)]++;
	for (size_t i = 0; i < 8; i++)
		loop_unwatch(scene->loop, scene->fds[i]);
	loop_timer_set(scene->timers[0], 10);
}

static void stop(void *data)
{
	loop_stop(((struct scene *)data)->loop);
}

static void unwatch_of_pending_fds(void **state)
{
	struct scene *scene = *state;
	unsigned calls = 0;

	scene->timers[0] = loop_timer_new(scene->loop, stop, scene);
	for (size_t i = 0; i < 8; i++) {
		make_ready(scene->fds[i]);
		assert_int_equal(loop_watch(scene->loop, scene->fds[i], EPOLLIN, unwatch_all, scene, NULL), 0);
	}
	run(scene);
	for (size_t i = 0; i < 8; i++)
		calls += scene->calls[i];
	assert_int_equal(calls, 1);
}

static void never(int fd, uint32_t events, void *data)
{
	(void)fd;
	(void)events;
	(void)data;
	fail_msg("an event of an fd that was closed reached the one that took its number");
}

/* Closes all the others, whose events are at hand, and lets new, quiet fds take their numbers. */
static void replace_others(int fd, uint32_t events, void *data)
{
	struct scene *scene = data;

	(void)events;
	loop_unwatch(scene->loop, fd);
	for (size_t i = 0; i < 8; i++) {
		int old = scene->fds[i];

		if (old == fd)
			continue;
		loop_unwatch(scene->loop, old);
		close(old);
		scene->fds[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		assert_int_equal(scene->fds[i], old);
		assert_int_equal(loop_watch(scene->loop, old, EPOLLIN, never, scene, NULL), 0);
	}
	loop_timer_set(scene->timers[0], 10);
}

static void stale_event_of_a_reused_number(void **state)
{
	struct scene *scene = *state;

	scene->timers[0] = loop_timer_new(scene->loop, stop, scene);
	for (size_t i = 0; i < 8; i++) {
		make_ready(scene->fds[i]);
		assert_int_equal(loop_watch(scene->loop, scene->fds[i], EPOLLIN, replace_others, scene, NULL), 0);
	}
	run(scene);
}

static void count_writable(int fd, uint32_t events, void *data)
{
	struct scene *scene = data;

	assert_true(events & EPOLLOUT);
	assert_false(events & EPOLLIN);
	scene->calls[index_of(scene, fd)]++;
	loop_stop(scene->loop);
}

static void watch_again_changes_it(void **state)
{
	struct scene *scene = *state;

	assert_int_equal(loop_watch(scene->loop, scene->fds[0], EPOLLIN, never, scene, NULL), 0);
	assert_int_equal(loop_watch(scene->loop, scene->fds[0], EPOLLOUT, count_writable, scene, NULL), 0);
	run(scene);
	assert_int_equal(scene->calls[0], 1);
}

/* What libraries do: the fd is closed without a word, and its number comes back. */
static void closed_without_unwatch(void **state)
{
	struct scene *scene = *state;
	int old = scene->fds[0];

	assert_int_equal(loop_watch(scene->loop, old, EPOLLIN, never, scene, NULL), 0);
	close(old);
	scene->fds[0] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	assert_int_equal(scene->fds[0], old);
	assert_int_equal(loop_watch(scene->loop, old, EPOLLOUT, count_writable, scene, NULL), 0);
	run(scene);
	assert_int_equal(scene->calls[0], 1);
	loop_unwatch(scene->loop, old);
	loop_unwatch(scene->loop, old);
	loop_unwatch(scene->loop, -1);
	loop_unwatch(scene->loop, 100000);
}

static void refused_fds(void **state)
{
	struct scene *scene = *state;
	struct error err = { 0 };
	int closed = dup(scene->fds[0]);

	close(closed);
	assert_int_equal(loop_watch(scene->loop, -1, EPOLLIN, never, NULL, &err), -EINVAL);
	assert_int_equal(loop_watch(scene->loop, closed, EPOLLIN, never, NULL, &err), -EBADF);
	assert_non_null(strstr(err.text, "event loop"));
}

static void note_a(void *data)
{
	note(data, 'a');
}
static void note_b(void *data)
{
	note(data, 'b');
}
static void note_c(void *data)
{
	note(data, 'c');
}
static void note_end(void *data)
{
	note(data, '.');
	loop_stop(((struct scene *)data)->loop);
}

static void timers_fire_in_order(void **state)
{
	struct scene *scene = *state;
	struct loop_timer *a = loop_timer_new(scene->loop, note_a, scene);
	struct loop_timer *b = loop_timer_new(scene->loop, note_b, scene);
	struct loop_timer *c = loop_timer_new(scene->loop, note_c, scene);
	struct loop_timer *end = loop_timer_new(scene->loop, note_end, scene);
	uint64_t begin = loop_now_ns();

	loop_timer_set(end, 30);
	loop_timer_set(c, 20);
	loop_timer_set(a, 40);
	assert_true(loop_timer_armed(a));
	loop_timer_set(a, 10); /* moved */
	loop_timer_set(b, 15);
	run(scene);
	assert_string_equal(scene->order, "abc.");
	assert_true(loop_now_ns() - begin >= 30 * 1000000ull);
	assert_false(loop_timer_armed(a));

	/* Stopped, freed, or at the same time. */
	scene->order[0] = '\0';
	loop_timer_set(b, 0);
	loop_timer_set(a, 0);
	loop_timer_set(c, 0);
	loop_timer_stop(c);
	loop_timer_stop(NULL);
	loop_timer_set(end, 5);
	run(scene);
	assert_string_equal(scene->order, "ba.");

	loop_timer_set(b, 0);
	loop_timer_set(end, 1);
	loop_timer_free(b);
	loop_timer_free(NULL);
	scene->order[0] = '\0';
	run(scene);
	assert_string_equal(scene->order, ".");
}

/* Stopped in the middle of timers that are all due: the next run serves the rest. */
static void stop_between_due_timers(void **state)
{
	struct scene *scene = *state;
	struct loop_timer *first = loop_timer_new(scene->loop, note_end, scene);
	struct loop_timer *second = loop_timer_new(scene->loop, note_end, scene);

	loop_timer_set(first, 0);
	loop_timer_set(second, 0);
	run(scene);
	assert_string_equal(scene->order, ".");
	run(scene);
	assert_string_equal(scene->order, "..");
}

static void stop_by_fd(int fd, uint32_t events, void *data)
{
	struct scene *scene = data;

	(void)events;
	loop_unwatch(scene->loop, fd);
	loop_stop(scene->loop);
}

/* A timer rings while an fd's callback stops the loop: it is not forgotten. */
static void stop_before_a_due_timer(void **state)
{
	struct scene *scene = *state;
	struct loop_timer *timer = loop_timer_new(scene->loop, note_end, scene);

	loop_timer_set(timer, 0);
	make_ready(scene->fds[0]);
	assert_int_equal(loop_watch(scene->loop, scene->fds[0], EPOLLIN, stop_by_fd, scene, NULL), 0);
	run(scene);
	assert_string_equal(scene->order, "");
	run(scene);
	assert_string_equal(scene->order, ".");
}

static void rearm(void *data)
{
	struct scene *scene = data;

	note(scene, 'r');
	if (strlen(scene->order) == 5) {
		loop_timer_free(scene->timers[0]); /* the one that is being served */
		scene->timers[0] = NULL;
		loop_timer_free(scene->timers[1]); /* one that is due */
		loop_stop(scene->loop);
		return;
	}
	loop_timer_set(scene->timers[0], 0);
	if (strlen(scene->order) == 4)
		loop_timer_set(scene->timers[1], 0);
}

static void timers_rearm_and_free_themselves(void **state)
{
	struct scene *scene = *state;

	scene->timers[0] = loop_timer_new(scene->loop, rearm, scene);
	scene->timers[1] = loop_timer_new(scene->loop, note_a, scene);
	loop_timer_set(scene->timers[0], 0);
	run(scene);
	assert_string_equal(scene->order, "rrrrr");
}

static void rearm_for_ever(void *data)
{
	struct scene *scene = data;

	if (!scene->calls[0]++)
		make_ready(scene->fds[0]);
	loop_timer_set(scene->timers[0], 0);
}

static void note_fd(int fd, uint32_t events, void *data)
{
	(void)fd;
	(void)events;
	loop_stop(((struct scene *)data)->loop);
}

static void timers_do_not_starve_fds(void **state)
{
	struct scene *scene = *state;

	scene->timers[0] = loop_timer_new(scene->loop, rearm_for_ever, scene);
	loop_timer_set(scene->timers[0], 0);
	assert_int_equal(loop_watch(scene->loop, scene->fds[0], EPOLLIN, note_fd, scene, NULL), 0);
	run(scene);
}

static void stay_ready(int fd, uint32_t events, void *data)
{
	(void)events;
	((struct scene *)data)->calls[index_of(data, fd)]++;
}

static void fds_do_not_starve_timers_nor_each_other(void **state)
{
	struct scene *scene = *state;

	scene->timers[0] = loop_timer_new(scene->loop, stop, scene);
	loop_timer_set(scene->timers[0], 5);
	for (size_t i = 0; i < 8; i++) {
		make_ready(scene->fds[i]);
		assert_int_equal(loop_watch(scene->loop, scene->fds[i], EPOLLIN, stay_ready, scene, NULL), 0);
	}
	run(scene);
	for (size_t i = 0; i < 8; i++)
		assert_true(scene->calls[i] > 0);
}

static void on_alarm(int signal_number)
{
	(void)signal_number;
}

static void signals_only_interrupt(void **state)
{
	struct scene *scene = *state;
	struct itimerval often = { { 0, 1000 }, { 0, 1000 } }, off = { { 0, 0 }, { 0, 0 } };
	struct sigaction action = { .sa_handler = on_alarm }; /* stays: a last signal may come late */

	assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
	scene->timers[0] = loop_timer_new(scene->loop, stop, scene);
	loop_timer_set(scene->timers[0], 30);
	setitimer(ITIMER_REAL, &often, NULL);
	run(scene);
	setitimer(ITIMER_REAL, &off, NULL);
}

static void stop_before_run(void **state)
{
	struct scene *scene = *state;

	loop_stop(scene->loop);
	run(scene);
	/* It held for that run alone. */
	scene->timers[0] = loop_timer_new(scene->loop, note_end, scene);
	loop_timer_set(scene->timers[0], 1);
	run(scene);
	assert_string_equal(scene->order, ".");
}

static void far_away_is_never(void **state)
{
	struct scene *scene = *state;
	struct loop_timer *far = loop_timer_new(scene->loop, note_a, scene);

	loop_timer_set(far, UINT64_MAX);
	scene->timers[0] = loop_timer_new(scene->loop, note_end, scene);
	loop_timer_set(scene->timers[0], 1);
	run(scene);
	assert_string_equal(scene->order, ".");
	loop_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(unwatch_of_pending_fds),
		TEST(stale_event_of_a_reused_number),
		TEST(watch_again_changes_it),
		TEST(closed_without_unwatch),
		TEST(refused_fds),
		TEST(timers_fire_in_order),
		TEST(stop_between_due_timers),
		TEST(stop_before_a_due_timer),
		TEST(timers_rearm_and_free_themselves),
		TEST(timers_do_not_starve_fds),
		TEST(fds_do_not_starve_timers_nor_each_other),
		TEST(signals_only_interrupt),
		TEST(stop_before_run),
		TEST(far_away_is_never),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
