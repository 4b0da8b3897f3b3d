/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random small worlds: what compile puts into the sets must answer every packet as the naive evaluator does.
 * SEED=n chooses other worlds, WORLDS=n how many; a failure says how to see it again.
 */
#include "random_run.h"

/* The kernel's two lookups: the hash, and the intervals. */
static const struct policy_record *policy_admits(const struct policy *policy, const struct naive_packet *packet)
{
	struct policy_record key = {
		.set = packet->source.family == ADDRESS_IPV6 ? POLICY_FLOWS6 : POLICY_FLOWS4,
		.source = packet->source,
		.destination = packet->destination,
		.span.protocol_first = packet->protocol,
		.span.protocol_last = packet->protocol,
		.span.port_first = packet->port,
		.span.port_last = packet->port,
	};
	const struct policy_record *found = policy_find(policy, &key);

	return found ? found
		     : look_up(policy, POLICY_TOPIC_RANGES, &packet->source, &packet->destination, packet->protocol,
			       packet->port);
}

/* By a flow, or because it came to a port that the endpoint's own container publishes. */
static bool is_admitted(const struct run *run, const struct naive_packet *packet)
{
	const struct naive naive = { run->world.flows, run->world.inventory, &run->world.defaults };
	const struct endpoint *source = naive_endpoint(packet->network, &packet->source);

	if (!naive_is_managed(packet->network))
		return false;
	if (same_address(&packet->source, &packet->destination))
		return naive_redirected(&naive, source, source, packet->source.family == ADDRESS_IPV6, packet->protocol,
					packet->port);
	if (packet->into && naive_is_managed(packet->into) &&
	    naive_redirected(&naive, source, naive_endpoint(packet->into, &packet->destination),
			     packet->source.family == ADDRESS_IPV6, packet->protocol, packet->port))
		return true;
	return naive_passes(run->world.flows, run->world.inventory, NULL, packet);
}

static void check_packet(struct run *run, const struct naive_packet *packet)
{
	bool expected = is_admitted(run, packet);
	const struct policy_record *found = policy_admits(run->world.policy, packet);
	char source[ADDRESS_TEXT_SIZE], destination[ADDRESS_TEXT_SIZE];

	if (expected)
		run->passed++;
	else
		run->denied++;
	if (expected != (found != NULL))
		complain(run, "%s -> %s protocol %u port %u on %s: must %s, but the policy %s (%s)\n",
			 address_format(&packet->source, source), address_format(&packet->destination, destination),
			 packet->protocol, packet->port, packet->network->name, expected ? "pass" : "be denied",
			 found ? "admits it" : "denies it", found ? found->comment : "no record");
}

/* All spots from one end to another one, or to itself, of one family; into NULL: on the same network. */
static void check_pair(struct run *run, const struct network *network, const struct network *into,
		       const struct address *source, const struct address *destination)
{
	struct naive_packet packet = {
		.network = network,
		.into = into,
		.source = *source,
		.destination = *destination,
	};

	if (!source->family || !destination->family || source->family != destination->family)
		return;
	for (size_t i = 0; i < run->spots.count; i++) {
		packet.protocol = run->spots.items[i].protocol;
		packet.port = run->spots.items[i].port;
		check_packet(run, &packet);
	}
}

static void check_networks(struct run *run, const struct network *network, const struct network *other)
{
	const struct network *into = other == network ? NULL : other;

	for (size_t i = 0; i < network->endpoint_count; i++) {
		for (size_t j = 0; j < other->endpoint_count; j++) {
			check_pair(run, network, into, &network->endpoints[i].ipv4, &other->endpoints[j].ipv4);
			check_pair(run, network, into, &network->endpoints[i].ipv6, &other->endpoints[j].ipv6);
		}
	}
}

static void check_packets(struct run *run)
{
	const struct inventory *inventory = run->world.inventory;

	for (size_t i = 0; i < inventory->network_count; i++) {
		for (size_t j = 0; j < inventory->network_count; j++)
			check_networks(run, inventory->networks[i], inventory->networks[j]);
	}
}

