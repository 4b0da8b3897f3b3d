/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A JSON text that comes in pieces, reduced to what somebody wants to know of it: what nobody asked for is read past
 * and never kept, however long it is.  What comes out is JSON again, and small.  Pure.
 *
 * Written here because no library of Debian's does it within bounds: yajl keeps every string whole before it tells of
 * it, json-c's tokener builds the whole document.
 */
#ifndef BULKHEAD_JSON_SIEVE_H
#define BULKHEAD_JSON_SIEVE_H

#include <stdbool.h>
#include <stddef.h>

#include "cleanup.h"
#include "error.h"

/* A value that is kept.  Its path has a segment for each step, with slashes between them: a member's name, "*" for any
 * member, "[]" for any element of an array: "[]/Ports/[]/IP".  On the way to it objects and arrays keep their shape. */
struct json_sieve_row {
	const char *path;
	size_t max;    /* the longest string, in bytes as they came; 0 for 256.  A longer one is left out: see below */
	bool required; /* an object without this member is left out */
	bool counted;  /* counts, with its name, for rules->part_max */
};

#define JSON_SIEVE_ROWS_MAX 32

struct json_sieve_rules {
	const struct json_sieve_row *rows;
	size_t count; /* at most JSON_SIEVE_ROWS_MAX */
	/* Of a root that is an array the parts are its elements, of any other it is itself the part. */
	size_t part_max; /* bytes that counted rows may take of one part, … */
	size_t all_max;	 /* … and of all: once they are used up only parts with few of them get more */
	bool many;	 /* one value after the other, each a line of what comes out */
};

/* A member that a part has in what comes out if anything wanted was left out of it, because it was too long. */
#define JSON_SIEVE_CUT "bulkhead.cut"

struct json_sieve;

/* Borrows the rules.  limit: of what is kept at a time, in bytes.  NULL when out of memory. */
struct json_sieve *json_sieve_new(const struct json_sieve_rules *rules, size_t limit);
/* Accepts NULL. */
void json_sieve_free(struct json_sieve *sieve);
CLEANUP_DEFINE(json_sieve, json_sieve_free)

/* The next piece.  -EPROTO: it is no JSON; -E2BIG: what is to be kept is longer than the limit; -ENOMEM.  What comes
 * after an error is of no use, save with `many`: the reader of lines is told "{}" in the place of one that is no JSON,
 * and what comes after the next newline counts again. */
int json_sieve_feed(struct json_sieve *sieve, const char *bytes, size_t count, struct error *err);

/* Nothing more comes.  -EPROTO if the text is not whole. */
int json_sieve_end(struct json_sieve *sieve, struct error *err);

/* What has come out and is certain: of `many` whole lines, at any time; else everything, after json_sieve_end.  After
 * that it has a NUL at its end.  Valid until the next call; json_sieve_forget makes room. */
const char *json_sieve_text(const struct json_sieve *sieve, size_t *ret_length);
void json_sieve_forget(struct json_sieve *sieve);

#endif
