/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ports that are published on the host.  A container that is reached over the host counts as that container: whoever
 * may reach it may take that way too, and nobody else.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile_parts.h"
#include "published_ports.h"

/* The end's published ports without those that lie in another one: the kernel refuses intervals that overlap.  Of two
 * that are one port of the host the first stays. */
static int collect_ports(const struct compilation *c, struct publisher *publisher)
{
	const struct end *end = &publisher->end;
	const struct published_port *last = NULL;

	publisher->ports = calloc(end->published_count + 1, sizeof(*publisher->ports));
	if (!publisher->ports)
		return -ENOMEM;
	for (size_t i = 0; i < end->published_count; i++) {
		const struct published_port *port = &end->published[i];
		const struct address any = { .family = port->address.family };

		/* What one that starts cannot get is not closed for it. */
		if (!end->container->started &&
		    published_ports_overlap(c->inventory->held, c->inventory->held_count, port, 1))
			continue;
		if (last && published_ports_hold(last, 1, &port->address, port))
			continue;
		last = port;
		if (!published_port_is_any(port) &&
		    published_ports_hold(end->published, end->published_count, &any, port))
			continue;
		publisher->ports[publisher->port_count++] = *port;
	}
	return 0;
}

static bool lives_on_managed(const struct inventory *inventory, const struct container *container)
{
	for (size_t i = 0; i < inventory->network_count; i++) {
		if (compile_is_managed(inventory->networks[i]) &&
		    network_endpoint(inventory->networks[i], container->id))
			return true;
	}
	return false;
}

static int add_publisher(struct compilation *c, const struct container *container)
{
	struct publisher *publisher;
	int r;

	if (!lives_on_managed(c->inventory, container))
		return 0;
	for (size_t i = 0; i < c->publisher_count; i++) {
		if (c->publishers[i].end.container == container)
			return 0;
	}
	publisher = &c->publishers[c->publisher_count];
	r = compile_end_init(c, NULL, NULL, container, &publisher->end);
	if (r < 0)
		return r;
	c->publisher_count++;
	return collect_ports(c, publisher);
}

int compile_publishers(struct compilation *c)
{
	const struct inventory *inventory = c->inventory;

	if (!inventory->publishing)
		return 0;
	/* One that shares another's network namespace publishes at that one's addresses. */
	c->publishers = calloc(2 * inventory->publishing, sizeof(*c->publishers));
	if (!c->publishers)
		return -ENOMEM;
	for (size_t i = 0; i < inventory->container_count; i++) {
		struct container *container = inventory->containers[i], *owner = NULL;

		if (!container->published_count)
			continue;
		if (container->shares && container->running)
			owner = inventory_netns_owner(inventory, container);
		if (add_publisher(c, container) < 0 || (owner && add_publisher(c, owner) < 0))
			return -ENOMEM;
	}
	return 0;
}

void compile_publishers_clear(struct compilation *c)
{
	for (size_t i = 0; i < c->publisher_count; i++) {
		compile_end_clear(&c->publishers[i].end);
		free(c->publishers[i].ports);
	}
	free(c->publishers);
	c->publishers = NULL;
	c->publisher_count = 0;
}

static bool is_v6(const struct published_port *port)
{
	return port->address.family == ADDRESS_IPV6;
}

/* The record of that port on the host. */
static struct policy_record at_host(const struct published_port *port, enum policy_topic topic)
{
	return (struct policy_record){
		.set = policy_set_of(topic, port->address.family),
		.destination = port->address,
		.destination_length = published_port_is_any(port) ? 0 : (uint8_t)(address_length(&port->address) * 8),
		.span = span_of(port->protocol, port->host_port, port->host_port),
	};
}

static int add_world(struct compilation *c, const struct end *end, const struct published_port *port)
{
	const struct policy_record like = at_host(port, POLICY_TOPIC_WORLD_TO_PUBLISHED);
	const struct range range = {
		.span = span_of(port->protocol, port->host_port, port->host_port),
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < end->to_count; i++) {
		const struct flow_app *app;
		const struct flow *flow = binding_flow(c->binding, end->to[i].flow, &app);

		if (compile_range_covers(flow, port->protocol, port->container_port))
			r = compile_world_ranges(c, end, &end->to[i], true, &range, is_v6(port));
	}
	return r < 0 ? r : compile_ranges_flush(c, &like, COMPILE_SOURCE);
}

