/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ports that the engine opens for the whole world. */
#ifndef BULKHEAD_VERIFY_PUBLISHED_H
#define BULKHEAD_VERIFY_PUBLISHED_H

#include "verify.h"

/* published-any, of one container that runs. */
void verify_published(struct verify *verify, const struct container *container);

#endif
