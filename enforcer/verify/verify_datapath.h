/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the protection is real. */
#ifndef BULKHEAD_VERIFY_DATAPATH_H
#define BULKHEAD_VERIFY_DATAPATH_H

#include "verify.h"

extern const struct verify_group verify_datapath;

#endif
