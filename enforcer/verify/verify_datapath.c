/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the protection is real: packets come by the rules, the rules are there, and they say what they should. */
#include "verify_datapath.h"

#include <stdio.h>
#include <string.h>

#include "datapath.h"
#include "verify_docker.h"
#include "verify_service.h"

static const struct verify_check checks[] = {
	{ "engine", NULL, "the engine answers, and its bridges are this host's" },
	{ "br-netfilter", NULL, "packets on a bridge come by the forward hook: br_netfilter is loaded" },
	{ "bridge-nf-iptables", NULL, "IPv4 packets on a bridge come by the rules" },
	{ "bridge-nf-ip6tables", NULL, "IPv6 packets on a bridge come by the rules" },
	{ "docker-icc-drop", NULL, "where ICC is off, Docker's drop is in the kernel" },
	{ "docker-accept", NULL, "declared flows pass Docker's drop" },
	{ "iptables-legacy", NULL, "no rules stand where nftables cannot see them" },
	{ "tables", NULL, "bulkhead's tables are there, whole" },
	{ "policy", NULL, "the kernel holds what flow files and containers ask for" },
	{ "flow-files", NULL, "every flow file is in force" },
	{ "owner", NULL, "the service runs, and keeps it so" },
	{ "drift", NULL, "all is in force, and since when" },
};

static void check_engine(struct verify *verify)
{
	const struct inventory *inventory;

	if (verify->engine_error) {
		verify_find(verify, "engine", VERIFY_UNKNOWN, NULL,
			    "start the engine, or say where it is (--docker, DOCKER_HOST); root may ask it", "%s",
			    verify->engine_error);
		return;
	}
	inventory = verify->inventory;
	if (verify->elsewhere) {
		char subject[300];

		snprintf(subject, sizeof(subject), "network %s", verify->elsewhere->name);
		verify_find(verify, "engine", VERIFY_UNKNOWN, subject,
			    "run bulkhead where the engine runs (for a rootless engine: inside its network namespace); "
			    "where somebody has removed the bridge, remove the network, or restart the engine",
			    "its bridge %s is not a link of this network namespace: the engine may be another host's",
			    verify->elsewhere->bridge);
		return;
	}
	verify_find(verify, "engine", VERIFY_PASS, NULL, NULL, "Engine %s, %zu containers, %zu networks",
		    verify->version->version, inventory->container_count, inventory->network_count);
}

static void check_switch(struct verify *verify, const char *id, bool present, bool on)
{
	char remedy[256];

	snprintf(remedy, sizeof(remedy),
		 "sysctl -w net.bridge.%s=1   (bulkhead apply, or the service, does it too)\n"
		 "and look for what sets it to 0: grep -rs bridge-nf-call /etc/sysctl.conf /etc/sysctl.d "
		 "/usr/lib/sysctl.d",
		 strcmp(id, "bridge-nf-iptables") == 0 ? "bridge-nf-call-iptables" : "bridge-nf-call-ip6tables");
	if (!present)
		verify_find(verify, id, VERIFY_FAIL, NULL, "load br_netfilter first: see br-netfilter",
			    "there is no such switch without br_netfilter");
	else if (on)
		verify_find(verify, id, VERIFY_PASS, NULL, NULL, "it is 1 in this network namespace");
	else
		verify_find(verify, id, VERIFY_FAIL, NULL, remedy,
			    "it is 0 in this network namespace: neither Docker's rules nor table inet bulkhead see "
			    "packets between two containers of one bridge%s",
			    verify->state && verify->state->guard_exists ? " (bulkhead's guard drops them)" : "");
}

static void check_switches(struct verify *verify)
{
	struct datapath datapath;
	struct error err;

	if (datapath_read(&datapath, &err) < 0) {
		verify_find(verify, "br-netfilter", VERIFY_UNKNOWN, NULL, NULL, "%s", err.text);
		verify_find(verify, "bridge-nf-iptables", VERIFY_UNKNOWN, NULL, NULL, "%s", err.text);
		verify_find(verify, "bridge-nf-ip6tables", VERIFY_UNKNOWN, NULL, NULL, "%s", err.text);
		return;
	}
	if (datapath.present)
		verify_find(verify, "br-netfilter", VERIFY_PASS, NULL, NULL, "/proc/sys/net/bridge is there");
	else
		verify_find(verify, "br-netfilter", VERIFY_FAIL, NULL,
			    "modprobe br_netfilter, and at every boot: echo br_netfilter "
			    ">/etc/modules-load.d/br_netfilter.conf",
			    "the module is not loaded: no rule sees packets between two containers of one bridge, "
			    "whatever Docker and bulkhead have installed");
	check_switch(verify, "bridge-nf-iptables", datapath.present, datapath.ipv4);
	check_switch(verify, "bridge-nf-ip6tables", datapath.present, datapath.ipv6);
}

