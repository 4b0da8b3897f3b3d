/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel tells of a bridge's link whenever its carrier or a flag changes, which is at every first and last
 * container.  So we remember which bridges we know, and only one that comes, goes or is renamed is news.
 */
#include "links.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

/* Dumps come in pieces of up to 32 KiB where the reader has the room. */
#define BUFFER_SIZE 32768

/* A dump that a change interrupts is started anew; links that change faster than that are not worth waiting for. */
#define DUMP_ATTEMPTS 10

/* Room for the link messages of some hundred containers that start together. */
#define MONITOR_BUFFER (2 * 1024 * 1024)

/* So that one call ends, however fast messages come. */
#define DRAIN_MESSAGES 256

struct bridge {
	int index;
	char name[IFNAMSIZ];
};

struct bridge_list {
	struct bridge *items;
	size_t count, size;
};

struct links {
	struct mnl_socket *monitor;
	struct bridge_list known;
};

static void close_socket(struct mnl_socket *socket)
{
	if (socket)
		mnl_socket_close(socket);
}
CLEANUP_DEFINE(mnl_socket, close_socket)

static int list_add(struct bridge_list *list, const struct bridge *bridge)
{
	if (list->count == list->size) {
		size_t size = list->size ? 2 * list->size : 16;
		struct bridge *items = reallocarray(list->items, size, sizeof(*items));

		if (!items)
			return -ENOMEM;
		list->items = items;
		list->size = size;
	}
	list->items[list->count++] = *bridge;
	return 0;
}

static struct bridge *list_find(const struct bridge_list *list, int index)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i].index == index)
			return &list->items[i];
	}
	return NULL;
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
	free(links->known.items);
	free(links);
}

struct link_parts {
	struct bridge *bridge;
	bool is_bridge;
};

static int read_link_info(const struct nlattr *attribute, void *data)
{
	struct link_parts *parts = data;

	if (mnl_attr_get_type(attribute) == IFLA_INFO_KIND && mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0)
		parts->is_bridge = strcmp(mnl_attr_get_str(attribute), "bridge") == 0;
	return MNL_CB_OK;
}

static int read_attribute(const struct nlattr *attribute, void *data)
{
	struct link_parts *parts = data;

	if (mnl_attr_get_type(attribute) == IFLA_LINKINFO)
		return mnl_attr_parse_nested(attribute, read_link_info, parts);
	if (mnl_attr_get_type(attribute) == IFLA_IFNAME && mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0 &&
	    strlen(mnl_attr_get_str(attribute)) < sizeof(parts->bridge->name))
		strcpy(parts->bridge->name, mnl_attr_get_str(attribute));
	return MNL_CB_OK;
}

/* Reads index and name of a link message; true if it is about a bridge. */
static bool read_bridge(const struct nlmsghdr *message, struct bridge *bridge)
{
	struct link_parts parts = { .bridge = bridge };
	const struct ifinfomsg *link;

	memset(bridge, 0, sizeof(*bridge));
	if (mnl_nlmsg_get_payload_len(message) < sizeof(*link))
		return false;
	link = mnl_nlmsg_get_payload(message);
	/* The bridge's own messages about its ports come in the same group. */
	if (link->ifi_family != AF_UNSPEC)
		return false;
	bridge->index = link->ifi_index;
	return mnl_attr_parse(message, sizeof(*link), read_attribute, &parts) > 0 && parts.is_bridge && bridge->name[0];
}

static int send_dump(struct mnl_socket *socket)
{
	/* Zeroed: libmnl leaves the padding as it is, and the kernel has no business with our stack. */
	_Alignas(struct nlmsghdr) char buffer[256] = { 0 };
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *link;
	struct nlattr *nest;

	message->nlmsg_type = RTM_GETLINK;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	link = mnl_nlmsg_put_extra_header(message, sizeof(*link));
	link->ifi_family = AF_UNSPEC;
	/* The kernel then leaves out the veths, of which there are many; where it does not, we do. */
	nest = mnl_attr_nest_start(message, IFLA_LINKINFO);
	mnl_attr_put_strz(message, IFLA_INFO_KIND, "bridge");
	mnl_attr_nest_end(message, nest);
	mnl_attr_put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	return mnl_socket_sendto(socket, message, message->nlmsg_len) < 0 ? -errno : 0;
}

