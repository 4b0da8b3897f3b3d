/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "kernel_internal.h"

/* A transaction of 100,000 elements is about 20 MB in one send. */
#define SEND_BUFFER    (64 * 1024 * 1024)
#define RECEIVE_BUFFER (4 * 1024 * 1024)
/* The kernel fills dump messages up to 32 KiB. */
#define DUMP_BUFFER ((size_t)64 * 1024)

static int set_option(int fd, int force, int plain, int bytes)
{
	if (setsockopt(fd, SOL_SOCKET, force, &bytes, sizeof(bytes)) == 0)
		return 0;
	/* Without CAP_NET_ADMIN: as much as everybody gets. */
	return setsockopt(fd, SOL_SOCKET, plain, &bytes, sizeof(bytes));
}

int kernel_socket_open(int flags, unsigned groups, int receive_buffer, struct mnl_socket **ret_socket)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC | flags);

	if (!socket || mnl_socket_bind(socket, groups, MNL_SOCKET_AUTOPID) < 0) {
		int code = -errno;

		if (socket)
			mnl_socket_close(socket);
		return code;
	}
	(void)set_option(mnl_socket_get_fd(socket), SO_RCVBUFFORCE, SO_RCVBUF, receive_buffer);
	*ret_socket = socket;
	return 0;
}

int kernel_open(struct kernel **ret_kernel, struct error *err)
{
	/* The kernel answers at once; if it does not, memory was short, and it never will. */
	static const struct timeval patience = { .tv_sec = 2 };
	cleanup_of(kernel) struct kernel *kernel = calloc(1, sizeof(*kernel));
	int on = 1, r;

	if (!kernel)
		return error_oom(err);
	r = kernel_socket_open(0, 0, RECEIVE_BUFFER, &kernel->socket);
	if (r < 0)
		return error_set(err, r, "nfnetlink socket: %s", strerror(-r));
	kernel->port = mnl_socket_get_portid(kernel->socket);
	kernel->sequence = 1;
	(void)set_option(mnl_socket_get_fd(kernel->socket), SO_SNDBUFFORCE, SO_SNDBUF, SEND_BUFFER);
	(void)setsockopt(mnl_socket_get_fd(kernel->socket), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	/* A refusal names the attribute that was refused, and does not repeat the request. */
	(void)mnl_socket_setsockopt(kernel->socket, NETLINK_EXT_ACK, &on, sizeof(on));
	(void)mnl_socket_setsockopt(kernel->socket, NETLINK_CAP_ACK, &on, sizeof(on));
	*ret_kernel = steal(kernel);
	return 0;
}

void kernel_close(struct kernel *kernel)
{
	if (!kernel)
		return;
	if (kernel->socket)
		mnl_socket_close(kernel->socket);
	if (kernel->monitor)
		mnl_socket_close(kernel->monitor);
	free(kernel);
}

/* ---- Asking ---- */

static int explain(struct error *err, int code)
{
	if (code == -EPERM)
		return error_set(err, code,
				 "nftables: %s: bulkhead needs CAP_NET_ADMIN in this network namespace (run as root)",
				 strerror(-code));
	return error_set(err, code, "nftables: %s", strerror(-code));
}

/* Gives one received buffer's messages to `message`.  1: the dump is over. */
static int take_answers(const char *buffer, size_t length, uint32_t sequence, kernel_message_fn *message, void *data,
			bool *interrupted, int *failed)
{
	const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)buffer;
	int left = (int)length;

	for (; mnl_nlmsg_ok(header, left); header = mnl_nlmsg_next(header, &left)) {
		int r;

		if (header->nlmsg_seq != sequence)
			continue;
		if (header->nlmsg_flags & NLM_F_DUMP_INTR)
			*interrupted = true;
		if (header->nlmsg_type == NLMSG_DONE) {
			/* A dump that failed half way says so here: messages are missing. */
			const int32_t *code = mnl_nlmsg_get_payload(header);

			if (header->nlmsg_len >= mnl_nlmsg_size(sizeof(*code)) && *code < 0 && *failed == 0)
				*failed = *code;
			return 1;
		}
		if (header->nlmsg_type == NLMSG_ERROR) {
			const struct nlmsgerr *error = mnl_nlmsg_get_payload(header);

			if (header->nlmsg_len < mnl_nlmsg_size(sizeof(*error)))
				return -EBADMSG;
			return error->error ? error->error : 1;
		}
		/* The rest is read after a failure, too: a dump that is half read blocks the next one. */
		if (*failed == 0) {
			r = message(header, data);
			if (r < 0)
				*failed = r;
		}
		if (!(header->nlmsg_flags & NLM_F_MULTI))
			return 1;
	}
	return 0;
}

