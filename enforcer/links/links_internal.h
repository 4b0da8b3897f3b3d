/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of links alone: what a link's message says, asking for such messages, and the table that
 * follows from them. */
#ifndef BULKHEAD_LINKS_INTERNAL_H
#define BULKHEAD_LINKS_INTERNAL_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inventory.h"

/* Where a link's other end is: its index, in this network namespace or in the one of that id. */
struct link_peer {
	int index;	/* 0: there is none */
	bool elsewhere; /* in another namespace … */
	int netns;	/* … which has this id; negative where the kernel has none for it */
};

struct link_message {
	uint8_t family; /* AF_UNSPEC; AF_BRIDGE: a bridge's own word about one of its ports */
	int index;
	char name[16]; /* "" where it is not told */
	int master;    /* 0: none */
	bool is_bridge, is_port;
	struct link_peer peer; /* a veth's; other kinds have none, whatever they are stacked upon */
	uint8_t mac[6];	       /* the link's own, zero where not told */
};

/* Pure.  False if it is no message about a link. */
bool links_read(const struct nlmsghdr *message, struct link_message *ret_link);

/* A socket for requests, which gives up on an answer after two seconds.  It belongs to the network namespace that its
 * thread is in when it opens it.  0 or negative errno; the socket is the caller's. */
int links_socket_open(struct mnl_socket **ret_socket);

/* Messages come in pieces of up to 32 KiB where the reader has the room. */
#define LINKS_BUFFER_SIZE 32768

struct links_dump {
	bool only_bridges;
	int (*take)(void *data, const struct link_message *link); /* 0, or -ENOMEM, which ends it */
	void *data;
};
/* All links, on a fresh socket.  0 or negative errno; -EINTR: they changed meanwhile, so it is not whole. */
int links_dump(struct mnl_socket *socket, const struct links_dump *dump);

/* One link.  0 or negative errno: the kernel's, or what went wrong on the way. */
int links_ask(struct mnl_socket *socket, unsigned sequence, const struct link_peer *wanted,
	      struct link_message *ret_link);

struct link_bridge {
	int index;
	char name[16];
};
struct link_bridges {
	struct link_bridge *items;
	size_t count, size;
};
/* 0 or -ENOMEM. */
int link_bridges_add(struct link_bridges *bridges, const struct link_message *link);
struct link_bridge *link_bridges_find(const struct link_bridges *bridges, int index);
void link_bridges_remove(struct link_bridges *bridges, struct link_bridge *bridge);

struct link_port {
	int index, master;
	char name[16];
	struct link_peer peer;
	uint8_t mac[6]; /* the peer's, zero while unknown */
	bool ask;	/* the peer's MAC is to be asked (again) */
};

/* All bridges and their ports. */
struct links_table {
	struct link_bridges bridges;
	struct link_port *ports;
	size_t count, size;
};
void links_table_clear(struct links_table *table);

/* Follows one message.  Sets *ret_changed if that changed what links_table_ports tells, and leaves it alone otherwise.
 * 0 or -ENOMEM: then the table is incomplete. */
int links_table_take(struct links_table *table, const struct link_message *link, bool gone, bool *ret_changed);

/* Those that have a peer are asked again. */
void links_table_ask_unknown(struct links_table *table);

/* What the peer answered when it was asked; NULL: nothing.  True if that changed the port. */
bool link_port_answer(struct link_port *port, const struct link_message *peer);

/* The array is the caller's.  0 or -ENOMEM. */
int links_table_ports(const struct links_table *table, struct port **ret_ports, size_t *ret_count);

#endif
