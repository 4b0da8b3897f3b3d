/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of the group verify_datapath alone. */
#ifndef BULKHEAD_VERIFY_DATAPATH_H
#define BULKHEAD_VERIFY_DATAPATH_H

#include "verify.h"

/* The rules that are Docker's: verify_docker.c. */
void verify_docker_drop(struct verify *verify);
void verify_docker_accept(struct verify *verify);
void verify_docker_legacy(struct verify *verify);

/* Who keeps it so, and since when: verify_service.c. */
void verify_service_owner(struct verify *verify);
void verify_service_drift(struct verify *verify);

#endif
