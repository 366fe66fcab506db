/* SPDX-License-Identifier: Apache-2.0 */
/* sync - the errands around one copy, each a few requests in a row: create it, look at its source, look
 * at it. A pure step: it says which request to send, is handed its end, and says the next one or how
 * the errand ended. No clock, socket or retry of its own.
 *
 * A copy is created with one POST and never patched or deleted: an operator whose Gateway controller is
 * off would answer either by deleting it. What is there already is left alone. */
#pragma once
#include "core/core.h"
#include "kube/copy_body.h"
#include "wire/http.h"

#define SYNC_LIMIT                                                                                 \
	(4 * 1024 * 1024) /* of an answer: a Secret of 1 MiB as base64, with its metadata */
#define SYNC_PATH_SIZE 512
#define SYNC_TEXT_SIZE 400

enum sync_errand { SYNC_CREATE_COPY, SYNC_LOOK_AT_SOURCE, SYNC_LOOK_AT_COPY };

struct sync_task { /* its strings are copied, .shape is not */
	enum sync_errand errand;
	struct copy_source source;
	const char *secrets_namespace, *copy; /* not needed to look at the source */
	const struct copy_shape *shape;       /* needed to create */
	int64_t now_sec; /* since 1970, for what is said of an expired certificate; 0: not trusted */
};

struct sync_request {
	enum http_method method;
	const char *path; /* both are sync's, and stay until its next step */
	struct span body; /* a secret */
	size_t limit;
};

struct sync_end {
	/* CREATE: how the write ended. CONFLICT: it is there already, or its source is gone: look
	 * again. REFUSED: by the API, or by us: the source is not fit to be copied. LOOK: OK for every
	 * definite answer, REFUSED for the others, UNREACHABLE without one. */
	enum result result;
	char uid[OBJECT_UID_MAX]; /* CREATE: of the new copy; "" where it was not told */
	/* Of what was read: the source, or the copy. UNKNOWN: no definite answer. MISSING: the API's own
	 * 404. INVALID: .text says why; a source that is being deleted is one. Of a copy VALID only says
	 * that it is there. */
	enum source_state state;
	struct source_facts source; /* SOURCE_VALID, and the errand was not LOOK_AT_COPY */
	struct copy_facts copy;     /* SOURCE_VALID, and the errand was LOOK_AT_COPY */
	char text[SYNC_TEXT_SIZE];  /* one line, also on success */
};

struct sync_next {
	bool ended;
	struct sync_request request; /* unless ended */
	struct sync_end end;         /* once ended */
};

enum sync_stage { SYNC_ENDED, SYNC_GETS_SOURCE, SYNC_POSTS_COPY, SYNC_GETS_COPY };

struct sync { /* zeroed: idle */
	enum sync_stage stage;
	enum sync_errand errand;
	const struct copy_shape *shape;
	int64_t now_sec;
	char namespace[COPY_NAME_MAX + 1], name[COPY_NAME_MAX + 1];
	char secrets_namespace[COPY_NAME_MAX + 1], copy[COPY_NAME_MAX + 1];
	struct source_facts source;
	char path[SYNC_PATH_SIZE];
	char *body; /* a secret */
};

/* Begins an errand; self is cleared first. A name that is none ends it at once. */
void sync_start(struct sync *self, const struct sync_task *task, struct sync_next *ret);

/* Takes the end of the request asked for last. After the errand's end it only says so again. */
void sync_step(struct sync *self, const struct http_end *end, struct sync_next *ret);

/* Wipes and frees what an errand holds, at any time; also after its end. */
void sync_clear(struct sync *self);
