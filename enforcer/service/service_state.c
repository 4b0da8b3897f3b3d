/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state file: it tells the next run of the service which bridges to close at boot. */
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "reconcile_links.h"
#include "reconcile_host.h"
#include "service_internal.h"
#include "bridges_file.h"
#include "sockets_file.h"

void service_write_state(struct service *service)
{
	cleanup_free char(*bridges)[16] = NULL;
	cleanup_free char(*closed)[16] = NULL;
	char(*grown)[16];
	const struct inventory *inventory = reconciler_inventory(service->reconciler);
	struct error err;
	size_t count, closed_count;

	if (!inventory || bridges_file_collect(inventory, &bridges, &count) < 0 ||
	    reconcile_closed_bridges(service->reconciler, &closed, &closed_count) < 0)
		return;
	/* Nobody knows yet whose they are, and the next run must not take them for somebody else's. */
	grown = reallocarray(bridges, count + closed_count + 1, sizeof(*grown));
	if (!grown)
		return;
	bridges = grown;
	memcpy(bridges + count, closed, closed_count * sizeof(*bridges));
	count += closed_count;
	if (bridges_file_write(service->host->config->state, bridges, count, &err) < 0)
		log_warning("%s: after a reboot only docker0 is closed before the engine is heard", err.text);
}

static bool has(char (*bridges)[16], size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(bridges[i], name) == 0)
			return true;
	}
	return false;
}

int service_read_closed(struct service *service, struct error *err)
{
	char(*bridges)[16] = NULL, (*grown)[16];
	size_t count = 0;

	if (bridges_file_read(service->host->config->state, &bridges, &count, err) < 0)
		log_warning("%s: only docker0 is closed before the engine is heard", err->text);
	if (!has(bridges, count, "docker0")) {
		grown = realloc(bridges, (count + 1) * sizeof(*grown));
		if (!grown) {
			free(bridges);
			return error_oom(err);
		}
		bridges = grown;
		memset(bridges[count], 0, sizeof(*bridges));
		strcpy(bridges[count++], "docker0");
	}
	reconciler_set_closed(service->reconciler, bridges, count);
	return 0;
}

void service_read_sockets(struct service *service)
{
	cleanup_free uint64_t *cookies = NULL;
	size_t count;

	if (sockets_file_read(&cookies, &count) == 0)
		reconcile_sockets_know(service->reconciler, cookies, count);
}

void service_keep_sockets(struct service *service)
{
	cleanup_free uint64_t *cookies = NULL;
	size_t count;

	if (reconcile_sockets_news(service->reconciler) &&
	    reconcile_sockets_tell(service->reconciler, &cookies, &count) == 0 &&
	    sockets_file_write(cookies, count) < 0)
		log_debug("the host's own sockets cannot be kept for the next run");
}
