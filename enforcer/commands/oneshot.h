/* SPDX-License-Identifier: GPL-2.0-or-later */
/* apply, plan and verify: ask the engine once, with the same code that the service follows it with. */
#ifndef BULKHEAD_ONESHOT_H
#define BULKHEAD_ONESHOT_H

#include "docker_client.h"
#include "docker_json.h"
#include "host.h"
#include "loop.h"
#include "reconcile.h"

/* What a service that runs, or ran last, knows and the engine does not tell: bridges that nobody claims, and which of
 * the host's sockets are its own.  For a reconciler that has no inventory yet. */
void oneshot_learn(const struct host *host, struct reconciler *reconciler);

/* A reconciler with the host's flows and the engine's inventory, ready for reconcile_everything.  The error says what
 * could not be reached.  observer, data: see reconciler_new.  *ret_refused: how many flow files were left out. */
int oneshot_prepare(struct host *host, reconcile_observer_fn *observer, void *data, struct reconciler **ret_reconciler,
		    size_t *ret_refused, struct error *err);

/* Asks the engine for everything, and waits for it; nothing else may be under way in the loop.  The inventory is the
 * caller's.  -EHOSTUNREACH: it does not answer as an engine; -ENXIO: it is rootless. */
int oneshot_ask(struct loop *loop, struct docker_client *client, struct inventory **ret_inventory,
		struct docker_info *ret_info, struct docker_version *ret_version, struct error *err);

/* Prints the sentences of reconcile_advise to stderr; reads the kernel for it. */
void oneshot_advise(const struct reconciler *reconciler);

#endif
