/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flows and inventory in, records out: each rule of the language once, as an administrator would read the result. */
#include "compile_scene.h"

static void assert_no_flows(const struct world *world)
{
	assert_set(world, POLICY_FLOWS4, "");
	assert_set(world, POLICY_FLOWS6, "");
	assert_set(world, POLICY_RANGES4, "");
	assert_set(world, POLICY_RANGES6, "");
}

static void test_one_flow(void **state)
{
	struct world *world = *state;

	shop(world);
	compile_flows(world, "{ \"from\": \"web\", \"to\": \"db\", \"ports\": [\"5432\"] }");
	assert_set(world, POLICY_NETWORKS, "\"br-shop\" . \"br-shop\": shop_default\n");
	assert_set(world, POLICY_BRIDGES, "\"br-shop\": shop_default\n");
	assert_set(world, POLICY_FOREIGN, "");
	assert_set(world, POLICY_ENDPOINTS4,
		   "\"br-shop\" . 10.0.0.2: shop-web-1 (shop/web) on shop_default\n"
		   "\"br-shop\" . 10.0.0.3: shop-db-1 (shop/db) on shop_default\n"
		   "\"br-shop\" . 10.0.0.4: mon-probe-1 (mon/probe) on shop_default\n");
	assert_set(world, POLICY_ENDPOINTS6,
		   "\"br-shop\" . fd00::2: shop-web-1 (shop/web) on shop_default\n"
		   "\"br-shop\" . fd00::3: shop-db-1 (shop/db) on shop_default\n"
		   "\"br-shop\" . fd00::4: mon-probe-1 (mon/probe) on shop_default\n");
	assert_set(world, POLICY_OBSERVED4, "");
	assert_set(world, POLICY_OBSERVED6, "");
	assert_set(world, POLICY_FLOWS4,
		   "10.0.0.2 . 10.0.0.3 . tcp . 5432: shop: web (shop-web-1) -> db (shop-db-1)\n");
	assert_set(world, POLICY_FLOWS6, "fd00::2 . fd00::3 . tcp . 5432: shop: web (shop-web-1) -> db (shop-db-1)\n");
	assert_set(world, POLICY_RANGES4, "");
	assert_set(world, POLICY_RANGES6, "");
}

static void test_nothing_is_open_by_itself(void **state)
{
	struct world *world = *state;

	compile_flows(world, "");
	assert_int_equal(policy_count(world->policy), 0);
	shop(world);
	compile_flows(world, "");
	assert_no_flows(world);
	/* A name that matches nobody widens nothing, on either side. */
	compile_flows(world, "{ \"from\": \"nobody\", \"to\": \"db\", \"ports\": [\"1\"] },"
			     "{ \"from\": \"web\", \"to\": \"cache\", \"ports\": [\"any\"] },"
			     "{ \"from\": \"ghost/*\", \"to\": \"db\", \"ports\": [\"any\"] }");
	assert_no_flows(world);
}

static void test_protocols(void **state)
{
	struct world *world = *state;

	shop(world);
	compile_flows(world, "{ \"from\": \"web\", \"to\": \"db\","
			     " \"ports\": [\"53/udp\", \"53/tcp\", \"53/sctp\", \"icmp\"] }");
#define END ": shop: web (shop-web-1) -> db (shop-db-1)\n"
	assert_set(world, POLICY_FLOWS4,
		   "10.0.0.2 . 10.0.0.3 . icmp . 2048" END "10.0.0.2 . 10.0.0.3 . tcp . 53" END
		   "10.0.0.2 . 10.0.0.3 . udp . 53" END "10.0.0.2 . 10.0.0.3 . sctp . 53" END);
	assert_set(world, POLICY_FLOWS6,
		   "fd00::2 . fd00::3 . tcp . 53" END "fd00::2 . fd00::3 . udp . 53" END
		   "fd00::2 . fd00::3 . ipv6-icmp . 32768" END "fd00::2 . fd00::3 . sctp . 53" END);
	assert_set(world, POLICY_RANGES4, "");
	compile_flows(world, "{ \"from\": \"web\", \"to\": \"db\", \"ports\": [\"udp\", \"7000-7010\", \"65535\"] }");
	assert_set(world, POLICY_RANGES4,
		   "10.0.0.2 . 10.0.0.3 . tcp . 7000-7010" END "10.0.0.2 . 10.0.0.3 . udp . 0-65535" END);
	assert_set(world, POLICY_FLOWS4, "10.0.0.2 . 10.0.0.3 . tcp . 65535" END);
	/* All of it is one interval, and no other interval of the pair beside it. */
	compile_flows(world, "{ \"from\": \"web\", \"to\": \"db\", \"ports\": [\"any\", \"7000-7010\", \"80\"] }");
	assert_set(world, POLICY_RANGES4, "10.0.0.2 . 10.0.0.3 . 0-255 . 0-65535" END);
	assert_set(world, POLICY_RANGES6, "fd00::2 . fd00::3 . 0-255 . 0-65535" END);
	assert_set(world, POLICY_FLOWS4, "10.0.0.2 . 10.0.0.3 . tcp . 80" END);
#undef END
}

