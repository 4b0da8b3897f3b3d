/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "docker_client_address.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>

#define DEFAULT_URL "unix:///var/run/docker.sock"

/* What Docker's own tools use for tcp:// without a port. */
#define PORT_PLAIN "2375"
#define PORT_TLS   "2376"

void docker_address_free(struct docker_address *address)
{
	if (!address)
		return;
	free(address->url);
	free(address->base);
	free(address->socket_path);
	free(address->ca);
	free(address->cert);
	free(address->key);
	free(address);
}

static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return value && value[0] ? value : NULL;
}

/* The rest of url after the scheme, or NULL if it has another one. */
static const char *after_scheme(const char *url, const char *scheme)
{
	size_t length = strlen(scheme);

	return strncasecmp(url, scheme, length) == 0 ? url + length : NULL;
}

static int check_characters(const char *url, struct error *err)
{
	for (const char *c = url; *c; c++) {
		if ((unsigned char)*c <= ' ' || *c == 0x7f)
			return error_set(err, -EINVAL,
					 "the engine's URL has a blank or control character at byte %zu: take it out",
					 (size_t)(c - url) + 1);
	}
	return 0;
}

static int set_unix(struct docker_address *address, const char *path, struct error *err)
{
	size_t room = sizeof(((struct sockaddr_un *)NULL)->sun_path);

	if (path[0] != '/')
		return error_set(err, -EINVAL, "%s: the socket's path must be absolute, as in " DEFAULT_URL,
				 address->url);
	if (strlen(path) >= room)
		return error_set(err, -EINVAL,
				 "%s: the socket's path is longer than the %zu bytes that the kernel takes",
				 address->url, room - 1);
	address->socket_path = strdup(path);
	address->base = strdup("http://localhost"); /* the Host header; it is not resolved */
	return address->socket_path && address->base ? 0 : error_oom(err);
}

static int set_file(char **ret_file, const char *directory, const char *name, const char *url, struct error *err)
{
	cleanup_free char *file = NULL;

	if (asprintf(&file, "%s/%s", directory, name) < 0) {
		file = NULL;
		return error_oom(err);
	}
	if (access(file, R_OK) < 0)
		return error_set(err, -errno,
				 "%s: TLS needs %s: %s; put it there, or name its directory in DOCKER_CERT_PATH", url,
				 file, strerror(errno));
	*ret_file = steal(file);
	return 0;
}

static int set_tls_files(struct docker_address *address, struct error *err)
{
	const char *home = environment("HOME"), *named = environment("DOCKER_CERT_PATH");
	cleanup_free char *directory = NULL;
	int r;

	if (!named && !home)
		return error_set(err, -EINVAL,
				 "%s: name the directory of ca.pem, cert.pem and key.pem in DOCKER_CERT_PATH",
				 address->url);
	if ((named ? asprintf(&directory, "%s", named) : asprintf(&directory, "%s/.docker", home)) < 0) {
		directory = NULL;
		return error_oom(err);
	}
	r = set_file(&address->ca, directory, "ca.pem", address->url, err);
	if (!r)
		r = set_file(&address->cert, directory, "cert.pem", address->url, err);
	if (!r)
		r = set_file(&address->key, directory, "key.pem", address->url, err);
	return r;
}

/* The host's port, with its colon, or "" if it has none.  NULL if it is not a host with or without a port. */
static const char *find_port(const char *host, size_t length)
{
	const char *end = host + length, *port;

	if (host[0] == '[') {
		const char *bracket = memchr(host, ']', length);

		port = bracket ? bracket + 1 : NULL;
		if (!port || bracket == host + 1)
			return NULL;
	} else {
		port = memchr(host, ':', length);
		if (port == host)
			return NULL;
		port = port ? port : end;
	}
	if (port == end)
		return "";
	if (*port != ':' || port + 1 == end || end - port > 6 ||
	    strspn(port + 1, "0123456789") < (size_t)(end - port - 1))
		return NULL;
	return port;
}

