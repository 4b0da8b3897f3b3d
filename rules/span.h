/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Protocols and ports from a first to a last one, both included. */
#ifndef BULKHEAD_SPAN_H
#define BULKHEAD_SPAN_H

#include <stdbool.h>
#include <stdint.h>

struct span {
	uint8_t protocol_first, protocol_last;
	uint16_t port_first, port_last; /* host byte order */
};

/* One protocol, and its ports from first to last. */
struct span span_of(uint8_t protocol, uint16_t first, uint16_t last);

/* Whether it is one port of one protocol. */
bool span_is_one(const struct span *span);

/* Whether it has that port of that protocol. */
bool span_has(const struct span *span, unsigned protocol, unsigned port);

/* Whether the two have a port of a protocol in common. */
bool span_meets(const struct span *a, const struct span *b);

/* Orders by protocols, then ports: <0, 0, >0. */
int span_compare(const struct span *a, const struct span *b);

#endif
