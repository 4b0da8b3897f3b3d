/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the group verify_host: where the engine's files are. */
#ifndef BULKHEAD_VERIFY_HOST_PLACES_H
#define BULKHEAD_VERIFY_HOST_PLACES_H

#include "engine_facts.h"
#include "verify.h"

/* The unit's file, if there is one, and its drop-ins; what cannot be listed is a problem.  0 or -ENOMEM. */
int verify_host_unit(const struct verify *verify, const char *unit, struct texts *ret_paths, struct error *problem);

/* Where the engine's data are. */
void verify_host_data_root(const struct engine_facts *facts, char *ret_path, size_t size);

/* The paths of the engine's own sockets: from its hosts, from docker.socket where it takes systemd's, and those that it
 * really listens on; the default one where nothing is said.  Each file once.  0 or -ENOMEM. */
int verify_host_sockets(const struct engine_facts *facts, struct texts *ret_paths);

#endif
