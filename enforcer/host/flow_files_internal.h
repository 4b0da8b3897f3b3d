/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of flow_files. */
#ifndef BULKHEAD_FLOW_FILES_INTERNAL_H
#define BULKHEAD_FLOW_FILES_INTERNAL_H

#include "flow_files.h"

/* The order of a set: by the names of its apps. */
void flow_files_sort(struct flow_set *set);

#endif
