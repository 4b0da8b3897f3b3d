/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of this room alone: the reconciler's state. */
#ifndef BULKHEAD_RECONCILE_STATE_H
#define BULKHEAD_RECONCILE_STATE_H

#include "binding.h"
#include "config.h"
#include "links.h"
#include "reconcile_bridges.h"
#include "reconcile_sockets.h"
#include "reconcile_drift.h"

struct reconciler {
	const struct config *config; /* borrowed */
	reconcile_observer_fn *observer;
	void *observer_data;
	struct flow_set *flows;
	struct binding *binding;
	struct inventory *inventory; /* NULL until the engine was heard */
	struct kernel *kernel;
	struct links *links;
	struct kernel_options options;
	/* Bridges that are closed until the engine tells what they are: those of the last run, and docker0. */
	char (*closed)[16];
	size_t closed_count;
	/* The bridges of this network namespace.  They are kept while somebody listens for changes: the kernel may keep
	 * a question waiting for seconds. */
	char (*bridges)[16];
	size_t bridge_count;
	bool bridges_known, bridges_followed;
	struct reconcile_bridges whose; /* they are */
	struct reconcile_sockets sockets;
	/* The kernel may not hold what the inventory compiles to: the next comparison looks at everything. */
	bool doubtful;
	bool flags_refused; /* this kernel knows no owner and persist flags */
	/* By family: our rule for the mark stood in Docker's chain after the last look.  If it is gone, somebody took
	 * it out. */
	bool accept_stood[2];
	struct reconcile_drift drift;
};

#endif
