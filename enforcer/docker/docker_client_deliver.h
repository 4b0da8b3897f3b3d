/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of docker_client, for its files alone: what has come in is told to our callers. */
#ifndef BULKHEAD_DOCKER_CLIENT_DELIVER_H
#define BULKHEAD_DOCKER_CLIENT_DELIVER_H

struct docker_client;

/* Serves the queue: calls our callers' functions.  The client may be gone afterwards. */
void docker_client_dispatch(struct docker_client *client);

#endif
