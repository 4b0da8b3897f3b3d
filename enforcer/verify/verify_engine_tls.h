/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the group verify_engine: who may speak to the engine over TCP. */
#ifndef BULKHEAD_VERIFY_ENGINE_TLS_H
#define BULKHEAD_VERIFY_ENGINE_TLS_H

#include "engine_facts.h"
#include "verify.h"

void verify_engine_tls(struct verify *verify, const struct engine_facts *facts);

#endif
