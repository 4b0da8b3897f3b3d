/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose a bridge is that came while somebody listened. */
#include "reconcile_bridges.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "loop.h"
#include "world.h"

static struct links *links;

static void look(struct reconcile_bridges *bridges, const char *first, const char *second)
{
	char names[2][16] = { 0 }, closed[1][16] = { "left" };
	size_t count = 0;

	if (first)
		strcpy(names[count++], first);
	if (second)
		strcpy(names[count++], second);
	assert_int_equal(reconcile_bridges_look(bridges, links, names, count, closed, 1), 0);
}

static enum reconcile_owner owner(const struct reconcile_bridges *bridges, const char *name)
{
	for (size_t i = 0; i < bridges->count; i++) {
		if (strcmp(bridges->items[i].name, name) == 0)
			return bridges->items[i].owner;
	}
	fail_msg("there is no %s", name);
	return RECONCILE_OTHERS;
}

static void add_port(struct inventory *inventory, const char *bridge, bool paired, uint64_t seen)
{
	inventory->ports = world_grow(inventory->ports, inventory->port_count + 1, sizeof(*inventory->ports));
	inventory->ports[inventory->port_count] = (struct port){ .paired = paired, .seen = seen, .index = 7 };
	strcpy(inventory->ports[inventory->port_count++].bridge, bridge);
}

/* What was there before us is left alone, save what the last run closed; what comes later is not. */
static void who_comes_when(void **state)
{
	struct reconcile_bridges bridges = { 0 };

	(void)state;
	look(&bridges, "virbr0", "left");
	assert_int_equal(owner(&bridges, "virbr0"), RECONCILE_OTHERS);
	assert_int_equal(owner(&bridges, "left"), RECONCILE_UNCLAIMED);
	look(&bridges, "virbr0", "foo0");
	assert_int_equal(owner(&bridges, "virbr0"), RECONCILE_OTHERS);
	assert_int_equal(owner(&bridges, "foo0"), RECONCILE_UNCLAIMED);
	assert_true(reconcile_bridge_is_closed(&bridges.items[1], NULL));
	/* Nobody listens where the engine should. */
	bridges.away = true;
	look(&bridges, "foo0", "lan0");
	assert_int_equal(owner(&bridges, "foo0"), RECONCILE_UNCLAIMED);
	assert_int_equal(owner(&bridges, "lan0"), RECONCILE_OTHERS);
	reconcile_bridges_clear(&bridges);
}

/* An answer counts that was asked for after the first port came; the engine lists a network after its bridge. */
static void released_by_the_engine(void **state)
{
	struct inventory *inventory = inventory_new();
	struct reconcile_bridges bridges = { 0 };

	(void)state;
	look(&bridges, NULL, NULL);
	look(&bridges, "foo0", "lan0");
	inventory->asked = loop_now_ns();
	assert_false(reconcile_bridges_judge(&bridges, inventory));
	assert_int_equal(owner(&bridges, "foo0"), RECONCILE_UNCLAIMED);
	add_port(inventory, "foo0", true, inventory->asked + 1);
	assert_false(reconcile_bridges_judge(&bridges, inventory));
	assert_true(reconcile_bridges_doubt(&bridges, inventory, false));
	inventory->asked += 2;
	assert_true(reconcile_bridges_judge(&bridges, inventory));
	assert_int_equal(owner(&bridges, "foo0"), RECONCILE_OTHERS);
	assert_true(reconcile_bridges_released(&bridges, "foo0"));
	assert_int_equal(owner(&bridges, "lan0"), RECONCILE_UNCLAIMED);
	/* The engine makes no such ports. */
	add_port(inventory, "lan0", false, inventory->asked + 3);
	assert_true(reconcile_bridges_judge(&bridges, inventory));
	assert_int_equal(owner(&bridges, "lan0"), RECONCILE_OTHERS);
	reconcile_bridges_clear(&bridges);
	inventory_free(inventory);
}

/* A network whose bridge cannot be told may have any that nobody claims. */
static void claimed(void **state)
{
	struct inventory *inventory = inventory_new();
	struct reconcile_bridges bridges = { 0 };

	(void)state;
	look(&bridges, NULL, NULL);
	look(&bridges, "foo0", "bar0");
	world_put_network(inventory, world_network("n1", "one", "foo0"));
	world_put_network(inventory, world_network("n2", "two", ""));
	add_port(inventory, "bar0", true, 1);
	inventory->asked = loop_now_ns();
	assert_true(reconcile_bridges_judge(&bridges, inventory));
	assert_int_equal(owner(&bridges, "foo0"), RECONCILE_CLAIMED);
	assert_int_equal(owner(&bridges, "bar0"), RECONCILE_UNCLAIMED);
	assert_false(reconcile_bridge_is_closed(&bridges.items[0], inventory));
	assert_true(reconcile_bridge_is_closed(&bridges.items[1], inventory));
	inventory_remove_network(inventory, "n2");
	assert_true(reconcile_bridges_judge(&bridges, inventory));
	assert_int_equal(owner(&bridges, "bar0"), RECONCILE_OTHERS);
	reconcile_bridges_clear(&bridges);
	inventory_free(inventory);
}

static int open_links(void **state)
{
	(void)state;
	return links_open(&links, NULL);
}

static int close_links(void **state)
{
	(void)state;
	links_close(links);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_comes_when),
		cmocka_unit_test(released_by_the_engine),
		cmocka_unit_test(claimed),
	};

	return cmocka_run_group_tests(tests, open_links, close_links);
}
