/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What verify found: a line a check for people, one document for programs. */
#ifndef BULKHEAD_VERIFY_PRINT_H
#define BULKHEAD_VERIFY_PRINT_H

#include "verify.h"

void verify_print(const struct verify *verify);
/* False: out of memory. */
bool verify_print_json(const struct verify *verify);

#endif
