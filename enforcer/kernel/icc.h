/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Docker's own switch for traffic between the containers of a network: what its option says. */
#ifndef BULKHEAD_ICC_H
#define BULKHEAD_ICC_H

#include "inventory.h"

#define ICC_OPTION "com.docker.network.bridge.enable_icc"

enum icc {
	ICC_ON, /* also where the option is absent */
	ICC_OFF,
	ICC_UNREADABLE, /* no spelling that the engine takes */
};

/* As the engine reads it, which is Go's strconv.ParseBool: 1 t T TRUE true True, 0 f F FALSE false False, and nothing
 * else (no blanks, no "yes"). */
enum icc icc_read(const struct network *network);

#endif
