/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine_read.h"

#include "engine_process.h"
#include "engine_sockets.h"
#include "engine_tls.h"

int engine_read_host(const char *root, struct engine_facts *facts)
{
	int r = engine_process_find(root, facts);

	if (r < 0)
		return r;
	facts->file_newer = facts->pid && facts->file_exists && engine_process_is_older(root, facts, facts->file_path);
	r = engine_tls_find(root, facts);
	return r == 0 ? engine_sockets_find(root, facts) : r;
}