/* The kernel refuses overlapping intervals, so they are cut; each part says whose it is. */
static void test_overlapping_ranges(void **state)
{
	struct world *world = *state;

	shop(world);
	compile_flows(world,
		      "{ \"from\": \"web\", \"to\": \"db\", \"ports\": [\"100-200\", \"150-300\", \"301-400\"] },"
		      "{ \"from\": \"*\", \"to\": \"db\", \"ports\": [\"180-190\", \"350-500\"] }");
#define WEB ": shop: web (shop-web-1) -> db (shop-db-1)\n"
#define ALL ": shop: * (shop-web-1) -> db (shop-db-1)\n"
	assert_set(world, POLICY_RANGES4,
		   "10.0.0.2 . 10.0.0.3 . tcp . 100-179" WEB "10.0.0.2 . 10.0.0.3 . tcp . 180-190" ALL
		   "10.0.0.2 . 10.0.0.3 . tcp . 191-349" WEB "10.0.0.2 . 10.0.0.3 . tcp . 350-500" ALL);
#undef WEB
#undef ALL
	compile_flows(world,
		      "{ \"from\": \"web\", \"to\": \"db\", \"ports\": [\"1-65535\", \"65534-65535\", \"1-2\"] }");
	assert_set(world, POLICY_RANGES4,
		   "10.0.0.2 . 10.0.0.3 . tcp . 1-65535: shop: web (shop-web-1) -> db (shop-db-1)\n");
}

static void test_replicas_reach_each_other_not_themselves(void **state)
{
	struct world *world = *state;
	struct network *network = shop_network();

	world_join(network, "db2", "10.0.0.5", NULL);
	world_put_network(world->inventory, network);
	world_put(world->inventory, world_compose("db", "shop-db-1", "shop", "db"));
	world_put(world->inventory, world_compose("db2", "shop-db-2", "shop", "db"));
	compile_flows(world, "{ \"from\": \"db\", \"to\": \"db\", \"ports\": [\"7000\"] }");
	assert_set(world, POLICY_FLOWS4,
		   "10.0.0.3 . 10.0.0.5 . tcp . 7000: shop: db (shop-db-1) -> db (shop-db-2)\n"
		   "10.0.0.5 . 10.0.0.3 . tcp . 7000: shop: db (shop-db-2) -> db (shop-db-1)\n");
	/* The second has no IPv6. */
	assert_set(world, POLICY_FLOWS6, "");
}

static void test_lists_and_other_apps(void **state)
{
	struct world *world = *state;

	shop(world);
	compile_flows(world, "{ \"from\": [\"mon/probe\", \"web\"], \"to\": [\"db\", \"web\"], \"ports\": [\"1\"] }");
	assert_set(world, POLICY_FLOWS4,
		   "10.0.0.2 . 10.0.0.3 . tcp . 1: shop: web (shop-web-1) -> db (shop-db-1)\n"
		   "10.0.0.4 . 10.0.0.2 . tcp . 1: shop: mon/probe (mon-probe-1) -> web (shop-web-1)\n"
		   "10.0.0.4 . 10.0.0.3 . tcp . 1: shop: mon/probe (mon-probe-1) -> db (shop-db-1)\n");
	compile_flows(world, "{ \"from\": \"mon/*\", \"to\": \"*\", \"ports\": [\"1\"] }");
	assert_set(world, POLICY_FLOWS4,
		   "10.0.0.4 . 10.0.0.2 . tcp . 1: shop: mon/* (mon-probe-1) -> * (shop-web-1)\n"
		   "10.0.0.4 . 10.0.0.3 . tcp . 1: shop: mon/* (mon-probe-1) -> * (shop-db-1)\n");
	compile_flows(world, "{ \"from\": \"*/*\", \"to\": \"db\", \"ports\": [\"1\"] }");
	assert_set(world, POLICY_FLOWS4,
		   "10.0.0.2 . 10.0.0.3 . tcp . 1: shop: */* (shop-web-1) -> db (shop-db-1)\n"
		   "10.0.0.4 . 10.0.0.3 . tcp . 1: shop: */* (mon-probe-1) -> db (shop-db-1)\n");
	compile_flows(world, "{ \"from\": [\"world\", \"host\"], \"to\": \"db\", \"ports\": [\"1\"] },"
			     "{ \"from\": \"db\", \"to\": [\"world\", \"host\"], \"ports\": [\"1\"] }");
	assert_no_flows(world);
}

