/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a flow file: refused with reasons, or an app that keeps what flow.h promises. */
#include <stdint.h>
#include <string.h>

#include "flow_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		__builtin_trap();
}

static void check_peers(const struct flow_peer *peers, size_t count)
{
	require(count > 0);
	for (size_t i = 0; i < count; i++) {
		bool of_app = peers[i].kind == FLOW_PEER_SERVICE || peers[i].kind == FLOW_PEER_APP;

		require(of_app == (peers[i].app != NULL));
		require((peers[i].kind == FLOW_PEER_SERVICE) == (peers[i].service != NULL));
		require(peers[i].line > 0 && peers[i].column > 0);
	}
}

static void check_flow(const struct flow *flow)
{
	check_peers(flow->from, flow->from_count);
	check_peers(flow->to, flow->to_count);
	require(flow->port_count > 0);
	for (size_t i = 0; i < flow->port_count; i++)
		require(flow->ports[i].first <= flow->ports[i].last);
	for (size_t i = 0; i < flow->cidr_count; i++)
		require(flow->cidrs[i].length <= address_length(&flow->cidrs[i].base) * 8);
}

static void check_app(const struct flow_app *app)
{
	require(strlen(app->name) > 0 && strlen(app->name) <= FLOW_NAME_MAX);
	for (size_t i = 0; i < app->service_count; i++) {
		const struct flow_service *service = &app->services[i];

		require(service->compose || service->swarm || service->container || service->image ||
			service->label_count > 0);
	}
	for (size_t i = 0; i < app->flow_count; i++)
		check_flow(&app->flows[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diagnostics diagnostics = { 0 };
	struct flow_app *app = NULL;
	char *name = NULL;
	bool bad[2];

	if (flow_parse("fuzz.json", (const char *)data, size, &diagnostics, &app) == 0) {
		require(diagnostics.errors == 0);
		check_app(app);
		/* Together with itself it is declared twice. */
		require(flow_check_together((struct flow_app *[]){ app, app }, 2, &diagnostics, bad) > 0);
	} else {
		require(diagnostics.errors > 0 && !app);
	}
	diagnostics_sort(&diagnostics);
	diagnostics_clear(&diagnostics);
	require(flow_parse_app_name((const char *)data, size, &name) == 0);
	require(!app || (name && strcmp(name, app->name) == 0));
	free(name);
	flow_app_free(app);
	return 0;
}
