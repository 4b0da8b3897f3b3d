/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tests of random worlds have in common: where to look, and how the kernel looks into its sets. */
#ifndef BULKHEAD_TESTS_RANDOM_RUN_H
#define BULKHEAD_TESTS_RANDOM_RUN_H

#include "world.h"

#include "naive.h"

/* A packet's protocol and port: where an answer can change. */
struct spot {
	uint8_t protocol;
	uint16_t port;
};

struct spots {
	struct spot *items;
	size_t count;
};

/* Every declared boundary and its neighbours, in every protocol that has ports; echo, its neighbours, and a stranger.
 */
void collect_spots(const struct flow_set *flows, struct spots *spots);
bool same_address(const struct address *a, const struct address *b);

/* What the kernel finds in a set: the element that is the packet, or the interval around it.  Of the two sets of a kind
 * the one of the family; source NULL where the set has none. */
const struct policy_record *look_up(const struct policy *policy, enum policy_topic topic, const struct address *source,
				    const struct address *destination, uint8_t protocol, uint16_t port);

/* Whether a set of addresses has this one. */
bool has_address(const struct policy *policy, enum policy_topic topic, const struct address *address);
size_t records_of(const struct policy *policy, enum policy_set set);

/* The managed network on which that address lives, or NULL. */
const struct network *network_of(const struct inventory *inventory, const struct address *address);
const char *name_of(const struct inventory *inventory, const struct network *network, const struct address *address);

struct run {
	struct world world;
	uint64_t seed;
	struct spots spots;
	size_t passed, denied;
	unsigned unsettled[3];
};

#define complain(run, ...)                                                                                             \
	do {                                                                                                           \
		print_error(__VA_ARGS__);                                                                              \
		fail_msg("again with SEED=%llu WORLDS=1", (unsigned long long)(run)->seed);                            \
	} while (0)

#endif
