/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/http.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <strings.h>
#include <sys/socket.h>

#include <curl/curl.h>

#define VERIFY_NOT_YET_VALID 9 /* X509_V_ERR_CERT_NOT_YET_VALID; OpenSSL itself stays in tls/ */
#define SLOT_SOCKETS         4 /* one address may be tried in two families */
#define SINK_FIRST           4096
#define LEAF_MAX             (64 * 1024)

struct sink {
	char *bytes;
	size_t len, room, limit;
	bool overflown;
	uint64_t *streamed; /* counts what a stream brings, NULL: it is none */
};

struct slot {
	CURL *easy; /* NULL: free */
	uint32_t generation;
	struct curl_slist *headers, *connect_to;
	struct sink sink;
	char *body; /* of a request; may hold a key */
	size_t body_len;
	int sockets[SLOT_SOCKETS]; /* opened for this request, -1 where there is none */
	bool stream, handshake;
	bool opened;    /* a socket was opened: no connection of the pool was used */
	bool connected; /* one of them reached its peer before it was closed */
	char error[CURL_ERROR_SIZE];
};

struct http {
	CURLM *multi;
	struct slot slots[HTTP_SLOTS];
	uint64_t streamed;
	struct sink taken; /* the body of the end handed out last */
};

static void sink_wipe(struct sink *sink)
{
	if (sink->bytes)
		explicit_bzero(sink->bytes, sink->room);
	free(sink->bytes);
	*sink = (struct sink){ 0 };
}

static bool sink_grow(struct sink *sink, size_t need)
{
	size_t room = sink->room ? sink->room : SINK_FIRST;
	char *bytes;

	while (room < need)
		room *= 2;
	bytes = malloc(room);
	if (!bytes)
		return false;
	if (sink->bytes) { /* not realloc: it would leave the old bytes behind, unwiped */
		memcpy(bytes, sink->bytes, sink->len);
		explicit_bzero(sink->bytes, sink->room);
		free(sink->bytes);
	}
	sink->bytes = bytes;
	sink->room = room;
	return true;
}

static size_t sink_write(char *bytes, size_t size, size_t count, void *userdata)
{
	struct sink *sink = userdata;
	size_t len = size * count;

	if (len > sink->limit - sink->len) {
		sink->overflown = true;
		return 0;
	}
	if (sink->len + len + 1 > sink->room && !sink_grow(sink, sink->len + len + 1))
		return 0;
	memcpy(sink->bytes + sink->len, bytes, len);
	sink->len += len;
	if (sink->streamed)
		*sink->streamed += len;
	sink->bytes[sink->len] = '\0'; /* cJSON and words alike may look for it */
	return len;
}

/* libcurl says nothing about TCP when TLS fails: whether a socket reached its peer can only be asked
 * while it is there (seen with 7.88.1). */
static bool reached_peer(int fd)
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
		slot->connected |= reached_peer(fd);
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

static void wipe_list(struct curl_slist *list)
{
	for (struct curl_slist *item = list; item; item = item->next)
		explicit_bzero(item->data, strlen(item->data));
	curl_slist_free_all(list);
}

static void slot_clear(struct http *http, struct slot *slot)
{
	if (slot->easy) {
		(void)curl_multi_remove_handle(http->multi, slot->easy);
		curl_easy_cleanup(slot->easy);
	}
	slot->easy = NULL;
	wipe_list(slot->headers);
	curl_slist_free_all(slot->connect_to);
	slot->headers = slot->connect_to = NULL;
	sink_wipe(&slot->sink);
	if (slot->body)
		explicit_bzero(slot->body, slot->body_len);
	free(slot->body);
	slot->body = NULL;
	slot->stream = slot->handshake = slot->opened = slot->connected = false;
	slot->error[0] = '\0';
	for (size_t i = 0; i < SLOT_SOCKETS; i++)
		slot->sockets[i] = -1;
}

int http_new(struct http **ret)
{
	CLEANUP(http_free_p) struct http *http = NULL;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		return -ENOMEM;
	http = calloc(1, sizeof(*http));
	if (!http)
		return -ENOMEM;
	for (size_t i = 0; i < HTTP_SLOTS; i++)
		slot_clear(http, &http->slots[i]);
	http->multi = curl_multi_init();
	if (!http->multi)
		return -ENOMEM;
	/* Multiplexing would keep a dead connection in use: HTTP/1.1 has none. */
	(void)curl_multi_setopt(http->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
	(void)curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)HTTP_SLOTS);
	*ret = TAKE_PTR(http);
	return 0;
}

