/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of links that makes and removes.  Each request is acknowledged before the next one is sent. */
#include "links_make.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_bridge.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "links_internal.h"

/* So many signals, or late answers to earlier requests, may come before ours. */
#define ANSWER_ATTEMPTS 8

struct links_maker {
	struct mnl_socket *socket;
	unsigned sequence;
};

/* One request with all that it may hold. */
struct request {
	_Alignas(struct nlmsghdr) char buffer[512];
};

int links_maker_open(struct links_maker **ret_maker, struct error *err)
{
	struct links_maker *maker = calloc(1, sizeof(*maker));
	int r;

	if (!maker)
		return error_oom(err);
	r = links_socket_open(&maker->socket);
	if (r < 0) {
		free(maker);
		return error_set(err, r, "links: opening a socket: %s", strerror(-r));
	}
	*ret_maker = maker;
	return 0;
}

void links_maker_close(struct links_maker *maker)
{
	if (!maker)
		return;
	mnl_socket_close(maker->socket);
	free(maker);
}

/* ---- Requests and their answers ---- */

static struct nlmsghdr *begin(struct links_maker *maker, struct request *request, int type, int flags)
{
	struct nlmsghdr *message;

	/* Zeroed: libmnl does not write the padding, and our stack must not go to the kernel. */
	memset(request, 0, sizeof(*request));
	message = mnl_nlmsg_put_header(request->buffer);
	message->nlmsg_type = (uint16_t)type;
	message->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	message->nlmsg_seq = ++maker->sequence;
	return message;
}

static struct nlmsghdr *begin_link(struct links_maker *maker, struct request *request, int type, int flags)
{
	struct nlmsghdr *message = begin(maker, request, type, flags);

	(void)mnl_nlmsg_put_extra_header(message, sizeof(struct ifinfomsg));
	return message;
}

static struct ifinfomsg *link_of(struct nlmsghdr *message)
{
	return mnl_nlmsg_get_payload(message);
}

/* Reads an acknowledgement or an error.  0 or negative errno. */
static int read_verdict(const struct nlmsghdr *message)
{
	const struct nlmsgerr *verdict = mnl_nlmsg_get_payload(message);

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*verdict) || verdict->error > 0)
		return -EPROTO;
	return verdict->error;
}

/* Reads an answer that is more than a verdict. */
typedef int read_answer_fn(const struct nlmsghdr *message, void *data);

/* 1: it is no answer to our request. */
static int read_piece(unsigned sequence, const char *buffer, size_t size, read_answer_fn *read, void *data)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)buffer;
	int left = (int)size;

	for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
		if (message->nlmsg_seq != sequence)
			continue;
		if (message->nlmsg_type == NLMSG_ERROR)
			return read_verdict(message);
		return read ? read(message, data) : -EPROTO;
	}
	return 1;
}

static int await(struct links_maker *maker, read_answer_fn *read, void *data)
{
	_Alignas(struct nlmsghdr) char buffer[LINKS_BUFFER_SIZE];

	for (int attempt = 0; attempt < ANSWER_ATTEMPTS; attempt++) {
		ssize_t length = mnl_socket_recvfrom(maker->socket, buffer, sizeof(buffer));
		int r;

		if (length < 0 && errno == EINTR)
			continue;
		if (length <= 0)
			return length < 0 ? -errno : -EPROTO;
		r = read_piece(maker->sequence, buffer, (size_t)length, read, data);
		if (r <= 0)
			return r;
	}
	return -EPROTO;
}

