/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ICC, network by network. */
#ifndef BULKHEAD_VERIFY_ICC_H
#define BULKHEAD_VERIFY_ICC_H

#include "verify.h"

extern const struct verify_group verify_icc;

#endif
