/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ports published on the host, rule by rule: a container that is reached over the host counts as that container. */
#include "compile_scene.h"
#include "published_ports.h"

#include <netinet/in.h>

/* Web is also on a second network, alone with "far"; db stays on the first one. */
static struct container *published_shop(struct world *world)
{
	struct network *back = world_network("n2", "back", "br-back");
	struct container *web = world_compose("web", "shop-web-1", "shop", "web");

	shop(world);
	world_join(back, "web", "10.0.1.2", NULL);
	world_join(back, "far", "10.0.1.9", NULL);
	world_put_network(world->inventory, back);
	world_put(world->inventory, world_compose("far", "shop-far-1", "shop", "far"));
	world_publish(web, "0.0.0.0", IPPROTO_TCP, 8080, 80);
	world_put(world->inventory, web);
	return web;
}

#define SELF ": bulkhead: self (shop-web-1) -> self (shop-web-1)\n"

static void test_published(void **state)
{
	struct world *world = *state;
	struct container *web = published_shop(world);

	world_publish(web, "::", IPPROTO_TCP, 8080, 80);
	world_publish(web, "192.0.2.1", IPPROTO_UDP, 53, 5353);
	compile_flows(world, "");
	assert_set(world, POLICY_PUBLISHED4,
		   "0.0.0.0/0 . tcp . 8080: shop-web-1 (shop/web) on 80/tcp\n"
		   "192.0.2.1 . udp . 53: shop-web-1 (shop/web) on 5353/udp\n");
	assert_set(world, POLICY_PUBLISHED6, "::/0 . tcp . 8080: shop-web-1 (shop/web) on 80/tcp\n");
	assert_set(world, POLICY_PUBLISHED_OBSERVED4, "");
	assert_set(world, POLICY_PUBLISHED_OBSERVED6, "");
	assert_set(world, POLICY_PUBLISHED_CLOSED4, "");
	assert_set(world, POLICY_PUBLISHED_CLOSED6, "");
	assert_set(world, POLICY_WORLD_TO_PUBLISHED4, "");
	/* Nobody but itself may come. */
	assert_set(world, POLICY_TO_PUBLISHED4,
		   "10.0.0.2 . 0.0.0.0/0 . tcp . 8080" SELF "10.0.0.2 . 192.0.2.1 . udp . 53" SELF
		   "10.0.1.2 . 0.0.0.0/0 . tcp . 8080" SELF "10.0.1.2 . 192.0.2.1 . udp . 53" SELF);
	assert_set(world, POLICY_TO_PUBLISHED6, "fd00::2 . ::/0 . tcp . 8080" SELF);
	assert_set(world, POLICY_FLOWS6, "fd00::2 . fd00::2 . tcp . 80" SELF);
}

/* Ports that follow each other on the host as in the container are one range; all others stay apart. */
static void test_published_ranges(void **state)
{
	struct world *world = *state;
	struct container *web = published_shop(world);

	for (uint16_t i = 0; i < 1000; i++)
		world_publish(web, "0.0.0.0", IPPROTO_TCP, (uint16_t)(20000 + i), (uint16_t)(1 + i));
	world_publish(web, "0.0.0.0", IPPROTO_TCP, 21000, 1005);
	world_publish(web, "0.0.0.0", IPPROTO_UDP, 21000, 1001);
	world_publish(web, "192.0.2.1", IPPROTO_TCP, 40000, 1001);
	world_publish(web, "192.0.2.1", IPPROTO_TCP, 20000, 7);
	compile_flows(world, "");
	assert_set(world, POLICY_PUBLISHED4,
		   "0.0.0.0/0 . tcp . 8080: shop-web-1 (shop/web) on 80/tcp\n"
		   "0.0.0.0/0 . tcp . 20000-20999: shop-web-1 (shop/web) on 1-1000/tcp\n"
		   "0.0.0.0/0 . tcp . 21000: shop-web-1 (shop/web) on 1005/tcp\n"
		   "0.0.0.0/0 . udp . 21000: shop-web-1 (shop/web) on 1001/udp\n"
		   "192.0.2.1 . tcp . 40000: shop-web-1 (shop/web) on 1001/tcp\n");
	/* Whoever may come to each comes to the range. */
	assert_set(world, POLICY_TO_PUBLISHED4,
		   "10.0.0.2 . 0.0.0.0/0 . tcp . 8080" SELF "10.0.0.2 . 0.0.0.0/0 . tcp . 20000-21000" SELF
		   "10.0.0.2 . 0.0.0.0/0 . udp . 21000" SELF "10.0.0.2 . 192.0.2.1 . tcp . 40000" SELF
		   "10.0.1.2 . 0.0.0.0/0 . tcp . 8080" SELF "10.0.1.2 . 0.0.0.0/0 . tcp . 20000-21000" SELF
		   "10.0.1.2 . 0.0.0.0/0 . udp . 21000" SELF "10.0.1.2 . 192.0.2.1 . tcp . 40000" SELF);
	/* … and to a part of it where the flow covers a part. */
	compile_flows(world, "{ \"from\": \"db\", \"to\": \"web\", \"ports\": [\"101-200\"] }");
	assert_set(world, POLICY_FLOWS6, "");
	assert_set(world, POLICY_TO_PUBLISHED4,
		   "10.0.0.2 . 0.0.0.0/0 . tcp . 8080" SELF "10.0.0.2 . 0.0.0.0/0 . tcp . 20000-21000" SELF
		   "10.0.0.2 . 0.0.0.0/0 . udp . 21000" SELF "10.0.0.2 . 192.0.2.1 . tcp . 40000" SELF
		   "10.0.0.3 . 0.0.0.0/0 . tcp . 20100-20199: shop: db (shop-db-1) -> web (shop-web-1)\n"
		   "10.0.1.2 . 0.0.0.0/0 . tcp . 8080" SELF "10.0.1.2 . 0.0.0.0/0 . tcp . 20000-21000" SELF
		   "10.0.1.2 . 0.0.0.0/0 . udp . 21000" SELF "10.0.1.2 . 192.0.2.1 . tcp . 40000" SELF);
}

