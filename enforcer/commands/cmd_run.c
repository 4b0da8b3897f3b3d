/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands.h"
#include "log.h"
#include "service.h"

int cmd_run(const struct options *options)
{
	struct host host;
	struct error err;
	int status;

	if (host_open(options, &host, &err) < 0) {
		/* A service that does not start leaves the host open; with the defaults, everything is managed and
		 * closed. */
		log_error("%s: going on with the defaults until it is put right", err.text);
		if (host_open_defaults(options, &host, &err) < 0) {
			log_error("%s", err.text);
			return EXIT_UNKNOWN;
		}
	}
	status = service_run(&host);
	host_clear(&host);
	return status;
}
