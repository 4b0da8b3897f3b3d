/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one run of the service leaves for the next one: the bridges to close at boot. */
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "service_internal.h"
#include "state.h"

void service_write_state(struct service *service)
{
	cleanup_free char(*bridges)[16] = NULL;
	struct error err;
	size_t count;

	if (!service->reconciler->inventory)
		return;
	if (state_collect(service->reconciler->inventory, &bridges, &count) < 0)
		return;
	if (state_write(service->host->config->state, bridges, count, &err) < 0)
		log_warning("%s: after a reboot only docker0 is closed before the engine is heard", err.text);
}

/* The bridges of the last run, and docker0: closed before the engine has said a word. */
int service_read_closed(struct service *service, struct error *err)
{
	struct reconciler *r = service->reconciler;
	char(*closed)[16];

	if (state_read(service->host->config->state, &r->closed, &r->closed_count, err) < 0) {
		log_warning("%s: only docker0 is closed before the engine is heard", err->text);
		r->closed = NULL;
		r->closed_count = 0;
	}
	for (size_t i = 0; i < r->closed_count; i++) {
		if (strcmp(r->closed[i], "docker0") == 0)
			return 0;
	}
	closed = realloc(r->closed, (r->closed_count + 1) * sizeof(*closed));
	if (!closed)
		return error_oom(err);
	memset(closed[r->closed_count], 0, sizeof(*closed));
	strcpy(closed[r->closed_count], "docker0");
	r->closed = closed;
	r->closed_count++;
	return 0;
}