/* Reads what is left of an answer that was too large for the buffer.  While it stays there, the kernel does not report
 * that it lost another answer. */
static void drop_answers(const struct kernel *kernel, char *buffer)
{
	ssize_t length;

	do
		length = recv(mnl_socket_get_fd(kernel->socket), buffer, DUMP_BUFFER, MSG_DONTWAIT);
	while (length >= 0 || errno == EINTR || errno == ENOBUFS);
}

/* Sends one request and reads its answers to the end, also after a failure: the next request must not see any of them.
 */
static int ask(struct kernel *kernel, struct nlmsghdr *request, kernel_message_fn *message, void *data,
	       struct error *err)
{
	cleanup_free char *buffer = malloc(DUMP_BUFFER);
	uint32_t sequence = request->nlmsg_seq;
	bool interrupted = false;
	int r = 0, failed = 0;

	if (!buffer)
		return error_oom(err);
	drop_answers(kernel, buffer);
	if (mnl_socket_sendto(kernel->socket, request, request->nlmsg_len) < 0)
		return explain(err, -errno);
	while (r == 0) {
		ssize_t length = mnl_socket_recvfrom(kernel->socket, buffer, DUMP_BUFFER);

		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0 && errno == EAGAIN)
			return error_set(err, -EIO, "nftables: no answer: it was lost");
		if (length < 0)
			return explain(err, -errno);
		r = take_answers(buffer, (size_t)length, sequence, message, data, &interrupted, &failed);
	}
	if (r > 0 && !interrupted)
		r = failed;
	if (r < 0)
		return explain(err, r);
	return interrupted ? error_set(err, -EINTR, "nftables: the ruleset changed while it was read") : 0;
}

int kernel_dump(struct kernel *kernel, uint16_t type, uint16_t family, void (*fill)(struct nlmsghdr *, void *),
		void *fill_data, kernel_message_fn *message, void *data, struct error *err)
{
	_Alignas(struct nlmsghdr) char buffer[1024] = { 0 }; /* the padding between attributes is sent, too */
	struct nlmsghdr *request = nftnl_nlmsg_build_hdr(buffer, type, family, NLM_F_DUMP, kernel->sequence++);

	if (fill)
		fill(request, fill_data);
	return ask(kernel, request, message, data, err);
}

static int visit_generation(const struct nlattr *attribute, void *data)
{
	uint32_t *generation = data;

	if (mnl_attr_get_type(attribute) == NFTA_GEN_ID && mnl_attr_validate(attribute, MNL_TYPE_U32) == 0)
		*generation = mnl_attr_get_u32(attribute);
	return MNL_CB_OK;
}

static int got_generation(const struct nlmsghdr *header, void *data)
{
	return mnl_attr_parse(header, sizeof(struct nfgenmsg), visit_generation, data) < 0 ? -EBADMSG : 0;
}

int kernel_generation(struct kernel *kernel, uint32_t *ret_generation, struct error *err)
{
	_Alignas(struct nlmsghdr) char buffer[256] = { 0 };
	struct nlmsghdr *request = nftnl_nlmsg_build_hdr(buffer, NFT_MSG_GETGEN, AF_UNSPEC, 0, kernel->sequence++);
	uint32_t generation = 0;
	int r = ask(kernel, request, got_generation, &generation, err);

	/* nfnetlink knows no such subsystem. */
	if (r == -EINVAL || r == -EOPNOTSUPP || r == -EPROTONOSUPPORT)
		return error_set(
			err, -EOPNOTSUPP,
			"this kernel has no nf_tables (CONFIG_NF_TABLES): `modprobe nf_tables`, or install the "
			"package that has this module");
	if (r < 0)
		return r;
	*ret_generation = generation;
	return 0;
}

/* ---- Writing ---- */

/* The kernel's replies to a batch. */
struct replies {
	size_t acknowledged;
	int error; /* the first one that is the cause of the others */
	uint32_t sequence, offset;
};

static int visit_offset(const struct nlattr *attribute, void *data)
{
	if (mnl_attr_get_type(attribute) == NLMSGERR_ATTR_OFFS && mnl_attr_validate(attribute, MNL_TYPE_U32) == 0)
		*(uint32_t *)data = mnl_attr_get_u32(attribute);
	return MNL_CB_OK;
}