/* Of what its own app declares, or what came over the host: then the app does not matter, and nothing but that. */
static bool is_declared(const struct run *run, const struct policy_record *record, const struct network *network,
			const struct network *other, const char *app)
{
	const struct naive naive = { run->world.flows, run->world.inventory, &run->world.defaults };
	struct naive_packet packet = {
		.network = network,
		.into = network == other ? NULL : other,
		.source = record->source,
		.destination = record->destination,
		.protocol = record->span.protocol_first,
		.port = record->span.port_first,
	};

	bool itself = same_address(&record->source, &record->destination);

	if (!itself && naive_passes(run->world.flows, run->world.inventory, app, &packet))
		return true;
	return (network != other || itself) && policy_set_is(record->set, POLICY_TOPIC_FLOWS) &&
	       naive_redirected(&naive, naive_endpoint(network, &record->source),
				naive_endpoint(other, &record->destination), record->source.family == ADDRESS_IPV6,
				record->span.protocol_first, record->span.port_first);
}

/* A record of a flow: between two ends, and its comment tells the truth. */
static void check_flow_record(struct run *run, const struct policy_record *record)
{
	const struct inventory *inventory = run->world.inventory;
	const struct network *network = network_of(inventory, &record->source);
	const struct network *other = network_of(inventory, &record->destination);
	struct policy_flow_comment parts;
	char key[POLICY_KEY_TEXT_SIZE];

	policy_key_format(record, key);
	if (record->source.family != policy_set_family(record->set) ||
	    record->destination.family != policy_set_family(record->set))
		complain(run, "%s in %s: wrong family\n", key, policy_set_name(record->set));
	if (!network || !other)
		complain(run, "%s: not two ends\n", key);
	if (!policy_flow_comment_parse(record->comment, &parts))
		complain(run, "%s: the comment is not ours: %s\n", key, record->comment);
	if (strcmp(parts.source, name_of(inventory, network, &record->source)) != 0 ||
	    strcmp(parts.destination, name_of(inventory, other, &record->destination)) != 0)
		complain(run, "%s: the comment names others: %s\n", key, record->comment);
	if (!is_declared(run, record, network, other, parts.app))
		complain(run, "%s: that app declares no such flow: %s\n", key, record->comment);
	if (record->link[0] || record->source_length || record->destination_length ||
	    record->span.protocol_first > record->span.protocol_last ||
	    record->span.port_first > record->span.port_last)
		complain(run, "%s: no key\n", key);
	if (policy_set_is(record->set, POLICY_TOPIC_FLOWS) &&
	    (record->span.protocol_first != record->span.protocol_last ||
	     record->span.port_first != record->span.port_last))
		complain(run, "%s: a range in a hash\n", key);
}

static bool networks_meet(const struct address *a, unsigned a_length, const struct address *b, unsigned b_length)
{
	unsigned common = a_length < b_length ? a_length : b_length;

	return a->family == b->family && naive_is_in(a, b, common);
}

/* The kernel refuses intervals that overlap, and the whole transaction with them. */
static void check_disjoint(struct run *run, size_t index)
{
	const struct policy_record *a = policy_at(run->world.policy, index), *b;
	unsigned whole = policy_set_shape(a->set) == POLICY_SHAPE_RANGE ? 128 : 0;
	char one[POLICY_KEY_TEXT_SIZE], other[POLICY_KEY_TEXT_SIZE];

	for (size_t i = index + 1; i < policy_count(run->world.policy); i++) {
		b = policy_at(run->world.policy, i);
		if (a->set == b->set &&
		    networks_meet(&a->source, a->source_length + whole, &b->source, b->source_length + whole) &&
		    networks_meet(&a->destination, a->destination_length + whole, &b->destination,
				  b->destination_length + whole) &&
		    a->span.protocol_first <= b->span.protocol_last &&
		    b->span.protocol_first <= a->span.protocol_last && a->span.port_first <= b->span.port_last &&
		    b->span.port_first <= a->span.port_last)
			complain(run, "%s overlaps %s\n", policy_key_format(a, one), policy_key_format(b, other));
	}
}

static bool is_interval_set(enum policy_set set)
{
	enum policy_shape shape = policy_set_shape(set);

	return shape == POLICY_SHAPE_RANGE || shape == POLICY_SHAPE_BOUNDARY || shape == POLICY_SHAPE_PUBLISHED;
}

