/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "span.h"

struct span span_of(uint8_t protocol, uint16_t first, uint16_t last)
{
	return (struct span){
		.protocol_first = protocol,
		.protocol_last = protocol,
		.port_first = first,
		.port_last = last,
	};
}

bool span_is_one(const struct span *span)
{
	return span->protocol_first == span->protocol_last && span->port_first == span->port_last;
}

bool span_has(const struct span *span, unsigned protocol, unsigned port)
{
	return span->protocol_first <= protocol && protocol <= span->protocol_last && span->port_first <= port &&
	       port <= span->port_last;
}

bool span_meets(const struct span *a, const struct span *b)
{
	return a->protocol_first <= b->protocol_last && b->protocol_first <= a->protocol_last &&
	       a->port_first <= b->port_last && b->port_first <= a->port_last;
}

static int compare(unsigned a, unsigned b)
{
	return a < b ? -1 : a > b;
}

int span_compare(const struct span *a, const struct span *b)
{
	int order = compare(a->protocol_first, b->protocol_first);

	if (!order)
		order = compare(a->protocol_last, b->protocol_last);
	if (!order)
		order = compare(a->port_first, b->port_first);
	if (!order)
		order = compare(a->port_last, b->port_last);
	return order;
}
