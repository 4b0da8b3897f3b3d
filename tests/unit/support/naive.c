/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "naive.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

static const char *naive_label(const struct container *container, const char *key)
{
	for (size_t i = 0; i < container->label_count; i++) {
		if (strcmp(container->labels[i].key, key) == 0)
			return container->labels[i].value;
	}
	return NULL;
}

static bool naive_label_is(const struct container *container, const char *key, const char *value)
{
	const char *label = naive_label(container, key);

	return label && strcmp(label, value) == 0;
}

const struct flow_app *naive_app(const struct flow_set *flows, const char *name)
{
	for (size_t i = 0; i < flows->count; i++) {
		if (strcmp(flows->apps[i]->name, name) == 0)
			return flows->apps[i];
	}
	return NULL;
}

/* "b_web" of stack "a", or "web" of stack "a_b": where there is a stack's name, it says which. */
static bool naive_is_swarm(const struct container *container, const char *app, const char *name)
{
	const char *stack = naive_label(container, "com.docker.stack.namespace");
	char swarm[256];

	snprintf(swarm, sizeof(swarm), "%s_%s", app, name);
	return naive_label_is(container, "com.docker.swarm.service.name", swarm) && (!stack || strcmp(stack, app) == 0);
}

/* A name that `services` does not define. */
static bool naive_is_implicit(const struct container *container, const char *app, const char *name)
{
	if (naive_label_is(container, "com.docker.compose.project", app) &&
	    naive_label_is(container, "com.docker.compose.service", name))
		return true;
	if (naive_is_swarm(container, app, name))
		return true;
	return naive_label_is(container, "bulkhead.app", app) && naive_label_is(container, "bulkhead.service", name);
}

/* In a definition all given criteria must match. */
static bool naive_is_defined(const struct container *container, const char *app, const struct flow_service *definition)
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

static bool naive_is_service(const struct flow_set *flows, const struct container *container, const char *app,
			     const char *name)
{
	const struct flow_app *declared = naive_app(flows, app);

	for (size_t i = 0; declared && i < declared->service_count; i++) {
		if (strcmp(declared->services[i].name, name) == 0)
			return naive_is_defined(container, app, &declared->services[i]);
	}
	return naive_is_implicit(container, app, name);
}

static bool naive_is_own_service(const struct flow_set *flows, const struct container *container, const char *app,
				 const struct flow_peer *peer)
{
	return peer->kind == FLOW_PEER_SERVICE && strcmp(peer->app, app) == 0 &&
	       naive_is_service(flows, container, app, peer->service);
}

/* Those that match one of its services, and those whose Compose project, Swarm stack or label is the app's name. */
static bool naive_is_in_app(const struct flow_set *flows, const struct container *container, const char *app)
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

static bool naive_is_in_any_app(const struct flow_set *flows, const struct container *container)
{
	for (size_t i = 0; i < flows->count; i++) {
		if (naive_is_in_app(flows, container, flows->apps[i]->name))
			return true;
	}
	return naive_label(container, "com.docker.compose.project") ||
	       naive_label(container, "com.docker.stack.namespace") || naive_label(container, "bulkhead.app");
}

