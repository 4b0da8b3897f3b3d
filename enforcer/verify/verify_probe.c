/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The live probe's checks.  contrib/docs/verify-probe.md says what it proves and what not. */
#include "verify_probe.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "probe_addresses.h"
#include "probe_endpoints.h"
#include "probe_packets.h"
#include "probe_run.h"

#define TEXT_SIZE 1024

#define START                                                                                                          \
	"systemctl enable --now bulkhead   (or once: bulkhead apply)\n"                                                \
	"where it runs: br-netfilter, bridge-nf-iptables, bridge-nf-ip6tables, tables and policy say what makes its "  \
	"rules void"

static const struct verify_check checks[] = {
	{ "probe-tcp", NULL, "TCP does not arrive at an endpoint that no flow names" },
	{ "probe-udp", NULL, "UDP does not arrive at an endpoint that no flow names" },
	{ "probe-icmp", NULL, "a ping does not arrive at an endpoint that no flow names" },
	{ "probe-ethertype", NULL, "frames that are not IP do not arrive" },
	{ "probe-ipv6", NULL, "IPv6 does not arrive, link-local or other" },
};

/* What each check is about, and what helps where it fails. */
static const struct {
	const char *id;
	unsigned kinds; /* a bit for each enum probe_kind */
	const char *remedy;
} parts[] = {
	{ "probe-tcp", 1u << PROBE_TCP, START },
	{ "probe-udp", 1u << PROBE_UDP, START },
	{ "probe-icmp", 1u << PROBE_ICMP, START },
	{ "probe-ethertype", 1u << PROBE_RAW,
	  START "\nthe engine's own setting (icc) is about IP alone and does not help here" },
	{ "probe-ipv6", 1u << PROBE_LINK_UDP | 1u << PROBE_LINK_ECHO | 1u << PROBE_IPV6_TCP | 1u << PROBE_IPV6_UDP,
	  START "\nthe engine's own setting (icc) closes IPv6 only where the engine filters it (ip6tables)" },
};

#define PARTS (sizeof(parts) / sizeof(parts[0]))

/* ---- Words ---- */

/* Appends to a text that may be cut at its end. */
__attribute__((format(printf, 2, 3))) static void add(char text[TEXT_SIZE], const char *fmt, ...)
{
	size_t length = strlen(text);
	va_list arguments;

	va_start(arguments, fmt);
	vsnprintf(text + length, TEXT_SIZE - length, fmt, arguments);
	va_end(arguments);
}

/* "TCP from 192.0.2.253 to 192.0.2.254, …" */
static void add_kinds(char text[TEXT_SIZE], const struct probe_place *place, unsigned some)
{
	const char *before = "";

	for (int kind = 0; kind < PROBE_KINDS; kind++) {
		char from_text[ADDRESS_TEXT_SIZE], to_text[ADDRESS_TEXT_SIZE];
		struct address from, to;

		if (!(some & 1u << kind))
			continue;
		probe_packet_addresses(&place->ends, (enum probe_kind)kind, &from, &to);
		add(text, "%s%s", before, probe_kind_name((enum probe_kind)kind));
		if (from.family)
			add(text, " from %s to %s", address_format(&from, from_text), address_format(&to, to_text));
		before = ", ";
	}
}

/* ---- Judgement ---- */

#define KINDS_IPV4	  (1u << PROBE_TCP | 1u << PROBE_UDP | 1u << PROBE_ICMP)
#define KINDS_IPV6_SUBNET (1u << PROBE_IPV6_TCP | 1u << PROBE_IPV6_UDP)

/* Silence about other addresses than the network's own proves less: what holds them back may be a rule about who may
 * send from where, and what its containers send passes. */
static bool doubt(const struct probe_place *place, unsigned kinds, char text[TEXT_SIZE])
{
	bool borrowed = (place->borrowed4 && kinds & KINDS_IPV4) || (place->borrowed6 && kinds & KINDS_IPV6_SUBNET);
	bool missing = place->uses_ipv6 && !place->has_ipv6 && kinds & KINDS_IPV6_SUBNET;

	if (borrowed)
		add(text,
		    "; but that proves nothing of the network's own addresses, of which there were no two to try: its "
		    "bridge %s has no address of the kind, or its subnet is used up",
		    place->bridge);
	else if (missing)
		add(text,
		    "; but the network's containers have other IPv6 addresses too, and its bridge %s has none, so that "
		    "of their subnet none could be tried",
		    place->bridge);
	return borrowed || missing;
}

/* Says what was found, and what that means. */
static enum verify_status judge(const struct probe_endpoints *endpoints, const struct probe_place *place,
				unsigned kinds, char text[TEXT_SIZE])
{
	unsigned which;

	switch (probe_judge(place, endpoints->lost, kinds, &which)) {
	case PROBE_ARRIVED:
		add(text, "arrived: ");
		add_kinds(text, place, which);
		return VERIFY_FAIL;
	case PROBE_SILENT:
		add(text, "nothing arrived within %u ms of ", PROBE_RUN_MS);
		add_kinds(text, place, which);
		return doubt(place, kinds, text) ? VERIFY_UNKNOWN : VERIFY_PASS;
	case PROBE_NOT_SENT:
		add(text, "%s", place->problem[0] ? place->problem : "nothing of the kind was sent");
		return VERIFY_UNKNOWN;
	case PROBE_NOT_LEFT:
		add(text, "did not even get to its sender's port: ");
		add_kinds(text, place, which);
		return VERIFY_UNKNOWN;
	case PROBE_NOT_AUDIBLE:
		add(text, "silence proves nothing: the receiver does not hear what is sent to it past the bridge: ");
		add_kinds(text, place, which);
		return VERIFY_UNKNOWN;
	case PROBE_TOO_LOUD:
		add(text, "silence proves nothing: there was more traffic than the receiver could hear");
		return VERIFY_UNKNOWN;
	}
	return VERIFY_UNKNOWN;
}

