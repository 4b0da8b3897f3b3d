/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "world.h"

#include "published_ports.h"

/* "a" with "b_web" and "a_b" with "web" are the same Swarm service: nothing may hang on who comes first. */
static const char *const world_apps[] = { "a", "a_b", "b", "shop" };
static const char *const world_services[] = { "web", "db", "b_web", "x" };
static const char *const world_swarm[] = { "a_web", "a_b_web", "shop_db", "b_x", "web" };
static const char *const world_images[] = { "img:1", "img:2", "reg.example/img:1", "db" };
static const char *const world_tiers[] = { "db", "web", "" };
static const char *const world_host_addresses[] = { "0.0.0.0", "0.0.0.0", "::", "192.168.7.1", "fd77::1" };
/* Networks of the world: apart, within each other, and of both families. */
static const char *const world_cidrs[] = {
	"192.0.2.0/24", "192.0.2.0/25",	 "192.0.2.128/25",  "192.0.2.7/32",    "198.51.100.0/24",
	"0.0.0.0/0",	"2001:db8::/32", "2001:db8:1::/48", "2001:db8::7/128",
};

char *world_copy(const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	assert_true(copy || !text);
	return copy;
}

void *world_grow(void *items, size_t count, size_t size)
{
	void *grown = realloc(items, count * size);

	assert_non_null(grown);
	return grown;
}

struct container *world_container(const char *id, const char *name, const char *image)
{
	struct container *container = calloc(1, sizeof(*container));

	assert_non_null(container);
	container->id = world_copy(id);
	container->name = world_copy(name);
	container->image = world_copy(image);
	container->running = true;
	container->started = true;
	return container;
}

void world_label(struct container *container, const char *key, const char *value)
{
	struct flow_label label = { world_copy(key), world_copy(value) };

	container->labels = world_grow(container->labels, container->label_count + 1, sizeof(label));
	container->labels[container->label_count++] = label;
	container_sort_labels(container);
}

struct container *world_compose(const char *id, const char *name, const char *project, const char *service)
{
	struct container *container = world_container(id, name, "image:1");

	world_label(container, "com.docker.compose.project", project);
	world_label(container, "com.docker.compose.service", service);
	return container;
}

struct network *world_network(const char *id, const char *name, const char *bridge)
{
	struct network *network = calloc(1, sizeof(*network));

	assert_non_null(network);
	network->id = world_copy(id);
	network->name = world_copy(name);
	network->driver = world_copy("bridge");
	network->managed = true;
	snprintf(network->bridge, sizeof(network->bridge), "%s", bridge);
	return network;
}

struct address world_address(const char *text)
{
	struct address address = { 0 };

	if (text)
		assert_int_equal(address_parse(text, false, &address), 0);
	return address;
}

void world_join(struct network *network, const char *container, const char *ipv4, const char *ipv6)
{
	struct endpoint endpoint = {
		.container = world_copy(container),
		.name = world_copy("endpoint"),
		.ipv4 = world_address(ipv4),
		.ipv6 = world_address(ipv6),
	};

	network->endpoints = world_grow(network->endpoints, network->endpoint_count + 1, sizeof(endpoint));
	network->endpoints[network->endpoint_count++] = endpoint;
	network_sort_endpoints(network);
}

struct endpoint *world_endpoint(struct network *network, const char *container)
{
	return (struct endpoint *)(uintptr_t)network_endpoint(network, container);
}

void world_mac(const char *text, uint8_t mac[6])
{
	assert_int_equal(sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", &mac[0], &mac[1], &mac[2], &mac[3],
				&mac[4], &mac[5]),
			 6);
}

void world_publish(struct container *container, const char *address, uint8_t protocol, uint16_t host_port,
		   uint16_t container_port)
{
	struct published_port port = {
		.address = world_address(address),
		.protocol = protocol,
		.host_port = host_port,
		.container_port = container_port,
	};

	container->published =
		world_grow(container->published, container->published_count + 1, sizeof(*container->published));
	container->published[container->published_count++] = port;
	published_ports_sort(container->published, &container->published_count);
}

void world_bind(struct container *container, bool chooses)
{
	free(container->bindings);
	container->bindings = container->published;
	container->binding_count = container->published_count;
	container->published = NULL;
	container->published_count = 0;
	container->bindings_known = true;
	container->chooses = chooses;
	assert_int_equal(container_complete(container, NULL), 0);
}

