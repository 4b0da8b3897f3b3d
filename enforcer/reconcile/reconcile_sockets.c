/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile_sockets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "published_ports.h"

void reconcile_sockets_clear(struct reconcile_sockets *sockets)
{
	free(sockets->items);
	*sockets = (struct reconcile_sockets){ 0 };
}

static struct reconcile_socket find(const struct reconcile_sockets *sockets, uint64_t cookie)
{
	for (size_t i = 0; i < sockets->count; i++) {
		if (sockets->items[i].cookie == cookie)
			return sockets->items[i];
	}
	return (struct reconcile_socket){ .cookie = cookie };
}

static bool lives_somewhere(const struct inventory *inventory, const struct container *container)
{
	for (size_t i = 0; i < inventory->network_count; i++) {
		if (network_endpoint(inventory->networks[i], container->id))
			return true;
	}
	return false;
}

/* Whether a container has that port, or may be getting it.  What one that starts says of its ports counts as published
 * by it; of one of which not all is known, any port may be. */
static bool may_be_published(const struct inventory *inventory, const struct published_port *port)
{
	if (inventory->unsettled)
		return true;
	for (size_t i = 0; i < inventory->container_count; i++) {
		const struct container *container = inventory->containers[i];

		if (published_ports_overlap(container->published, container->published_count, port, 1) &&
		    (container->started || lives_somewhere(inventory, container)))
			return true;
	}
	return false;
}

static bool same_ports(const struct inventory *inventory, const struct published_port *ports, size_t count)
{
	return inventory->held_count == count &&
	       (!count || memcmp(inventory->held, ports, count * sizeof(*ports)) == 0);
}

static void judge(struct reconcile_socket *socket, bool may_be_published, uint64_t now)
{
	if (socket->proven)
		return;
	if (may_be_published)
		socket->seen = 0;
	else if (!socket->seen)
		socket->seen = now;
	else
		socket->proven = now - socket->seen >= RECONCILE_SOCKETS_DOUBT_NS;
}

int reconcile_sockets_judge(struct reconcile_sockets *sockets, const struct host_socket *found, size_t count,
			    uint64_t now, struct inventory *inventory, bool *ret_changed)
{
	struct reconcile_socket *items = calloc(count + 1, sizeof(*items));
	struct published_port *ports = calloc(count + 1, sizeof(*ports));
	size_t held = 0;

	if (!items || !ports) {
		free(items);
		free(ports);
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		items[i] = find(sockets, found[i].cookie);
		judge(&items[i], may_be_published(inventory, &found[i].port), now);
		if (items[i].proven)
			ports[held++] = found[i].port;
	}
	free(sockets->items);
	sockets->items = items;
	sockets->count = count;
	published_ports_sort(ports, &held);
	*ret_changed = !same_ports(inventory, ports, held);
	free(inventory->held);
	inventory->held = ports;
	inventory->held_count = held;
	return 0;
}
