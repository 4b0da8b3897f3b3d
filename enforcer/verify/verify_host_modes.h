/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the group verify_host: whose the files are and who may do what with them, section 3. */
#ifndef BULKHEAD_VERIFY_HOST_MODES_H
#define BULKHEAD_VERIFY_HOST_MODES_H

#include "engine_facts.h"
#include "verify.h"

void verify_host_modes(struct verify *verify, const struct engine_facts *facts);

#endif
