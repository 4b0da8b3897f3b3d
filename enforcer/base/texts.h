/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A list of texts that grows: what was read from a host, and what is said of it. */
#ifndef BULKHEAD_TEXTS_H
#define BULKHEAD_TEXTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cleanup.h"

struct texts {
	char **items; /* each is the list's own */
	size_t count;
};

/* Adds a copy of the first length bytes.  0 or -ENOMEM. */
int texts_add(struct texts *texts, const char *text, size_t length);
__attribute__((format(printf, 2, 3))) int texts_addf(struct texts *texts, const char *fmt, ...);

/* By bytes, each once. */
void texts_sort(struct texts *texts);

bool texts_have(const struct texts *texts, const char *text);

/* All in one, with the separator between; "" for none.  The caller's; NULL when out of memory. */
char *texts_join(const struct texts *texts, const char *separator);

/* Whether it is UTF-8 without control characters. */
bool texts_printable_line(const char *text);

/* The word as a shell has to be given it: as it is, or in quotes where it needs them.  What is no printable text is
 * written as bash(1) takes it, $'\x1b', so that it survives a terminal.  The caller's; NULL when out of memory. */
char *texts_shell(const char *word);

/* "2026-11-28 01:02:03 UTC", in the zone of this process; "never" for 0. */
#define TEXTS_TIME_SIZE 64
const char *texts_time(int64_t seconds, char text[TEXTS_TIME_SIZE]);

/* Frees the items, not the struct itself; leaves it empty and usable. */
void texts_clear(struct texts *texts);

static inline void cleanup_texts_p(struct texts *texts)
{
	texts_clear(texts);
}
/* For a list that is a local itself. */
#define cleanup_texts __attribute__((cleanup(cleanup_texts_p)))

#endif
