/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host_sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "cleanup.h"

#define BUFFER_SIZE    32768
#define ANSWER_SECONDS 2

struct list {
	struct host_socket *items;
	size_t count, room;
};

static int append(struct list *list, const struct host_socket *socket)
{
	if (list->count == list->room) {
		size_t room = list->room ? 2 * list->room : 64;
		struct host_socket *grown = reallocarray(list->items, room, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		list->items = grown;
		list->room = room;
	}
	list->items[list->count++] = *socket;
	return 0;
}

/* True unless the socket at "::" is told to leave IPv4 alone. */
static bool serves_both(const struct inet_diag_msg *diag, const struct nlattr *first, size_t length)
{
	static const uint8_t any[16];
	const struct nlattr *attribute = first;
	int left = (int)length;

	if (diag->idiag_family != AF_INET6 || memcmp(diag->id.idiag_src, any, sizeof(any)) != 0)
		return false;
	for (; mnl_attr_ok(attribute, left);
	     left -= MNL_ALIGN(attribute->nla_len), attribute = mnl_attr_next(attribute)) {
		if (mnl_attr_get_type(attribute) == INET_DIAG_SKV6ONLY &&
		    mnl_attr_get_payload_len(attribute) >= sizeof(uint8_t))
			return !mnl_attr_get_u8(attribute);
	}
	return true;
}

size_t host_sockets_parse(const void *message, size_t length, uint8_t protocol, struct host_socket ret_sockets[2])
{
	const struct nlmsghdr *header = message;
	const struct inet_diag_msg *diag;
	struct host_socket found = { .port.protocol = protocol };
	size_t payload;

	if (length < sizeof(*header) || header->nlmsg_len > length || header->nlmsg_len % MNL_ALIGNTO ||
	    header->nlmsg_len < sizeof(*header) + sizeof(*diag) || header->nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return 0;
	diag = mnl_nlmsg_get_payload(header);
	payload = header->nlmsg_len - sizeof(*header) - sizeof(*diag);
	found.port.host_port = ntohs(diag->id.idiag_sport);
	if (!found.port.host_port || (diag->idiag_family != AF_INET && diag->idiag_family != AF_INET6))
		return 0;
	found.cookie = (uint64_t)diag->id.idiag_cookie[1] << 32 | diag->id.idiag_cookie[0];
	found.port.address.family = diag->idiag_family == AF_INET ? ADDRESS_IPV4 : ADDRESS_IPV6;
	memcpy(found.port.address.bytes, diag->id.idiag_src, address_length(&found.port.address));
	ret_sockets[0] = found;
	if (!serves_both(diag, (const struct nlattr *)(diag + 1), payload))
		return 1;
	found.port.address = (struct address){ .family = ADDRESS_IPV4 };
	ret_sockets[1] = found;
	return 2;
}

static void close_socket(struct mnl_socket *socket)
{
	if (socket)
		mnl_socket_close(socket);
}
CLEANUP_DEFINE(mnl_socket, close_socket)

static int ask(struct mnl_socket *socket, uint8_t family, uint8_t protocol)
{
	_Alignas(struct nlmsghdr) char buffer[256] = { 0 };
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct inet_diag_req_v2 *wanted;

	message->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	wanted = mnl_nlmsg_put_extra_header(message, sizeof(*wanted));
	wanted->sdiag_family = family;
	wanted->sdiag_protocol = protocol;
	/* Of UDP, which is never in LISTEN, those that are connected to nobody. */
	wanted->idiag_states = 1u << (protocol == IPPROTO_TCP ? TCP_LISTEN : TCP_CLOSE);
	return mnl_socket_sendto(socket, message, message->nlmsg_len) < 0 ? -errno : 0;
}

/* 1: more pieces follow. */
static int take_piece(struct list *list, const char *buffer, size_t size, uint8_t protocol)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)buffer;
	struct host_socket found[2];
	int left = (int)size;

	for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
		size_t count;

		/* A kernel without inet_diag answers so. */
		if (message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR)
			return 0;
		count = host_sockets_parse(message, message->nlmsg_len, protocol, found);
		for (size_t i = 0; i < count; i++) {
			if (append(list, &found[i]) < 0)
				return -ENOMEM;
		}
	}
	return 1;
}

static int read_kind(struct list *list, uint8_t family, uint8_t protocol)
{
	cleanup_of(mnl_socket) struct mnl_socket *socket = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
	_Alignas(struct nlmsghdr) char buffer[BUFFER_SIZE];
	struct timeval limit = { .tv_sec = ANSWER_SECONDS };
	int r;

	if (!socket || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0)
		return -errno;
	r = ask(socket, family, protocol);
	if (r == 0)
		r = 1;
	while (r > 0) {
		ssize_t length = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));

		r = length < 0 ? -errno : take_piece(list, buffer, (size_t)length, protocol);
	}
	return r;
}

int host_sockets_read(struct host_socket **ret_sockets, size_t *ret_count, struct error *err)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 }, protocols[] = { IPPROTO_TCP, IPPROTO_UDP };
	struct list list = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < 4; i++)
		r = read_kind(&list, families[i / 2], protocols[i % 2]);
	if (r < 0) {
		free(list.items);
		return r == -ENOMEM ? error_oom(err)
				    : error_set(err, r, "sockets of this host cannot be listed: %s", strerror(-r));
	}
	*ret_sockets = list.items;
	*ret_count = list.count;
	return 0;
}
