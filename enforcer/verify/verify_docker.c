/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Docker's own rules: its drop where ICC is off, the accept that lets declared flows pass it, and where both stand. */
#include "verify_docker.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine_version.h"
#include "icc.h"
#include "kernel_icc.h"
#include "audit_files.h"

static const char *const family_names[2] = { "IPv4", "IPv6" };

static bool has_ipv6(const struct network *network)
{
	for (size_t i = 0; i < network->endpoint_count; i++) {
		if (network->endpoints[i].ipv6.family)
			return true;
	}
	return false;
}

static bool is_off(const struct network *network)
{
	return network->managed && icc_read(network) == ICC_OFF;
}

/* The first managed network with ICC off that has the family, or NULL. */
static const struct network *network_off(const struct verify *verify, size_t family)
{
	const struct inventory *inventory = verify->inventory;

	for (size_t i = 0; i < inventory->network_count; i++) {
		if (is_off(inventory->networks[i]) && (!family || has_ipv6(inventory->networks[i])))
			return inventory->networks[i];
	}
	return NULL;
}

/* ---- The drop ---- */

#define REMEDY_DROP                                                                                                    \
	"systemctl restart docker   writes Docker's rules again; then look for what took them away: \"flush "          \
	"ruleset\" in "                                                                                                \
	"/etc/nftables.conf, iptables -F in scripts, a firewall's reload"
#define REMEDY_ACCEPT                                                                                                  \
	"look at it with iptables -S (ip6tables -S), or nft -a list chain, and take it out, or say in it which "       \
	"interfaces it is for: it stands above Docker's drop, often in DOCKER-USER or at the top of FORWARD"

/* What a missing drop means: bulkhead may be the wall, but not of a network that it is told to leave alone. */
static enum verify_status gravity(const struct verify *verify, const struct network *network, const char **ret_wall)
{
	if (!network->managed) {
		*ret_wall = "; networks.exclude: bulkhead does not guard it either";
		return verify_icc_required(verify) ? VERIFY_FAIL : VERIFY_WARN;
	}
	if (verify->enforced && verify_has_observed(verify, network)) {
		*ret_wall = ", and bulkhead only observes some of its containers: what it would deny passes";
		return VERIFY_FAIL;
	}
	*ret_wall = verify->enforced ? "; bulkhead's policy is in force: it is the only wall" : "";
	return verify->enforced ? VERIFY_WARN : VERIFY_FAIL;
}

static void say_absent(struct verify *verify, const char *subject, const struct network *network, size_t family,
		       const char *where)
{
	const char *wall, *name = family_names[family];
	enum verify_status bad = gravity(verify, network, &wall);

	if (verify->state->docker[family].backend == KERNEL_DOCKER_NONE && family)
		verify_find(verify, "docker-icc-drop", bad, subject,
			    "let the engine filter IPv6 too: \"ip6tables\": true in /etc/docker/daemon.json (before 27 "
			    "also \"experimental\": true), and restart it",
			    "IPv6: ICC is off, but the engine has no IPv6 rules in nftables%s", wall);
	else
		verify_find(verify, "docker-icc-drop", bad, subject, REMEDY_DROP,
			    "%s: ICC is off, but no rule of Docker's drops packets between its ports%s%s%s", name,
			    *where ? ": " : "", where, wall);
}

/* Since it knows that mode (27) the engine lets ICMP pass into a network that it routes to, from anywhere, so from its
 * own ports as well (moby, libnetwork/drivers/bridge). */
static bool lets_icmp_pass(const struct verify *verify, const struct network *network, size_t family)
{
	return (family ? network->routed6 : network->routed4) && verify->version &&
	       engine_version_compare(verify->version->version, "27") >= 0;
}

/* The engine's own, in which it opens what it opens; nobody else's rules stand there. */
#define OWN_CHAIN " of chain DOCKER ("

static void say_icmp(struct verify *verify, const char *subject, const struct network *network, size_t family,
		     const char *where)
{
	const char *wall;
	enum verify_status bad = gravity(verify, network, &wall);

	verify_find(verify, "docker-icc-drop", bad, subject,
		    "nothing of the engine's closes it on a network that it routes to; where that is not needed, make "
		    "the network anew without gateway_mode",
		    "%s: ICC is off, but the engine lets ICMP pass between its ports: it routes to this network "
		    "(gateway_mode_ipv%c=routed; %s)%s",
		    family_names[family], family ? '6' : '4', where, wall);
}

