/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which containers a flow file's names stand for: a flow set prepared for matching, and each container's part in it. */
#ifndef BULKHEAD_BINDING_H
#define BULKHEAD_BINDING_H

#include "cleanup.h"
#include "flow.h"
#include "inventory.h"

/* All flows of all apps numbered, all names that they use resolved to criteria. */
struct binding;

/* The binding borrows the flow set, which must outlive it.  default_mode is the host's.  NULL when out of memory. */
struct binding *binding_new(const struct flow_set *flows, enum flow_mode default_mode);
/* Accepts NULL. */
void binding_free(struct binding *binding);
CLEANUP_DEFINE(binding, binding_free)

/* Fills the container's flows, services and observed from its identity.  0 or -ENOMEM, then it is as it was. */
int binding_bind(const struct binding *binding, struct container *container);
/* All of them. */
int binding_bind_all(const struct binding *binding, struct inventory *inventory);

/* The flow of that number and its app.  Both are the flow set's. */
const struct flow *binding_flow(const struct binding *binding, uint32_t index, const struct flow_app **ret_app);

#endif