/* A flow holds on every network that both are on, and never from one into another. */
static void test_only_on_a_common_network(void **state)
{
	struct world *world = *state;
	struct network *two = world_network("n2", "back", "br-back"), *three = world_network("n3", "far", "br-far");

	world_put_network(world->inventory, shop_network());
	world_join(two, "web", "10.0.1.2", NULL);
	world_join(two, "db", "10.0.1.3", NULL);
	world_join(three, "web", "10.0.2.2", NULL);
	world_put_network(world->inventory, two);
	world_put_network(world->inventory, three);
	world_put(world->inventory, world_compose("web", "w", "shop", "web"));
	world_put(world->inventory, world_compose("db", "d", "shop", "db"));
	compile_flows(world, "{ \"from\": \"web\", \"to\": \"db\", \"ports\": [\"1\"] }");
	assert_set(world, POLICY_FLOWS4,
		   "10.0.0.2 . 10.0.0.3 . tcp . 1: shop: web (w) -> db (d)\n"
		   "10.0.1.2 . 10.0.1.3 . tcp . 1: shop: web (w) -> db (d)\n");
}

static void test_unmanaged_networks_yield_nothing(void **state)
{
	struct world *world = *state;
	struct network *unmanaged = shop_network(), *overlay = shop_network();

	shop(world);
	unmanaged->managed = false;
	world_put_network(world->inventory, unmanaged);
	compile_flows(world, "{ \"from\": \"web\", \"to\": \"db\", \"ports\": [\"1\"] }");
	assert_int_equal(policy_count(world->policy), 0);
	overlay->bridge[0] = '\0';
	world_put_network(world->inventory, overlay);
	world_compile(world);
	assert_int_equal(policy_count(world->policy), 0);
}

/* An endpoint whose container is not known yet is named, and closed. */
static void test_unknown_container_is_closed(void **state)
{
	struct world *world = *state;

	world_put_network(world->inventory, shop_network());
	world_put(world->inventory, world_compose("web", "shop-web-1", "shop", "web"));
	world->defaults.mode = FLOW_MODE_OBSERVE;
	compile_flows(world, "{ \"from\": \"*/*\", \"to\": \"*\", \"ports\": [\"any\"] }");
	assert_no_flows(world);
	assert_set(world, POLICY_OBSERVED4, "10.0.0.2: shop-web-1\n");
	assert_set(world, POLICY_ENDPOINTS4,
		   "\"br-shop\" . 10.0.0.2: shop-web-1 (shop/web) on shop_default\n"
		   "\"br-shop\" . 10.0.0.3: endpoint () on shop_default\n"
		   "\"br-shop\" . 10.0.0.4: endpoint () on shop_default\n");
}

static void test_shared_network_namespace(void **state)
{
	struct world *world = *state;
	struct container *sidecar = world_compose("side", "shop-side-1", "shop", "side");
	const char *flow =
		"{ \"app\": \"shop\", \"flows\": [{ \"from\": \"side\", \"to\": \"db\", \"ports\": [\"1\"] }] }";

	shop(world);
	compile_files(world, flow);
	assert_no_flows(world);
	sidecar->shares = world_copy("shop-web-1");
	world_put(world->inventory, sidecar);
	compile_files(world, flow);
	/* The endpoint's own name: that is what the address is known by. */
	assert_set(world, POLICY_FLOWS4, "10.0.0.2 . 10.0.0.3 . tcp . 1: shop: side (shop-web-1) -> db (shop-db-1)\n");
	assert_set(world, POLICY_ENDPOINTS4,
		   "\"br-shop\" . 10.0.0.2: shop-web-1 (shop/web, shop/side) on shop_default\n"
		   "\"br-shop\" . 10.0.0.3: shop-db-1 (shop/db) on shop_default\n"
		   "\"br-shop\" . 10.0.0.4: mon-probe-1 (mon/probe) on shop_default\n");
	/* What is not running sends nothing: the address loses its flows. */
	sidecar->running = false;
	world_compile(world);
	assert_no_flows(world);
	/* Whose network namespace it is must be known. */
	sidecar->running = true;
	inventory_remove_container(world->inventory, "web");
	world_compile(world);
	assert_no_flows(world);
}

/* One that shares an address with an observed container must be observed too, or the address is not. */
static void test_observed_addresses(void **state)
{
	struct world *world = *state;
	struct container *sidecar = world_compose("side", "side", "shut", "side");
	const char *const files[] = {
		"{ \"app\": \"shop\", \"mode\": \"observe\", \"flows\": [] }",
		"{ \"app\": \"shut\", \"flows\": [] }",
		NULL,
	};

	shop(world);
	compile(world, files);
	assert_set(world, POLICY_OBSERVED4, "10.0.0.2: shop-web-1\n10.0.0.3: shop-db-1\n");
	assert_set(world, POLICY_OBSERVED6, "fd00::2: shop-web-1\nfd00::3: shop-db-1\n");
	sidecar->shares = world_copy("web");
	world_put(world->inventory, sidecar);
	world_compile(world);
	assert_set(world, POLICY_OBSERVED4, "10.0.0.3: shop-db-1\n");
}

