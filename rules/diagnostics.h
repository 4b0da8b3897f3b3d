/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is wrong with a file that people wrote: every problem with its place, all of them in one run. */
#ifndef BULKHEAD_DIAGNOSTICS_H
#define BULKHEAD_DIAGNOSTICS_H

#include <stdbool.h>
#include <stddef.h>

#include "cleanup.h"

enum diagnostic_severity {
	DIAGNOSTIC_ERROR,
	DIAGNOSTIC_WARNING,
};

struct diagnostic {
	enum diagnostic_severity severity;
	char *file;	       /* printable too */
	unsigned line, column; /* both from 1; columns count bytes */
	char *text;	       /* printable: control characters and invalid UTF-8 are escaped */
};

struct diagnostics {
	struct diagnostic *items;
	size_t count;
	size_t errors;	    /* how many of them are errors */
	bool out_of_memory; /* a problem could not be kept; counts as an error */
};

__attribute__((format(printf, 6, 7))) void diagnostics_add(struct diagnostics *diagnostics,
							   enum diagnostic_severity severity, const char *file,
							   unsigned line, unsigned column, const char *fmt, ...);

/* By file, line, column; stable. */
void diagnostics_sort(struct diagnostics *diagnostics);

/* Frees the items, not the struct itself; leaves it empty and usable. */
void diagnostics_clear(struct diagnostics *diagnostics);

/* Returns the candidate nearest to word, or NULL if none is near enough to be what was meant: at most one edit for
 * words up to four bytes, two for longer ones; a swap of neighbours is one edit. */
const char *diagnostics_suggest(const char *word, const char *const *candidates, size_t count);

#endif
