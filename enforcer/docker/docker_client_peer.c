/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose the engine's unix socket is: unix(7), SO_PEERCRED.  Nothing is sent. */
#include "docker_client.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "docker_client_transfer.h"

const char *docker_client_socket(const struct docker_client *client)
{
	return client->address->socket_path;
}

/* -1 with errno where it cannot be connected to. */
static int connect_to(const struct docker_client *client)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", client->address->socket_path);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -1;
	return steal_fd(&fd);
}

bool docker_client_nobody(const struct docker_client *client)
{
	cleanup_close int fd = client->address->socket_path ? connect_to(client) : -1;

	return client->address->socket_path && fd < 0 && (errno == ENOENT || errno == ECONNREFUSED || errno == ENOTDIR);
}

pid_t docker_client_peer(const struct docker_client *client)
{
	cleanup_close int fd = client->address->socket_path ? connect_to(client) : -1;
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return 0;
	return peer.pid;
}
