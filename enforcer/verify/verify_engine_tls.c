/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who may speak to the engine over TCP.  Its settings for TLS hold for all its listeners at once; which those are is
 * asked of the kernel too, because a listener can come from systemd (-H fd://) and be named by nothing that the engine
 * was told.  Settings: moby, cmd/dockerd/daemon.go (loadDaemonCliConfig, newAPIServerTLSConfig).
 */
#include "verify_engine_tls.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "engine_tls.h"
#include "utf8.h"
#include "verify_engine_sockets.h"

#define TLS "engine-tls"

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
	const struct engine_tls_file *authority = &facts->tls_ca;
	bool by_command = told_by_command(facts);
	char where[256];

	engine_facts_where(facts, by_command, where, sizeof(where));
	if (!by_command && facts->file_newer)
		verify_find(verify, TLS, VERIFY_UNKNOWN, subject, "restart the engine",
			    "%s; TLS is set %s, but that was written after the engine had started: whether it is in "
			    "effect is "
			    "not known",
			    seen, where);
	else if (authority->problem)
		verify_find(verify, TLS, VERIFY_UNKNOWN, subject, "run this as root on the engine's host",
			    "%s; TLS is set %s; whose certificates it takes is not known: %s", seen, where,
			    authority->problem);
	else if (authority->told && authority->path && !authority->exists)
		verify_find(verify, TLS, VERIFY_UNKNOWN, subject, "put the file back, and restart the engine",
			    "%s; TLS is set %s; whose certificates it takes is not known: there is no %s", seen, where,
			    authority->path);
	else if (authority->exists && authority->newer)
		verify_find(verify, TLS, VERIFY_UNKNOWN, subject, "restart the engine",
			    "%s; TLS is set %s; whose certificates it takes is not known: %s was written after the "
			    "engine had started",
			    seen, where, authority->path);
	else if (!authority->exists)
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
			    where, authority->path);
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

static size_t judge_listeners(struct verify *verify, const struct engine_facts *facts)
{
	size_t count = 0;

	for (size_t i = 0; i < facts->listener_count; i++) {
		const struct proc_listener *listener = &facts->listeners[i];
		char subject[VERIFY_ENGINE_LISTENER], seen[512], where[256];
		const char *host = verify_engine_named(facts, listener, where, sizeof(where));

		if (!host && verify_engine_other(verify, facts, listener))
			continue;
		if (host)
			snprintf(seen, sizeof(seen), "dockerd listens, as \"%.*s\" %s says", (int)utf8_cut(host, 100),
				 host, where);
		else
			snprintf(seen, sizeof(seen), "dockerd (pid %d) listens, which nothing that it was told names",
				 (int)facts->pid);
		judge(verify, facts, verify_engine_listener(listener, subject), seen, host != NULL);
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
		    is_listening(facts, daemon_settings_host_port(hosts->items[i], engine_tls_on(facts))))
			continue;
		snprintf(seen, sizeof(seen), "%s %s",
			 facts->listeners_problem ? "named" : "not listening now, but named",
			 engine_facts_where(facts, command, where, sizeof(where)));
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
