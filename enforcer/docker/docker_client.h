/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one file that speaks HTTP: requests to the Docker Engine's API through libcurl's multi interface, driven by our
 * loop.  Bytes only; what they mean is docker_json's.
 */
#ifndef BULKHEAD_DOCKER_CLIENT_H
#define BULKHEAD_DOCKER_CLIENT_H

#include <stdbool.h>
#include <sys/types.h>

#include "cleanup.h"
#include "docker_request.h"
#include "error.h"
#include "loop.h"

struct docker_client;

/* Where the engine is: url, else DOCKER_HOST, else unix:///var/run/docker.sock.  unix://PATH, tcp://HOST:PORT,
 * http://…, https://….  TLS for tcp:// when DOCKER_TLS_VERIFY is set and not empty, with ca.pem, cert.pem and key.pem
 * of DOCKER_CERT_PATH (default ~/.docker); ssh:// and npipe:// are refused with a sentence that says what to do. */
int docker_client_new(struct loop *loop, const char *url, struct docker_client **ret_client, struct error *err);
/* Accepts NULL.  Cancels what is under way without calling back. */
void docker_client_free(struct docker_client *client);
CLEANUP_DEFINE(docker_client, docker_client_free)

/* The engine's address as it was understood, for messages. */
const char *docker_client_url(const struct docker_client *client);
/* True when the engine is not reached over a unix socket. */
bool docker_client_remote(const struct docker_client *client);

/* The path of its unix socket, or NULL. */
const char *docker_client_socket(const struct docker_client *client);
/* True where nobody listens on its unix socket at this moment.  False for other addresses: that is not known. */
bool docker_client_nobody(const struct docker_client *client);
/* The process that made its unix socket listen, as the kernel says when one connects: its number in our PID namespace.
 * 0 where that is not known. */
pid_t docker_client_peer(const struct docker_client *client);

/* The version prefix for later requests, "1.41"; NULL or before it is set: none. */
int docker_client_set_version(struct docker_client *client, const char *version, struct error *err);

/* GET path ("/networks/ID"), body whole, at most 64 MiB, at most timeout_ms (0: none).  The callback comes exactly
 * once, from the loop, never from within this call, unless the request is cancelled. */
int docker_client_get(struct docker_client *client, const char *path, unsigned timeout_ms, docker_response_fn *done,
		      void *data, struct docker_request **ret_request, struct error *err);

/* GET path as an endless stream of lines.  opened is called once, when a 200 and its headers are there; done exactly
 * once, at the end.  A line longer than 4 MiB ends the stream with an error. */
int docker_client_stream(struct docker_client *client, const char *path, docker_line_fn *line, void (*opened)(void *),
			 docker_response_fn *done, void *data, struct docker_request **ret_request, struct error *err);

#endif