static void test_links(void **state)
{
	struct world *world = *state;
	char closed[2][16] = { "docker0", "br-shop" }, foreign[1][16] = { "br-mine" };
	const struct compile_links links = {
		.closed = closed,
		.closed_count = 2,
		.foreign = foreign,
		.foreign_count = 1,
	};
	struct error err;

	shop(world);
	compile_flows(world, "");
	policy_free(world->policy);
	world->policy = NULL;
	assert_int_equal(compile_all(world->binding, world->inventory, &links, &world->policy, &err), 0);
	/* A bridge that is both is there once. */
	assert_set(world, POLICY_BRIDGES,
		   "\"br-shop\": closed: its network is not known yet\n"
		   "\"docker0\": closed: its network is not known yet\n");
	assert_set(world, POLICY_FOREIGN, "\"br-mine\": not managed by bulkhead\n");
	assert_set(world, POLICY_NETWORKS, "\"br-shop\" . \"br-shop\": shop_default\n");
}

static bool is_plain(const char *text)
{
	for (; *text; text++) {
		if (*text < 0x20 || *text > 0x7e || *text == '"' || *text == '\\')
			return false;
	}
	return true;
}

/* Whatever the engine's strings say, no comment holds more than nft can take back and a terminal can bear. */
static void test_hostile_texts(void **state)
{
	struct world *world = *state;
	struct container *container;
	char *huge = malloc(65536);

	assert_non_null(huge);
	memset(huge, '\x1b', 65535);
	huge[65535] = '\0';
	shop(world);
	container = world_compose("web", "shop-web-1", huge, huge);
	world_label(container, "bulkhead.app", "shop");
	world_label(container, "bulkhead.service", "web");
	world_put(world->inventory, container);
	container = world_compose("db", "x\"\n) -> y (\x1b[31m", "shop", "db");
	world_put(world->inventory, container);
	container = world_compose("other", huge, "a\nb", "\" drop \\");
	world_put(world->inventory, container);
	free(inventory_network(world->inventory, "n1")->name);
	inventory_network(world->inventory, "n1")->name = huge;
	compile_flows(world, "{ \"from\": \"*/*\", \"to\": [\"web\", \"db\"], \"ports\": [\"1\", \"2-3\"] }");
	/* The network, three times; three containers with two addresses, three times; the flows. */
	assert_int_equal(policy_count(world->policy), 3 + 3 * 2 * 3 + 2 * 2 * 4);
	for (size_t i = 0; i < policy_count(world->policy); i++) {
		const char *comment = policy_at(world->policy, i)->comment;

		assert_true(strlen(comment) <= POLICY_COMMENT_MAX);
		assert_true(is_plain(comment));
	}
}

/* A scope's records are those of the whole that concern its endpoint: its own, and every pair with it. */
static void test_scope_of_one(void **state)
{
	struct world *world = *state;
	struct inventory_scope scope = { 0 };
	struct policy *part = NULL;
	struct error err;

	shop(world);
	compile_flows(world, "{ \"from\": \"*/*\", \"to\": \"*\", \"ports\": [\"1\"] }");
	assert_int_equal(inventory_scope_add(&scope, "n1", "db"), 0);
	assert_int_equal(inventory_scope_add(&scope, "n1", "nobody"), 0);
	assert_int_equal(inventory_scope_add(&scope, "n9", "db"), 0);
	assert_int_equal(compile_scope(world->binding, world->inventory, &scope, &part, &err), 0);
	/* Its two addresses, three times; from both others to it, from it to web. */
	assert_int_equal(policy_count(part), 3 * 2 + 2 * 3);
	for (size_t i = 0; i < policy_count(part); i++) {
		const struct policy_record *found = policy_find(world->policy, policy_at(part, i));

		assert_non_null(found);
		assert_string_equal(found->comment, policy_at(part, i)->comment);
	}
	policy_free(part);
	inventory_scope_clear(&scope);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_test(test_one_flow),
		scene_test(test_nothing_is_open_by_itself),
		scene_test(test_protocols),
		scene_test(test_overlapping_ranges),
		scene_test(test_replicas_reach_each_other_not_themselves),
		scene_test(test_lists_and_other_apps),
		scene_test(test_only_on_a_common_network),
		scene_test(test_unmanaged_networks_yield_nothing),
		scene_test(test_unknown_container_is_closed),
		scene_test(test_shared_network_namespace),
		scene_test(test_observed_addresses),
		scene_test(test_links),
		scene_test(test_hostile_texts),
		scene_test(test_scope_of_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
