/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile_bridges.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "loop.h"

/* The engine lists a network up to so long after its bridge is there: iptables may wait for a lock meanwhile. */
#define LATELY_NS (UINT64_C(30) * 1000000000)

static struct reconcile_bridge *find(const struct reconcile_bridges *bridges, const char *name, int index)
{
	for (size_t i = 0; i < bridges->count; i++) {
		if (bridges->items[i].index == index && strcmp(bridges->items[i].name, name) == 0)
			return &bridges->items[i];
	}
	return NULL;
}

static bool has(char (*names)[16], size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

int reconcile_bridges_look(struct reconcile_bridges *bridges, const struct links *links, char (*names)[16],
			   size_t count, char (*closed)[16], size_t closed_count)
{
	struct reconcile_bridge *items = calloc(count + 1, sizeof(*items));

	if (!items)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		int index = links_bridge_index(links, names[i]);
		const struct reconcile_bridge *known = find(bridges, names[i], index);
		bool may_be_ours = bridges->looked ? !bridges->away : has(closed, closed_count, names[i]);

		items[i] = (struct reconcile_bridge){
			.index = index,
			.owner = may_be_ours ? RECONCILE_UNCLAIMED : RECONCILE_OTHERS,
			.seen = loop_now_ns(),
		};
		memcpy(items[i].name, names[i], sizeof(items[i].name));
		if (known)
			items[i] = *known;
	}
	free(bridges->items);
	bridges->items = items;
	bridges->count = count;
	bridges->looked = true;
	return 0;
}

void reconcile_bridges_clear(struct reconcile_bridges *bridges)
{
	free(bridges->items);
	*bridges = (struct reconcile_bridges){ 0 };
}

static bool names(struct network *const *networks, size_t count, const char *bridge)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(networks[i]->bridge, bridge) == 0)
			return true;
	}
	return false;
}

static bool has_network(const struct inventory *inventory, const char *bridge)
{
	return names(inventory->networks, inventory->network_count, bridge);
}

/* Whether every network's bridge can be told: else an unclaimed one may be that network's. */
static bool tells_all(struct network *const *networks, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (networks[i]->managed && !networks[i]->bridge[0])
			return false;
	}
	return true;
}

struct ports {
	bool paired, other;
	uint64_t first, last; /* when the first and the last paired one came */
};

static struct ports ports_of(const struct reconcile_bridge *bridge, const struct port *ports, size_t count)
{
	struct ports found = { .first = UINT64_MAX };

	for (size_t i = 0; i < count; i++) {
		const struct port *port = &ports[i];

		if (strcmp(port->bridge, bridge->name) != 0)
			continue;
		found.paired = found.paired || port->paired;
		found.other = found.other || !port->paired;
		if (port->paired && port->seen < found.first)
			found.first = port->seen;
		if (port->paired && port->seen > found.last)
			found.last = port->seen;
	}
	return found;
}

static void release(struct reconcile_bridge *bridge)
{
	bridge->released = bridge->owner == RECONCILE_UNCLAIMED;
	bridge->owner = RECONCILE_OTHERS;
}

static void judge(struct reconcile_bridge *bridge, const struct inventory *inventory)
{
	if (has_network(inventory, bridge->name))
		bridge->owner = RECONCILE_CLAIMED;
	else if (bridge->owner == RECONCILE_CLAIMED)
		release(bridge);
	/* Who has a container's port was listed before the port came. */
	else if (bridge->owner == RECONCILE_UNCLAIMED && tells_all(inventory->networks, inventory->network_count) &&
		 ports_of(bridge, inventory->ports, inventory->port_count).first <= inventory->asked)
		release(bridge);
}

bool reconcile_bridges_judge(struct reconcile_bridges *bridges, const struct inventory *inventory)
{
	bool changed = reconcile_bridges_judge_ports(bridges, inventory->ports, inventory->port_count);

	for (size_t i = 0; i < bridges->count; i++) {
		enum reconcile_owner before = bridges->items[i].owner;

		judge(&bridges->items[i], inventory);
		changed = changed || bridges->items[i].owner != before;
	}
	return changed;
}

bool reconcile_bridges_judge_list(struct reconcile_bridges *bridges, struct network *const *networks, size_t count,
				  uint64_t asked, const struct inventory *inventory)
{
	bool changed = false;

	for (size_t i = 0; tells_all(networks, count) && i < bridges->count; i++) {
		struct reconcile_bridge *bridge = &bridges->items[i];

		if (bridge->owner != RECONCILE_UNCLAIMED || names(networks, count, bridge->name) ||
		    ports_of(bridge, inventory->ports, inventory->port_count).first > asked)
			continue;
		release(bridge);
		changed = true;
	}
	return changed;
}

bool reconcile_bridges_judge_ports(struct reconcile_bridges *bridges, const struct port *ports, size_t count)
{
	bool changed = false;

	for (size_t i = 0; i < bridges->count; i++) {
		struct ports found = ports_of(&bridges->items[i], ports, count);

		if (bridges->items[i].owner != RECONCILE_UNCLAIMED || found.paired || !found.other)
			continue;
		release(&bridges->items[i]);
		changed = true;
	}
	return changed;
}

bool reconcile_bridges_released(const struct reconcile_bridges *bridges, const char *name)
{
	for (size_t i = 0; i < bridges->count; i++) {
		if (strcmp(bridges->items[i].name, name) == 0)
			return bridges->items[i].released && bridges->items[i].owner == RECONCILE_OTHERS;
	}
	return false;
}

bool reconcile_bridge_is_closed(const struct reconcile_bridge *bridge, const struct inventory *inventory)
{
	return bridge->owner == RECONCILE_UNCLAIMED && !(inventory && has_network(inventory, bridge->name));
}

bool reconcile_bridges_doubt(const struct reconcile_bridges *bridges, const struct inventory *inventory, bool lately)
{
	uint64_t now = loop_now_ns();

	for (size_t i = 0; i < bridges->count; i++) {
		const struct reconcile_bridge *bridge = &bridges->items[i];

		if (!reconcile_bridge_is_closed(bridge, inventory))
			continue;
		if (bridge->seen > inventory->asked ||
		    ports_of(bridge, inventory->ports, inventory->port_count).last > inventory->asked ||
		    (lately && now - bridge->seen < LATELY_NS))
			return true;
	}
	return false;
}
