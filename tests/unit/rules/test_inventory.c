/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is on the host and where: keeping, replacing, forgetting, and what a change touches. */
#include "world.h"

#define ID_A "aaaaaaaaaaaa0000000000000000000000000000000000000000000000000001"
#define ID_B "bbbbbbbbbbbb0000000000000000000000000000000000000000000000000002"
#define ID_C "cccccccccccc0000000000000000000000000000000000000000000000000003"
#define ID_D "dddddddddddd0000000000000000000000000000000000000000000000000004"

static int set_up(void **state)
{
	*state = inventory_new();
	return *state ? 0 : -1;
}

static int tear_down(void **state)
{
	inventory_free(*state);
	return 0;
}

static struct container *sharing(const char *id, const char *name, const char *shares)
{
	struct container *container = world_container(id, name, NULL);

	container->shares = world_copy(shares);
	return container;
}

static void test_containers(void **state)
{
	struct inventory *inventory = *state;

	world_put(inventory, world_container(ID_C, "c", NULL));
	world_put(inventory, world_container(ID_A, "a", NULL));
	world_put(inventory, world_container(ID_B, "b", NULL));
	assert_int_equal(inventory->container_count, 3);
	for (size_t i = 1; i < 3; i++)
		assert_true(strcmp(inventory->containers[i - 1]->id, inventory->containers[i]->id) < 0);
	assert_string_equal(inventory_container(inventory, ID_B)->name, "b");
	assert_null(inventory_container(inventory, ID_D));
	assert_null(inventory_container(inventory, ""));
	world_put(inventory, world_container(ID_B, "other", NULL));
	assert_int_equal(inventory->container_count, 3);
	assert_string_equal(inventory_container(inventory, ID_B)->name, "other");
	inventory_remove_container(inventory, ID_D);
	assert_int_equal(inventory->container_count, 3);
	inventory_remove_container(inventory, ID_A);
	inventory_remove_container(inventory, ID_C);
	assert_null(inventory_container(inventory, ID_A));
	assert_string_equal(inventory_container(inventory, ID_B)->name, "other");
	inventory_remove_container(inventory, ID_B);
	assert_int_equal(inventory->container_count, 0);
}

static void test_networks(void **state)
{
	struct inventory *inventory = *state;

	world_put_network(inventory, world_network("n2", "two", "br-2"));
	world_put_network(inventory, world_network("n1", "one", "br-1"));
	assert_int_equal(inventory->network_count, 2);
	assert_string_equal(inventory->networks[0]->id, "n1");
	world_put_network(inventory, world_network("n1", "uno", "br-1"));
	assert_int_equal(inventory->network_count, 2);
	assert_string_equal(inventory_network(inventory, "n1")->name, "uno");
	inventory_remove_network(inventory, "n3");
	inventory_remove_network(inventory, "n1");
	assert_null(inventory_network(inventory, "n1"));
	assert_string_equal(inventory_network(inventory, "n2")->name, "two");
}

static void test_sharing_is_counted(void **state)
{
	struct inventory *inventory = *state;

	world_put(inventory, world_container(ID_A, "a", NULL));
	assert_int_equal(inventory->sharing, 0);
	world_put(inventory, sharing(ID_B, "b", ID_A));
	world_put(inventory, sharing(ID_C, "c", ID_A));
	assert_int_equal(inventory->sharing, 2);
	world_put(inventory, sharing(ID_C, "c", "b"));
	assert_int_equal(inventory->sharing, 2);
	world_put(inventory, world_container(ID_B, "b", NULL));
	assert_int_equal(inventory->sharing, 1);
	inventory_remove_container(inventory, ID_A);
	assert_int_equal(inventory->sharing, 1);
	inventory_remove_container(inventory, ID_C);
	assert_int_equal(inventory->sharing, 0);
}

/* Whose network namespace one has that shares `text`; the name, or NULL. */
static const char *owner_of(struct inventory *inventory, const char *text)
{
	struct container *owner;

	world_put(inventory, sharing(ID_D, "d", text));
	owner = inventory_netns_owner(inventory, inventory_container(inventory, ID_D));
	return owner ? owner->name : NULL;
}

