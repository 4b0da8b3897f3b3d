/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What no rule on a bridge can see, and what flow files do not speak of: to be known, and lived with or mended. */
#include "verify_blind.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "docker_ask.h"
#include "docker_json_rules.h"
#include "kernel_list.h"
#include "policy.h"
#include "verify_blind_sockets.h"
#include "verify_flows.h"
#include "verify_published.h"

/* A container that is just starting does not answer before it has started. */
#define ASK_MS	     5000
#define SILENCES_MAX 3

static const struct verify_check checks[] = {
	{ "host-network", NULL, "no container has the host's own network" },
	{ "shared-network", NULL, "no container shares another one's network" },
	{ "foreign-driver", NULL, "every network's packets come by the host's bridges" },
	{ "other-bridge", NULL, "every bridge with ports is one of the engine's networks" },
	{ "one-mac", NULL, "no two containers of a network have one MAC" },
	{ "privileged", NULL, "no container is privileged" },
	{ "net-admin", NULL, "no container may change networks and rules (NET_ADMIN)" },
	{ "host-capabilities", NULL, "no container has a capability that lets it become the host" },
	{ "engine-socket", NULL, "no container has the engine's socket" },
	{ "guard-off", NULL, "no container may use addresses that are not its own" },
	{ "observed", NULL, "what is not declared is denied, not only observed" },
	{ "no-app", NULL, "every container belongs to an app with a flow file" },
	{ "published-any", NULL, "no port is published on all of the host's addresses, for the whole world" },
	{ "flow-unmatched", NULL, "every flow has containers at both ends" },
	{ "flow-apart", NULL, "the ends of every flow reach each other" },
};

/* Those that the engine has to be asked for, container by container. */
static const char *const asked[] = { "host-network", "privileged", "net-admin", "host-capabilities", "engine-socket" };

static bool found_any(const struct verify *verify, const char *id)
{
	for (size_t i = 0; i < verify->finding_count; i++) {
		if (strcmp(verify->findings[i].check->id, id) == 0)
			return true;
	}
	return false;
}

static void find(struct verify *verify, const char *id, const struct container *container, const char *remedy,
		 const char *evidence)
{
	char subject[300];

	snprintf(subject, sizeof(subject), "container %s", container->name);
	verify_find(verify, id, VERIFY_WARN, subject, remedy, "%s", evidence);
}

/* ---- What a container may do ---- */

static int judge_socket(struct verify *verify, const struct container *container,
			const struct docker_exposure *exposure, struct verify_sockets *sockets, struct error *err)
{
	const char *source = NULL;
	char text[400];
	int r = verify_wants(verify, "engine-socket") ? verify_sockets_find(verify, sockets, exposure, &source, err)
						      : 0;

	if (r < 0 || !verify_wants(verify, "engine-socket") || !source)
		return r;
	snprintf(text, sizeof(text), "it has %.255s of the host: who can ask the engine can become the host", source);
	find(verify, "engine-socket", container,
	     "do without, or put a proxy between that lets only harmless questions pass", text);
	return 0;
}

static void judge_exposure(struct verify *verify, const struct container *container,
			   const struct docker_exposure *exposure)
{
	if (exposure->host_network)
		find(verify, "host-network", container, "give it a network of its own, and publish its ports",
		     "it has the host's network: to every rule it is the host");
	if (exposure->privileged)
		find(verify, "privileged", container, "give it the devices and capabilities that it needs instead",
		     "it is privileged: it can become the host, and change or remove every rule");
	if (exposure->net_admin)
		find(verify, "net-admin", container, "take NET_ADMIN (or ALL) out of its cap_add",
		     "it has NET_ADMIN: on its network it can take other addresses and MACs, which bulkhead's guard "
		     "stops; with the host's network it can remove every rule");
}

/* One that is privileged has them all. */
static void judge_capabilities(struct verify *verify, const struct container *container,
			       const struct docker_exposure *exposure)
{
	char list[128] = "", text[400];
	size_t length = 0;

	if (!exposure->host_capabilities.count || exposure->privileged)
		return;
	for (size_t i = 0; i < exposure->host_capabilities.count && length < sizeof(list); i++)
		length += (size_t)snprintf(list + length, sizeof(list) - length, "%s%s", length ? ", " : "",
					   exposure->host_capabilities.items[i]);
	snprintf(text, sizeof(text), "it has %s: it can become the host, and change or remove every rule", list);
	find(verify, "host-capabilities", container,
	     "take them (or ALL) out of its cap_add, and pid: host away where it is not needed", text);
}

static void not_told(struct verify *verify, const char *id, const struct container *container, const struct error *err)
{
	char subject[300];

	snprintf(subject, sizeof(subject), "container %s", container->name);
	verify_find(verify, id, VERIFY_UNKNOWN, subject, NULL, "%s", err->text);
}

