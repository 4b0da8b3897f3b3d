/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of docker_json that reads networks. */
#include "docker_json.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "docker_json_internal.h"
#include "json_sieve.h"
#include "link_name.h"

#define OPTION_ICC    "com.docker.network.bridge.enable_icc"
#define OPTION_BRIDGE "com.docker.network.bridge.name"
#define OPTION_PARENT "parent"
#define OPTION_MODE4  "com.docker.network.bridge.gateway_mode_ipv4"
#define OPTION_MODE6  "com.docker.network.bridge.gateway_mode_ipv6"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* "02:42:ac:1c:00:02"; anything else leaves it unknown. */
static void parse_mac(const char *text, uint8_t mac[6])
{
	uint8_t bytes[6];

	if (strlen(text) != 17)
		return;
	for (size_t i = 0; i < 6; i++) {
		int high = hex_digit(text[3 * i]), low = hex_digit(text[3 * i + 1]);

		if (high < 0 || low < 0 || (i < 5 && text[3 * i + 2] != ':'))
			return;
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	memcpy(mac, bytes, sizeof(bytes));
}

/* An address that cannot be read is none: nothing is opened for it. */
static void parse_endpoint_address(const char *text, uint8_t family, struct address *address)
{
	struct address parsed;

	if (text[0] && address_parse(text, true, &parsed) == 0 && parsed.family == family)
		*address = parsed;
}

static int read_endpoint(const cJSON *object, struct endpoint *endpoint)
{
	const cJSON *item;

	if (!(endpoint->container = strdup(object->string)))
		return -ENOMEM;
	cJSON_ArrayForEach(item, object)
	{
		const char *text = docker_json_string(item);

		if (!text)
			continue;
		if (docker_json_is(item, "IPv4Address"))
			parse_endpoint_address(text, ADDRESS_IPV4, &endpoint->ipv4);
		else if (docker_json_is(item, "IPv6Address"))
			parse_endpoint_address(text, ADDRESS_IPV6, &endpoint->ipv6);
		else if (docker_json_is(item, "MacAddress"))
			parse_mac(text, endpoint->mac);
		else if (docker_json_is(item, "Name") && docker_json_copy(&endpoint->name, item) < 0)
			return -ENOMEM;
	}
	return endpoint->name ? 0 : docker_json_set(&endpoint->name, "");
}

static int read_endpoints(const cJSON *containers, struct network *network)
{
	const cJSON *item;
	size_t count = 0;

	if (!cJSON_IsObject(containers) || network->endpoints)
		return 0;
	cJSON_ArrayForEach(item, containers) count++;
	if (!count)
		return 0;
	network->endpoints = calloc(count, sizeof(*network->endpoints));
	if (!network->endpoints)
		return -ENOMEM;
	cJSON_ArrayForEach(item, containers)
	{
		if (!cJSON_IsObject(item) || !docker_json_id_valid(item->string))
			continue;
		if (read_endpoint(item, &network->endpoints[network->endpoint_count++]) < 0)
			return -ENOMEM;
	}
	network_sort_endpoints(network);
	return 0;
}

/* Other modes have the engine translate addresses, or no gateway at all. */
static bool is_routed(const cJSON *mode)
{
	const char *text = docker_json_string(mode);

	return text && strcmp(text, "routed") == 0;
}

static int read_options(const cJSON *options, struct network *network, const char **bridge)
{
	const cJSON *item;
	int r = 0;

	if (!cJSON_IsObject(options))
		return 0;
	cJSON_ArrayForEach(item, options)
	{
		if (docker_json_is(item, OPTION_ICC))
			r = docker_json_copy(&network->icc, item);
		else if (docker_json_is(item, OPTION_PARENT))
			r = docker_json_copy(&network->parent, item);
		else if (docker_json_is(item, OPTION_BRIDGE))
			*bridge = docker_json_string(item);
		else if (docker_json_is(item, OPTION_MODE4))
			network->routed4 = is_routed(item);
		else if (docker_json_is(item, OPTION_MODE6))
			network->routed6 = is_routed(item);
		if (r < 0)
			return r;
	}
	return 0;
}

/* One that cannot be read is none: only what is probed is chosen of it. */
static void read_subnet(const cJSON *config, struct network *network)
{
	const cJSON *item;
	struct cidr subnet;

	if (!cJSON_IsObject(config))
		return;
	cJSON_ArrayForEach(item, config)
	{
		const char *text = docker_json_string(item);
		struct cidr *kept;

		if (!docker_json_is(item, "Subnet") || !text || cidr_parse(text, &subnet) < 0)
			continue;
		kept = subnet.base.family == ADDRESS_IPV6 ? &network->subnet6 : &network->subnet4;
		if (!kept->base.family)
			*kept = subnet;
	}
}

static void read_ipam(const cJSON *ipam, struct network *network)
{
	const cJSON *item, *config;

	if (!cJSON_IsObject(ipam))
		return;
	cJSON_ArrayForEach(item, ipam)
	{
		if (!docker_json_is(item, "Config") || !cJSON_IsArray(item))
			continue;
		cJSON_ArrayForEach(config, item)
		{
			read_subnet(config, network);
		}
	}
}

static int read_network_member(const cJSON *item, struct network *network, const char **bridge)
{
	if (docker_json_is(item, "Id"))
		return docker_json_copy(&network->id, item);
	if (docker_json_is(item, "Name"))
		return docker_json_copy(&network->name, item);
	if (docker_json_is(item, "Driver"))
		return docker_json_copy(&network->driver, item);
	if (docker_json_is(item, "Containers"))
		return read_endpoints(item, network);
	if (docker_json_is(item, "Options"))
		return read_options(item, network, bridge);
	if (docker_json_is(item, "IPAM"))
		read_ipam(item, network);
	if (docker_json_is(item, "Internal"))
		network->internal = cJSON_IsTrue(item);
	return 0;
}

/* Where no name can be told, or something is left out of the answer, it stays "": then it may be any bridge. */
static void set_bridge(struct network *network, const char *option, bool cut)
{
	char name[sizeof(network->bridge)];

	if (option && option[0]) {
		snprintf(name, sizeof(name), "%s", link_name_valid(option, strlen(option)) ? option : "");
	} else if (cut) {
		name[0] = '\0';
	} else if (strcmp(network->name, "bridge") == 0) {
		strcpy(name, "docker0");
	} else {
		snprintf(name, sizeof(name), "br-%.12s", network->id);
		if (!link_name_valid(name, strlen(name)))
			name[0] = '\0';
	}
	strcpy(network->bridge, name);
}

static int read_network(const cJSON *object, struct network **ret_network, struct error *err)
{
	cleanup_of(network) struct network *network = calloc(1, sizeof(*network));
	const char *bridge = NULL;
	bool cut = false;
	const cJSON *item;
	int r;

	if (!network)
		return error_oom(err);
	r = docker_json_object(object, "a network", err);
	if (r < 0)
		return r;
	cJSON_ArrayForEach(item, object)
	{
		cut = cut || docker_json_is(item, JSON_SIEVE_CUT);
		if (read_network_member(item, network, &bridge) < 0)
			return error_oom(err);
	}
	/* A name that is longer than anybody reads is as good as none; whose network that is, its id tells as well. */
	if (!network->name && cut && docker_json_id_valid(network->id) &&
	    docker_json_set(&network->name, network->id) < 0)
		return error_oom(err);
	if (!docker_json_id_valid(network->id) || !network->name || !network->driver)
		return error_set(err, -EPROTO, "the engine tells of a network without a valid Id, Name or Driver");
	network->managed = strcmp(network->driver, "bridge") == 0;
	if (network->managed)
		set_bridge(network, bridge, cut);
	*ret_network = steal(network);
	return 0;
}

int docker_json_network(const char *text, size_t length, struct network **ret_network, struct error *err)
{
	cleanup_of(cJSON) cJSON *root = NULL;
	int r;

	r = docker_json_parse(text, length, "a network", &root, err);
	if (r < 0)
		return r;
	return read_network(root, ret_network, err);
}

int docker_json_networks(const char *text, size_t length, struct network ***ret_networks, size_t *ret_count,
			 struct error *err)
{
	cleanup_of(cJSON) cJSON *root = NULL;
	struct network **networks;
	const cJSON *item;
	size_t count = 0, done = 0;
	int r;

	r = docker_json_parse(text, length, "its networks", &root, err);
	if (r < 0)
		return r;
	r = docker_json_count(root, "its networks", &count, err);
	if (r < 0)
		return r;
	networks = calloc(count + 1, sizeof(struct network *));
	if (!networks)
		return error_oom(err);
	cJSON_ArrayForEach(item, root)
	{
		r = read_network(item, &networks[done], err);
		if (r == -ENOMEM) {
			docker_json_free_networks(networks, done);
			return r;
		}
		done += r == 0;
	}
	*ret_networks = networks;
	*ret_count = done;
	return 0;
}

void docker_json_free_networks(struct network **networks, size_t count)
{
	for (size_t i = 0; networks && i < count; i++)
		network_free(networks[i]);
	free(networks);
}
