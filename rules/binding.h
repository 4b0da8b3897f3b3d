/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which containers a flow file's names stand for: a flow set prepared for matching, and each container's part in it. */
#ifndef BULKHEAD_BINDING_H
#define BULKHEAD_BINDING_H

#include "cleanup.h"
#include "flow.h"
#include "inventory.h"

/* All flows of all apps numbered, all names that they use resolved to criteria. */
struct binding;

/* What holds where an app's file says nothing: from the host's configuration. */
struct binding_defaults {
	enum flow_mode mode;
	struct flow_boundaries boundary; /* OPEN or DECLARED */
};

/* The binding borrows the flow set, which must outlive it.  NULL when out of memory. */
struct binding *binding_new(const struct flow_set *flows, const struct binding_defaults *defaults);
/* Accepts NULL. */
void binding_free(struct binding *binding);
CLEANUP_DEFINE(binding, binding_free)

/* What it was made with: what holds for a container that is not known yet, too. */
const struct binding_defaults *binding_defaults(const struct binding *binding);

/* Fills the container's flows, services, observed, boundary and unguarded from its identity.  0 or -ENOMEM, then it is
 * as it was. */
int binding_bind(const struct binding *binding, struct container *container);
/* All of them. */
int binding_bind_all(const struct binding *binding, struct inventory *inventory);

/* Which of the binding's names stand for the container, for binding_is_peer: the array is the caller's.  0 or -ENOMEM.
 */
int binding_match(const struct binding *binding, const struct container *container, bool **ret_matched);
/* Whether such a container is that peer of the flow: of its from, or of its to. */
bool binding_is_peer(const struct binding *binding, const bool *matched, uint32_t flow, bool from, size_t peer);

/* The flow of that number and its app.  Both are the flow set's. */
const struct flow *binding_flow(const struct binding *binding, uint32_t index, const struct flow_app **ret_app);

#endif