static int ask_about(struct verify *verify, const struct container *container, struct verify_sockets *sockets,
		     struct error *err)
{
	cleanup_free char *body = NULL;
	struct error unknown;
	struct docker_exposure exposure = { 0 };
	char path[160];
	size_t length;
	int r;

	snprintf(path, sizeof(path), "/containers/%s/json", container->id);
	r = docker_ask(verify->loop, verify->client, path, docker_json_rules(DOCKER_JSON_EXPOSURE), ASK_MS, &body,
		       &length, err);
	if (r == 0)
		r = docker_json_exposure(body, length, &exposure, err);
	if (r < 0)
		return r;
	judge_exposure(verify, container, &exposure);
	judge_capabilities(verify, container, &exposure);
	if (judge_socket(verify, container, &exposure, sockets, &unknown) < 0)
		not_told(verify, "engine-socket", container, &unknown);
	docker_exposure_clear(&exposure);
	return 0;
}

/* An engine that has stopped answering is not waited for once for each of a thousand containers. */
struct patience {
	struct verify_sockets sockets;
	unsigned silences;
	struct error err; /* the last one */
};

static void judge_asked(struct verify *verify, const struct container *container, struct patience *patience)
{
	int r = patience->silences < SILENCES_MAX ? ask_about(verify, container, &patience->sockets, &patience->err)
						  : -EHOSTUNREACH;

	/* -ENOENT: it has ended meanwhile. */
	if (r == 0 || r == -ENOENT)
		return;
	patience->silences += r == -EHOSTUNREACH;
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++)
		not_told(verify, asked[i], container, &patience->err);
}

static bool wants_asked(const struct verify *verify)
{
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		if (verify_wants(verify, asked[i]))
			return true;
	}
	return false;
}

/* ---- What the inventory tells ---- */

static void judge_sharing(struct verify *verify, const struct container *container)
{
	const struct container *owner =
		inventory_netns_owner(verify->inventory, (struct container *)(uintptr_t)container);
	char text[400];

	if (!container->shares)
		return;
	snprintf(text, sizeof(text), "it uses the network of %s: to every rule it is that container",
		 owner ? owner->name : container->shares);
	find(verify, "shared-network", container,
	     "give it a network of its own, unless both are one service (network_mode: container:…, service:…)", text);
}

/* Of an app that has a flow file, though perhaps none of its flows is about it. */
static bool is_of_app(const struct flow_set *flows, const struct container *container)
{
	if (container->from_count || container->to_count)
		return true;
	for (size_t i = 0; container->services && i < flows->count; i++) {
		if (kernel_list_in_app(container->services, flows->apps[i]->name))
			return true;
	}
	return false;
}

static bool is_on_managed(const struct inventory *inventory, const struct container *container)
{
	for (size_t i = 0; i < inventory->network_count; i++) {
		if (inventory->networks[i]->managed && network_endpoint(inventory->networks[i], container->id))
			return true;
	}
	return false;
}

static void judge_membership(struct verify *verify, const struct container *container)
{
	if (!is_on_managed(verify->inventory, container))
		return;
	if (!is_of_app(verify->flows, container))
		find(verify, "no-app", container,
		     "write a flow file for its app (bulkhead.app=APP and bulkhead.service=NAME where it is no Compose "
		     "service), or stop it",
		     "it belongs to no app of the flow files: it is closed to all other containers");
	if (inventory_observes(verify->inventory, container))
		find(verify, "observed", container,
		     "bulkhead list --denied shows what would be denied; then take \"mode\": \"observe\" out of its "
		     "app's file, or of bulkhead.json",
		     "it is only observed: what would be denied to it passes");
	if (container->unguarded)
		find(verify, "guard-off", container, "take \"guard\": \"off\" out unless it routes for others",
		     "\"guard\": \"off\" in its flow file: it may use addresses that are nobody's");
}

static void judge_containers(struct verify *verify)
{
	const struct inventory *inventory = verify->inventory;
	struct patience patience = { 0 };
	bool ask = wants_asked(verify);

	for (size_t i = 0; i < inventory->container_count; i++) {
		const struct container *container = inventory->containers[i];

		if (!container->running)
			continue;
		judge_sharing(verify, container);
		judge_membership(verify, container);
		verify_published(verify, container);
		if (ask)
			judge_asked(verify, container, &patience);
	}
	verify_sockets_clear(&patience.sockets);
}

