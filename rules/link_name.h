/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of links, as the engine and our own files tell them. */
#ifndef BULKHEAD_LINK_NAME_H
#define BULKHEAD_LINK_NAME_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the kernel takes the first length bytes as a link's name (dev_valid_name): bytes, of which few are refused.
 */
bool link_name_valid(const char *name, size_t length);

#endif
