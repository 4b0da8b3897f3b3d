/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one file that opens rtnetlink sockets: which bridges this network namespace has, and when one comes or goes. */
#ifndef BULKHEAD_LINKS_H
#define BULKHEAD_LINKS_H

#include <stdbool.h>
#include <stddef.h>

#include "cleanup.h"
#include "error.h"

struct links;

int links_open(struct links **ret_links, struct error *err);
/* Accepts NULL. */
void links_close(struct links *links);
CLEANUP_DEFINE(links, links_close)

/* The namespace's links of kind "bridge", from a fresh dump.  The array is the caller's. */
int links_bridges(struct links *links, char (**ret_names)[16], size_t *ret_count, struct error *err);

/* Opens the subscription; returns the fd or negative errno. */
int links_monitor(struct links *links, struct error *err);
/* Reads what is there.  *ret_changed: a bridge came or went, or messages were lost: dump again. */
int links_monitor_drain(struct links *links, bool *ret_changed, struct error *err);

#endif
