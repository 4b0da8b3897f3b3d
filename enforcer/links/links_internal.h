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

/* A link's other end: its index, and the network namespace that it is in. */
struct link_peer {
	int index;	/* 0: there is none */
	bool elsewhere; /* in another namespace … */
	int netns;	/* … which has this id; negative: the kernel has given it none */
};

struct link_message {
	uint8_t family; /* AF_UNSPEC; AF_BRIDGE: a bridge tells of one of its ports */
	int index;
	char name[16]; /* "" where it is not told */
	int master;    /* 0: none */
	bool is_bridge, is_port;
	struct link_peer peer; /* of a veth; other kinds have none, whatever they are stacked upon */
	uint8_t mac[6];	       /* the link's own, zero where not told */
};

/* Reads a message.  False if it is not about a link.  Pure. */
bool links_read(const struct nlmsghdr *message, struct link_message *ret_link);

/* Opens a socket for requests, in the network namespace that the thread is in.  It waits two seconds for an answer.  0
 * or negative errno; the socket is the caller's. */
int links_socket_open(struct mnl_socket **ret_socket);

/* A reader with room for it gets messages in pieces of up to 32 KiB. */
#define LINKS_BUFFER_SIZE 32768

struct links_dump {
	bool only_bridges;
	int (*take)(void *data, const struct link_message *link); /* 0, or -ENOMEM: the dump ends */
	void *data;
};
/* Asks for all links, on a fresh socket.  0 or negative errno; -EINTR: links changed meanwhile, some may be missing. */
int links_dump(struct mnl_socket *socket, const struct links_dump *dump);

/* Asks for one link.  0 or negative errno: the kernel's, or that of the socket. */
int links_ask(struct mnl_socket *socket, unsigned sequence, const struct link_peer *wanted,
	      struct link_message *ret_link);

struct link_bridge {
	int index;
	char name[16];
	uint8_t mac[6]; /* its own: what the host sends there is from it */
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
	bool ask;	/* the peer has to be asked for its MAC (again) */
};

/* All bridges and their ports. */
struct links_table {
	struct link_bridges bridges;
	struct link_port *ports;
	size_t count, size;
};
void links_table_clear(struct links_table *table);

/* Follows one message.  Sets *ret_changed if links_table_ports tells something else because of it, and else leaves it
 * alone.  0, or -ENOMEM: the table is incomplete. */
int links_table_take(struct links_table *table, const struct link_message *link, bool gone, bool *ret_changed);

/* Marks every port with a peer: the peer has to be asked again. */
void links_table_ask_unknown(struct links_table *table);

/* Takes a peer's answer; NULL: there was none.  Whether that changed the port. */
bool link_port_answer(struct link_port *port, const struct link_message *peer);

/* The array is the caller's.  0 or -ENOMEM. */
int links_table_ports(const struct links_table *table, struct port **ret_ports, size_t *ret_count);

#endif
