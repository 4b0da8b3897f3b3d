/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the group verify_blind: flows that open nothing. */
#ifndef BULKHEAD_VERIFY_FLOWS_H
#define BULKHEAD_VERIFY_FLOWS_H

#include "verify.h"

void verify_flows(struct verify *verify);

#endif
