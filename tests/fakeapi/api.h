/* SPDX-License-Identifier: Apache-2.0 */
/* api - what the API server answers: a request in, an answer out, or a watch. No socket. The caller has the lock of
 * the world. */
#pragma once
#include "tests/fakeapi/world.h"

struct api_request {
	char method[8], path[4096], query[4096], accept[256], token[128];
	const char *body;
	size_t body_len;
};

struct api_answer {
	unsigned status;
	const char *type; /* of the content; static */
	char *body;       /* the caller's */
	bool watch;       /* no body: a stream follows, of these events: */
	const char *resource;
	char namespace[64], api_version[64];
	uint64_t version;
	bool metadata_only;
	unsigned seconds;
};

void api_answer(struct world *world, const struct api_request *request, const char *token,
                struct api_answer *ret);

/* The next line of a watch, its newline included, the caller's; NULL: nothing yet. *ret_over: it ends with this one. */
char *api_watch_line(const struct world *world, struct api_answer *watch, bool *ret_over);
char *api_watch_bookmark(const struct world *world, struct api_answer *watch);

/* An answer of JSON, which is freed. */
void api_json(struct api_answer *ret, unsigned status, cJSON *json);

/* An answer that is a Status. */
void api_refuse(struct api_answer *ret, unsigned code, const char *reason, const char *message,
                const char *kind, const char *name);
