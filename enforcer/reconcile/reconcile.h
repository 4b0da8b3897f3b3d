/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one function that everything ends in: start, reconnect, reload, a flushed ruleset, a lost message and a container
 * start.  It compares what should be with what is and commits the difference; no difference, no write.
 */
#ifndef BULKHEAD_RECONCILE_H
#define BULKHEAD_RECONCILE_H

#include <stdbool.h>
#include <stdint.h>

#include "cleanup.h"
#include "compile.h"
#include "config.h"
#include "error.h"
#include "inventory.h"
#include "kernel.h"
#include "links.h"

struct reconcile_drift;

struct reconciler {
	const struct config *config; /* borrowed */
	struct flow_set *flows;
	struct binding *binding;
	struct inventory *inventory; /* NULL until the engine was heard */
	struct kernel *kernel;
	struct links *links;
	struct kernel_options options;
	/* Bridges that are closed until the engine tells what they are: the ones of the last run, and docker0. */
	char (*closed)[16];
	size_t closed_count;
	/* The bridges that there are, as long as somebody listens for changes: asking means waiting for a lock that the
	 * kernel may hold for seconds. */
	char (*bridges)[16];
	size_t bridge_count;
	bool bridges_known, bridges_followed;
	/* The kernel may not hold what the inventory compiles to: the next look is at everything. */
	bool doubtful;
	bool flags_refused; /* this kernel knows no owner and persist flags */
	/* Where our rule for the mark stands in Docker's chains, by family: if it is gone, somebody took it. */
	bool accept_stood[2];
	struct reconcile_drift *drift;
};

/* What others changed and was left as it is, because "repair" is false. */
struct reconcile_left {
	size_t lost, foreign;	     /* elements that are missing, or should not be there */
	enum kernel_install install; /* what of the tables would have to be written */
	bool docker[2];		     /* our rule in Docker's chain is gone */
};

/* The kernel's tables as they were in the end. */
struct reconcile_kernel {
	uint32_t flags, generation;
	bool owned, knows_bridge_names;
	enum kernel_docker_backend backend[2]; /* IPv4, IPv6 */
	size_t elements;
};

/* What one reconcile found and did. */
struct reconcile_report {
	bool full;	       /* the kernel was read, not taken from memory */
	bool changed;	       /* something was, or would be, committed */
	size_t added, removed; /* elements */
	enum kernel_install install;
	bool adopted; /* ownership of the table was taken: no change of policy */
	bool docker;  /* the rule for Docker's own drop was put in order */
	/* If full, by family: there is a chain that the rule belongs into; and it stood nowhere in it. */
	bool docker_wanted[2], docker_gone[2];
	struct reconcile_left left;	/* if full */
	struct reconcile_kernel kernel; /* if full */
	uint64_t work_ns;		/* our own work: compiling, comparing, encoding, and reading if full */
	uint64_t commit_ns;		/* the kernel's: the commit's system calls */
	uint64_t done_ns;		/* CLOCK_MONOTONIC when the commit was over */
};

/* Called with every difference before it is committed, for the log. */
typedef void reconcile_observer_fn(const struct policy_diff *diff, const struct reconcile_report *report, void *data);

/* Opens the kernel.  Takes the flow set, also on failure. own: the tables belong to this process (the service). */
int reconcile_new(const struct config *config, struct flow_set *flows, bool own, struct reconciler **ret_reconciler,
		  struct error *err);
/* Accepts NULL. */
void reconcile_free(struct reconciler *reconciler);
CLEANUP_DEFINE(reconciler, reconcile_free)

/* Takes note of the ports that there are, before the engine is asked who lives behind them: an answer counts only for
 * ports that were there before the question. */
int reconcile_look_at_ports(struct reconciler *reconciler, struct error *err);

/* From now on links_monitor is listened to, and reconcile_bridges_changed called when it tells of a change. */
void reconcile_follow_bridges(struct reconciler *reconciler);
void reconcile_bridges_changed(struct reconciler *reconciler);

/* New flows or a new configuration: everything is bound again.  Takes the flow set, also on failure. */
int reconcile_set_flows(struct reconciler *reconciler, const struct config *config, struct flow_set *flows,
			struct error *err);

/* The engine's word on everything.  Takes the inventory, also on failure. -ENXIO: the engine's bridges are not links of
 * this network namespace, so whatever we did would not be where its packets are. */
int reconcile_set_inventory(struct reconciler *reconciler, struct inventory *inventory, struct error *err);

/* The first managed network whose bridge was no link here when the engine's word was taken, or NULL. */
const struct network *reconcile_elsewhere(const struct reconciler *reconciler);

/* Everything: reads the kernel, commits the difference, and reads it back.  dry: only says what it would do.  Before
 * the first inventory: closes the bridges that are known from the last run, and leaves what the kernel holds.  Where
 * "repair" is false, what others changed since the last comparison is left, save after reconcile_set_flows. */
int reconcile_everything(struct reconciler *reconciler, bool dry, reconcile_observer_fn *observer, void *data,
			 struct reconcile_report *ret_report, struct error *err);

/* One network, or one container, is now like this (NULL: gone); takes it, also on failure.  Costs what the change
 * costs, not what the host holds; falls back to everything where that does not do. */
int reconcile_network(struct reconciler *reconciler, const char *id, struct network *network,
		      reconcile_observer_fn *observer, void *data, struct reconcile_report *ret_report,
		      struct error *err);
int reconcile_container(struct reconciler *reconciler, const char *id, struct container *container,
			reconcile_observer_fn *observer, void *data, struct reconcile_report *ret_report,
			struct error *err);

/* What a container publishes whenever it starts is this: `told` carries it, and nothing else of it counts.  Takes it,
 * also on failure.  Nothing is known of a container that the inventory does not hold. */
int reconcile_bindings(struct reconciler *reconciler, const char *id, struct container *told,
		       reconcile_observer_fn *observer, void *data, struct reconcile_report *ret_report,
		       struct error *err);
/* Whether its bindings should be asked for: before it is started (again) they have to be known. */
bool reconcile_lacks_bindings(const struct container *container);

/* The container's process has ended: it publishes nothing until it has started again. */
int reconcile_ended(struct reconciler *reconciler, const char *id, reconcile_observer_fn *observer, void *data,
		    struct reconcile_report *ret_report, struct error *err);

/* The bridges' ports are now like this: asks the links, and commits what that changes. */
int reconcile_ports(struct reconciler *reconciler, reconcile_observer_fn *observer, void *data,
		    struct reconcile_report *ret_report, struct error *err);

/* The managed networks with a port whose endpoint is not known: the engine should be asked who came.  say is called
 * with each network's id.  only_new: those that it has not been asked about since the port was there.  Returns how
 * many. */
size_t reconcile_unknown_ports(const struct reconciler *reconciler, bool only_new,
			       void (*say)(const char *id, void *data), void *data);

/* Flags of a table, NFT_TABLE_F_OWNER and NFT_TABLE_F_PERSIST. */
#define RECONCILE_FLAG_OWNER   0x2u
#define RECONCILE_FLAG_PERSIST 0x4u

/* Sentences about the host that an administrator has to act on for declared flows to work, given what the kernel
 * holds; say is called for each. */
void reconcile_advise(const struct reconciler *reconciler, const struct kernel_state *state,
		      void (*say)(const char *sentence, void *data), void *data);

#endif