static void test_doors(void **state)
{
	struct world *world = *state;

	published_shop(world);
	/* Only the flow of the container's own port counts, not that of the host's. */
	compile_flows(world, "{ \"from\": \"db\", \"to\": \"web\", \"ports\": [\"70-90\"] },"
			     "{ \"from\": \"far\", \"to\": \"web\", \"ports\": [\"8080\", \"80/udp\"] }");
	assert_set(world, POLICY_TO_PUBLISHED4,
		   "10.0.0.2 . 0.0.0.0/0 . tcp . 8080" SELF
		   "10.0.0.3 . 0.0.0.0/0 . tcp . 8080: shop: db (shop-db-1) -> web (shop-web-1)\n"
		   "10.0.1.2 . 0.0.0.0/0 . tcp . 8080" SELF);
	/* What is redirected to web's other address comes from another network; on their common one the range has it.
	 */
	assert_set(world, POLICY_FLOWS4,
		   "10.0.0.2 . 10.0.0.2 . tcp . 80" SELF "10.0.0.2 . 10.0.1.2 . tcp . 80" SELF
		   "10.0.0.3 . 10.0.1.2 . tcp . 80: shop: db (shop-db-1) -> web (shop-web-1)\n"
		   "10.0.1.2 . 10.0.0.2 . tcp . 80" SELF "10.0.1.2 . 10.0.1.2 . tcp . 80" SELF
		   "10.0.1.9 . 10.0.1.2 . tcp . 8080: shop: far (shop-far-1) -> web (shop-web-1)\n"
		   "10.0.1.9 . 10.0.1.2 . udp . 80: shop: far (shop-far-1) -> web (shop-web-1)\n");
	assert_set(world, POLICY_RANGES4,
		   "10.0.0.3 . 10.0.0.2 . tcp . 70-90: shop: db (shop-db-1) -> web (shop-web-1)\n");
	/* Of several flows the one whose comment sorts first names the door. */
	compile_flows(world, "{ \"from\": \"db\", \"to\": \"web\", \"ports\": [\"80\"] },"
			     "{ \"from\": \"*\", \"to\": \"web\", \"ports\": [\"any\"] }");
	assert_set(world, POLICY_TO_PUBLISHED4,
		   "10.0.0.2 . 0.0.0.0/0 . tcp . 8080" SELF
		   "10.0.0.3 . 0.0.0.0/0 . tcp . 8080: shop: * (shop-db-1) -> web (shop-web-1)\n"
		   "10.0.1.2 . 0.0.0.0/0 . tcp . 8080" SELF
		   "10.0.1.9 . 0.0.0.0/0 . tcp . 8080: shop: * (shop-far-1) -> web (shop-web-1)\n");
}

