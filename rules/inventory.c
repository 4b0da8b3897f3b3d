/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inventory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Docker's short ids: fewer digits than that are taken for a name. */
#define ID_PREFIX_MIN 12

void container_free(struct container *container)
{
	if (!container)
		return;
	for (size_t i = 0; i < container->label_count; i++) {
		free(container->labels[i].key);
		free(container->labels[i].value);
	}
	free(container->labels);
	free(container->id);
	free(container->name);
	free(container->image);
	free(container->shares);
	free(container->from_flows);
	free(container->to_flows);
	free(container->services);
	free(container);
}

static int compare_labels(const void *a, const void *b)
{
	return strcmp(((const struct flow_label *)a)->key, ((const struct flow_label *)b)->key);
}

const char *container_label(const struct container *container, const char *key)
{
	struct flow_label wanted = { .key = (char *)(uintptr_t)key };
	struct flow_label *found;

	if (!container->label_count)
		return NULL;
	found = bsearch(&wanted, container->labels, container->label_count, sizeof(wanted), compare_labels);
	return found ? found->value : NULL;
}

void container_sort_labels(struct container *container)
{
	size_t kept = 0;

	/* qsort is glibc's merge sort for arrays of this size, but nothing promises it to be stable: which of two
	 * equal keys stays is the parser's affair, and JSON objects from the engine have none. */
	if (container->label_count > 1)
		qsort(container->labels, container->label_count, sizeof(*container->labels), compare_labels);
	for (size_t i = 0; i < container->label_count; i++) {
		if (kept && strcmp(container->labels[kept - 1].key, container->labels[i].key) == 0) {
			free(container->labels[kept - 1].key);
			free(container->labels[kept - 1].value);
			kept--;
		}
		container->labels[kept++] = container->labels[i];
	}
	container->label_count = kept;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool container_equal(const struct container *a, const struct container *b)
{
	if (!same_text(a->id, b->id) || !same_text(a->name, b->name) || !same_text(a->image, b->image) ||
	    !same_text(a->shares, b->shares) || a->running != b->running || a->label_count != b->label_count)
		return false;
	for (size_t i = 0; i < a->label_count; i++) {
		if (!same_text(a->labels[i].key, b->labels[i].key) ||
		    !same_text(a->labels[i].value, b->labels[i].value))
			return false;
	}
	return true;
}

void network_free(struct network *network)
{
	if (!network)
		return;
	for (size_t i = 0; i < network->endpoint_count; i++) {
		free(network->endpoints[i].container);
		free(network->endpoints[i].name);
	}
	free(network->endpoints);
	free(network->id);
	free(network->name);
	free(network->driver);
	free(network->icc);
	free(network);
}

static int compare_endpoints(const void *a, const void *b)
{
	return strcmp(((const struct endpoint *)a)->container, ((const struct endpoint *)b)->container);
}

void network_sort_endpoints(struct network *network)
{
	if (network->endpoint_count > 1)
		qsort(network->endpoints, network->endpoint_count, sizeof(*network->endpoints), compare_endpoints);
}

void inventory_scope_clear(struct inventory_scope *scope)
{
	free(scope->items);
	memset(scope, 0, sizeof(*scope));
}

int inventory_scope_add(struct inventory_scope *scope, const char *network, const char *container)
{
	void *items;

	if (strlen(network) >= sizeof(scope->items->network) || strlen(container) >= sizeof(scope->items->container)) {
		/* Ids are 64 hex digits; whatever this is, the long way round is right too. */
		scope->all = true;
		return 0;
	}
	for (size_t i = 0; i < scope->count; i++) {
		if (strcmp(scope->items[i].network, network) == 0 && strcmp(scope->items[i].container, container) == 0)
			return 0;
	}
	items = realloc(scope->items, (scope->count + 1) * sizeof(*scope->items));
	if (!items)
		return -ENOMEM;
	scope->items = items;
	strcpy(scope->items[scope->count].network, network);
	strcpy(scope->items[scope->count].container, container);
	scope->count++;
	return 0;
}

struct inventory *inventory_new(void)
{
	return calloc(1, sizeof(struct inventory));
}

void inventory_free(struct inventory *inventory)
{
	if (!inventory)
		return;
	for (size_t i = 0; i < inventory->container_count; i++)
		container_free(inventory->containers[i]);
	for (size_t i = 0; i < inventory->network_count; i++)
		network_free(inventory->networks[i]);
	free(inventory->containers);
	free(inventory->networks);
	free(inventory);
}

/* Containers and networks are both pointers to structs whose first member is the id. */
struct keyed {
	char *id;
};
_Static_assert(offsetof(struct container, id) == 0, "a container starts with its id");
_Static_assert(offsetof(struct network, id) == 0, "a network starts with its id");

static const char *id_at(const void *items, size_t index)
{
	const struct keyed *item;

	memcpy(&item, (const char *)items + index * sizeof(item), sizeof(item));
	return item->id;
}

/* Where the id stands, or belongs, in a sorted array of pointers. */
static size_t position(const void *items, size_t count, const char *id, bool *ret_found)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(id_at(items, middle), id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_found = low < count && strcmp(id_at(items, low), id) == 0;
	return low;
}

/* The array with room for one more pointer at index `at`, or NULL: then it is as it was. */
static void *open_gap(void *items, size_t count, size_t at)
{
	char *grown = realloc(items, (count + 1) * sizeof(void *));

	if (grown)
		memmove(grown + (at + 1) * sizeof(void *), grown + at * sizeof(void *), (count - at) * sizeof(void *));
	return grown;
}

static void close_gap(void *items, size_t count, size_t at)
{
	char *bytes = items;

	memmove(bytes + at * sizeof(void *), bytes + (at + 1) * sizeof(void *), (count - at - 1) * sizeof(void *));
}

struct container *inventory_container(const struct inventory *inventory, const char *id)
{
	bool found;
	size_t at = position(inventory->containers, inventory->container_count, id, &found);

	return found ? inventory->containers[at] : NULL;
}

struct network *inventory_network(const struct inventory *inventory, const char *id)
{
	bool found;
	size_t at = position(inventory->networks, inventory->network_count, id, &found);

	return found ? inventory->networks[at] : NULL;
}

int inventory_put_container(struct inventory *inventory, struct container *container)
{
	bool found;
	size_t at = position(inventory->containers, inventory->container_count, container->id, &found);

	if (found) {
		inventory->sharing -= inventory->containers[at]->shares != NULL;
		container_free(inventory->containers[at]);
	} else {
		struct container **grown = open_gap(inventory->containers, inventory->container_count, at);

		if (!grown)
			return -ENOMEM;
		inventory->containers = grown;
		inventory->container_count++;
	}
	inventory->containers[at] = container;
	inventory->sharing += container->shares != NULL;
	return 0;
}

int inventory_put_network(struct inventory *inventory, struct network *network)
{
	bool found;
	size_t at = position(inventory->networks, inventory->network_count, network->id, &found);

	if (found) {
		network_free(inventory->networks[at]);
	} else {
		struct network **grown = open_gap(inventory->networks, inventory->network_count, at);

		if (!grown)
			return -ENOMEM;
		inventory->networks = grown;
		inventory->network_count++;
	}
	inventory->networks[at] = network;
	return 0;
}

void inventory_remove_container(struct inventory *inventory, const char *id)
{
	bool found;
	size_t at = position(inventory->containers, inventory->container_count, id, &found);

	if (!found)
		return;
	inventory->sharing -= inventory->containers[at]->shares != NULL;
	container_free(inventory->containers[at]);
	close_gap(inventory->containers, inventory->container_count--, at);
}

void inventory_remove_network(struct inventory *inventory, const char *id)
{
	bool found;
	size_t at = position(inventory->networks, inventory->network_count, id, &found);

	if (!found)
		return;
	network_free(inventory->networks[at]);
	close_gap(inventory->networks, inventory->network_count--, at);
}

/* The container that another one shares, by what the engine stored: what the user wrote.  A name or the beginning of an
 * id are as good as the whole id, which goes first. */
static struct container *shared_container(const struct inventory *inventory, const char *shares)
{
	struct container *shared = inventory_container(inventory, shares);
	size_t length = strlen(shares);

	if (shared || !length)
		return shared;
	for (size_t i = 0; i < inventory->container_count; i++) {
		struct container *other = inventory->containers[i];

		if (same_text(other->name, shares))
			return other;
		if (length >= ID_PREFIX_MIN && strncmp(other->id, shares, length) == 0)
			shared = other;
	}
	return shared;
}

struct container *inventory_netns_owner(const struct inventory *inventory, struct container *container)
{
	/* One that shares can be shared in turn.  A circle, which the engine refuses, would own nothing. */
	for (size_t steps = 0; container && container->shares; steps++) {
		if (steps == inventory->container_count)
			return NULL;
		container = shared_container(inventory, container->shares);
	}
	return container;
}

static bool same_endpoint(const struct endpoint *a, const struct endpoint *b)
{
	return address_compare(&a->ipv4, &b->ipv4) == 0 && address_compare(&a->ipv6, &b->ipv6) == 0 &&
	       memcmp(a->mac, b->mac, sizeof(a->mac)) == 0 && same_text(a->name, b->name);
}

static bool same_network(const struct network *a, const struct network *b)
{
	return same_text(a->name, b->name) && same_text(a->driver, b->driver) && same_text(a->icc, b->icc) &&
	       strcmp(a->bridge, b->bridge) == 0 && a->managed == b->managed && a->internal == b->internal;
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
			r = inventory_scope_add(scope, id, order <= 0 ? a->container : b->container);
		if (order <= 0)
			i++;
		if (order >= 0)
			j++;
	}
	return r;
}

static int add_endpoints_of(const struct inventory *inventory, const char *container, struct inventory_scope *scope)
{
	struct endpoint wanted = { .container = (char *)(uintptr_t)container };

	for (size_t i = 0; i < inventory->network_count; i++) {
		const struct network *network = inventory->networks[i];

		if (network->endpoint_count &&
		    bsearch(&wanted, network->endpoints, network->endpoint_count, sizeof(wanted), compare_endpoints)) {
			int r = inventory_scope_add(scope, network->id, container);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* Whom else a name or the beginning of an id may come to mean: every container that it fits, and the one whose network
 * namespace that one uses. */
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

/* A container that comes, goes or gets another name can take from a third one, or give to it, the flows of those that
 * share a network namespace by that name.  A whole id that is known means the same as before. */
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
	return r < 0 ? r : add_shared_by_name(inventory, id, scope);
}