void world_leave(struct network *network, size_t index)
{
	free(network->endpoints[index].container);
	free(network->endpoints[index].name);
	network->endpoint_count--;
	memmove(&network->endpoints[index], &network->endpoints[index + 1],
		(network->endpoint_count - index) * sizeof(*network->endpoints));
}

void world_put(struct inventory *inventory, struct container *container)
{
	assert_int_equal(inventory_put_container(inventory, container), 0);
}

void world_put_network(struct inventory *inventory, struct network *network)
{
	assert_int_equal(inventory_put_network(inventory, network), 0);
}

static int world_compare_apps(const void *a, const void *b)
{
	return strcmp((*(struct flow_app *const *)a)->name, (*(struct flow_app *const *)b)->name);
}

static void world_add_app(struct flow_set *flows, struct flow_app *app)
{
	flows->apps = world_grow(flows->apps, flows->count + 1, sizeof(struct flow_app *));
	flows->apps[flows->count++] = app;
	qsort(flows->apps, flows->count, sizeof(struct flow_app *), world_compare_apps);
}

static struct flow_set *world_no_flows(void)
{
	struct flow_set *flows = calloc(1, sizeof(*flows));

	assert_non_null(flows);
	return flows;
}

struct flow_set *world_flows(const char *const *texts)
{
	struct flow_set *flows = world_no_flows();

	for (; *texts; texts++) {
		struct diagnostics diagnostics = { 0 };
		struct flow_app *app = NULL;

		if (flow_parse("test.json", *texts, strlen(*texts), &diagnostics, &app) < 0)
			fail_msg("%s: %s", *texts, diagnostics.count ? diagnostics.items[0].text : "refused");
		diagnostics_clear(&diagnostics);
		world_add_app(flows, app);
	}
	return flows;
}