struct http *http_free(struct http *http)
{
	if (!http)
		return NULL;
	for (size_t i = 0; i < HTTP_SLOTS; i++)
		slot_clear(http, &http->slots[i]);
	sink_wipe(&http->taken);
	if (http->multi)
		(void)curl_multi_cleanup(http->multi);
	free(http);
	return NULL;
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
		done = done && add_header(slot, "Content-Type", "application/json") &&
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
		[HTTP_GET] = "GET", [HTTP_POST] = "POST", [HTTP_DELETE] = "DELETE"
	};

	if (request->method == HTTP_GET)
		return true;
	slot->body = malloc(request->body.len + 1);
	if (!slot->body)
		return false;
	slot->body_len = request->body.len;
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
	       !curl_easy_setopt(easy, CURLOPT_USERAGENT, "gatewake/" GATEWAKE_VERSION) &&
	       !curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, slot->error) &&
	       !curl_easy_setopt(easy, CURLOPT_PRIVATE, slot) &&
	       !curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, sink_write) &&
	       !curl_easy_setopt(easy, CURLOPT_WRITEDATA, &slot->sink) &&
	       !curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, to_msec(request->bound_usec)) &&
	       !curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, to_msec(request->bound_usec)) &&
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

static bool set_handshake(struct slot *slot, const struct http_handshake *handshake)
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

static uint32_t id_of(const struct http *http, const struct slot *slot)
{
	return slot->generation * HTTP_SLOTS + (uint32_t)(slot - http->slots);
}

static struct slot *take_slot(struct http *http)
{
	for (size_t i = 0; i < HTTP_SLOTS; i++)
		if (!http->slots[i].easy)
			return &http->slots[i];
	return NULL;
}

static long info_long(CURL *easy, CURLINFO info)
{
	long value = 0;

	(void)curl_easy_getinfo(easy, info, &value);
	return value;
}

/* A slot with a new transfer in it, or NULL with *ret_error set. */
static struct slot *open_slot(struct http *http, int *ret_error)
{
	struct slot *slot = take_slot(http);

	*ret_error = slot ? -ENOMEM : -EBUSY;
	if (!slot)
		return NULL;
	slot->easy = curl_easy_init();
	slot->generation++; /* so the first id is not 0 */
	return slot->easy ? slot : NULL;
}

static int launch(struct http *http, struct slot *slot, bool prepared, uint32_t *ret_id)
{
	if (!prepared || curl_multi_add_handle(http->multi, slot->easy) != CURLM_OK) {
		slot_clear(http, slot);
		return -ENOMEM;
	}
	*ret_id = id_of(http, slot);
	return 0;
}

int http_start(struct http *http, const struct http_endpoint *endpoint,
               const struct http_request *request, uint32_t *ret_id)
{
	int error;
	struct slot *slot = open_slot(http, &error);

	if (!slot)
		return error;
	slot->sink.limit = request->limit;
	slot->stream = request->stream;
	slot->sink.streamed = request->stream ? &http->streamed : NULL;
	return launch(http, slot,
	              set_transfer(slot, request) && set_sockets(slot) &&
	                      set_tls(slot->easy, endpoint) &&
	                      set_url(slot, endpoint, request->path) &&
	                      set_headers(slot, endpoint, request) && set_method(slot, request),
	              ret_id);
}

int http_start_handshake(struct http *http, const struct http_handshake *handshake,
                         uint32_t *ret_id)
{
	int error;
	struct slot *slot = open_slot(http, &error);

	if (!slot)
		return error;
	slot->handshake = true;
	return launch(http, slot, set_handshake(slot, handshake), ret_id);
}

static struct slot *slot_of(struct http *http, uint32_t id)
{
	struct slot *slot = &http->slots[id % HTTP_SLOTS];

	return slot->easy && id_of(http, slot) == id ? slot : NULL;
}

bool http_peek(struct http *http, uint32_t id, uint16_t *ret_status, struct span *ret_bytes)
{
	struct slot *slot = slot_of(http, id);

	if (!slot || !slot->stream)
		return false;
	*ret_status = (uint16_t)info_long(slot->easy, CURLINFO_RESPONSE_CODE);
	*ret_bytes = (struct span){ slot->sink.bytes ? slot->sink.bytes : "", slot->sink.len };
	return true;
}

uint64_t http_streamed(const struct http *http)
{
	return http->streamed;
}

void http_take(struct http *http, uint32_t id, size_t len)
{
	struct slot *slot = slot_of(http, id);
	struct sink *sink = slot ? &slot->sink : NULL;

	if (!sink || len > sink->len)
		return;
	memmove(sink->bytes, sink->bytes + len, sink->len - len);
	explicit_bzero(sink->bytes + sink->len - len, len);
	sink->len -= len;
}

void http_cancel(struct http *http, uint32_t id)
{
	struct slot *slot = slot_of(http, id);

	if (slot)
		slot_clear(http, slot);
}

/* A peer that resets is no peer any more when it is asked for, but then libcurl names TLS itself. */
static bool names_tls(CURLcode code)
{
	return code == CURLE_SSL_CONNECT_ERROR || code == CURLE_PEER_FAILED_VERIFICATION ||
	       code == CURLE_SSL_CERTPROBLEM || code == CURLE_SSL_CIPHER ||
	       code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_ISSUER_ERROR;
}

static enum http_stage stage_of(const struct slot *slot, CURLcode code, bool reused)
{
	curl_off_t handshake = 0;

