/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "http_server.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SERVER_CHUNKED "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"

/* False once the client has gone. */
static bool server_send(int fd, const char *bytes, size_t length)
{
	while (length) {
		ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);

		if (sent <= 0)
			return false;
		bytes += sent;
		length -= (size_t)sent;
	}
	return true;
}

static bool server_say(int fd, const char *text)
{
	return server_send(fd, text, strlen(text));
}

/* Waits until the client has read all, so that what follows comes in a piece of its own. */
static void server_flush(int fd)
{
	for (int queued = 1; queued > 0;) {
		if (ioctl(fd, SIOCOUTQ, &queued) < 0)
			return;
		sched_yield();
	}
}

static bool server_chunk(int fd, const char *bytes, size_t length)
{
	char size[32];

	snprintf(size, sizeof(size), "%zx\r\n", length);
	return server_say(fd, size) && server_send(fd, bytes, length) && server_say(fd, "\r\n");
}

/* `count` bytes of one letter as chunks. */
static bool server_flood(int fd, size_t count)
{
	static const char letters[65536] = { [0 ... 65535] = 'x' };

	while (count) {
		size_t part = count < sizeof(letters) ? count : sizeof(letters);

		if (!server_chunk(fd, letters, part))
			return false;
		count -= part;
	}
	return true;
}

/* Every byte in a chunk, and a piece, of its own. */
static bool server_drip(int fd, const char *text)
{
	for (; *text; text++) {
		if (!server_chunk(fd, text, 1))
			return false;
		server_flush(fd);
	}
	return true;
}

/* False: the connection ends. */
static bool server_answer(int fd, const char *path)
{
	if (strcmp(path, "/whole") == 0)
		return server_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole");
	if (strcmp(path, "/v1.41/versioned") == 0)
		return server_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nversioned");
	if (strcmp(path, "/interim") == 0)
		return server_say(
			fd,
			"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate");
	if (strcmp(path, "/empty") == 0)
		return server_say(fd, "HTTP/1.1 204 No Content\r\n\r\n");
	if (strcmp(path, "/redirect") == 0)
		return server_say(fd, "HTTP/1.1 301 Moved\r\nLocation: /whole\r\nContent-Length: 0\r\n\r\n");
	if (strcmp(path, "/missing") == 0)
		return server_say(fd, "HTTP/1.1 404 Not Found\r\nContent-Length: 13\r\n\r\n{\"message\":1}");
	if (strcmp(path, "/chunked") == 0)
		return server_say(fd, SERVER_CHUNKED) && server_drip(fd, "chunked body") && server_chunk(fd, "", 0);
	if (strcmp(path, "/large") == 0)
		return server_say(fd, SERVER_CHUNKED) && server_flood(fd, 3000000) && server_chunk(fd, "", 0);
	if (strcmp(path, "/too-large") == 0)
		return server_say(fd, SERVER_CHUNKED) && server_flood(fd, 64 * 1024 * 1024 + 1) &&
		       server_chunk(fd, "", 0);
	if (strcmp(path, "/half") == 0)
		return server_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf") && false;
	if (strcmp(path, "/half-stalled") == 0)
		return server_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
	if (strcmp(path, "/no-http") == 0)
		return server_say(fd, "SSH-2.0-OpenSSH\r\n") && false;
	if (strcmp(path, "/hang-up") == 0)
		return false;
	if (strcmp(path, "/lines") == 0)
		return server_say(fd, SERVER_CHUNKED) && server_drip(fd, "first\nsecond\n\n") &&
		       server_chunk(fd, "third\nfourth\nfif", 16) && server_drip(fd, "th\nlast") &&
		       server_chunk(fd, "", 0);
	if (strcmp(path, "/lines-cut") == 0)
		return server_say(fd, SERVER_CHUNKED) && server_chunk(fd, "first\nsec", 9) && false;
	if (strcmp(path, "/lines-stalled") == 0)
		return server_say(fd, SERVER_CHUNKED) && server_chunk(fd, "first\n", 6);
	if (strcmp(path, "/lines-silent") == 0)
		return server_say(fd, SERVER_CHUNKED);
	if (strcmp(path, "/line-longest") == 0)
		return server_say(fd, SERVER_CHUNKED) && server_flood(fd, 4 * 1024 * 1024) &&
		       server_chunk(fd, "\nok\n", 4) && server_chunk(fd, "", 0);
	if (strcmp(path, "/line-long-and-half") == 0)
		return server_say(fd, SERVER_CHUNKED) && server_flood(fd, 100000) && server_chunk(fd, "\nha", 3) &&
		       server_drip(fd, "lf\n") && server_chunk(fd, "", 0);
	if (strcmp(path, "/line-too-long") == 0)
		return server_say(fd, SERVER_CHUNKED) && server_chunk(fd, "ok\n", 3) &&
		       server_flood(fd, 4 * 1024 * 1024 + 1) && server_chunk(fd, "\n", 1) && server_chunk(fd, "", 0);
	if (strcmp(path, "/error-endless") == 0)
		return server_say(fd, "HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n") &&
		       server_flood(fd, 4 * 1024 * 1024) && server_chunk(fd, "", 0);
	return true; /* "/stalled": nothing at all */
}

static void *server_serve(void *data)
{
	int fd = *(int *)data;
	char request[8192], path[1024];
	size_t length = 0;
	bool more = true;

	while (more) {
		ssize_t count = recv(fd, request + length, sizeof(request) - 1 - length, 0);

		if (count <= 0)
			break;
		length += (size_t)count;
		request[length] = '\0';
		if (!strstr(request, "\r\n\r\n"))
			continue;
		length = 0;
		if (sscanf(request, "GET %1023s HTTP/1.1", path) != 1)
			break;
		more = server_answer(fd, path);
	}
	shutdown(fd, SHUT_RDWR);
	return NULL;
}

static void *server_accept(void *data)
{
	struct server *server = data;

	for (;;) {
		int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
		unsigned i = server->connection_count;

		if (fd < 0 || i == SERVER_CONNECTIONS_MAX)
			return NULL;
		server->connections[i].fd = fd;
		if (pthread_create(&server->connections[i].thread, NULL, server_serve, &server->connections[i].fd))
			abort();
		server->connection_count++;
	}
}

void server_start(struct server *server, const char *path)
{
	struct sockaddr_un local = { .sun_family = AF_UNIX };
	struct sockaddr_in loopback = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr *address = path ? (struct sockaddr *)&local : (struct sockaddr *)&loopback;
	socklen_t length = path ? sizeof(local) : sizeof(loopback);

	memset(server, 0, sizeof(*server));
	if (path)
		snprintf(local.sun_path, sizeof(local.sun_path), "%.100s", path);
	server->listener = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (server->listener < 0 || bind(server->listener, address, length) < 0 || listen(server->listener, 128) < 0 ||
	    getsockname(server->listener, address, &length) < 0)
		abort();
	if (path)
		snprintf(server->url, sizeof(server->url), "unix://%.100s", path);
	else
		snprintf(server->url, sizeof(server->url), "tcp://127.0.0.1:%u", ntohs(loopback.sin_port));
	if (pthread_create(&server->acceptor, NULL, server_accept, server))
		abort();
}

void server_stop(struct server *server)
{
	shutdown(server->listener, SHUT_RDWR);
	pthread_join(server->acceptor, NULL);
	close(server->listener);
	for (unsigned i = 0; i < server->connection_count; i++) {
		shutdown(server->connections[i].fd, SHUT_RDWR);
		pthread_join(server->connections[i].thread, NULL);
		close(server->connections[i].fd);
	}
}
