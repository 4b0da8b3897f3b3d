/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the boundary opens, rule by rule: states of endpoints, world, host, name servers, ports and places. */
#include "compile_scene.h"

#define ID_WEB	       "aaaaaaaaaaaa0000000000000000000000000000000000000000000000000001"
#define ID_LATE	       "bbbbbbbbbbbb0000000000000000000000000000000000000000000000000002"

#define DECLARED(what) "\"boundary\": { \"" what "\": \"declared\" }"
/* An app "shop" with that boundary closed and those flows. */
#define compile_closed(world, what, flows)                                                                             \
	compile_files((world), "{ \"app\": \"shop\", " DECLARED(what) ", \"flows\": [" flows "] }")

static void resolver(struct world *world, const char *text)
{
	struct inventory *inventory = world->inventory;

	inventory->resolvers =
		world_grow(inventory->resolvers, inventory->resolver_count + 1, sizeof(*inventory->resolvers));
	inventory->resolvers[inventory->resolver_count++] = world_address(text);
}

/* Nothing of a boundary that is open: it needs no records to be passed. */
static void test_open(void **state)
{
	struct world *world = *state;

	shop(world);
	resolver(world, "192.0.2.53");
	compile_flows(world, "{ \"from\": [\"world\", \"host\"], \"to\": \"web\", \"ports\": [\"80\"] },"
			     "{ \"from\": \"web\", \"to\": [\"world\", \"host\"], \"ports\": [\"any\"] }");
	for (enum policy_set set = 0; set < POLICY_SET_COUNT; set++) {
		if (policy_set_shape(set) == POLICY_SHAPE_BOUNDARY || policy_set_is(set, POLICY_TOPIC_CLOSED_INGRESS) ||
		    policy_set_is(set, POLICY_TOPIC_CLOSED_EGRESS) || policy_set_is(set, POLICY_TOPIC_CLOSED_HOST))
			assert_set(world, set, "");
	}
}

/* Closed, and nothing is declared. */
static void test_closed(void **state)
{
	struct world *world = *state;

	shop(world);
	compile_closed(world, "ingress", "");
	assert_set(world, POLICY_CLOSED_INGRESS4, "10.0.0.2: shop-web-1\n10.0.0.3: shop-db-1\n");
	assert_set(world, POLICY_CLOSED_INGRESS6, "fd00::2: shop-web-1\nfd00::3: shop-db-1\n");
	assert_set(world, POLICY_CLOSED_EGRESS4, "");
	assert_set(world, POLICY_CLOSED_HOST4, "");
	assert_set(world, POLICY_INGRESS4, "");
	assert_set(world, POLICY_FROM_HOST4, "");
	compile_closed(world, "egress", "");
	assert_set(world, POLICY_CLOSED_INGRESS4, "");
	assert_set(world, POLICY_CLOSED_EGRESS4, "10.0.0.2: shop-web-1\n10.0.0.3: shop-db-1\n");
	assert_set(world, POLICY_EGRESS4, "");
	compile_closed(world, "host", "");
	assert_set(world, POLICY_CLOSED_HOST6, "fd00::2: shop-web-1\nfd00::3: shop-db-1\n");
	assert_set(world, POLICY_TO_HOST6, "");
}

static void test_ingress(void **state)
{
	struct world *world = *state;

	shop(world);
	compile_closed(world, "ingress",
		       "{ \"from\": \"world\", \"to\": \"web\", \"ports\": [\"80\", \"icmp\", \"5000-5010/udp\"] }");
#define END " shop: world (anywhere) -> web (shop-web-1)\n"
	assert_set(world, POLICY_INGRESS4,
		   "0.0.0.0/0 . 10.0.0.2 . icmp . 2048:" END "0.0.0.0/0 . 10.0.0.2 . tcp . 80:" END
		   "0.0.0.0/0 . 10.0.0.2 . udp . 5000-5010:" END);
	assert_set(world, POLICY_INGRESS6,
		   "::/0 . fd00::2 . tcp . 80:" END "::/0 . fd00::2 . udp . 5000-5010:" END
		   "::/0 . fd00::2 . ipv6-icmp . 32768:" END);
#undef END
	/* The world is not the host, and the other way round. */
	assert_set(world, POLICY_FROM_HOST4, "");
	compile_closed(world, "ingress", "{ \"from\": \"host\", \"to\": \"web\", \"ports\": [\"80\", \"any\"] }");
	assert_set(world, POLICY_INGRESS4, "");
	assert_set(world, POLICY_FROM_HOST4,
		   "0.0.0.0/0 . 10.0.0.2 . 0-255 . 0-65535: shop: host (this host) -> web (shop-web-1)\n");
	assert_set(world, POLICY_FROM_HOST6,
		   "::/0 . fd00::2 . 0-255 . 0-65535: shop: host (this host) -> web (shop-web-1)\n");
}

