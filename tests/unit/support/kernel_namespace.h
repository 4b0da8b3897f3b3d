/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel's tests share: network namespaces of their own, in which they may do as they like, and which end with
 * the process; and policies of every kind to fill them with.
 */
#ifndef BULKHEAD_TESTS_KERNEL_NAMESPACE_H
#define BULKHEAD_TESTS_KERNEL_NAMESPACE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernel.h"

#define NAMESPACE_MARK 0x10000000u

/* Without the privileges of the host's root: socket buffers keep their limits, for one. */
extern bool namespace_of_user;

bool namespace_put(const char *path, const char *text);

/* A group's setup. */
int namespace_setup(void **state);

/* An empty network namespace: to be called first in every test. */
void namespace_fresh(void);

__attribute__((format(printf, 1, 2))) int try_to_run(const char *fmt, ...);

#define run(...)                                                                                                       \
	do {                                                                                                           \
		if (try_to_run(__VA_ARGS__) != 0)                                                                      \
			fail_msg("failed: " __VA_ARGS__);                                                              \
	} while (0)

/* What a command prints; the caller frees it. */
__attribute__((format(printf, 1, 2))) char *output_of(const char *fmt, ...);

/* Where two texts part, said so that a person sees it. */
void assert_same_text(const char *what, const char *a, const char *b);
struct kernel *open_kernel(void);
struct kernel_state read_kernel(struct kernel *kernel, const struct kernel_options *options);
void commit(struct kernel *kernel, const struct kernel_options *options, const struct kernel_change *change);

/* Creates, or replaces, the table with these elements. */
void install(struct kernel *kernel, const struct kernel_options *options, struct policy *want);

/* Changes the elements from what the kernel holds to these. */
void change_to(struct kernel *kernel, const struct kernel_options *options, const struct policy *want);
void assert_kernel_holds(struct kernel *kernel, const struct kernel_options *options, const struct policy *want);
struct policy *new_policy(void);
void add_record(struct policy *policy, enum policy_set set, const char *bridge, const char *source,
		const char *destination, uint8_t protocol, uint16_t first, uint16_t last, const char *comment);

/* A record of the layer-2 guard: a port, and what may pass there. */
void add_place(struct policy *policy, enum policy_set set, const char *port, const char *mac, const char *address);
void add_flow(struct policy *policy, enum policy_set set, const char *source, const char *destination, uint8_t protocol,
	      uint16_t port, const char *comment);

/* An element, and some, of every set. */
struct policy *some_policy(void);

#endif