static uint64_t chance_next(struct chance *chance)
{
	uint64_t z = chance->state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

unsigned chance_below(struct chance *chance, unsigned n)
{
	return (unsigned)(chance_next(chance) % n);
}

bool chance_percent(struct chance *chance, unsigned percent)
{
	return chance_below(chance, 100) < percent;
}

const char *world_id(unsigned k, char text[WORLD_ID_SIZE])
{
	snprintf(text, WORLD_ID_SIZE, "c%02u%061u", k, k);
	return text;
}

/* How another container may be named by one that shares its network namespace. */
static char *world_random_shares(struct chance *chance, unsigned self)
{
	unsigned other = (self + 1 + chance_below(chance, WORLD_CONTAINERS - 1)) % WORLD_CONTAINERS;
	char text[WORLD_ID_SIZE];

	world_id(other, text);
	switch (chance_below(chance, 3)) {
	case 0:
		break;
	case 1:
		text[12] = '\0';
		break;
	default:
		snprintf(text, sizeof(text), "c%u-%u", other, other % 3);
		break;
	}
	return world_copy(text);
}

void world_random_published(struct chance *chance, struct container *container, unsigned k, bool collide)
{
	static const uint16_t ports[] = { 1, 79, 80, 81, 100, 443 };
	static const uint8_t protocols[] = { 6, 6, 17, 132 };
	unsigned count = chance_below(chance, 4);

	for (unsigned i = 0; i < count; i++) {
		unsigned of = collide && chance_percent(chance, 30) ? chance_below(chance, WORLD_CONTAINERS) : k;
		uint16_t host_port = (uint16_t)(8000 + of * 10 + i), port = chance_pick(chance, ports);
		uint8_t protocol = chance_pick(chance, protocols);
		const char *address = chance_pick(chance, world_host_addresses);

		world_publish(container, address, protocol, host_port, port);
		/* As the engine does, for both families; or beside a wider one. */
		if (chance_percent(chance, 50) && strcmp(address, "::") != 0)
			world_publish(container, "::", protocol, host_port, port);
		if (chance_percent(chance, 20) && strcmp(address, "192.168.7.1") != 0)
			world_publish(container, "192.168.7.1", protocol, host_port, port);
	}
}

static void world_random_bindings(struct chance *chance, struct container *container, unsigned k, bool collide)
{
	bool publishes = container->published_count != 0;

	world_bind(container, chance_percent(chance, 30));
	if (container->started && publishes)
		world_random_published(chance, container, k, collide);
}

struct container *world_random_container(struct chance *chance, unsigned k, bool collide)
{
	unsigned named = collide && chance_percent(chance, 30) ? chance_below(chance, WORLD_CONTAINERS) : k;
	char id[WORLD_ID_SIZE], name[32];
	struct container *container;

	snprintf(name, sizeof(name), "c%u-%u", named, named % 3);
	container = world_container(world_id(k, id), name,
				    chance_percent(chance, 85) ? chance_pick(chance, world_images) : NULL);
	if (chance_percent(chance, 55))
		world_label(container, "com.docker.compose.project", chance_pick(chance, world_apps));
	if (chance_percent(chance, 55))
		world_label(container, "com.docker.compose.service", chance_pick(chance, world_services));
	if (chance_percent(chance, 20))
		world_label(container, "com.docker.swarm.service.name", chance_pick(chance, world_swarm));
	if (chance_percent(chance, 15))
		world_label(container, "com.docker.stack.namespace", chance_pick(chance, world_apps));
	if (chance_percent(chance, 20))
		world_label(container, "bulkhead.app", chance_pick(chance, world_apps));
	if (chance_percent(chance, 25))
		world_label(container, "bulkhead.service", chance_pick(chance, world_services));
	if (chance_percent(chance, 40))
		world_label(container, "tier", chance_pick(chance, world_tiers));
	container->running = chance_percent(chance, 75);
	container->started = container->running && chance_percent(chance, 80);
	if (chance_percent(chance, 12))
		container->shares = world_random_shares(chance, k);
	/* The engine refuses both together.  Where nothing may collide, a publisher cannot be two. */
	if (chance_percent(chance, 60) && (!container->shares || (collide && chance_percent(chance, 10))))
		world_random_published(chance, container, k, collide);
	if (chance_percent(chance, 60))
		world_random_bindings(chance, container, k, collide);
	return container;
}

static bool world_has_host(const struct network *network, unsigned host)
{
	for (size_t i = 0; i < network->endpoint_count; i++) {
		const struct endpoint *endpoint = &network->endpoints[i];

		if ((endpoint->ipv4.family && endpoint->ipv4.bytes[3] == host) ||
		    (endpoint->ipv6.family && endpoint->ipv6.bytes[15] == host))
			return true;
	}
	return false;
}

/* A free address of the network, or two.  The engine gives the lowest free ones, so they are soon used again. */
static void world_random_addresses(struct chance *chance, const struct network *network, unsigned net,
				   struct address *ret_ipv4, struct address *ret_ipv6)
{
	unsigned host = 2, families = chance_below(chance, 8);
	char text[ADDRESS_TEXT_SIZE];

	while (world_has_host(network, host) || chance_percent(chance, 20))
		host = host == 100 ? 2 : host + 1;
	snprintf(text, sizeof(text), "10.0.%u.%u", net, host);
	*ret_ipv4 = world_address(families != 0 ? text : NULL);
	snprintf(text, sizeof(text), "fd00:%u::%x", net, host);
	*ret_ipv6 = world_address(families != 1 && families < 5 ? text : NULL);
}

void world_random_mac(struct chance *chance, unsigned net, uint8_t mac[6])
{
	memset(mac, 0, 6);
	if (chance_percent(chance, 5))
		return;
	mac[0] = 0x02;
	mac[1] = 0x42;
	/* Now and then two networks have one. */
	mac[4] = (uint8_t)(chance_percent(chance, 5) ? 0 : net);
	/* Seldom that of somebody else. */
	mac[5] = (uint8_t)(chance_percent(chance, 5) ? chance_below(chance, 4) : chance_next(chance));
}

void world_random_join(struct chance *chance, struct network *network, unsigned net, const char *container)
{
	struct endpoint *endpoint;

	world_join(network, container, NULL, NULL);
	endpoint = world_endpoint(network, container);
	do {
		world_random_addresses(chance, network, net, &endpoint->ipv4, &endpoint->ipv6);
	} while (!endpoint->ipv4.family && !endpoint->ipv6.family);
	world_random_mac(chance, net, endpoint->mac);
}

struct network *world_random_network(struct chance *chance, unsigned net)
{
	char id[WORLD_ID_SIZE], name[32], bridge[16];
	struct network *network;

	snprintf(id, sizeof(id), "n%02u", net);
	snprintf(name, sizeof(name), "net%u", net);
	snprintf(bridge, sizeof(bridge), "br-%u", net);
	network = world_network(id, name, bridge);
	network->managed = chance_percent(chance, 90);
	network->routed4 = chance_percent(chance, 30);
	network->routed6 = chance_percent(chance, 30);
	if (chance_percent(chance, 5)) /* of another driver */
		network->bridge[0] = '\0';
	for (unsigned k = 0; k < WORLD_CONTAINERS; k++) {
		if (chance_percent(chance, 60))
			world_random_join(chance, network, net, world_id(k, id));
	}
	if (chance_percent(chance, 10))
		world_random_join(chance, network, net, "ep-0123456789");
	return network;
}

static void world_random_service(struct chance *chance, struct flow_app *app)
{
	static const char *const names[] = { "c*", "*-1", "c[0-3]-?", "c5-2", "*" };
	static const char *const images[] = { "img:*", "reg.example/*", "*:1", "db" };
	struct flow_service service = { .name = world_copy(chance_pick(chance, world_services)) };

	if (flow_app_service(app, service.name)) {
		free(service.name);
		return;
	}
	if (chance_percent(chance, 35))
		service.compose = world_copy(chance_pick(chance, world_services));
	if (chance_percent(chance, 15))
		service.swarm = world_copy(chance_pick(chance, world_swarm));
	if (chance_percent(chance, 25))
		service.image = world_copy(chance_pick(chance, images));
	if (chance_percent(chance, 30)) {
		service.labels = world_grow(NULL, 1, sizeof(*service.labels));
		service.label_count = 1;
		service.labels[0].key = world_copy("tier");
		service.labels[0].value = world_copy(chance_pick(chance, world_tiers));
	}
	if (chance_percent(chance, 25) || !(service.compose || service.swarm || service.image || service.label_count))
		service.container = world_copy(chance_pick(chance, names));
	service.unguarded = chance_percent(chance, 25);
	app->services = world_grow(app->services, app->service_count + 1, sizeof(service));
	app->services[app->service_count++] = service;
}

/* Only what the language allows: `to` is of this app. */
static struct flow_peer world_random_peer(struct chance *chance, const char *app, bool from)
{
	unsigned kind = chance_below(chance, 100);
	struct flow_peer peer = { .kind = FLOW_PEER_SERVICE };

	if (from && kind < 10)
		peer.kind = FLOW_PEER_ALL;
	else if (kind < 23)
		peer.kind = FLOW_PEER_WORLD;
	else if (kind < 30)
		peer.kind = FLOW_PEER_HOST;
	else if (kind < 48)
		peer.kind = FLOW_PEER_APP;
	if (peer.kind == FLOW_PEER_SERVICE)
		peer.service = world_copy(chance_pick(chance, world_services));
	if (peer.kind == FLOW_PEER_SERVICE || peer.kind == FLOW_PEER_APP)
		peer.app = world_copy(from && chance_percent(chance, 35) ? chance_pick(chance, world_apps) : app);
	return peer;
}

static void world_random_peers(struct chance *chance, const char *app, bool from, struct flow_peer **ret_peers,
			       size_t *ret_count)
{
	size_t count = 1 + (chance_percent(chance, 30) ? chance_below(chance, 3) : 0);

	*ret_peers = world_grow(NULL, count, sizeof(**ret_peers));
	*ret_count = count;
	for (size_t i = 0; i < count; i++)
		(*ret_peers)[i] = world_random_peer(chance, app, from);
}

static struct flow_port world_random_port(struct chance *chance)
{
	static const uint16_t ports[] = { 0, 1, 79, 80, 81, 100, 443, 2048, 32768, 65534, 65535 };
	static const enum flow_protocol protocols[] = { FLOW_TCP, FLOW_TCP, FLOW_UDP, FLOW_SCTP };
	struct flow_port port = { .protocol = chance_pick(chance, protocols), .first = chance_pick(chance, ports) };
	unsigned kind = chance_below(chance, 100);

	port.last = port.first;
	if (kind < 40) {
		port.last = chance_pick(chance, ports);
		if (port.last < port.first) {
			uint16_t first = port.last;

			port.last = port.first;
			port.first = first;
		}
	} else if (kind < 60) {
		port.first = 0;
		port.last = 65535;
		port.protocol = kind < 45 ? FLOW_ANY : kind < 55 ? FLOW_ICMP : port.protocol;
	}
	return port;
}

static void world_random_cidrs(struct chance *chance, struct flow *flow)
{
	bool outside = false;

	for (size_t i = 0; i < flow->from_count; i++)
		outside = outside || flow->from[i].kind == FLOW_PEER_WORLD;
	for (size_t i = 0; i < flow->to_count; i++)
		outside = outside || flow->to[i].kind == FLOW_PEER_WORLD;
	if (!outside || chance_percent(chance, 40))
		return;
	flow->cidr_count = 1 + chance_below(chance, 3);
	flow->cidrs = world_grow(NULL, flow->cidr_count, sizeof(*flow->cidrs));
	for (size_t i = 0; i < flow->cidr_count; i++)
		assert_int_equal(cidr_parse(chance_pick(chance, world_cidrs), &flow->cidrs[i]), 0);
}

static struct flow_boundaries world_random_boundaries(struct chance *chance, bool host)
{
	static const enum flow_boundary choices[] = { FLOW_BOUNDARY_OPEN, FLOW_BOUNDARY_DECLARED, FLOW_BOUNDARY_DEFAULT,
						      FLOW_BOUNDARY_DEFAULT };
	unsigned count = host ? 2 : 4;

	return (struct flow_boundaries){
		.ingress = choices[chance_below(chance, count)],
		.egress = choices[chance_below(chance, count)],
		.host = choices[chance_below(chance, count)],
	};
}

static struct flow_app *world_random_app(struct chance *chance, const char *name)
{
	static const enum flow_mode modes[] = { FLOW_MODE_DEFAULT, FLOW_MODE_ENFORCE, FLOW_MODE_OBSERVE };
	unsigned services = chance_below(chance, 3), count = chance_below(chance, 7);
	struct flow_app *app = calloc(1, sizeof(*app));

	assert_non_null(app);
	app->name = world_copy(name);
	app->mode = chance_pick(chance, modes);
	app->boundary = world_random_boundaries(chance, false);
	for (unsigned i = 0; i < services; i++)
		world_random_service(chance, app);
	app->flows = calloc(count + 1, sizeof(*app->flows));
	assert_non_null(app->flows);
	app->flow_count = count;
	for (size_t i = 0; i < count; i++) {
		struct flow *flow = &app->flows[i];

		world_random_peers(chance, name, true, &flow->from, &flow->from_count);
		world_random_peers(chance, name, false, &flow->to, &flow->to_count);
		flow->port_count = 1 + chance_below(chance, 3);
		flow->ports = world_grow(NULL, flow->port_count, sizeof(*flow->ports));
		for (size_t j = 0; j < flow->port_count; j++)
			flow->ports[j] = world_random_port(chance);
		world_random_cidrs(chance, flow);
	}
	return app;
}

void world_clear(struct world *world)
{
	policy_free(world->policy);
	binding_free(world->binding);
	flow_set_free(world->flows);
	inventory_free(world->inventory);
}

void world_compile(struct world *world)
{
	struct error err;

	binding_free(world->binding);
	policy_free(world->policy);
	world->policy = NULL;
	world->binding = binding_new(world->flows, &world->defaults);
	assert_non_null(world->binding);
	assert_int_equal(binding_bind_all(world->binding, world->inventory), 0);
	assert_int_equal(compile_all(world->binding, world->inventory, NULL, &world->policy, &err), 0);
}

void world_add_port(struct port **ports, size_t *count, const char *bridge, const char *name, const uint8_t mac[6])
{
	struct port *port;

	*ports = world_grow(*ports, *count + 1, sizeof(**ports));
	port = &(*ports)[(*count)++];
	memset(port, 0, sizeof(*port));
	snprintf(port->bridge, sizeof(port->bridge), "%s", bridge);
	snprintf(port->name, sizeof(port->name), "%s", name);
	memcpy(port->mac, mac, sizeof(port->mac));
	/* As the engine does it: of random digits; here, the same for all. */
	memcpy(port->bridge_mac, (const uint8_t[6]){ 0x02, 0x42, 1, 2, 3, 4 }, sizeof(port->bridge_mac));
}

struct port *world_random_ports(struct chance *chance, const struct inventory *inventory, size_t *ret_count)
{
	struct port *ports = NULL;
	unsigned number = 0;
	char name[16];

	*ret_count = 0;
	for (size_t i = 0; i < inventory->network_count; i++) {
		const struct network *network = inventory->networks[i];

		for (size_t j = 0; j < network->endpoint_count; j++) {
			unsigned copies = chance_below(chance, 20);

			for (unsigned k = 0; k < (copies == 0 ? 2u : copies > 2); k++) {
				snprintf(name, sizeof(name), "veth%u", number++);
				world_add_port(&ports, ret_count, network->bridge, name, network->endpoints[j].mac);
			}
		}
		snprintf(name, sizeof(name), "tap%u", (unsigned)i % 1000);
		if (chance_percent(chance, 20))
			world_add_port(&ports, ret_count, network->bridge, name, (const uint8_t[6]){ 0xaa });
	}
	inventory_sort_ports(ports, *ret_count);
	return ports;
}

static void world_random_resolvers(struct chance *chance, struct inventory *inventory)
{
	static const char *const addresses[] = { "192.0.2.53", "2001:db8::53", "192.168.7.1", "192.0.2.7" };

	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		if (chance_percent(chance, 70))
			continue;
		inventory->resolvers =
			world_grow(inventory->resolvers, inventory->resolver_count + 1, sizeof(*inventory->resolvers));
		inventory->resolvers[inventory->resolver_count++] = world_address(addresses[i]);
	}
}