static void test_netns_owner(void **state)
{
	struct inventory *inventory = *state;
	struct container *a = world_container(ID_A, "a", NULL);

	world_put(inventory, a);
	world_put(inventory, world_container(ID_B, "aaaaaaaaaaaa", NULL));
	assert_ptr_equal(inventory_netns_owner(inventory, a), a);
	assert_string_equal(owner_of(inventory, ID_A), "a");
	assert_string_equal(owner_of(inventory, "a"), "a");
	assert_string_equal(owner_of(inventory, "aaaaaaaaaaaa0"), "a");
	assert_string_equal(owner_of(inventory, "bbbbbbbbbbbb"), "aaaaaaaaaaaa");
	/* A name goes before the beginning of an id, a whole id before both. */
	assert_string_equal(owner_of(inventory, "aaaaaaaaaaaa"), "aaaaaaaaaaaa");
	world_put(inventory, world_container(ID_B, ID_A, NULL));
	assert_string_equal(owner_of(inventory, ID_A), "a");
	/* Too short to be the beginning of an id, unknown, or nothing. */
	assert_null(owner_of(inventory, "aaaaaaaaaaa"));
	assert_null(owner_of(inventory, "stranger"));
	assert_null(owner_of(inventory, ID_C));
	assert_null(owner_of(inventory, ""));
}

static void test_netns_owner_by_way_of_others(void **state)
{
	struct inventory *inventory = *state;

	world_put(inventory, world_container(ID_A, "a", NULL));
	world_put(inventory, sharing(ID_B, "b", "a"));
	world_put(inventory, sharing(ID_C, "c", ID_B));
	assert_string_equal(owner_of(inventory, "c"), "a");
	inventory_remove_container(inventory, ID_B);
	assert_null(owner_of(inventory, "c"));
	/* Circles end. */
	world_put(inventory, sharing(ID_B, "b", "c"));
	assert_null(owner_of(inventory, "c"));
	assert_null(owner_of(inventory, "d"));
}

static void test_labels(void **state)
{
	struct container *container = world_container(ID_A, "a", NULL);

	(void)state;
	assert_null(container_label(container, "x"));
	world_label(container, "x", "1");
	world_label(container, "b", "2");
	world_label(container, "y", "");
	assert_string_equal(container_label(container, "x"), "1");
	assert_string_equal(container_label(container, "b"), "2");
	assert_string_equal(container_label(container, "y"), "");
	assert_null(container_label(container, "B"));
	assert_null(container_label(container, ""));
	world_label(container, "x", "1");
	assert_int_equal(container->label_count, 3);
	container_free(container);
	container_free(NULL);
	network_free(NULL);
	inventory_free(NULL);
}

static void test_equal(void **state)
{
	struct container *a = world_compose(ID_A, "a", "shop", "web"), *b = world_compose(ID_A, "a", "shop", "web");

	(void)state;
	assert_true(container_equal(a, b));
	b->running = false;
	assert_false(container_equal(a, b));
	b->running = true;
	b->started = false;
	assert_false(container_equal(a, b));
	b->started = true;
	world_publish(b, "0.0.0.0", 6, 8080, 80);
	assert_false(container_equal(a, b));
	world_publish(a, "0.0.0.0", 6, 8080, 81);
	assert_false(container_equal(a, b));
	a->published[0].container_port = 80;
	assert_true(container_equal(a, b));
	b->shares = world_copy("x");
	assert_false(container_equal(a, b));
	a->shares = world_copy("x");
	assert_true(container_equal(a, b));
	world_label(b, "more", "");
	assert_false(container_equal(a, b));
	world_label(a, "more", "x");
	assert_false(container_equal(a, b));
	container_free(b);
	b = world_container(ID_A, "a", "image:2");
	assert_false(container_equal(a, b));
	container_free(a);
	a = world_container(ID_A, "b", "image:2");
	assert_false(container_equal(a, b));
	free(b->name);
	b->name = NULL;
	assert_false(container_equal(a, b));
	container_free(a);
	container_free(b);
}

static bool has_place(const struct inventory_scope *scope, const char *network, const char *container)
{
	for (size_t i = 0; i < scope->count; i++) {
		if (strcmp(scope->items[i].network, network) == 0 && strcmp(scope->items[i].container, container) == 0)
			return true;
	}
	return false;
}

static struct network *network_ab(void)
{
	struct network *network = world_network("n1", "one", "br-1");

	world_join(network, ID_A, "10.0.0.2", NULL);
	world_join(network, ID_B, "10.0.0.3", "fd00::3");
	return network;
}

