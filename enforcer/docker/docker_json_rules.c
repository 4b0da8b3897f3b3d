/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of each answer, what its reader uses: one row a member.  The rest is never kept. */
#include "docker_json_rules.h"

/* As long as a container's or a network's name, and the reference of an image, may sensibly be. */
#define NAME_MAX  1024
#define IMAGE_MAX 4096
/* A label's name, or its value; all labels of one container; and those of all containers together. */
#define LABEL_MAX      (64u * 1024)
#define LABELS_MAX     (256u * 1024)
#define LABELS_ALL_MAX (16u * 1024 * 1024)

static const struct json_sieve_row version_rows[] = {
	{ .path = "Version" },
	{ .path = "ApiVersion" },
	{ .path = "MinAPIVersion" },
};

static const struct json_sieve_row info_rows[] = {
	{ .path = "ID" },
	{ .path = "SecurityOptions/[]", .max = 4096 },
	{ .path = "FirewallBackend/Driver" },
	{ .path = "Swarm/LocalNodeState" },
};

static const struct json_sieve_row containers_rows[] = {
	{ .path = "[]/Id" },
	{ .path = "[]/Names/[]", .max = NAME_MAX, .counted = true },
	{ .path = "[]/Image", .max = IMAGE_MAX },
	{ .path = "[]/State" },
	{ .path = "[]/Labels/*", .max = LABEL_MAX, .counted = true },
	{ .path = "[]/HostConfig/NetworkMode", .max = NAME_MAX },
	{ .path = "[]/Ports/[]/IP" },
	{ .path = "[]/Ports/[]/PrivatePort" },
	{ .path = "[]/Ports/[]/PublicPort", .required = true }, /* others are only exposed, up to 196,605 of them */
	{ .path = "[]/Ports/[]/Type" },
};

static const struct json_sieve_row container_rows[] = {
	{ .path = "Id" },
	{ .path = "Name", .max = NAME_MAX },
	{ .path = "Config/Image", .max = IMAGE_MAX },
	{ .path = "Config/Labels/*", .max = LABEL_MAX, .counted = true },
	{ .path = "HostConfig/NetworkMode", .max = NAME_MAX },
	{ .path = "HostConfig/PublishAllPorts" },
	{ .path = "HostConfig/PortBindings/*/[]/HostIp" },
	{ .path = "HostConfig/PortBindings/*/[]/HostPort" },
	{ .path = "NetworkSettings/Ports/*/[]/HostIp" },
	{ .path = "NetworkSettings/Ports/*/[]/HostPort", .required = true },
	{ .path = "State/Running" },
	{ .path = "State/Restarting" },
};

#define NETWORK_ROWS(at)                                                                                               \
	{ .path = at "Id" }, { .path = at "Name", .max = NAME_MAX }, { .path = at "Driver" },                          \
		{ .path = at "Internal" }, { .path = at "Options/com.docker.network.bridge.name" },                    \
		{ .path = at "Options/parent" }, { .path = at "Options/com.docker.network.bridge.gateway_mode_ipv4" }, \
		{ .path = at "Options/com.docker.network.bridge.gateway_mode_ipv6" },                                  \
		{ .path = at "IPAM/Config/[]/Subnet" },                                                                \
	{                                                                                                              \
		.path = at "Options/com.docker.network.bridge.enable_icc"                                              \
	}

static const struct json_sieve_row networks_rows[] = { NETWORK_ROWS("[]/") };

static const struct json_sieve_row network_rows[] = {
	NETWORK_ROWS(""),
	{ .path = "Containers/*/Name", .max = NAME_MAX },
	{ .path = "Containers/*/IPv4Address" },
	{ .path = "Containers/*/IPv6Address" },
	{ .path = "Containers/*/MacAddress" },
};

static const struct json_sieve_row events_rows[] = {
	{ .path = "Type" },
	{ .path = "Action", .max = 4096 }, /* "exec_start: COMMAND": the rest of a longer one would say nothing */
	{ .path = "Actor/ID" },
	{ .path = "Actor/Attributes/container" },
};

static const struct json_sieve_row exposure_rows[] = {
	{ .path = "HostConfig/Privileged" },
	{ .path = "HostConfig/CapAdd/[]" },
	{ .path = "HostConfig/NetworkMode" },
	{ .path = "HostConfig/PidMode" },
	{ .path = "Mounts/[]/Type" },
	{ .path = "Mounts/[]/Source", .max = 4096 },
	{ .path = "Mounts/[]/Name", .max = 4096 },
	{ .path = "Mounts/[]/Driver" },
};

static const struct json_sieve_row volumes_rows[] = {
	{ .path = "Volumes/[]/Name", .max = 4096 },
	{ .path = "Volumes/[]/Options/device", .max = 4096 },
	{ .path = "Volumes/[]/Options/o", .max = 4096 },
};

#define RULES(table, ...)                                                                                              \
	{                                                                                                              \
		.rows = table, .count = sizeof(table) / sizeof((table)[0]), .part_max = LABELS_MAX,                    \
		.all_max = LABELS_ALL_MAX, __VA_ARGS__                                                                 \
	}

const struct json_sieve_rules *docker_json_rules(enum docker_json_answer answer)
{
	static const struct json_sieve_rules rules[] = {
		[DOCKER_JSON_VERSION] = RULES(version_rows, .many = false),
		[DOCKER_JSON_INFO] = RULES(info_rows, .many = false),
		[DOCKER_JSON_CONTAINERS] = RULES(containers_rows, .many = false),
		[DOCKER_JSON_CONTAINER] = RULES(container_rows, .many = false),
		[DOCKER_JSON_NETWORKS] = RULES(networks_rows, .many = false),
		[DOCKER_JSON_NETWORK] = RULES(network_rows, .many = false),
		[DOCKER_JSON_EVENTS] = RULES(events_rows, .many = true),
		[DOCKER_JSON_EXPOSURE] = RULES(exposure_rows, .many = false),
		[DOCKER_JSON_VOLUMES] = RULES(volumes_rows, .many = false),
	};

	return &rules[answer];
}
