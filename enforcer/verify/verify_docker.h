/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the group verify_datapath: the rules that are Docker's. */
#ifndef BULKHEAD_VERIFY_DOCKER_H
#define BULKHEAD_VERIFY_DOCKER_H

#include "verify.h"

void verify_docker_drop(struct verify *verify);
void verify_docker_accept(struct verify *verify);
void verify_docker_legacy(struct verify *verify);

#endif
