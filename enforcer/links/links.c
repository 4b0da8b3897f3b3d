/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel sends a message about a bridge whenever its carrier or a flag changes: with every first and last
 * container.  So we remember which bridges we know; news is only a bridge that comes, goes or is renamed.
 *
 * A table of the ports follows the same messages.  They do not tell the MAC of a port's peer, so we ask for each one,
 * after we have read all messages that are there: a container's start makes a dozen.  The engine sets the MAC before
 * the peer comes up, and the peer's coming up makes a message about the port; so the last question gets the right
 * answer.
 */
#include "links.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "links_internal.h"
#include "loop.h"

/* A dump that a change interrupts is started again, so often at most. */
#define DUMP_ATTEMPTS 10

/* Room for the link messages of some hundred containers that start together. */
#define MONITOR_BUFFER (2 * 1024 * 1024)

/* One call reads so many messages at most, however fast they come. */
#define DRAIN_MESSAGES 256

/* After a loss the kernel adds no message until the last one was read, and does not report again what it left out
 * meanwhile.  So the rest is read at once; it is never more than the buffer holds. */
#define DRAIN_MESSAGES_LOST 65536

/* The kernel answers before the request's send returns, so nobody ever waits that long. */
#define ANSWER_SECONDS 2

struct links {
	struct mnl_socket *monitor, *requests;
	unsigned sequence;
	struct link_bridges known; /* the bridges: of the last dump, and of messages since */
	struct links_table table;
	struct port *told; /* the last answer, by index: it tells when each port was first seen */
	size_t told_count;
	bool followed; /* the table is whole, and the subscription began before it was read */
	bool lost;     /* messages were lost, and the subscription was not read to its end since */
};

/* ---- Sockets ---- */

static void close_socket(struct mnl_socket *socket)
{
	if (socket)
		mnl_socket_close(socket);
}
CLEANUP_DEFINE(mnl_socket, close_socket)

int links_socket_open(struct mnl_socket **ret_socket)
{
	cleanup_of(mnl_socket) struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	struct timeval limit = { .tv_sec = ANSWER_SECONDS };

	if (!socket || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0)
		return -errno;
	*ret_socket = steal(socket);
	return 0;
}

int links_open(struct links **ret_links, struct error *err)
{
	struct links *links = calloc(1, sizeof(*links));

	if (!links)
		return error_oom(err);
	*ret_links = links;
	return 0;
}

void links_close(struct links *links)
{
	if (!links)
		return;
	close_socket(links->monitor);
	close_socket(links->requests);
	links_table_clear(&links->table);
	free(links->known.items);
	free(links->told);
	free(links);
}

/* ---- Dumps ---- */

/* Every dump has a socket of its own: the rest of a dump that failed ends with the socket. */
static int dump_once(const struct links_dump *dump)
{
	cleanup_of(mnl_socket) struct mnl_socket *socket = NULL;
	int r = links_socket_open(&socket);

	return r < 0 ? r : links_dump(socket, dump);
}

static int dump_error(struct error *err, int r, const char *what)
{
	return error_set(err, r, "links: listing the %s: %s", what,
			 r == -EINTR ? "they change faster than they can be read" : strerror(-r));
}

static int take_known_bridge(void *data, const struct link_message *link)
{
	struct links *links = data;

	return link->is_bridge ? link_bridges_add(&links->known, link) : 0;
}

int links_bridges(struct links *links, char (**ret_names)[16], size_t *ret_count, struct error *err)
{
	const struct links_dump dump = { .only_bridges = true, .take = take_known_bridge, .data = links };
	char(*names)[16];
	int r = -EINTR;

	for (int attempt = 0; r == -EINTR && attempt < DUMP_ATTEMPTS; attempt++) {
		links->known.count = 0;
		r = dump_once(&dump);
	}
	names = r < 0 ? NULL : calloc(links->known.count + 1, sizeof(*names));
	if (r == 0 && !names)
		r = -ENOMEM;
	if (r < 0) {
		/* We know not all bridges, so everything that comes next has to be news. */
		links->known.count = 0;
		return dump_error(err, r, "bridges");
	}
	for (size_t i = 0; i < links->known.count; i++)
		memcpy(names[i], links->known.items[i].name, sizeof(*names));
	*ret_names = names;
	*ret_count = links->known.count;
	return 0;
}

