/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconciler.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "reconcile_state.h"
#include "reconcile_host.h"
#include "reconcile_links.h"

/* The engine's lists do not tell bindings: take over those that are known. */
static int keep_bindings(const struct reconciler *r, struct inventory *inventory, struct error *err)
{
	for (size_t i = 0; i < inventory->container_count; i++) {
		struct container *container = inventory->containers[i];
		const struct container *known = NULL;

		if (r->inventory)
			known = inventory_container(r->inventory, container->id);
		if (inventory_complete(inventory, container, known) < 0)
			return error_oom(err);
	}
	return 0;
}

/* Who lives where, too, is older than the engine's answer. */
static void keep_places(const struct reconciler *r, struct inventory *inventory)
{
	for (size_t i = 0; r->inventory && i < inventory->network_count; i++)
		network_keep_places(inventory->networks[i],
				    inventory_network(r->inventory, inventory->networks[i]->id));
	inventory_hold(inventory, NULL);
}

int reconciler_set_inventory(struct reconciler *r, struct inventory *inventory, struct error *err)
{
	int result;

	for (size_t i = 0; i < inventory->network_count; i++) {
		struct network *network = inventory->networks[i];

		network->managed = network->managed && config_manages(r->config, network->name, network->id);
		if (inventory_name_newcomers(inventory, network) < 0) {
			inventory_free(inventory);
			return error_oom(err);
		}
	}
	result = reconcile_links_check(r, inventory, err);
	if (result == 0)
		result = reconcile_links_look(r, r->config, inventory, err);
	if (result == 0)
		result = keep_bindings(r, inventory, err);
	if (result == 0 && binding_bind_all(r->binding, inventory) < 0)
		result = error_oom(err);
	if (result < 0) {
		inventory_free(inventory);
		return result;
	}
	keep_places(r, inventory);
	inventory_free(r->inventory);
	r->inventory = inventory;
	(void)reconcile_bridges_judge(&r->whose, inventory);
	(void)reconcile_look_at_sockets(r);
	r->doubtful = true;
	return 0;
}

/* The flows are bound, and nothing can fail any more. */
static void take_flows(struct reconciler *r, const struct config *config, struct flow_set *flows,
		       struct binding *binding)
{
	binding_free(r->binding);
	flow_set_free(r->flows);
	r->binding = binding;
	r->flows = flows;
	r->config = config;
	r->options.mark = config->mark;
	r->doubtful = true;
	/* The next comparison puts right what others changed, even if "repair" is false. */
	reconcile_drift_forget(&r->drift);
	r->accept_stood[0] = r->accept_stood[1] = false;
	for (size_t i = 0; r->inventory && i < r->inventory->network_count; i++) {
		struct network *network = r->inventory->networks[i];

		network->managed =
			strcmp(network->driver, "bridge") == 0 && config_manages(config, network->name, network->id);
	}
}

int reconciler_set_flows(struct reconciler *r, const struct config *config, struct flow_set *flows, struct error *err)
{
	const struct binding_defaults defaults = { .mode = config->mode, .boundary = config->boundary };
	struct binding *binding = binding_new(flows, &defaults);
	int result = r->inventory ? reconcile_links_look(r, config, r->inventory, err) : 0;

	if (result < 0) {
		binding_free(binding);
		flow_set_free(flows);
		return result;
	}
	if (!binding || (r->inventory && binding_bind_all(binding, r->inventory) < 0)) {
		/* Containers that are bound already refer to the new flows: bind all of them to the old ones again. */
		binding_free(binding);
		flow_set_free(flows);
		r->doubtful = true;
		if (r->inventory && r->binding)
			(void)binding_bind_all(r->binding, r->inventory);
		return error_oom(err);
	}
	take_flows(r, config, flows, binding);
	return 0;
}

void reconciler_set_closed(struct reconciler *r, char (*bridges)[16], size_t count)
{
	free(r->closed);
	r->closed = bridges;
	r->closed_count = count;
}

int reconciler_new(const struct config *config, struct flow_set *flows, bool own, reconcile_observer_fn *observer,
		   void *data, struct reconciler **ret_reconciler, struct error *err)
{
	cleanup_of(reconciler) struct reconciler *r = calloc(1, sizeof(*r));
	int result;

	if (!r) {
		flow_set_free(flows);
		return error_oom(err);
	}
	r->observer = observer;
	r->observer_data = data;
	r->options.own = own && config->owner;
	r->doubtful = true;
	result = reconciler_set_flows(r, config, flows, err);
	if (result == 0)
		result = kernel_open(&r->kernel, err);
	if (result == 0)
		result = links_open(&r->links, err);
	if (result < 0)
		return result;
	*ret_reconciler = steal(r);
	return 0;
}

void reconciler_free(struct reconciler *r)
{
	if (!r)
		return;
	inventory_free(r->inventory);
	binding_free(r->binding);
	flow_set_free(r->flows);
	kernel_close(r->kernel);
	links_close(r->links);
	reconcile_drift_forget(&r->drift);
	free(r->closed);
	free(r->bridges);
	reconcile_bridges_clear(&r->whose);
	reconcile_sockets_clear(&r->sockets);
	free(r);
}

const struct flow_set *reconciler_flows(const struct reconciler *r)
{
	return r->flows;
}

const struct binding *reconciler_binding(const struct reconciler *r)
{
	return r->binding;
}

const struct inventory *reconciler_inventory(const struct reconciler *r)
{
	return r->inventory;
}

void reconciler_bridges(const struct reconciler *r, char (**ret_names)[16], size_t *ret_count)
{
	*ret_names = r->bridges;
	*ret_count = r->bridge_count;
}

bool reconciler_is_doubtful(const struct reconciler *r)
{
	return r->doubtful;
}

struct kernel *reconciler_kernel(const struct reconciler *r)
{
	return r->kernel;
}

struct links *reconciler_links(const struct reconciler *r)
{
	return r->links;
}

int reconciler_read_kernel(const struct reconciler *r, struct kernel_state *ret_state, struct error *err)
{
	return kernel_read(r->kernel, &r->options, ret_state, err);
}
