/* SPDX-License-Identifier: Apache-2.0 */
/* http - carries requests to an API server and back: libcurl's multi interface, HTTP/1.1 over TLS,
 * never a proxy, never a redirect, never gzip. Bytes are pushed into a bounded sink, ends are pulled:
 * no callback of the caller's runs in here. Owns the connections and the bodies; wipes both bodies
 * and headers when they are done. It never retries and knows no bound of its own but the caller's. */
#pragma once
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/failure.h"
#include "base/span.h"

#define HTTP_SLOTS     64 /* requests under way at once: every order, and the watches */
#define HTTP_EXTRA_FDS 8

struct http;

struct http_endpoint {      /* all owned by the caller, and needed until the request's end */
	const char *server; /* https://host[:port][/prefix] */
	const char *tls_server_name; /* NULL: the server's host */
	const char *ca_pem;
	const char *client_cert_pem, *client_key_pem; /* NULL: none */
	const char *token;                            /* NULL: none */
};

enum http_method { HTTP_GET, HTTP_POST, HTTP_PATCH, HTTP_DELETE };

struct http_request {
	enum http_method method;
	const char *path;    /* begins with a slash, already escaped */
	const char *accept;  /* NULL: application/json */
	const char *content; /* the type of the body; NULL: application/json */
	struct span body;    /* copied; JSON */
	size_t limit;        /* bytes of answer; beyond it the request fails as FAILURE_TOO_BIG */
	uint64_t bound_usec; /* total, from start to end */
	bool fresh;          /* over a new connection, even if an old one is there */
	bool stream; /* a watch: its bytes are taken as they come, limit is for those not yet taken */
};

/* A TLS handshake with a listener, to see the certificate that it serves: nothing is verified, nothing is sent. */
struct http_handshake {
	const char *address; /* IPv4 or IPv6 literal, or a name */
	uint16_t port;
	const char *server_name; /* SNI */
	bool proxy_header;       /* the listener expects the PROXY protocol */
	uint64_t bound_usec;
};

/* How far a request came. */
enum http_stage { HTTP_CONNECTING, HTTP_IN_TLS, HTTP_SENT, HTTP_ANSWERED };

struct http_end {
	uint32_t id;
	enum http_stage stage;
	bool reused;     /* over a connection that was there before */
	char peer[46];   /* the address that was connected to, "" where none was */
	uint16_t status; /* 0 unless ANSWERED */
	struct span
		body; /* valid until the next http_next() or http_free(); of a handshake: the leaf's PEM */
	struct failure failure; /* FAILURE_NONE: a whole answer, whatever its status */
};

/* -ENOMEM. */
int http_new(struct http **ret);
struct http *http_free(struct http *http); /* always NULL */
DEFINE_CLEANUP(struct http, http_free)

/* Starts a request; *ret_id is never 0. -EBUSY: no slot is free, -ENOMEM. */
int http_start(struct http *http, const struct http_endpoint *endpoint,
               const struct http_request *request, uint32_t *ret_id);

/* The same for a handshake: its end has stage SENT and the leaf in body, or says where it stopped. */
int http_start_handshake(struct http *http, const struct http_handshake *handshake,
                         uint32_t *ret_id);

/* What came of a stream and was not taken yet, and its status (0: no header yet). False: no such stream. The
 * bytes are valid until the next call of any function here. */
bool http_peek(struct http *http, uint32_t id, uint16_t *ret_status, struct span *ret_bytes);

/* Another number after bytes of any stream came in. */
uint64_t http_streamed(const struct http *http);

/* Takes (and wipes) the first len bytes of a stream. */
void http_take(struct http *http, uint32_t id, size_t len);

/* Immediate, and no end follows. An unknown id is ignored. */
void http_cancel(struct http *http, uint32_t id);

/* Moves bytes, then takes the next end; false when there is none. */
bool http_next(struct http *http, struct http_end *ret);

/* The only place that sleeps: until a transfer moves, one of the caller's fds (at most HTTP_EXTRA_FDS)
 * has events, or timeout_usec is over. Fills in revents. -EINTR is no error here. */
int http_wait(struct http *http, struct pollfd *fds, size_t count, uint64_t timeout_usec);

/* Name and version of the library below, for --version. */
const char *http_library(void);
