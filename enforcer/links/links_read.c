/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of links that reads a message: never a byte beyond its end, whatever it holds. */
#include <limits.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "links_internal.h"

struct link_parts {
	struct link_message *link;
	bool is_veth, slave_of_bridge;
	bool has_peer;
};

static bool is_text(const struct nlattr *attribute, const char *text)
{
	return mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0 && strcmp(mnl_attr_get_str(attribute), text) == 0;
}

static int read_info(const struct nlattr *attribute, void *data)
{
	struct link_parts *parts = data;

	if (mnl_attr_get_type(attribute) == IFLA_INFO_KIND) {
		parts->link->is_bridge = is_text(attribute, "bridge");
		parts->is_veth = is_text(attribute, "veth");
	} else if (mnl_attr_get_type(attribute) == IFLA_INFO_SLAVE_KIND) {
		parts->slave_of_bridge = is_text(attribute, "bridge");
	}
	return MNL_CB_OK;
}

/* 0 where the attribute holds no index. */
static int read_index(const struct nlattr *attribute)
{
	uint32_t index;

	if (mnl_attr_validate(attribute, MNL_TYPE_U32) < 0)
		return 0;
	index = mnl_attr_get_u32(attribute);
	return index <= INT_MAX ? (int)index : 0;
}

static void read_name(const struct nlattr *attribute, struct link_message *link)
{
	if (mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0 &&
	    strlen(mnl_attr_get_str(attribute)) < sizeof(link->name))
		strcpy(link->name, mnl_attr_get_str(attribute));
}

static int read_attribute(const struct nlattr *attribute, void *data)
{
	struct link_parts *parts = data;
	struct link_message *link = parts->link;

	switch (mnl_attr_get_type(attribute)) {
	case IFLA_IFNAME:
		read_name(attribute, link);
		break;
	case IFLA_MASTER:
		link->master = read_index(attribute);
		break;
	case IFLA_LINK:
		link->peer.index = read_index(attribute);
		parts->has_peer = true;
		break;
	case IFLA_LINK_NETNSID:
		link->peer.elsewhere = true;
		link->peer.netns = -1;
		if (mnl_attr_validate(attribute, MNL_TYPE_U32) >= 0)
			link->peer.netns = (int)mnl_attr_get_u32(attribute);
		break;
	case IFLA_ADDRESS:
		if (mnl_attr_get_payload_len(attribute) == sizeof(link->mac))
			memcpy(link->mac, mnl_attr_get_payload(attribute), sizeof(link->mac));
		break;
	case IFLA_LINKINFO:
		return mnl_attr_parse_nested(attribute, read_info, parts);
	}
	return MNL_CB_OK;
}

bool links_read(const struct nlmsghdr *message, struct link_message *ret_link)
{
	struct link_message link = { 0 };
	struct link_parts parts = { .link = &link };
	const struct ifinfomsg *header;

	if (message->nlmsg_type != RTM_NEWLINK && message->nlmsg_type != RTM_DELLINK)
		return false;
	/* The kernel pads its messages, and libmnl reads the padding. */
	if (message->nlmsg_len < sizeof(*message) + sizeof(*header) || message->nlmsg_len % MNL_ALIGNTO)
		return false;
	header = mnl_nlmsg_get_payload(message);
	if ((header->ifi_family != AF_UNSPEC && header->ifi_family != AF_BRIDGE) || header->ifi_index <= 0)
		return false;
	link.family = header->ifi_family;
	link.index = header->ifi_index;
	if (mnl_attr_parse(message, sizeof(*header), read_attribute, &parts) <= 0)
		return false;
	link.is_bridge = link.is_bridge && link.name[0];
	link.is_port = parts.slave_of_bridge && link.master && link.name[0];
	/* Older kernels leave out the index if the other end, in another namespace, happens to have the same index. */
	if (!parts.has_peer && link.peer.elsewhere)
		link.peer.index = link.index;
	if (!parts.is_veth || !link.peer.index)
		link.peer = (struct link_peer){ 0 };
	*ret_link = link;
	return true;
}
