/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine's own settings.  Its API says what holds now, its command line and configuration file what it was told and
 * will be told again: where they disagree the next restart changes something, and that is said.
 */
#include "verify_engine.h"

#include <stdio.h>
#include <string.h>

#include "utf8.h"
#include "verify_engine_sockets.h"
#include "verify_engine_tls.h"
#include "verify_facts.h"

#define ICC	   "engine-icc"
#define REGISTRIES "engine-registries"
#define TLS	   "engine-tls"
#define USERNS	   "engine-userns"
#define SOCKETS	   "engine-sockets"

static const struct verify_check checks[] = {
	{ ICC, "2.2", "traffic between containers is restricted on the default bridge" },
	{ REGISTRIES, "2.5", "no insecure registry is used" },
	{ TLS, "2.7", "each TCP listener of the engine wants a client certificate" },
	{ SOCKETS, NULL, "the engine listens nowhere but where it was told" },
	{ USERNS, "2.9", "root in a container is not root on the host" },
};

/* What the engine was told of a switch, and where. */
static void tell_switch(const struct engine_facts *facts, const char *name, enum daemon_switch command,
			enum daemon_switch file, char *text, size_t size)
{
	static const char *const values[] = {
		[DAEMON_OFF] = "false", [DAEMON_ON] = "true", [DAEMON_INVALID] = "invalid"
	};
	char where[256];

	if (command == DAEMON_UNSET && file == DAEMON_UNSET)
		snprintf(text, size, "%s is set neither on its command line nor in its configuration file", name);
	else
		snprintf(text, size, "%s is %s %s", name, values[command ? command : file],
			 engine_facts_where(facts, command != DAEMON_UNSET, where, sizeof(where)));
}

/* -- 2.2 */

#define ICC_REMEDY                                                                                                     \
	"set \"icc\": false in daemon.json (or --icc=false on the command line, never both) and restart the engine; "  \
	"with "                                                                                                        \
	"live-restore stop the containers first"

static const struct network *default_bridge(const struct inventory *inventory)
{
	for (size_t i = 0; i < inventory->network_count; i++) {
		const struct network *network = inventory->networks[i];

		if (network->name && strcmp(network->name, "bridge") == 0)
			return network;
	}
	return NULL;
}

static void check_icc(struct verify *verify, const struct engine_facts *facts)
{
	const struct inventory *inventory = verify->inventory;
	const struct network *network = inventory ? default_bridge(inventory) : NULL;
	const char *problem = engine_facts_settings_problem(facts);
	bool off, told_off = engine_facts_setting(facts, icc) == DAEMON_OFF;
	char told[512];

	if (!inventory) {
		verify_find(verify, ICC, VERIFY_UNKNOWN, NULL, NULL, "the engine does not say: %s",
			    verify->engine_error ? verify->engine_error : "its networks are not known");
		return;
	}
	if (!network) {
		verify_find(verify, ICC, VERIFY_SKIP, NULL, NULL, "the engine has no default bridge");
		return;
	}
	off = network->icc && daemon_settings_switch(network->icc) == DAEMON_OFF;
	tell_switch(facts, "icc", facts->command.icc, facts->file.icc, told, sizeof(told));
	if (!off && !problem && told_off)
		verify_find(
			verify, ICC, VERIFY_FAIL, "network bridge",
			"restart the engine; with live-restore stop the containers first, else the old setting stays",
			"ICC is on, says the engine: %s, but that is not in effect", told);
	else if (!off)
		verify_find(verify, ICC, VERIFY_FAIL, "network bridge", ICC_REMEDY, "ICC is on, says the engine; %s",
			    problem ? problem : told);
	else if (problem)
		verify_find(verify, ICC, VERIFY_UNKNOWN, "network bridge", "run this as root on the engine's host",
			    "ICC is off, says the engine; whether it stays so after a restart is not known: %s",
			    problem);
	else if (!told_off)
		verify_find(verify, ICC, VERIFY_WARN, "network bridge", ICC_REMEDY,
			    "ICC is off, says the engine, but a restart turns it on: %s", told);
	else
		verify_find(verify, ICC, VERIFY_PASS, "network bridge", NULL, "ICC is off, says the engine; %s", told);
}

/* -- 2.5 */

static bool is_built_in(const char *registry)
{
	return strcmp(registry, "127.0.0.0/8") == 0 || strcmp(registry, "::1/128") == 0;
}

static int add_registries(struct texts *said, const struct texts *registries, const char *where)
{
	for (size_t i = 0; i < registries->count; i++) {
		if (!is_built_in(registries->items[i]) && texts_addf(said, "%s %s", registries->items[i], where) < 0)
			return -1;
	}
	return 0;
}

/* Everything that is insecure, with where it stands. */
static int collect_registries(const struct engine_facts *facts, struct texts *said)
{
	char where[256];

	if (add_registries(said, &facts->api.insecure_registries, "in effect, says the engine") < 0)
		return -1;
	engine_facts_where(facts, true, where, sizeof(where));
	if (add_registries(said, &facts->command.insecure_registries, where) < 0)
		return -1;
	engine_facts_where(facts, false, where, sizeof(where));
	return add_registries(said, &facts->file.insecure_registries, where);
}

