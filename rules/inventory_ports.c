/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ports of bridges: which endpoint lives behind which port. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "inventory.h"

#define MAC_SIZE sizeof(((struct port *)0)->mac)

static int compare_places(const struct port *port, const char *bridge, const uint8_t mac[6])
{
	int order = strncmp(port->bridge, bridge, sizeof(port->bridge));

	return order ? order : memcmp(port->mac, mac, MAC_SIZE);
}

static int compare_ports(const void *a, const void *b)
{
	const struct port *x = a, *y = b;
	int order = compare_places(x, y->bridge, y->mac);

	return order ? order : strncmp(x->name, y->name, sizeof(x->name));
}

void inventory_sort_ports(struct port *ports, size_t count)
{
	if (count > 1)
		qsort(ports, count, sizeof(*ports), compare_ports);
}

static bool is_known(const uint8_t mac[6])
{
	static const uint8_t unknown[6];

	/* It is part of what its caller has. NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
	return memcmp(mac, unknown, sizeof(unknown)) != 0;
}

size_t inventory_ports_of(const struct inventory *inventory, const char *bridge, const uint8_t mac[6],
			  const struct port **ret_first)
{
	size_t low = 0, high = inventory->port_count, end;

	*ret_first = NULL;
	if (!is_known(mac))
		return 0;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_places(&inventory->ports[middle], bridge, mac) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; end < inventory->port_count && compare_places(&inventory->ports[end], bridge, mac) == 0;)
		end++;
	if (end > low)
		*ret_first = &inventory->ports[low];
	return end - low;
}

const struct port *inventory_port(const struct inventory *inventory, const char *bridge, const uint8_t mac[6])
{
	const struct port *first;

	return inventory_ports_of(inventory, bridge, mac, &first) == 1 ? first : NULL;
}

static bool has_twin(const struct network *network, const struct endpoint *endpoint)
{
	for (size_t i = 0; i < network->endpoint_count; i++) {
		if (&network->endpoints[i] != endpoint &&
		    memcmp(network->endpoints[i].mac, endpoint->mac, MAC_SIZE) == 0)
			return true;
	}
	return false;
}

const struct port *inventory_place(const struct inventory *inventory, const struct network *network,
				   const struct endpoint *endpoint)
{
	const struct port *first;
	size_t count = inventory_ports_of(inventory, network->bridge, endpoint->mac, &first);

	if (!first)
		return NULL;
	for (size_t i = 0; endpoint->held && i < count; i++) {
		if (first[i].index == endpoint->held)
			return &first[i];
	}
	return count == 1 && network_is_newer(network, first) && !has_twin(network, endpoint) ? first : NULL;
}

static void hold(const struct inventory *inventory, const struct network *network, struct endpoint *endpoint)
{
	const struct port *port = inventory_place(inventory, network, endpoint);

	endpoint->held = port ? port->index : 0;
}

void inventory_hold(struct inventory *inventory, const struct inventory_scope *scope)
{
	bool all = !scope || scope->all;

	for (size_t i = 0; !all && i < scope->count; i++) {
		struct network *network = inventory_network(inventory, scope->items[i].network);
		const struct endpoint *endpoint = network ? network_endpoint(network, scope->items[i].container) : NULL;

		if (endpoint)
			hold(inventory, network, &network->endpoints[endpoint - network->endpoints]);
	}
	for (size_t i = 0; all && i < inventory->network_count; i++) {
		struct network *network = inventory->networks[i];

		for (size_t j = 0; j < network->endpoint_count; j++)
			hold(inventory, network, &network->endpoints[j]);
	}
}

/* Adds every endpoint that may live behind the port. */
static int add_endpoints_at(const struct inventory *inventory, const struct port *port, struct inventory_scope *scope)
{
	int r = 0;

	if (!is_known(port->mac))
		return 0;
	for (size_t i = 0; i < inventory->network_count; i++) {
		const struct network *network = inventory->networks[i];

		if (strncmp(network->bridge, port->bridge, sizeof(port->bridge)) != 0)
			continue;
		for (size_t j = 0; r == 0 && j < network->endpoint_count; j++) {
			if (memcmp(network->endpoints[j].mac, port->mac, MAC_SIZE) == 0)
				r = inventory_scope_add(scope, network->id, network->endpoints[j].container);
		}
	}
	return r;
}

bool network_is_newer(const struct network *network, const struct port *port)
{
	return port->seen <= network->asked;
}

bool network_tells_of(const struct network *network, const uint8_t mac[6])
{
	for (size_t i = 0; is_known(mac) && i < network->endpoint_count; i++) {
		const struct endpoint *endpoint = &network->endpoints[i];

		if (memcmp(endpoint->mac, mac, MAC_SIZE) == 0 && !endpoint_is_ownerless(endpoint))
			return true;
	}
	return false;
}

int inventory_port_changes(const struct inventory *inventory, const struct port *ports, size_t count,
			   struct inventory_scope *scope)
{
	size_t i = 0, j = 0;
	int r = 0;

	while (r == 0 && (i < inventory->port_count || j < count)) {
		const struct port *a = i < inventory->port_count ? &inventory->ports[i] : NULL;
		const struct port *b = j < count ? &ports[j] : NULL;
		int order = !a ? 1 : !b ? -1 : compare_ports(a, b);

		/* One of both is there. NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
		if (order != 0 || memcmp(a->bridge_mac, b->bridge_mac, MAC_SIZE) != 0)
			r = add_endpoints_at(inventory, order < 0 ? a : b, scope);
		if (order <= 0)
			i++;
		if (order >= 0)
			j++;
	}
	return r;
}

int inventory_set_ports(struct inventory *inventory, struct port *ports, size_t count, struct inventory_scope *scope)
{
	int r = scope ? inventory_port_changes(inventory, ports, count, scope) : 0;

	if (r < 0)
		return r;
	free(inventory->ports);
	inventory->ports = ports;
	inventory->port_count = count;
	return 0;
}

void network_keep_places(struct network *network, const struct network *before)
{
	for (size_t i = 0; before && i < network->endpoint_count; i++) {
		struct endpoint *endpoint = &network->endpoints[i];
		const struct endpoint *was = network_endpoint(before, endpoint->container);

		if (was && memcmp(was->mac, endpoint->mac, MAC_SIZE) == 0 &&
		    address_compare(&was->ipv4, &endpoint->ipv4) == 0 &&
		    address_compare(&was->ipv6, &endpoint->ipv6) == 0)
			endpoint->held = was->held;
	}
}
