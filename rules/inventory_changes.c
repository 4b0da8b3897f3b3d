/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a change of the inventory touches. */
#include <stdlib.h>
#include <string.h>

#include "inventory.h"
#include "published_ports.h"

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_endpoint(const struct endpoint *a, const struct endpoint *b)
{
	return address_compare(&a->ipv4, &b->ipv4) == 0 && address_compare(&a->ipv6, &b->ipv6) == 0 &&
	       memcmp(a->mac, b->mac, sizeof(a->mac)) == 0 && same_text(a->name, b->name);
}

static bool same_network(const struct network *a, const struct network *b)
{
	return same_text(a->name, b->name) && same_text(a->driver, b->driver) && same_text(a->icc, b->icc) &&
	       same_text(a->parent, b->parent) && strcmp(a->bridge, b->bridge) == 0 && a->managed == b->managed &&
	       a->internal == b->internal && a->routed4 == b->routed4 && a->routed6 == b->routed6;
}

static const uint8_t no_mac[6];

static int add_twins_on(const struct network *network, const uint8_t mac[6], struct inventory_scope *scope)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < network->endpoint_count; i++) {
		if (memcmp(network->endpoints[i].mac, mac, sizeof(no_mac)) == 0)
			r = inventory_scope_add(scope, network->id, network->endpoints[i].container);
	}
	return r;
}

/* Adds every endpoint with that MAC: when one of them comes or goes, the others change.  Two endpoints of one network
 * with the same MAC have no port each, and those of two networks have the same link-local address. */
static int add_twins(const struct inventory *inventory, const uint8_t mac[6], struct inventory_scope *scope)
{
	int r = 0;

	if (memcmp(mac, no_mac, sizeof(no_mac)) == 0)
		return 0;
	for (size_t i = 0; r == 0 && i < inventory->network_count; i++)
		r = add_twins_on(inventory->networks[i], mac, scope);
	return r;
}

/* Adds the container's endpoint.  a: as it is now; b: as it is next; either may be NULL. */
static int add_endpoint(const struct inventory *inventory, const struct network *now, const char *container,
			const struct endpoint *a, const struct endpoint *b, struct inventory_scope *scope)
{
	int r = inventory_scope_add(scope, now->id, container);

	/* A twin that is not in `now` comes, and is added because of that. */
	if (r == 0 && a)
		r = add_twins(inventory, a->mac, scope);
	if (r == 0 && b)
		r = add_twins(inventory, b->mac, scope);
	return r;
}

static bool has_endpoint(const struct inventory *inventory, const char *id)
{
	for (size_t i = 0; i < inventory->network_count; i++) {
		if (network_endpoint(inventory->networks[i], id))
			return true;
	}
	return false;
}

/* Whether it has an endpoint, or may be about to get one. */
static bool takes_part(const struct inventory *inventory, const struct inventory_scope *scope, const char *id)
{
	for (size_t i = 0; scope && i < scope->count; i++) {
		if (strcmp(scope->items[i].container, id) == 0)
			return true;
	}
	return has_endpoint(inventory, id);
}

static bool published_twice(const struct inventory *inventory, const struct inventory_scope *scope,
			    const struct container *container)
{
	if (!inventory->publishing || !container->published_count || !takes_part(inventory, scope, container->id))
		return false;
	for (size_t i = 0; i < inventory->container_count; i++) {
		const struct container *other = inventory->containers[i];

		if (!other->published_count || strcmp(other->id, container->id) == 0 ||
		    !takes_part(inventory, scope, other->id))
			continue;
		if (published_ports_overlap(container->published, container->published_count, other->published,
					    other->published_count))
			return true;
	}
	return false;
}

bool inventory_published_twice(const struct inventory *inventory, const struct container *container)
{
	return published_twice(inventory, NULL, container);
}

/* Published ports belong to the whole host.  If two containers claim the same one, the records of either depend on
 * both.  So do those of a container that publishes and shares another one's network namespace, which engines refuse. */
