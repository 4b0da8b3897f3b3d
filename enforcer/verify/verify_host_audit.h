/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the group verify_host: whether the files are watched, 1.1.3 to 1.1.18. */
#ifndef BULKHEAD_VERIFY_HOST_AUDIT_H
#define BULKHEAD_VERIFY_HOST_AUDIT_H

#include "engine_facts.h"
#include "verify.h"

void verify_host_audit(struct verify *verify, const struct engine_facts *facts);

#endif
