/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes and removes links: veth pairs, of which one end is a port of a bridge, and the other is in another network
 * namespace. */
#ifndef BULKHEAD_LINKS_MAKE_H
#define BULKHEAD_LINKS_MAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "cleanup.h"
#include "error.h"

/* Makes links in one network namespace: the one that the thread was in when it opened this. */
struct links_maker;

int links_maker_open(struct links_maker **ret_maker, struct error *err);
/* Accepts NULL.  The links stay. */
void links_maker_close(struct links_maker *maker);
CLEANUP_DEFINE(links_maker, links_maker_close)

struct links_veth {
	char name[16]; /* of both ends */
	uint8_t mac[6], peer_mac[6];
	uint32_t mtu; /* of both ends, bytes */
	int netns;    /* fd of the network namespace that the peer is put into */
};
/* Both ends are down. */
int links_make_veth(struct links_maker *maker, const struct links_veth *veth, struct error *err);

/* Makes the link a port of the bridge with that index. */
int links_make_port(struct links_maker *maker, const char *name, int bridge, struct error *err);

/* Sets the link up.  The kernel gives it no IPv6 address, so it sends nothing by itself. */
int links_make_up(struct links_maker *maker, const char *name, struct error *err);

/* Tells the port's bridge that this MAC lives behind it, so that frames to it go nowhere else. */
int links_make_neighbour(struct links_maker *maker, int port, const uint8_t mac[6], struct error *err);

/* It is no error if the link is not there. */
int links_make_removed(struct links_maker *maker, const char *name, struct error *err);

struct links_view {
	int index, master; /* master 0: none */
	uint32_t mtu;	   /* bytes */
	bool up;
	bool forwards; /* it is a bridge's port, and the bridge lets frames pass there (spanning tree) */
};
/* The link as it is now.  -ENODEV: there is none of that name. */
int links_make_look(struct links_maker *maker, const char *name, struct links_view *ret_view, struct error *err);

#endif
