/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the engine's host tells of it. */
#ifndef BULKHEAD_ENGINE_READ_H
#define BULKHEAD_ENGINE_READ_H

#include "engine_facts.h"

/* Beneath root, of the engine whose data are where facts->api.root_dir says, where that is known.  facts->api and peer
 * are the caller's to fill before, and nothing else.  0 or -ENOMEM. */
int engine_read_host(const char *root, struct engine_facts *facts);

#endif
