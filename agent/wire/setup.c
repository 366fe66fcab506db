/* SPDX-License-Identifier: Apache-2.0 */
/* setup - what libcurl is told of one transfer: where to, as whom, within which bounds. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <strings.h>
#include <sys/socket.h>

#include "wire/slot.h"
#include "wire/wipe.h"

/* A watch runs for minutes, but what takes it takes it at once. */
#define STREAM_CONNECT_USEC UINT64_C(5000000)

/* libcurl says nothing about TCP when TLS fails: whether a socket reached its peer can only be asked
 * while it is there (seen with 7.88.1). */
bool slot_reached_peer(int fd)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);

	return getpeername(fd, (struct sockaddr *)&peer, &len) == 0;
}

static curl_socket_t open_socket(void *userdata, curlsocktype purpose,
                                 struct curl_sockaddr *address)
{
	struct slot *slot = userdata;
	int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);

	(void)purpose;
	slot->opened = true;
	for (size_t i = 0; fd >= 0 && i < SLOT_SOCKETS; i++) {
		if (slot->sockets[i] >= 0)
			continue;
		slot->sockets[i] = fd;
		break;
	}
	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

/* A connection outlives the request that opened it, so the slot may serve another one by now: only
 * a socket that it still knows says something about its request. */
static int close_socket(void *userdata, curl_socket_t fd)
{
	struct slot *slot = userdata;

	for (size_t i = 0; i < SLOT_SOCKETS; i++) {
		if (slot->sockets[i] != fd)
			continue;
		slot->connected |= slot_reached_peer(fd);
		slot->sockets[i] = -1;
	}
	return close(fd);
}

/* A peer that is gone without a word is noticed after 30 s: 15 + 3 * 5. */
static int set_keepalive(void *userdata, curl_socket_t fd, curlsocktype purpose)
{
	int count = 3;
	unsigned timeout_msec = 30000;

	(void)userdata;
	(void)purpose;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_msec, sizeof(timeout_msec));
	return CURL_SOCKOPT_OK;
}
static bool add_header(struct slot *slot, const char *name, const char *value)
{
	CLEANUP(free_p) char *line = NULL;
	struct curl_slist *longer;
	int len = asprintf(&line, "%s: %s", name, value);

	if (len < 0) {
		line = NULL;
		return false;
	}
	longer = curl_slist_append(slot->headers, line);
	explicit_bzero(line, (size_t)len);
	if (longer)
		slot->headers = longer;
	return longer != NULL;
}

static bool set_headers(struct slot *slot, const struct http_endpoint *endpoint,
                        const struct http_request *request)
{
	CLEANUP(free_p) char *bearer = NULL;
	bool done =
		add_header(slot, "Accept", request->accept ? request->accept : "application/json");

	/* libcurl would wait up to a second for a 100 before it sends a large body. */
	if (request->body.len)
		done = done &&
		       add_header(slot, "Content-Type",
		                  request->content ? request->content : "application/json") &&
		       add_header(slot, "Expect", "");
	if (endpoint->token) {
		int len = asprintf(&bearer, "Bearer %s", endpoint->token);

		if (len < 0)
			bearer = NULL;
		done = done && bearer && add_header(slot, "Authorization", bearer);
		if (bearer)
			explicit_bzero(bearer, (size_t)len);
	}
	return done && !curl_easy_setopt(slot->easy, CURLOPT_HTTPHEADER, slot->headers);
}

/* Where the certificate is for another name than the address, the URL carries the name, and
 * CONNECT_TO the way: so SNI, verification and the Host header agree. */
static bool set_url(struct slot *slot, const struct http_endpoint *endpoint, const char *path)
{
	CLEANUP(free_p) char *url = NULL;
	CLEANUP(free_p) char *route = NULL;
	const char *host = endpoint->server + strlen("https://");
	size_t host_len = strcspn(host, "/");
	int len;

	if (!endpoint->tls_server_name) {
		len = asprintf(&url, "%s%s", endpoint->server, path);
	} else {
		bool has_port = memchr(host, ':', host_len) != NULL;

		len = asprintf(&url, "https://%s%s%s", endpoint->tls_server_name, host + host_len,
		               path);
		if (len >= 0)
			len = asprintf(&route, "::%.*s%s", (int)host_len, host,
			               has_port ? "" : ":443");
	}
	if (len < 0)
		return false;
	if (route)
		slot->connect_to = curl_slist_append(NULL, route);
	if (route && (!slot->connect_to || curl_easy_setopt(slot->easy, CURLOPT_CONNECT_TO,
	                                                    slot->connect_to) != CURLE_OK))
		return false;
	return curl_easy_setopt(slot->easy, CURLOPT_URL, url) == CURLE_OK;
}

static bool set_blob(CURL *easy, CURLoption option, const char *pem)
{
	struct curl_blob blob = { .data = (void *)(uintptr_t)pem,
		                  .len = strlen(pem),
		                  .flags = CURL_BLOB_COPY };

	return curl_easy_setopt(easy, option, &blob) == CURLE_OK;
}

