/* SPDX-License-Identifier: Apache-2.0 */
/* slot - the inside that http and setup share: one transfer with its memory. */
#pragma once
#include <curl/curl.h>

#include "wire/http.h"

#define SLOT_SOCKETS 4 /* one address may be tried in two families */

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
	char *body;                /* of a request; may hold a key */
	int sockets[SLOT_SOCKETS]; /* opened for this request, -1 where there is none */
	bool stream, handshake;
	bool opened;    /* a socket was opened: no connection of the pool was used */
	bool connected; /* one of them reached its peer before it was closed */
	char error[CURL_ERROR_SIZE];
};

/* Moves bytes into a sink, and wipes where they were; userdata is the sink. libcurl's write callback. */
size_t slot_write(char *bytes, size_t size, size_t count, void *userdata);

/* Wipes and frees what a sink holds. */
void slot_wipe_sink(struct sink *sink);

/* Whether a socket has (still) a peer. */
bool slot_reached_peer(int fd);

/* Prepares slot->easy for a request or a handshake; false: out of memory. */
bool setup_request(struct slot *slot, const struct http_endpoint *endpoint,
                   const struct http_request *request);
bool setup_handshake(struct slot *slot, const struct http_handshake *handshake);
