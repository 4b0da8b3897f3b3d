/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What holds for an endpoint: closed boundaries, observed, starting.  The kernel knows an endpoint by its addresses, so
 * each address that the guard lets it use carries all of it: those that the engine gave it, and the link-local one that
 * the kernel makes of its MAC.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compile_parts.h"

#define MAC_SIZE sizeof(((struct endpoint *)0)->mac)

struct states {
	bool observed, starting;
	struct flow_boundaries boundary;
	const char *name; /* whose; of several, the one that sorts first */
};

struct address compile_link_local(const uint8_t mac[6])
{
	return (struct address){
		.family = ADDRESS_IPV6,
		.bytes = { 0xfe, 0x80, 0, 0, 0, 0, 0, 0, (uint8_t)(mac[0] ^ 2), mac[1], mac[2], 0xff, 0xfe, mac[3],
			   mac[4], mac[5] },
	};
}

/* Whether what it publishes is not known for certain yet. */
static bool is_starting(const struct end *end)
{
	if (endpoint_is_newcomer(end->network, end->endpoint))
		return true;
	return endpoint_is_container(end->endpoint) && !(end->container && end->container->started);
}

static struct states states_of(const struct end *end)
{
	return (struct states){ end->observed, is_starting(end), end->boundary, compile_end_name(end) };
}

static int add_states(struct compilation *c, const struct address *address, const struct states *is)
{
	const struct {
		enum policy_topic topic;
		bool holds;
	} states[] = {
		{ POLICY_TOPIC_ADDRESSES, true },
		{ POLICY_TOPIC_ENDS, true },
		{ POLICY_TOPIC_OBSERVED, is->observed },
		{ POLICY_TOPIC_STARTING, is->starting },
		{ POLICY_TOPIC_CLOSED_INGRESS, is->boundary.ingress == FLOW_BOUNDARY_DECLARED },
		{ POLICY_TOPIC_CLOSED_EGRESS, is->boundary.egress == FLOW_BOUNDARY_DECLARED },
		{ POLICY_TOPIC_CLOSED_HOST, is->boundary.host == FLOW_BOUNDARY_DECLARED },
	};
	struct policy_record record = { .source = *address, .comment = is->name };
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(states) / sizeof(states[0]); i++) {
		if (!states[i].holds)
			continue;
		record.set = policy_set_of(states[i].topic, address->family);
		r = policy_add(c->policy, &record);
	}
	return r;
}

/* ---- The link-local address ---- */

static bool has_link_local(const struct endpoint *endpoint)
{
	static const uint8_t unknown[MAC_SIZE];

	return endpoint->ipv6.family && memcmp(endpoint->mac, unknown, MAC_SIZE) != 0;
}

static int compare_uses(const void *a, const void *b)
{
	return memcmp(((const struct mac_use *)a)->endpoint->mac, ((const struct mac_use *)b)->endpoint->mac, MAC_SIZE);
}

static int collect_macs(struct compilation *c)
{
	size_t count = 0;

	for (size_t i = 0; i < c->inventory->network_count; i++)
		count += c->inventory->networks[i]->endpoint_count;
	c->macs = calloc(count + 1, sizeof(*c->macs));
	if (!c->macs)
		return -ENOMEM;
	for (size_t i = 0; i < c->inventory->network_count; i++) {
		const struct network *network = c->inventory->networks[i];

		for (size_t j = 0; compile_is_managed(network) && j < network->endpoint_count; j++) {
			if (has_link_local(&network->endpoints[j]))
				c->macs[c->mac_count++] = (struct mac_use){ network, &network->endpoints[j] };
		}
	}
	if (c->mac_count > 1)
		qsort(c->macs, c->mac_count, sizeof(*c->macs), compare_uses);
	return 0;
}

void compile_states_clear(struct compilation *c)
{
	free(c->macs);
	c->macs = NULL;
	c->mac_count = 0;
}

static void join_boundary(enum flow_boundary *boundary, enum flow_boundary other)
{
	if (other == FLOW_BOUNDARY_DECLARED)
		*boundary = FLOW_BOUNDARY_DECLARED;
}

static int join_states(const struct compilation *c, const struct mac_use *use, struct states *states)
{
	const struct container *container = inventory_container(c->inventory, use->endpoint->container);
	struct states other;
	struct end end;
	int r = compile_end_init(c, use->network, use->endpoint, container, &end);

	if (r < 0)
		return r;
	other = states_of(&end);
	states->observed = states->observed && other.observed;
	states->starting = states->starting || other.starting;
	join_boundary(&states->boundary.ingress, other.boundary.ingress);
	join_boundary(&states->boundary.egress, other.boundary.egress);
	join_boundary(&states->boundary.host, other.boundary.host);
	if (strcmp(other.name, states->name) < 0)
		states->name = other.name;
	compile_end_clear(&end);
	return 0;
}

/* Endpoints with one MAC, be it on two networks, have one link-local address: what is closed for any of them is closed
 * there, and what passes because somebody observes passes only if all of them are observed. */
static int join_twins(const struct compilation *c, const struct endpoint *endpoint, struct states *states)
{
	const struct mac_use key = { .endpoint = endpoint };
	const struct mac_use *found, *last = c->macs + c->mac_count;
	int r = 0;

	found = c->mac_count ? bsearch(&key, c->macs, c->mac_count, sizeof(key), compare_uses) : NULL;
	if (!found)
		return 0;
	while (found > c->macs && compare_uses(found - 1, &key) == 0)
		found--;
	for (; r == 0 && found < last && compare_uses(found, &key) == 0; found++) {
		if (found->endpoint != endpoint)
			r = join_states(c, found, states);
	}
	return r;
}

static int add_link_local(struct compilation *c, const struct end *end)
{
	const struct address local = compile_link_local(end->endpoint->mac);
	struct states states = states_of(end);
	int r = c->macs ? 0 : collect_macs(c);

	if (r == 0)
		r = join_twins(c, end->endpoint, &states);
	return r < 0 ? r : add_states(c, &local, &states);
}

int compile_states(struct compilation *c, const struct end *end)
{
	const struct states states = states_of(end);
	int r = 0;

	if (end->endpoint->ipv4.family)
		r = add_states(c, &end->endpoint->ipv4, &states);
	if (r == 0 && end->endpoint->ipv6.family)
		r = add_states(c, &end->endpoint->ipv6, &states);
	return r == 0 && has_link_local(end->endpoint) ? add_link_local(c, end) : r;
}
