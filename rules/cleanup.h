/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ownership made visible: a local that owns something says so, and what leaves the function is stolen. */
#ifndef BULKHEAD_CLEANUP_H
#define BULKHEAD_CLEANUP_H

#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free_p(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_close_p(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define cleanup_free  __attribute__((cleanup(cleanup_free_p)))
#define cleanup_close __attribute__((cleanup(cleanup_close_p)))

/* Takes the fd out of a cleanup variable. */
static inline int steal_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

/* Defines a cleanup handler TYPE_p for `struct TYPE *` locals; FREE accepts NULL. */
#define CLEANUP_DEFINE(type, free_function)                                                                            \
	static inline void cleanup_##type##_p(struct type **p)                                                         \
	{                                                                                                              \
		free_function(*p);                                                                                     \
	}
#define cleanup_of(type) __attribute__((cleanup(cleanup_##type##_p)))

/* Takes the pointer out of a cleanup variable. */
#define steal(pointer)                                                                                                 \
	({                                                                                                             \
		__auto_type steal_taken_ = (pointer);                                                                  \
		(pointer) = NULL;                                                                                      \
		steal_taken_;                                                                                          \
	})

#endif
