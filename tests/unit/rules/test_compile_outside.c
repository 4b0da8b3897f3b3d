/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random small worlds: what passes between containers and the world or the host, what goes over the host from one
 * container to another, and which port an endpoint lives behind.  The sets must answer as the naive evaluator does.
 * SEED=n chooses other worlds, WORLDS=n how many; a failure says how to see it again.
 */
#include "random_run.h"

#include <netinet/in.h>

/* Addresses outside, at and beside what flows name. */
static const char *const outsides[] = {
	"192.0.2.1",   "192.0.2.7",   "192.0.2.127", "192.0.2.128",   "192.0.2.53",   "198.51.100.9", "203.0.113.1",
	"192.168.7.1", "2001:db8::1", "2001:db8::7", "2001:db8:1::2", "2001:db8::53", "2001:db9::1",
};

/* Addresses of the host, published at and not. */
static const char *const hosts[] = { "192.168.7.1", "10.0.0.1", "fd77::1", "fd00::1", "192.0.2.53" };

struct case_run {
	struct run *run;
	struct naive naive;
	struct chance chance;
	const struct network *network;
	const struct endpoint *endpoint;
	const struct address *own; /* of the endpoint */
	bool v6;
};

static void expect(struct case_run *it, const char *what, const struct address *other, uint8_t protocol, uint16_t port,
		   bool expected, bool got)
{
	char own[ADDRESS_TEXT_SIZE], outside[ADDRESS_TEXT_SIZE] = "-";

	if (expected)
		it->run->passed++;
	else
		it->run->denied++;
	if (other)
		address_format(other, outside);
	if (expected != got)
		complain(it->run, "%s, endpoint %s, other %s, protocol %u, port %u: must %s\n", what,
			 address_format(it->own, own), outside, protocol, port, expected ? "pass" : "be denied");
}

/* Where something is declared, published or asked, rather than anywhere. */
static struct spot pick_spot(struct case_run *it)
{
	static const struct spot dns[] = { { 17, 53 }, { 6, 53 }, { 17, 54 }, { 132, 53 } };

	if (chance_percent(&it->chance, 15))
		return chance_pick(&it->chance, dns);
	return it->run->spots.items[chance_below(&it->chance, (unsigned)it->run->spots.count)];
}

/* One of that family. */
static struct address pick_address(struct case_run *it, const char *const *texts, size_t count)
{
	struct address address;

	do {
		address = world_address(texts[chance_below(&it->chance, (unsigned)count)]);
	} while ((address.family == ADDRESS_IPV6) != it->v6);
	return address;
}

#define pick_of(it, texts) pick_address((it), (texts), sizeof(texts) / sizeof((texts)[0]))

static void check_world(struct case_run *it)
{
	const struct policy *policy = it->run->world.policy;
	const struct address outside = pick_of(it, outsides);
	const struct spot spot = pick_spot(it);
	const struct naive_outside packet = { it->endpoint, &outside, it->v6, spot.protocol, spot.port };

	expect(it, "to the world", &outside, spot.protocol, spot.port, naive_may_leave(&it->naive, &packet),
	       !has_address(policy, POLICY_TOPIC_CLOSED_EGRESS, it->own) ||
		       look_up(policy, POLICY_TOPIC_EGRESS, it->own, &outside, spot.protocol, spot.port));
	expect(it, "from the world", &outside, spot.protocol, spot.port, naive_may_arrive(&it->naive, &packet),
	       !has_address(policy, POLICY_TOPIC_CLOSED_INGRESS, it->own) ||
		       look_up(policy, POLICY_TOPIC_INGRESS, &outside, it->own, spot.protocol, spot.port));
}

static void check_host(struct case_run *it)
{
	const struct policy *policy = it->run->world.policy;
	const struct address host = pick_of(it, hosts);
	const struct spot spot = pick_spot(it);
	const struct naive_outside packet = { it->endpoint, NULL, it->v6, spot.protocol, spot.port };

	expect(it, "from the host", &host, spot.protocol, spot.port, naive_host_may_reach(&it->naive, &packet),
	       !has_address(policy, POLICY_TOPIC_CLOSED_INGRESS, it->own) ||
		       look_up(policy, POLICY_TOPIC_FROM_HOST, &host, it->own, spot.protocol, spot.port));
	expect(it, "to the host", &host, spot.protocol, spot.port, naive_may_reach_host(&it->naive, &packet, &host),
	       !has_address(policy, POLICY_TOPIC_CLOSED_HOST, it->own) ||
		       look_up(policy, POLICY_TOPIC_TO_HOST, it->own, &host, spot.protocol, spot.port));
}

/* Any port that somebody publishes, or its neighbour. */
static struct spot pick_published(struct case_run *it)
{
	const struct inventory *inventory = it->run->world.inventory;
	const struct container *container;
	const struct published_port *port;