static void check_tables(struct verify *verify)
{
	static const char *const altered = "bulkhead apply, or systemctl start bulkhead, writes them anew";

	if (!verify->state) {
		verify_find(verify, "tables", VERIFY_UNKNOWN, NULL, NULL, "%s", verify->kernel_error);
		return;
	}
	switch (verify->state->skeleton) {
	case KERNEL_SKELETON_WHOLE:
		verify_find(verify, "tables", VERIFY_PASS, NULL, NULL,
			    "tables inet and bridge " KERNEL_TABLE " are what this version installs");
		return;
	case KERNEL_SKELETON_ABSENT:
		verify_find(verify, "tables", VERIFY_FAIL, NULL,
			    "systemctl enable --now bulkhead   (or once: bulkhead apply)\n"
			    "without flow files everything between containers is then closed: begin with "
			    "\"mode\": \"observe\" on a host in use",
			    "there is neither table inet " KERNEL_TABLE " nor bridge " KERNEL_TABLE
			    ": bulkhead enforces nothing");
		return;
	case KERNEL_SKELETON_RULES:
		verify_find(verify, "tables", VERIFY_FAIL, NULL, altered,
			    "a rule of the tables " KERNEL_TABLE " is missing, or not what this version installs");
		return;
	default:
		verify_find(verify, "tables", VERIFY_FAIL, NULL, altered,
			    "%s is missing, or a set or chain is not what this version installs, or the table is "
			    "dormant",
			    !verify->state->exists	   ? "table inet " KERNEL_TABLE
			    : !verify->state->guard_exists ? "table bridge " KERNEL_TABLE
							   : "a set or chain of the tables " KERNEL_TABLE);
	}
}

static void check_policy(struct verify *verify)
{
	if (!verify->plan)
		verify_find(verify, "policy", VERIFY_UNKNOWN, NULL, NULL, "%s", verify->plan_error);
	else if (verify->state->skeleton == KERNEL_SKELETON_ABSENT)
		verify_find(verify, "policy", VERIFY_FAIL, NULL, "see tables", "no table is there to hold it");
	else if (verify->missing || verify->surplus)
		verify_find(verify, "policy", VERIFY_FAIL, NULL,
			    "bulkhead plan shows them; bulkhead apply, or systemctl reload bulkhead, puts them right",
			    "%zu elements are missing in the kernel, and %zu stand there that should not",
			    verify->missing, verify->surplus);
	else
		verify_find(verify, "policy", VERIFY_PASS, NULL, NULL,
			    "%zu elements, each as flow files and containers ask for it",
			    policy_count(verify->state->policy));
}

static void check_flow_files(struct verify *verify)
{
	const struct flow_files *files = verify->files;

	for (size_t i = 0; i < files->failure_count; i++) {
		const struct flow_files_failure *failure = &files->failures[i];

		verify_find(verify, "flow-files", failure->error ? VERIFY_UNKNOWN : VERIFY_FAIL, failure->file,
			    "bulkhead check shows what is wrong with it",
			    failure->error ? "it could not be read: %s"
					   : "it is refused: its app%s has no flows, or keeps its last good ones",
			    failure->error ? strerror(-failure->error) : "");
	}
	if (!files->failure_count)
		verify_find(verify, "flow-files", VERIFY_PASS, NULL, NULL, "%zu files in %s%s", files->file_count,
			    verify->host->config->flows,
			    files->file_count ? "" : ": everything between containers is closed");
}

static void run(struct verify *verify)
{
	check_engine(verify);
	check_switches(verify);
	verify_docker_drop(verify);
	verify_docker_accept(verify);
	verify_docker_legacy(verify);
	check_tables(verify);
	check_policy(verify);
	check_flow_files(verify);
	verify_service_owner(verify);
	verify_service_drift(verify);
}

const struct verify_group verify_datapath = {
	.name = "datapath",
	.title = "Whether the protection is real",
	.checks = checks,
	.check_count = sizeof(checks) / sizeof(checks[0]),
	.run = run,
};
