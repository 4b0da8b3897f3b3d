/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oneshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bridges_file.h"
#include "docker_watch.h"
#include "log.h"
#include "reconcile_host.h"
#include "reconcile_links.h"
#include "sockets_file.h"

struct answer {
	struct loop *loop;
	struct inventory *inventory;
	struct docker_info info;
	struct docker_version version;
	struct error *err;
	int result;
};

static void take_snapshot(struct inventory *inventory, const struct docker_info *info,
			  const struct docker_version *version, void *data)
{
	struct answer *answer = data;

	log_debug("engine %s, %zu containers, %zu networks", version->version, inventory->container_count,
		  inventory->network_count);
	answer->inventory = inventory;
	answer->info = *info;
	answer->version = *version;
	loop_stop(answer->loop);
}

static void take_loss(const char *reason, void *data)
{
	struct answer *answer = data;

	answer->result = error_set(answer->err, -EHOSTUNREACH, "%s", reason);
	loop_stop(answer->loop);
}

/* Nothing is followed, so these are never called. */
static void drop_network(const char *id, struct network *network, const struct docker_watch_times *times, void *data)
{
	(void)id;
	(void)times;
	(void)data;
	network_free(network);
}

static void drop_container(const char *id, struct container *container, void *data)
{
	(void)id;
	(void)data;
	container_free(container);
}

int oneshot_ask(struct loop *loop, struct docker_client *client, struct inventory **ret_inventory,
		struct docker_info *ret_info, struct docker_version *ret_version, struct error *err)
{
	static const struct docker_watch_handler handler = {
		.snapshot = take_snapshot,
		.network = drop_network,
		.container = drop_container,
		.bindings = drop_container,
		.lost = take_loss,
	};
	cleanup_of(docker_watch) struct docker_watch *watch = NULL;
	struct answer answer = { .loop = loop, .err = err };
	int r = docker_watch_new(loop, client, false, &handler, &answer, &watch, err);

	if (r == 0)
		r = loop_run(loop, err);
	if (r == 0)
		r = answer.result;
	if (r == 0 && answer.info.rootless)
		r = error_set(err, -ENXIO,
			      "%s: the engine is rootless, its bridges are in a network namespace of its own: run "
			      "bulkhead inside that one",
			      docker_client_url(client));
	if (r < 0) {
		inventory_free(answer.inventory);
		return r;
	}
	*ret_inventory = answer.inventory;
	*ret_info = answer.info;
	*ret_version = answer.version;
	return 0;
}

static int ask_engine(struct host *host, struct inventory **ret_inventory, struct error *err)
{
	cleanup_of(loop) struct loop *loop = NULL;
	cleanup_of(docker_client) struct docker_client *client = NULL;
	struct docker_version version;
	struct docker_info info;
	int r = loop_new(&loop, err);

	if (r == 0)
		r = docker_client_new(loop, host->config->docker, &client, err);
	return r < 0 ? r : oneshot_ask(loop, client, ret_inventory, &info, &version, err);
}

void oneshot_learn(const struct host *host, struct reconciler *reconciler)
{
	cleanup_free uint64_t *cookies = NULL;
	char(*closed)[16];
	struct error ignored;
	size_t count;

	if (sockets_file_read(&cookies, &count) == 0)
		reconcile_sockets_know(reconciler, cookies, count);
	if (bridges_file_read(host->config->state, &closed, &count, &ignored) == 0)
		reconciler_set_closed(reconciler, closed, count);
}

int oneshot_prepare(struct host *host, reconcile_observer_fn *observer, void *data, struct reconciler **ret_reconciler,
		    size_t *ret_refused, struct error *err)
{
	cleanup_of(reconciler) struct reconciler *reconciler = NULL;
	cleanup_of(flow_files) struct flow_files *files = NULL;
	struct inventory *inventory = NULL;
	int r = host_load_flows(host, &files, err);

	if (r == 0)
		r = reconciler_new(host->config, steal(files->set), false, observer, data, &reconciler, err);
	if (r == 0) {
		oneshot_learn(host, reconciler);
		r = reconcile_look_at_ports(reconciler, err);
	}
	if (r == 0)
		r = ask_engine(host, &inventory, err);
	if (r == 0)
		r = reconciler_set_inventory(reconciler, inventory, err);
	if (r < 0)
		return r;
	*ret_refused = files->failure_count;
	*ret_reconciler = steal(reconciler);
	return 0;
}

static void say(const char *sentence, void *data)
{
	(void)data;
	log_warning("%s", sentence);
}

void oneshot_advise(const struct reconciler *reconciler)
{
	struct error err;

	if (reconcile_advise(reconciler, say, NULL, &err) < 0)
		log_warning("%s", err.text);
}