static bool naive_is_peer(const struct flow_set *flows, const struct container *container, const struct flow_peer *peer)
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
static const struct container *naive_meant(const struct inventory *inventory, const char *text)
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
static bool naive_lives_at(const struct inventory *inventory, const struct container *container,
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

static bool naive_is_known(const struct inventory *inventory, const struct endpoint *endpoint)
{
	for (size_t i = 0; i < inventory->container_count; i++) {
		if (strcmp(inventory->containers[i]->id, endpoint->container) == 0)
			return true;
	}
	return false;
}

static bool naive_end_is_peer(const struct flow_set *flows, const struct inventory *inventory,
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

const struct endpoint *naive_endpoint(const struct network *network, const struct address *address)
{
	for (size_t i = 0; i < network->endpoint_count; i++) {
		const struct endpoint *endpoint = &network->endpoints[i];
		const struct address *own = address->family == ADDRESS_IPV6 ? &endpoint->ipv6 : &endpoint->ipv4;

		if (own->family == address->family && memcmp(own->bytes, address->bytes, sizeof(own->bytes)) == 0)
			return endpoint;
	}
	return NULL;
}

static bool naive_port_admits(const struct flow_port *port, const struct naive_packet *packet)
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

static bool naive_flow_admits(const struct flow *flow, const struct naive_packet *packet)
{
	for (size_t i = 0; i < flow->port_count; i++) {
		if (naive_port_admits(&flow->ports[i], packet))
			return true;
	}
	return false;
}

/* From one network into another the engine carries only what goes to one that it routes to. */
static bool naive_is_carried(const struct naive_packet *packet, const struct endpoint *source,
			     const struct endpoint *destination)
{
	bool v6 = packet->destination.family == ADDRESS_IPV6;

	if (!packet->into || packet->into == packet->network)
		return true;
	return naive_is_managed(packet->into) && (v6 ? packet->into->routed6 : packet->into->routed4) &&
	       strcmp(source->container, destination->container) != 0;
}

bool naive_passes(const struct flow_set *flows, const struct inventory *inventory, const char *only_app,
		  const struct naive_packet *packet)
{
	const struct network *into = packet->into ? packet->into : packet->network;
	const struct endpoint *source = naive_endpoint(packet->network, &packet->source);
	const struct endpoint *destination = naive_endpoint(into, &packet->destination);

	if (!naive_is_managed(packet->network) || !source || !destination || source == destination ||
	    packet->source.family != packet->destination.family || !naive_is_carried(packet, source, destination))
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

static bool naive_observes(const struct flow_set *flows, enum flow_mode host, const struct container *container)
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

bool naive_end_observed(const struct flow_set *flows, enum flow_mode host, const struct inventory *inventory,
			const struct endpoint *endpoint)
{
	for (size_t i = 0; i < inventory->container_count; i++) {
		if (naive_lives_at(inventory, inventory->containers[i], endpoint) &&
		    !naive_observes(flows, host, inventory->containers[i]))
			return false;
	}
	return naive_is_known(inventory, endpoint);
}

bool naive_is_managed(const struct network *network)
{
	return network->managed && network->bridge[0];
}

bool naive_is_in(const struct address *address, const struct address *base, unsigned length)
{
	if (address->family != base->family)
		return false;
	for (unsigned bit = 0; bit < length; bit++) {
		unsigned shift = 7 - bit % 8;

		if (((address->bytes[bit / 8] ^ base->bytes[bit / 8]) >> shift) & 1)
			return false;
	}
	return true;
}

static enum flow_boundary naive_side_of(const struct flow_boundaries *boundary, enum naive_side side)
{
	return side == NAIVE_INGRESS ? boundary->ingress : side == NAIVE_EGRESS ? boundary->egress : boundary->host;
}

static bool naive_container_closed(const struct naive *naive, const struct container *container, enum naive_side side)
{
	bool host = naive_side_of(&naive->defaults->boundary, side) == FLOW_BOUNDARY_DECLARED, in_app = false;

	for (size_t i = 0; i < naive->flows->count; i++) {
		const struct flow_app *app = naive->flows->apps[i];
		enum flow_boundary said = naive_side_of(&app->boundary, side);

		if (!naive_is_in_app(naive->flows, container, app->name))
			continue;
		in_app = true;
		if (said == FLOW_BOUNDARY_DECLARED || (said == FLOW_BOUNDARY_DEFAULT && host))
			return true;
	}
	return !in_app && host;
}

bool naive_is_closed(const struct naive *naive, const struct endpoint *endpoint, enum naive_side side)
{
	if (!naive_is_known(naive->inventory, endpoint))
		return naive_side_of(&naive->defaults->boundary, side) == FLOW_BOUNDARY_DECLARED;
	for (size_t i = 0; i < naive->inventory->container_count; i++) {
		const struct container *container = naive->inventory->containers[i];

		if (naive_lives_at(naive->inventory, container, endpoint) &&
		    naive_container_closed(naive, container, side))
			return true;
	}
	return false;
}

bool naive_is_unguarded(const struct naive *naive, const struct endpoint *endpoint)
{
	for (size_t i = 0; naive_is_known(naive->inventory, endpoint) && i < naive->inventory->container_count; i++) {
		if (!naive_lives_at(naive->inventory, naive->inventory->containers[i], endpoint))
			continue;
		for (size_t j = 0; j < naive->flows->count; j++) {
			const struct flow_app *app = naive->flows->apps[j];

			for (size_t k = 0; k < app->service_count; k++) {
				if (app->services[k].unguarded &&
				    naive_is_defined(naive->inventory->containers[i], app->name, &app->services[k]))
					return true;
			}
		}
	}
	return false;
}

static bool naive_has_kind(const struct flow_peer *peers, size_t count, enum flow_peer_kind kind)
{
	for (size_t i = 0; i < count; i++) {
		if (peers[i].kind == kind)
			return true;
	}
	return false;
}

/* Of a flow from or to the world: without networks, every address is meant. */
static bool naive_means_address(const struct flow *flow, const struct address *address)
{
	for (size_t i = 0; i < flow->cidr_count; i++) {
		if (naive_is_in(address, &flow->cidrs[i].base, flow->cidrs[i].length))
			return true;
	}
	return flow->cidr_count == 0;
}

static bool naive_flow_covers(const struct flow *flow, bool v6, uint8_t protocol, uint16_t port)
{
	struct naive_packet packet = { .protocol = protocol, .port = port };

	packet.source.family = v6 ? ADDRESS_IPV6 : ADDRESS_IPV4;
	return naive_flow_admits(flow, &packet);
}

bool naive_declared(const struct naive *naive, const struct naive_outside *packet, bool inward)
{
	enum flow_peer_kind kind = packet->address ? FLOW_PEER_WORLD : FLOW_PEER_HOST;

	for (size_t i = 0; i < naive->flows->count; i++) {
		for (size_t j = 0; j < naive->flows->apps[i]->flow_count; j++) {
			const struct flow *flow = &naive->flows->apps[i]->flows[j];
			const struct flow_peer *out = inward ? flow->from : flow->to;
			const struct flow_peer *in = inward ? flow->to : flow->from;
			size_t out_count = inward ? flow->from_count : flow->to_count;
			size_t in_count = inward ? flow->to_count : flow->from_count;

			if (naive_has_kind(out, out_count, kind) &&
			    naive_flow_covers(flow, packet->v6, packet->protocol, packet->port) &&
			    (!packet->address || naive_means_address(flow, packet->address)) &&
			    naive_end_is_peer(naive->flows, naive->inventory, packet->endpoint, in, in_count))
				return true;
		}
	}
	return false;
}

/* Whether anything at all leads to the endpoint on that port, from whomever. */
static bool naive_anything_leads_to(const struct naive *naive, const struct endpoint *endpoint, uint8_t protocol,
				    uint16_t port)
{
	for (size_t i = 0; i < naive->flows->count; i++) {
		for (size_t j = 0; j < naive->flows->apps[i]->flow_count; j++) {
			const struct flow *flow = &naive->flows->apps[i]->flows[j];

			if (naive_flow_covers(flow, false, protocol, port) &&
			    naive_end_is_peer(naive->flows, naive->inventory, endpoint, flow->to, flow->to_count))
				return true;
		}
	}
	return false;
}

static bool naive_is_resolver(const struct naive *naive, const struct address *address, uint8_t protocol, uint16_t port)
{
	for (size_t i = 0; i < naive->inventory->resolver_count; i++) {
		if (memcmp(&naive->inventory->resolvers[i], address, sizeof(*address)) == 0)
			return port == 53 && (protocol == 17 || protocol == 6);
	}
	return false;
}

bool naive_may_arrive(const struct naive *naive, const struct naive_outside *packet)
{
	return !naive_is_closed(naive, packet->endpoint, NAIVE_INGRESS) || naive_declared(naive, packet, true);
}

bool naive_may_leave(const struct naive *naive, const struct naive_outside *packet)
{
	return !naive_is_closed(naive, packet->endpoint, NAIVE_EGRESS) || naive_declared(naive, packet, false) ||
	       naive_is_resolver(naive, packet->address, packet->protocol, packet->port);
}

bool naive_may_reach_host(const struct naive *naive, const struct naive_outside *packet, const struct address *address)
{
	return !naive_is_closed(naive, packet->endpoint, NAIVE_HOST) || naive_declared(naive, packet, false) ||
	       naive_is_resolver(naive, address, packet->protocol, packet->port);
}

bool naive_host_may_reach(const struct naive *naive, const struct naive_outside *packet)
{
	const struct inventory *inventory = naive->inventory;

	if (!naive_is_closed(naive, packet->endpoint, NAIVE_INGRESS) || naive_declared(naive, packet, true))
		return true;
	for (size_t i = 0; naive_has_started(inventory, packet->endpoint) && i < inventory->container_count; i++) {
		const struct container *container = inventory->containers[i];

		if (!naive_lives_at(inventory, container, packet->endpoint))
			continue;
		for (size_t j = 0; j < container->published_count; j++) {
			if (container->published[j].protocol == packet->protocol &&
			    container->published[j].container_port == packet->port &&
			    naive_anything_leads_to(naive, packet->endpoint, packet->protocol, packet->port))
				return true;
		}
	}
	return false;
}

static bool naive_publishes_at(const struct published_port *port, const struct address *address, uint8_t protocol,
			       uint16_t host_port)
{
	struct address any = { .family = port->address.family };

	return port->protocol == protocol && port->host_port == host_port && port->address.family == address->family &&
	       (memcmp(&port->address, &any, sizeof(any)) == 0 ||
		memcmp(&port->address, address, sizeof(*address)) == 0);
}

bool naive_has_started(const struct inventory *inventory, const struct endpoint *endpoint)
{
	for (size_t i = 0; i < inventory->container_count; i++) {
		if (strcmp(inventory->containers[i]->id, endpoint->container) == 0)
			return inventory->containers[i]->started;
	}
	return false;
}

const struct endpoint *naive_publisher(const struct inventory *inventory, const struct address *address,
				       uint8_t protocol, uint16_t host_port, uint16_t *ret_port)
{
	for (size_t n = 0; n < inventory->network_count; n++) {
		const struct network *network = inventory->networks[n];

		for (size_t i = 0; naive_is_managed(network) && i < network->endpoint_count; i++) {
			const struct endpoint *endpoint = &network->endpoints[i];

			for (size_t j = 0; j < inventory->container_count; j++) {
				const struct container *container = inventory->containers[j];

				for (size_t k = 0; k < container->published_count; k++) {
					if (!naive_is_known(inventory, endpoint) ||
					    !naive_lives_at(inventory, container, endpoint) ||
					    !naive_publishes_at(&container->published[k], address, protocol, host_port))
						continue;
					*ret_port = container->published[k].container_port;
					return endpoint;
				}
			}
		}
	}
	return NULL;
}

bool naive_leads(const struct naive *naive, const struct endpoint *source, const struct endpoint *destination,
		 uint8_t protocol, uint16_t port)
{
	if (strcmp(source->container, destination->container) == 0)
		return true;
	for (size_t i = 0; i < naive->flows->count; i++) {
		for (size_t j = 0; j < naive->flows->apps[i]->flow_count; j++) {
			const struct flow *flow = &naive->flows->apps[i]->flows[j];

			if (naive_flow_covers(flow, false, protocol, port) &&
			    naive_end_is_peer(naive->flows, naive->inventory, source, flow->from, flow->from_count) &&
			    naive_end_is_peer(naive->flows, naive->inventory, destination, flow->to, flow->to_count))
				return true;
		}
	}
	return false;
}

bool naive_redirected(const struct naive *naive, const struct endpoint *source, const struct endpoint *destination,
		      bool v6, uint8_t protocol, uint16_t port)
{
	const struct inventory *inventory = naive->inventory;

	for (size_t i = 0; naive_has_started(inventory, destination) && i < inventory->container_count; i++) {
		const struct container *container = inventory->containers[i];

		if (!naive_lives_at(inventory, container, destination))
			continue;
		for (size_t j = 0; j < container->published_count; j++) {
			const struct published_port *published = &container->published[j];

			if ((published->address.family == ADDRESS_IPV6) == v6 && published->protocol == protocol &&
			    published->container_port == port &&
			    naive_leads(naive, source, destination, protocol, port))
				return true;
		}
	}
	return false;
}

bool naive_is_starting(const struct inventory *inventory, const struct endpoint *endpoint)
{
	for (size_t i = 0; i < strlen(endpoint->container); i++) {
		if (!strchr("0123456789abcdef", endpoint->container[i]))
			return false;
	}
	for (size_t i = 0; i < inventory->container_count; i++) {
		if (strcmp(inventory->containers[i]->id, endpoint->container) == 0 && inventory->containers[i]->started)
			return false;
	}
	return strlen(endpoint->container) == 64;
}

bool naive_is_newcomer(const struct network *network, const struct endpoint *endpoint)
{
	bool swarms =
		strcmp(network->name, "docker_gwbridge") == 0 && strstr(endpoint->name, "gateway_") == endpoint->name;

	return strstr(endpoint->container, "ep-") == endpoint->container && !swarms;
}

unsigned naive_is_unsettled(const struct naive *naive)
{
	const struct inventory *inventory = naive->inventory;
	unsigned worst = 0;

	for (size_t n = 0; n < inventory->network_count; n++) {
		const struct network *network = inventory->networks[n];

		for (size_t i = 0; naive_is_managed(network) && i < network->endpoint_count; i++) {
			const struct endpoint *endpoint = &network->endpoints[i];
			unsigned is = 2;

			for (size_t j = 0; j < inventory->container_count; j++) {
				if (strcmp(inventory->containers[j]->id, endpoint->container) == 0 &&
				    inventory->containers[j]->bindings_known)
					is = inventory->containers[j]->chooses;
			}
			if (is > worst && naive_is_starting(inventory, endpoint) &&
			    !naive_end_observed(naive->flows, naive->defaults->mode, inventory, endpoint))
				worst = is;
		}
	}
	return worst;
}

const struct port *naive_port(const struct inventory *inventory, const struct network *network,
			      const struct endpoint *endpoint)
{
	const uint8_t unknown[6] = { 0 };
	const struct port *found = NULL;
	size_t ports = 0, endpoints = 0;

	for (size_t i = 0; i < network->endpoint_count; i++)
		endpoints += memcmp(network->endpoints[i].mac, endpoint->mac, 6) == 0;
	for (size_t i = 0; i < inventory->port_count; i++) {
		if (strcmp(inventory->ports[i].bridge, network->bridge) == 0 &&
		    memcmp(inventory->ports[i].mac, endpoint->mac, 6) == 0) {
			found = &inventory->ports[i];
			ports++;
		}
	}
	return memcmp(endpoint->mac, unknown, 6) != 0 && ports == 1 && endpoints == 1 ? found : NULL;
}