/* Puts the network n1 in the place of network_ab. */
static struct inventory_scope changes_to(const struct inventory *inventory, struct network *next)
{
	struct inventory_scope scope = { 0 };

	assert_int_equal(inventory_network_changes(inventory, "n1", next, &scope), 0);
	network_free(next);
	return scope;
}

static void test_network_changes(void **state)
{
	struct inventory *inventory = *state;
	struct inventory_scope scope;
	struct network *next;

	scope = changes_to(inventory, NULL);
	assert_true(!scope.all && scope.count == 0);
	scope = changes_to(inventory, network_ab());
	assert_true(scope.all);
	world_put_network(inventory, network_ab());
	scope = changes_to(inventory, network_ab());
	assert_true(!scope.all && scope.count == 0);
	scope = changes_to(inventory, NULL);
	assert_true(scope.all);

	next = network_ab();
	world_leave(next, 0);
	world_join(next, ID_C, "10.0.0.2", NULL);
	next->endpoints[0].ipv6 = world_address(NULL);
	scope = changes_to(inventory, next);
	assert_true(!scope.all && scope.count == 3);
	assert_true(has_place(&scope, "n1", ID_A) && has_place(&scope, "n1", ID_B) && has_place(&scope, "n1", ID_C));
	inventory_scope_clear(&scope);

	next = network_ab();
	free(next->endpoints[1].name);
	next->endpoints[1].name = world_copy("renamed");
	scope = changes_to(inventory, next);
	assert_true(!scope.all && scope.count == 1 && has_place(&scope, "n1", ID_B));
	inventory_scope_clear(&scope);

	next = network_ab();
	next->endpoints[0].mac[5] = 1;
	scope = changes_to(inventory, next);
	assert_true(!scope.all && scope.count == 1 && has_place(&scope, "n1", ID_A));
	inventory_scope_clear(&scope);
}

static void test_network_itself_changes(void **state)
{
	struct inventory *inventory = *state;

	world_put_network(inventory, network_ab());
	for (unsigned i = 0; i < 5; i++) {
		struct network *next = network_ab();
		struct inventory_scope scope;

		switch (i) {
		case 0:
			next->managed = false;
			break;
		case 1:
			strcpy(next->bridge, "br-2");
			break;
		case 2:
			next->name[0] = 'x';
			break;
		case 3:
			next->internal = true;
			break;
		default:
			next->icc = world_copy("false");
			break;
		}
		scope = changes_to(inventory, next);
		assert_true(scope.all);
		inventory_scope_clear(&scope);
	}
}

static void test_container_changes(void **state)
{
	struct inventory *inventory = *state;
	struct inventory_scope scope = { 0 };
	struct network *two = world_network("n2", "two", "br-2");

	world_join(two, ID_B, "10.0.1.2", NULL);
	world_put_network(inventory, network_ab());
	world_put_network(inventory, two);
	/* Not known yet: its endpoints are what matters. */
	assert_int_equal(inventory_container_changes(inventory, ID_B, &scope), 0);
	assert_true(!scope.all && scope.count == 2);
	assert_true(has_place(&scope, "n1", ID_B) && has_place(&scope, "n2", ID_B));
	inventory_scope_clear(&scope);
	assert_int_equal(inventory_container_changes(inventory, ID_C, &scope), 0);
	assert_int_equal(scope.count, 0);
	/* One that shares another's network namespace: that one's endpoints. */
	world_put(inventory, world_container(ID_A, "a", NULL));
	world_put(inventory, sharing(ID_C, "c", "a"));
	assert_int_equal(inventory_container_changes(inventory, ID_C, &scope), 0);
	assert_true(scope.count == 1 && has_place(&scope, "n1", ID_A));
	inventory_scope_clear(&scope);
}

/* B takes the name by which C shares A's network namespace: A loses C's flows, so A is looked at too. */
static void test_name_moves(void **state)
{
	struct inventory *inventory = *state;
	struct inventory_scope scope = { 0 };

	world_put_network(inventory, network_ab());
	world_put(inventory, world_container(ID_A, "a", NULL));
	world_put(inventory, world_container(ID_B, "b", NULL));
	world_put(inventory, sharing(ID_C, "c", ID_A));
	assert_int_equal(inventory_container_changes(inventory, ID_B, &scope), 0);
	assert_true(scope.count == 1 && has_place(&scope, "n1", ID_B));
	world_put(inventory, sharing(ID_C, "c", "aaaaaaaaaaaa"));
	assert_int_equal(inventory_container_changes(inventory, ID_B, &scope), 0);
	assert_true(scope.count == 2 && has_place(&scope, "n1", ID_A));
	inventory_scope_clear(&scope);
}