static void judge_drop(struct verify *verify, const struct kernel_icc *icc, const struct network *network,
		       size_t family)
{
	const char *wall, *name = family_names[family];
	enum verify_status bad = gravity(verify, network, &wall);
	char subject[320], where[KERNEL_ICC_WHERE_SIZE];
	enum kernel_icc_verdict verdict;

	snprintf(subject, sizeof(subject), "network %s (%s)", network->name, network->bridge);
	verdict = kernel_icc_verdict(icc, family, network->bridge, where);
	if (lets_icmp_pass(verify, network, family) &&
	    (verdict == KERNEL_ICC_DROPPED || (verdict == KERNEL_ICC_DOUBTFUL && strstr(where, OWN_CHAIN)))) {
		say_icmp(verify, subject, network, family, where);
		return;
	}
	switch (verdict) {
	case KERNEL_ICC_DROPPED:
		verify_find(verify, "docker-icc-drop", VERIFY_PASS, subject, NULL,
			    "%s: Docker's rules drop packets between its ports: %s", name, where);
		return;
	case KERNEL_ICC_ACCEPTED:
		verify_find(verify, "docker-icc-drop", bad, subject, REMEDY_ACCEPT,
			    "%s: ICC is off, but %s accepts packets between its ports before Docker drops them%s", name,
			    where, wall);
		return;
	case KERNEL_ICC_DOUBTFUL:
		verify_find(verify, "docker-icc-drop", bad == VERIFY_WARN ? VERIFY_WARN : VERIFY_UNKNOWN, subject,
			    REMEDY_ACCEPT,
			    "%s: ICC is off, but %s may let packets between its ports pass before Docker drops them: "
			    "it has conditions that are not judged here%s",
			    name, where, wall);
		return;
	default:
		say_absent(verify, subject, network, family, where);
	}
}

static void judge_drops(struct verify *verify, const struct kernel_icc *icc)
{
	const struct inventory *inventory = verify->inventory;
	bool any = false;

	for (size_t i = 0; i < inventory->network_count; i++) {
		const struct network *network = inventory->networks[i];

		if (!network->bridge[0] || icc_read(network) != ICC_OFF)
			continue;
		any = true;
		judge_drop(verify, icc, network, 0);
		if (has_ipv6(network))
			judge_drop(verify, icc, network, 1);
	}
	if (!any)
		verify_find(verify, "docker-icc-drop", VERIFY_SKIP, NULL, NULL, "no network has ICC off");
}

void verify_docker_drop(struct verify *verify)
{
	cleanup_of(kernel_icc) struct kernel_icc *icc = NULL;
	const char *problem = verify->engine_error ? verify->engine_error : verify->kernel_error;
	struct error err;

	if (!problem && kernel_icc_new(verify->kernel, verify->state, verify->host->config->mark, &icc, &err) < 0)
		problem = err.text;
	if (problem)
		verify_find(verify, "docker-icc-drop", VERIFY_UNKNOWN, NULL, NULL, "%s", problem);
	else
		judge_drops(verify, icc);
}

/* ---- The accept ---- */

static const char *accept_remedy(const struct verify *verify, const struct kernel_docker *docker, char text[512])
{
	uint32_t mark = verify->host->config->mark;

	if (!mark)
		return "give bulkhead a bit of the packet mark (\"mark\" in its configuration), or turn ICC on";
	if (docker->backend == KERNEL_DOCKER_IPTABLES)
		return "bulkhead apply, or systemctl start bulkhead, puts it there";
	if (docker->backend == KERNEL_DOCKER_NONE)
		return "switch the host to iptables-nft (update-alternatives --set iptables /usr/sbin/iptables-nft) if "
		       "it "
		       "uses iptables-legacy, and restart the engine";
	snprintf(text, 512,
		 "add \"bridge-accept-fwmark\": \"0x%08" PRIx32 "/0x%08" PRIx32
		 "\" to /etc/docker/daemon.json and restart the engine",
		 mark, mark);
	return text;
}

static const char *accept_problem(const struct verify *verify, const struct kernel_docker *docker)
{
	if (!verify->host->config->mark)
		return "\"mark\" is \"0\"";
	switch (docker->backend) {
	case KERNEL_DOCKER_IPTABLES:
		return docker->installed ? "bulkhead's accept is not the first rule there, or stands there twice"
					 : "bulkhead's accept is not there";
	case KERNEL_DOCKER_NFTABLES:
		return "the engine's nftables backend has not been told the mark";
	default:
		return "Docker's chains are not in nftables (iptables-legacy, or the ruleset was flushed)";
	}
}

