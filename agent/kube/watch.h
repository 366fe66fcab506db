/* SPDX-License-Identifier: Apache-2.0 */
/* watch - keeps a store like one resource of the API server: says which request is due (LIST in pages, then
 * WATCH from there) and what each answer means for the next one. Pure but for the memory of one line: no
 * clock, dice or socket; the caller carries out what watch_due() asks for and hands in what comes of it.
 * What came before stays until something better is complete: a snapshot replaces the store only as a whole,
 * and nothing is deleted but by a DELETED event or by a complete snapshot without it. 401, 403, 404 and
 * silence change nothing.
 *
 * The loop, for each watch:
 *   if (watch_due(...)) http_start();  request out
 *   http_peek() -> watch_feed() -> http_take(); false: http_cancel()
 *   http_next() -> watch_ended() */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "base/span.h"
#include "kube/lines.h"
#include "kube/path.h"
#include "wire/http.h"

#define WATCH_LINE_MAX   (4u * 1024 * 1024) /* of one event: etcd takes 1.5 MiB at most */
#define WATCH_BODY_MAX   (8u * 1024 * 1024) /* of one page */
#define WATCH_PAGE_ITEMS 100
#define WATCH_PAGES_MAX  100 /* in one snapshot */

enum watch_change { WATCH_LISTED, WATCH_ADDED, WATCH_MODIFIED, WATCH_DELETED };

/* What the watch feeds. These functions fill a store and do nothing else: they start, cancel and wait for
 * nothing. A negative answer of put or end means that the store can't follow: the watch pauses, then asks for
 * a new snapshot; ret_failure says why. */
struct watch_sink {
	void *store;
	void (*begin)(void *store); /* a new snapshot; one that was begun and not ended is dropped */
	int (*put)(void *store, enum watch_change change, struct span object, struct failure *ret_failure);
	void (*end)(void *store); /* the snapshot is complete: it replaces what was there */
};

struct watch_request {
	char path[PATH_QUERY_SIZE];
	const char *accept;
	size_t limit;
	uint64_t bound_usec;
	bool stream, fresh;
};

enum watch_phase { WATCH_LISTING, WATCH_STREAMING };

enum watch_list {
	WATCH_LATEST,     /* in pages, as of now */
	WATCH_WHOLE,      /* in one answer: a continue token had expired */
	WATCH_NOT_BEFORE, /* in one answer, not older than the version we had: from the server's cache */
};

struct watch { /* from watch_init() to watch_clear(); the first part may be read, and nothing written */
	bool synced;                    /* a complete snapshot is in the store */
	bool live;                      /* and a stream is open that tells what changed since */
	uint64_t behind_usec;           /* where it is not live: since when; 0: never asked */
	uint64_t snapshot_begun_usec;   /* when the first request for it began; 0: none yet */
	uint64_t snapshot_ended_usec;   /* when its last answer was in */
	struct failure failure;         /* what keeps it from being live, FAILURE_NONE where that is known to be nothing */
	unsigned misses;                /* pauses in a row */

	enum path_resource resource;
	const char *namespace;
	struct watch_sink sink;
	enum watch_phase phase; /* of the request that is out or due */
	enum watch_list list;
	char token[PATH_TOKEN_SIZE], version[PATH_VERSION_SIZE], page_version[PATH_VERSION_SIZE];
	unsigned pages, page_items;
	uint64_t list_begun_usec;
	bool out, fresh, hasty; /* hasty: the last stream ended as soon as it began */
	uint64_t begun_usec; /* of the request that is out */
	uint64_t due_usec;   /* of the next one */
	uint64_t told_usec;  /* not before that, says the server */
	uint64_t missed_usec;
	size_t lines; /* of this stream, understood */
	struct lines line;
};

/* namespace (NULL: the whole cluster) stays the caller's and must outlive the watch. -EINVAL: no such path. */
int watch_init(struct watch *self, enum path_resource resource, const char *namespace,
	       const struct watch_sink *sink);
void watch_clear(struct watch *self);

/* True: that request is due now, and from here on counts as out. False: *ret_wake_usec is when to ask again,
 * UINT64_MAX while a request is out (its own bound ends it). */
bool watch_due(struct watch *self, uint64_t now_usec, uint32_t dice, struct watch_request *ret,
	       uint64_t *ret_wake_usec);

/* Takes what came of a stream so far; *ret_taken bytes are done with. Of an answer other than 200 that is
 * none: it is judged whole, at its end. False: no more of this stream is wanted, cancel it. */
bool watch_feed(struct watch *self, uint16_t status, struct span bytes, uint64_t now_usec, uint32_t dice,
		size_t *ret_taken);

/* The request that was out has ended; end->body holds what was not taken. One that could not even be started
 * ends with FAILURE_LOCAL. */
void watch_ended(struct watch *self, const struct http_end *end, uint64_t now_usec, uint32_t dice);

/* Both forget the request that is out, which the caller cancels, and any pause but one that the server asked
 * for. again: the endpoint is usable (again), or another one, or other credentials: the same request over a
 * fresh connection. relist: a snapshot as of now, for an audit. */
void watch_again(struct watch *self, uint64_t now_usec);
void watch_relist(struct watch *self, uint64_t now_usec);