/* A password may stand before it, and what is said here is logged. */
static int check_no_user(const char *url, struct error *err)
{
	bool is_path = url[0] == '/' || after_scheme(url, "unix://") || after_scheme(url, "ssh://");

	if (!is_path && strpbrk(url, "@?#"))
		return error_set(
			err, -EINVAL,
			"the engine's URL must not hold a user name, a query or a fragment: write tcp://HOST:PORT");
	return 0;
}

/* host: what follows the scheme.  default_port: with its colon. */
static int set_tcp(struct docker_address *address, const char *host, const char *default_port, struct error *err)
{
	size_t length = strcspn(host, "/"), path_length = strlen(host + length);
	const char *port;

	port = length ? find_port(host, length) : NULL;
	if (!port)
		return error_set(err, -EINVAL, "%s: not a host and a port: write tcp://HOST:PORT", address->url);
	while (path_length && host[length + path_length - 1] == '/')
		path_length--;
	if (asprintf(&address->base, "%s://%.*s%s%.*s", address->tls ? "https" : "http", (int)length, host,
		     *port ? "" : default_port, (int)path_length, host + length) < 0) {
		address->base = NULL;
		return error_oom(err);
	}
	return 0;
}

static int set_from_url(struct docker_address *address, struct error *err)
{
	const char *url = address->url, *rest;
	bool verify = environment("DOCKER_TLS_VERIFY");

	if ((rest = after_scheme(url, "unix://")))
		return set_unix(address, rest, err);
	if ((rest = after_scheme(url, "tcp://"))) {
		address->tls = verify;
		return set_tcp(address, rest, verify ? ":" PORT_TLS : ":" PORT_PLAIN, err);
	}
	if ((rest = after_scheme(url, "http://")))
		return set_tcp(address, rest, "", err);
	if ((rest = after_scheme(url, "https://"))) {
		address->tls = true;
		return set_tcp(address, rest, "", err);
	}
	if (after_scheme(url, "ssh://"))
		return error_set(
			err, -EINVAL,
			"ssh:// is not spoken here: run bulkhead on the engine's own host, where its bridges are");
	if (after_scheme(url, "npipe://"))
		return error_set(err, -EINVAL, "%s: named pipes are Windows': bulkhead needs an engine on Linux", url);
	if (url[0] == '/')
		return error_set(err, -EINVAL, "%s: a socket is written as unix://%s", url, url);
	return error_set(err, -EINVAL, "%s: not an engine's URL: write unix:///PATH or tcp://HOST:PORT", url);
}

int docker_address_new(const char *url, struct docker_address **ret_address, struct error *err)
{
	cleanup_of(docker_address) struct docker_address *address = calloc(1, sizeof(*address));
	int r;

	if (!address)
		return error_oom(err);
	if (!url || !url[0])
		url = environment("DOCKER_HOST");
	if (!url)
		url = DEFAULT_URL;
	r = check_characters(url, err);
	if (r == 0)
		r = check_no_user(url, err);
	if (r < 0)
		return r;
	address->url = strdup(url);
	if (!address->url)
		return error_oom(err);
	r = set_from_url(address, err);
	if (r < 0)
		return r;
	/* An engine behind https:// may have a certificate of a public authority and ask for none. */
	if (address->tls && (environment("DOCKER_TLS_VERIFY") || environment("DOCKER_CERT_PATH"))) {
		r = set_tls_files(address, err);
		if (r < 0)
			return r;
	}
	*ret_address = steal(address);
	return 0;
}

char *docker_escape(const char *text)
{
	static const char digits[] = "0123456789ABCDEF";
	char *escaped = malloc(3 * strlen(text) + 1), *end = escaped;

	if (!escaped)
		return NULL;
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		/* RFC 3986's unreserved characters; in ASCII, whatever the locale says. */
		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || strchr("-._~", c)) {
			*end++ = (char)c;
			continue;
		}
		*end++ = '%';
		*end++ = digits[c >> 4];
		*end++ = digits[c & 15];
	}
	*end = '\0';
	return escaped;
}
