/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a JSON tree to typed values: what flow files and the configuration share.  Each function says in diagnostics
 * what is wrong, at the place of what is wrong, and lets its caller go on with the rest of the file.
 */
#ifndef BULKHEAD_JSONC_CHECK_H
#define BULKHEAD_JSONC_CHECK_H

#include "jsonc.h"

/* So many errors of one file are told; more help nobody. */
#define JSONC_CHECK_ERRORS_MAX 1000

struct jsonc_check {
	const char *file;
	struct diagnostics *diagnostics;
	size_t errors; /* of this file, after parsing */
};

__attribute__((format(printf, 4, 5))) void jsonc_check_error(struct jsonc_check *check, unsigned line, unsigned column,
							     const char *fmt, ...);
__attribute__((format(printf, 4, 5))) void jsonc_check_warning(struct jsonc_check *check, unsigned line,
							       unsigned column, const char *fmt, ...);
/* At the value's place. */
#define jsonc_check_error_at(check, value, ...) jsonc_check_error(check, (value)->line, (value)->column, __VA_ARGS__)

/* "WHAT must be a string, not a number" unless it is.  what: `"mode"` or `a flow`, with its quotes. */
bool jsonc_check_type(struct jsonc_check *check, const struct jsonc *value, const char *what, enum jsonc_type type);

/* A string without control characters, not empty unless allow_empty; borrowed from the tree.  NULL after an error. */
const char *jsonc_check_text(struct jsonc_check *check, const struct jsonc *value, const char *what, bool allow_empty);

/* The index of a string among choices, or -1 after an error that lists them. */
int jsonc_check_choice(struct jsonc_check *check, const struct jsonc *value, const char *what,
		       const char *const *choices, size_t count);

struct jsonc_field {
	const char *key;
	const struct jsonc **ret_value; /* set to the value, or left alone where the key is absent */
};
/* Hands out an object's members.  A key that is none of the fields is an error; so is a value that is no object, and
 * then the return is false. */
bool jsonc_check_object(struct jsonc_check *check, const struct jsonc *value, const char *what,
			const struct jsonc_field *fields, size_t count);

/* An entry of a list, and what it means. */
struct jsonc_entry {
	const struct jsonc *written;
	const void *meaning;
};
typedef int jsonc_compare_fn(const void *a, const void *b);
/* Reports every entry whose meaning an earlier one had already; sorts the entries.  For lists of strings it is an
 * error; `what` (or NULL) makes it a warning about that.  */
void jsonc_check_duplicates(struct jsonc_check *check, const char *what, struct jsonc_entry *entries, size_t count,
			    jsonc_compare_fn *compare);

#endif