	if (!inventory->container_count)
		return (struct spot){ 6, 8000 };
	container = inventory->containers[chance_below(&it->chance, (unsigned)inventory->container_count)];
	if (!container->published_count)
		return (struct spot){ 6, 8000 };
	port = &container->published[chance_below(&it->chance, (unsigned)container->published_count)];
	return (struct spot){ port->protocol, (uint16_t)(port->host_port + (chance_percent(&it->chance, 10) ? 1 : 0)) };
}

/* To a port of the host: from this endpoint, and from the world. */
static void check_published(struct case_run *it)
{
	const struct policy *policy = it->run->world.policy;
	const struct inventory *inventory = it->run->world.inventory;
	const struct address host = pick_of(it, hosts), outside = pick_of(it, outsides);
	const struct spot spot = pick_published(it);
	const struct endpoint *to;
	struct naive_outside packet = { .address = &outside, .v6 = it->v6, .protocol = spot.protocol };
	bool closed, observed;

	to = naive_publisher(inventory, &host, spot.protocol, spot.port, &packet.port);
	observed = to && naive_end_observed(it->naive.flows, it->naive.defaults->mode, inventory, to);
	/* Before it has started, one that is observed only says what it will publish. */
	if (observed && !naive_has_started(inventory, to))
		to = NULL;
	expect(it, "is published", &host, spot.protocol, spot.port, to != NULL,
	       look_up(policy, POLICY_TOPIC_PUBLISHED, NULL, &host, spot.protocol, spot.port));
	packet.endpoint = to;
	expect(it, "a door", &host, spot.protocol, spot.port,
	       to && naive_has_started(inventory, to) &&
		       naive_leads(&it->naive, it->endpoint, to, spot.protocol, packet.port),
	       look_up(policy, POLICY_TOPIC_TO_PUBLISHED, it->own, &host, spot.protocol, spot.port));
	closed = to && naive_is_closed(&it->naive, to, NAIVE_INGRESS);
	expect(it, "is gated", &host, spot.protocol, spot.port, closed,
	       look_up(policy, POLICY_TOPIC_PUBLISHED_CLOSED, NULL, &host, spot.protocol, spot.port));
	expect(it, "a gate", &outside, spot.protocol, spot.port,
	       closed && naive_has_started(inventory, to) && naive_declared(&it->naive, &packet, true),
	       look_up(policy, POLICY_TOPIC_WORLD_TO_PUBLISHED, &outside, &host, spot.protocol, spot.port));
	expect(it, "is watched", &host, spot.protocol, spot.port, to && observed,
	       look_up(policy, POLICY_TOPIC_PUBLISHED_OBSERVED, NULL, &host, spot.protocol, spot.port));
}

/* From this endpoint into another network. */
static void check_across(struct case_run *it)
{
	const struct inventory *inventory = it->run->world.inventory;
	const struct policy *policy = it->run->world.policy;
	unsigned n = chance_below(&it->chance, (unsigned)inventory->network_count);
	const struct network *network = inventory->networks[n];
	const struct endpoint *to;
	const struct address *address;
	struct spot spot = pick_spot(it);
	struct naive_packet packet;
	bool expected;

	if (!network->endpoint_count || network == it->network)
		return;
	to = &network->endpoints[chance_below(&it->chance, (unsigned)network->endpoint_count)];
	address = it->v6 ? &to->ipv6 : &to->ipv4;
	if (!address->family)
		return;
	packet = (struct naive_packet){ it->network, network, *it->own, *address, spot.protocol, spot.port };
	expected = naive_is_managed(network) &&
		   (naive_redirected(&it->naive, it->endpoint, to, it->v6, spot.protocol, spot.port) ||
		    naive_passes(it->naive.flows, inventory, NULL, &packet));
	expect(it, "across", address, spot.protocol, spot.port, expected,
	       look_up(policy, POLICY_TOPIC_FLOWS, it->own, address, spot.protocol, spot.port) ||
		       look_up(policy, POLICY_TOPIC_RANGES, it->own, address, spot.protocol, spot.port));
}

static void check_states(struct case_run *it)
{
	const struct policy *policy = it->run->world.policy;

	expect(it, "is closed from the world", NULL, 0, 0, naive_is_closed(&it->naive, it->endpoint, NAIVE_INGRESS),
	       has_address(policy, POLICY_TOPIC_CLOSED_INGRESS, it->own));
	expect(it, "is closed to the world", NULL, 0, 0, naive_is_closed(&it->naive, it->endpoint, NAIVE_EGRESS),
	       has_address(policy, POLICY_TOPIC_CLOSED_EGRESS, it->own));
	expect(it, "is closed to the host", NULL, 0, 0, naive_is_closed(&it->naive, it->endpoint, NAIVE_HOST),
	       has_address(policy, POLICY_TOPIC_CLOSED_HOST, it->own));
	expect(it, "is starting", NULL, 0, 0,
	       naive_is_starting(it->naive.inventory, it->endpoint) || naive_is_newcomer(it->network, it->endpoint),
	       has_address(policy, POLICY_TOPIC_STARTING, it->own));
}

