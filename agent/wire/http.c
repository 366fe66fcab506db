/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/http.h"

#include <stdio.h>
#include <strings.h>

#include <curl/curl.h>

#include "base/secret.h"
#include "wire/slot.h"
#include "wire/wipe.h"

/* X509_V_ERR_CERT_NOT_YET_VALID; OpenSSL itself stays in tls/ and wire/wipe. */
#define VERIFY_NOT_YET_VALID 9
#define LEAF_MAX             (64 * 1024)

struct http {
	CURLM *multi;
	struct slot slots[HTTP_SLOTS];
	uint64_t streamed;
	struct sink taken; /* the body of the end handed out last */
};

void slot_wipe_sink(struct sink *sink)
{
	secret_free(sink->bytes);
	*sink = (struct sink){ 0 };
}

size_t slot_write(char *bytes, size_t size, size_t count, void *userdata)
{
	struct sink *sink = userdata;
	size_t len = size * count;

	if (len > sink->limit - sink->len) {
		sink->overflown = true;
		return 0;
	}
	if (sink->len + len + 1 > sink->room &&
	    !secret_grow(&sink->bytes, &sink->room, sink->len + len + 1))
		return 0;
	memcpy(sink->bytes + sink->len, bytes, len);
	sink->len += len;
	if (sink->streamed)
		*sink->streamed += len;
	sink->bytes[sink->len] = '\0'; /* cJSON and words alike may look for it */
	explicit_bzero(bytes, len);    /* libcurl keeps its buffer, for as long as a stream lasts */
	return len;
}

static void slot_clear(struct http *http, struct slot *slot)
{
	if (slot->easy) {
		(void)curl_multi_remove_handle(http->multi, slot->easy);
		curl_easy_cleanup(slot->easy);
	}
	slot->easy = NULL;
	curl_slist_free_all(slot->headers);
	curl_slist_free_all(slot->connect_to);
	slot->headers = slot->connect_to = NULL;
	slot_wipe_sink(&slot->sink);
	slot->body = secret_free(slot->body);
	slot->stream = slot->handshake = slot->opened = slot->connected = false;
	slot->error[0] = '\0';
	for (size_t i = 0; i < SLOT_SOCKETS; i++)
		slot->sockets[i] = -1;
}

int http_new(struct http **ret)
{
	CLEANUP(http_free_p) struct http *http = NULL;

	if (!wipe_begin())
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
	slot_wipe_sink(&http->taken);
	if (http->multi)
		(void)curl_multi_cleanup(http->multi);
	free(http);
	return NULL;
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
	return launch(http, slot, setup_request(slot, endpoint, request), ret_id);
}

int http_start_handshake(struct http *http, const struct http_handshake *handshake,
                         uint32_t *ret_id)
{
	int error;
	struct slot *slot = open_slot(http, &error);

	if (!slot)
		return error;
	slot->handshake = true;
	return launch(http, slot, setup_handshake(slot, handshake), ret_id);
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

	if (!sink || !sink->bytes || len > sink->len)
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
		if (slot->sockets[i] >= 0 && slot_reached_peer(slot->sockets[i]))
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
	/* libcurl's own words hold the milliseconds that it took: another text each time. */
	bool plain = code == CURLE_OPERATION_TIMEDOUT || code == CURLE_COULDNT_CONNECT ||
	             !slot->error[0];
	const char *text = plain ? curl_easy_strerror(code) : slot->error;

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
			(void)slot_write(item->data + sizeof(label) - 1, 1,
			                 strlen(item->data) - sizeof(label) + 1, &slot->sink);
}

/* Where the connection went: with a name in the server's place nobody else knows. */
static void take_peer(const struct slot *slot, struct http_end *ret)
{
	const char *peer = NULL;

	if (ret->stage != HTTP_CONNECTING &&
	    curl_easy_getinfo(slot->easy, CURLINFO_PRIMARY_IP, &peer) == CURLE_OK && peer)
		(void)snprintf(ret->peer, sizeof(ret->peer), "%s", peer);
}

static void take_end(struct http *http, struct slot *slot, CURLcode code, struct http_end *ret)
{
	curl_off_t begun = 0; /* 0: no connection came about at all */

	*ret = (struct http_end){ .id = id_of(http, slot) };
	(void)curl_easy_getinfo(slot->easy, CURLINFO_PRETRANSFER_TIME_T, &begun);
	ret->reused = !slot->opened && begun > 0;
	ret->stage = stage_of(slot, code, ret->reused);
	ret->status = (uint16_t)info_long(slot->easy, CURLINFO_RESPONSE_CODE);
	take_peer(slot, ret);
	if (code != CURLE_OK)
		explain(slot, code, ret);
	ret->failure.http_status = ret->status;
	ret->failure.retry_after_usec = retry_after_usec(slot);
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

	slot_wipe_sink(&http->taken); /* now, not with the next end: that may be hours away */
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
