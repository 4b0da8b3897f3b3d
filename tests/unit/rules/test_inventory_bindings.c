/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a container publishes whenever it starts: kept, told apart from what it publishes now, and counted. */
#include "world.h"

#define ID_A "aaaaaaaaaaaa0000000000000000000000000000000000000000000000000001"
#define ID_B "bbbbbbbbbbbb0000000000000000000000000000000000000000000000000002"
#define ID_C "cccccccccccc0000000000000000000000000000000000000000000000000003"

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

static struct container *not_started(const char *id)
{
	struct container *container = world_container(id, "name", "image:1");

	container->running = container->started = false;
	return container;
}

/* Binds one port. */
static struct container *bound(const char *id, uint16_t port, bool chooses)
{
	struct container *container = not_started(id);

	world_publish(container, "0.0.0.0", 6, port, 80);
	world_bind(container, chooses);
	return container;
}

static void test_complete(void **state)
{
	struct container *known = bound(ID_A, 8080, true), *listed = not_started(ID_A), *nobody = not_started(ID_A);

	(void)state;
	assert_int_equal(known->published_count, 1);
	/* The list's answer comes without, and gets what is known. */
	world_publish(listed, "0.0.0.0", 6, 1, 1);
	assert_int_equal(container_complete(listed, nobody), 0);
	assert_int_equal(container_complete(listed, NULL), 0);
	assert_int_equal(listed->published[0].host_port, 1);
	assert_false(listed->bindings_known);
	assert_int_equal(container_complete(listed, known), 0);
	assert_true(listed->bindings_known && listed->chooses);
	assert_int_equal(listed->binding_count, 1);
	assert_int_equal(listed->published_count, 1);
	assert_int_equal(listed->published[0].host_port, 8080);
	/* Nobody takes them away again, nor changes them. */
	assert_int_equal(container_complete(listed, nobody), 0);
	container_free(known);
	known = bound(ID_A, 9, false);
	assert_int_equal(container_complete(listed, known), 0);
	assert_int_equal(listed->bindings[0].host_port, 8080);
	assert_true(listed->chooses);
	container_free(listed);
	/* Of one that is started counts what it publishes now. */
	listed = world_container(ID_A, "a", "image:1");
	world_publish(listed, "0.0.0.0", 6, 40000, 80);
	world_publish(listed, "0.0.0.0", 6, 8080, 80);
	assert_int_equal(container_complete(listed, known), 0);
	assert_int_equal(listed->published_count, 2);
	assert_int_equal(listed->binding_count, 1);
	/* … until it ends. */
	listed->started = false;
	assert_int_equal(container_complete(listed, NULL), 0);
	assert_int_equal(listed->published_count, 1);
	assert_int_equal(listed->published[0].host_port, 9);
	container_free(listed);
	/* Nothing bound is known, too. */
	listed = not_started(ID_A);
	world_bind(nobody, false);
	world_publish(listed, "0.0.0.0", 6, 1, 1);
	assert_int_equal(container_complete(listed, nobody), 0);
	assert_true(listed->bindings_known);
	assert_int_equal(listed->published_count, 0);
	container_free(listed);
	container_free(known);
	container_free(nobody);
}

static void test_settled(void **state)
{
	struct container *container = not_started(ID_A);

	(void)state;
	assert_false(container_is_settled(NULL));
	assert_false(container_is_settled(container));
	container->started = true;
	assert_true(container_is_settled(container));
	container->started = false;
	world_bind(container, false);
	assert_true(container_is_settled(container));
	container->chooses = true;
	assert_false(container_is_settled(container));
	container->started = true;
	assert_true(container_is_settled(container));
	container_free(container);
}

static void test_equal(void **state)
{
	struct container *a = bound(ID_A, 1, false), *b = bound(ID_A, 1, false);

	(void)state;
	assert_true(container_equal(a, b));
	b->chooses = true;
	assert_false(container_equal(a, b));
	b->chooses = false;
	b->bindings_known = false;
	assert_false(container_equal(a, b));
	b->bindings_known = true;
	b->bindings[0].host_port = 2;
	assert_false(container_equal(a, b));
	b->bindings[0].host_port = 1;
	b->binding_count = 0;
	assert_false(container_equal(a, b));
	container_free(a);
	container_free(b);
}

