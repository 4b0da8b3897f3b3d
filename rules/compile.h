/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Flows and inventory to the policy: pure, and the same whether it is asked for the whole host or for what one event
 * touched.
 */
#ifndef BULKHEAD_COMPILE_H
#define BULKHEAD_COMPILE_H

#include "binding.h"
#include "error.h"
#include "inventory.h"
#include "policy.h"

/* What records of closed bridges say. */
#define COMPILE_CLOSED_COMMENT "closed: its network is not known yet"

/* Bridges that are closed or left alone besides those of the inventory's networks. */
struct compile_links {
	char (*closed)[16]; /* managed though no network of the inventory stands behind them (boot, a new bridge) */
	size_t closed_count;
	char (*foreign)[16]; /* named like Docker's (br-…), but not Docker's or not managed */
	size_t foreign_count;
};

/* The whole host's policy.  links may be NULL.  0 or -ENOMEM. */
int compile_all(const struct binding *binding, const struct inventory *inventory, const struct compile_links *links,
		struct policy **ret_policy, struct error *err);

/* Only the records that concern the scope's endpoints: their own, every flow from and to them, what their containers
 * publish on the host, and every way over the host from and to them; and those that are of no endpoint alone
 * (UNSETTLED).  An endpoint that the inventory does not hold yields nothing but its container's.  scope->all must not
 * be set. */
int compile_scope(const struct binding *binding, const struct inventory *inventory, const struct inventory_scope *scope,
		  struct policy **ret_policy, struct error *err);

#endif
