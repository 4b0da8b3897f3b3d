/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "published_ports.h"

#include <stdint.h>
#include <stdlib.h>

static int compare_numbers(unsigned a, unsigned b)
{
	return (a > b) - (a < b);
}

int published_port_compare(const struct published_port *a, const struct published_port *b)
{
	int order = address_compare(&a->address, &b->address);

	if (order == 0)
		order = compare_numbers(a->protocol, b->protocol);
	if (order == 0)
		order = compare_numbers(a->host_port, b->host_port);
	return order ? order : compare_numbers(a->container_port, b->container_port);
}

static int compare_entries(const void *a, const void *b)
{
	return published_port_compare(a, b);
}

void published_ports_sort(struct published_port *ports, size_t *count)
{
	size_t kept = 0;

	if (*count > 1)
		qsort(ports, *count, sizeof(*ports), compare_entries);
	for (size_t i = 0; i < *count; i++) {
		if (!kept || published_port_compare(&ports[kept - 1], &ports[i]) != 0)
			ports[kept++] = ports[i];
	}
	*count = kept;
}

bool published_port_is_any(const struct published_port *port)
{
	const struct address any = { .family = port->address.family };

	return address_compare(&port->address, &any) == 0;
}

/* The first port of the list that is not before `key`. */
static size_t first_from(const struct published_port *ports, size_t count, const struct published_port *key)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (published_port_compare(&ports[middle], key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool published_ports_hold(const struct published_port *ports, size_t count, const struct address *address,
			  const struct published_port *like)
{
	const struct published_port key = {
		.address = *address,
		.protocol = like->protocol,
		.host_port = like->host_port,
	};
	size_t at = first_from(ports, count, &key);

	return at < count && address_compare(&ports[at].address, address) == 0 &&
	       ports[at].protocol == like->protocol && ports[at].host_port == like->host_port;
}

/* The first port after those of the address at `at`. */
static size_t next_address(const struct published_port *ports, size_t count, size_t at)
{
	const struct published_port last = {
		.address = ports[at].address,
		.protocol = UINT8_MAX,
		.host_port = UINT16_MAX,
		.container_port = UINT16_MAX,
	};
	size_t next = first_from(ports, count, &last);

	return next < count && published_port_compare(&ports[next], &last) == 0 ? next + 1 : next;
}

bool published_ports_overlap(const struct published_port *a, size_t a_count, const struct published_port *b,
			     size_t b_count)
{
	/* Ports are published at few addresses, so each of b's is looked at in turn. */
	for (size_t at = 0; at < b_count; at = next_address(b, b_count, at)) {
		const struct address *address = &b[at].address;
		bool everywhere = published_port_is_any(&b[at]);

		for (size_t i = 0; i < a_count; i++) {
			if (a[i].address.family != address->family || (!everywhere && !published_port_is_any(&a[i]) &&
								       address_compare(&a[i].address, address) != 0))
				continue;
			if (published_ports_hold(b, b_count, address, &a[i]))
				return true;
		}
	}
	return false;
}