static void check_records(struct run *run)
{
	const struct policy *policy = run->world.policy;

	for (size_t i = 0; i < policy_count(policy); i++) {
		const struct policy_record *record = policy_at(policy, i);

		if (i && policy_record_compare(policy_at(policy, i - 1), record) >= 0)
			complain(run, "record %zu is not in order\n", i);
		if (policy_set_is(record->set, POLICY_TOPIC_FLOWS) || policy_set_is(record->set, POLICY_TOPIC_RANGES))
			check_flow_record(run, record);
		if (is_interval_set(record->set))
			check_disjoint(run, i);
	}
}

struct tally {
	size_t bridges, endpoints[2], observed;
};

/* The records of one end's address in one family. */
static void check_end(struct run *run, const struct network *network, const struct endpoint *endpoint, bool v6,
		      struct tally *tally)
{
	const struct world *world = &run->world;
	struct policy_record key = {
		.set = v6 ? POLICY_ENDPOINTS6 : POLICY_ENDPOINTS4,
		.source = v6 ? endpoint->ipv6 : endpoint->ipv4,
	};
	bool observed = naive_end_observed(world->flows, world->defaults.mode, world->inventory, endpoint);
	struct policy_endpoint_comment parts;
	const struct policy_record *record;
	char address[ADDRESS_TEXT_SIZE];

	if (!key.source.family)
		return;
	address_format(&key.source, address);
	tally->endpoints[v6]++;
	tally->observed += observed && !v6;
	memcpy(key.link, network->bridge, sizeof(key.link));
	record = policy_find(world->policy, &key);
	if (!record || !policy_endpoint_comment_parse(record->comment, &parts) ||
	    strcmp(parts.container, name_of(world->inventory, network, &key.source)) != 0 ||
	    strcmp(parts.network, network->name) != 0)
		complain(run, "the endpoint %s has no, or a wrong record: %s\n", address,
			 record ? record->comment : "none");
	memset(key.link, 0, sizeof(key.link));
	key.set = v6 ? POLICY_OBSERVED6 : POLICY_OBSERVED4;
	if (observed != (policy_find(world->policy, &key) != NULL))
		complain(run, "the endpoint %s must %sbe observed\n", address, observed ? "" : "not ");
}

/* Exactly these records of bridges, endpoints and observed ones: each is there, and there are no more. */
static void check_ends(struct run *run)
{
	const struct policy *policy = run->world.policy;
	struct tally tally = { 0 };

	for (size_t n = 0; n < run->world.inventory->network_count; n++) {
		const struct network *network = run->world.inventory->networks[n];
		struct policy_record key = { .set = POLICY_NETWORKS };

		if (!network->managed || !network->bridge[0])
			continue;
		tally.bridges++;
		memcpy(key.link, network->bridge, sizeof(key.link));
		assert_non_null(policy_find(policy, &key));
		key.set = POLICY_BRIDGES;
		assert_non_null(policy_find(policy, &key));
		for (size_t i = 0; i < network->endpoint_count; i++) {
			check_end(run, network, &network->endpoints[i], false, &tally);
			check_end(run, network, &network->endpoints[i], true, &tally);
		}
	}
	if (records_of(policy, POLICY_NETWORKS) != tally.bridges ||
	    records_of(policy, POLICY_BRIDGES) != tally.bridges || records_of(policy, POLICY_FOREIGN) != 0 ||
	    records_of(policy, POLICY_ENDPOINTS4) != tally.endpoints[0] ||
	    records_of(policy, POLICY_ENDPOINTS6) != tally.endpoints[1] ||
	    records_of(policy, POLICY_OBSERVED4) != tally.observed)
		complain(run, "records of ends that are not there\n");
}

static void test_agrees_with_naive(void **state)
{
	uint64_t seed = world_seed();
	unsigned long rounds = world_rounds(2000);
	size_t passed = 0, denied = 0;

	(void)state;
	for (unsigned long i = 0; i < rounds; i++) {
		struct run run = { .seed = seed + i };
		struct chance chance = { seed + i };

		world_random(&chance, false, &run.world);
		collect_spots(run.world.flows, &run.spots);
		check_packets(&run);
		check_records(&run);
		check_ends(&run);
		passed += run.passed;
		denied += run.denied;
		free(run.spots.items);
		world_clear(&run.world);
	}
	print_message("%zu packets passed, %zu were denied\n", passed, denied);
	/* A test of closed doors only would prove nothing. */
	if (rounds >= 100)
		assert_true(passed > denied / 100 && denied > passed / 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_agrees_with_naive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