static void test_gates(void **state)
{
	struct world *world = *state;

	published_shop(world);
	compile_files(world, "{ \"app\": \"shop\", \"boundary\": { \"ingress\": \"declared\" }, \"flows\": ["
			     "{ \"from\": \"world\", \"to\": \"web\", \"ports\": [\"80\"],"
			     "  \"cidrs\": [\"192.0.2.0/24\", \"192.0.2.0/25\", \"2001:db8::/32\"] },"
			     "{ \"from\": \"world\", \"to\": \"web\", \"ports\": [\"8080\"] }] }");
	assert_set(world, POLICY_PUBLISHED_CLOSED4, "0.0.0.0/0 . tcp . 8080: shop-web-1 (shop/web) on 80/tcp\n");
	assert_set(world, POLICY_WORLD_TO_PUBLISHED4,
		   "192.0.2.0/24 . 0.0.0.0/0 . tcp . 8080: shop: world (192.0.2.0/24) -> web (shop-web-1)\n");
	assert_set(world, POLICY_WORLD_TO_PUBLISHED6, "");
	/* The engine's proxy carries on as the host what comes to the port. */
	assert_set(world, POLICY_FROM_HOST4,
		   "0.0.0.0/0 . 10.0.0.2 . tcp . 80: shop: world (this host) -> web (shop-web-1)\n"
		   "0.0.0.0/0 . 10.0.1.2 . tcp . 80: shop: world (this host) -> web (shop-web-1)\n");
	/* The world's flow leads to no other container. */
	assert_set(world, POLICY_TO_PUBLISHED4,
		   "10.0.0.2 . 0.0.0.0/0 . tcp . 8080" SELF "10.0.1.2 . 0.0.0.0/0 . tcp . 8080" SELF);
	/* Whoever may come, comes by way of the host too; without any flow the host brings nothing. */
	compile_files(world, "{ \"app\": \"shop\", \"boundary\": { \"ingress\": \"declared\" }, \"flows\": ["
			     "{ \"from\": \"db\", \"to\": \"web\", \"ports\": [\"tcp\"] }] }");
	assert_set(world, POLICY_FROM_HOST6, "::/0 . fd00::2 . tcp . 80: shop: db (this host) -> web (shop-web-1)\n");
	compile_files(world, "{ \"app\": \"shop\", \"boundary\": { \"ingress\": \"declared\" }, \"flows\": [] }");
	assert_set(world, POLICY_FROM_HOST4, "");
	assert_set(world, POLICY_WORLD_TO_PUBLISHED4, "");
}

static void test_watched(void **state)
{
	struct world *world = *state;

	published_shop(world);
	compile_files(world, "{ \"app\": \"shop\", \"mode\": \"observe\", \"flows\": [] }");
	assert_set(world, POLICY_PUBLISHED_OBSERVED4, "0.0.0.0/0 . tcp . 8080: shop-web-1 (shop/web) on 80/tcp\n");
}

/* Before it is started it has its ports, but nobody comes in by them: the engine's proxy may hold what comes. */
static void test_before_it_starts(void **state)
{
	struct world *world = *state;
	struct container *web = published_shop(world);
	static const char *const file =
		"{ \"app\": \"shop\", \"boundary\": { \"ingress\": \"declared\" }, \"flows\": ["
		"{ \"from\": [\"db\", \"far\", \"world\"], \"to\": \"web\", \"ports\": [\"80\"] }] }";

	web->started = false;
	world_bind(web, false);
	compile_files(world, file);
	assert_set(world, POLICY_PUBLISHED4, "0.0.0.0/0 . tcp . 8080: shop-web-1 (shop/web) on 80/tcp\n");
	assert_set(world, POLICY_PUBLISHED_CLOSED4, "0.0.0.0/0 . tcp . 8080: shop-web-1 (shop/web) on 80/tcp\n");
	assert_set(world, POLICY_TO_PUBLISHED4, "");
	assert_set(world, POLICY_WORLD_TO_PUBLISHED4, "");
	assert_set(world, POLICY_FROM_HOST4, "");
	/* Those on its own networks alone. */
	assert_set(world, POLICY_FLOWS4,
		   "10.0.0.3 . 10.0.0.2 . tcp . 80: shop: db (shop-db-1) -> web (shop-web-1)\n"
		   "10.0.1.9 . 10.0.1.2 . tcp . 80: shop: far (shop-far-1) -> web (shop-web-1)\n");
	web->started = true;
	compile_files(world, file);
	assert_set(world, POLICY_PUBLISHED4, "0.0.0.0/0 . tcp . 8080: shop-web-1 (shop/web) on 80/tcp\n");
	assert_set(world, POLICY_WORLD_TO_PUBLISHED4,
		   "0.0.0.0/0 . 0.0.0.0/0 . tcp . 8080: shop: world (anywhere) -> web (shop-web-1)\n");
	assert_set(world, POLICY_TO_PUBLISHED4,
		   "10.0.0.2 . 0.0.0.0/0 . tcp . 8080" SELF
		   "10.0.0.3 . 0.0.0.0/0 . tcp . 8080: shop: db (shop-db-1) -> web (shop-web-1)\n"
		   "10.0.1.2 . 0.0.0.0/0 . tcp . 8080" SELF
		   "10.0.1.9 . 0.0.0.0/0 . tcp . 8080: shop: far (shop-far-1) -> web (shop-web-1)\n");
}

