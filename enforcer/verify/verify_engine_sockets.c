/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which sockets the engine really listens on, and whether anything that it was told names them. */
#include "verify_engine_sockets.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "engine_sockets.h"
#include "engine_tls.h"

#define SOCKETS "engine-sockets"

/* Swarm's own: TLS of both sides on the first, gossip with a key of its own on the other. */
#define SWARM_PORT  2377
#define GOSSIP_PORT 7946

#define REMEDY                                                                                                         \
	"who reaches such a socket may do what root can: find out who opened it (`systemctl cat docker.socket`, "      \
	"LISTEN_FDS in the engine's environment, a configuration file that was changed since), take it away, or name " \
	"it in \"hosts\" of daemon.json or as -H, and restart the engine"

const char *verify_engine_listener(const struct proc_listener *listener, char text[VERIFY_ENGINE_LISTENER])
{
	bool ipv6 = listener->address.family == ADDRESS_IPV6;
	char address[ADDRESS_TEXT_SIZE];

	snprintf(text, VERIFY_ENGINE_LISTENER, "%s%s%s:%u/tcp", ipv6 ? "[" : "",
		 address_format(&listener->address, address), ipv6 ? "]" : "", (unsigned)listener->port);
	return text;
}

static bool is_any(const struct address *address)
{
	struct address any = { .family = address->family };

	return address_compare(address, &any) == 0;
}

/* Whether "host:port" means that listener.  Without an address, or with a name for one, its port has to do.  A socket
 * for all of IPv6 is one for all of IPv4 too. */
static bool means(const char *host, const struct proc_listener *listener, bool tls)
{
	struct address address = daemon_settings_host_address(host);

	if (daemon_settings_host_port(host, tls) != listener->port)
		return false;
	return !address.family || address_compare(&address, &listener->address) == 0 ||
	       (is_any(&address) && is_any(&listener->address));
}

static const char *find_host(const struct texts *hosts, const struct proc_listener *listener, bool tls)
{
	for (size_t i = 0; i < hosts->count; i++) {
		if (daemon_settings_host_is_tcp(hosts->items[i]) && means(hosts->items[i], listener, tls))
			return hosts->items[i];
	}
	return NULL;
}

const char *verify_engine_named(const struct engine_facts *facts, const struct proc_listener *listener, char *where,
				size_t size)
{
	bool tls = engine_tls_on(facts);
	const char *host = find_host(&facts->command.hosts, listener, tls);

	if (host) {
		engine_facts_where(facts, true, where, size);
		return host;
	}
	host = find_host(&facts->file.hosts, listener, tls);
	if (host) {
		engine_facts_where(facts, false, where, size);
		return host;
	}
	host = find_host(&facts->activated, listener, tls);
	if (host)
		snprintf(where, size, "in %s or its drop-ins", facts->socket_unit);
	return host;
}

static const struct published_port *published(const struct verify *verify, const struct proc_listener *listener)
{
	const struct inventory *inventory = verify->inventory;

	for (size_t i = 0; inventory && i < inventory->container_count; i++) {
		const struct container *container = inventory->containers[i];

		for (size_t j = 0; j < container->published_count; j++) {
			const struct published_port *port = &container->published[j];

			if (port->protocol == IPPROTO_TCP && port->host_port == listener->port &&
			    address_compare(&port->address, &listener->address) == 0)
				return port;
		}
	}
	return NULL;
}

/* The engine holds the ports of containers itself, in some settings. */
bool verify_engine_other(const struct verify *verify, const struct engine_facts *facts,
			 const struct proc_listener *listener)
{
	const char *metrics = engine_facts_setting(facts, metrics);

	if (verify->info && verify->info->swarm && (listener->port == SWARM_PORT || listener->port == GOSSIP_PORT))
		return true;
	if (metrics && metrics[0] && means(metrics, listener, false))
		return true;
	if (engine_facts_setting(facts, diagnostic_port) == listener->port)
		return true;
	return published(verify, listener) != NULL;
}

/* A socket that no folder keeps is anybody's: what is in the network namespace may connect. */
static void judge_unix(struct verify *verify, const struct engine_facts *facts, const char *path, size_t *count)
{
	if (path[0] == '@')
		verify_find(
			verify, SOCKETS, VERIFY_FAIL, path, REMEDY,
			"dockerd (pid %d) listens on an abstract socket, which has neither owner nor mode: whatever "
			"has the host's network may connect",
			(int)facts->pid);
	else if (!engine_sockets_names(facts, path))
		verify_find(verify, SOCKETS, VERIFY_FAIL, path, REMEDY,
			    "dockerd (pid %d) listens, which nothing that it was told names", (int)facts->pid);
	else
		return;
	++*count;
}

/* Adds those in order to a text. */
static int judge_all(struct verify *verify, const struct engine_facts *facts, struct texts *good, size_t *count)
{
	for (size_t i = 0; i < facts->unix_listeners.count; i++) {
		const char *path = facts->unix_listeners.items[i];
		size_t before = *count;

		if (engine_sockets_internal(facts, path) && !engine_sockets_names(facts, path))
			continue;
		judge_unix(verify, facts, path, count);
		if (*count == before && texts_addf(good, "%s", path) < 0)
			return -1;
	}
	for (size_t i = 0; i < facts->listener_count; i++) {
		const struct proc_listener *listener = &facts->listeners[i];
		char subject[VERIFY_ENGINE_LISTENER], where[256];
		bool swarm = verify->info && verify->info->swarm;

		verify_engine_listener(listener, subject);
		if (verify_engine_named(facts, listener, where, sizeof(where))) {
			if (texts_addf(good, "%s", subject) < 0)
				return -1;
		} else if (!verify_engine_other(verify, facts, listener)) {
			verify_find(verify, SOCKETS, swarm ? VERIFY_WARN : VERIFY_FAIL, subject, REMEDY,
				    "dockerd (pid %d) listens, which nothing that it was told names%s", (int)facts->pid,
				    swarm ? "; with Swarm that may be a port of a service" : "");
			++*count;
		}
	}
	return 0;
}

void verify_engine_sockets(struct verify *verify, const struct engine_facts *facts)
{
	const char *problem = engine_facts_settings_problem(facts);
	cleanup_texts struct texts good = { 0 };
	cleanup_free char *joined = NULL;
	size_t count = 0;

	problem = problem ? problem : facts->listeners_problem;
	problem = problem ? problem : facts->api_problem;
	if (problem) {
		verify_find(verify, SOCKETS, VERIFY_UNKNOWN, NULL, "run this as root on the engine's host",
			    "on what the engine listens, or whether it was told to, is not known: %s", problem);
		return;
	}
	if (judge_all(verify, facts, &good, &count) < 0 || !(joined = texts_join(&good, ", "))) {
		verify->out_of_memory = true;
		return;
	}
	if (!count)
		verify_find(verify, SOCKETS, VERIFY_PASS, NULL, NULL, "dockerd (pid %d) listens where it was told: %s",
			    (int)facts->pid, good.count ? joined : "nowhere");
}
