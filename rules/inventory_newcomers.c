/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Endpoints that the engine has made for containers that it is only starting. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "inventory.h"

#define KEY_PREFIX     "ep-"
#define GATEWAY_BRIDGE "docker_gwbridge"
#define GATEWAY_PREFIX "gateway_"

static bool begins(const char *text, const char *prefix)
{
	return text && strncmp(text, prefix, strlen(prefix)) == 0;
}

bool endpoint_is_ownerless(const struct endpoint *endpoint)
{
	return begins(endpoint->container, KEY_PREFIX);
}

bool endpoint_is_newcomer(const struct network *network, const struct endpoint *endpoint)
{
	return endpoint_is_ownerless(endpoint) &&
	       !(strcmp(network->name, GATEWAY_BRIDGE) == 0 && begins(endpoint->name, GATEWAY_PREFIX));
}

/* The only container of that name: an engine gives no name twice, but may take it from one and give it to another. */
static const struct container *find_named(const struct inventory *inventory, const char *name)
{
	const struct container *found = NULL;

	for (size_t i = 0; name && name[0] && i < inventory->container_count; i++) {
		const struct container *container = inventory->containers[i];

		if (!container->name || strcmp(container->name, name) != 0)
			continue;
		if (found)
			return NULL;
		found = container;
	}
	return found;
}

/* Whether another endpoint of the network has that name too: then neither can be told by it. */
static bool is_named_twice(const struct network *network, const struct endpoint *endpoint)
{
	for (size_t i = 0; i < network->endpoint_count; i++) {
		const struct endpoint *other = &network->endpoints[i];

		if (other != endpoint && endpoint_is_newcomer(network, other) && other->name &&
		    strcmp(other->name, endpoint->name) == 0)
			return true;
	}
	return false;
}

static bool has_endpoint(const struct network *network, const char *container)
{
	for (size_t i = 0; i < network->endpoint_count; i++) {
		if (strcmp(network->endpoints[i].container, container) == 0)
			return true;
	}
	return false;
}

int inventory_name_newcomers(const struct inventory *inventory, struct network *network)
{
	for (size_t i = 0; i < network->endpoint_count; i++) {
		struct endpoint *endpoint = &network->endpoints[i];
		const struct container *container = NULL;
		char *id;

		if (endpoint_is_newcomer(network, endpoint) && !is_named_twice(network, endpoint))
			container = find_named(inventory, endpoint->name);
		/* One that has an endpoint there gets no second one. */
		if (!container || has_endpoint(network, container->id))
			continue;
		id = strdup(container->id);
		if (!id)
			return -ENOMEM;
		free(endpoint->container);
		endpoint->container = id;
	}
	network_sort_endpoints(network);
	return 0;
}
