/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify_published.h"

#include <stdio.h>
#include <string.h>

#include "policy.h"

#define LIST_SIZE 256

static bool is_any(const struct address *address)
{
	const struct address any = { .family = address->family };

	return address_compare(address, &any) == 0;
}

/* Appends to a list that may end with "...". */
static void add_item(char text[LIST_SIZE], const char *item)
{
	size_t length = strlen(text);

	if (length + strlen(item) + 8 < LIST_SIZE)
		snprintf(text + length, LIST_SIZE - length, "%s%s", length ? ", " : "", item);
	else if (length && text[length - 1] != '.')
		snprintf(text + length, LIST_SIZE - length, " ...");
}

/* "80/tcp at 0.0.0.0:8080", of those that are published at 0.0.0.0 or ::; how many. */
static size_t list_published(const struct container *container, char text[LIST_SIZE])
{
	size_t count = 0;

	for (size_t i = 0; i < container->published_count; i++) {
		const struct published_port *port = &container->published[i];
		char protocol[16], item[64];

		if (!is_any(&port->address))
			continue;
		policy_protocol_format(port->protocol, protocol);
		snprintf(item, sizeof(item), "%u/%s at %s:%u", port->container_port, protocol,
			 port->address.family == ADDRESS_IPV6 ? "[::]" : "0.0.0.0", port->host_port);
		add_item(text, item);
		count++;
	}
	return count;
}

/* "80/tcp at its own IPv4 address": whoever has a way to the network gets there. */
static size_t list_direct(const struct container *container, char text[LIST_SIZE])
{
	for (size_t i = 0; i < container->direct_count; i++) {
		const struct published_port *port = &container->direct[i];
		char protocol[16], item[64];

		policy_protocol_format(port->protocol, protocol);
		snprintf(item, sizeof(item), "%u/%s at its own %s address", port->container_port, protocol,
			 port->address.family == ADDRESS_IPV6 ? "IPv6" : "IPv4");
		add_item(text, item);
	}
	return container->direct_count;
}

#define DECLARE                                                                                                        \
	"say \"boundary\": { \"ingress\": \"declared\" } in its flow file, and who may come in flows from \"world\""

void verify_published(struct verify *verify, const struct container *container)
{
	char ports[LIST_SIZE] = "", subject[300];
	size_t published, direct;

	/* Where its ingress is declared, flows with "from": "world" say who may come. */
	if (container->boundary.ingress == FLOW_BOUNDARY_DECLARED)
		return;
	published = list_published(container, ports);
	direct = list_direct(container, ports);
	snprintf(subject, sizeof(subject), "container %s", container->name);
	if (published)
		verify_find(verify, "published-any", VERIFY_WARN, subject,
			    "publish at one address (127.0.0.1:8080:80), or " DECLARE,
			    "published on all addresses of the host, for the whole world: %s", ports);
	else if (direct)
		verify_find(verify, "published-any", VERIFY_WARN, subject,
			    "do not publish it (containers need no published port of each other on one network), "
			    "or " DECLARE,
			    "published on a network that the engine routes to (gateway_mode), for the whole world: %s",
			    ports);
}
