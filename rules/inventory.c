/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inventory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Docker's short ids have so many digits: a shorter text is taken for a name. */
#define ID_PREFIX_MIN 12
#define ID_LENGTH     64

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
	free(container->published);
	free(container->direct);
	free(container->bindings);
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

	/* qsort need not be stable, so either of two equal keys may stay.  JSON objects from the engine have no equal
	 * keys. */
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

static bool same_ports(const struct published_port *a, size_t a_count, const struct published_port *b, size_t b_count)
{
	if (a_count != b_count)
		return false;
	for (size_t i = 0; i < a_count; i++) {
		const struct published_port *x = &a[i], *y = &b[i];

		if (address_compare(&x->address, &y->address) != 0 || x->protocol != y->protocol ||
		    x->host_port != y->host_port || x->container_port != y->container_port)
			return false;
	}
	return true;
}

static bool same_bindings(const struct container *a, const struct container *b)
{
	return a->bindings_known == b->bindings_known && a->chooses == b->chooses &&
	       same_ports(a->bindings, a->binding_count, b->bindings, b->binding_count);
}

bool container_equal(const struct container *a, const struct container *b)
{
	if (!same_text(a->id, b->id) || !same_text(a->name, b->name) || !same_text(a->image, b->image) ||
	    !same_text(a->shares, b->shares) || a->running != b->running || a->obscure != b->obscure ||
	    a->started != b->started || a->label_count != b->label_count ||
	    !same_ports(a->published, a->published_count, b->published, b->published_count) ||
	    !same_ports(a->direct, a->direct_count, b->direct, b->direct_count) || !same_bindings(a, b))
		return false;
	for (size_t i = 0; i < a->label_count; i++) {
		if (!same_text(a->labels[i].key, b->labels[i].key) ||
		    !same_text(a->labels[i].value, b->labels[i].value))
			return false;
	}
	return true;
}

static int copy_ports(const struct published_port *ports, size_t count, struct published_port **ret_ports)
{
	struct published_port *copy = calloc(count + 1, sizeof(*copy));

	if (!copy)
		return -ENOMEM;
	if (count)
		memcpy(copy, ports, count * sizeof(*copy));
	free(*ret_ports);
	*ret_ports = copy;
	return 0;
}

int container_complete(struct container *container, const struct container *known)
{
	if (!container->bindings_known && known && known->bindings_known) {
		if (copy_ports(known->bindings, known->binding_count, &container->bindings) < 0)
			return -ENOMEM;
		container->binding_count = known->binding_count;
		container->chooses = known->chooses;
		container->bindings_known = true;
	}
	if (container->started || !container->bindings_known)
		return 0;
	if (copy_ports(container->bindings, container->binding_count, &container->published) < 0)
		return -ENOMEM;
	container->published_count = container->binding_count;
	return 0;
}

