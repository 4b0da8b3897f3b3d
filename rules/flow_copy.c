/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "flow.h"

#include <errno.h>
#include <string.h>

/* text may be NULL. */
static int copy_text(const char *text, char **ret_copy)
{
	*ret_copy = text ? strdup(text) : NULL;
	return text && !*ret_copy ? -ENOMEM : 0;
}

/* Of plain values; NULL for none, which is no failure. */
static int copy_array(const void *items, size_t count, size_t size, void *ret_copy)
{
	void *copy = NULL;

	if (count > 0) {
		copy = reallocarray(NULL, count, size);
		if (!copy)
			return -ENOMEM;
		memcpy(copy, items, count * size);
	}
	*(void **)ret_copy = copy;
	return 0;
}

/* In all of these the count grows with what is there to be freed, so that a failure leaves a valid, smaller object. */
static int copy_peers(const struct flow_peer *peers, size_t count, struct flow_peer **ret_copy, size_t *ret_count)
{
	*ret_copy = calloc(count + 1, sizeof(**ret_copy));
	if (!*ret_copy)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		struct flow_peer *copy = &(*ret_copy)[(*ret_count)++];

		copy->kind = peers[i].kind;
		copy->line = peers[i].line;
		copy->column = peers[i].column;
		if (copy_text(peers[i].app, &copy->app) < 0 || copy_text(peers[i].service, &copy->service) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int copy_flow(const struct flow *flow, struct flow *ret_copy)
{
	ret_copy->line = flow->line;
	ret_copy->column = flow->column;
	ret_copy->port_count = flow->port_count;
	ret_copy->cidr_count = flow->cidr_count;
	if (copy_peers(flow->from, flow->from_count, &ret_copy->from, &ret_copy->from_count) < 0 ||
	    copy_peers(flow->to, flow->to_count, &ret_copy->to, &ret_copy->to_count) < 0 ||
	    copy_array(flow->ports, flow->port_count, sizeof(*flow->ports), &ret_copy->ports) < 0 ||
	    copy_array(flow->cidrs, flow->cidr_count, sizeof(*flow->cidrs), &ret_copy->cidrs) < 0)
		return -ENOMEM;
	return copy_text(flow->note, &ret_copy->note);
}

static int copy_service(const struct flow_service *service, struct flow_service *ret_copy)
{
	ret_copy->unguarded = service->unguarded;
	ret_copy->line = service->line;
	ret_copy->column = service->column;
	if (copy_text(service->name, &ret_copy->name) < 0 || copy_text(service->compose, &ret_copy->compose) < 0 ||
	    copy_text(service->swarm, &ret_copy->swarm) < 0 ||
	    copy_text(service->container, &ret_copy->container) < 0 || copy_text(service->image, &ret_copy->image) < 0)
		return -ENOMEM;
	ret_copy->labels = calloc(service->label_count + 1, sizeof(*ret_copy->labels));
	if (!ret_copy->labels)
		return -ENOMEM;
	for (size_t i = 0; i < service->label_count; i++) {
		struct flow_label *label = &ret_copy->labels[ret_copy->label_count++];

		if (copy_text(service->labels[i].key, &label->key) < 0 ||
		    copy_text(service->labels[i].value, &label->value) < 0)
			return -ENOMEM;
	}
	return 0;
}

struct flow_app *flow_app_copy(const struct flow_app *app)
{
	cleanup_of(flow_app) struct flow_app *copy = calloc(1, sizeof(*copy));

	if (!copy)
		return NULL;
	copy->mode = app->mode;
	copy->boundary = app->boundary;
	copy->line = app->line;
	copy->column = app->column;
	copy->services = calloc(app->service_count + 1, sizeof(*copy->services));
	copy->flows = calloc(app->flow_count + 1, sizeof(*copy->flows));
	if (!copy->services || !copy->flows || copy_text(app->name, &copy->name) < 0 ||
	    copy_text(app->file, &copy->file) < 0)
		return NULL;
	for (size_t i = 0; i < app->service_count; i++) {
		if (copy_service(&app->services[i], &copy->services[copy->service_count++]) < 0)
			return NULL;
	}
	for (size_t i = 0; i < app->flow_count; i++) {
		if (copy_flow(&app->flows[i], &copy->flows[copy->flow_count++]) < 0)
			return NULL;
	}
	return steal(copy);
}
