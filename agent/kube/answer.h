/* SPDX-License-Identifier: Apache-2.0 */
/* answer - what the API server says to a LIST or a WATCH: a page, an event, or a refusal, which comes as an
 * HTTP status or as an ERROR event in a stream that began with 200. Finds the parts and hands the objects on
 * as they are. Pure: spans point into what was given. */
#pragma once
#include <stdint.h>

#include "base/span.h"
#include "kube/path.h"

enum answer_event_type {
	ANSWER_ADDED,
	ANSWER_MODIFIED,
	ANSWER_DELETED,
	ANSWER_BOOKMARK,
	ANSWER_ERROR,
	ANSWER_UNKNOWN, /* of a later API: nothing but its version counts */
};

struct answer_event {
	enum answer_event_type type;
	struct span object;
	char version[PATH_VERSION_SIZE]; /* "": none */
};

struct answer_page {
	struct span items; /* an array, or null */
	struct span token; /* empty: this was the last one */
	char version[PATH_VERSION_SIZE];
};

/* What a refusal calls for. */
enum answer_refusal {
	ANSWER_IS_EXPIRED, /* the version, or the token, is too old */
	ANSWER_IS_AHEAD,   /* the version is one that the server has not reached: it lags, or was restored */
	ANSWER_IS_WAIT,    /* too busy, or not up yet */
	ANSWER_IS_SERVER,  /* it failed */
	ANSWER_IS_STAY,    /* not allowed, or not there (yet) */
	ANSWER_IS_BAD,     /* the request itself is not understood */
};

/* One line of a stream. -EBADMSG: no event, or one without a version that must have one. */
int answer_read_event(struct span line, struct answer_event *ret);

/* A list of objects of that kind, whole to its last byte. -EBADMSG. */
int answer_read_page(struct span body, const char *kind, struct answer_page *ret);

/* code: the HTTP status, or the Status object's own; status: that object, or whatever else the body is. */
enum answer_refusal answer_judge(uint16_t code, struct span status);

/* details.retryAfterSeconds of a Status; 0: none. */
uint64_t answer_told_usec(struct span status);

/* Which of two versions of one resource is the newer: below, equal to or above 0. They are numbers of any
 * length without leading zeros (KEP-5504); what is none can't be compared: 0. */
int answer_compare_versions(const char *a, const char *b);