/* A and B on one network, A on another one too; and what is no container. */
static void put_networks(struct inventory *inventory)
{
	struct network *one = world_network("n1", "one", "br-1"), *two = world_network("n2", "two", "br-2");

	world_join(one, ID_A, "10.0.0.2", NULL);
	world_join(one, ID_B, "10.0.0.3", NULL);
	world_join(one, "ep-1234", "10.0.0.4", NULL);
	world_join(two, ID_A, "10.0.1.2", NULL);
	world_put_network(inventory, one);
	world_put_network(inventory, two);
}

static void test_unsettled_is_counted(void **state)
{
	struct inventory *inventory = *state;

	/* Whoever is not known may publish anything. */
	put_networks(inventory);
	assert_int_equal(inventory->unsettled, 3);
	world_put(inventory, world_container(ID_A, "a", NULL));
	assert_int_equal(inventory->unsettled, 1);
	world_put(inventory, not_started(ID_A));
	assert_int_equal(inventory->unsettled, 3);
	world_put(inventory, bound(ID_A, 80, false));
	assert_int_equal(inventory->unsettled, 1);
	world_put(inventory, bound(ID_A, 80, true));
	assert_int_equal(inventory->unsettled, 3);
	world_put(inventory, bound(ID_B, 81, false));
	world_put(inventory, bound(ID_C, 82, true));
	assert_int_equal(inventory->unsettled, 2);
	world_put_network(inventory, world_network("n1", "one", "br-1"));
	assert_int_equal(inventory->unsettled, 1);
	put_networks(inventory);
	assert_int_equal(inventory->unsettled, 2);
	inventory_remove_container(inventory, ID_C);
	assert_int_equal(inventory->unsettled, 2);
	inventory_remove_container(inventory, ID_B);
	assert_int_equal(inventory->unsettled, 3);
	inventory_remove_network(inventory, "n2");
	assert_int_equal(inventory->unsettled, 2);
	inventory_remove_network(inventory, "n1");
	assert_int_equal(inventory->unsettled, 0);
}

static void test_inventory_complete(void **state)
{
	struct inventory *inventory = *state;
	struct container *known = bound(ID_A, 8080, false);

	put_networks(inventory);
	world_put(inventory, world_container(ID_B, "b", NULL));
	world_put(inventory, not_started(ID_A));
	assert_int_equal(inventory->unsettled, 2);
	assert_int_equal(inventory->publishing, 0);
	assert_int_equal(inventory_complete(inventory, inventory_container(inventory, ID_A), NULL), 0);
	assert_int_equal(inventory->unsettled, 2);
	assert_int_equal(inventory_complete(inventory, inventory_container(inventory, ID_A), known), 0);
	assert_int_equal(inventory->unsettled, 0);
	assert_int_equal(inventory->publishing, 1);
	assert_int_equal(inventory_container(inventory, ID_A)->published[0].host_port, 8080);
	inventory_remove_container(inventory, ID_A);
	assert_int_equal(inventory->publishing, 0);
	container_free(known);
}

/* One that was stopped keeps its bindings, but is in nobody's way as long as it lives nowhere. */
static void test_published_twice(void **state)
{
	struct inventory *inventory = *state;
	struct container *b = bound(ID_B, 8080, false), *c = bound(ID_C, 8080, false);
	struct inventory_scope scope = { 0 };
	struct network *next;

	put_networks(inventory);
	world_put(inventory, bound(ID_A, 8080, false));
	assert_true(inventory_published_twice(inventory, b));
	assert_false(inventory_published_twice(inventory, c));
	world_put(inventory, c);
	assert_int_equal(inventory_container_changes(inventory, ID_A, &scope), 0);
	assert_false(scope.all);
	inventory_scope_clear(&scope);
	/* It comes to live here: now it is. */
	next = world_network("n2", "two", "br-2");
	world_join(next, ID_A, "10.0.1.2", NULL);
	world_join(next, ID_C, "10.0.1.3", NULL);
	assert_int_equal(inventory_network_changes(inventory, "n2", next, &scope), 0);
	assert_true(scope.all);
	inventory_scope_clear(&scope);
	/* Both come at once. */
	inventory_remove_network(inventory, "n1");
	world_put_network(inventory, world_network("n2", "two", "br-2"));
	assert_int_equal(inventory_network_changes(inventory, "n2", next, &scope), 0);
	assert_true(scope.all);
	inventory_scope_clear(&scope);
	network_free(next);
	container_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_complete),
		cmocka_unit_test(test_settled),
		cmocka_unit_test(test_equal),
		cmocka_unit_test_setup_teardown(test_unsettled_is_counted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_inventory_complete, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_published_twice, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
