/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reader of messages and the table that follows them, with messages that this host's kernel does not make. */
#include "links_internal.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "cleanup.h"

#define MAC_1                                                                                                          \
	{                                                                                                              \
		2, 0, 0, 0, 0, 1                                                                                       \
	}
#define MAC_2                                                                                                          \
	{                                                                                                              \
		2, 0, 0, 0, 0, 2                                                                                       \
	}

union buffer {
	struct nlmsghdr message;
	char bytes[1024];
};

static struct nlmsghdr *begin(union buffer *buffer, uint16_t type, uint8_t family, int index)
{
	struct nlmsghdr *message;
	struct ifinfomsg *link;

	memset(buffer, 0, sizeof(*buffer));
	message = mnl_nlmsg_put_header(buffer);
	message->nlmsg_type = type;
	link = mnl_nlmsg_put_extra_header(message, sizeof(*link));
	link->ifi_family = family;
	link->ifi_index = index;
	return message;
}

static void put_kinds(struct nlmsghdr *message, const char *kind, const char *slave_kind)
{
	struct nlattr *nest = mnl_attr_nest_start(message, IFLA_LINKINFO);

	if (kind)
		mnl_attr_put_strz(message, IFLA_INFO_KIND, kind);
	if (slave_kind)
		mnl_attr_put_strz(message, IFLA_INFO_SLAVE_KIND, slave_kind);
	mnl_attr_nest_end(message, nest);
}

/* A port as the kernel describes it. */
static struct nlmsghdr *whole_port(union buffer *buffer)
{
	struct nlmsghdr *message = begin(buffer, RTM_NEWLINK, AF_UNSPEC, 7);

	mnl_attr_put_strz(message, IFLA_IFNAME, "veth0123456");
	mnl_attr_put_u32(message, IFLA_MASTER, 3);
	mnl_attr_put_u32(message, IFLA_LINK, 2);
	mnl_attr_put_u32(message, IFLA_LINK_NETNSID, 5);
	mnl_attr_put(message, IFLA_ADDRESS, 6, (const uint8_t[])MAC_1);
	put_kinds(message, "veth", "bridge");
	return message;
}

static void a_whole_port(void **state)
{
	static const uint8_t mac[6] = MAC_1;
	struct link_message link;
	union buffer buffer;

	(void)state;
	assert_true(links_read(whole_port(&buffer), &link));
	assert_int_equal(link.family, AF_UNSPEC);
	assert_int_equal(link.index, 7);
	assert_string_equal(link.name, "veth0123456");
	assert_true(link.is_port);
	assert_false(link.is_bridge);
	assert_int_equal(link.master, 3);
	assert_int_equal(link.peer.index, 2);
	assert_true(link.peer.elsewhere);
	assert_int_equal(link.peer.netns, 5);
	assert_memory_equal(link.mac, mac, 6);
}

/* A VLAN, a macvlan: what they name is the link below them. */
static void only_veths_have_peers(void **state)
{
	struct link_message link;
	struct nlmsghdr *message;
	union buffer buffer;

	(void)state;
	message = begin(&buffer, RTM_NEWLINK, AF_UNSPEC, 7);
	mnl_attr_put_strz(message, IFLA_IFNAME, "eth0.5");
	mnl_attr_put_u32(message, IFLA_MASTER, 3);
	mnl_attr_put_u32(message, IFLA_LINK, 2);
	put_kinds(message, "vlan", "bridge");
	assert_true(links_read(message, &link));
	assert_true(link.is_port);
	assert_int_equal(link.peer.index, 0);
	assert_false(link.peer.elsewhere);
	/* A veth whose peer is just going. */
	message = begin(&buffer, RTM_NEWLINK, AF_UNSPEC, 7);
	mnl_attr_put_u32(message, IFLA_LINK, 0);
	put_kinds(message, "veth", NULL);
	assert_true(links_read(message, &link));
	assert_int_equal(link.peer.index, 0);
}