#define LATE "aaaaaaaaaaaa0000000000000000000000000000000000000000000000000001"

/* What a container says that it will publish closes what nobody has; it takes nothing from him who has it, and one that
 * is observed neither opens nor closes anything by it. */
static void test_claims(void **state)
{
	static const char
		*const observed = "{ \"app\": \"shop\", \"services\": { \"far\": { \"compose\": \"far\" } },"
				  "  \"flows\": [] }",
		       *const lab = "{ \"app\": \"lab\", \"mode\": \"observe\", \"services\": { \"x\": { \"labels\": "
				    "{ \"lab\": \"1\" } } }, \"flows\": [] }";
	struct world *world = *state;
	struct container *claimant;

	published_shop(world);
	claimant = world_container(LATE, "lab-x-1", "image:1");
	world_label(claimant, "lab", "1");
	claimant->started = false;
	for (uint16_t port = 8080; port <= 8082; port++)
		world_publish(claimant, "0.0.0.0", 6, port, 80);
	world_bind(claimant, false);
	world_put(world->inventory, claimant);
	world_join(inventory_network(world->inventory, "n1"), LATE, "10.0.0.77", NULL);
	compile_files(world, observed, lab);
	assert_set(world, POLICY_PUBLISHED_OBSERVED4, "");
	assert_set(world, POLICY_PUBLISHED4, "0.0.0.0/0 . tcp . 8080: shop-web-1 (shop/web) on 80/tcp\n");
	/* Enforced, it closes the two that are free. */
	compile_files(world, observed);
	assert_set(world, POLICY_PUBLISHED4,
		   "0.0.0.0/0 . tcp . 8080: shop-web-1 (shop/web) on 80/tcp\n"
		   "0.0.0.0/0 . tcp . 8081-8082: lab-x-1 () on 80/tcp\n");
	/* Even when it says that it has started, what an enforced one has is not let through. */
	claimant->started = true;
	compile_files(world, observed, lab);
	assert_set(world, POLICY_PUBLISHED_OBSERVED4, "0.0.0.0/0 . tcp . 8081-8082: lab-x-1 (lab/x) on 80/tcp\n");
}

#define CHOOSING(any, first, last)                                                                                     \
	any " . tcp . " first "-" last ": a port is being chosen\n" any " . udp . " first "-" last                     \
	    ": a port is being chosen\n" any " . sctp . " first "-" last ": a port is being chosen\n"

static void assert_unsettled(struct world *world, const char *expected4, const char *expected6)
{
	world_compile(world);
	assert_set(world, POLICY_UNSETTLED4, expected4);
	assert_set(world, POLICY_UNSETTLED6, expected6);
}

static void assert_settled(struct world *world)
{
	assert_unsettled(world, "", "");
}

static void assert_choosing(struct world *world)
{
	assert_unsettled(world, CHOOSING("0.0.0.0/0", "32768", "60999"), CHOOSING("::/0", "32768", "60999"));
}

#define ANY(any)                                                                                                       \
	any " . tcp . 1-65535: who starts may publish any port\n" any                                                  \
	    " . udp . 1-65535: who starts may publish any port\n" any                                                  \
	    " . sctp . 1-65535: who starts may publish any port\n"

static void assert_unknown(struct world *world)
{
	assert_unsettled(world, ANY("0.0.0.0/0"), ANY("::/0"));
}

static struct container *late_container(struct world *world, bool started)
{
	struct container *late = world_compose(LATE, "shop-late-1", "shop", "late");

	late->started = started;
	world_put(world->inventory, late);
	return late;
}

