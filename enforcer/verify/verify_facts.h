/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of the engine and its host, learnt once for all groups of checks. */
#ifndef BULKHEAD_VERIFY_FACTS_H
#define BULKHEAD_VERIFY_FACTS_H

#include "engine_facts.h"
#include "verify.h"

/* Asks the engine and looks at its host when the first group asks, and returns the same facts to every group after it.
 * What could not be learnt is a problem in them.  They are verify's own.  NULL: out of memory, which is noted. */
const struct engine_facts *verify_facts_of(struct verify *verify);

/* A group's way: has the group judge them. */
void verify_facts_judge(struct verify *verify, void (*judge)(struct verify *, const struct engine_facts *));

#endif