/* Networks of one family open nothing in the other one. */
static void test_cidrs(void **state)
{
	struct world *world = *state;

	shop(world);
	compile_closed(world, "ingress",
		       "{ \"from\": [\"db\", \"world\"], \"to\": \"web\", \"ports\": [\"80\"],"
		       " \"cidrs\": [\"198.51.100.7\", \"192.0.2.0/24\"] }");
	assert_set(world, POLICY_INGRESS4,
		   "192.0.2.0/24 . 10.0.0.2 . tcp . 80: shop: world (192.0.2.0/24) -> web (shop-web-1)\n"
		   "198.51.100.7 . 10.0.0.2 . tcp . 80: shop: world (198.51.100.7/32) -> web (shop-web-1)\n");
	assert_set(world, POLICY_INGRESS6, "");
	/* They say nothing about containers. */
	assert_set(world, POLICY_FLOWS6, "fd00::3 . fd00::2 . tcp . 80: shop: db (shop-db-1) -> web (shop-web-1)\n");
}

/* The kernel refuses elements that overlap: of nested networks the wider one stays, port by port. */
static void test_nested_networks(void **state)
{
	struct world *world = *state;

	shop(world);
	compile_closed(
		world, "egress",
		"{ \"from\": \"web\", \"to\": \"world\", \"ports\": [\"80\"], \"cidrs\": [\"192.0.2.0/24\"] },"
		"{ \"from\": \"web\", \"to\": \"world\", \"ports\": [\"70-90\"], \"cidrs\": [\"192.0.2.128/25\"] },"
		"{ \"from\": \"web\", \"to\": \"world\", \"ports\": [\"tcp\"], \"cidrs\": [\"192.0.2.129\"] }");
	assert_set(world, POLICY_EGRESS4,
		   "10.0.0.2 . 192.0.2.0/24 . tcp . 80: shop: web (shop-web-1) -> world (192.0.2.0/24)\n"
		   "10.0.0.2 . 192.0.2.128/25 . tcp . 70-79: shop: web (shop-web-1) -> world (192.0.2.128/25)\n"
		   "10.0.0.2 . 192.0.2.128/25 . tcp . 81-90: shop: web (shop-web-1) -> world (192.0.2.128/25)\n"
		   "10.0.0.2 . 192.0.2.129 . tcp . 0-69: shop: web (shop-web-1) -> world (192.0.2.129/32)\n"
		   "10.0.0.2 . 192.0.2.129 . tcp . 91-65535: shop: web (shop-web-1) -> world (192.0.2.129/32)\n");
	/* "any" of a network, and one port of the world around it. */
	compile_closed(world, "egress",
		       "{ \"from\": \"web\", \"to\": \"world\", \"ports\": [\"443\"] },"
		       "{ \"from\": \"web\", \"to\": \"world\", \"ports\": [\"any\"], \"cidrs\": [\"192.0.2.0/24\"] }");
	assert_set(world, POLICY_EGRESS4,
		   "10.0.0.2 . 0.0.0.0/0 . tcp . 443: shop: web (shop-web-1) -> world (anywhere)\n"
		   "10.0.0.2 . 192.0.2.0/24 . 0-5 . 0-65535: shop: web (shop-web-1) -> world (192.0.2.0/24)\n"
		   "10.0.0.2 . 192.0.2.0/24 . tcp . 0-442: shop: web (shop-web-1) -> world (192.0.2.0/24)\n"
		   "10.0.0.2 . 192.0.2.0/24 . tcp . 444-65535: shop: web (shop-web-1) -> world (192.0.2.0/24)\n"
		   "10.0.0.2 . 192.0.2.0/24 . 7-255 . 0-65535: shop: web (shop-web-1) -> world (192.0.2.0/24)\n");
}

