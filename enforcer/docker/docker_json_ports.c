/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of docker_json that reads which ports of a container the host publishes, or is going to. */
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "docker_json.h"
#include "docker_json_internal.h"
#include "published_ports.h"

#define PORT_MAX 65535
/* So many ports of the host are remembered of a container that is not started. */
#define BINDINGS_MAX 1024

/* 0 for what is no protocol that has ports. */
static uint8_t parse_protocol(const char *text)
{
	if (text && strcmp(text, "tcp") == 0)
		return IPPROTO_TCP;
	if (text && strcmp(text, "udp") == 0)
		return IPPROTO_UDP;
	if (text && strcmp(text, "sctp") == 0)
		return IPPROTO_SCTP;
	return 0;
}

/* The port that these decimal digits are; 0 for anything else. */
static uint16_t parse_port(const char *text, size_t length)
{
	unsigned port = 0;

	if (!length || length > 5)
		return 0;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return 0;
		port = 10 * port + (unsigned)(text[i] - '0');
	}
	return port <= PORT_MAX ? (uint16_t)port : 0;
}

static uint16_t read_port(const cJSON *item)
{
	double value = cJSON_IsNumber(item) ? item->valuedouble : 0;

	/* Compared before it is converted: what does not fit has no meaning in C. */
	if (!(value >= 1 && value <= PORT_MAX) || value != (double)(uint16_t)value)
		return 0;
	return (uint16_t)value;
}