/* Reads the messages of one piece.  1: more pieces follow, 0: that was all, -EINTR: the links changed meanwhile. */
static int read_piece(const char *buffer, size_t size, struct bridge_list *list)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)buffer;
	struct bridge bridge;
	int left = (int)size;

	for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
		if (message->nlmsg_flags & NLM_F_DUMP_INTR)
			return -EINTR;
		if (message->nlmsg_type == NLMSG_DONE)
			return 0;
		if (message->nlmsg_type == NLMSG_ERROR) {
			const struct nlmsgerr *failure = mnl_nlmsg_get_payload(message);

			if (mnl_nlmsg_get_payload_len(message) < sizeof(*failure) || failure->error >= 0)
				return -EPROTO;
			return failure->error;
		}
		if (message->nlmsg_type == RTM_NEWLINK && read_bridge(message, &bridge) && list_add(list, &bridge) < 0)
			return -ENOMEM;
	}
	return 1;
}

/* One dump, on a socket of its own: what is left of a failed one ends with it. */
static int dump_once(struct bridge_list *list)
{
	cleanup_of(mnl_socket) struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	_Alignas(struct nlmsghdr) char buffer[BUFFER_SIZE];
	int r;

	list->count = 0;
	if (!socket || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	r = send_dump(socket);
	if (r < 0)
		return r;
	do {
		ssize_t length = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));

		if (length < 0 && errno == EINTR)
			continue; /* a signal: the answer is still to be read */
		if (length <= 0)
			return length < 0 ? -errno : -EPROTO;
		r = read_piece(buffer, (size_t)length, list);
	} while (r > 0);
	return r;
}

int links_bridges(struct links *links, char (**ret_names)[16], size_t *ret_count, struct error *err)
{
	char(*names)[IFNAMSIZ];
	int r = -EINTR;

	for (int attempt = 0; r == -EINTR && attempt < DUMP_ATTEMPTS; attempt++)
		r = dump_once(&links->known);
	names = r < 0 ? NULL : calloc(links->known.count + 1, sizeof(*names));
	if (r == 0 && !names)
		r = -ENOMEM;
	if (r < 0) {
		/* What is known is incomplete, so everything that comes next has to be news. */
		links->known.count = 0;
		return error_set(err, r, "links: listing the bridges: %s",
				 r == -EINTR ? "they change faster than they can be read" : strerror(-r));
	}
	for (size_t i = 0; i < links->known.count; i++)
		memcpy(names[i], links->known.items[i].name, IFNAMSIZ);
	*ret_names = names;
	*ret_count = links->known.count;
	return 0;
}

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
	/* Best effort, by privilege or within the host's limit: a buffer that overruns is noticed. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	links->monitor = steal(socket);
	return fd;
}

/* True if the message is news: a bridge that was not known by this name, or that is gone. */
static bool take_message(struct links *links, const struct nlmsghdr *message)
{
	struct bridge bridge, *known;

	if (message->nlmsg_type != RTM_NEWLINK && message->nlmsg_type != RTM_DELLINK)
		return false;
	if (!read_bridge(message, &bridge))
		return false;
	known = list_find(&links->known, bridge.index);
	if (message->nlmsg_type == RTM_DELLINK) {
		if (known)
			*known = links->known.items[--links->known.count];
		return true;
	}
	if (known && strcmp(known->name, bridge.name) == 0)
		return false;
	if (known)
		*known = bridge;
	else
		/* Out of memory it stays unknown, which costs a dump too many. */
		(void)list_add(&links->known, &bridge);
	return true;
}

int links_monitor_drain(struct links *links, bool *ret_changed, struct error *err)
{
	_Alignas(struct nlmsghdr) char buffer[BUFFER_SIZE];
	bool changed = false;

	if (!links->monitor)
		return error_set(err, -EBADF, "links: there is no subscription to read");
	for (int i = 0; i < DRAIN_MESSAGES; i++) {
		ssize_t length = mnl_socket_recvfrom(links->monitor, buffer, sizeof(buffer));
		const struct nlmsghdr *message = (const struct nlmsghdr *)buffer;
		int left = (int)length;

		if (length < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (length < 0 && errno != EINTR && errno != ENOBUFS && errno != ENOSPC)
			return error_set(err, -errno, "links: reading changes: %s", strerror(errno));
		/* Lost or cut messages could have been about any bridge. */
		if (length < 0 && errno != EINTR)
			changed = true;
		for (; length > 0 && mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left))
			changed |= take_message(links, message);
	}
	*ret_changed = changed;
	return 0;
}