#define MAC_A ((const uint8_t[6]){ 2, 0, 0, 0, 0, 1 })
#define MAC_B ((const uint8_t[6]){ 2, 0, 0, 0, 0, 2 })

static void set_mac(struct network *network, const char *container, const uint8_t mac[6])
{
	memcpy(world_endpoint(network, container)->mac, mac, 6);
}

/* Two endpoints with one MAC take from each other the port behind which they live. */
static void test_twins(void **state)
{
	struct inventory *inventory = *state;
	struct inventory_scope scope;
	struct network *now = network_ab(), *next = network_ab();

	set_mac(now, ID_A, MAC_A);
	set_mac(next, ID_A, MAC_A);
	set_mac(next, ID_B, MAC_A);
	world_put_network(inventory, now);
	scope = changes_to(inventory, next);
	assert_true(!scope.all && scope.count == 2 && has_place(&scope, "n1", ID_A));
	inventory_scope_clear(&scope);
	set_mac(now, ID_B, MAC_A);
	next = network_ab();
	set_mac(next, ID_A, MAC_A);
	world_leave(next, 1);
	scope = changes_to(inventory, next);
	assert_true(!scope.all && scope.count == 2 && has_place(&scope, "n1", ID_A));
	inventory_scope_clear(&scope);
}

static const char *port_name(const struct inventory *inventory, const char *bridge, const uint8_t mac[6])
{
	const struct port *port = inventory_port(inventory, bridge, mac);

	return port ? port->name : "none";
}

static void test_ports(void **state)
{
	struct inventory *inventory = *state;
	struct network *network = network_ab();
	struct inventory_scope scope = { 0 };
	struct port *ports = NULL;
	size_t count = 0;

	assert_string_equal(port_name(inventory, "br-1", MAC_A), "none");
	set_mac(network, ID_A, MAC_A);
	set_mac(network, ID_B, MAC_B);
	world_put_network(inventory, network);
	world_add_port(&ports, &count, "br-1", "veth9", MAC_B);
	world_add_port(&ports, &count, "br-2", "veth3", MAC_A);
	world_add_port(&ports, &count, "br-1", "veth1", MAC_A);
	world_add_port(&ports, &count, "br-1", "veth0", (const uint8_t[6]){ 0 });
	inventory_sort_ports(ports, count);
	assert_string_equal(ports[0].name, "veth0");
	assert_string_equal(ports[3].name, "veth3");
	assert_int_equal(inventory_set_ports(inventory, ports, count, &scope), 0);
	assert_true(!scope.all && scope.count == 2);
	inventory_scope_clear(&scope);
	assert_string_equal(port_name(inventory, "br-1", MAC_A), "veth1");
	assert_string_equal(port_name(inventory, "br-2", MAC_A), "veth3");
	assert_string_equal(port_name(inventory, "br-1", MAC_B), "veth9");
	assert_string_equal(port_name(inventory, "br-2", MAC_B), "none");
	assert_string_equal(port_name(inventory, "br-3", MAC_A), "none");
	assert_string_equal(port_name(inventory, "br-1", (const uint8_t[6]){ 0 }), "none");
	/* A second one with that MAC: neither is. */
	ports = world_grow(NULL, count + 1, sizeof(*ports));
	memcpy(ports, inventory->ports, count * sizeof(*ports));
	world_add_port(&ports, &count, "br-1", "veth2", MAC_A);
	inventory_sort_ports(ports, count);
	assert_int_equal(inventory_port_changes(inventory, ports, count, &scope), 0);
	assert_string_equal(port_name(inventory, "br-1", MAC_A), "veth1");
	assert_int_equal(inventory_set_ports(inventory, ports, count, NULL), 0);
	assert_true(!scope.all && scope.count == 1 && has_place(&scope, "n1", ID_A));
	inventory_scope_clear(&scope);
	assert_string_equal(port_name(inventory, "br-1", MAC_A), "none");
	assert_string_equal(port_name(inventory, "br-1", MAC_B), "veth9");
	/* The same again, and none at all. */
	ports = world_grow(NULL, count, sizeof(*ports));
	memcpy(ports, inventory->ports, count * sizeof(*ports));
	assert_int_equal(inventory_set_ports(inventory, ports, count, &scope), 0);
	assert_int_equal(scope.count, 0);
	assert_int_equal(inventory_set_ports(inventory, NULL, 0, &scope), 0);
	assert_int_equal(scope.count, 2);
	inventory_scope_clear(&scope);
	assert_string_equal(port_name(inventory, "br-1", MAC_B), "none");
}

