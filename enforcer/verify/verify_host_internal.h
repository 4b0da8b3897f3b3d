/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of the group `host`, and its test. */
#ifndef BULKHEAD_VERIFY_HOST_INTERNAL_H
#define BULKHEAD_VERIFY_HOST_INTERNAL_H

#include "engine_facts.h"
#include "verify.h"

void verify_host_judge(struct verify *verify, const struct engine_facts *facts);

/* Whether the files are watched: 1.1.3 to 1.1.18. */
void verify_host_audit(struct verify *verify, const struct engine_facts *facts);
/* Whose the files are and who may do what with them: section 3. */
void verify_host_modes(struct verify *verify, const struct engine_facts *facts);

/* The unit's file, if there is one, and its drop-ins; what cannot be listed is a problem.  0 or -ENOMEM. */
int verify_host_unit(const struct verify *verify, const char *unit, struct texts *ret_paths, struct error *problem);

/* Where the engine's data are. */
void verify_host_data_root(const struct engine_facts *facts, char *ret_path, size_t size);

/* The paths of the engine's own sockets: from its hosts, from docker.socket where it takes systemd's, and those that it
 * really listens on; the default one where nothing is said.  Each file once.  0 or -ENOMEM. */
int verify_host_sockets(const struct engine_facts *facts, struct texts *ret_paths);

#endif
