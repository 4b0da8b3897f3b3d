/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses for the live probe's endpoints: of the network's own subnet, and nobody's. */
#ifndef BULKHEAD_PROBE_ADDRESSES_H
#define BULKHEAD_PROBE_ADDRESSES_H

#include "error.h"
#include "inventory.h"
#include "probe_endpoints.h"

/*
 * Fills in the addresses of each place that works.  The subnet is that of the bridge's own address; where it has none
 * of the family, that from which the engine gives the network's containers their addresses.  The engine gives addresses
 * away from the beginning of a subnet, so these are from its end, are no endpoint's and none of the host's, and nobody
 * on the bridge says within a tenth of a second that they are his.  Where a subnet has no two of the kind, or no IPv4
 * subnet is known, they are of those that documentation uses (RFC 5737, RFC 3849), which nobody has anywhere, and that
 * is noted: rules may be about the network's own.  IPv6 addresses only where there is a subnet beside the link-local
 * one.
 */
int probe_addresses_choose(const struct inventory *inventory, struct probe_endpoints *endpoints, struct error *err);

#endif