bool container_is_settled(const struct container *container)
{
	return container && (container->started || (container->bindings_known && !container->chooses));
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
	free(network->parent);
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

const struct endpoint *network_endpoint(const struct network *network, const char *container)
{
	const struct endpoint wanted = { .container = (char *)(uintptr_t)container };

	if (!network->endpoint_count)
		return NULL;
	return bsearch(&wanted, network->endpoints, network->endpoint_count, sizeof(wanted), compare_endpoints);
}

bool endpoint_is_container(const struct endpoint *endpoint)
{
	return strlen(endpoint->container) == ID_LENGTH && strspn(endpoint->container, "0123456789abcdef") == ID_LENGTH;
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
	free(inventory->ports);
	free(inventory->resolvers);
	free(inventory->held);
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

/* The index at which the id stands, or belongs, in a sorted array of pointers. */
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

/* The array with a gap for one more pointer at index `at`.  NULL when out of memory: the array is unchanged. */
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

static void count_container(struct inventory *inventory, const struct container *container, bool comes)
{
	size_t shares = container->shares != NULL, publishes = container->published_count != 0;

	inventory->sharing += comes ? shares : -shares;
	inventory->publishing += comes ? publishes : -publishes;
}

/* Counts the endpoints of the container with that id.  container: NULL if nobody knows it. */
static void count_endpoints_of(struct inventory *inventory, const char *id, const struct container *container,
			       bool comes)
{
	for (size_t i = 0; !container_is_settled(container) && i < inventory->network_count; i++) {
		const struct endpoint *endpoint = network_endpoint(inventory->networks[i], id);
		size_t counts = endpoint && endpoint_is_container(endpoint);

		inventory->unsettled += comes ? counts : -counts;
	}
}

static void count_endpoints(struct inventory *inventory, const struct network *network, bool comes)
{
	for (size_t i = 0; i < network->endpoint_count; i++) {
		const struct endpoint *endpoint = &network->endpoints[i];
		const struct container *container = inventory_container(inventory, endpoint->container);
		size_t counts = !container_is_settled(container) && endpoint_is_container(endpoint);

		inventory->unsettled += comes ? counts : -counts;
	}
}

int inventory_complete(struct inventory *inventory, struct container *container, const struct container *known)
{
	int r;

	count_endpoints_of(inventory, container->id, container, false);
	count_container(inventory, container, false);
	r = container_complete(container, known);
	count_container(inventory, container, true);
	count_endpoints_of(inventory, container->id, container, true);
	return r;
}

int inventory_end(struct inventory *inventory, struct container *container)
{
	int r;

	count_endpoints_of(inventory, container->id, container, false);
	count_container(inventory, container, false);
	container->started = false;
	container->published_count = 0;
	r = container_complete(container, NULL);
	count_container(inventory, container, true);
	count_endpoints_of(inventory, container->id, container, true);
	return r;
}

int inventory_put_container(struct inventory *inventory, struct container *container)
{
	bool found;
	size_t at = position(inventory->containers, inventory->container_count, container->id, &found);

	if (found) {
		count_endpoints_of(inventory, container->id, inventory->containers[at], false);
		count_container(inventory, inventory->containers[at], false);
		container_free(inventory->containers[at]);
	} else {
		struct container **grown = open_gap(inventory->containers, inventory->container_count, at);

		if (!grown)
			return -ENOMEM;
		count_endpoints_of(inventory, container->id, NULL, false);
		inventory->containers = grown;
		inventory->container_count++;
	}
	inventory->containers[at] = container;
	count_container(inventory, container, true);
	count_endpoints_of(inventory, container->id, container, true);
	return 0;
}

int inventory_put_network(struct inventory *inventory, struct network *network)
{
	bool found;
	size_t at = position(inventory->networks, inventory->network_count, network->id, &found);

	if (found) {
		count_endpoints(inventory, inventory->networks[at], false);
		network_free(inventory->networks[at]);
	} else {
		struct network **grown = open_gap(inventory->networks, inventory->network_count, at);

		if (!grown)
			return -ENOMEM;
		inventory->networks = grown;
		inventory->network_count++;
	}
	inventory->networks[at] = network;
	count_endpoints(inventory, network, true);
	return 0;
}

void inventory_remove_container(struct inventory *inventory, const char *id)
{
	bool found;
	size_t at = position(inventory->containers, inventory->container_count, id, &found);

	if (!found)
		return;
	count_container(inventory, inventory->containers[at], false);
	count_endpoints_of(inventory, id, inventory->containers[at], false);
	count_endpoints_of(inventory, id, NULL, true);
	container_free(inventory->containers[at]);
	close_gap(inventory->containers, inventory->container_count--, at);
}

void inventory_remove_network(struct inventory *inventory, const char *id)
{
	bool found;
	size_t at = position(inventory->networks, inventory->network_count, id, &found);

	if (!found)
		return;
	count_endpoints(inventory, inventory->networks[at], false);
	network_free(inventory->networks[at]);
	close_gap(inventory->networks, inventory->network_count--, at);
}

/* The container whose network namespace another one shares.  The engine stores what the user wrote: a whole id, which
 * counts first, a name, or the beginning of an id. */
static struct container *shared_container(const struct inventory *inventory, const char *shares)
{
	struct container *shared = inventory_container(inventory, shares);
	size_t length = strlen(shares);

	if (shared || !length)
		return shared;
	for (size_t i = 0; i < inventory->container_count; i++) {
		struct container *other = inventory->containers[i];

		/* None of them is NULL. NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
		if (same_text(other->name, shares))
			return other;
		if (length >= ID_PREFIX_MIN && strncmp(other->id, shares, length) == 0)
			shared = other;
	}
	return shared;
}

struct container *inventory_netns_owner(const struct inventory *inventory, struct container *container)
{
	/* A container that shares can itself be shared.  A circle, which the engine refuses, has no owner. */
	for (size_t steps = 0; container && container->shares; steps++) {
		if (steps == inventory->container_count)
			return NULL;
		container = shared_container(inventory, container->shares);
	}
	return container;
}

bool inventory_observes(const struct inventory *inventory, const struct container *owner)
{
	bool observed = owner->observed;

	for (size_t i = 0; observed && inventory->sharing && i < inventory->container_count; i++) {
		struct container *other = inventory->containers[i];

		if (other->shares && other->running && inventory_netns_owner(inventory, other) == owner)
			observed = other->observed;
	}
	return observed;
}
