/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who had his MAC first, as the kernel remembers it: its policy is older than this process. */
#include <string.h>

#include "inventory.h"
#include "policy.h"

/* The port, one of those with the endpoint's MAC, that the policy says it lives behind with that address; or NULL. */
static const struct port *find_place(const struct policy *policy, const struct endpoint *endpoint,
				     const struct address *address, const struct port *ports, size_t count)
{
	struct policy_record key = { .source = *address };

	if (!address->family)
		return NULL;
	key.set = policy_set_of(POLICY_TOPIC_PLACES, address->family);
	memcpy(key.mac, endpoint->mac, sizeof(key.mac));
	for (size_t i = 0; i < count; i++) {
		memcpy(key.link, ports[i].name, sizeof(key.link));
		if (policy_find(policy, &key))
			return &ports[i];
	}
	return NULL;
}

static void adopt(const struct inventory *inventory, const struct policy *policy, const struct network *network,
		  struct endpoint *endpoint)
{
	const struct port *first, *port;
	size_t count = inventory_ports_of(inventory, network->bridge, endpoint->mac, &first);

	port = find_place(policy, endpoint, &endpoint->ipv4, first, count);
	if (!port)
		port = find_place(policy, endpoint, &endpoint->ipv6, first, count);
	if (port && network_is_newer(network, port))
		endpoint->held = port->index;
}

void inventory_adopt(struct inventory *inventory, const struct policy *policy)
{
	for (size_t i = 0; i < inventory->network_count; i++) {
		struct network *network = inventory->networks[i];

		for (size_t j = 0; j < network->endpoint_count; j++) {
			if (!network->endpoints[j].held && !inventory_place(inventory, network, &network->endpoints[j]))
				adopt(inventory, policy, network, &network->endpoints[j]);
		}
	}
}
