/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of published ports, sorted as containers hold them: searches cost the logarithm of the list. */
#ifndef BULKHEAD_PUBLISHED_PORTS_H
#define BULKHEAD_PUBLISHED_PORTS_H

#include <stdbool.h>
#include <stddef.h>

#include "inventory.h"

/* Orders by address, protocol, port of the host, port of the container: <0, 0, >0. */
int published_port_compare(const struct published_port *a, const struct published_port *b);

/* Sorts the list and keeps each port once; *count becomes how many are left. */
void published_ports_sort(struct published_port *ports, size_t *count);

/* Whether the address stands for every address of its family. */
bool published_port_is_any(const struct published_port *port);

/* Whether the sorted list holds the port of the host that `like` names at that very address. */
bool published_ports_hold(const struct published_port *ports, size_t count, const struct address *address,
			  const struct published_port *like);

/* Whether two sorted lists share a port of the host: at one address, or one of them at every address. */
bool published_ports_overlap(const struct published_port *a, size_t a_count, const struct published_port *b,
			     size_t b_count);

#endif
