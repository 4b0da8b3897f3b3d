/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A strict reader for JSON that people write (RFC 8259, and comments), into a tree that knows where everything stood.
 *
 * It exists beside cJSON, which reads the engine's answers, because a file that decides who may reach whom needs what
 * cJSON does not give: the line and column of every value and key, and a refusal of duplicate keys and of anything
 * after the document.  Comments are // and / * … * /; a byte order mark at the start is skipped.
 */
#ifndef BULKHEAD_JSONC_H
#define BULKHEAD_JSONC_H

#include <stdbool.h>
#include <stddef.h>

#include "cleanup.h"
#include "diagnostics.h"

/* Arrays and objects may be nested so deep. */
#define JSONC_DEPTH_MAX 64

enum jsonc_type {
	JSONC_NULL,
	JSONC_BOOLEAN,
	JSONC_NUMBER,
	JSONC_STRING,
	JSONC_ARRAY,
	JSONC_OBJECT,
};

struct jsonc_member;

struct jsonc {
	enum jsonc_type type;
	unsigned line, column;	      /* of its first byte; from 1, columns count bytes */
	bool boolean;		      /* BOOLEAN */
	bool is_integer;	      /* NUMBER: neither fraction nor exponent */
	char *text;		      /* STRING: decoded, valid UTF-8 without NUL; NUMBER: as written; else NULL */
	struct jsonc *items;	      /* ARRAY */
	struct jsonc_member *members; /* OBJECT: as written, in that order */
	size_t count;		      /* of items or members */
};

struct jsonc_member {
	char *key;
	unsigned line, column; /* of the key */
	struct jsonc value;
};

/* Parses one document; text needs no terminator, and the caller limits its length.  Returns 0 and a tree that is the
 * caller's; -EINVAL after the first syntax error, which is in diagnostics; -ENOMEM.  Duplicate keys are errors in
 * diagnostics too, but the tree is returned, so that the file's other problems can be told in the same run. */
int jsonc_parse(const char *file, const char *text, size_t length, struct diagnostics *diagnostics,
		struct jsonc **ret_value);

/* Accepts NULL. */
void jsonc_free(struct jsonc *value);
CLEANUP_DEFINE(jsonc, jsonc_free)

/* The (first) value of that key, or NULL; NULL too if value is no object. */
const struct jsonc *jsonc_get(const struct jsonc *value, const char *key);

/* "a string", "an object", …: for messages. */
const char *jsonc_type_name(enum jsonc_type type);

#endif
