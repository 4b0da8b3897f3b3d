/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The oracle of compile: what the section "Flow files" of the design says, decided anew for every packet with nothing
 * but loops and string compares.  It must not use what it judges, so it calls neither binding.c nor compile.c, and of
 * inventory.c nothing either.
 */
#ifndef BULKHEAD_TESTS_NAIVE_H
#define BULKHEAD_TESTS_NAIVE_H

#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "flow.h"
#include "inventory.h"

struct naive_packet {
	const struct network *network; /* both ends are on its bridge */
	struct address source, destination;
	uint8_t protocol;
	uint16_t port; /* of ICMP: type and code, the type in the upper byte */
};

static inline const char *naive_label(const struct container *container, const char *key)
{
	for (size_t i = 0; i < container->label_count; i++) {
		if (strcmp(container->labels[i].key, key) == 0)
			return container->labels[i].value;
	}
	return NULL;
}

static inline bool naive_label_is(const struct container *container, const char *key, const char *value)
{
	const char *label = naive_label(container, key);

	return label && strcmp(label, value) == 0;
}

static inline const struct flow_app *naive_app(const struct flow_set *flows, const char *name)
{
	for (size_t i = 0; i < flows->count; i++) {
		if (strcmp(flows->apps[i]->name, name) == 0)
			return flows->apps[i];
	}
	return NULL;
}

/* A name that `services` does not define. */
static inline bool naive_is_implicit(const struct container *container, const char *app, const char *name)
{
	char swarm[256];

	snprintf(swarm, sizeof(swarm), "%s_%s", app, name);
	if (naive_label_is(container, "com.docker.compose.project", app) &&
	    naive_label_is(container, "com.docker.compose.service", name))
		return true;
	if (naive_label_is(container, "com.docker.swarm.service.name", swarm))
		return true;
	return naive_label_is(container, "bulkhead.app", app) && naive_label_is(container, "bulkhead.service", name);
}

/* In a definition all given criteria must match. */
static inline bool naive_is_defined(const struct container *container, const char *app,
				    const struct flow_service *definition)
{
	bool fits = true;

	if (definition->compose)
		fits = fits && naive_label_is(container, "com.docker.compose.project", app) &&
		       naive_label_is(container, "com.docker.compose.service", definition->compose);
	if (definition->swarm)
		fits = fits && naive_label_is(container, "com.docker.swarm.service.name", definition->swarm);
	if (definition->container)
		fits = fits && container->name && fnmatch(definition->container, container->name, 0) == 0;
	if (definition->image)
		fits = fits && container->image && fnmatch(definition->image, container->image, 0) == 0;
	for (size_t i = 0; i < definition->label_count; i++)
		fits = fits && naive_label_is(container, definition->labels[i].key, definition->labels[i].value);
	return fits;
}

static inline bool naive_is_service(const struct flow_set *flows, const struct container *container, const char *app,
				    const char *name)
{
	const struct flow_app *declared = naive_app(flows, app);

	for (size_t i = 0; declared && i < declared->service_count; i++) {
		if (strcmp(declared->services[i].name, name) == 0)
			return naive_is_defined(container, app, &declared->services[i]);
	}
	return naive_is_implicit(container, app, name);
}

static inline bool naive_is_own_service(const struct flow_set *flows, const struct container *container,
					const char *app, const struct flow_peer *peer)
{
	return peer->kind == FLOW_PEER_SERVICE && strcmp(peer->app, app) == 0 &&
	       naive_is_service(flows, container, app, peer->service);
}

/* Those that match one of its services, and those whose Compose project, Swarm stack or label is the app's name. */
static inline bool naive_is_in_app(const struct flow_set *flows, const struct container *container, const char *app)
{
	const struct flow_app *declared = naive_app(flows, app);

	if (naive_label_is(container, "com.docker.compose.project", app) ||
	    naive_label_is(container, "com.docker.stack.namespace", app) ||
	    naive_label_is(container, "bulkhead.app", app))
		return true;
	for (size_t i = 0; declared && i < declared->service_count; i++) {
		if (naive_is_service(flows, container, app, declared->services[i].name))
			return true;
	}
	for (size_t i = 0; declared && i < declared->flow_count; i++) {
		const struct flow *flow = &declared->flows[i];

		for (size_t j = 0; j < flow->from_count; j++) {
			if (naive_is_own_service(flows, container, app, &flow->from[j]))
				return true;
		}
		for (size_t j = 0; j < flow->to_count; j++) {
			if (naive_is_own_service(flows, container, app, &flow->to[j]))
				return true;
		}
	}
	return false;
}

static inline bool naive_is_in_any_app(const struct flow_set *flows, const struct container *container)
{
	for (size_t i = 0; i < flows->count; i++) {
		if (naive_is_in_app(flows, container, flows->apps[i]->name))
			return true;
	}
	return naive_label(container, "com.docker.compose.project") ||
	       naive_label(container, "com.docker.stack.namespace") || naive_label(container, "bulkhead.app");
}

static inline bool naive_is_peer(const struct flow_set *flows, const struct container *container,
				 const struct flow_peer *peer)
{
	switch (peer->kind) {
	case FLOW_PEER_SERVICE:
		return naive_is_service(flows, container, peer->app, peer->service);
	case FLOW_PEER_APP:
		return naive_is_in_app(flows, container, peer->app);
	case FLOW_PEER_ALL:
		return naive_is_in_any_app(flows, container);
	default:
		return false; /* the world and the host are no containers */
	}
}

