/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One epoll loop for everything: the engine's sockets, netlink, signals and timers.  No threads, no sleeping. */
#ifndef BULKHEAD_LOOP_H
#define BULKHEAD_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "cleanup.h"
#include "error.h"

struct loop;
struct loop_timer;

/* events: EPOLLIN and friends, as they came. */
typedef void loop_fd_fn(int fd, uint32_t events, void *data);
typedef void loop_timer_fn(void *data);

int loop_new(struct loop **ret_loop, struct error *err);
/* Accepts NULL.  Frees its timers; closes no fd that was added. */
void loop_free(struct loop *loop);
CLEANUP_DEFINE(loop, loop_free)

/* Adds fd or changes what it waits for.  Level-triggered.  The loop does not own fd. */
int loop_watch(struct loop *loop, int fd, uint32_t events, loop_fd_fn *function, void *data, struct error *err);
/* Safe inside callbacks, also for the fd that is being served.  Pending events of the fd are dropped. */
void loop_unwatch(struct loop *loop, int fd);

/* A one-shot timer on CLOCK_MONOTONIC, not armed yet.  NULL when out of memory. */
struct loop_timer *loop_timer_new(struct loop *loop, loop_timer_fn *function, void *data);
/* Accepts NULL. */
void loop_timer_free(struct loop_timer *timer);
/* Arms, or moves, to now + milliseconds. */
void loop_timer_set(struct loop_timer *timer, uint64_t milliseconds);
/* Accepts NULL. */
void loop_timer_stop(struct loop_timer *timer);
bool loop_timer_armed(const struct loop_timer *timer);

/* Serves until loop_stop or an error of the loop itself. */
int loop_run(struct loop *loop, struct error *err);
void loop_stop(struct loop *loop);

/* CLOCK_MONOTONIC in nanoseconds. */
uint64_t loop_now_ns(void);

#endif