static void check_registries(struct verify *verify, const struct engine_facts *facts)
{
	const char *problem = engine_facts_settings_problem(facts);
	cleanup_texts struct texts said = { 0 };
	cleanup_free char *joined = NULL;

	if (collect_registries(facts, &said) < 0 || !(joined = texts_join(&said, "; "))) {
		verify->out_of_memory = true;
		return;
	}
	if (facts->api_problem)
		problem = facts->api_problem;
	else if (!facts->api.registries_known)
		problem = "GET /info has no RegistryConfig, or one that cannot be read";
	if (said.count)
		verify_find(verify, REGISTRIES, VERIFY_FAIL, NULL,
			    "give the registry a certificate (its authority goes to "
			    "/etc/docker/certs.d/HOST:PORT/ca.crt) and "
			    "take it out of \"insecure-registries\" in daemon.json and of --insecure-registry, then "
			    "restart the "
			    "engine: who answers in its place decides what runs here",
			    "%s", joined);
	else if (problem)
		verify_find(verify, REGISTRIES, VERIFY_UNKNOWN, NULL,
			    facts->api_problem ? NULL : "run this as root on the engine's host",
			    "none is seen, but not all could be read: %s", problem);
	else
		verify_find(verify, REGISTRIES, VERIFY_PASS, NULL, NULL,
			    "none, say the engine, its command line and its configuration file");
}

/* -- 2.9 */

#define USERNS_REMEDY                                                                                                  \
	"set \"userns-remap\": \"default\" in daemon.json and restart the engine; images and volumes have to be made " \
	"anew, and containers that need the host's root can be given --userns=host one by one"

/* To map root onto itself is to map nothing, the engine says, and leaves it: "root", "0", "root:x". */
static bool remaps(const char *told)
{
	size_t length = told ? strcspn(told, ":") : 0;

	if (!length || (length == 4 && strncmp(told, "root", 4) == 0))
		return false;
	return strspn(told, "0") < length;
}

static void tell_userns(const struct engine_facts *facts, char *text, size_t size)
{
	const char *told = engine_facts_setting(facts, userns_remap);
	char where[256];

	if (told && told[0])
		snprintf(text, size, "userns-remap is \"%.*s\" %s", (int)utf8_cut(told, 100), told,
			 engine_facts_where(facts, facts->command.userns_remap, where, sizeof(where)));
	else
		snprintf(text, size, "userns-remap is set neither on its command line nor in its configuration file");
}

static void check_userns(struct verify *verify, const struct engine_facts *facts)
{
	const char *problem = engine_facts_settings_problem(facts), *told = engine_facts_setting(facts, userns_remap);
	bool told_on = remaps(told);
	char text[512];

	tell_userns(facts, text, sizeof(text));
	if (facts->api_problem || !facts->api.options_known)
		verify_find(verify, USERNS, VERIFY_UNKNOWN, NULL, NULL, "the engine does not say: %s",
			    facts->api_problem ? facts->api_problem : "GET /info has no SecurityOptions");
	else if (facts->api.rootless)
		verify_find(verify, USERNS, VERIFY_PASS, NULL, NULL, "the engine is rootless, says the engine");
	else if (!facts->api.userns && told_on)
		verify_find(verify, USERNS, VERIFY_FAIL, NULL, "restart the engine",
			    "not remapped, says the engine: %s, but that is not in effect", text);
	else if (!facts->api.userns)
		verify_find(verify, USERNS, VERIFY_FAIL, NULL, USERNS_REMEDY, "not remapped, says the engine; %s",
			    problem ? problem : text);
	else if (problem)
		verify_find(verify, USERNS, VERIFY_UNKNOWN, NULL, "run this as root on the engine's host",
			    "remapped, says the engine; whether it stays so after a restart is not known: %s", problem);
	else if (!told_on)
		verify_find(verify, USERNS, VERIFY_WARN, NULL, USERNS_REMEDY,
			    "remapped, says the engine, but not after a restart: %s", text);
	else
		verify_find(verify, USERNS, VERIFY_PASS, NULL, NULL, "remapped, says the engine; %s", text);
}

void verify_engine_judge(struct verify *verify, const struct engine_facts *facts)
{
	check_icc(verify, facts);
	check_registries(verify, facts);
	verify_engine_tls(verify, facts);
	verify_engine_sockets(verify, facts);
	check_userns(verify, facts);
}

static void run(struct verify *verify)
{
	verify_facts_judge(verify, verify_engine_judge);
}

const struct verify_group verify_engine = {
	.name = "engine",
	.title = "the engine's settings",
	.audit = true,
	.checks = checks,
	.check_count = sizeof(checks) / sizeof(checks[0]),
	.run = run,
};