static void odd_namespaces(void **state)
{
	struct link_message link;
	struct nlmsghdr *message;
	union buffer buffer;

	(void)state;
	/* Both ends have one index: kernels before 5.10 do not say it. */
	message = begin(&buffer, RTM_NEWLINK, AF_UNSPEC, 7);
	mnl_attr_put_u32(message, IFLA_LINK_NETNSID, 0);
	put_kinds(message, "veth", NULL);
	assert_true(links_read(message, &link));
	assert_int_equal(link.peer.index, 7);
	assert_true(link.peer.elsewhere);
	assert_int_equal(link.peer.netns, 0);
	/* No id, and one of a wrong size. */
	message = begin(&buffer, RTM_NEWLINK, AF_UNSPEC, 7);
	mnl_attr_put_u32(message, IFLA_LINK, 2);
	mnl_attr_put_u32(message, IFLA_LINK_NETNSID, UINT32_MAX);
	put_kinds(message, "veth", NULL);
	assert_true(links_read(message, &link));
	assert_true(link.peer.elsewhere && link.peer.netns < 0);
	message = begin(&buffer, RTM_NEWLINK, AF_UNSPEC, 7);
	mnl_attr_put_u32(message, IFLA_LINK, 2);
	mnl_attr_put_u16(message, IFLA_LINK_NETNSID, 1);
	put_kinds(message, "veth", NULL);
	assert_true(links_read(message, &link));
	assert_true(link.peer.elsewhere && link.peer.netns < 0);
}

static void ports_of_bridges_only(void **state)
{
	static const char *const slave_kinds[] = { "bond", "vrf", "bridge_slave", "bridg", "", NULL };
	struct link_message link;

	(void)state;
	for (size_t i = 0; i < sizeof(slave_kinds) / sizeof(slave_kinds[0]); i++) {
		union buffer buffer;
		struct nlmsghdr *message = begin(&buffer, RTM_NEWLINK, AF_UNSPEC, 7);

		mnl_attr_put_strz(message, IFLA_IFNAME, "v");
		mnl_attr_put_u32(message, IFLA_MASTER, 3);
		put_kinds(message, "veth", slave_kinds[i]);
		assert_true(links_read(message, &link));
		assert_false(link.is_port);
	}
}

static void wrong_types(void **state)
{
	static const uint8_t none[6], long_address[20] = { 1, 2, 3 };
	struct link_message link;
	struct nlmsghdr *message;
	union buffer buffer;

	(void)state;
	message = begin(&buffer, RTM_NEWLINK, AF_UNSPEC, 7);
	mnl_attr_put_strz(message, IFLA_IFNAME, "sixteen-and-more");
	mnl_attr_put_u64(message, IFLA_MASTER, 3);
	mnl_attr_put(message, IFLA_ADDRESS, sizeof(long_address), long_address);
	put_kinds(message, "bridge", "bridge");
	assert_true(links_read(message, &link));
	assert_string_equal(link.name, "");
	assert_int_equal(link.master, 0);
	assert_memory_equal(link.mac, none, 6);
	assert_false(link.is_bridge); /* without a name it is of no use */
	assert_false(link.is_port);
	message = begin(&buffer, RTM_NEWLINK, AF_UNSPEC, 7);
	mnl_attr_put(message, IFLA_IFNAME, 3, "abc"); /* no end */
	mnl_attr_put_u32(message, IFLA_MASTER, 0x80000000u);
	put_kinds(message, "bridge", NULL);
	assert_true(links_read(message, &link));
	assert_string_equal(link.name, "");
	assert_int_equal(link.master, 0);
	/* What is no link. */
	assert_false(links_read(begin(&buffer, RTM_NEWADDR, AF_UNSPEC, 7), &link));
	assert_false(links_read(begin(&buffer, RTM_NEWLINK, AF_INET6, 7), &link));
	assert_false(links_read(begin(&buffer, RTM_NEWLINK, AF_UNSPEC, 0), &link));
	assert_false(links_read(begin(&buffer, RTM_NEWLINK, AF_UNSPEC, -1), &link));
}

/* Cut anywhere, in a buffer of just that size: what is left is read, and what was cut is not made up. */
static void cut_anywhere(void **state)
{
	union buffer buffer;
	struct nlmsghdr *whole;
	struct link_message full, link;

	(void)state;
	whole = whole_port(&buffer);
	assert_true(links_read(whole, &full));
	for (size_t length = sizeof(*whole); length < whole->nlmsg_len; length++) {
		cleanup_free struct nlmsghdr *cut = malloc(length);

		assert_non_null(cut);
		memcpy(cut, whole, length);
		cut->nlmsg_len = (uint32_t)length;
		if (!links_read(cut, &link))
			continue;
		assert_int_equal(link.index, full.index);
		assert_true(!link.name[0] || strcmp(link.name, full.name) == 0);
		assert_true(!link.master || link.master == full.master);
		assert_true(!link.peer.index || link.peer.index == full.peer.index);
		assert_false(link.is_port); /* told last of all */
	}
}

/* ---- The table ---- */

static struct link_message bridge(int index, const char *name)
{
	struct link_message link = { .index = index, .is_bridge = true };

	strcpy(link.name, name);
	return link;
}

static struct link_message port(int index, const char *name, int master, int peer)
{
	struct link_message link = { .index = index, .master = master, .is_port = true, .peer = { .index = peer } };

