/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of links that asks: for all links, or for one.  Its sockets are opened by links.c. */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "links_internal.h"

/* So many signals, or late answers to earlier requests, may come before ours. */
#define ANSWER_ATTEMPTS 8

static int send_dump(struct mnl_socket *socket, bool only_bridges)
{
	/* Zeroed: libmnl does not write the padding, and our stack must not go to the kernel. */
	_Alignas(struct nlmsghdr) char buffer[256] = { 0 };
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *link;

	message->nlmsg_type = RTM_GETLINK;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	link = mnl_nlmsg_put_extra_header(message, sizeof(*link));
	link->ifi_family = AF_UNSPEC;
	if (only_bridges) {
		/* The kernel then leaves out veths, of which there are many; if it does not, we do. */
		struct nlattr *nest = mnl_attr_nest_start(message, IFLA_LINKINFO);

		mnl_attr_put_strz(message, IFLA_INFO_KIND, "bridge");
		mnl_attr_nest_end(message, nest);
	}
	mnl_attr_put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	return mnl_socket_sendto(socket, message, message->nlmsg_len) < 0 ? -errno : 0;
}

/* The errno of an error message, always negative. */
static int read_failure(const struct nlmsghdr *message)
{
	const struct nlmsgerr *failure = mnl_nlmsg_get_payload(message);

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*failure) || failure->error >= 0)
		return -EPROTO;
	return failure->error;
}

/* Reads the messages of one piece.  1: more pieces follow; 0: it was the last; -EINTR: links changed meanwhile. */
static int read_piece(const char *buffer, size_t size, const struct links_dump *dump)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)buffer;
	struct link_message link;
	int left = (int)size;

	for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
		if (message->nlmsg_flags & NLM_F_DUMP_INTR)
			return -EINTR;
		if (message->nlmsg_type == NLMSG_DONE)
			return 0;
		if (message->nlmsg_type == NLMSG_ERROR)
			return read_failure(message);
		if (message->nlmsg_type == RTM_NEWLINK && links_read(message, &link) &&
		    dump->take(dump->data, &link) < 0)
			return -ENOMEM;
	}
	return 1;
}

int links_dump(struct mnl_socket *socket, const struct links_dump *dump)
{
	_Alignas(struct nlmsghdr) char buffer[LINKS_BUFFER_SIZE];
	int r = send_dump(socket, dump->only_bridges);

	if (r < 0)
		return r;
	do {
		ssize_t length = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));

		if (length < 0 && errno == EINTR)
			continue; /* a signal: the answer is still to be read */
		if (length <= 0)
			return length < 0 ? -errno : -EPROTO;
		r = read_piece(buffer, (size_t)length, dump);
	} while (r > 0);
	return r;
}

static int send_request(struct mnl_socket *socket, unsigned sequence, const struct link_peer *wanted)
{
	_Alignas(struct nlmsghdr) char buffer[256] = { 0 };
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *link;

	message->nlmsg_type = RTM_GETLINK;
	message->nlmsg_flags = NLM_F_REQUEST;
	message->nlmsg_seq = sequence;
	link = mnl_nlmsg_put_extra_header(message, sizeof(*link));
	link->ifi_family = AF_UNSPEC;
	link->ifi_index = wanted->index;
	if (wanted->elsewhere)
		mnl_attr_put_u32(message, IFLA_TARGET_NETNSID, (uint32_t)wanted->netns);
	mnl_attr_put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	while (mnl_socket_sendto(socket, message, message->nlmsg_len) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

/* 1: it is no answer to our request.  0, or the kernel's negative errno. */
static int read_answer(unsigned sequence, const char *buffer, size_t size, struct link_message *ret_link)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)buffer;
	int left = (int)size;

	for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
		if (message->nlmsg_seq != sequence)
			continue;
		if (message->nlmsg_type == NLMSG_ERROR)
			return read_failure(message);
		return links_read(message, ret_link) ? 0 : -EPROTO;
	}
	return 1;
}

static int receive_answer(struct mnl_socket *socket, unsigned sequence, struct link_message *ret_link)
{
	_Alignas(struct nlmsghdr) char buffer[LINKS_BUFFER_SIZE];

	for (int attempt = 0; attempt < ANSWER_ATTEMPTS; attempt++) {
		ssize_t length = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));
		int r;

		if (length < 0 && errno == EINTR)
			continue;
		if (length <= 0)
			return length < 0 ? -errno : -EPROTO;
		r = read_answer(sequence, buffer, (size_t)length, ret_link);
		if (r <= 0)
			return r;
	}
	return -EPROTO;
}

int links_ask(struct mnl_socket *socket, unsigned sequence, const struct link_peer *wanted,
	      struct link_message *ret_link)
{
	int r = send_request(socket, sequence, wanted);

	return r < 0 ? r : receive_answer(socket, sequence, ret_link);
}
