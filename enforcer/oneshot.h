/* SPDX-License-Identifier: GPL-2.0-or-later */
/* apply and plan: ask the engine once, with the same code that the service follows it with. */
#ifndef BULKHEAD_ONESHOT_H
#define BULKHEAD_ONESHOT_H

#include "host.h"
#include "reconcile.h"

/* A reconciler with the host's flows and the engine's inventory, ready for reconcile_everything.  The error says what
 * could not be reached. *ret_refused: how many flow files were left out. */
int oneshot_prepare(struct host *host, struct reconciler **ret_reconciler, size_t *ret_refused, struct error *err);

/* Prints the sentences of reconcile_advise to stderr; reads the kernel for it. */
void oneshot_advise(struct reconciler *reconciler);

#endif