/* Name servers may be asked, over the world or on the host, however closed the container is. */
static void test_name_servers(void **state)
{
	struct world *world = *state;

	shop(world);
	resolver(world, "192.0.2.53");
	resolver(world, "2001:db8::53");
	inventory_remove_container(world->inventory, "db");
	compile_files(world, "{ \"app\": \"shop\", \"boundary\": { \"egress\": \"declared\", \"host\": \"declared\" },"
			     " \"flows\": [] }");
	assert_set(world, POLICY_EGRESS4,
		   "10.0.0.2 . 192.0.2.53 . tcp . 53: bulkhead: * (shop-web-1) -> dns (192.0.2.53)\n"
		   "10.0.0.2 . 192.0.2.53 . udp . 53: bulkhead: * (shop-web-1) -> dns (192.0.2.53)\n");
	assert_set(world, POLICY_TO_HOST6,
		   "fd00::2 . 2001:db8::53 . tcp . 53: bulkhead: * (shop-web-1) -> dns (2001:db8::53)\n"
		   "fd00::2 . 2001:db8::53 . udp . 53: bulkhead: * (shop-web-1) -> dns (2001:db8::53)\n");
}

static void test_host(void **state)
{
	struct world *world = *state;

	shop(world);
	compile_closed(world, "host", "{ \"from\": \"web\", \"to\": [\"db\", \"host\"], \"ports\": [\"8125/udp\"] }");
	assert_set(world, POLICY_TO_HOST4,
		   "10.0.0.2 . 0.0.0.0/0 . udp . 8125: shop: web (shop-web-1) -> host (this host)\n");
	assert_set(world, POLICY_TO_HOST6, "fd00::2 . ::/0 . udp . 8125: shop: web (shop-web-1) -> host (this host)\n");
}

/* Where the container is not known, the host's word counts; nothing is declared for it. */
static void test_unknown_container(void **state)
{
	struct world *world = *state;

	shop(world);
	inventory_remove_container(world->inventory, "db");
	world->defaults.boundary.ingress = FLOW_BOUNDARY_DECLARED;
	compile_files(world, "{ \"app\": \"shop\", \"boundary\": { \"ingress\": \"open\" }, \"flows\": ["
			     "{ \"from\": \"world\", \"to\": \"db\", \"ports\": [\"1\"] }] }");
	assert_set(world, POLICY_CLOSED_INGRESS4, "10.0.0.3: endpoint\n10.0.0.4: mon-probe-1\n");
	assert_set(world, POLICY_INGRESS4, "");
}

/* Those who share an address close it together: what one closes is closed, and what one declares is declared. */
static void test_shared_boundary(void **state)
{
	struct world *world = *state;
	struct container *sidecar = world_compose("side", "side", "shut", "side");
	const char *const files[] = {
		"{ \"app\": \"shop\", \"flows\": [{ \"from\": \"world\", \"to\": \"web\", \"ports\": [\"80\"] }] }",
		"{ \"app\": \"shut\", \"services\": { \"side\": { \"compose\": \"side\", \"guard\": \"off\" } },"
		" \"boundary\": { \"ingress\": \"declared\" }, \"flows\": [] }",
		NULL,
	};
	struct port *ports = NULL;
	size_t count = 0;
	uint8_t mac[6];

	shop(world);
	world_mac("02:42:0a:00:00:02", mac);
	memcpy(world_endpoint(world->inventory->networks[0], "web")->mac, mac, 6);
	world_add_port(&ports, &count, "br-shop", "veth0", mac);
	assert_int_equal(inventory_set_ports(world->inventory, ports, count, NULL), 0);
	compile(world, files);
	assert_set(world, POLICY_CLOSED_INGRESS4, "");
	assert_set(world, POLICY_UNGUARDED, "");
	sidecar->shares = world_copy("web");
	world_put(world->inventory, sidecar);
	world_compile(world);
	assert_set(world, POLICY_CLOSED_INGRESS4, "10.0.0.2: shop-web-1\n");
	assert_set(world, POLICY_INGRESS4,
		   "0.0.0.0/0 . 10.0.0.2 . tcp . 80: shop: world (anywhere) -> web (shop-web-1)\n");
	assert_set(world, POLICY_UNGUARDED, "\"veth0\": shop-web-1\n");
}

