/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who may speak to the engine over TCP.  Its settings for TLS hold for all its listeners at once; which those are is
 * asked of the kernel too, because a listener can come from systemd (-H fd://) and be named by nothing that the engine
 * was told.  Settings: moby, cmd/dockerd/daemon.go (loadDaemonCliConfig, newAPIServerTLSConfig).
 */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "utf8.h"
#include "verify_engine_internal.h"

#define TLS "engine-tls"

/* Swarm's own: TLS of both sides on the first, gossip with a key of its own on the other. */
#define SWARM_PORT  2377
#define GOSSIP_PORT 7946

#define REMEDY                                                                                                         \
	"whoever reaches this port is root on this host: take it away, or set \"tlsverify\": true, \"tlscacert\", "    \
	"\"tlscert\" and \"tlskey\" in daemon.json (or the flags of these names) and restart the engine"

/* Tried with 20.10.24: anything but `false` of tlsverify turns TLS on, `tls` alone means tlsverify too, and tls: false
 * beside a tlsverify says nothing.  Before 20.10 `tls` alone took any client. */
enum protection {
	PROTECTION_NONE,
	PROTECTION_ANY_CLIENT,	/* encrypted, for anybody */
	PROTECTION_BY_DEFAULT,	/* a certificate is wanted, which nobody said */
	PROTECTION_CERTIFICATE, /* … and somebody did */
};

static enum protection protection(const struct engine_facts *facts)
{
	switch (engine_facts_setting(facts, tlsverify)) {
	case DAEMON_ON:
		return PROTECTION_CERTIFICATE;
	case DAEMON_UNSET:
		return engine_facts_setting(facts, tls) == DAEMON_ON ? PROTECTION_BY_DEFAULT : PROTECTION_NONE;
	default:
		return PROTECTION_ANY_CLIENT;
	}
}

static bool has_tls(const struct engine_facts *facts)
{
	return protection(facts) != PROTECTION_NONE;
}

/* Whether the command line decides, not the file. */
static bool told_by_command(const struct engine_facts *facts)
{
	if (engine_facts_setting(facts, tlsverify) != DAEMON_UNSET)
		return facts->command.tlsverify != DAEMON_UNSET;
	return facts->command.tls != DAEMON_UNSET;
}

/* Of a listener that wants a certificate: whether it does so now, and whose. */
static void judge_certificate(struct verify *verify, const struct engine_facts *facts, const char *subject,
			      const char *seen)
{
	const char *authority = engine_facts_setting(facts, tlscacert);
	bool by_command = told_by_command(facts);
	char where[256];

	verify_engine_where(facts, by_command, where, sizeof(where));
	if (!by_command && facts->file_newer)
		verify_find(verify, TLS, VERIFY_UNKNOWN, subject, "restart the engine",
			    "%s; TLS is set %s, but that was written after the engine had started: whether it is in "
			    "effect is "
			    "not known",
			    seen, where);
	else if (!authority || !authority[0])
		verify_find(verify, TLS, VERIFY_WARN, subject,
			    "set \"tlscacert\" to the authority that signs your clients' certificates, and restart the "
			    "engine",
			    "%s; TLS is set %s, but tlscacert is not: without a ca.pem in the engine's own folder it "
			    "takes a "
			    "certificate of any authority that this host trusts",
			    seen, where);
	else if (protection(facts) == PROTECTION_BY_DEFAULT)
		verify_find(verify, TLS, VERIFY_WARN, subject, "set \"tlsverify\": true, and restart the engine",
			    "%s; tls is on %s and tlsverify not mentioned: engines since 20.10 want a client "
			    "certificate then, "
			    "older ones do not",
			    seen, where);
	else
		verify_find(verify, TLS, VERIFY_PASS, subject, NULL, "%s; tlsverify is on %s, for clients of %s", seen,
			    where, authority);
}

/* One listener that is there or will be: what the settings mean for it.  `seen` says how we know of it; named: the
 * engine was told of it, so that it is the API for certain. */
static void judge(struct verify *verify, const struct engine_facts *facts, const char *subject, const char *seen,
		  bool named)
{
	const char *problem = engine_facts_settings_problem(facts);
	enum protection what = protection(facts);

	if (what >= PROTECTION_BY_DEFAULT)
		judge_certificate(verify, facts, subject, seen);
	else if (problem)
		verify_find(verify, TLS, VERIFY_UNKNOWN, subject, "run this as root on the engine's host",
			    "%s; whether it wants client certificates is not known: %s", seen, problem);
	else if (!named && verify->info && verify->info->swarm)
		verify_find(
			verify, TLS, VERIFY_WARN, subject,
			"look with `docker service ls` whether a service publishes this port; if none does: " REMEDY,
			"%s; with Swarm that may be a port of a service, which the engine holds: if it is not, anybody "
			"may connect",
			seen);
	else
		verify_find(verify, TLS, VERIFY_FAIL, subject, REMEDY, "%s; %s", seen,
			    what == PROTECTION_ANY_CLIENT
				    ? "TLS is on, but takes any client: tlsverify is not on"
				    : "neither tls nor tlsverify is on: anybody may connect, and nothing is encrypted");
}

static const struct published_port *published(const struct verify *verify, const struct proc_listener *listener)
{
	const struct inventory *inventory = verify->reconciler ? verify->reconciler->inventory : NULL;

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

/* The entry of hosts that has this port, or NULL. */
static const char *named_by(const struct texts *hosts, uint16_t port, bool tls)
{
	for (size_t i = 0; i < hosts->count; i++) {
		if (daemon_settings_host_is_tcp(hosts->items[i]) &&
		    daemon_settings_host_port(hosts->items[i], tls) == port)
			return hosts->items[i];
	}
	return NULL;
}

/* What a socket is for, if not for the API: the engine holds the ports of containers itself, in some settings. */
static bool is_other_service(const struct verify *verify, const struct engine_facts *facts,
			     const struct proc_listener *listener)
{
	const char *metrics = engine_facts_setting(facts, metrics);

	if (verify->info && verify->info->swarm && (listener->port == SWARM_PORT || listener->port == GOSSIP_PORT))
		return true;
	if (metrics && metrics[0] && daemon_settings_host_port(metrics, false) == listener->port)
		return true;
	if (engine_facts_setting(facts, diagnostic_port) == listener->port)
		return true;
	return published(verify, listener) != NULL;
}

static size_t judge_listeners(struct verify *verify, const struct engine_facts *facts)
{
	size_t count = 0;

	for (size_t i = 0; i < facts->listener_count; i++) {
		const struct proc_listener *listener = &facts->listeners[i];
		bool tls = has_tls(facts);
		const char *command = named_by(&facts->command.hosts, listener->port, tls);
		const char *file = named_by(&facts->file.hosts, listener->port, tls);
		char address[ADDRESS_TEXT_SIZE], subject[96], seen[512], where[256];

		if (!command && !file && is_other_service(verify, facts, listener))
			continue;
		address_format(&listener->address, address);
		snprintf(subject, sizeof(subject), "%s%s%s:%u/tcp", listener->address.family == ADDRESS_IPV6 ? "[" : "",
			 address, listener->address.family == ADDRESS_IPV6 ? "]" : "", (unsigned)listener->port);
		if (command || file)
			snprintf(seen, sizeof(seen), "dockerd listens, as \"%.*s\" %s says",
				 (int)utf8_cut(command ? command : file, 100), command ? command : file,
				 verify_engine_where(facts, command, where, sizeof(where)));
		else
			snprintf(seen, sizeof(seen), "dockerd (pid %d) listens, which nothing that it was told names",
				 (int)facts->pid);
		judge(verify, facts, subject, seen, command || file);
		count++;
	}
	return count;
}

static bool is_listening(const struct engine_facts *facts, uint16_t port)
{
	for (size_t i = 0; i < facts->listener_count; i++) {
		if (facts->listeners[i].port == port)
			return true;
	}
	return false;
}

/* Those that the engine was told of and that no socket stands for: since the file was changed, or nobody can see. */
static size_t judge_hosts(struct verify *verify, const struct engine_facts *facts, bool command)
{
	const struct texts *hosts = command ? &facts->command.hosts : &facts->file.hosts;
	size_t count = 0;

	for (size_t i = 0; i < hosts->count; i++) {
		char seen[512], where[256];

		if (!daemon_settings_host_is_tcp(hosts->items[i]) ||
		    is_listening(facts, daemon_settings_host_port(hosts->items[i], has_tls(facts))))
			continue;
		snprintf(seen, sizeof(seen), "%s %s",
			 facts->listeners_problem ? "named" : "not listening now, but named",
			 verify_engine_where(facts, command, where, sizeof(where)));
		judge(verify, facts, hosts->items[i], seen, true);
		count++;
	}
	return count;
}

void verify_engine_tls(struct verify *verify, const struct engine_facts *facts)
{
	size_t count = judge_listeners(verify, facts);
	const char *problem = engine_facts_settings_problem(facts);

	count += judge_hosts(verify, facts, true);
	count += judge_hosts(verify, facts, false);
	problem = problem ? problem : facts->listeners_problem;
	/* Without its answer the process may be another engine's. */
	problem = problem ? problem : facts->api_problem;
	if (problem)
		verify_find(verify, TLS, VERIFY_UNKNOWN, NULL, "run this as root on the engine's host",
			    "whether there are %sTCP listeners is not known: %s", count ? "more " : "", problem);
	else if (count == 0)
		verify_find(verify, TLS, VERIFY_PASS, NULL, NULL,
			    "no TCP listener: none is named %s, and dockerd (pid %d) has none among its sockets",
			    facts->file_exists ? "on its command line or in its configuration file"
					       : "on its command line",
			    (int)facts->pid);
}
