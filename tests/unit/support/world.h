/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small worlds to compile: builders by hand, and at random from an alphabet so small that names meet. */
#ifndef BULKHEAD_TESTS_WORLD_H
#define BULKHEAD_TESTS_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "binding.h"
#include "compile.h"
#include "flow_parse.h"
#include "inventory.h"

char *world_copy(const char *text);
void *world_grow(void *items, size_t count, size_t size);
struct container *world_container(const char *id, const char *name, const char *image);
void world_label(struct container *container, const char *key, const char *value);
struct container *world_compose(const char *id, const char *name, const char *project, const char *service);
struct network *world_network(const char *id, const char *name, const char *bridge);
struct address world_address(const char *text);

/* Addresses may be NULL. */
void world_join(struct network *network, const char *container, const char *ipv4, const char *ipv6);
struct endpoint *world_endpoint(struct network *network, const char *container);

/* "02:42:ac:12:00:02" */
void world_mac(const char *text, uint8_t mac[6]);
void world_publish(struct container *container, const char *address, uint8_t protocol, uint16_t host_port,
		   uint16_t container_port);

/* What it publishes becomes what it will publish whenever it starts. */
void world_bind(struct container *container, bool chooses);
void world_leave(struct network *network, size_t index);
void world_put(struct inventory *inventory, struct container *container);
void world_put_network(struct inventory *inventory, struct network *network);

/* The files' texts, up to a NULL. */
struct flow_set *world_flows(const char *const *texts);

/* Chance, repeatable from a seed (splitmix64). */
struct chance {
	uint64_t state;
};

unsigned chance_below(struct chance *chance, unsigned n);
bool chance_percent(struct chance *chance, unsigned percent);

#define chance_pick(chance, choices) ((choices)[chance_below(chance, sizeof(choices) / sizeof((choices)[0]))])

#define WORLD_ID_SIZE		     65

/* The k-th container of a world; twelve characters tell any two apart. */
const char *world_id(unsigned k, char text[WORLD_ID_SIZE]);

#define WORLD_CONTAINERS 8

/* A few ports on the host, each of this container alone, or, where they may collide, of anybody. */
void world_random_published(struct chance *chance, struct container *container, unsigned k, bool collide);

/* Names are the container's own, or, where they may collide, any container's. */
struct container *world_random_container(struct chance *chance, unsigned k, bool collide);
void world_random_mac(struct chance *chance, unsigned net, uint8_t mac[6]);
void world_random_join(struct chance *chance, struct network *network, unsigned net, const char *container);
struct network *world_random_network(struct chance *chance, unsigned net);

struct world {
	struct flow_set *flows;
	struct binding_defaults defaults; /* the host's */
	struct inventory *inventory;
	struct binding *binding;
	struct policy *policy;
};

void world_clear(struct world *world);

/* Binds and compiles what flows and inventory say. */
void world_compile(struct world *world);
void world_add_port(struct port **ports, size_t *count, const char *bridge, const char *name, const uint8_t mac[6]);

/* Most endpoints have their port, a few have none or two; and a few ports are nobody's. */
struct port *world_random_ports(struct chance *chance, const struct inventory *inventory, size_t *ret_count);
void world_random(struct chance *chance, bool collide, struct world *ret_world);

/* The seed of a run: from the environment, or the fixed one. */
uint64_t world_seed(void);
unsigned long world_rounds(unsigned long normal);

#endif
