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

/* Reads everything from the kernel, commits the difference, and reads it back.  dry: only tells the observer what it
 * would do.  Before the first inventory it closes the bridges that are known from the last run, and leaves what the
 * kernel holds.  If "repair" is false, it leaves what others changed since the last comparison, except after
 * reconciler_set_flows. */
int reconcile_everything(struct reconciler *reconciler, const struct reconcile_cause *cause, bool dry,
			 struct reconcile_report *ret_report, struct error *err);

/* ---- One event ---- */
/* The cost of each of these depends on the change, not on the size of the host.  If the change alone cannot be told,
 * they look at everything. */

/* The network, or the container, is now like this (NULL: gone).  Takes it, also on failure. */
int reconcile_network(struct reconciler *reconciler, const char *id, struct network *network,
		      struct reconcile_report *ret_report, struct error *err);
int reconcile_container(struct reconciler *reconciler, const char *id, struct container *container,
			struct reconcile_report *ret_report, struct error *err);

/* The container will publish the bindings of `told` whenever it starts; nothing else of `told` counts.  Takes it, also
 * on failure.  Does nothing for a container that the inventory does not hold. */
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
