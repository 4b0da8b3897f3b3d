/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the supervisor is told, and the end. */
#include <stdio.h>

#include "log.h"
#include "notify.h"
#include "service_internal.h"

void service_ready(struct service *service, const char *status)
{
	char text[256];

	snprintf(text, sizeof(text), "%sSTATUS=%s", service->said_ready ? "" : "READY=1\n", status);
	notify_send(text);
	if (!service->said_ready)
		log_debug("ready: %s", status);
	service->said_ready = true;
}

void service_fail(struct service *service, const char *reason)
{
	log_error("%s", reason);
	service->status = EXIT_UNKNOWN;
	loop_stop(service->loop);
}