static void judge_accept(struct verify *verify, size_t family)
{
	const struct kernel_docker *docker = &verify->state->docker[family];
	const struct network *network = network_off(verify, family);
	const char *name = family_names[family];
	char text[512];

	if (docker->wanted && docker->accept_present)
		verify_find(verify, "docker-accept", VERIFY_PASS, name, NULL,
			    "Docker's rules accept bulkhead's mark (%s)",
			    docker->chain[0] ? docker->chain : "bridge-accept-fwmark");
	else if (network)
		verify_find(verify, "docker-accept", VERIFY_FAIL, name, accept_remedy(verify, docker, text),
			    "%s %s%s ICC is off on network %s, so Docker's own drop stops declared flows there",
			    docker->chain, accept_problem(verify, docker), docker->chain[0] ? ":" : ",", network->name);
	else
		verify_find(verify, "docker-accept", VERIFY_SKIP, name, NULL,
			    "no managed network has ICC off: there is no drop to pass");
}

/* The engine's own backend looks at the mark on networks with a way out alone (moby, nftabler/network.go). */
static void judge_internal(struct verify *verify)
{
	const struct inventory *inventory = verify->inventory;

	for (size_t i = 0; i < inventory->network_count; i++) {
		const struct network *network = inventory->networks[i];
		char subject[300];

		if (!is_off(network) || !network->internal)
			continue;
		snprintf(subject, sizeof(subject), "network %s", network->name);
		verify_find(verify, "docker-accept", VERIFY_FAIL, subject,
			    "leave ICC on for it: bulkhead keeps its containers apart (icc-network then warns)",
			    "it is internal with ICC off: there the engine's nftables backend accepts no mark, and its "
			    "drop "
			    "stops declared flows");
	}
}

void verify_docker_accept(struct verify *verify)
{
	const char *problem = verify->engine_error ? verify->engine_error : verify->kernel_error;

	if (problem) {
		verify_find(verify, "docker-accept", VERIFY_UNKNOWN, NULL, NULL, "%s", problem);
		return;
	}
	judge_accept(verify, 0);
	if (network_off(verify, 1) || verify->state->docker[1].wanted)
		judge_accept(verify, 1);
	if (verify->state->docker[0].backend == KERNEL_DOCKER_NFTABLES)
		judge_internal(verify);
}

/* ---- iptables-legacy ---- */

/* The tables that the old interface has filled, "nat filter".  False: could not be told. */
static bool read_legacy(const char *root, const char *file, char tables[128], struct error *err)
{
	cleanup_free char *text = NULL;
	struct stat folder;
	char path[64];
	size_t length;
	int r;

	/* Where there is no /proc, nothing in it tells anything. */
	if (audit_files_stat(root, "/proc/net/.", &folder, err) < 0)
		return false;
	snprintf(path, sizeof(path), "/proc/net/%s", file);
	tables[0] = '\0';
	r = audit_files_read(root, path, &text, &length, err);
	if (r < 0)
		return r == -ENOENT; /* the module is not loaded */
	snprintf(tables, 128, "%s", text);
	for (char *c = tables; *c; c++)
		*c = *c == '\n' && c[1] ? ' ' : *c == '\n' ? '\0' : *c;
	return true;
}

static void judge_legacy(struct verify *verify, size_t family, const char *tables)
{
	const char *tool = family ? "ip6tables" : "iptables";
	bool docker = verify->state && verify->state->docker[family].backend != KERNEL_DOCKER_NONE;
	char remedy[512];

	snprintf(remedy, sizeof(remedy),
		 "look with %s-legacy-save; switch the host to nftables (update-alternatives --set %s "
		 "/usr/sbin/%s-nft), restart the engine, and reboot",
		 tool, tool, tool);
	if (docker)
		verify_find(verify, "iptables-legacy", VERIFY_WARN, family_names[family], remedy,
			    "tables of %s-legacy are in use (%s), beside Docker's in nftables: what they drop stays "
			    "dropped, and nothing here sees them",
			    tool, tables);
	else
		verify_find(
			verify, "iptables-legacy", verify->enforced ? VERIFY_WARN : VERIFY_FAIL, family_names[family],
			remedy,
			"tables of %s-legacy are in use (%s), and nftables has none of Docker's: its rules, the drop "
			"for ICC off above all, are out of reach and not checked",
			tool, tables);
}

void verify_docker_legacy(struct verify *verify)
{
	static const char *const files[2] = { "ip_tables_names", "ip6_tables_names" };
	char tables[2][128];
	struct error err;

	for (size_t i = 0; i < 2; i++) {
		if (!read_legacy(verify->root, files[i], tables[i], &err)) {
			verify_find(verify, "iptables-legacy", VERIFY_UNKNOWN, NULL, NULL, "%s", err.text);
			return;
		}
	}
	for (size_t i = 0; i < 2; i++) {
		if (tables[i][0])
			judge_legacy(verify, i, tables[i]);
	}
	if (!tables[0][0] && !tables[1][0])
		verify_find(verify, "iptables-legacy", VERIFY_PASS, NULL, NULL,
			    "no table of iptables-legacy is in use");
}
