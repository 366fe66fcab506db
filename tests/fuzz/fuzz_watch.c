/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_watch - bytes from an API server, as a page of a list and as a stream. However a stream is cut, the
 * store is told the same; whatever comes, the next request is one that stays in its place, is not asked for
 * twice, and comes. The first byte is the length of a chunk, the second the luck. */
#include "kube/objects.h"
#include "kube/watch.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

struct told { /* what the store heard, in order: FNV-1a */
	uint64_t hash;
	size_t begun, ended;
};

static void demand(bool so)
{
	if (!so)
		abort();
}

static void hear(struct told *told, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		told->hash = (told->hash ^ (uint8_t)bytes[i]) * UINT64_C(1099511628211);
}

static void begin(void *store)
{
	struct told *told = store;

	told->begun++;
	hear(told, "begin", 5);
}

static int put(void *store, enum watch_change change, struct span object, struct failure *ret_failure)
{
	char kind = (char)change;

	demand(object.len > 0);
	hear(store, &kind, 1);
	hear(store, object.ptr, object.len);
	if (object.len % 7 == 0)
		return failure_set(ret_failure, FAILURE_BAD_DATA, -EBADMSG, "by its length");
	return 0;
}

static void end(void *store)
{
	struct told *told = store;

	demand(told->begun > 0);
	told->ended++;
	hear(told, "end", 3);
}

/* The next request, when its time has come. */
static void go_on(struct watch *watch, uint64_t *now, uint32_t dice, struct watch_request *ret)
{
	uint64_t wake;

	if (!watch_due(watch, *now, dice, ret, &wake)) {
		demand(wake > *now && wake < *now + UINT64_C(4500000000)); /* Retry-After, an hour at most, and a quarter */
		*now = wake;
		demand(watch_due(watch, *now, dice, ret, &wake));
	}
	demand(!watch_due(watch, *now, dice, ret, &wake) && wake == UINT64_MAX);
	demand(strncmp(ret->path, "/api/v1/namespaces/cilium-secrets/secrets", 41) == 0);
	for (const char *c = ret->path; *c; c++)
		demand(*c > ' ' && *c <= '~' && *c != '#' && *c != '"' && *c != '\\');
	demand(ret->stream == (watch->phase == WATCH_STREAMING));
}

static void open_stream(struct watch *watch, struct told *told, uint64_t *now, uint32_t dice)
{
	struct watch_sink sink = { .store = told, .begin = begin, .put = put, .end = end };
	struct http_end answer = { .stage = HTTP_ANSWERED, .status = 200 };
	struct watch_request request;

	answer.body = span_of("{\"kind\":\"PartialObjectMetadataList\",\"metadata\":{\"resourceVersion\":\"100\"},\"items\":[]}");
	*told = (struct told){ .hash = UINT64_C(14695981039346656037) };
	demand(watch_init(watch, PATH_COPIES, "cilium-secrets", &sink) == 0);
	go_on(watch, now, dice, &request);
	watch_ended(watch, &answer, *now, dice);
	go_on(watch, now, dice, &request);
	demand(request.stream);
}

static void stream(struct span bytes, size_t chunk, uint32_t dice, struct told *ret, char version[PATH_VERSION_SIZE])
{
	struct watch_request request;
	struct watch watch;
	uint64_t now = 1;
	bool more = true;

	open_stream(&watch, ret, &now, dice);
	now += 5000000;
	for (size_t at = 0; more && at < bytes.len; at += chunk) {
		size_t taken, len = bytes.len - at < chunk ? bytes.len - at : chunk;

		more = watch_feed(&watch, 200, (struct span){ bytes.ptr + at, len }, now, dice, &taken);
		demand(taken == len);
		demand(more == watch.live);
	}
	if (more)
		watch_ended(&watch, &(struct http_end){ .stage = HTTP_ANSWERED, .status = 200 }, now, dice);
	demand(!watch.live && watch.synced && !watch.line.kept);
	go_on(&watch, &now, dice, &request);
	memcpy(version, watch.version, PATH_VERSION_SIZE);
	watch_clear(&watch);
}

static void answer(struct span bytes, uint16_t status, uint32_t dice)
{
	struct watch_sink sink = { .begin = begin, .put = put, .end = end };
	struct http_end end_ = { .stage = HTTP_ANSWERED, .status = status, .body = bytes };
	struct watch_request request;
	struct told told = { 0 };
	struct watch watch;
	uint64_t now = 1;

	sink.store = &told;
	demand(watch_init(&watch, PATH_COPIES, "cilium-secrets", &sink) == 0);
	for (size_t i = 0; i < 3; i++) { /* the same answer to whatever is asked */
		go_on(&watch, &now, dice, &request);
		watch_ended(&watch, &end_, now, dice);
		demand(watch.synced == (told.ended > 0));
	}
	watch_clear(&watch);

	open_stream(&watch, &told, &now, dice); /* and to a watch */
	watch_ended(&watch, &end_, now, dice);
	go_on(&watch, &now, dice, &request);
	watch_clear(&watch);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const uint16_t statuses[] = { 200, 400, 410, 429, 500, 504 };
	char whole_version[PATH_VERSION_SIZE], cut_version[PATH_VERSION_SIZE];
	struct told whole, cut;
	struct span rest;
	uint32_t dice;

	if (size < 2)
		return 0;
	objects_init();
	rest = (struct span){ (const char *)bytes + 2, size - 2 };
	dice = bytes[1] * UINT32_C(16843009);
	stream(rest, rest.len + 1, dice, &whole, whole_version);
	stream(rest, bytes[0] ? bytes[0] : 256, dice, &cut, cut_version);
	demand(whole.hash == cut.hash && strcmp(whole_version, cut_version) == 0);
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		answer(rest, statuses[i], dice);
	return 0;
}