/* Whether the two are one network namespace: then a port is held once. */
static bool is_same(const struct compilation *c, const struct end *a, const struct end *b)
{
	return inventory_netns_owner(c->inventory, inventory_container(c->inventory, a->container->id)) ==
	       inventory_netns_owner(c->inventory, inventory_container(c->inventory, b->container->id));
}

/* Whether somebody else has been given one of these ports of the host; enforced: somebody who is not observed. */
static bool is_held(const struct compilation *c, const struct end *end, const struct published_port *ports,
		    size_t count, bool enforced)
{
	for (size_t i = 0; i < c->publisher_count; i++) {
		const struct publisher *other = &c->publishers[i];

		if (other->end.container->started && !(enforced && other->end.observed) &&
		    published_ports_overlap(ports, count, other->ports, other->port_count) &&
		    !is_same(c, &other->end, end))
			return true;
	}
	return false;
}

/* What a port means. */
enum standing {
	IDLE,	  /* nothing */
	ENFORCED, /* who reaches it reaches the container */
	OBSERVED, /* the same, but it is let through */
};

/* Before it has started, a container only says what it will publish.  That closes what nobody has been given and opens
 * nothing; of one that is observed it does nothing at all. */
static enum standing standing_of(const struct compilation *c, const struct end *end, const struct published_port *ports,
				 size_t count)
{
	if (!end->container->started)
		return end->observed || is_held(c, end, ports, count, false) ? IDLE : ENFORCED;
	return end->observed && !is_held(c, end, ports, count, true) ? OBSERVED : ENFORCED;
}

/* Whether the ports of an end, which all together stand so, may differ. */
static bool is_contested(const struct end *end, enum standing all)
{
	return end->container->started ? end->observed && all == ENFORCED : !end->observed && all == IDLE;
}

/* How many ports from the first one on are one range: on the host as in the container, at one address. */
static size_t run_length(const struct published_port *ports, size_t count)
{
	size_t length = 1;

	while (length < count && ports[length].protocol == ports->protocol &&
	       ports[length].host_port == ports->host_port + length &&
	       ports[length].container_port == ports->container_port + length &&
	       address_compare(&ports[length].address, &ports->address) == 0)
		length++;
	return length;
}

/* "shop-web-1 (shop/web) on 8080-8180/tcp": the container's own ports, in the order of the host's. */
static void format_published(const struct end *end, const struct published_port *ports, size_t count,
			     char comment[POLICY_COMMENT_MAX + 1])
{
	const struct policy_record own = {
		.span = span_of(ports->protocol, ports->container_port, ports[count - 1].container_port),
	};
	struct policy_endpoint_comment parts;

	snprintf(parts.container, sizeof(parts.container), "%s", compile_end_name(end));
	snprintf(parts.services, sizeof(parts.services), "%s", end->services);
	policy_ports_format(&own, parts.network);
	policy_endpoint_comment_format(&parts, comment);
}

/* What holds for a range of its ports. */
static int compile_published_run(struct compilation *c, const struct end *end, enum standing standing,
				 const struct published_port *ports, size_t count)
{
	struct policy_record published = at_host(ports, POLICY_TOPIC_PUBLISHED);
	struct policy_record observed = at_host(ports, POLICY_TOPIC_PUBLISHED_OBSERVED);
	struct policy_record closed = at_host(ports, POLICY_TOPIC_PUBLISHED_CLOSED);
	char comment[POLICY_COMMENT_MAX + 1];
	int r;

	format_published(end, ports, count, comment);
	published.comment = observed.comment = closed.comment = comment;
	published.span.port_last = observed.span.port_last = closed.span.port_last = ports[count - 1].host_port;
	r = policy_add(c->policy, &published);
	if (r == 0 && standing == OBSERVED)
		r = policy_add(c->policy, &observed);
	if (r < 0 || end->boundary.ingress != FLOW_BOUNDARY_DECLARED)
		return r;
	r = policy_add(c->policy, &closed);
	for (size_t i = 0; r == 0 && end->container->started && i < count; i++)
		r = add_world(c, end, &ports[i]);
	return r;
}

