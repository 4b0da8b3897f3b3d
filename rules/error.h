/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors as values: every function that can fail returns 0 or a negative errno and fills a struct error
 * that its caller owns (usually on the stack).  Each level adds its context in front; the text is printed
 * once, at the top.
 */
#ifndef BULKHEAD_ERROR_H
#define BULKHEAD_ERROR_H

struct error {
	char text[1024];
};

/* Sets the text.  Returns code, so that `return error_set(err, -EINVAL, …)` reads as one sentence.
 * err may be NULL.  A text that is too long is cut, never inside a code point of UTF-8. */
__attribute__((format(printf, 3, 4))) int error_set(struct error *err, int code, const char *fmt, ...);

/* Puts "context: " in front of the text that is already there.  Returns code. */
__attribute__((format(printf, 3, 4))) int error_context(struct error *err, int code, const char *fmt, ...);

/* -ENOMEM with its text. */
int error_oom(struct error *err);

#endif
