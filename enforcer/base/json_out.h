/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --json: one document on stdout. */
#ifndef BULKHEAD_JSON_OUT_H
#define BULKHEAD_JSON_OUT_H

#include <stdbool.h>

struct cJSON;

/* Prints the document, and deletes it in any case.  complete: whether all of it could be built; cJSON's builders return
 * NULL when out of memory.  0 or -ENOMEM; output_close tells whether it was written. */
int json_out_print(struct cJSON *document, bool complete);

#endif