int links_bridge_index(const struct links *links, const char *name)
{
	for (size_t i = 0; i < links->known.count; i++) {
		if (strcmp(links->known.items[i].name, name) == 0)
			return links->known.items[i].index;
	}
	return 0;
}

/* ---- Ports ---- */

static int open_requests(struct links *links)
{
	return links->requests ? 0 : links_socket_open(&links->requests);
}

/* The link as it is now.  0 or negative errno. */
static int ask_link(struct links *links, const struct link_peer *wanted, struct link_message *ret_link)
{
	int r = open_requests(links);

	return r < 0 ? r : links_ask(links->requests, ++links->sequence, wanted, ret_link);
}

/* Asks a port's peer.  After the peer has moved, its index may belong to another link: a link whose own other end is
 * not the port is not the peer. */
static bool ask_peer(struct links *links, const struct link_port *port, struct link_message *ret_peer)
{
	if (!port->peer.index || (port->peer.elsewhere && port->peer.netns < 0))
		return false;
	return ask_link(links, &port->peer, ret_peer) == 0 && ret_peer->peer.index == port->index;
}

/* True if the port got another MAC. */
static bool ask_port(struct links *links, struct link_port *port)
{
	const struct link_peer itself = { .index = port->index };
	struct link_message link;

	if (ask_peer(links, port, &link))
		return link_port_answer(port, &link);
	/* The peer has moved since the port's message, and no message about the port told that: see where it is now. */
	if (ask_link(links, &itself, &link) == 0) {
		port->peer = link.peer;
		if (ask_peer(links, port, &link))
			return link_port_answer(port, &link);
	}
	return link_port_answer(port, NULL);
}

static bool ask_ports(struct links *links)
{
	bool changed = false;

	for (size_t i = 0; i < links->table.count; i++) {
		if (links->table.ports[i].ask)
			changed |= ask_port(links, &links->table.ports[i]);
	}
	return changed;
}

static int take_listed(void *data, const struct link_message *link)
{
	struct links *links = data;
	bool changed;

	return links_table_take(&links->table, link, false, &changed);
}

static int dump_ports(struct links *links)
{
	const struct links_dump dump = { .take = take_listed, .data = links };
	int r = -EINTR;

	links->followed = false;
	for (int attempt = 0; r == -EINTR && attempt < DUMP_ATTEMPTS; attempt++) {
		links_table_clear(&links->table);
		r = dump_once(&dump);
	}
	if (r == 0)
		links->followed = links->monitor && !links->lost;
	return r;
}

static int compare_indices(const void *a, const void *b)
{
	const struct port *x = a, *y = b;

	return x->index < y->index ? -1 : x->index > y->index;
}

/* Sets for each port when it was first seen, and remembers that. */
static int remember(struct links *links, struct port *ports, size_t count)
{
	struct port *copy = calloc(count + 1, sizeof(*copy));
	uint64_t now = loop_now_ns();

	if (!copy)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const struct port *before = links->told ? bsearch(&ports[i], links->told, links->told_count,
								  sizeof(*before), compare_indices)
							: NULL;
		bool same = before && strcmp(before->name, ports[i].name) == 0 &&
			    strcmp(before->bridge, ports[i].bridge) == 0;

		ports[i].seen = same ? before->seen : now;
		copy[i] = ports[i];
	}
	qsort(copy, count, sizeof(*copy), compare_indices);
	free(links->told);
	links->told = copy;
	links->told_count = count;
	return 0;
}