/* A container's published ports are known when its process runs.  An endpoint that the engine has just made is one of a
 * container that starts, save Swarm's own on docker_gwbridge; others of the engine's own have no process. */
static void test_starting(void **state)
{
	struct world *world = *state;
	struct network *network = world_network("n1", "net", "br-1");
	struct network *gateways = world_network("n2", "docker_gwbridge", "docker_gwbridge");
	struct container *web = world_container(ID_WEB, "web", NULL);

	world_join(gateways, "ep-1", "10.0.1.2", NULL);
	world_join(gateways, "ep-2", "10.0.1.3", NULL);
	free(world_endpoint(gateways, "ep-1")->name);
	world_endpoint(gateways, "ep-1")->name = world_copy("gateway_ingress-sbox");
	world_put_network(world->inventory, gateways);
	world_join(network, ID_WEB, "10.0.0.2", "fd00::2");
	world_join(network, ID_LATE, "10.0.0.3", NULL);
	world_join(network, "ep-0123456789", "10.0.0.4", NULL);
	world_join(network, "gateway_0123456789ab", "10.0.0.5", NULL);
	world_put_network(world->inventory, network);
	web->started = false;
	world_put(world->inventory, web);
	compile_files(world, "{ \"app\": \"shop\", \"flows\": [] }");
	assert_set(world, POLICY_STARTING4,
		   "10.0.0.2: web\n10.0.0.3: endpoint\n10.0.0.4: endpoint\n10.0.1.3: endpoint\n");
	assert_set(world, POLICY_STARTING6, "fd00::2: web\n");
	web->started = true;
	world_compile(world);
	assert_set(world, POLICY_STARTING4, "10.0.0.3: endpoint\n10.0.0.4: endpoint\n10.0.1.3: endpoint\n");
	assert_set(world, POLICY_STARTING6, "");
}

/* veth0 is web's; db has two, other has none. */
static void test_places(void **state)
{
	struct world *world = *state;
	struct port *ports = NULL;
	struct network *network;
	size_t count = 0;
	uint8_t web[6], db[6];

	shop(world);
	world_mac("02:42:0a:00:00:02", web);
	world_mac("02:42:0a:00:00:03", db);
	network = world->inventory->networks[0];
	memcpy(world_endpoint(network, "web")->mac, web, 6);
	memcpy(world_endpoint(network, "db")->mac, db, 6);
	world_add_port(&ports, &count, "br-shop", "veth0", web);
	world_add_port(&ports, &count, "br-else", "veth4", web);
	world_add_port(&ports, &count, "br-shop", "veth1", db);
	world_add_port(&ports, &count, "br-shop", "veth2", db);
	world_add_port(&ports, &count, "br-shop", "veth3", (const uint8_t[6]){ 0 });
	inventory_sort_ports(ports, count);
	assert_int_equal(inventory_set_ports(world->inventory, ports, count, NULL), 0);
	compile_flows(world, "");
	assert_set(world, POLICY_KNOWN_PORTS, "\"veth0\": shop-web-1\n");
	assert_set(world, POLICY_UNGUARDED, "");
	assert_set(world, POLICY_PLACES4, "\"veth0\" . 02:42:0a:00:00:02 . 10.0.0.2: \n");
	assert_set(world, POLICY_PLACES6,
		   "\"veth0\" . 02:42:0a:00:00:02 . fd00::2: \n"
		   "\"veth0\" . 02:42:0a:00:00:02 . fe80::42:aff:fe00:2: \n");
	compile_files(world,
		      "{ \"app\": \"shop\", \"services\": { \"vpn\": { \"compose\": \"web\", \"guard\": \"off\" } },"
		      " \"flows\": [] }");
	assert_set(world, POLICY_UNGUARDED, "\"veth0\": shop-web-1\n");
	/* Two that claim one MAC. */
	memcpy(world_endpoint(network, "other")->mac, web, 6);
	world_compile(world);
	assert_set(world, POLICY_KNOWN_PORTS, "");
	assert_set(world, POLICY_PLACES4, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_test(test_open),
		scene_test(test_closed),
		scene_test(test_ingress),
		scene_test(test_cidrs),
		scene_test(test_nested_networks),
		scene_test(test_name_servers),
		scene_test(test_host),
		scene_test(test_unknown_container),
		scene_test(test_shared_boundary),
		scene_test(test_starting),
		scene_test(test_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
