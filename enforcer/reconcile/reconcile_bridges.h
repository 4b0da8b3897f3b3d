/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose a bridge is.  The engine gives a network's bridge whatever name it was told, and tells of it late, or never
 * (docker_gwbridge).  So one that comes while somebody listens is unclaimed, and closed, until it is certain that it is
 * not the engine's: an answer that was asked for after the first container-like port was there names it, or does not;
 * or it has ports of another kind, which the engine does not make.
 */
#ifndef BULKHEAD_RECONCILE_BRIDGES_H
#define BULKHEAD_RECONCILE_BRIDGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inventory.h"
#include "links.h"

enum reconcile_owner {
	RECONCILE_OTHERS,    /* somebody else's, or was there before us */
	RECONCILE_UNCLAIMED, /* not known yet */
	RECONCILE_CLAIMED,   /* a network's, when the engine was heard last */
};

struct reconcile_bridge {
	char name[16];
	int index;
	enum reconcile_owner owner;
	uint64_t seen; /* when it came; as a port's `seen` */
	bool released; /* it was unclaimed, and is not any more */
};

struct reconcile_bridges {
	struct reconcile_bridge *items;
	size_t count;
	bool looked; /* there was a first look: who comes now is new */
	bool away;   /* nobody listens where the engine should: it makes no bridge at this moment */
};

/* The bridges that there are now.  closed: those of the last run, which are unclaimed from the start.  0 or -ENOMEM. */
int reconcile_bridges_look(struct reconcile_bridges *bridges, const struct links *links, char (*names)[16],
			   size_t count, char (*closed)[16], size_t closed_count);
void reconcile_bridges_clear(struct reconcile_bridges *bridges);

/* What the inventory, with its ports, says of whose they are.  True if that is news. */
bool reconcile_bridges_judge(struct reconcile_bridges *bridges, const struct inventory *inventory);

/* The same of a list of all networks, which was asked for then: what one of them has stays unclaimed, until the
 * inventory has that network. */
bool reconcile_bridges_judge_list(struct reconcile_bridges *bridges, struct network *const *networks, size_t count,
				  uint64_t asked, const struct inventory *inventory);

/* What its ports alone say: before the engine has said a word, or between two. */
bool reconcile_bridges_judge_ports(struct reconcile_bridges *bridges, const struct port *ports, size_t count);

/* Whether a bridge of that name was closed, and is left alone now. */
bool reconcile_bridges_released(const struct reconcile_bridges *bridges, const char *name);

/* Whether it is closed although no network is known to have it.  inventory may be NULL. */
bool reconcile_bridge_is_closed(const struct reconcile_bridge *bridge, const struct inventory *inventory);

/* Whether the engine should be asked again which networks there are: about one of which it was not asked since it, or
 * its last port, came; lately: or about one that has not been there for long, which the engine may not list yet. */
bool reconcile_bridges_doubt(const struct reconcile_bridges *bridges, const struct inventory *inventory, bool lately);

#endif
