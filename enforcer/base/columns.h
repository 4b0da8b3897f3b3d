/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Aligned columns for people. */
#ifndef BULKHEAD_COLUMNS_H
#define BULKHEAD_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cleanup.h"

struct columns;

/* headings: a column is aligned to the right if its heading begins with '>', which is not printed.  NULL when out of
 * memory. */
struct columns *columns_new(const char *const *headings, size_t count);
/* Accepts NULL. */
void columns_free(struct columns *columns);
CLEANUP_DEFINE(columns, columns_free)

/* Copies as many cells as there are columns.  0 or -ENOMEM. */
int columns_row(struct columns *columns, const char *const *cells);

/* The width of the widest line. */
size_t columns_width(const struct columns *columns);

void columns_print(const struct columns *columns, FILE *out);

/* The width to print into: the terminal's, or $COLUMNS.  0 if out is no terminal and $COLUMNS is not set: lines may
 * have any length. */
size_t columns_terminal_width(FILE *out);

/* "12", "1.2K", "34M": at most four characters up to 999 T. */
const char *columns_amount(unsigned long long amount, char text[16]);

#endif
