/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "flow.h"

#include <string.h>

static void clear_peers(struct flow_peer *peers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(peers[i].app);
		free(peers[i].service);
	}
	free(peers);
}

static void clear_flow(struct flow *flow)
{
	clear_peers(flow->from, flow->from_count);
	clear_peers(flow->to, flow->to_count);
	free(flow->ports);
	free(flow->cidrs);
	free(flow->note);
}

static void clear_service(struct flow_service *service)
{
	free(service->name);
	free(service->compose);
	free(service->swarm);
	free(service->container);
	free(service->image);
	for (size_t i = 0; i < service->label_count; i++) {
		free(service->labels[i].key);
		free(service->labels[i].value);
	}
	free(service->labels);
}

void flow_app_free(struct flow_app *app)
{
	if (!app)
		return;
	free(app->name);
	free(app->file);
	for (size_t i = 0; i < app->service_count; i++)
		clear_service(&app->services[i]);
	free(app->services);
	for (size_t i = 0; i < app->flow_count; i++)
		clear_flow(&app->flows[i]);
	free(app->flows);
	free(app);
}

void flow_set_free(struct flow_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->count; i++)
		flow_app_free(set->apps[i]);
	free(set->apps);
	free(set);
}

struct flow_app *flow_set_find(const struct flow_set *set, const char *name)
{
	size_t low = 0, high = set->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name, set->apps[middle]->name);

		if (order == 0)
			return set->apps[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const struct flow_service *flow_app_service(const struct flow_app *app, const char *name)
{
	for (size_t i = 0; i < app->service_count; i++) {
		if (strcmp(app->services[i].name, name) == 0)
			return &app->services[i];
	}
	return NULL;
}

const char *flow_protocol_name(enum flow_protocol protocol)
{
	switch (protocol) {
	case FLOW_TCP:
		return "tcp";
	case FLOW_UDP:
		return "udp";
	case FLOW_SCTP:
		return "sctp";
	case FLOW_ICMP:
		return "icmp";
	case FLOW_ANY:
		return "any";
	}
	return "unknown";
}

const char *flow_mode_name(enum flow_mode mode)
{
	switch (mode) {
	case FLOW_MODE_DEFAULT:
		return "default";
	case FLOW_MODE_ENFORCE:
		return "enforce";
	case FLOW_MODE_OBSERVE:
		return "observe";
	}
	return "unknown";
}

const char *flow_boundary_name(enum flow_boundary boundary)
{
	switch (boundary) {
	case FLOW_BOUNDARY_DEFAULT:
		return "default";
	case FLOW_BOUNDARY_OPEN:
		return "open";
	case FLOW_BOUNDARY_DECLARED:
		return "declared";
	}
	return "unknown";
}
