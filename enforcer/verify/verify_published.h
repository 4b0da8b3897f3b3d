/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ports that the engine opens for the whole world. */
#ifndef BULKHEAD_VERIFY_PUBLISHED_H
#define BULKHEAD_VERIFY_PUBLISHED_H

#include "verify.h"

/* Has the engine tell what it opens at containers' own addresses, on networks that it routes to: its list of
 * containers does so no more (29).  What it does not tell is found as such. */
void verify_published_ask(struct verify *verify);

/* published-any, of one container that runs. */
void verify_published(struct verify *verify, const struct container *container);

#endif
