/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two properties of every policy, in random small worlds:
 *  - An address that the guard lets a port use (`places`) carries all that holds for the endpoint behind it, be it the
 *    engine's or the kernel's own (link-local).
 *  - Nothing is open, observed or gated because a container says that it will publish a port.
 * SEED=n chooses other worlds, WORLDS=n how many; a failure says how to see it again.
 */
#include "compile_scene.h"
#include "random_run.h"

struct tally {
	size_t places, closed, observed, twins, open;
};

/* The endpoint that lives behind a port. */
static const struct endpoint *endpoint_behind(const struct inventory *inventory, const char *port,
					      const struct network **ret_network)
{
	for (size_t i = 0; i < inventory->port_count; i++) {
		for (size_t n = 0; n < inventory->network_count; n++) {
			const struct network *network = inventory->networks[n];

			if (strcmp(inventory->ports[i].name, port) != 0 ||
			    strcmp(inventory->ports[i].bridge, network->bridge) != 0)
				continue;
			for (size_t j = 0; j < network->endpoint_count; j++) {
				*ret_network = network;
				if (memcmp(network->endpoints[j].mac, inventory->ports[i].mac, 6) == 0)
					return &network->endpoints[j];
			}
		}
	}
	return NULL;
}

/* Whether another endpoint of a managed network has its MAC, and thereby its link-local address. */
static bool has_twin(const struct inventory *inventory, const struct endpoint *endpoint)
{
	for (size_t n = 0; n < inventory->network_count; n++) {
		const struct network *network = inventory->networks[n];

		for (size_t i = 0; naive_is_managed(network) && i < network->endpoint_count; i++) {
			if (&network->endpoints[i] != endpoint && network->endpoints[i].ipv6.family &&
			    memcmp(network->endpoints[i].mac, endpoint->mac, 6) == 0)
				return true;
		}
	}
	return false;
}

/* exact: nobody else has the address. */
static void check_state(struct run *run, const struct policy_record *place, enum policy_topic topic, bool holds,
			bool exact)
{
	bool found = has_address(run->world.policy, topic, &place->source);
	char address[ADDRESS_TEXT_SIZE];

	if ((holds && !found) || (exact && found != holds))
		complain(run, "%s at port %.16s must %sbe in %s\n", address_format(&place->source, address),
			 place->link, holds ? "" : "not ", policy_set_name(policy_set_of(topic, place->source.family)));
}

static void check_place(struct run *run, const struct policy_record *place, struct tally *tally)
{
	const struct naive naive = { run->world.flows, run->world.inventory, &run->world.defaults };
	const struct network *network = NULL;
	const struct endpoint *endpoint = endpoint_behind(naive.inventory, place->link, &network);
	bool local = place->source.family == ADDRESS_IPV6 && place->source.bytes[0] == 0xfe;
	bool closed, observed, alone;

	if (!endpoint)
		complain(run, "port %.16s has places and no endpoint\n", place->link);
	alone = !local || !has_twin(naive.inventory, endpoint);
	observed = naive_end_observed(naive.flows, naive.defaults->mode, naive.inventory, endpoint);
	closed = naive_is_closed(&naive, endpoint, NAIVE_HOST);
	check_state(run, place, POLICY_TOPIC_ADDRESSES, true, true);
	check_state(run, place, POLICY_TOPIC_CLOSED_HOST, closed, alone);
	check_state(run, place, POLICY_TOPIC_CLOSED_EGRESS, naive_is_closed(&naive, endpoint, NAIVE_EGRESS), alone);
	check_state(run, place, POLICY_TOPIC_CLOSED_INGRESS, naive_is_closed(&naive, endpoint, NAIVE_INGRESS), alone);
	check_state(run, place, POLICY_TOPIC_STARTING,
		    naive_is_starting(naive.inventory, endpoint) || naive_is_newcomer(network, endpoint), alone);
	/* Whoever is not observed is not, whoever has his link-local address besides. */
	if (alone || !observed)
		check_state(run, place, POLICY_TOPIC_OBSERVED, observed, true);
	tally->places++;
	tally->closed += closed && local;
	tally->observed += observed && local;
	tally->twins += !alone;
}

static bool lives_on_managed(const struct inventory *inventory, const struct container *container)
{
	for (size_t n = 0; n < inventory->network_count; n++) {
		const struct network *network = inventory->networks[n];

		for (size_t i = 0; naive_is_managed(network) && i < network->endpoint_count; i++) {
			if (strcmp(network->endpoints[i].container, container->id) == 0)
				return true;
		}
	}
	return false;
}