static void check_address(struct run *run, const struct network *network, const struct endpoint *endpoint, bool v6,
			  uint64_t seed)
{
	struct case_run it = {
		.run = run,
		.naive = { run->world.flows, run->world.inventory, &run->world.defaults },
		.chance = { seed },
		.network = network,
		.endpoint = endpoint,
		.own = v6 ? &endpoint->ipv6 : &endpoint->ipv4,
		.v6 = v6,
	};

	if (!it.own->family)
		return;
	check_states(&it);
	for (unsigned i = 0; i < 12; i++) {
		check_world(&it);
		check_host(&it);
		check_published(&it);
		check_across(&it);
	}
}

struct tally {
	size_t ports, unguarded, places[2];
};

static bool has_place(const struct policy *policy, const struct port *port, const struct address *address)
{
	struct policy_record key = {
		.set = address->family == ADDRESS_IPV6 ? POLICY_PLACES6 : POLICY_PLACES4,
		.source = *address,
	};

	memcpy(key.link, port->name, sizeof(key.link));
	memcpy(key.mac, port->mac, sizeof(key.mac));
	return policy_find(policy, &key) != NULL;
}

/* The records of the port behind which the endpoint lives. */
static void check_place(struct run *run, const struct network *network, const struct endpoint *endpoint,
			struct tally *tally)
{
	const struct naive naive = { run->world.flows, run->world.inventory, &run->world.defaults };
	const struct port *port = naive_port(run->world.inventory, network, endpoint);
	const struct policy *policy = run->world.policy;
	struct policy_record key = { .set = POLICY_KNOWN_PORTS };
	char local_text[ADDRESS_TEXT_SIZE];
	struct address local;

	if (!port)
		return;
	memcpy(key.link, port->name, sizeof(key.link));
	tally->ports++;
	if (!policy_find(policy, &key))
		complain(run, "port %s is missing\n", port->name);
	key.set = POLICY_UNGUARDED;
	tally->unguarded += naive_is_unguarded(&naive, endpoint);
	if (naive_is_unguarded(&naive, endpoint) != (policy_find(policy, &key) != NULL))
		complain(run, "port %s: guarded or not?\n", port->name);
	if (endpoint->ipv4.family && !has_place(policy, port, &endpoint->ipv4))
		complain(run, "port %s: no place of IPv4\n", port->name);
	tally->places[0] += endpoint->ipv4.family != 0;
	if (!endpoint->ipv6.family)
		return;
	tally->places[1] += 2;
	snprintf(local_text, sizeof(local_text), "fe80::%02x%02x:%02xff:fe%02x:%02x%02x", port->mac[0] ^ 2,
		 port->mac[1], port->mac[2], port->mac[3], port->mac[4], port->mac[5]);
	local = world_address(local_text);
	if (!has_place(policy, port, &endpoint->ipv6) || !has_place(policy, port, &local))
		complain(run, "port %s: no place of IPv6\n", port->name);
}

/* At the ends of the range that the engine chooses from, and beside them. */
static void check_unsettled(struct run *run)
{
	static const char *const addresses[] = { "192.168.7.1", "0.0.0.0", "fd77::1", "::" };
	static const uint8_t protocols[] = { 6, 17, 132, 1, 58, 0 };
	const struct inventory *inventory = run->world.inventory;
	const struct naive naive = { run->world.flows, inventory, &run->world.defaults };
	unsigned unsettled = naive_is_unsettled(&naive);
	unsigned first = inventory->chosen_first ? 32768 : 49153, last = inventory->chosen_first ? 60999 : 65535;

	run->unsettled[unsettled]++;
	if (unsettled == 2) {
		first = 1;
		last = 65535;
	}
	for (unsigned i = 0; i < 4 * 6 * 4; i++) {
		const struct address host = world_address(addresses[i % 4]);
		unsigned port = ((const unsigned[]){ first - 1, first, last, (last + 1) % 65536 })[i / 4 % 4];
		uint8_t protocol = protocols[i / 16];
		bool expected = unsettled && i / 16 < 3 && port >= first && port <= last;

		if (expected !=
		    (look_up(run->world.policy, POLICY_TOPIC_UNSETTLED, NULL, &host, protocol, (uint16_t)port) != NULL))
			complain(run, "protocol %u, port %u of %s: must %sbe unsettled\n", protocol, port,
				 addresses[i % 4], expected ? "" : "not ");
	}
}