/* The managed network whose bridge the link is, or is a VLAN of ("br-shop.10"). */
static const struct network *find_by_bridge(const struct inventory *inventory, const char *link)
{
	for (size_t i = 0; i < inventory->network_count; i++) {
		const struct network *network = inventory->networks[i];
		size_t length = strlen(network->bridge);

		if (network->managed && length && strncmp(network->bridge, link, length) == 0 &&
		    (!link[length] || link[length] == '.'))
			return network;
	}
	return NULL;
}

/* Its frames leave by the bridge itself, as if the host sent them. */
static bool judge_parent(struct verify *verify, const struct network *network, const char *subject)
{
	const struct network *under =
		network->parent && network->parent[0] ? find_by_bridge(verify->inventory, network->parent) : NULL;

	if (!under)
		return false;
	verify_find(verify, "foreign-driver", VERIFY_FAIL, subject,
		    "remove it, or give it another parent: a container that is to reach others joins their network",
		    "its driver is %s and its parent %s, a bridge of network %s: its %zu containers are on that "
		    "bridge, and "
		    "no flow file speaks of them",
		    network->driver, network->parent, under->name, network->endpoint_count);
	return true;
}

static void judge_networks(struct verify *verify)
{
	const struct inventory *inventory = verify->inventory;
	static const char *const known[] = { "bridge", "host", "null", "none" };

	for (size_t i = 0; i < inventory->network_count; i++) {
		const struct network *network = inventory->networks[i];
		char subject[300];
		bool ours = false;

		for (size_t j = 0; j < sizeof(known) / sizeof(known[0]); j++)
			ours |= strcmp(network->driver, known[j]) == 0;
		snprintf(subject, sizeof(subject), "network %s", network->name);
		if (ours || judge_parent(verify, network, subject))
			continue;
		verify_find(verify, "foreign-driver", VERIFY_WARN, subject,
			    "use a bridge network, or filter where its packets go",
			    "its driver is %s: packets of its %zu containers come by no bridge of this host, and no "
			    "rule of "
			    "bulkhead's",
			    network->driver, network->endpoint_count);
	}
}

/* The one that was there first has its place; the other one is closed. */
static void judge_macs(struct verify *verify)
{
	size_t begin = 0, end = 0;

	if (verify->state)
		policy_range(verify->state->policy, POLICY_REFUSED, &begin, &end);
	for (size_t i = begin; i < end; i++) {
		const struct policy_record *record = policy_at(verify->state->policy, i);
		char subject[64];

		snprintf(subject, sizeof(subject), "port %.15s", record->link);
		verify_find(verify, "one-mac", VERIFY_FAIL, subject,
			    "give it no mac_address, or another one, and start it again",
			    "it is closed to everything: %s", record->comment);
	}
}

static size_t count_ports(const struct inventory *inventory, const char *bridge)
{
	size_t count = 0;

	for (size_t i = 0; i < inventory->port_count; i++)
		count += strcmp(inventory->ports[i].bridge, bridge) == 0;
	return count;
}

static bool is_engines(const struct inventory *inventory, const char *bridge)
{
	for (size_t i = 0; i < inventory->network_count; i++) {
		if (strcmp(inventory->networks[i]->bridge, bridge) == 0)
			return true;
	}
	return false;
}

/* A bridge without ports has nobody on it. */
static void judge_bridges(struct verify *verify)
{
	for (size_t i = 0; i < verify->bridge_count; i++) {
		const char *bridge = verify->bridges[i];
		size_t ports = count_ports(verify->inventory, bridge);
		char subject[32], remedy[160];

		if (!ports || is_engines(verify->inventory, bridge))
			continue;
		snprintf(subject, sizeof(subject), "bridge %s", bridge);
		snprintf(remedy, sizeof(remedy),
			 "ip link show master %s   shows who is on it; filter there where it matters, or remove it "
			 "where nobody needs it",
			 bridge);
		verify_find(verify, "other-bridge", VERIFY_WARN, subject, remedy,
			    "it has %zu port%s, and none of the engine's networks has it: bulkhead declares nothing "
			    "there",
			    ports, ports == 1 ? "" : "s");
	}
}

static void run(struct verify *verify)
{
	if (verify->engine_error) {
		for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
			verify_find(verify, checks[i].id, VERIFY_UNKNOWN, NULL, NULL, "%s", verify->engine_error);
		return;
	}
	verify_published_ask(verify);
	judge_containers(verify);
	judge_networks(verify);
	judge_macs(verify);
	judge_bridges(verify);
	verify_flows(verify);
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		if (!found_any(verify, checks[i].id))
			verify_find(verify, checks[i].id, VERIFY_PASS, NULL, NULL, "%s", checks[i].title);
	}
}

const struct verify_group verify_blind = {
	.name = "blind",
	.title = "What no rule can see",
	.checks = checks,
	.check_count = sizeof(checks) / sizeof(checks[0]),
	.run = run,
};
