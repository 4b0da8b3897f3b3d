/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Versions of engines, compared as numbers: 9.0 comes before 20.10, and 20.10.24+dfsg1 is 20.10.24. */
#ifndef BULKHEAD_ENGINE_VERSION_H
#define BULKHEAD_ENGINE_VERSION_H

#include <stdbool.h>

/* Whether it begins with a number: "24", "24.0", "28.5.2-rc.1", "v1.13".  Anything else cannot be compared. */
bool engine_version_valid(const char *version);

/* Below, at or above zero as a comes before, is the same as, or comes after b.  What is missing is 0, so 24 is 24.0.0.
 * "-rc.1" and "-beta.2", behind the numbers, come before the release; "+dfsg1", "-ce", "~debian" and the like do not
 * count. */
int engine_version_compare(const char *a, const char *b);

#endif
