/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flows into a network that the engine routes to; between all other networks nothing passes. */
#include "compile_scene.h"

#define ORDERS "{ \"from\": \"web\", \"to\": \"db\", \"ports\": [\"5432\", \"7000-7010/udp\"] }"
#define WHO    ": shop: web (shop-web-1) -> db (shop-db-1)\n"

/* db alone on a second network. */
static void two_networks(struct world *world, bool routed4, bool routed6)
{
	struct network *front = world_network("n1", "front", "br-front");
	struct network *inner = world_network("n2", "inner", "br-inner");

	world_join(front, "web", "10.0.0.2", "fd00::2");
	world_join(front, "evil", "10.0.0.4", "fd00::4");
	world_join(inner, "db", "10.0.1.3", "fd01::3");
	inner->routed4 = routed4;
	inner->routed6 = routed6;
	world_put_network(world->inventory, front);
	world_put_network(world->inventory, inner);
	world_put(world->inventory, world_compose("web", "shop-web-1", "shop", "web"));
	world_put(world->inventory, world_compose("db", "shop-db-1", "shop", "db"));
	world_put(world->inventory, world_compose("evil", "shop-evil-1", "shop", "evil"));
}

static void assert_ways(const struct world *world, bool v4, bool v6)
{
	assert_set(world, POLICY_FLOWS4, v4 ? "10.0.0.2 . 10.0.1.3 . tcp . 5432" WHO : "");
	assert_set(world, POLICY_RANGES4, v4 ? "10.0.0.2 . 10.0.1.3 . udp . 7000-7010" WHO : "");
	assert_set(world, POLICY_FLOWS6, v6 ? "fd00::2 . fd01::3 . tcp . 5432" WHO : "");
	assert_set(world, POLICY_RANGES6, v6 ? "fd00::2 . fd01::3 . udp . 7000-7010" WHO : "");
}

static void test_each_family(void **state)
{
	struct world *world = *state;

	two_networks(world, true, true);
	compile_flows(world, ORDERS);
	assert_ways(world, true, true);
}

static void test_ipv4(void **state)
{
	struct world *world = *state;

	two_networks(world, true, false);
	compile_flows(world, ORDERS);
	assert_ways(world, true, false);
}

static void test_ipv6(void **state)
{
	struct world *world = *state;

	two_networks(world, false, true);
	compile_flows(world, ORDERS);
	assert_ways(world, false, true);
}

static void test_not_routed(void **state)
{
	struct world *world = *state;

	two_networks(world, false, false);
	compile_flows(world, ORDERS);
	assert_ways(world, false, false);
}

/* From it into a network that is not routed to the engine opens nothing. */
static void test_the_other_way(void **state)
{
	struct world *world = *state;

	two_networks(world, true, true);
	compile_flows(world, "{ \"from\": \"db\", \"to\": \"web\", \"ports\": [\"80\", \"1-2\"] }");
	assert_ways(world, false, false);
}

/* Neither end of a flow is on a network that is left alone. */
static void not_managed(struct world *world, const char *id)
{
	two_networks(world, true, true);
	inventory_network(world->inventory, id)->managed = false;
	compile_flows(world, ORDERS);
	assert_ways(world, false, false);
}

static void test_source_not_managed(void **state)
{
	not_managed(*state, "n1");
}

static void test_destination_not_managed(void **state)
{
	not_managed(*state, "n2");
}

/* A container has no flow to itself from one of its networks into another. */
static void test_itself(void **state)
{
	struct world *world = *state;

	two_networks(world, true, true);
	world_join(inventory_network(world->inventory, "n2"), "web", "10.0.1.2", "fd01::2");
	compile_flows(world, "{ \"from\": \"web\", \"to\": \"web\", \"ports\": [\"5432\", \"7000-7010/udp\"] }");
	assert_ways(world, false, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_test(test_each_family),
		scene_test(test_ipv4),
		scene_test(test_ipv6),
		scene_test(test_not_routed),
		scene_test(test_the_other_way),
		scene_test(test_source_not_managed),
		scene_test(test_destination_not_managed),
		scene_test(test_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