static void check_world_of(struct run *run)
{
	const struct inventory *inventory = run->world.inventory;
	const struct policy *policy = run->world.policy;
	struct tally tally = { 0 };

	for (size_t n = 0; n < inventory->network_count; n++) {
		const struct network *network = inventory->networks[n];

		for (size_t i = 0; naive_is_managed(network) && i < network->endpoint_count; i++) {
			const struct endpoint *endpoint = &network->endpoints[i];

			check_address(run, network, endpoint, false, run->seed * 1000 + n * 100 + i);
			check_address(run, network, endpoint, true, run->seed * 1000 + n * 100 + i);
			check_place(run, network, endpoint, &tally);
		}
	}
	if (records_of(policy, POLICY_KNOWN_PORTS) != tally.ports ||
	    records_of(policy, POLICY_UNGUARDED) != tally.unguarded ||
	    records_of(policy, POLICY_PLACES4) != tally.places[0] ||
	    records_of(policy, POLICY_PLACES6) != tally.places[1])
		complain(run, "records of ports that are not there\n");
}

/* Any packet that a record admits, its corners above all, must be one that is declared; and its comment is ours. */
static void check_comment(struct run *run, const struct policy_record *record)
{
	const struct inventory *inventory = run->world.inventory;
	const struct network *source = network_of(inventory, &record->source);
	const struct network *destination = network_of(inventory, &record->destination);
	struct policy_flow_comment parts;
	char key[POLICY_KEY_TEXT_SIZE];

	policy_key_format(record, key);
	if (!policy_flow_comment_parse(record->comment, &parts))
		complain(run, "%s: the comment is not ours: %s\n", key, record->comment);
	if (source && record->source_length >= 32 &&
	    strcmp(parts.source, name_of(inventory, source, &record->source)) != 0)
		complain(run, "%s: the comment names another source: %s\n", key, record->comment);
	if (destination && record->destination_length >= 32 &&
	    strcmp(parts.destination, name_of(inventory, destination, &record->destination)) != 0)
		complain(run, "%s: the comment names another destination: %s\n", key, record->comment);
	if (strcmp(parts.app, "bulkhead") != 0 && !naive_app(run->world.flows, parts.app))
		complain(run, "%s: no such app: %s\n", key, record->comment);
}

static void check_records(struct run *run)
{
	const struct policy *policy = run->world.policy;

	for (size_t i = 0; i < policy_count(policy); i++) {
		const struct policy_record *record = policy_at(policy, i);
		unsigned whole = policy_set_family(record->set) == 6 ? 128 : 32;

		if (policy_set_shape(record->set) == POLICY_SHAPE_BOUNDARY)
			check_comment(run, record);
		if (policy_set_shape(record->set) == POLICY_SHAPE_BOUNDARY &&
		    (record->source.family != policy_set_family(record->set) ||
		     record->destination.family != policy_set_family(record->set) || record->source_length > whole ||
		     record->destination_length > whole))
			complain(run, "%s: wrong family\n", record->comment);
	}
}

static void test_agrees_with_naive(void **state)
{
	uint64_t seed = world_seed();
	unsigned long rounds = world_rounds(2000);
	size_t passed = 0, denied = 0, unsettled[3] = { 0 }, records[POLICY_SET_COUNT] = { 0 };

	(void)state;
	for (unsigned long i = 0; i < rounds; i++) {
		struct run run = { .seed = seed + i };
		struct chance chance = { seed + i };

		world_random(&chance, false, &run.world);
		collect_spots(run.world.flows, &run.spots);
		check_world_of(&run);
		check_unsettled(&run);
		check_records(&run);
		for (unsigned j = 0; j < 3; j++)
			unsettled[j] += run.unsettled[j];
		passed += run.passed;
		denied += run.denied;
		for (enum policy_set set = 0; set < POLICY_SET_COUNT; set++)
			records[set] += records_of(run.world.policy, set);
		free(run.spots.items);
		world_clear(&run.world);
	}
	print_message("%zu answers were yes, %zu were no; %zu, %zu and %zu worlds were settled, choosing and unknown\n",
		      passed, denied, unsettled[0], unsettled[1], unsettled[2]);
	if (rounds < 100)
		return;
	/* A test of closed doors only would prove nothing, nor one of empty sets. */
	assert_true(passed > denied / 10 && denied > passed / 10);
	for (unsigned i = 0; i < 3; i++)
		assert_true(unsettled[i] > rounds / 50);
	for (enum policy_set set = 0; set < POLICY_SET_COUNT; set++) {
		if (set != POLICY_FOREIGN && !policy_set_is_kernels(set) && records[set] < rounds / 100)
			fail_msg("only %zu records of %s", records[set], policy_set_name(set));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_agrees_with_naive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
