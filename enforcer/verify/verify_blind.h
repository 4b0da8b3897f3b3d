/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of the group verify_blind alone. */
#ifndef BULKHEAD_VERIFY_BLIND_H
#define BULKHEAD_VERIFY_BLIND_H

#include "docker_json.h"
#include "verify.h"

/* Flows that open nothing: verify_flows.c. */
void verify_flows(struct verify *verify);

/* Where the engine's sockets are, and which volumes may lead there: verify_blind_sockets.c. */
struct verify_sockets {
	bool known, volumes_known;
	struct texts paths; /* of the engine's sockets, and of containerd's */
	struct docker_volumes volumes;
};
/* What of a container's mounts leads to a socket that makes it the host; *ret_source is borrowed, or NULL where nothing
 * does.  Learns what it needs when it is first asked; negative errno where the engine does not tell it. */
int verify_sockets_find(struct verify *verify, struct verify_sockets *sockets, const struct docker_exposure *exposure,
			const char **ret_source, struct error *err);
void verify_sockets_clear(struct verify_sockets *sockets);

#endif
