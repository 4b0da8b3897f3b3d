/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What reconcile asks of the host's links, and of the host besides. */
#ifndef BULKHEAD_RECONCILE_LINKS_H
#define BULKHEAD_RECONCILE_LINKS_H

#include "compile.h"
#include "reconcile.h"

/* The bridges that are closed or left alone besides those of the inventory.  To be cleared. */
int reconcile_links_collect(struct reconciler *reconciler, struct compile_links *ret_links, struct error *err);
void reconcile_links_clear(struct compile_links *links);

/* -ENXIO if managed networks have bridges that are not links of this network namespace. */
int reconcile_links_check(struct reconciler *reconciler, const struct inventory *inventory, struct error *err);

/* What the inventory needs to know of the host besides what the engine tells: ports, name servers, and which ports the
 * engine chooses from. */
int reconcile_links_look(struct reconciler *reconciler, const struct config *config, struct inventory *inventory,
			 struct error *err);

int reconcile_copy_policy(const struct policy *policy, struct policy **ret_copy, struct error *err);

#endif
