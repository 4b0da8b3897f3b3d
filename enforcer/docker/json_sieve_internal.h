/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of json_sieve: its state, and what becomes of the pieces that its reader finds. */
#ifndef BULKHEAD_JSON_SIEVE_INTERNAL_H
#define BULKHEAD_JSON_SIEVE_INTERNAL_H

#include <stdint.h>

#include "json_sieve.h"

#define DEPTH_MAX   64
#define STRING_MAX  256	 /* where a row says nothing else, and of numbers */
#define PART_ALWAYS 4096 /* counted bytes that each part may have, however many others have used */

enum state {
	STATE_VALUE,	   /* … */
	STATE_FIRST_VALUE, /* … or "]" */
	STATE_FIRST_NAME,  /* a member's name or "}" */
	STATE_NAME,
	STATE_COLON,
	STATE_NEXT, /* "," or the bracket's end */
	STATE_STRING,
	STATE_ESCAPE,
	STATE_HEX,
	STATE_WORD, /* a number, true, false, null */
	STATE_END,
	STATE_LOST, /* until the next newline */
};

struct buffer {
	char *bytes;
	size_t length, size;
};

/* Where an output was before something was written that may be taken back. */
struct mark {
	size_t length;
	bool wrote;
};

struct level {
	bool array, kept;
	bool wrote;    /* something stands in it already */
	bool met;      /* its required member is there, or it needs none */
	uint32_t rows; /* that its members may fit: as many segments as brackets are open have fitted so far */
	struct mark before;
};

struct json_sieve {
	const struct json_sieve_rules *rules;
	size_t limit;
	enum state state;
	struct level levels[DEPTH_MAX];
	size_t depth;
	struct buffer out, name, word;
	bool name_cut;
	/* The string or word that comes. */
	bool is_name, kept;
	size_t max, length, hex;
	uint32_t fits; /* rows whose whole path leads here */
	struct mark before;
	bool cut;	    /* of the current part */
	size_t part, all;   /* counted bytes */
	size_t certain, at; /* of the output; bytes read */
};

/* Each: 0, -EPROTO, -E2BIG or -ENOMEM, unless it says something else. */

/* One byte more than the text, for a terminator. */
int json_sieve_append(struct buffer *buffer, const char *bytes, size_t count, size_t limit);

int json_sieve_write_out(struct json_sieve *sieve, const char *bytes, size_t count);
struct level *json_sieve_top(struct json_sieve *sieve);
int json_sieve_open_bracket(struct json_sieve *sieve, bool array);
int json_sieve_close_bracket(struct json_sieve *sieve, bool array);
/* A member's name: as long as a row may want it. */
int json_sieve_begin_name(struct json_sieve *sieve);

/* A string or a word.  One in the place of an object or array is kept as well: it is there, and it is none. */
int json_sieve_begin_scalar(struct json_sieve *sieve, bool string);

/* More of the string, or word, as it came. */
int json_sieve_take(struct json_sieve *sieve, const char *bytes, size_t count);

int json_sieve_end_string(struct json_sieve *sieve);
int json_sieve_end_word(struct json_sieve *sieve);

#endif
