/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel that answers with what the fuzzer says.  The program's own way from the socket to the structs is kept: only
 * libmnl's sending and receiving are the harness's, which stand before the library's.  A request for a dump is answered
 * with those of the messages that are of its kind and family, as they are, and then with its end.
 */
#ifndef BULKHEAD_FUZZ_NETLINK_SCENE_H
#define BULKHEAD_FUZZ_NETLINK_SCENE_H

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sanitizer/asan_interface.h>

#include "kernel_internal.h"

#define SCENE_PORT 4242

static struct scene {
	/* A stream of messages, and what was asked last. */
	const char *messages;
	size_t size;
	struct nlmsghdr asked;
	uint8_t family;
	enum { SCENE_QUIET, SCENE_ANSWER, SCENE_END } due;
	/* Beyond what was received nobody may read. */
	char *poisoned;
	size_t poisoned_size;
	int monitor[2], replies[2];
} scene;

/* Their addresses are all that libmnl's functions are given here. */
static char scene_socket, scene_monitor;

static inline struct kernel scene_kernel(void)
{
	if (!scene.monitor[1] && (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, scene.monitor) < 0 ||
				  socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, scene.replies) < 0))
		abort();
	return (struct kernel){ .socket = (struct mnl_socket *)&scene_socket,
				.monitor = (struct mnl_socket *)&scene_monitor,
				.port = SCENE_PORT,
				.sequence = 1000,
				.ibrname_known = true };
}

static inline void scene_unpoison(void)
{
	if (scene.poisoned)
		ASAN_UNPOISON_MEMORY_REGION(scene.poisoned, scene.poisoned_size);
	scene.poisoned = NULL;
}

/* libmnl takes a length above INT_MAX for a negative one; the kernel has none. */
static inline bool scene_ok(const struct nlmsghdr *message, int left)
{
	return mnl_nlmsg_ok(message, left) && message->nlmsg_len <= (uint32_t)left;
}

/* Whether the kernel would answer that request with this message. */
static inline bool scene_belongs(const struct nlmsghdr *message)
{
	const struct nfgenmsg *general = mnl_nlmsg_get_payload(message);

	if (message->nlmsg_type == NLMSG_ERROR || message->nlmsg_type == NLMSG_DONE)
		return true;
	/* What asks for something is one more than what tells of it. */
	return message->nlmsg_type + 1 == scene.asked.nlmsg_type &&
	       message->nlmsg_len >= mnl_nlmsg_size(sizeof(*general)) &&
	       (!scene.family || general->nfgen_family == scene.family);
}

static inline size_t scene_answer(char *buffer, size_t room)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)(const void *)scene.messages;
	int left = (int)scene.size;
	size_t used = 0;

	for (; scene_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
		size_t size = NLMSG_ALIGN(message->nlmsg_len);
		struct nlmsghdr *copy = (struct nlmsghdr *)(void *)(buffer + used);

		if (!scene_belongs(message) || size > room - used || size > (size_t)left)
			continue;
		memcpy(copy, message, size);
		if (!copy->nlmsg_seq)
			copy->nlmsg_seq = scene.asked.nlmsg_seq;
		used += size;
	}
	return used;
}

static inline size_t scene_generation(char *buffer)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *general = mnl_nlmsg_put_extra_header(message, sizeof(*general));

	message->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN;
	message->nlmsg_seq = scene.asked.nlmsg_seq;
	memset(general, 0, sizeof(*general));
	mnl_attr_put_u32(message, NFTA_GEN_ID, 7);
	return message->nlmsg_len;
}

static inline size_t scene_end(char *buffer)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	int32_t *code = mnl_nlmsg_put_extra_header(message, sizeof(*code));

	message->nlmsg_type = NLMSG_DONE;
	message->nlmsg_flags = NLM_F_MULTI;
	message->nlmsg_seq = scene.asked.nlmsg_seq;
	*code = 0;
	return message->nlmsg_len;
}

/* ---- In the place of libmnl's ---- */

ssize_t mnl_socket_sendto(const struct mnl_socket *socket, const void *request, size_t length)
{
	const struct nfgenmsg *general = mnl_nlmsg_get_payload(request);

	(void)socket;
	memcpy(&scene.asked, request, sizeof(scene.asked));
	scene.family = general->nfgen_family;
	scene.due = SCENE_ANSWER;
	return (ssize_t)length;
}

ssize_t mnl_socket_recvfrom(const struct mnl_socket *socket, void *buffer, size_t size)
{
	size_t used = 0;

	(void)socket;
	scene_unpoison();
	if (scene.asked.nlmsg_type == (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN))
		return (ssize_t)scene_generation(buffer);
	if (scene.due == SCENE_ANSWER)
		used = scene_answer(buffer, size);
	scene.due = SCENE_END;
	if (!used)
		used = scene_end(buffer);
	scene.poisoned = (char *)buffer + used;
	scene.poisoned_size = size - used;
	ASAN_POISON_MEMORY_REGION(scene.poisoned, scene.poisoned_size);
	return (ssize_t)used;
}

int mnl_socket_get_fd(const struct mnl_socket *socket)
{
	return (const void *)socket == (const void *)&scene_monitor ? scene.monitor[0] : scene.replies[0];
}

#endif
