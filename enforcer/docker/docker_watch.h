/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Follows one engine: subscribe, then snapshot, then follow; reconnect with backoff and start over.  Events only say
 * where to look again: what is handed on is always what the engine answered when it was asked.
 */
#ifndef BULKHEAD_DOCKER_WATCH_H
#define BULKHEAD_DOCKER_WATCH_H

#include <stdbool.h>

#include "cleanup.h"
#include "docker_client.h"
#include "docker_watch_handler.h"
#include "error.h"
#include "loop.h"

struct docker_watch;

/* follow: stay subscribed and reconnect; else one snapshot (or one lost) is all.  Nothing happens before the loop
 * runs.  Borrows loop, client and handler. */
int docker_watch_new(struct loop *loop, struct docker_client *client, bool follow,
		     const struct docker_watch_handler *handler, void *data, struct docker_watch **ret_watch,
		     struct error *err);
/* Accepts NULL. */
void docker_watch_free(struct docker_watch *watch);
CLEANUP_DEFINE(docker_watch, docker_watch_free)

/* Look at that container, that network, or everything, again. */
void docker_watch_container(struct docker_watch *watch, const char *id);
/* Ask for the bindings of one that is not started, and not known with them.  (One that was just created is asked by
 * itself.)  While it starts the engine does not answer: then nothing comes. */
void docker_watch_bindings(struct docker_watch *watch, const char *id);
void docker_watch_network(struct docker_watch *watch, const char *id);
void docker_watch_everything(struct docker_watch *watch);
/* Ask which networks there are: it costs much less than everything. */
void docker_watch_networks(struct docker_watch *watch);

#endif
