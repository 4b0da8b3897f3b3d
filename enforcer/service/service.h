/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The service: closes what is known, follows the engine, reconciles on whatever happens, until SIGTERM. */
#ifndef BULKHEAD_SERVICE_H
#define BULKHEAD_SERVICE_H

#include "host.h"

/* Runs until SIGTERM or SIGINT and returns the process's exit status.  The rules stay when it ends. */
int service_run(struct host *host);

#endif
