/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every command that works on this host starts from: configuration, flow files, options. */
#ifndef BULKHEAD_HOST_H
#define BULKHEAD_HOST_H

#include "config.h"
#include "diagnostics.h"
#include "error.h"
#include "flow_files.h"
#include "options.h"

struct host {
	const struct options *options;
	struct config *config;
};

/* Reads the configuration and lays the options over it.  A missing default file is no configuration.  -EINVAL: the
 * problems are printed already. */
int host_open(const struct options *options, struct host *ret_host, struct error *err);

/* Defaults and options only: what a service falls back to when its configuration is broken, because a host without
 * any rules would be open. */
int host_open_defaults(const struct options *options, struct host *ret_host, struct error *err);
void host_clear(struct host *host);

/* Where the configuration is. */
const char *host_config_file(const struct options *options);

/* Loads the flow files of the host's directory and prints every problem; what is in order is loaded. */
int host_load_flows(const struct host *host, struct flow_files **ret_files, struct error *err);

/* Prints problems to stderr, each as file:line:column: error: text. */
void host_print_diagnostics(const struct diagnostics *diagnostics);

#endif