static void widen_for_published(const struct inventory *inventory, struct inventory_scope *scope)
{
	for (size_t i = 0; inventory->publishing && !scope->all && i < scope->count; i++) {
		const struct container *container = inventory_container(inventory, scope->items[i].container);

		scope->all = container && published_twice(inventory, scope, container);
	}
	for (size_t i = 0; inventory->publishing && inventory->sharing && i < inventory->container_count; i++) {
		const struct container *container = inventory->containers[i];

		scope->all = scope->all || (container->shares && container->published_count);
	}
}

/* Adds the endpoints of ports for which only one of both answers is new enough. */
static int add_ports_in_time(const struct inventory *inventory, const struct network *now, const struct network *next,
			     struct inventory_scope *scope)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < inventory->port_count; i++) {
		const struct port *port = &inventory->ports[i];

		if (strncmp(port->bridge, now->bridge, sizeof(port->bridge)) == 0 &&
		    network_is_newer(now, port) != network_is_newer(next, port))
			r = add_twins_on(next, port->mac, scope);
	}
	return r;
}

int inventory_network_changes(const struct inventory *inventory, const char *id, const struct network *next,
			      struct inventory_scope *scope)
{
	const struct network *now = inventory_network(inventory, id);
	size_t i = 0, j = 0;
	int r = 0;

	if (!now || !next || !same_network(now, next)) {
		if (now || next)
			scope->all = true;
		return 0;
	}
	while (r == 0 && (i < now->endpoint_count || j < next->endpoint_count)) {
		const struct endpoint *a = i < now->endpoint_count ? &now->endpoints[i] : NULL;
		const struct endpoint *b = j < next->endpoint_count ? &next->endpoints[j] : NULL;
		int order = !a ? 1 : !b ? -1 : strcmp(a->container, b->container);

		if (order != 0 || !same_endpoint(a, b))
			/* One of both is there. NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
			r = add_endpoint(inventory, now, order <= 0 ? a->container : b->container,
					 order <= 0 ? a : NULL, order >= 0 ? b : NULL, scope);
		if (order <= 0)
			i++;
		if (order >= 0)
			j++;
	}
	if (r == 0)
		r = add_ports_in_time(inventory, now, next, scope);
	widen_for_published(inventory, scope);
	return r;
}

static int add_endpoints_of(const struct inventory *inventory, const char *container, struct inventory_scope *scope)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < inventory->network_count; i++) {
		if (network_endpoint(inventory->networks[i], container))
			r = inventory_scope_add(scope, inventory->networks[i]->id, container);
	}
	return r;
}

/* Adds the endpoints of every container that a name or the beginning of an id fits, and of the owner of its network
 * namespace. */
static int add_meant(const struct inventory *inventory, const char *shares, struct inventory_scope *scope)
{
	size_t length = strlen(shares);
	int r = 0;

	for (size_t i = 0; r == 0 && i < inventory->container_count; i++) {
		struct container *meant = inventory->containers[i], *owner;

		if (!same_text(meant->name, shares) && strncmp(meant->id, shares, length) != 0)
			continue;
		owner = inventory_netns_owner(inventory, meant);
		r = add_endpoints_of(inventory, meant->id, scope);
		if (r == 0 && owner && owner != meant)
			r = add_endpoints_of(inventory, owner->id, scope);
	}
	return r;
}

/* When a container comes, goes or gets another name, a name by which others share a network namespace may mean another
 * container than before: flows move from one to the other.  A whole id that is known always means the same. */
static int add_shared_by_name(const struct inventory *inventory, const char *id, struct inventory_scope *scope)
{
	int r = 0;

	for (size_t i = 0; r == 0 && inventory->sharing && i < inventory->container_count; i++) {
		const char *shares = inventory->containers[i]->shares;

		if (shares && (strcmp(shares, id) == 0 || !inventory_container(inventory, shares)))
			r = add_meant(inventory, shares, scope);
	}
	return r;
}

int inventory_container_changes(const struct inventory *inventory, const char *id, struct inventory_scope *scope)
{
	struct container *container = inventory_container(inventory, id);
	struct container *owner = container ? inventory_netns_owner(inventory, container) : NULL;
	int r = add_endpoints_of(inventory, id, scope);

	if (r == 0 && owner && owner != container)
		r = add_endpoints_of(inventory, owner->id, scope);
	if (r == 0)
		r = add_shared_by_name(inventory, id, scope);
	widen_for_published(inventory, scope);
	return r;
}
