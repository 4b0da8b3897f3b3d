/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A server that misbehaves on demand: threads that answer by the request's path.  For test_docker_client alone. */
#ifndef BULKHEAD_TESTS_HTTP_SERVER_H
#define BULKHEAD_TESTS_HTTP_SERVER_H

#include <pthread.h>
#include <stdatomic.h>

#define SERVER_CONNECTIONS_MAX 512

struct server {
	int listener;
	char url[128];
	pthread_t acceptor;
	struct {
		pthread_t thread;
		int fd;
	} connections[SERVER_CONNECTIONS_MAX];
	atomic_uint connection_count;
};

/* path NULL: on a port of 127.0.0.1. */
void server_start(struct server *server, const char *path);
void server_stop(struct server *server);

#endif
