/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SIGHUP: reads the configuration and the flow files again; the last good form of a broken file stays. */
#ifndef BULKHEAD_SERVICE_RELOAD_H
#define BULKHEAD_SERVICE_RELOAD_H

#include "host.h"
#include "reconcile.h"

/* Gives the reconciler the new flows and the host the new configuration.  On failure both are as they were. */
int service_reload(struct host *host, struct reconciler *reconciler, struct flow_files **ret_files, struct error *err);

#endif
