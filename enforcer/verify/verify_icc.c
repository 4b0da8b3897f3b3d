/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the engine itself keeps the containers of each network apart.  bulkhead does so too; two walls are better. */
#include "verify_icc.h"

#include <stdio.h>
#include <string.h>

#include "icc.h"
#include "texts.h"

static const struct verify_check checks[] = {
	{ "icc-default", "2.2", "the engine restricts traffic between the containers of the default bridge" },
	{ "icc-network", NULL, "the engine restricts traffic between the containers of each network of users" },
};

#define REMEDY_DEFAULT                                                                                                 \
	"put \"icc\": false into /etc/docker/daemon.json, and restart the engine: systemctl restart docker\n"          \
	"(with \"live-restore\": true end all containers on that bridge first: the engine leaves it as it is)"

/* A network that has endpoints cannot be removed, and its options cannot be changed.  NULL when out of memory. */
static const char *remedy_for(const struct network *network, char text[4096])
{
	cleanup_free char *name = texts_shell(network->name);

	if (!name)
		return NULL;
	snprintf(text, 4096,
		 "the option cannot be changed, the network has to be made anew, with the option and its others:\n"
		 "docker network rm %s && docker network create -o " ICC_OPTION "=false %s\n"
		 "of a Compose file: networks: { NAME: { driver_opts: { " ICC_OPTION ": \"false\" } } },\n"
		 "then docker compose down && docker compose up -d",
		 name, name);
	return text;
}

static void judge_on(struct verify *verify, const char *id, const char *subject, const char *seen,
		     const struct network *network, const char *remedy)
{
	const char *wall = "; bulkhead's policy is in force: it is the only wall";
	enum verify_status status = verify_icc_required(verify) ? VERIFY_FAIL : VERIFY_WARN;

	if (!network->managed) {
		wall = ", and networks.exclude of the configuration has bulkhead leave it alone: nothing keeps its "
		       "containers apart";
	} else if (!verify->enforced) {
		status = VERIFY_FAIL;
		wall = ", and bulkhead's policy is not in force: nothing keeps its containers apart";
	} else if (verify_has_observed(verify, network)) {
		status = VERIFY_FAIL;
		wall = ", and bulkhead only observes some of its containers: what it would deny passes";
	}
	verify_find(verify, id, status, subject, remedy, "ICC is on (%s)%s", seen, wall);
}

static void judge(struct verify *verify, const char *id, const struct network *network)
{
	char subject[300], seen[300], text[4096];
	const char *remedy = strcmp(id, "icc-default") == 0 ? REMEDY_DEFAULT : remedy_for(network, text);

	verify->out_of_memory = verify->out_of_memory || !remedy;
	snprintf(subject, sizeof(subject), "network %s", network->name);
	if (network->icc)
		snprintf(seen, sizeof(seen), ICC_OPTION "=%s", network->icc);
	else
		snprintf(seen, sizeof(seen), "it has no option " ICC_OPTION);
	switch (icc_read(network)) {
	case ICC_OFF:
		verify_find(verify, id, VERIFY_PASS, subject, NULL, "ICC is off (%s)%s", seen,
			    network->managed ? "" : "; it is excluded (networks.exclude): bulkhead does not guard it");
		return;
	case ICC_UNREADABLE:
		verify_find(verify, id, VERIFY_UNKNOWN, subject, remedy,
			    "%s is neither true nor false to the engine (1 t T TRUE true True, 0 f F FALSE false "
			    "False)",
			    seen);
		return;
	default:
		judge_on(verify, id, subject, seen, network, remedy);
	}
}

static void run(struct verify *verify)
{
	const struct inventory *inventory;
	size_t users = 0;
	bool standard = false;

	if (verify->engine_error) {
		verify_find(verify, "icc-default", VERIFY_UNKNOWN, NULL, NULL, "%s", verify->engine_error);
		verify_find(verify, "icc-network", VERIFY_UNKNOWN, NULL, NULL, "%s", verify->engine_error);
		return;
	}
	inventory = verify->inventory;
	for (size_t i = 0; i < inventory->network_count; i++) {
		const struct network *network = inventory->networks[i];
		bool is_default = strcmp(network->name, "bridge") == 0;

		if (strcmp(network->driver, "bridge") != 0)
			continue;
		judge(verify, is_default ? "icc-default" : "icc-network", network);
		standard |= is_default;
		users += !is_default;
	}
	if (!standard)
		verify_find(verify, "icc-default", VERIFY_SKIP, NULL, NULL, "the engine has no default bridge");
	if (!users)
		verify_find(verify, "icc-network", VERIFY_SKIP, NULL, NULL, "there is no bridge network of users");
}

const struct verify_group verify_icc = {
	.name = "icc",
	.title = "Docker's own inter-container communication (ICC)",
	.checks = checks,
	.check_count = sizeof(checks) / sizeof(checks[0]),
	.run = run,
};