static bool set_tls(CURL *easy, const struct http_endpoint *endpoint)
{
	if (curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, wipe_connection) != CURLE_OK)
		return false;
	if (!endpoint->ca_pem) /* plain HTTP; with TLS, trusting nobody fails */
		return curl_easy_setopt(easy, CURLOPT_CAINFO, NULL) == CURLE_OK &&
		       curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK;
	if (!set_blob(easy, CURLOPT_CAINFO_BLOB, endpoint->ca_pem) ||
	    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) != CURLE_OK)
		return false;
	if (!endpoint->client_cert_pem)
		return true;
	return set_blob(easy, CURLOPT_SSLCERT_BLOB, endpoint->client_cert_pem) &&
	       set_blob(easy, CURLOPT_SSLKEY_BLOB, endpoint->client_key_pem);
}

static bool set_method(struct slot *slot, const struct http_request *request)
{
	static const char *const names[] = {
		[HTTP_GET] = "GET",
		[HTTP_POST] = "POST",
		[HTTP_PATCH] = "PATCH",
		[HTTP_DELETE] = "DELETE",
	};

	if (request->method == HTTP_GET)
		return true;
	slot->body = malloc(request->body.len + 1);
	if (!slot->body)
		return false;
	memcpy(slot->body, request->body.ptr, request->body.len);
	return !curl_easy_setopt(slot->easy, CURLOPT_POST, 1L) &&
	       !curl_easy_setopt(slot->easy, CURLOPT_POSTFIELDS, slot->body) &&
	       !curl_easy_setopt(slot->easy, CURLOPT_POSTFIELDSIZE, (long)request->body.len) &&
	       !curl_easy_setopt(slot->easy, CURLOPT_CUSTOMREQUEST, names[request->method]);
}

/* A bound in whole milliseconds, at least one: 0 would mean none to libcurl. */
static long to_msec(uint64_t usec)
{
	return usec < 1000 ? 1 : (long)(usec / 1000);
}

static bool set_transfer(struct slot *slot, const struct http_request *request)
{
	CURL *easy = slot->easy;

	return !curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) &&
	       !curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") &&
	       !curl_easy_setopt(easy, CURLOPT_PROXY, "") &&
	       !curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) &&
	       /* Or the end of a transfer waits for a resolver that gets no answer: 20 s and more. */
	       !curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) &&
	       !curl_easy_setopt(easy, CURLOPT_USERAGENT, "gatewake/" GATEWAKE_VERSION) &&
	       !curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, slot->error) &&
	       !curl_easy_setopt(easy, CURLOPT_PRIVATE, slot) &&
	       !curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, slot_write) &&
	       !curl_easy_setopt(easy, CURLOPT_WRITEDATA, &slot->sink) &&
	       !curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, to_msec(request->bound_usec)) &&
	       !curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
	                         to_msec(request->stream ? STREAM_CONNECT_USEC : request->bound_usec)) &&
	       !curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, 60L) &&
	       !curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, request->fresh ? 1L : 0L);
}

static bool set_sockets(struct slot *slot)
{
	CURL *easy = slot->easy;

	return !curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L) &&
	       !curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, 15L) &&
	       !curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, 5L) &&
	       !curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, set_keepalive) &&
	       !curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket) &&
	       !curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, slot) &&
	       !curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket) &&
	       !curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, slot);
}

/* The listener's name goes into SNI, and CONNECT_TO leads it to the address that is to be proven. */
static bool set_handshake_url(struct slot *slot, const struct http_handshake *handshake)
{
	CLEANUP(free_p) char *url = NULL;
	CLEANUP(free_p) char *route = NULL;
	bool v6 = strchr(handshake->address, ':') != NULL;

	if (asprintf(&url, "https://%s:%u/", handshake->server_name, handshake->port) < 0) {
		url = NULL;
		return false;
	}
	if (asprintf(&route, "::%s%s%s:%u", v6 ? "[" : "", handshake->address, v6 ? "]" : "",
	             handshake->port) < 0) {
		route = NULL;
		return false;
	}
	slot->connect_to = curl_slist_append(NULL, route);
	return slot->connect_to &&
	       !curl_easy_setopt(slot->easy, CURLOPT_CONNECT_TO, slot->connect_to) &&
	       !curl_easy_setopt(slot->easy, CURLOPT_URL, url);
}

bool setup_handshake(struct slot *slot, const struct http_handshake *handshake)
{
	CURL *easy = slot->easy;
	struct http_request request = { .bound_usec = handshake->bound_usec, .fresh = true };

	return set_transfer(slot, &request) && set_sockets(slot) &&
	       set_handshake_url(slot, handshake) &&
	       !curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L) &&
	       !curl_easy_setopt(easy, CURLOPT_CERTINFO, 1L) &&
	       !curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L) &&
	       !curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L) &&
	       !curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L) &&
	       !curl_easy_setopt(easy, CURLOPT_HAPROXYPROTOCOL, handshake->proxy_header ? 1L : 0L);
}

bool setup_request(struct slot *slot, const struct http_endpoint *endpoint,
                   const struct http_request *request)
{
	return set_transfer(slot, request) && set_sockets(slot) && set_tls(slot->easy, endpoint) &&
	       set_url(slot, endpoint, request->path) && set_headers(slot, endpoint, request) &&
	       set_method(slot, request);
}
