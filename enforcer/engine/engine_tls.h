/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of the engine's TLS. */
#ifndef BULKHEAD_ENGINE_TLS_H
#define BULKHEAD_ENGINE_TLS_H

#include "engine_facts.h"

/* Which they are.  0 or -ENOMEM. */
int engine_tls_find(const char *root, struct engine_facts *facts);

/* Whether TLS is on. */
bool engine_tls_on(const struct engine_facts *facts);

#endif
