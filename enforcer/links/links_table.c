/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of links that follows messages.  A host has some hundred ports, and an array of them is searched faster
 * than a message about one is received.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "links_internal.h"

/* Room for one more.  0 or -ENOMEM. */
static int make_room(void **items, size_t count, size_t *size, size_t item)
{
	size_t wanted = *size ? 2 * *size : 16;
	void *grown;

	if (count < *size)
		return 0;
	grown = reallocarray(*items, wanted, item);
	if (!grown)
		return -ENOMEM;
	*items = grown;
	*size = wanted;
	return 0;
}

int link_bridges_add(struct link_bridges *bridges, const struct link_message *link)
{
	struct link_bridge *bridge;
	void *items = bridges->items;
	int r = make_room(&items, bridges->count, &bridges->size, sizeof(*bridges->items));

	if (r < 0)
		return r;
	bridges->items = items;
	bridge = &bridges->items[bridges->count++];
	bridge->index = link->index;
	memcpy(bridge->name, link->name, sizeof(bridge->name));
	memcpy(bridge->mac, link->mac, sizeof(bridge->mac));
	return 0;
}

struct link_bridge *link_bridges_find(const struct link_bridges *bridges, int index)
{
	for (size_t i = 0; i < bridges->count; i++) {
		if (bridges->items[i].index == index)
			return &bridges->items[i];
	}
	return NULL;
}

void link_bridges_remove(struct link_bridges *bridges, struct link_bridge *bridge)
{
	*bridge = bridges->items[--bridges->count];
}

void links_table_clear(struct links_table *table)
{
	free(table->bridges.items);
	free(table->ports);
	memset(table, 0, sizeof(*table));
}

static struct link_port *find_port(const struct links_table *table, int index)
{
	for (size_t i = 0; i < table->count; i++) {
		if (table->ports[i].index == index)
			return &table->ports[i];
	}
	return NULL;
}

static void remove_port(struct links_table *table, struct link_port *port)
{
	*port = table->ports[--table->count];
}

static struct link_port *add_port(struct links_table *table, int index)
{
	struct link_port *port;
	void *ports = table->ports;

	if (make_room(&ports, table->count, &table->size, sizeof(*table->ports)) < 0)
		return NULL;
	table->ports = ports;
	port = &table->ports[table->count++];
	*port = (struct link_port){ .index = index };
	return port;
}

/* Whether the port has a peer whose MAC is not known and can be asked for. */
static bool is_unknown(const struct link_port *port)
{
	return port->peer.index && memcmp(port->mac, (const uint8_t[6]){ 0 }, sizeof(port->mac)) == 0;
}

static bool has_ports(const struct links_table *table, int master)
{
	for (size_t i = 0; i < table->count; i++) {
		if (table->ports[i].master == master)
			return true;
	}
	return false;
}

static int take_bridge(struct links_table *table, const struct link_message *link, bool gone, bool *ret_changed)
{
	struct link_bridge *known = link_bridges_find(&table->bridges, link->index);

	if (gone) {
		if (known)
			link_bridges_remove(&table->bridges, known);
		for (size_t i = table->count; i-- > 0;) {
			if (table->ports[i].master != link->index)
				continue;
			remove_port(table, &table->ports[i]);
			*ret_changed = true;
		}
		return 0;
	}
	if (known && strcmp(known->name, link->name) == 0 && memcmp(known->mac, link->mac, sizeof(known->mac)) == 0)
		return 0;
	if (has_ports(table, link->index))
		*ret_changed = true;
	if (!known)
		return link_bridges_add(&table->bridges, link);
	memcpy(known->name, link->name, sizeof(known->name));
	memcpy(known->mac, link->mac, sizeof(known->mac));
	return 0;
}

static int take_port(struct links_table *table, const struct link_message *link, bool *ret_changed)
{
	struct link_port *port = find_port(table, link->index);

	if (!port) {
		port = add_port(table, link->index);
		if (!port)
			return -ENOMEM;
	}
	if (port->master != link->master || strcmp(port->name, link->name) != 0) {
		port->master = link->master;
		memcpy(port->name, link->name, sizeof(port->name));
		*ret_changed = true;
	}
	/* Whether it is a container-like port at all. */
	if (!port->peer.index != !link->peer.index)
		*ret_changed = true;
	port->peer = link->peer;
	/* A change of the port may follow from a change of its peer, so the peer is asked again. */
	port->ask = port->peer.index != 0;
	if (!port->ask && link_port_answer(port, NULL))
		*ret_changed = true;
	return 0;
}

/* A bridge's own message about a port is news only if the port leaves: then it comes first, and another message tells
 * the same. */
static void take_word_of_bridge(struct links_table *table, const struct link_message *link, bool gone,
				bool *ret_changed)
{
	struct link_port *port = find_port(table, link->index);

	if (!port || port->master != link->master)
		return;
	if (gone) {
		remove_port(table, port);
		*ret_changed = true;
	} else if (is_unknown(port)) {
		port->ask = true;
	}
}

int links_table_take(struct links_table *table, const struct link_message *link, bool gone, bool *ret_changed)
{
	struct link_port *port;

	if (link->family == AF_BRIDGE) {
		take_word_of_bridge(table, link, gone, ret_changed);
		return 0;
	}
	/* The link is a peer that is still in this namespace: its MAC may have changed, or it has just left. */
	for (size_t i = 0; i < table->count; i++) {
		if (table->ports[i].peer.index == link->index && !table->ports[i].peer.elsewhere)
			table->ports[i].ask = true;
	}
	if (link->is_bridge)
		return take_bridge(table, link, gone, ret_changed);
	if (!gone && link->is_port)
		return take_port(table, link, ret_changed);
	port = find_port(table, link->index);
	if (port) {
		remove_port(table, port);
		*ret_changed = true;
	}
	return 0;
}

bool link_port_answer(struct link_port *port, const struct link_message *peer)
{
	static const uint8_t unknown[6];
	const uint8_t *mac = peer ? peer->mac : unknown;

	port->ask = false;
	if (memcmp(port->mac, mac, sizeof(port->mac)) == 0)
		return false;
	memcpy(port->mac, mac, sizeof(port->mac));
	return true;
}

void links_table_ask_unknown(struct links_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		if (is_unknown(&table->ports[i]))
			table->ports[i].ask = true;
	}
}

int links_table_ports(const struct links_table *table, struct port **ret_ports, size_t *ret_count)
{
	struct port *ports = calloc(table->count + 1, sizeof(*ports));
	size_t count = 0;

	if (!ports)
		return -ENOMEM;
	for (size_t i = 0; i < table->count; i++) {
		const struct link_bridge *bridge = link_bridges_find(&table->bridges, table->ports[i].master);

		/* A port of a bridge that is not known: the bridge is being deleted. */
		if (!bridge)
			continue;
		memcpy(ports[count].bridge, bridge->name, sizeof(ports->bridge));
		memcpy(ports[count].name, table->ports[i].name, sizeof(ports->name));
		ports[count].index = table->ports[i].index;
		ports[count].paired = table->ports[i].peer.index != 0;
		memcpy(ports[count].mac, table->ports[i].mac, sizeof(ports->mac));
		memcpy(ports[count].bridge_mac, bridge->mac, sizeof(ports->bridge_mac));
		count++;
	}
	inventory_sort_ports(ports, count);
	*ret_ports = ports;
	*ret_count = count;
	return 0;
}
