/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of the group verify_blind alone. */
#ifndef BULKHEAD_VERIFY_BLIND_H
#define BULKHEAD_VERIFY_BLIND_H

#include "verify.h"

/* Flows that open nothing: verify_flows.c. */
void verify_flows(struct verify *verify);

#endif