static bool twice(const struct inventory *inventory, const char *address, uint8_t protocol, uint16_t port)
{
	struct container *container = world_container(ID_B, "b", NULL);
	bool result;

	world_publish(container, "0.0.0.0", 17, 1, 1);
	world_publish(container, address, protocol, port, 80);
	result = inventory_published_twice(inventory, container);
	container_free(container);
	return result;
}

/* One takes over from another: what is published belongs to the host, so neither can be looked at alone. */
static void test_published_twice(void **state)
{
	struct inventory *inventory = *state;
	struct container *container = world_container(ID_A, "a", NULL);
	struct inventory_scope scope = { 0 };

	world_put_network(inventory, network_ab());
	assert_false(twice(inventory, "0.0.0.0", 6, 80));
	world_publish(container, "0.0.0.0", 6, 80, 8080);
	world_publish(container, "192.0.2.1", 6, 81, 8080);
	world_put(inventory, container);
	assert_int_equal(inventory->publishing, 1);
	assert_true(twice(inventory, "0.0.0.0", 6, 80));
	assert_true(twice(inventory, "192.0.2.9", 6, 80));
	assert_true(twice(inventory, "0.0.0.0", 6, 81));
	assert_true(twice(inventory, "192.0.2.1", 6, 81));
	assert_false(twice(inventory, "192.0.2.2", 6, 81));
	assert_false(twice(inventory, "0.0.0.0", 17, 80));
	assert_false(twice(inventory, "0.0.0.0", 6, 82));
	assert_false(twice(inventory, "::", 6, 80));
	assert_false(inventory_published_twice(inventory, container));
	assert_int_equal(inventory_container_changes(inventory, ID_A, &scope), 0);
	assert_false(scope.all);
	container = world_container(ID_B, "b", NULL);
	world_publish(container, "192.0.2.1", 6, 80, 80);
	world_put(inventory, container);
	assert_int_equal(inventory->publishing, 2);
	assert_int_equal(inventory_container_changes(inventory, ID_A, &scope), 0);
	assert_true(scope.all);
	inventory_scope_clear(&scope);
	world_put(inventory, world_container(ID_B, "b", NULL));
	inventory_remove_container(inventory, ID_A);
	assert_int_equal(inventory->publishing, 0);
}

static void test_scope(void **state)
{
	struct inventory_scope scope = { 0 };
	char longer[67];

	(void)state;
	assert_int_equal(inventory_scope_add(&scope, "n1", ID_A), 0);
	assert_int_equal(inventory_scope_add(&scope, "n1", ID_A), 0);
	assert_int_equal(inventory_scope_add(&scope, "n2", ID_A), 0);
	assert_int_equal(scope.count, 2);
	assert_false(scope.all);
	/* What is no id of the engine's is not cut, which could mean another one: everything is looked at. */
	memset(longer, 'f', sizeof(longer));
	longer[66] = '\0';
	assert_int_equal(inventory_scope_add(&scope, "n1", longer), 0);
	assert_true(scope.all);
	inventory_scope_clear(&scope);
	assert_int_equal(scope.count, 0);
	assert_false(scope.all);
	longer[64] = '\0';
	assert_int_equal(inventory_scope_add(&scope, longer, longer), 0);
	assert_false(scope.all);
	assert_string_equal(scope.items[0].container, longer);
	inventory_scope_clear(&scope);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_containers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_networks, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_sharing_is_counted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_netns_owner, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_netns_owner_by_way_of_others, set_up, tear_down),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_equal),
		cmocka_unit_test_setup_teardown(test_network_changes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_network_itself_changes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_container_changes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_name_moves, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_twins, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_ports, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_published_twice, set_up, tear_down),
		cmocka_unit_test(test_scope),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