static int add_one(struct published_port **ports, size_t *count, const struct published_port *port)
{
	struct published_port *grown;

	/* Doubled at each power of two: few have more than some, but a range may have thousands. */
	if ((*count & (*count - 1)) == 0) {
		grown = reallocarray(*ports, *count ? 2 * *count : 1, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		*ports = grown;
	}
	(*ports)[(*count)++] = *port;
	return 0;
}

static int add_at(struct published_port **ports, size_t *count, const char *address, struct published_port port)
{
	int r;

	if (address && address_parse(address, false, &port.address) == 0)
		return add_one(ports, count, &port);
	port.address = (struct address){ .family = ADDRESS_IPV4 };
	r = add_one(ports, count, &port);
	if (r < 0)
		return r;
	port.address.family = ADDRESS_IPV6;
	return add_one(ports, count, &port);
}

/* Without a port of the host's it is exposed, but not published; unless there is an address (28 and later): then the
 * engine opens it at the container's own address, of that family. */
static int add_direct(struct container *container, const char *address, struct published_port port)
{
	if (!address || address_parse(address, false, &port.address) < 0)
		return 0;
	return add_one(&container->direct, &container->direct_count, &port);
}

/* An address that is not told or cannot be read may be any: that closes too much rather than too little. */
static int add_published(struct container *container, const char *address, struct published_port port)
{
	if (!port.protocol || !port.container_port)
		return 0;
	if (!port.host_port)
		return add_direct(container, address, port);
	return add_at(&container->published, &container->published_count, address, port);
}

/* Of members that occur twice the last counts. */
static void forget(struct container *container)
{
	free(container->published);
	container->published = NULL;
	container->published_count = 0;
	free(container->direct);
	container->direct = NULL;
	container->direct_count = 0;
}

static int read_listed(const cJSON *object, struct container *container)
{
	struct published_port port = { 0 };
	const char *address = NULL;
	const cJSON *item;

	if (!cJSON_IsObject(object))
		return 0;
	cJSON_ArrayForEach(item, object)
	{
		if (docker_json_is(item, "IP"))
			address = docker_json_string(item);
		else if (docker_json_is(item, "PrivatePort"))
			port.container_port = read_port(item);
		else if (docker_json_is(item, "PublicPort"))
			port.host_port = read_port(item);
		else if (docker_json_is(item, "Type"))
			port.protocol = parse_protocol(docker_json_string(item));
	}
	return add_published(container, address, port);
}

int docker_json_listed_ports(const cJSON *ports, struct container *container)
{
	const cJSON *item;

	forget(container);
	if (!cJSON_IsArray(ports))
		return 0;
	cJSON_ArrayForEach(item, ports)
	{
		if (read_listed(item, container) < 0)
			return -ENOMEM;
	}
	published_ports_sort(container->published, &container->published_count);
	published_ports_sort(container->direct, &container->direct_count);
	return 0;
}

static int read_binding(const cJSON *object, struct published_port port, struct container *container)
{
	const char *address = NULL, *text;
	const cJSON *item;

	if (!cJSON_IsObject(object))
		return 0;
	cJSON_ArrayForEach(item, object)
	{
		text = docker_json_string(item);
		if (docker_json_is(item, "HostIp"))
			address = text;
		else if (docker_json_is(item, "HostPort"))
			port.host_port = text ? parse_port(text, strlen(text)) : 0;
	}
	return add_published(container, address, port);
}

/* "80/tcp": [ bindings ], or null where it is only exposed. */
static int read_bindings(const cJSON *bindings, struct container *container)
{
	struct published_port port = { 0 };
	const char *slash = strchr(bindings->string, '/');
	const cJSON *item;

	if (!slash || !cJSON_IsArray(bindings))
		return 0;
	port.container_port = parse_port(bindings->string, (size_t)(slash - bindings->string));
	port.protocol = parse_protocol(slash + 1);
	cJSON_ArrayForEach(item, bindings)
	{
		if (read_binding(item, port, container) < 0)
			return -ENOMEM;
	}
	return 0;
}

int docker_json_inspected_ports(const cJSON *ports, struct container *container)
{
	const cJSON *item;

	forget(container);
	if (!cJSON_IsObject(ports))
		return 0;
	cJSON_ArrayForEach(item, ports)
	{
		if (item->string && read_bindings(item, container) < 0)
			return -ENOMEM;
	}
	published_ports_sort(container->published, &container->published_count);
	published_ports_sort(container->direct, &container->direct_count);
	return 0;
}

/* What is read of HostConfig.PortBindings. */
struct wanted {
	struct container *container;
	struct published_port port; /* the one that the current bindings are of */
	size_t left;		    /* how many ports of the host may still be remembered */
};

/* "8080", or "8000-8010" of which the engine takes a free one.  False for everything else, above all "" and "0", for
 * which it chooses. */
static bool parse_range(const char *text, uint16_t *ret_first, uint16_t *ret_last)
{
	size_t length = strcspn(text, "-");

	*ret_first = *ret_last = parse_port(text, length);
	if (text[length])
		*ret_last = parse_port(text + length + 1, strlen(text + length + 1));
	return *ret_first && *ret_first <= *ret_last;
}

/* Whatever cannot be read may be any port: as if the engine chose it. */
static int read_wanted(const cJSON *object, struct wanted *wanted)
{
	const char *address = NULL, *text = NULL;
	struct container *container = wanted->container;
	uint16_t first = 0, last = 0;
	const cJSON *item;
	int r = 0;

	if (cJSON_IsObject(object)) {
		cJSON_ArrayForEach(item, object)
		{
			if (docker_json_is(item, "HostIp"))
				address = docker_json_string(item);
			else if (docker_json_is(item, "HostPort"))
				text = docker_json_string(item);
		}
	}
	if (!text || !parse_range(text, &first, &last)) {
		container->chooses = true;
		return 0;
	}
	for (unsigned port = first; r == 0 && port <= last; port++) {
		if (!wanted->left) {
			container->chooses = true;
			return 0;
		}
		wanted->left--;
		wanted->port.host_port = (uint16_t)port;
		r = add_at(&container->bindings, &container->binding_count, address, wanted->port);
	}
	return r;
}

/* "80/tcp": [ bindings ].  Some engines take none for one without a port (moby, before API 1.53). */
static int read_wanted_port(const cJSON *bindings, struct wanted *wanted)
{
	const char *key = bindings->string ? bindings->string : "";
	size_t length = strcspn(key, "/");
	const cJSON *item;

	wanted->port.container_port = parse_port(key, length);
	wanted->port.protocol = key[length] ? parse_protocol(key + length + 1) : IPPROTO_TCP;
	if (!wanted->port.container_port || !wanted->port.protocol || !cJSON_IsArray(bindings) || !bindings->child) {
		wanted->container->chooses = true;
		return 0;
	}
	cJSON_ArrayForEach(item, bindings)
	{
		if (read_wanted(item, wanted) < 0)
			return -ENOMEM;
	}
	return 0;
}

static void forget_bindings(struct container *container)
{
	free(container->bindings);
	container->bindings = NULL;
	container->binding_count = 0;
	container->bindings_known = container->chooses = false;
}

int docker_json_bindings(const cJSON *config, struct container *container)
{
	const cJSON *bindings = NULL, *all = NULL, *item;
	struct wanted wanted = { .container = container, .left = BINDINGS_MAX };

	forget_bindings(container);
	if (!cJSON_IsObject(config))
		return 0;
	cJSON_ArrayForEach(item, config)
	{
		if (docker_json_is(item, "PortBindings"))
			bindings = item;
		else if (docker_json_is(item, "PublishAllPorts"))
			all = item;
	}
	if (!cJSON_IsObject(bindings) && !cJSON_IsNull(bindings))
		return 0;
	container->bindings_known = true;
	container->chooses = all && !cJSON_IsFalse(all) && !cJSON_IsNull(all);
	cJSON_ArrayForEach(item, bindings)
	{
		if (read_wanted_port(item, &wanted) < 0)
			return -ENOMEM;
	}
	published_ports_sort(container->bindings, &container->binding_count);
	return 0;
}
