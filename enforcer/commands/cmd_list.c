/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "cmd_list_json.h"
#include "cmd_list_text.h"
#include "commands.h"
#include "host.h"
#include "log.h"

static void say_state(const struct kernel_state *state)
{
	if (!state->exists)
		log_warning("the kernel holds no table inet " KERNEL_TABLE
			    ": nothing is enforced; `bulkhead apply` or the "
			    "service installs it");
	else if (state->skeleton != KERNEL_SKELETON_WHOLE)
		log_warning("the rules of the tables " KERNEL_TABLE
			    " are not what this version installs: `bulkhead apply` "
			    "or the service puts them right");
}

int cmd_list(const struct options *options)
{
	cleanup_of(kernel) struct kernel *kernel = NULL;
	struct kernel_state state = { 0 };
	struct kernel_options wanted = { 0 };
	struct host host;
	struct error err;
	int r;

	if (host_open(options, &host, &err) < 0) {
		log_error("%s", err.text);
		return EXIT_UNKNOWN;
	}
	wanted.mark = host.config->mark;
	host_clear(&host);
	if (kernel_open(&kernel, &err) < 0 || kernel_read(kernel, &wanted, &state, &err) < 0) {
		log_error("%s", err.text);
		return EXIT_UNKNOWN;
	}
	say_state(&state);
	r = options->json ? cmd_list_json(&state, options) : cmd_list_text(&state, options);
	kernel_state_clear(&state);
	if (r < 0) {
		log_error("out of memory");
		return EXIT_UNKNOWN;
	}
	return EXIT_YES;
}
