/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libcurl forbids to start and to end transfers in its own callbacks, and our callers must be free to do both.  So what
 * curl hands us is only kept, and the requests that have something to tell stand in a queue; they are served when curl
 * has returned.  From there a callback may start requests, cancel any, its own too, and free the client.
 */
#include "docker_client.h"

#include <curl/curl.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "docker_client_deliver.h"
#include "docker_client_transfer.h"

#define CONNECT_TIMEOUT_MS 5000L
/* A request that may last longer than that ends after so long without a byte. */
#define STALL_S 10L

/* Requests beyond these wait for their turn, so that a host with many networks does not run out of descriptors.  As
 * many are kept open: to close one that the next request in line could use would only make that wait. */
#define CONNECTIONS_MAX 64L

/* --- What curl calls: nothing here may call back into it or into our callers. --- */

static size_t on_body(char *bytes, size_t size, size_t count, void *data)
{
	struct docker_request *request = data;

	return docker_request_keep(request, bytes, size * count) ? size * count : 0;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *data)
{
	struct docker_request *request = data;
	size_t length = size * count;
	bool blank = length && length <= 2 && bytes[length - 1] == '\n';

	/* The blank line ends the headers; those of an interim answer (1xx) are followed by others. */
	if (!blank || request->headers)
		return length;
	curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &request->status);
	request->headers = request->status >= 200;
	if (request->headers && docker_request_is_stream(request)) {
		request->limit = DOCKER_BODY_MAX;
		docker_request_queue(request);
	}
	return length;
}

static void on_socket_event(int fd, uint32_t events, void *data);

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *data, void *socket_data)
{
	struct docker_client *client = data;
	uint32_t events = what == CURL_POLL_IN ? EPOLLIN : what == CURL_POLL_OUT ? EPOLLOUT : EPOLLIN | EPOLLOUT;

	(void)easy;
	(void)socket_data;
	if (what == CURL_POLL_REMOVE) {
		loop_unwatch(client->loop, fd);
		return 0;
	}
	return loop_watch(client->loop, fd, events, on_socket_event, client, NULL) < 0 ? -1 : 0;
}

static int on_timer(CURLM *multi, long milliseconds, void *data)
{
	struct docker_client *client = data;

	(void)multi;
	if (milliseconds < 0)
		loop_timer_stop(client->timer);
	else
		loop_timer_set(client->timer, (uint64_t)milliseconds);
	return 0;
}

/* --- Why a transfer failed. --- */

/* The sentence for a connection to a unix socket that failed; NULL if the reason is not one that we know. */
static const char *unix_reason(long os_error)
{
	switch (os_error) {
	case ENOENT:
	case ENOTDIR:
		return "there is no such socket: is the Docker Engine running?";
	case ECONNREFUSED:
		return "nobody listens on this socket: is the Docker Engine running?";
	case EACCES:
	case EPERM:
		return "permission denied: run bulkhead as root";
	case ENOTSOCK:
	case EPROTOTYPE:
		return "this is not an engine's socket";
	default:
		return NULL;
	}
}

static const char *tcp_reason(CURLcode code, long os_error, bool tls)
{
	switch (code) {
	case CURLE_COULDNT_CONNECT:
		return os_error == ECONNREFUSED ? "connection refused: does the Docker Engine listen there?" : NULL;
	case CURLE_COULDNT_RESOLVE_HOST:
		return "the host's name does not resolve";
	case CURLE_PEER_FAILED_VERIFICATION:
		return "the engine's certificate is not to be trusted: is ca.pem in DOCKER_CERT_PATH the one that "
		       "signed it, and is it for this host's name?";
	case CURLE_SSL_CERTPROBLEM:
		return "cert.pem or key.pem in DOCKER_CERT_PATH cannot be used";
	case CURLE_SSL_CACERT_BADFILE:
		return "ca.pem in DOCKER_CERT_PATH cannot be used";
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
		return tls ? NULL : "this is not HTTP: if the engine speaks TLS, set DOCKER_TLS_VERIFY=1";
	case CURLE_SSL_CONNECT_ERROR:
		return "no TLS connection: does the engine speak TLS on this port, and does it trust cert.pem?";
	default:
		return NULL;
	}
}

static const char *reason(const struct docker_request *request, CURLcode code)
{
	const struct docker_address *address = request->client->address;
	const char *text = NULL;
	long os_error = 0;

	if (request->problem)
		return request->problem;
	curl_easy_getinfo(request->easy, CURLINFO_OS_ERRNO, &os_error);
	if (!address->socket_path)
		text = tcp_reason(code, os_error, address->tls);
	else if (code == CURLE_COULDNT_CONNECT)
		text = unix_reason(os_error);
	if (text)
		return text;
	return request->curl_error[0] ? request->curl_error : curl_easy_strerror(code);
}

