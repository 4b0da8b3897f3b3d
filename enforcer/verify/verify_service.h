/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the group verify_datapath: who keeps it so, and since when. */
#ifndef BULKHEAD_VERIFY_SERVICE_H
#define BULKHEAD_VERIFY_SERVICE_H

#include "verify.h"

void verify_service_owner(struct verify *verify);
void verify_service_drift(struct verify *verify);

#endif