	strcpy(link.name, name);
	return link;
}

static bool take(struct links_table *table, struct link_message link, bool gone)
{
	bool changed = false;

	assert_int_equal(links_table_take(table, &link, gone, &changed), 0);
	return changed;
}

static void assert_table(const struct links_table *table, const char *expected)
{
	struct port *ports;
	char text[512] = "";
	size_t count;

	assert_int_equal(links_table_ports(table, &ports, &count), 0);
	for (size_t i = 0; i < count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s/%s=%d ", ports[i].bridge, ports[i].name,
			 ports[i].mac[5]);
	free(ports);
	assert_string_equal(text, expected);
}

/* A dump goes by index, and a port's may be lower than its bridge's. */
static void port_before_its_bridge(void **state)
{
	struct links_table table = { 0 };

	(void)state;
	take(&table, port(2, "v", 3, 0), false);
	assert_table(&table, "");
	assert_true(take(&table, bridge(3, "br-a"), false));
	assert_table(&table, "br-a/v=0 ");
	assert_false(take(&table, bridge(3, "br-a"), false));
	assert_false(take(&table, bridge(4, "br-b"), false));
	assert_true(take(&table, bridge(3, "br-c"), false));
	assert_table(&table, "br-c/v=0 ");
	assert_false(take(&table, bridge(4, "br-b"), true));
	assert_true(take(&table, bridge(3, "br-c"), true));
	assert_table(&table, "");
	/* The bridge is back under its index, its port is not. */
	assert_false(take(&table, bridge(3, "br-c"), false));
	assert_table(&table, "");
	links_table_clear(&table);
}

static void word_of_the_bridge(void **state)
{
	struct link_message left = { .family = AF_BRIDGE, .index = 2, .master = 4, .name = "v" };
	struct links_table table = { 0 };

	(void)state;
	take(&table, bridge(3, "br-a"), false);
	assert_true(take(&table, port(2, "v", 3, 9), false));
	/* Of another bridge: the port moved before this was read. */
	assert_false(take(&table, left, true));
	left.master = 3;
	assert_false(take(&table, left, false));
	assert_table(&table, "br-a/v=0 ");
	assert_true(take(&table, left, true));
	assert_table(&table, "");
	assert_false(take(&table, left, true));
	/* That a port is there is told with all that belongs to it elsewhere. */
	assert_false(take(&table, left, false));
	assert_table(&table, "");
	links_table_clear(&table);
}

static void whom_to_ask(void **state)
{
	struct link_message own = { .family = AF_BRIDGE, .index = 2, .master = 3, .name = "v" };
	struct link_message peer = { .index = 9, .mac = MAC_1 }, other = { .index = 9, .mac = MAC_2 };
	struct link_message far = port(2, "v", 3, 9);
	struct links_table table = { 0 };
	struct link_port *found;

	(void)state;
	take(&table, bridge(3, "br-a"), false);
	take(&table, port(2, "v", 3, 9), false);
	found = &table.ports[0];
	assert_true(found->ask);
	assert_true(link_port_answer(found, &peer));
	assert_false(found->ask);
	assert_table(&table, "br-a/v=1 ");
	assert_false(link_port_answer(found, &peer));
	links_table_ask_unknown(&table);
	take(&table, own, false);
	assert_false(found->ask);
	/* The peer itself, in this namespace. */
	assert_false(take(&table, other, false));
	assert_true(found->ask);
	assert_table(&table, "br-a/v=1 "); /* until the answer is there */
	assert_true(link_port_answer(found, &other));
	assert_true(link_port_answer(found, NULL));
	assert_table(&table, "br-a/v=0 ");
	links_table_ask_unknown(&table);
	assert_true(found->ask);
	assert_false(link_port_answer(found, NULL));
	take(&table, own, false);
	assert_true(found->ask);
	/* In another namespace the same index is another link. */
	far.peer.elsewhere = true;
	take(&table, far, false);
	link_port_answer(found, &peer);
	take(&table, other, false);
	assert_false(found->ask);
	/* Without a peer there is nobody to ask, and nobody's MAC. */
	assert_true(take(&table, port(2, "v", 3, 0), false));
	assert_false(found->ask);
	links_table_ask_unknown(&table);
	assert_false(found->ask);
	assert_table(&table, "br-a/v=0 ");
	links_table_clear(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_port),
		cmocka_unit_test(only_veths_have_peers),
		cmocka_unit_test(odd_namespaces),
		cmocka_unit_test(ports_of_bridges_only),
		cmocka_unit_test(wrong_types),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(port_before_its_bridge),
		cmocka_unit_test(word_of_the_bridge),
		cmocka_unit_test(whom_to_ask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
