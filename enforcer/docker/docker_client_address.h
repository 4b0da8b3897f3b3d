/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the engine is, from what the user and the environment say.  No I/O but a look at files. */
#ifndef BULKHEAD_DOCKER_CLIENT_ADDRESS_H
#define BULKHEAD_DOCKER_CLIENT_ADDRESS_H

#include <stdbool.h>

#include "cleanup.h"
#include "error.h"

struct docker_address {
	char *url;	   /* as it was given, for messages */
	char *base;	   /* what request paths are appended to: "http://localhost", "https://192.0.2.1:2376" */
	char *socket_path; /* of the unix socket, or NULL */
	bool tls;
	char *ca, *cert, *key; /* files, or NULL: the system's authorities and no certificate of our own */
};

/* url, else DOCKER_HOST, else the default socket: docker_client_new says which URLs are understood. */
int docker_address_new(const char *url, struct docker_address **ret_address, struct error *err);
/* Accepts NULL. */
void docker_address_free(struct docker_address *address);
CLEANUP_DEFINE(docker_address, docker_address_free)

/* URL-escapes text for a query; malloc'd, NULL when out of memory. */
char *docker_escape(const char *text);

#endif