static bool has_published(struct world *world, uint16_t port)
{
	size_t begin, end;

	world_compile(world);
	policy_range(world->policy, POLICY_PUBLISHED4, &begin, &end);
	for (size_t i = begin; i < end; i++) {
		const struct policy_record *record = policy_at(world->policy, i);

		if (record->span.port_first <= port && port <= record->span.port_last)
			return true;
	}
	return false;
}

/* What the host itself serves is in no claim, however wide. */
static void test_hosts_own_ports(void **state)
{
	struct world *world = *state;
	struct network *network = world_network("n3", "late", "br-late");
	struct published_port *held = calloc(2, sizeof(*held));
	struct published_port claim = {
		.address = world_address("0.0.0.0"), .protocol = IPPROTO_TCP, .host_port = 53, .container_port = 80
	};
	struct container *late;
	size_t count = 2;

	published_shop(world);
	assert_non_null(held);
	held[0] = (struct published_port){ .address = world_address("10.0.0.1"),
					   .protocol = IPPROTO_TCP,
					   .host_port = 53 };
	held[1] =
		(struct published_port){ .address = world_address("::"), .protocol = IPPROTO_UDP, .host_port = 65535 };
	published_ports_sort(held, &count);
	world->inventory->held = held;
	world->inventory->held_count = count;
	world_join(network, LATE, "10.0.2.2", NULL);
	compile_flows(world, "");
	world_put_network(world->inventory, network);
	assert_unsettled(world,
			 "0.0.0.0/0 . tcp . 1-52: who starts may publish any port\n"
			 "0.0.0.0/0 . tcp . 54-65535: who starts may publish any port\n"
			 "0.0.0.0/0 . udp . 1-65535: who starts may publish any port\n"
			 "0.0.0.0/0 . sctp . 1-65535: who starts may publish any port\n",
			 "::/0 . tcp . 1-65535: who starts may publish any port\n"
			 "::/0 . udp . 1-65534: who starts may publish any port\n"
			 "::/0 . sctp . 1-65535: who starts may publish any port\n");
	/* Known: what it says that it will publish. */
	late = late_container(world, false);
	assert_int_equal(inventory_complete(
				 world->inventory, late,
				 &(struct container){ .bindings_known = true, .binding_count = 1, .bindings = &claim }),
			 0);
	assert_settled(world);
	assert_false(has_published(world, 53));
	world->inventory->held_count = 0;
	assert_true(has_published(world, 53));
}

/* While one starts, of which nobody knows at which ports. */
static void test_unsettled(void **state)
{
	struct world *world = *state;
	struct network *network = world_network("n3", "late", "br-late");
	struct container *late;

	published_shop(world);
	world->inventory->chosen_first = 32768;
	world->inventory->chosen_last = 60999;
	world_join(network, LATE, "10.0.2.2", NULL);
	world_join(network, "ep-1", "10.0.2.3", NULL);
	compile_flows(world, "");
	assert_settled(world);
	/* Whoever is not known at all. */
	world_put_network(world->inventory, network);
	assert_unknown(world);
	late_container(world, true);
	assert_settled(world);
	late_container(world, false);
	assert_unknown(world);
	/* On a network that is not managed it does not matter. */
	network->managed = false;
	assert_settled(world);
	network->managed = true;
	/* Known, and it chooses; known, and it does not. */
	late = late_container(world, false);
	assert_int_equal(inventory_complete(world->inventory, late,
					    &(struct container){ .bindings_known = true, .chooses = true }),
			 0);
	assert_choosing(world);
	/* The engine's own range where none is known. */
	world->inventory->chosen_first = world->inventory->chosen_last = 0;
	assert_unsettled(world, CHOOSING("0.0.0.0/0", "49153", "65535"), CHOOSING("::/0", "49153", "65535"));
	late = late_container(world, false);
	assert_int_equal(inventory_complete(world->inventory, late, &(struct container){ .bindings_known = true }), 0);
	assert_settled(world);
	/* Of one that is observed nothing is shielded. */
	late_container(world, false);
	assert_unknown(world);
	compile_files(world, "{ \"app\": \"shop\", \"mode\": \"observe\", \"flows\": [] }");
	assert_settled(world);
}

