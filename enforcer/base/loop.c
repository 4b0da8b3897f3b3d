/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A callback may change any watch and any timer of the loop, so the loop keeps no pointers across a callback.  Every
 * watch has a generation, and an event of an older generation of the same fd is dropped.
 */
#include "loop.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>

#define NS_PER_S  UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)

/* So few that timers are looked at often. */
#define EVENTS_PER_WAIT 64

struct watch {
	loop_fd_fn *function; /* NULL: not watched */
	void *data;
	uint32_t generation;
};

struct loop_timer {
	struct loop *loop;
	struct loop_timer *next, *previous;
	loop_timer_fn *function;
	void *data;
	uint64_t deadline_ns;
	bool armed;
};

struct loop {
	int epoll, clock;
	struct watch *watches; /* indexed by fd */
	size_t watch_count;
	uint32_t generation;
	struct loop_timer *timers; /* armed or not: there are a handful of them */
	uint64_t clock_ns;	   /* what the timerfd is set to, 0: nothing */
	bool stop;
};

uint64_t loop_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* The timerfd is edge-triggered: it only ends the wait, and is never read.  Its watch has generation 0, which no other
 * one gets. */
static int add_clock(struct loop *loop)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.u64 = (uint32_t)loop->clock };

	return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->clock, &event);
}

int loop_new(struct loop **ret_loop, struct error *err)
{
	cleanup_of(loop) struct loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return error_oom(err);
	loop->clock = -1;
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll < 0)
		return error_set(err, -errno, "event loop: epoll: %s", strerror(errno));
	loop->clock = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (loop->clock < 0 || add_clock(loop) < 0)
		return error_set(err, -errno, "event loop: timerfd: %s", strerror(errno));
	*ret_loop = steal(loop);
	return 0;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	while (loop->timers)
		loop_timer_free(loop->timers);
	if (loop->epoll >= 0)
		close(loop->epoll);
	if (loop->clock >= 0)
		close(loop->clock);
	free(loop->watches);
	free(loop);
}

static struct watch *watch_of(const struct loop *loop, int fd)
{
	return fd >= 0 && (size_t)fd < loop->watch_count ? &loop->watches[fd] : NULL;
}

static int make_room(struct loop *loop, int fd)
{
	size_t count = loop->watch_count ? loop->watch_count : 16;
	struct watch *watches;

	if ((size_t)fd < loop->watch_count)
		return 0;
	while (count <= (size_t)fd)
		count *= 2;
	watches = reallocarray(loop->watches, count, sizeof(*watches));
	if (!watches)
		return -ENOMEM;
	memset(watches + loop->watch_count, 0, (count - loop->watch_count) * sizeof(*watches));
	loop->watches = watches;
	loop->watch_count = count;
	return 0;
}

/* epoll forgets an fd that is closed while it is watched: then ours is stale, and it has to be added again. */
static int epoll_set(struct loop *loop, int fd, bool known, struct epoll_event *event)
{
	if (!epoll_ctl(loop->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, event))
		return 0;
	if (known && errno == ENOENT && !epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, event))
		return 0;
	return -errno;
}

int loop_watch(struct loop *loop, int fd, uint32_t events, loop_fd_fn *function, void *data, struct error *err)
{
	struct epoll_event event = { .events = events };
	struct watch *watch;
	uint32_t generation;
	bool known;
	int r;

	if (fd < 0 || !function)
		return error_set(err, -EINVAL, "event loop: fd %d cannot be watched", fd);
	if (make_room(loop, fd) < 0)
		return error_oom(err);
	watch = &loop->watches[fd];
	known = watch->function != NULL;
	/* The generation stays when only the events change: an event that is already here still belongs to this watch.
	 */
	if (known)
		generation = watch->generation;
	else if (!(generation = ++loop->generation))
		generation = ++loop->generation;
	event.data.u64 = (uint64_t)generation << 32 | (uint32_t)fd;
	r = epoll_set(loop, fd, known, &event);
	if (r < 0)
		return error_set(err, r, "event loop: fd %d: %s", fd, strerror(-r));
	*watch = (struct watch){ .function = function, .data = data, .generation = generation };
	return 0;
}

void loop_unwatch(struct loop *loop, int fd)
{
	struct watch *watch = watch_of(loop, fd);

	if (!watch || !watch->function)
		return;
	watch->function = NULL;
	/* This fails if the fd is closed already; then epoll has forgotten it. */
	epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
}

