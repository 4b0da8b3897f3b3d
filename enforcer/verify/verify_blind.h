/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What no rule here can see. */
#ifndef BULKHEAD_VERIFY_BLIND_H
#define BULKHEAD_VERIFY_BLIND_H

#include "verify.h"

extern const struct verify_group verify_blind;

#endif