	if (info_long(slot->easy, CURLINFO_RESPONSE_CODE))
		return HTTP_ANSWERED;
	(void)curl_easy_getinfo(slot->easy, CURLINFO_APPCONNECT_TIME_T, &handshake);
	if (reused || handshake > 0)
		return HTTP_SENT;
	if (names_tls(code))
		return HTTP_IN_TLS;
	for (size_t i = 0; i < SLOT_SOCKETS; i++)
		if (slot->sockets[i] >= 0 && reached_peer(slot->sockets[i]))
			return HTTP_IN_TLS;
	return slot->connected ? HTTP_IN_TLS : HTTP_CONNECTING;
}

static enum failure_class class_of(const struct slot *slot, CURLcode code, enum http_stage stage)
{
	if (slot->sink.overflown)
		return FAILURE_TOO_BIG;
	if (code == CURLE_OUT_OF_MEMORY || code == CURLE_WRITE_ERROR)
		return FAILURE_LOCAL;
	if (code == CURLE_OPERATION_TIMEDOUT)
		return FAILURE_TIMEOUT;
	if (stage != HTTP_IN_TLS)
		return FAILURE_UNREACHABLE;
	return info_long(slot->easy, CURLINFO_SSL_VERIFYRESULT) == VERIFY_NOT_YET_VALID
	               ? FAILURE_CLOCK
	               : FAILURE_TLS;
}

static void explain(const struct slot *slot, CURLcode code, struct http_end *end)
{
	char quoted[160];
	const char *text = slot->error[0] ? slot->error : curl_easy_strerror(code);

	failure_quote(quoted, sizeof(quoted), text, strlen(text));
	(void)failure_set(&end->failure, class_of(slot, code, end->stage),
	                  (int)info_long(slot->easy, CURLINFO_OS_ERRNO), "%s", quoted);
	if (end->failure.class == FAILURE_TOO_BIG)
		(void)failure_set(&end->failure, FAILURE_TOO_BIG, EFBIG,
		                  "the answer is longer than %zu bytes", slot->sink.limit);
}

static uint64_t retry_after_usec(const struct slot *slot)
{
	curl_off_t seconds = 0;

	(void)curl_easy_getinfo(slot->easy, CURLINFO_RETRY_AFTER, &seconds);
	return seconds > 0 && seconds < 3600 ? (uint64_t)seconds * 1000000 : 0;
}

/* The leaf that the peer sent stands first in libcurl's list. */
static void take_leaf(struct slot *slot)
{
	static const char label[] = "Cert:";
	struct curl_certinfo *chain = NULL;

	if (curl_easy_getinfo(slot->easy, CURLINFO_CERTINFO, &chain) != CURLE_OK || !chain ||
	    chain->num_of_certs < 1)
		return;
	slot->sink.limit = LEAF_MAX;
	for (struct curl_slist *item = chain->certinfo[0]; item; item = item->next)
		if (strncmp(item->data, label, sizeof(label) - 1) == 0)
			(void)sink_write(item->data + sizeof(label) - 1, 1,
			                 strlen(item->data) - sizeof(label) + 1, &slot->sink);
}

static void take_end(struct http *http, struct slot *slot, CURLcode code, struct http_end *ret)
{
	*ret = (struct http_end){ .id = id_of(http, slot) };
	ret->reused = !slot->opened && code != CURLE_COULDNT_RESOLVE_HOST;
	ret->stage = stage_of(slot, code, ret->reused);
	ret->status = (uint16_t)info_long(slot->easy, CURLINFO_RESPONSE_CODE);
	if (code != CURLE_OK)
		explain(slot, code, ret);
	ret->failure.http_status = ret->status;
	ret->failure.retry_after_usec = retry_after_usec(slot);
	sink_wipe(&http->taken);
	if (slot->handshake)
		take_leaf(slot);
	http->taken = slot->sink;
	slot->sink = (struct sink){ 0 };
	ret->body = (struct span){ http->taken.bytes ? http->taken.bytes : "", http->taken.len };
	slot_clear(http, slot);
}

bool http_next(struct http *http, struct http_end *ret)
{
	int running, left;
	CURLMsg *message;
	struct slot *slot;

	(void)curl_multi_perform(http->multi, &running);
	message = curl_multi_info_read(http->multi, &left);
	if (!message || message->msg != CURLMSG_DONE)
		return false;
	(void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &slot);
	take_end(http, slot, message->data.result, ret);
	return true;
}

int http_wait(struct http *http, struct pollfd *fds, size_t count, uint64_t timeout_usec)
{
	struct curl_waitfd extra[HTTP_EXTRA_FDS];
	uint64_t timeout_msec = (timeout_usec + 999) / 1000;
	int ready;

	if (count > HTTP_EXTRA_FDS)
		return -EINVAL;
	for (size_t i = 0; i < count; i++)
		extra[i] = (struct curl_waitfd){ .fd = fds[i].fd, .events = CURL_WAIT_POLLIN };
	if (curl_multi_poll(http->multi, extra, (unsigned)count,
	                    timeout_msec > 3600000 ? 3600000 : (int)timeout_msec,
	                    &ready) != CURLM_OK)
		return -EIO;
	for (size_t i = 0; i < count; i++)
		fds[i].revents = extra[i].revents & CURL_WAIT_POLLIN ? POLLIN : 0;
	return 0;
}

const char *http_library(void)
{
	return curl_version();
}