static int exchange(struct links_maker *maker, const struct nlmsghdr *message, read_answer_fn *read, void *data)
{
	while (mnl_socket_sendto(maker->socket, message, message->nlmsg_len) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return await(maker, read, data);
}

static int finish(struct links_maker *maker, const struct nlmsghdr *message, struct error *err, const char *what,
		  const char *name)
{
	int r = exchange(maker, message, NULL, NULL);

	return r < 0 ? error_set(err, r, "links: %s %s: %s", what, name, strerror(-r)) : 0;
}

/* ---- Made, changed, removed ---- */

static void put_end(struct nlmsghdr *message, const struct links_veth *veth, const uint8_t mac[6])
{
	mnl_attr_put_strz(message, IFLA_IFNAME, veth->name);
	mnl_attr_put(message, IFLA_ADDRESS, ETH_ALEN, mac);
	mnl_attr_put_u32(message, IFLA_MTU, veth->mtu);
}

int links_make_veth(struct links_maker *maker, const struct links_veth *veth, struct error *err)
{
	struct request request;
	struct nlmsghdr *message = begin_link(maker, &request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK);
	struct nlattr *info, *data, *peer;

	put_end(message, veth, veth->mac);
	info = mnl_attr_nest_start(message, IFLA_LINKINFO);
	mnl_attr_put_strz(message, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(message, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(message, VETH_INFO_PEER);
	(void)mnl_nlmsg_put_extra_header(message, sizeof(struct ifinfomsg));
	put_end(message, veth, veth->peer_mac);
	mnl_attr_put_u32(message, IFLA_NET_NS_FD, (uint32_t)veth->netns);
	mnl_attr_nest_end(message, peer);
	mnl_attr_nest_end(message, data);
	mnl_attr_nest_end(message, info);
	return finish(maker, message, err, "making the veth", veth->name);
}

int links_make_port(struct links_maker *maker, const char *name, int bridge, struct error *err)
{
	struct request request;
	struct nlmsghdr *message = begin_link(maker, &request, RTM_SETLINK, NLM_F_ACK);

	mnl_attr_put_strz(message, IFLA_IFNAME, name);
	mnl_attr_put_u32(message, IFLA_MASTER, (uint32_t)bridge);
	return finish(maker, message, err, "putting on its bridge", name);
}

/* A kernel without IPv6 refuses it, and makes no such address anyway. */
static int stay_silent(struct links_maker *maker, const char *name)
{
	struct request request;
	struct nlmsghdr *message = begin_link(maker, &request, RTM_SETLINK, NLM_F_ACK);
	struct nlattr *families, *ipv6;
	int r;

	mnl_attr_put_strz(message, IFLA_IFNAME, name);
	families = mnl_attr_nest_start(message, IFLA_AF_SPEC);
	ipv6 = mnl_attr_nest_start(message, AF_INET6);
	mnl_attr_put_u8(message, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	mnl_attr_nest_end(message, ipv6);
	mnl_attr_nest_end(message, families);
	r = exchange(maker, message, NULL, NULL);
	return r == -EAFNOSUPPORT ? 0 : r;
}

int links_make_up(struct links_maker *maker, const char *name, struct error *err)
{
	struct request request;
	struct nlmsghdr *message;
	int r = stay_silent(maker, name);

	if (r < 0)
		return error_set(err, r, "links: keeping %s silent: %s", name, strerror(-r));
	message = begin_link(maker, &request, RTM_SETLINK, NLM_F_ACK);
	link_of(message)->ifi_flags = IFF_UP;
	link_of(message)->ifi_change = IFF_UP;
	mnl_attr_put_strz(message, IFLA_IFNAME, name);
	return finish(maker, message, err, "setting up", name);
}

int links_make_neighbour(struct links_maker *maker, int port, const uint8_t mac[6], struct error *err)
{
	struct request request;
	struct nlmsghdr *message = begin(maker, &request, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE | NLM_F_ACK);
	struct ndmsg *neighbour = mnl_nlmsg_put_extra_header(message, sizeof(*neighbour));
	int r;

	neighbour->ndm_family = PF_BRIDGE;
	neighbour->ndm_ifindex = port;
	neighbour->ndm_state = NUD_NOARP; /* static: the bridge does not learn it from frames of others */
	neighbour->ndm_flags = NTF_MASTER;
	mnl_attr_put(message, NDA_LLADDR, ETH_ALEN, mac);
	r = exchange(maker, message, NULL, NULL);
	return r < 0 ? error_set(err, r, "links: telling the bridge who is behind a port: %s", strerror(-r)) : 0;
}

int links_make_removed(struct links_maker *maker, const char *name, struct error *err)
{
	struct request request;
	struct nlmsghdr *message = begin_link(maker, &request, RTM_DELLINK, NLM_F_ACK);
	int r;

	mnl_attr_put_strz(message, IFLA_IFNAME, name);
	r = exchange(maker, message, NULL, NULL);
	if (r < 0 && r != -ENODEV)
		return error_set(err, r, "links: removing %s: %s", name, strerror(-r));
	return 0;
}

/* ---- As it is ---- */

static int read_port(const struct nlattr *attribute, void *data)
{
	struct links_view *view = data;

	if (mnl_attr_get_type(attribute) == IFLA_BRPORT_STATE && mnl_attr_validate(attribute, MNL_TYPE_U8) >= 0)
		view->forwards = mnl_attr_get_u8(attribute) == BR_STATE_FORWARDING;
	return MNL_CB_OK;
}

static int read_info(const struct nlattr *attribute, void *data)
{
	if (mnl_attr_get_type(attribute) == IFLA_INFO_SLAVE_DATA)
		return mnl_attr_parse_nested(attribute, read_port, data);
	return MNL_CB_OK;
}

static int read_attribute(const struct nlattr *attribute, void *data)
{
	struct links_view *view = data;
	bool is_number = mnl_attr_validate(attribute, MNL_TYPE_U32) >= 0;

	switch (mnl_attr_get_type(attribute)) {
	case IFLA_MASTER:
		if (is_number)
			view->master = (int)mnl_attr_get_u32(attribute);
		break;
	case IFLA_MTU:
		if (is_number)
			view->mtu = mnl_attr_get_u32(attribute);
		break;
	case IFLA_LINKINFO:
		return mnl_attr_parse_nested(attribute, read_info, view);
	}
	return MNL_CB_OK;
}

static int read_view(const struct nlmsghdr *message, void *data)
{
	const struct ifinfomsg *link = mnl_nlmsg_get_payload(message);
	struct links_view view = { 0 };

	if (message->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(message) < sizeof(*link))
		return -EPROTO;
	view.index = link->ifi_index;
	view.up = link->ifi_flags & IFF_UP;
	if (mnl_attr_parse(message, sizeof(*link), read_attribute, &view) < 0)
		return -EPROTO;
	*(struct links_view *)data = view;
	return 0;
}

int links_make_look(struct links_maker *maker, const char *name, struct links_view *ret_view, struct error *err)
{
	struct request request;
	struct nlmsghdr *message = begin_link(maker, &request, RTM_GETLINK, 0);
	int r;

	mnl_attr_put_strz(message, IFLA_IFNAME, name);
	mnl_attr_put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	r = exchange(maker, message, read_view, ret_view);
	return r < 0 ? error_set(err, r, "links: looking at %s: %s", name, strerror(-r)) : 0;
}
