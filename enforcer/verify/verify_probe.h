/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What --probe finds: packets sent, and not arrived. */
#ifndef BULKHEAD_VERIFY_PROBE_H
#define BULKHEAD_VERIFY_PROBE_H

#include "verify.h"

extern const struct verify_group verify_probe;

#endif
