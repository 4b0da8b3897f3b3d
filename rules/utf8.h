/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UTF-8, one code point at a time: what a person wrote must be text before it is parsed or printed. */
#ifndef BULKHEAD_UTF8_H
#define BULKHEAD_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_MAX 4 /* bytes of the longest code point */

/* Decodes the code point at text, of which length bytes may be read.  Returns how many bytes it takes, or 0 where they
 * are not valid UTF-8 (overlong forms, surrogates and what lies above U+10FFFF are not), or length is 0. */
size_t utf8_decode(const char *text, size_t length, uint32_t *ret_point);

/* Writes a code point up to U+10FFFF; returns how many bytes it took.  No terminator. */
size_t utf8_encode(uint32_t point, char text[UTF8_MAX]);

/* How many of at most `room` bytes of the text can be taken without cutting a code point in two.  What is no UTF-8
 * anyway is cut anywhere. */
size_t utf8_cut(const char *text, size_t room);

/* C0, DEL and C1: what is a command to a terminal. */
bool utf8_is_control(uint32_t point);

/* Somebody's megabyte of a key is no part of a sentence: longer texts are cut here. */
#define UTF8_PRINTABLE_MAX 1024
/* A copy in which every byte of what is not printable text is \xNN; control characters and those that reorder a line
 * are none.  Cut after UTF8_PRINTABLE_MAX bytes, and then ends in " ...".  NULL: out of memory. */
char *utf8_printable(const char *text, size_t length);

#endif
