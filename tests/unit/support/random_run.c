/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "random_run.h"

static void add_spot(struct spots *spots, uint8_t protocol, long port)
{
	if (port < 0 || port > 65535)
		return;
	for (size_t i = 0; i < spots->count; i++) {
		if (spots->items[i].protocol == protocol && spots->items[i].port == port)
			return;
	}
	spots->items = world_grow(spots->items, spots->count + 1, sizeof(*spots->items));
	spots->items[spots->count++] = (struct spot){ protocol, (uint16_t)port };
}

void collect_spots(const struct flow_set *flows, struct spots *spots)
{
	static const uint8_t protocols[] = { 6, 17, 132 };
	static const struct spot others[] = {
		{ 1, 8 * 256 },	     { 1, 0 },		{ 1, 8 * 256 + 1 }, { 1, 13 * 256 }, { 58, 128 * 256 },
		{ 58, 8 * 256 },     { 58, 129 * 256 }, { 1, 128 * 256 },   { 47, 0 },	     { 0, 0 },
		{ 255, UINT16_MAX }, { 6, 8 * 256 },	{ 17, 128 * 256 },
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		add_spot(spots, others[i].protocol, others[i].port);
	for (size_t i = 0; i < flows->count; i++) {
		for (size_t j = 0; j < flows->apps[i]->flow_count; j++) {
			const struct flow *flow = &flows->apps[i]->flows[j];

			for (size_t k = 0; k < flow->port_count; k++) {
				for (size_t l = 0; l < 3; l++) {
					add_spot(spots, protocols[l], flow->ports[k].first - 1);
					add_spot(spots, protocols[l], flow->ports[k].first);
					add_spot(spots, protocols[l], flow->ports[k].last);
					add_spot(spots, protocols[l], flow->ports[k].last + 1);
				}
			}
		}
	}
}

bool same_address(const struct address *a, const struct address *b)
{
	return address_compare(a, b) == 0;
}

const struct policy_record *look_up(const struct policy *policy, enum policy_topic topic, const struct address *source,
				    const struct address *destination, uint8_t protocol, uint16_t port)
{
	enum policy_set set = policy_set_of(topic, destination->family);
	enum policy_shape shape = policy_set_shape(set);
	bool networks = shape == POLICY_SHAPE_BOUNDARY || shape == POLICY_SHAPE_PUBLISHED;
	unsigned whole = destination->family == ADDRESS_IPV6 ? 128 : 32;
	size_t begin, end;

	policy_range(policy, set, &begin, &end);
	for (size_t i = begin; i < end; i++) {
		const struct policy_record *record = policy_at(policy, i);

		if ((!source || naive_is_in(source, &record->source, networks ? record->source_length : whole)) &&
		    naive_is_in(destination, &record->destination, networks ? record->destination_length : whole) &&
		    record->span.protocol_first <= protocol && protocol <= record->span.protocol_last &&
		    record->span.port_first <= port && port <= record->span.port_last)
			return record;
	}
	return NULL;
}

bool has_address(const struct policy *policy, enum policy_topic topic, const struct address *address)
{
	struct policy_record key = { .set = policy_set_of(topic, address->family), .source = *address };

	return policy_find(policy, &key) != NULL;
}

size_t records_of(const struct policy *policy, enum policy_set set)
{
	size_t begin, end;

	policy_range(policy, set, &begin, &end);
	return end - begin;
}

const struct network *network_of(const struct inventory *inventory, const struct address *address)
{
	for (size_t i = 0; i < inventory->network_count; i++) {
		const struct network *network = inventory->networks[i];

		if (naive_is_managed(network) && naive_endpoint(network, address))
			return network;
	}
	return NULL;
}

const char *name_of(const struct inventory *inventory, const struct network *network, const struct address *address)
{
	const struct endpoint *endpoint = naive_endpoint(network, address);

	for (size_t i = 0; i < inventory->container_count; i++) {
		if (strcmp(inventory->containers[i]->id, endpoint->container) == 0)
			return inventory->containers[i]->name;
	}
	return endpoint->name;
}
