/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All parsers of the engine's answers: the first byte selects one, the rest is the answer. */
#include "docker_json.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t rank(const struct published_port *port)
{
	return (uint64_t)port->protocol << 32 | (uint64_t)port->host_port << 16 | port->container_port;
}

static void use_published(const struct published_port *port, const struct published_port *before)
{
	int order = before ? address_compare(&before->address, &port->address) : -1;

	assert(port->address.family == ADDRESS_IPV4 || port->address.family == ADDRESS_IPV6);
	assert(port->protocol == IPPROTO_TCP || port->protocol == IPPROTO_UDP || port->protocol == IPPROTO_SCTP);
	assert(port->host_port && port->container_port);
	assert(order < 0 || (order == 0 && rank(before) < rank(port)));
}

static void use_container(const struct container *container)
{
	assert(container->id[0] && container->name && container->image);
	for (size_t i = 1; i < container->label_count; i++)
		assert(strcmp(container->labels[i - 1].key, container->labels[i].key) < 0);
	assert(container->running || !container->started);
	for (size_t i = 0; i < container->published_count; i++)
		use_published(&container->published[i], i ? &container->published[i - 1] : NULL);
}

static void use_network(const struct network *network)
{
	assert(network->id[0] && network->name && network->driver);
	assert(strlen(network->bridge) < sizeof(network->bridge) && !strchr(network->bridge, '/'));
	for (size_t i = 0; i < network->endpoint_count; i++) {
		const struct endpoint *endpoint = &network->endpoints[i];

		assert(endpoint->container[0] && endpoint->name);
		assert(endpoint->ipv4.family == ADDRESS_NONE || endpoint->ipv4.family == ADDRESS_IPV4);
		assert(endpoint->ipv6.family == ADDRESS_NONE || endpoint->ipv6.family == ADDRESS_IPV6);
	}
}

static int fuzz_containers(const char *text, size_t length, struct error *err)
{
	struct container **containers;
	size_t count;
	int r = docker_json_containers(text, length, &containers, &count, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++)
		use_container(containers[i]);
	docker_json_free_containers(containers, count);
	return 0;
}

static int fuzz_container(const char *text, size_t length, struct error *err)
{
	struct container *container;
	int r = docker_json_container(text, length, &container, err);

	if (r < 0)
		return r;
	use_container(container);
	container_free(container);
	return 0;
}

static int fuzz_networks(const char *text, size_t length, struct error *err)
{
	struct network **networks;
	size_t count;
	int r = docker_json_networks(text, length, &networks, &count, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++)
		use_network(networks[i]);
	docker_json_free_networks(networks, count);
	return 0;
}

static int fuzz_network(const char *text, size_t length, struct error *err)
{
	struct network *network;
	int r = docker_json_network(text, length, &network, err);

	if (r < 0)
		return r;
	use_network(network);
	network_free(network);
	return 0;
}

static int fuzz_event(const char *text, size_t length, struct error *err)
{
	struct docker_event event;

	return docker_json_event(text, length, &event, err);
}

static int fuzz_info(const char *text, size_t length, struct error *err)
{
	struct docker_info info;

	return docker_json_info(text, length, &info, err);
}

static int fuzz_exposure(const char *text, size_t length, struct error *err)
{
	struct docker_exposure exposure;
	int r = docker_json_exposure(text, length, &exposure, err);

	if (r == 0)
		docker_exposure_clear(&exposure);
	return r;
}

static int fuzz_volumes(const char *text, size_t length, struct error *err)
{
	struct docker_volumes volumes;
	int r = docker_json_volumes(text, length, &volumes, err);

	if (r < 0)
		return r;
	assert(volumes.names.count == volumes.devices.count);
	docker_volumes_clear(&volumes);
	return 0;
}

static int fuzz_version(const char *text, size_t length, struct error *err)
{
	struct docker_version version;
	struct error ignored;
	char api[16];
	int r = docker_json_version(text, length, &version, err);

	if (r == 0)
		docker_json_negotiate(&version, api, &ignored);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int (*const parsers[])(const char *, size_t, struct error *) = {
		fuzz_containers, fuzz_container, fuzz_networks, fuzz_network, fuzz_event,
		fuzz_info,	 fuzz_version,	 fuzz_exposure, fuzz_volumes,
	};
	struct error err = { 0 };
	char *text;
	int r;

	if (!size)
		return 0;
	/* A buffer of exactly this size and a NUL, so that one byte too far is found. */
	text = malloc(size);
	if (!text)
		return 0;
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	r = parsers[(data[0] - '0') % 8u](text, size - 1, &err);
	/* A refusal has a reason, and it is one that the caller can act on. */
	assert(r == 0 || ((r == -EPROTO || r == -ENOMEM) && err.text[0]));
	free(text);
	return 0;
}
