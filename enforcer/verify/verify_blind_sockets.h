/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the group verify_blind: whether a container's mounts lead to the engine's socket. */
#ifndef BULKHEAD_VERIFY_BLIND_SOCKETS_H
#define BULKHEAD_VERIFY_BLIND_SOCKETS_H

#include "docker_json.h"
#include "verify.h"

/* Where the engine's sockets are, and which volumes may lead there. */
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
