/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Aligned columns for people. */
#ifndef BULKHEAD_TABLE_H
#define BULKHEAD_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cleanup.h"

struct table;

/* headings: a column is aligned to the right if its heading begins with '>', which is not printed.  NULL when out of
 * memory. */
struct table *table_new(const char *const *columns, size_t count);
/* Accepts NULL. */
void table_free(struct table *table);
CLEANUP_DEFINE(table, table_free)

/* Copies as many cells as there are columns.  0 or -ENOMEM. */
int table_row(struct table *table, const char *const *cells);

/* The width of the widest line. */
size_t table_width(const struct table *table);

void table_print(const struct table *table, FILE *out);

/* The width to print into: the terminal's, or $COLUMNS.  0 if out is no terminal and $COLUMNS is not set: lines may
 * have any length. */
size_t table_terminal_width(FILE *out);

/* "12", "1.2K", "34M": at most four characters up to 999 T. */
const char *table_amount(unsigned long long amount, char text[16]);

#endif