/* --- Driving curl. --- */

static int open_multi(struct docker_client *client, struct error *err)
{
	CURLM *multi = curl_multi_init();

	if (!multi)
		return error_oom(err);
	if (curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket) ||
	    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, client) ||
	    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer) ||
	    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, client) ||
	    curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING) ||
	    curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, CONNECTIONS_MAX) ||
	    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, CONNECTIONS_MAX)) {
		curl_multi_cleanup(multi);
		return error_set(err, -EINVAL, "%s: this libcurl cannot do what is needed: use 7.88 or newer",
				 client->address->url);
	}
	client->multi = multi;
	return 0;
}

static void close_multi(struct docker_client *client)
{
	if (client->multi)
		curl_multi_cleanup(client->multi);
	client->multi = NULL;
	loop_timer_stop(client->timer);
}

/* A multi handle that has failed as such, which takes an error of the loop, is of no use any more. */
static void fail_all(struct docker_client *client, const char *problem)
{
	for (struct docker_request *request = client->requests; request; request = request->next) {
		docker_request_detach(request);
		if (!request->finished)
			docker_request_finish(request, problem);
	}
	close_multi(client);
}

static void drive(struct docker_client *client, curl_socket_t fd, int events)
{
	CURLMsg *message;
	CURLMcode code;
	int count;

	code = curl_multi_socket_action(client->multi, fd, events, &count);
	while ((message = curl_multi_info_read(client->multi, &count))) {
		struct docker_request *request = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &request);
		docker_request_finish(request,
				      message->data.result == CURLE_OK ? NULL : reason(request, message->data.result));
	}
	if (code != CURLM_OK)
		fail_all(client, curl_multi_strerror(code));
	docker_client_dispatch(client);
}

static void on_socket_event(int fd, uint32_t events, void *data)
{
	int action = 0;

	/* What is wrong with a socket curl finds out by using it. */
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		action |= CURL_CSELECT_IN;
	if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
		action |= CURL_CSELECT_OUT;
	drive(data, fd, action);
}

static void on_timeout(void *data)
{
	drive(data, CURL_SOCKET_TIMEOUT, 0);
}

/* --- What our callers call. --- */

static int initialize_curl(struct error *err)
{
	static bool initialized;

	if (!initialized && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return error_set(err, -ENOMEM, "libcurl cannot be initialized");
	initialized = true;
	return 0;
}

/* OpenSSL writes to sockets without MSG_NOSIGNAL: an engine that goes away must not end us. */
static void ignore_sigpipe(void)
{
	struct sigaction action;

	if (sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL)
		signal(SIGPIPE, SIG_IGN);
}

int docker_client_new(struct loop *loop, const char *url, struct docker_client **ret_client, struct error *err)
{
	cleanup_of(docker_client) struct docker_client *client = NULL;
	int r;

	r = initialize_curl(err);
	if (r < 0)
		return r;
	client = calloc(1, sizeof(*client));
	if (!client)
		return error_oom(err);
	client->loop = loop;
	client->last_ready = &client->first_ready;
	r = docker_address_new(url, &client->address, err);
	if (r < 0)
		return r;
	client->timer = loop_timer_new(loop, on_timeout, client);
	if (!client->timer)
		return error_oom(err);
	r = open_multi(client, err);
	if (r < 0)
		return r;
	if (client->address->tls)
		ignore_sigpipe();
	*ret_client = steal(client);
	return 0;
}

void docker_client_free(struct docker_client *client)
{
	if (!client)
		return;
	while (client->requests)
		docker_request_cancel(client->requests);
	close_multi(client);
	loop_timer_free(client->timer);
	docker_address_free(client->address);
	/* In a callback, the dispatcher above us still looks at it, and frees it then. */
	client->freed = true;
	if (!client->dispatching)
		free(client);
}

const char *docker_client_url(const struct docker_client *client)
{
	return client->address->url;
}

bool docker_client_remote(const struct docker_client *client)
{
	return !client->address->socket_path;
}

int docker_client_set_version(struct docker_client *client, const char *version, struct error *err)
{
	if (!version)
		version = "";
	if (strlen(version) >= sizeof(client->version) || strspn(version, "0123456789.") != strlen(version))
		return error_set(err, -EINVAL, "\"%s\" is not an API version", version);
	strcpy(client->version, version);
	return 0;
}

/* Who the engine is, and that it is asked itself: no proxies, no redirects, nothing but HTTP. */
static CURLcode set_options(CURL *easy, const struct docker_address *address)
{
	CURLcode code = CURLE_OK;

#define SET(option, value) (code = code ? code : curl_easy_setopt(easy, option, value))
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_USERAGENT, "bulkhead/" BULKHEAD_VERSION);
	SET(CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
	if (address->socket_path) {
		SET(CURLOPT_UNIX_SOCKET_PATH, address->socket_path);
	} else {
		SET(CURLOPT_TCP_KEEPALIVE, 1L);
		SET(CURLOPT_TCP_KEEPIDLE, 30L);
		SET(CURLOPT_TCP_KEEPINTVL, 10L);
	}
	if (address->tls) {
		SET(CURLOPT_SSL_VERIFYPEER, 1L);
		SET(CURLOPT_SSL_VERIFYHOST, 2L);
		SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	}
	if (address->ca) {
		/* No other authority counts than the one that was named. */
		SET(CURLOPT_CAINFO, address->ca);
		SET(CURLOPT_CAPATH, NULL);
		SET(CURLOPT_SSLCERT, address->cert);
		SET(CURLOPT_SSLKEY, address->key);
	}
	return code;
}

static CURLcode set_request(struct docker_request *request, const char *url, unsigned timeout_ms)
{
	CURL *easy = request->easy;
	CURLcode code = CURLE_OK;

	SET(CURLOPT_URL, url);
	SET(CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	if (timeout_ms > STALL_S * 1000) {
		SET(CURLOPT_LOW_SPEED_LIMIT, 1L);
		SET(CURLOPT_LOW_SPEED_TIME, STALL_S);
	}
	SET(CURLOPT_ERRORBUFFER, request->curl_error);
	SET(CURLOPT_PRIVATE, request);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, request);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, request);
#undef SET
	return code;
}