/* Without `meta ibrname` bulkhead knows ports only by their names, and these it was never told. */
static bool guard_is_blind(const struct verify *verify)
{
	return verify->state && verify->state->skeleton == KERNEL_SKELETON_WHOLE && !verify->state->guard_by_bridge;
}

static const char *remedy_of(const struct verify *verify, size_t part)
{
	if (parts[part].kinds == 1u << PROBE_RAW && guard_is_blind(verify))
		return "run a kernel with NFT_BRIDGE_META (those of the distributions have it): on this one bulkhead "
		       "keeps frames that are not IP from containers that it knows, but not from two that it does "
		       "not know yet";
	return parts[part].remedy;
}

static void find_part(struct verify *verify, const struct probe_endpoints *endpoints, const struct probe_place *place,
		      size_t part, const char *subject)
{
	char text[TEXT_SIZE] = "";
	enum verify_status status = VERIFY_SKIP;

	if (place->down)
		add(text, "its bridge %s is down", place->bridge);
	else
		status = judge(endpoints, place, parts[part].kinds, text);
	verify_find(verify, parts[part].id, status, subject, status == VERIFY_FAIL ? remedy_of(verify, part) : NULL,
		    "%s", text);
}

static void find_all(struct verify *verify, const struct probe_endpoints *endpoints)
{
	for (size_t i = 0; i < endpoints->count; i++) {
		char subject[256];

		snprintf(subject, sizeof(subject), "network %s", endpoints->places[i].network);
		for (size_t part = 0; part < PARTS; part++)
			find_part(verify, endpoints, &endpoints->places[i], part, subject);
	}
}

/* The same of every check: none could be made. */
static void find_none(struct verify *verify, enum verify_status status, const char *why)
{
	for (size_t part = 0; part < PARTS; part++)
		verify_find(verify, parts[part].id, status, NULL, NULL, "%s", why);
}

/* No network is managed; that is silence about those that are excluded. */
static void find_nowhere(struct verify *verify)
{
	const struct inventory *inventory = verify->inventory;
	size_t excluded = 0;

	for (size_t i = 0; i < inventory->network_count; i++)
		excluded += inventory->networks[i]->bridge[0] != '\0';
	if (excluded)
		find_none(verify, VERIFY_WARN,
			  "nothing was probed: networks.exclude of the configuration excludes every bridge network");
	else
		find_none(verify, VERIFY_SKIP, "the engine has no bridge network");
}

/* ---- The way through ---- */

static size_t count_bridges(const struct inventory *inventory)
{
	size_t count = 0;

	for (size_t i = 0; i < inventory->network_count; i++)
		count += inventory->networks[i]->managed && inventory->networks[i]->bridge[0];
	return count;
}

static void name_places(const struct inventory *inventory, struct probe_endpoints *endpoints)
{
	struct probe_place *place = endpoints->places;

	for (size_t i = 0; i < inventory->network_count; i++) {
		const struct network *network = inventory->networks[i];

		if (!network->managed || !network->bridge[0])
			continue;
		place->network = network->name;
		place->bridge = network->bridge;
		for (size_t j = 0; j < network->endpoint_count; j++)
			place->uses_ipv6 = place->uses_ipv6 || network->endpoints[j].ipv6.family;
		place++;
	}
}

static int probe(struct verify *verify, size_t count, struct error *err)
{
	cleanup_of(probe_endpoints) struct probe_endpoints *endpoints = NULL;
	const struct inventory *inventory = verify->inventory;
	int r = probe_endpoints_new(count, &endpoints, err);

	if (r < 0)
		return r;
	name_places(inventory, endpoints);
	probe_endpoints_make(endpoints);
	r = probe_addresses_choose(inventory, endpoints, err);
	if (r == 0)
		r = probe_run(endpoints, err);
	if (r < 0)
		return r;
	probe_endpoints_recheck(endpoints);
	find_all(verify, endpoints);
	return 0;
}

static void run(struct verify *verify)
{
	struct error err = { "" };
	size_t count;
	int r;

	if (!verify->inventory) {
		find_none(verify, VERIFY_UNKNOWN, verify->engine_error ? verify->engine_error : "no engine was heard");
		return;
	}
	count = count_bridges(verify->inventory);
	if (!count) {
		find_nowhere(verify);
		return;
	}
	r = probe(verify, count, &err);
	if (r == -EPERM || r == -EACCES)
		error_context(&err, r, "the probe needs the capabilities SYS_ADMIN, NET_ADMIN and NET_RAW");
	if (r < 0)
		find_none(verify, VERIFY_UNKNOWN, err.text);
}

const struct verify_group verify_probe = {
	.name = "probe",
	.title = "Packets sent, and not arrived",
	.checks = checks,
	.check_count = sizeof(checks) / sizeof(checks[0]),
	.run = run,
};
