/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of the group `engine`, and its test: what is said of facts, apart from how they were learnt. */
#ifndef BULKHEAD_VERIFY_ENGINE_INTERNAL_H
#define BULKHEAD_VERIFY_ENGINE_INTERNAL_H

#include "engine_facts.h"
#include "verify.h"

void verify_engine_judge(struct verify *verify, const struct engine_facts *facts);
void verify_engine_tls(struct verify *verify, const struct engine_facts *facts);

/* "--icc=false on its command line", `"icc": false in /etc/docker/daemon.json`: where it says so, for evidence. */
const char *verify_engine_where(const struct engine_facts *facts, bool command, char *text, size_t size);

#endif
