/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What reconcile works with from one call to the next: the flow files, what the engine told, the open sockets. */
#ifndef BULKHEAD_RECONCILER_H
#define BULKHEAD_RECONCILER_H

#include <stdbool.h>
#include <stddef.h>

#include "binding.h"
#include "cleanup.h"
#include "config.h"
#include "error.h"
#include "inventory.h"
#include "kernel.h"
#include "links.h"
#include "reconcile_report.h"

struct reconciler;

/* Opens the kernel.  Takes the flow set, also on failure, and borrows the configuration.  own: the tables belong to
 * this process (the service).  The observer may be NULL. */
int reconciler_new(const struct config *config, struct flow_set *flows, bool own, reconcile_observer_fn *observer,
		   void *data, struct reconciler **ret_reconciler, struct error *err);
/* Accepts NULL. */
void reconciler_free(struct reconciler *reconciler);
CLEANUP_DEFINE(reconciler, reconciler_free)

/* New flows or a new configuration: everything is bound again.  Takes the flow set, also on failure. */
int reconciler_set_flows(struct reconciler *reconciler, const struct config *config, struct flow_set *flows,
			 struct error *err);

/* Everything that the engine tells.  Takes the inventory, also on failure.  -ENXIO: the engine's bridges are not links
 * of this network namespace, so its packets are not seen here. */
int reconciler_set_inventory(struct reconciler *reconciler, struct inventory *inventory, struct error *err);

/* These bridges are closed until the engine is heard: those of the last run.  Takes the array. */
void reconciler_set_closed(struct reconciler *reconciler, char (*bridges)[16], size_t count);

/* What the reconciler knows.  It owns all of it; pointers are good until the next call that changes it. */
const struct flow_set *reconciler_flows(const struct reconciler *reconciler);
const struct binding *reconciler_binding(const struct reconciler *reconciler);
/* NULL until the engine was heard. */
const struct inventory *reconciler_inventory(const struct reconciler *reconciler);
/* The bridges of this network namespace when they were last looked at. */
void reconciler_bridges(const struct reconciler *reconciler, char (**ret_names)[16], size_t *ret_count);
/* The kernel may not hold what the inventory compiles to, for instance after a transaction that failed: the next
 * comparison looks at everything. */
bool reconciler_is_doubtful(const struct reconciler *reconciler);

/* The sockets, for those who listen to their news. */
struct kernel *reconciler_kernel(const struct reconciler *reconciler);
struct links *reconciler_links(const struct reconciler *reconciler);

/* kernel_read with the reconciler's socket and options. */
int reconciler_read_kernel(const struct reconciler *reconciler, struct kernel_state *ret_state, struct error *err);

#endif