/* The container that is meant by an id, a name, or the beginning of an id. */
static inline const struct container *naive_meant(const struct inventory *inventory, const char *text)
{
	for (size_t i = 0; i < inventory->container_count; i++) {
		if (strcmp(inventory->containers[i]->id, text) == 0)
			return inventory->containers[i];
	}
	for (size_t i = 0; i < inventory->container_count; i++) {
		if (inventory->containers[i]->name && strcmp(inventory->containers[i]->name, text) == 0)
			return inventory->containers[i];
	}
	for (size_t i = 0; strlen(text) >= 12 && i < inventory->container_count; i++) {
		if (strncmp(inventory->containers[i]->id, text, strlen(text)) == 0)
			return inventory->containers[i];
	}
	return NULL;
}

/* Whether packets of the endpoint may be this container's: it is its own, or the container runs in the network
 * namespace of the endpoint's container, maybe by way of others. */
static inline bool naive_lives_at(const struct inventory *inventory, const struct container *container,
				  const struct endpoint *endpoint)
{
	if (strcmp(container->id, endpoint->container) == 0)
		return true;
	if (!container->running)
		return false;
	for (size_t steps = 0; steps < 100 && container && container->shares; steps++) {
		container = naive_meant(inventory, container->shares);
		if (container && !container->shares && strcmp(container->id, endpoint->container) == 0)
			return true;
	}
	return false;
}

static inline bool naive_is_known(const struct inventory *inventory, const struct endpoint *endpoint)
{
	for (size_t i = 0; i < inventory->container_count; i++) {
		if (strcmp(inventory->containers[i]->id, endpoint->container) == 0)
			return true;
	}
	return false;
}

static inline bool naive_end_is_peer(const struct flow_set *flows, const struct inventory *inventory,
				     const struct endpoint *endpoint, const struct flow_peer *peers, size_t count)
{
	for (size_t i = 0; naive_is_known(inventory, endpoint) && i < inventory->container_count; i++) {
		if (!naive_lives_at(inventory, inventory->containers[i], endpoint))
			continue;
		for (size_t j = 0; j < count; j++) {
			if (naive_is_peer(flows, inventory->containers[i], &peers[j]))
				return true;
		}
	}
	return false;
}

static inline const struct endpoint *naive_endpoint(const struct network *network, const struct address *address)
{
	for (size_t i = 0; i < network->endpoint_count; i++) {
		const struct endpoint *endpoint = &network->endpoints[i];
		const struct address *own = address->family == ADDRESS_IPV6 ? &endpoint->ipv6 : &endpoint->ipv4;

		if (own->family == address->family && memcmp(own->bytes, address->bytes, sizeof(own->bytes)) == 0)
			return endpoint;
	}
	return NULL;
}

static inline bool naive_port_admits(const struct flow_port *port, const struct naive_packet *packet)
{
	bool v6 = packet->source.family == ADDRESS_IPV6;

	switch (port->protocol) {
	case FLOW_ANY:
		return true;
	case FLOW_ICMP: /* echo requests: type 8 of protocol 1, type 128 of protocol 58, code 0 */
		return packet->protocol == (v6 ? 58 : 1) && packet->port == (v6 ? 128 : 8) * 256;
	case FLOW_TCP:
		return packet->protocol == 6 && packet->port >= port->first && packet->port <= port->last;
	case FLOW_UDP:
		return packet->protocol == 17 && packet->port >= port->first && packet->port <= port->last;
	case FLOW_SCTP:
		return packet->protocol == 132 && packet->port >= port->first && packet->port <= port->last;
	}
	return false;
}

static inline bool naive_flow_admits(const struct flow *flow, const struct naive_packet *packet)
{
	for (size_t i = 0; i < flow->port_count; i++) {
		if (naive_port_admits(&flow->ports[i], packet))
			return true;
	}
	return false;
}

/* Whether a flow admits the packet; only_app NULL: a flow of any app. */
static inline bool naive_passes(const struct flow_set *flows, const struct inventory *inventory, const char *only_app,
				const struct naive_packet *packet)
{
	const struct endpoint *source = naive_endpoint(packet->network, &packet->source);
	const struct endpoint *destination = naive_endpoint(packet->network, &packet->destination);

	if (!packet->network->managed || !packet->network->bridge[0] || !source || !destination ||
	    source == destination || packet->source.family != packet->destination.family)
		return false;
	for (size_t i = 0; i < flows->count; i++) {
		const struct flow_app *app = flows->apps[i];

		if (only_app && strcmp(app->name, only_app) != 0)
			continue;
		for (size_t j = 0; j < app->flow_count; j++) {
			const struct flow *flow = &app->flows[j];

			if (naive_flow_admits(flow, packet) &&
			    naive_end_is_peer(flows, inventory, source, flow->from, flow->from_count) &&
			    naive_end_is_peer(flows, inventory, destination, flow->to, flow->to_count))
				return true;
		}
	}
	return false;
}

static inline bool naive_observes(const struct flow_set *flows, enum flow_mode host, const struct container *container)
{
	bool in_app = false, all_observe = true;

	for (size_t i = 0; i < flows->count; i++) {
		enum flow_mode mode = flows->apps[i]->mode;

		if (!naive_is_in_app(flows, container, flows->apps[i]->name))
			continue;
		in_app = true;
		all_observe = all_observe && (mode == FLOW_MODE_DEFAULT ? host : mode) == FLOW_MODE_OBSERVE;
	}
	return in_app ? all_observe : host == FLOW_MODE_OBSERVE;
}

/* Whether would-be denials to the endpoint are let through: everybody who lives there must be observed. */
static inline bool naive_end_observed(const struct flow_set *flows, enum flow_mode host,
				      const struct inventory *inventory, const struct endpoint *endpoint)
{
	for (size_t i = 0; i < inventory->container_count; i++) {
		if (naive_lives_at(inventory, inventory->containers[i], endpoint) &&
		    !naive_observes(flows, host, inventory->containers[i]))
			return false;
	}
	return naive_is_known(inventory, endpoint);
}

#endif