static int add_to_multi(struct docker_request *request, unsigned timeout_ms, struct error *err)
{
	struct docker_client *client = request->client;
	cleanup_free char *url = NULL;
	CURLMcode code;

	if (asprintf(&url, "%s%s%s%s", client->address->base, *client->version ? "/v" : "", client->version,
		     request->path) < 0) {
		url = NULL;
		return error_oom(err);
	}
	if (!client->multi && open_multi(client, err) < 0)
		return -ENOMEM;
	request->easy = curl_easy_init();
	if (!request->easy || set_options(request->easy, client->address) || set_request(request, url, timeout_ms))
		return error_oom(err);
	code = curl_multi_add_handle(client->multi, request->easy);
	if (code != CURLM_OK)
		return error_set(err, -EIO, "%s: GET %.*s: %s", client->address->url, docker_request_shown(request),
				 request->path, curl_multi_strerror(code));
	request->attached = true;
	return 0;
}

/* Starts what the caller has filled in; frees it on failure. */
static int start(struct docker_client *client, struct docker_request *filled, const char *path, unsigned timeout_ms,
		 struct docker_request **ret_request, struct error *err)
{
	cleanup_of(docker_request) struct docker_request *request = filled;
	int r;

	if (!request)
		return error_oom(err);
	request->client = client;
	request->path = strdup(path);
	if (!request->path)
		return error_oom(err);
	if (path[0] != '/')
		return error_set(err, -EINVAL, "%s: \"%s\" is not a request's path", client->address->url, path);
	request->sent_ns = loop_now_ns();
	r = add_to_multi(request, timeout_ms, err);
	if (r < 0)
		return r;
	docker_request_link(request);
	if (ret_request)
		*ret_request = request;
	(void)steal(request);
	return 0;
}

int docker_client_get(struct docker_client *client, const char *path, unsigned timeout_ms, docker_response_fn *done,
		      void *data, struct docker_request **ret_request, struct error *err)
{
	struct docker_request *request = calloc(1, sizeof(*request));

	if (request)
		*request = (struct docker_request){
			.client = client, .limit = DOCKER_BODY_MAX, .done = done, .data = data
		};
	return start(client, request, path, timeout_ms, ret_request, err);
}

int docker_client_stream(struct docker_client *client, const char *path, docker_line_fn *line, void (*opened)(void *),
			 docker_response_fn *done, void *data, struct docker_request **ret_request, struct error *err)
{
	struct docker_request *request = calloc(1, sizeof(*request));

	if (request)
		*request = (struct docker_request){ .client = client,
						    .limit = DOCKER_STREAM_ERROR_MAX,
						    .line = line,
						    .opened = opened,
						    .done = done,
						    .data = data };
	return start(client, request, path, 0, ret_request, err);
}
