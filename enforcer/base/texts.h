/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A growing list of texts. */
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

/* Sorts by bytes, and keeps each text once. */
void texts_sort(struct texts *texts);

bool texts_have(const struct texts *texts, const char *text);

/* All texts in one, with the separator between them; "" for an empty list.  The caller frees it.  NULL when out of
 * memory. */
char *texts_join(const struct texts *texts, const char *separator);

/* Whether it is UTF-8 without control characters. */
bool texts_printable_line(const char *text);

/* The word as one has to type it in a shell: in quotes if it needs them.  A word that is not printable is written as
 * bash(1) reads it, $'\x1b', and is harmless to a terminal.  The caller frees it.  NULL when out of memory. */
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
