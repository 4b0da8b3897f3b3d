/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <cjson/cJSON.h>
#include <stdio.h>

#include "bridges_file.h"
#include "cleanup.h"
#include "commands.h"
#include "host.h"
#include "json_out.h"
#include "kernel.h"
#include "lock.h"
#include "log.h"
#include "sockets_file.h"

/* What there was, and is gone now. */
struct removed {
	bool table, guard, state;
	struct kernel_docker docker[2]; /* chain is "" where there was no rule */
};

static int clear_kernel(uint32_t mark, struct removed *removed, struct error *err)
{
	cleanup_of(kernel) struct kernel *kernel = NULL;
	struct kernel_options options = { .mark = mark };
	struct kernel_change change = { 0 };
	struct kernel_state state = { 0 };
	int r = kernel_open(&kernel, err);

	if (r == 0)
		r = kernel_read(kernel, &options, &state, err);
	if (r < 0)
		return r;
	removed->table = change.table_exists = state.exists;
	removed->guard = change.guard_exists = state.guard_exists;
	change.remove_table = state.exists || state.guard_exists;
	for (size_t i = 0; i < 2; i++) {
		change.docker_remove[i] = state.docker[i].installed > 0;
		removed->docker[i] = state.docker[i];
		if (!change.docker_remove[i])
			removed->docker[i].chain[0] = '\0';
	}
	kernel_state_clear(&state);
	if (!change.remove_table && !change.docker_remove[0] && !change.docker_remove[1])
		return 0;
	return kernel_commit(kernel, &options, &change, NULL, err);
}

static void print_text(const struct removed *removed)
{
	static const char *const families[] = { "ip", "ip6" };
	bool any = removed->table || removed->guard || removed->state;

	if (removed->table)
		puts("removed table inet " KERNEL_TABLE);
	if (removed->guard)
		puts("removed table bridge " KERNEL_TABLE);
	for (size_t i = 0; i < 2; i++) {
		if (!removed->docker[i].chain[0])
			continue;
		printf("removed the accept rule in %s filter %s\n", families[i], removed->docker[i].chain);
		any = true;
	}
	if (removed->state)
		puts("removed the list of bridges to close at boot");
	puts(any ? "containers reach each other as the engine lets them; net.bridge.bridge-nf-call-ip{,6}tables stay "
		   "as "
		   "they are"
		 : "nothing of bulkhead was installed");
}

static int print_json(const struct removed *removed)
{
	cJSON *document = cJSON_CreateObject();
	bool complete = document && cJSON_AddBoolToObject(document, "table", removed->table) &&
			cJSON_AddBoolToObject(document, "guard", removed->guard) &&
			cJSON_AddBoolToObject(document, "docker_accept_ipv4", removed->docker[0].chain[0] != '\0') &&
			cJSON_AddBoolToObject(document, "docker_accept_ipv6", removed->docker[1].chain[0] != '\0') &&
			cJSON_AddBoolToObject(document, "state", removed->state);

	return json_out_print(document, complete);
}

int cmd_clear(const struct options *options)
{
	struct removed removed = { 0 };
	cleanup_close int lock = -1;
	struct host host;
	struct error err;
	pid_t holder;
	int r = host_open(options, &host, &err);

	if (r < 0) {
		log_error("%s", err.text);
		return EXIT_UNKNOWN;
	}
	lock = lock_take(&holder, &err);
	r = lock < 0 ? lock : 0;
	if (r == 0)
		r = clear_kernel(host.config->mark, &removed, &err);
	if (r == 0)
		r = bridges_file_remove(host.config->state, &removed.state, &err);
	if (r == 0)
		sockets_file_remove();
	host_clear(&host);
	if (r < 0) {
		log_error("%s", err.text);
		return EXIT_UNKNOWN;
	}
	if (!options->json)
		print_text(&removed);
	else if (print_json(&removed) < 0) {
		log_error("out of memory");
		return EXIT_UNKNOWN;
	}
	return EXIT_YES;
}