/* A port at every address, and again at one: the wider one stays. */
static void test_any_beside_one_address(void **state)
{
	struct world *world = *state;
	struct container *web = published_shop(world);

	world_publish(web, "192.0.2.1", IPPROTO_TCP, 8080, 80);
	world_publish(web, "192.0.2.1", IPPROTO_TCP, 8081, 80);
	compile_flows(world, "{ \"from\": \"db\", \"to\": \"web\", \"ports\": [\"80\"] }");
	assert_set(world, POLICY_PUBLISHED4,
		   "0.0.0.0/0 . tcp . 8080: shop-web-1 (shop/web) on 80/tcp\n"
		   "192.0.2.1 . tcp . 8081: shop-web-1 (shop/web) on 80/tcp\n");
	assert_set(world, POLICY_TO_PUBLISHED4,
		   "10.0.0.2 . 0.0.0.0/0 . tcp . 8080" SELF "10.0.0.2 . 192.0.2.1 . tcp . 8081" SELF
		   "10.0.0.3 . 0.0.0.0/0 . tcp . 8080: shop: db (shop-db-1) -> web (shop-web-1)\n"
		   "10.0.0.3 . 192.0.2.1 . tcp . 8081: shop: db (shop-db-1) -> web (shop-web-1)\n"
		   "10.0.1.2 . 0.0.0.0/0 . tcp . 8080" SELF "10.0.1.2 . 192.0.2.1 . tcp . 8081" SELF);
}

/* What is on no managed network is not ours to guard. */
static void test_unmanaged(void **state)
{
	struct world *world = *state;

	published_shop(world);
	for (size_t i = 0; i < 2; i++)
		world->inventory->networks[i]->managed = false;
	compile_flows(world, "");
	assert_int_equal(policy_count(world->policy), 0);
}

/* One that runs in web's network namespace publishes at web's addresses. */
static void test_shared(void **state)
{
	struct world *world = *state;
	struct container *web, *side = world_compose("side", "shop-side-1", "shop", "side");

	published_shop(world);
	web = world_compose("web", "shop-web-1", "shop", "web");
	world_put(world->inventory, web);
	world_publish(side, "0.0.0.0", IPPROTO_TCP, 9000, 90);
	world_put(world->inventory, side);
	compile_flows(world, "{ \"from\": \"db\", \"to\": \"side\", \"ports\": [\"90\"] }");
	assert_set(world, POLICY_PUBLISHED4, "");
	side = world_compose("side", "shop-side-1", "shop", "side");
	world_publish(side, "0.0.0.0", IPPROTO_TCP, 9000, 90);
	side->shares = world_copy("shop-web-1");
	world_put(world->inventory, side);
	world_compile(world);
	assert_set(world, POLICY_PUBLISHED4, "0.0.0.0/0 . tcp . 9000: shop-web-1 (shop/web, shop/side) on 90/tcp\n");
	assert_set(world, POLICY_TO_PUBLISHED4,
		   "10.0.0.2 . 0.0.0.0/0 . tcp . 9000" SELF
		   "10.0.0.3 . 0.0.0.0/0 . tcp . 9000: shop: db (shop-db-1) -> side (shop-web-1)\n"
		   "10.0.1.2 . 0.0.0.0/0 . tcp . 9000" SELF);
}

/* The scope of a neighbour that nothing connects with the publisher holds nothing of it. */
static void test_scope_of_a_stranger(void **state)
{
	struct world *world = *state;
	struct inventory_scope scope = { 0 };
	struct policy *part = NULL;
	struct error err;

	published_shop(world);
	compile_flows(world, "{ \"from\": \"db\", \"to\": \"web\", \"ports\": [\"80\"] }");
	assert_int_equal(inventory_scope_add(&scope, "n1", "other"), 0);
	assert_int_equal(compile_scope(world->binding, world->inventory, &scope, &part, &err), 0);
	/* Its two addresses, three times. */
	assert_int_equal(policy_count(part), 6);
	policy_free(part);
	/* That of one who may come: its addresses, the flow, its door, and the way to the other network. */
	inventory_scope_clear(&scope);
	assert_int_equal(inventory_scope_add(&scope, "n1", "db"), 0);
	assert_int_equal(compile_scope(world->binding, world->inventory, &scope, &part, &err), 0);
	assert_int_equal(policy_count(part), 3 * 2 + 2 + 1 + 1);
	policy_free(part);
	inventory_scope_clear(&scope);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_test(test_published),
		scene_test(test_published_ranges),
		scene_test(test_doors),
		scene_test(test_gates),
		scene_test(test_watched),
		scene_test(test_before_it_starts),
		scene_test(test_claims),
		scene_test(test_hosts_own_ports),
		scene_test(test_unsettled),
		scene_test(test_any_beside_one_address),
		scene_test(test_unmanaged),
		scene_test(test_shared),
		scene_test(test_scope_of_a_stranger),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
