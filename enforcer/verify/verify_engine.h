/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engine's own settings. */
#ifndef BULKHEAD_VERIFY_ENGINE_H
#define BULKHEAD_VERIFY_ENGINE_H

#include "engine_facts.h"
#include "verify.h"

extern const struct verify_group verify_engine;

/* What is said of facts, apart from how they were learnt. */
void verify_engine_judge(struct verify *verify, const struct engine_facts *facts);

#endif