int links_ports(struct links *links, struct port **ret_ports, size_t *ret_count, struct error *err)
{
	struct port *ports;
	size_t count;
	int r;

	if (links->followed)
		links_table_ask_unknown(&links->table);
	else if ((r = dump_ports(links)) < 0)
		return dump_error(err, r, "ports");
	/* The questions failed.  That does not mean that the ports have no known MAC. */
	r = open_requests(links);
	if (r < 0)
		return dump_error(err, r, "ports");
	ask_ports(links);
	if (links_table_ports(&links->table, &ports, &count) < 0)
		return error_oom(err);
	if (remember(links, ports, count) < 0) {
		free(ports);
		return error_oom(err);
	}
	*ret_ports = ports;
	*ret_count = count;
	return 0;
}

/* ---- The subscription ---- */

int links_monitor(struct links *links, struct error *err)
{
	cleanup_of(mnl_socket) struct mnl_socket *socket = NULL;
	int size = MONITOR_BUFFER, fd;

	if (links->monitor)
		return mnl_socket_get_fd(links->monitor);
	socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!socket || mnl_socket_bind(socket, RTMGRP_LINK, MNL_SOCKET_AUTOPID) < 0)
		return error_set(err, -errno, "links: subscribing to changes: %s", strerror(errno));
	fd = mnl_socket_get_fd(socket);
	/* As large as privilege or the host's limit allow: an overrun is noticed in any case. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	links->monitor = steal(socket);
	return fd;
}

/* Whether the message is news: of a bridge that was not known by this name, or that is gone. */
static bool take_bridge(struct links *links, const struct link_message *link, bool gone)
{
	struct link_bridge *known = link_bridges_find(&links->known, link->index);

	if (gone) {
		if (known)
			link_bridges_remove(&links->known, known);
		return true;
	}
	if (known && strcmp(known->name, link->name) == 0)
		return false;
	if (known)
		memcpy(known->name, link->name, sizeof(known->name));
	else
		/* If memory runs out, the bridge stays unknown: that costs a superfluous dump. */
		(void)link_bridges_add(&links->known, link);
	return true;
}

static void take_message(struct links *links, const struct nlmsghdr *message, struct links_news *news)
{
	bool gone = message->nlmsg_type == RTM_DELLINK;
	struct link_message link;

	if (!links_read(message, &link))
		return;
	if (link.is_bridge)
		news->bridges |= take_bridge(links, &link, gone);
	if (links->followed && links_table_take(&links->table, &link, gone, &news->ports) < 0)
		links->followed = false;
	/* Without a table any message may be news. */
	news->ports |= !links->followed;
}

static void take_loss(struct links *links, struct links_news *news)
{
	/* A message that was lost or cut may have been about any link. */
	news->bridges = news->ports = true;
	links->followed = false;
	links->lost = true;
}

int links_monitor_drain(struct links *links, struct links_news *ret_news, struct error *err)
{
	_Alignas(struct nlmsghdr) char buffer[LINKS_BUFFER_SIZE];
	struct links_news news = { 0 };

	if (!links->monitor)
		return error_set(err, -EBADF, "links: there is no subscription to read");
	for (int i = 0; i < (links->lost ? DRAIN_MESSAGES_LOST : DRAIN_MESSAGES); i++) {
		ssize_t length = mnl_socket_recvfrom(links->monitor, buffer, sizeof(buffer));
		const struct nlmsghdr *message = (const struct nlmsghdr *)buffer;
		int left = (int)length;

		if (length < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			links->lost = false;
			break;
		}
		if (length < 0 && errno != EINTR)
			take_loss(links, &news);
		if (length < 0 && errno != EINTR && errno != ENOBUFS && errno != ENOSPC)
			return error_set(err, -errno, "links: reading changes: %s", strerror(errno));
		for (; length > 0 && mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left))
			take_message(links, message, &news);
	}
	if (links->followed)
		news.ports |= ask_ports(links);
	*ret_news = news;
	return 0;
}