struct loop_timer *loop_timer_new(struct loop *loop, loop_timer_fn *function, void *data)
{
	struct loop_timer *timer = calloc(1, sizeof(*timer));

	if (!timer)
		return NULL;
	timer->loop = loop;
	timer->function = function;
	timer->data = data;
	timer->next = loop->timers;
	if (timer->next)
		timer->next->previous = timer;
	loop->timers = timer;
	return timer;
}

void loop_timer_free(struct loop_timer *timer)
{
	if (!timer)
		return;
	if (timer->previous)
		timer->previous->next = timer->next;
	else
		timer->loop->timers = timer->next;
	if (timer->next)
		timer->next->previous = timer->previous;
	free(timer);
}

void loop_timer_set(struct loop_timer *timer, uint64_t milliseconds)
{
	uint64_t now = loop_now_ns(), wait;

	/* A time that does not fit is as good as never. */
	if (milliseconds > INT64_MAX / NS_PER_MS)
		milliseconds = INT64_MAX / NS_PER_MS;
	wait = milliseconds * NS_PER_MS;
	timer->deadline_ns = wait > INT64_MAX - now ? INT64_MAX : now + wait;
	timer->armed = true;
}

void loop_timer_stop(struct loop_timer *timer)
{
	if (timer)
		timer->armed = false;
}

bool loop_timer_armed(const struct loop_timer *timer)
{
	return timer->armed;
}

/* The armed timer that fires next. */
static struct loop_timer *first_timer(const struct loop *loop)
{
	struct loop_timer *first = NULL;

	for (struct loop_timer *timer = loop->timers; timer; timer = timer->next) {
		if (!timer->armed)
			continue;
		if (!first || timer->deadline_ns < first->deadline_ns)
			first = timer;
	}
	return first;
}

static int set_clock(struct loop *loop)
{
	const struct loop_timer *first = first_timer(loop);
	uint64_t deadline = first ? first->deadline_ns : 0;
	struct itimerspec when = { .it_value = { .tv_sec = (time_t)(deadline / NS_PER_S),
						 .tv_nsec = (long)(deadline % NS_PER_S) } };

	if (deadline == loop->clock_ns)
		return 0;
	if (timerfd_settime(loop->clock, TFD_TIMER_ABSTIME, &when, NULL) < 0)
		return -errno;
	loop->clock_ns = deadline;
	return 0;
}

/* A timer that a callback arms is due later than `now` and waits for the next round: timers cannot starve the fds. */
static void serve_timers(struct loop *loop)
{
	uint64_t now = loop_now_ns();
	struct loop_timer *timer;

	/* The timerfd rings once, and has done so: it has to be set again, even to the same time. */
	if (loop->clock_ns <= now)
		loop->clock_ns = 0;
	while (!loop->stop && (timer = first_timer(loop)) && timer->deadline_ns <= now) {
		timer->armed = false;
		timer->function(timer->data); /* may free the timer */
	}
}

static void serve_fds(struct loop *loop, const struct epoll_event *events, size_t count)
{
	for (size_t i = 0; i < count && !loop->stop; i++) {
		int fd = (int)(uint32_t)events[i].data.u64;
		uint32_t generation = (uint32_t)(events[i].data.u64 >> 32);
		const struct watch *watch = watch_of(loop, fd);

		if (watch && watch->function && watch->generation == generation)
			watch->function(fd, events[i].events, watch->data); /* may move the watches */
	}
}

int loop_run(struct loop *loop, struct error *err)
{
	struct epoll_event events[EVENTS_PER_WAIT];
	int r = 0;

	while (!loop->stop) {
		int count;

		r = set_clock(loop);
		if (r < 0) {
			error_set(err, r, "event loop: timerfd: %s", strerror(-r));
			break;
		}
		count = epoll_wait(loop->epoll, events, EVENTS_PER_WAIT, -1);
		if (count < 0 && errno != EINTR) {
			r = error_set(err, -errno, "event loop: epoll: %s", strerror(errno));
			break;
		}
		serve_fds(loop, events, count > 0 ? (size_t)count : 0);
		serve_timers(loop);
	}
	/* A stop ends one run; if it came before the run, the run ends at once. */
	loop->stop = false;
	return r;
}

void loop_stop(struct loop *loop)
{
	loop->stop = true;
}
