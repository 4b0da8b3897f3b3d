/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Aligned columns for people. */
#ifndef BULKHEAD_TABLE_H
#define BULKHEAD_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cleanup.h"

struct table;

/* columns: headings; one that begins with '>' is aligned to the right (and loses the sign).  NULL when out of memory.
 */
struct table *table_new(const char *const *columns, size_t count);
/* Accepts NULL. */
void table_free(struct table *table);
CLEANUP_DEFINE(table, table_free)

/* As many cells as columns; they are copied.  0 or -ENOMEM. */
int table_row(struct table *table, const char *const *cells);

/* How wide the widest line is. */
size_t table_width(const struct table *table);

void table_print(const struct table *table, FILE *out);

/* The columns to print into: of the terminal, or $COLUMNS; 0 when out is no terminal and nothing says otherwise: then
 * lines may be as long as they are. */
size_t table_terminal_width(FILE *out);

/* "12", "1.2K", "34M": at most four characters up to 999 T. */
const char *table_amount(unsigned long long amount, char text[16]);

#endif
