/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one function that everything ends in: start, reconnect, reload, a flushed ruleset, a lost message and a container
 * start.  It compares what should be with what is and commits the difference; no difference, no write.
 */
#ifndef BULKHEAD_RECONCILE_H
#define BULKHEAD_RECONCILE_H

#include <stdbool.h>

#include "error.h"
#include "inventory.h"
#include "reconcile_report.h"
#include "reconciler.h"

/* Everything: reads the kernel, commits the difference, and reads it back.  dry: only says what it would do.  Before
 * the first inventory: closes the bridges that are known from the last run, and leaves what the kernel holds.  Where
 * "repair" is false, what others changed since the last comparison is left, save after reconciler_set_flows. */
int reconcile_everything(struct reconciler *reconciler, const struct reconcile_cause *cause, bool dry,
			 struct reconcile_report *ret_report, struct error *err);

/* ---- One event ---- */
/* Each of these costs what the change costs, not what the host holds, and looks at everything where that does not do.
 */

/* The network, or the container, is now like this (NULL: gone).  Takes it, also on failure. */
int reconcile_network(struct reconciler *reconciler, const char *id, struct network *network,
		      struct reconcile_report *ret_report, struct error *err);
int reconcile_container(struct reconciler *reconciler, const char *id, struct container *container,
			struct reconcile_report *ret_report, struct error *err);

/* The container publishes this whenever it starts: nothing but the bindings of `told` counts.  Takes it, also on
 * failure.  A container that the inventory does not hold is left out. */
int reconcile_bindings(struct reconciler *reconciler, const char *id, struct container *told,
		       struct reconcile_report *ret_report, struct error *err);
/* Whether its bindings should be asked for: they have to be known before it is started (again). */
bool reconcile_lacks_bindings(const struct container *container);

/* The container's process has ended: it publishes nothing until it has started again. */
int reconcile_ended(struct reconciler *reconciler, const char *id, struct reconcile_report *ret_report,
		    struct error *err);

/* The bridges' ports have changed: asks the links for all of them, and commits what that changes. */
int reconcile_ports(struct reconciler *reconciler, struct reconcile_report *ret_report, struct error *err);

/* ---- Advice ---- */

/* What an administrator has to do on the host for declared flows to work: say is called with each sentence.  Reads the
 * kernel for it. */
int reconcile_advise(const struct reconciler *reconciler, void (*say)(const char *sentence, void *data), void *data,
		     struct error *err);

#endif
