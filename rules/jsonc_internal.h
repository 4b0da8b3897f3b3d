/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of a run of jsonc_parse; private to jsonc.c and jsonc_scalar.c. */
#ifndef BULKHEAD_JSONC_INTERNAL_H
#define BULKHEAD_JSONC_INTERNAL_H

#include "jsonc.h"

struct jsonc_parser {
	const char *file;
	struct diagnostics *diagnostics;
	const char *at, *end; /* what is left; valid UTF-8 without NUL */
	const char *line_start;
	unsigned line;
	unsigned depth;
};

/* A place to come back to in a message. */
struct jsonc_place {
	unsigned line, column;
};

static inline struct jsonc_place jsonc_here(const struct jsonc_parser *parser)
{
	return (struct jsonc_place){ parser->line, (unsigned)(parser->at - parser->line_start) + 1 };
}

/* -EINVAL.  One syntax error per file: what follows it would only be guessed. */
#define jsonc_syntax_error(parser, where, ...)                                                                         \
	({                                                                                                             \
		struct jsonc_place place_ = (where);                                                                   \
		diagnostics_add((parser)->diagnostics, DIAGNOSTIC_ERROR, (parser)->file, place_.line, place_.column,   \
				__VA_ARGS__);                                                                          \
		-EINVAL;                                                                                               \
	})

/* The parser stands at the opening quote; afterwards behind the closing one.  The text is the caller's. */
int jsonc_parse_string(struct jsonc_parser *parser, char **ret_text);

/* Whether a number or a word can begin with, or go on with, c. */
bool jsonc_is_word(char c);

/* A number, true, false or null: all that stands without quotes.  Sets all but the place. */
int jsonc_parse_word(struct jsonc_parser *parser, struct jsonc *ret_value);

#endif