/* Makes of a network, before it is put, one on which nothing is unsettled; or for one container the engine chooses. */
static void world_settle_network(const struct inventory *inventory, struct network *network, bool chooses)
{
	for (size_t i = network->endpoint_count; i-- > 0;) {
		struct container *container = inventory_container(inventory, network->endpoints[i].container);

		if (!container)
			world_leave(network, i);
		else if (!container->started)
			world_bind(container, chooses && container->id[2] == '1');
	}
}

static void world_random_networks(struct chance *chance, struct inventory *inventory)
{
	unsigned networks = 1 + chance_below(chance, 3);
	bool settled = chance_percent(chance, 50), chooses = chance_percent(chance, 50);

	for (unsigned net = 0; net < networks; net++) {
		struct network *network = world_random_network(chance, net);

		if (settled)
			world_settle_network(inventory, network, chooses);
		world_put_network(inventory, network);
	}
}

void world_random(struct chance *chance, bool collide, struct world *ret_world)
{
	struct port *ports;
	size_t count;

	memset(ret_world, 0, sizeof(*ret_world));
	ret_world->defaults.mode = chance_percent(chance, 70) ? FLOW_MODE_ENFORCE : FLOW_MODE_OBSERVE;
	ret_world->defaults.boundary = world_random_boundaries(chance, true);
	ret_world->flows = world_no_flows();
	ret_world->inventory = inventory_new();
	assert_non_null(ret_world->inventory);
	for (size_t i = 0; i < sizeof(world_apps) / sizeof(world_apps[0]); i++) {
		if (chance_percent(chance, 60))
			world_add_app(ret_world->flows, world_random_app(chance, world_apps[i]));
	}
	for (unsigned k = 0; k < WORLD_CONTAINERS; k++) {
		if (chance_percent(chance, 75))
			world_put(ret_world->inventory, world_random_container(chance, k, collide));
	}
	world_random_networks(chance, ret_world->inventory);
	if (chance_percent(chance, 50)) {
		ret_world->inventory->chosen_first = 32768;
		ret_world->inventory->chosen_last = 60999;
	}
	ports = world_random_ports(chance, ret_world->inventory, &count);
	assert_int_equal(inventory_set_ports(ret_world->inventory, ports, count, NULL), 0);
	world_random_resolvers(chance, ret_world->inventory);
	world_compile(ret_world);
}

uint64_t world_seed(void)
{
	const char *text = getenv("SEED");

	return text ? strtoull(text, NULL, 0) : 1;
}

unsigned long world_rounds(unsigned long normal)
{
	const char *text = getenv("WORLDS");

	return text ? strtoul(text, NULL, 0) : normal;
}