/* Whether a container that has started has that port of the host; enforced: one that is not observed. */
static bool is_given(const struct run *run, const struct policy_record *record, bool enforced)
{
	const struct inventory *inventory = run->world.inventory;

	for (size_t i = 0; i < inventory->container_count; i++) {
		const struct container *container = inventory->containers[i];

		if (!container->started || !lives_on_managed(inventory, container) ||
		    (enforced && (container->shares || inventory_observes(inventory, container))))
			continue;
		for (size_t j = 0; j < container->published_count; j++) {
			const struct published_port *port = &container->published[j];

			if (port->protocol == record->span.protocol_first &&
			    port->host_port == record->span.port_first &&
			    port->address.family == record->destination.family)
				return true;
		}
	}
	return false;
}

static void check_claims(struct run *run, const struct policy_record *record, struct tally *tally)
{
	char key[POLICY_KEY_TEXT_SIZE];
	bool observed = policy_set_is(record->set, POLICY_TOPIC_PUBLISHED_OBSERVED);

	if (!observed && !policy_set_is(record->set, POLICY_TOPIC_TO_PUBLISHED) &&
	    !policy_set_is(record->set, POLICY_TOPIC_WORLD_TO_PUBLISHED))
		return;
	tally->open++;
	if (!is_given(run, record, false))
		complain(run, "%s: %s: nobody has been given it\n", policy_set_name(record->set),
			 policy_key_format(record, key));
	if (observed && !record->destination_length && is_given(run, record, true))
		complain(run, "%s: %s: an enforced one has it\n", policy_set_name(record->set),
			 policy_key_format(record, key));
}

static void check_world(uint64_t seed, bool collide, struct tally *tally)
{
	struct run run = { .seed = seed };
	struct chance chance = { seed };

	world_random(&chance, collide, &run.world);
	for (size_t i = 0; i < policy_count(run.world.policy); i++) {
		const struct policy_record *record = policy_at(run.world.policy, i);

		if (policy_set_is(record->set, POLICY_TOPIC_PLACES))
			check_place(&run, record, tally);
		check_claims(&run, record, tally);
	}
	world_clear(&run.world);
}

static void test_random_worlds(void **state)
{
	uint64_t seed = world_seed();
	unsigned long rounds = world_rounds(2000);
	struct tally tally = { 0 };

	(void)state;
	for (unsigned long i = 0; i < rounds; i++) {
		check_world(seed + i, false, &tally);
		check_world(seed + i, true, &tally);
	}
	print_message("%zu places, of link-local ones %zu closed, %zu observed, %zu with twins; %zu open ports\n",
		      tally.places, tally.closed, tally.observed, tally.twins, tally.open);
	if (rounds >= 100)
		assert_true(tally.places && tally.closed && tally.observed && tally.twins && tally.open);
}

/* Two networks, one MAC: what is closed for one of the two is closed there, and observed is only what both are. */
static void test_one_mac_on_two_networks(void **state)
{
	static const char *const shop_file = "{ \"app\": \"shop\", \"mode\": \"observe\","
					     "  \"boundary\": { \"host\": \"declared\" }, \"flows\": [] }",
				 *const mon_file = "{ \"app\": \"mon\", \"flows\": [] }";
	const struct address local = world_address("fe80::42:aff:fe00:2");
	struct network *back = world_network("n2", "back", "br-back");
	struct world *world = *state;

	shop(world);
	world_join(back, "other", "10.0.1.4", "fd01::4");
	world_mac("02:42:0a:00:00:02", world_endpoint(back, "other")->mac);
	world_put_network(world->inventory, back);
	world_mac("02:42:0a:00:00:02", world_endpoint(inventory_network(world->inventory, "n1"), "web")->mac);
	compile_files(world, shop_file, mon_file);
	assert_true(has_address(world->policy, POLICY_TOPIC_CLOSED_HOST, &local));
	assert_false(has_address(world->policy, POLICY_TOPIC_OBSERVED, &local));
	compile_files(world, shop_file, "{ \"app\": \"mon\", \"mode\": \"observe\", \"flows\": [] }");
	assert_true(has_address(world->policy, POLICY_TOPIC_OBSERVED, &local));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_worlds),
		scene_test(test_one_mac_on_two_networks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
