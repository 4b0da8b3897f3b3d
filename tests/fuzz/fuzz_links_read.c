/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stream of messages as the subscription hands it out: read, and followed in the table of ports. */
#include "links_internal.h"

#include <assert.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct told {
	struct port *ports;
	size_t count;
};

static bool tell(const struct links_table *table, struct told *told)
{
	if (links_table_ports(table, &told->ports, &told->count) < 0)
		return false;
	assert(told->count <= table->count);
	for (size_t i = 0; i < told->count; i++) {
		const struct port *port = &told->ports[i];

		assert(port->bridge[0] && memchr(port->bridge, 0, sizeof(port->bridge)));
		assert(port->name[0] && memchr(port->name, 0, sizeof(port->name)));
		assert(i == 0 || strcmp(told->ports[i - 1].bridge, port->bridge) <= 0);
	}
	return true;
}

static void check_table(const struct links_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct link_port *port = &table->ports[i];

		assert(port->index > 0 && port->master > 0 && port->peer.index >= 0);
		assert(!port->ask || port->peer.index);
		for (size_t j = 0; j < i; j++)
			assert(table->ports[j].index != port->index);
	}
	for (size_t i = 0; i < table->bridges.count; i++) {
		for (size_t j = 0; j < i; j++)
			assert(table->bridges.items[j].index != table->bridges.items[i].index);
	}
}

/* What changed without being called a change, nobody would look at. */
static void take(struct links_table *table, const struct link_message *link, bool gone)
{
	struct told before = { 0 }, after = { 0 };
	bool changed = false;

	if (tell(table, &before) && links_table_take(table, link, gone, &changed) == 0) {
		check_table(table);
		/* Everybody who is asked answers with the MAC of the link that was told of last. */
		for (size_t i = 0; i < table->count; i++) {
			if (table->ports[i].ask)
				changed |= link_port_answer(&table->ports[i], link);
		}
		if (!changed && tell(table, &after)) {
			assert(after.count == before.count);
			assert(memcmp(after.ports, before.ports, after.count * sizeof(*after.ports)) == 0);
		}
	}
	free(before.ports);
	free(after.ports);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct links_table table = { 0 };
	struct nlmsghdr *stream;
	const struct nlmsghdr *message;
	int left = (int)size;

	if (size > 32768)
		return 0;
	/* Exactly as long, so that the sanitizer sees who reads behind its end. */
	message = stream = malloc(size ? size : 1);
	if (!stream)
		return 0;
	memcpy(stream, data, size);
	/* libmnl takes a length above INT_MAX for a negative one; the kernel has none. */
	for (; mnl_nlmsg_ok(message, left) && message->nlmsg_len <= (uint32_t)left;
	     message = mnl_nlmsg_next(message, &left)) {
		struct link_message link;

		if (!links_read(message, &link))
			continue;
		assert(link.index > 0 && link.master >= 0 && link.peer.index >= 0);
		assert(memchr(link.name, 0, sizeof(link.name)));
		assert(!link.is_bridge || link.name[0]);
		assert(!link.is_port || (link.name[0] && link.master));
		take(&table, &link, message->nlmsg_type == RTM_DELLINK);
	}
	links_table_clear(&table);
	free(stream);
	return 0;
}
