/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks rtnetlink: which bridges this network namespace has, which ports they have, who is behind each port, and when
 * that changes. */
#ifndef BULKHEAD_LINKS_H
#define BULKHEAD_LINKS_H

#include <stdbool.h>
#include <stddef.h>

#include "cleanup.h"
#include "error.h"
#include "inventory.h"

struct links;

int links_open(struct links **ret_links, struct error *err);
/* Accepts NULL. */
void links_close(struct links *links);
CLEANUP_DEFINE(links, links_close)

/* The namespace's links of kind "bridge", from a fresh dump.  The array is the caller's. */
int links_bridges(struct links *links, char (**ret_names)[16], size_t *ret_count, struct error *err);

/* The index of a bridge that links_bridges has told; 0 if it is none.  Its name may be another bridge's by now. */
int links_bridge_index(const struct links *links, const char *name);

/* The ports of all bridges, each with its peer's MAC, in the order of an inventory.  The first call dumps; later calls
 * answer from the subscription, unless it lost messages.  The array is the caller's. */
int links_ports(struct links *links, struct port **ret_ports, size_t *ret_count, struct error *err);

/* Opens the subscription; returns the fd or negative errno. */
int links_monitor(struct links *links, struct error *err);

struct links_news {
	bool bridges; /* a bridge came, went or was renamed, or messages were lost: dump again */
	bool ports; /* a port came, went or changed its bridge or name, or its peer's MAC changed, or messages were lost
		     */
};
/* Reads the messages that are there. */
int links_monitor_drain(struct links *links, struct links_news *ret_news, struct error *err);

#endif
