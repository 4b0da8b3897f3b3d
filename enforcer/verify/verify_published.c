/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify_published.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "docker_ask.h"
#include "docker_json_rules.h"
#include "policy.h"

/* A container that is just starting does not answer before it has started. */
#define ASK_MS	  5000

#define LIST_SIZE 256

static bool lives_on_routed(const struct inventory *inventory, const struct container *container)
{
	for (size_t i = 0; i < inventory->network_count; i++) {
		const struct network *network = inventory->networks[i];

		if ((network->routed4 || network->routed6) && network_endpoint(network, container->id))
			return true;
	}
	return false;
}

/* Fills in what it has directly. */
static int ask_about(struct verify *verify, struct container *container, struct error *err)
{
	cleanup_of(container) struct container *told = NULL;
	cleanup_free char *body = NULL;
	char path[160];
	size_t length;
	int r;

	snprintf(path, sizeof(path), "/containers/%s/json", container->id);
	r = docker_ask(verify->loop, verify->client, path, docker_json_rules(DOCKER_JSON_CONTAINER), ASK_MS, &body,
		       &length, err);
	if (r < 0)
		return r;
	r = docker_json_container(body, length, &told, err);
	if (r < 0)
		return r;
	free(container->direct);
	container->direct = steal(told->direct);
	container->direct_count = told->direct_count;
	return 0;
}

static void not_told(struct verify *verify, const struct container *container, const struct error *err)
{
	char subject[300];

	snprintf(subject, sizeof(subject), "container %s", container->name);
	verify_find(verify, "published-any", VERIFY_UNKNOWN, subject, NULL, "%s", err->text);
	verify_find(verify, "flow-apart", VERIFY_UNKNOWN, subject, NULL, "%s", err->text);
}

void verify_published_ask(struct verify *verify)
{
	const struct inventory *inventory = verify->inventory;
	struct error err;
	int r = 0;

	if (!verify_wants(verify, "published-any") && !verify_wants(verify, "flow-apart"))
		return;
	for (size_t i = 0; i < inventory->container_count; i++) {
		struct container *container = inventory->containers[i];

		if (!container->running || !lives_on_routed(inventory, container))
			continue;
		/* An engine that has stopped answering is not waited for once more. */
		if (r != -EHOSTUNREACH)
			r = ask_about(verify, container, &err);
		/* -ENOENT: it has ended meanwhile. */
		if (r < 0 && r != -ENOENT)
			not_told(verify, container, &err);
	}
}

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