int compile_published(struct compilation *c, const struct publisher *publisher)
{
	const struct end *end = &publisher->end;
	const enum standing all = standing_of(c, end, publisher->ports, publisher->port_count);
	size_t length;
	int r = 0;

	for (size_t i = 0; r == 0 && i < publisher->port_count; i += length) {
		enum standing standing = all;

		length = run_length(publisher->ports + i, publisher->port_count - i);
		/* Where somebody has one of them, each stands for itself. */
		if (is_contested(end, all)) {
			length = 1;
			standing = standing_of(c, end, publisher->ports + i, 1);
		}
		if (standing != IDLE)
			r = compile_published_run(c, end, standing, publisher->ports + i, length);
	}
	return r;
}

/* The comment of the flow that leads from one to the other on the container's port: of several, the one that sorts
 * first.  False if there is none. */
static bool find_flow(const struct compilation *c, const struct end *source, const struct end *destination,
		      const struct published_port *port, char text[POLICY_COMMENT_MAX + 1])
{
	char comment[POLICY_COMMENT_MAX + 1];
	bool found = false;

	for (size_t i = 0, j = 0; i < source->from_count && j < destination->to_count;) {
		const struct flow_use *from = &source->from[i], *to = &destination->to[j];
		const struct flow_app *app;
		const struct flow *flow;

		if (from->flow != to->flow) {
			from->flow < to->flow ? i++ : j++;
			continue;
		}
		i++;
		j++;
		flow = binding_flow(c->binding, from->flow, &app);
		if (!compile_range_covers(flow, port->protocol, port->container_port))
			continue;
		compile_comment_flow(app, flow, source, from->peer, destination, to->peer, comment);
		if (!found || strcmp(comment, text) < 0)
			strcpy(text, comment);
		found = true;
	}
	return found;
}

/* What the engine redirects to the container's own address crosses from one network to another, or comes back to where
 * it came from; on a network that both are on, the flow itself has let it through. */
static int add_redirected(struct compilation *c, const struct end *source, const struct publisher *publisher,
			  const struct published_port *port, const char *comment)
{
	const char *id = publisher->end.container->id;
	struct policy_record record = {
		.set = policy_set_of(POLICY_TOPIC_FLOWS, port->address.family),
		.source = *compile_end_address(source, is_v6(port)),
		.span = span_of(port->protocol, port->container_port, port->container_port),
		.comment = comment,
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->inventory->network_count; i++) {
		const struct network *network = c->inventory->networks[i];
		const struct endpoint *endpoint = compile_is_managed(network) ? network_endpoint(network, id) : NULL;

		if (!endpoint || (network == source->network && endpoint != source->endpoint))
			continue;
		record.destination = is_v6(port) ? endpoint->ipv6 : endpoint->ipv4;
		if (record.destination.family)
			r = policy_add(c->policy, &record);
	}
	return r;
}

int compile_to_published(struct compilation *c, const struct end *source, const struct publisher *publisher)
{
	bool self = source->container == publisher->end.container;
	int r = 0;

	/* Until then the engine's proxy may hold what comes for a container of which not all is known yet. */
	if (!publisher->end.container->started)
		return 0;
	for (size_t i = 0; r == 0 && i < publisher->port_count; i++) {
		const struct published_port *port = &publisher->ports[i];
		struct policy_record way = at_host(port, POLICY_TOPIC_TO_PUBLISHED);
		char comment[POLICY_COMMENT_MAX + 1];

		way.source = *compile_end_address(source, is_v6(port));
		way.source_length = (uint8_t)(address_length(&way.source) * 8);
		way.comment = comment;
		if (!way.source.family)
			continue;
		/* A container needs no flow to itself. */
		if (self)
			compile_comment_own(source, "self", "self", compile_end_name(source), comment);
		else if (!find_flow(c, source, &publisher->end, port, comment))
			continue;
		r = policy_add(c->policy, &way);
		if (r == 0)
			r = add_redirected(c, source, publisher, port, comment);
	}
	return r;
}