static void take_reply(const struct nlmsghdr *header, struct replies *replies)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(header);

	if (header->nlmsg_type != NLMSG_ERROR || header->nlmsg_len < mnl_nlmsg_size(sizeof(*error)))
		return;
	if (!error->error) {
		replies->acknowledged++;
		return;
	}
	if (replies->error)
		return;
	replies->error = error->error;
	replies->sequence = header->nlmsg_seq;
	replies->offset = 0;
	if ((header->nlmsg_flags & NLM_F_ACK_TLVS) && (header->nlmsg_flags & NLM_F_CAPPED))
		(void)mnl_attr_parse(header, sizeof(*error), visit_offset, &replies->offset);
}

/* The kernel handles a batch while it is being sent, so all replies are there when the send returns. */
static int read_replies(struct kernel *kernel, uint32_t first, struct replies *replies)
{
	cleanup_free char *buffer = malloc(DUMP_BUFFER);
	int fd = mnl_socket_get_fd(kernel->socket);

	if (!buffer)
		return -ENOMEM;
	for (;;) {
		ssize_t length = recv(fd, buffer, DUMP_BUFFER, MSG_DONTWAIT);
		const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)buffer;
		int left = (int)length;

		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return errno == EAGAIN ? 0 : -errno;
		for (; mnl_nlmsg_ok(header, left); header = mnl_nlmsg_next(header, &left)) {
			if (header->nlmsg_seq >= first)
				take_reply(header, replies);
		}
	}
}

/* The kernel first counts a new generation, then puts it in force object by object; a dump may read in between.  An
 * empty transaction waits for the commit's lock, and changes nothing, not even the generation. */
int kernel_await_commit(struct kernel *kernel, uint32_t generation, struct error *err)
{
	_Alignas(struct nlmsghdr) char buffer[256] = { 0 };
	struct nlmsghdr *header = nftnl_batch_begin(buffer, kernel->sequence);
	struct replies replies = { 0 };
	size_t length;
	int r;

	mnl_attr_put_u32(header, NFNL_BATCH_GENID, generation);
	length = header->nlmsg_len;
	length += nftnl_batch_end(buffer + length, kernel->sequence + 1)->nlmsg_len;
	if (mnl_socket_sendto(kernel->socket, buffer, length) < 0)
		return explain(err, -errno);
	r = read_replies(kernel, kernel->sequence, &replies);
	kernel->sequence += 2;
	if (r == 0)
		r = replies.error;
	if (r == -ERESTART)
		return error_set(err, -EINTR, "nftables: the ruleset changed while it was read");
	return r < 0 ? explain(err, r) : 0;
}

int kernel_send(struct kernel *kernel, const struct nft_batch *batch, uint32_t *ret_refused, struct error *err)
{
	struct replies replies = { 0 };
	char what[256];
	int r;

	if (mnl_socket_sendto(kernel->socket, batch->buffer, batch->length) < 0) {
		r = -errno;
		return error_set(err, r, "nftables: sending a transaction of %zu bytes: %s", batch->length,
				 strerror(-r));
	}
	r = read_replies(kernel, batch->entries[0].sequence - 1, &replies);
	if (r < 0)
		return error_set(err, r, "nftables: %s: whether the transaction was committed is not known",
				 r == -ENOBUFS ? "replies were lost" : strerror(-r));
	if (replies.error) {
		if (ret_refused)
			*ret_refused = replies.sequence;
		nft_batch_describe(batch, replies.sequence, replies.offset, what, sizeof(what));
		return error_set(err, replies.error, "nftables refused %s: %s; nothing of the transaction was applied",
				 what, strerror(-replies.error));
	}
	if (replies.acknowledged < batch->count)
		return error_set(err, -EPROTO,
				 "nftables acknowledged %zu of %zu messages: whether the transaction was committed is "
				 "not known",
				 replies.acknowledged, batch->count);
	return 0;
}

int kernel_rehearse(struct kernel *kernel, const struct nft_batch *batch, struct error *err)
{
	struct replies replies = { 0 };
	int r;

	if (mnl_socket_sendto(kernel->socket, batch->buffer, batch->length) < 0)
		return explain(err, -errno);
	r = read_replies(kernel, batch->entries[0].sequence - 1, &replies);
	if (r == 0)
		r = replies.error;
	return r < 0 ? explain(err, r) : 0;
}
