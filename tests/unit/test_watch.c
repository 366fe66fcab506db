/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/tape.h"

#include "kube/answer.h"
#include "kube/scan.h"
#include "kube/watch.h"

#include <errno.h>
#include <string.h>

#define SECONDS UINT64_C(1000000)
#define MSEC    UINT64_C(1000)

#define COPIES "/api/v1/namespaces/cilium-secrets/secrets"

/* A token that a real server gave out (1.34), but for its last two bytes, which must be escaped. */
#define TOKEN "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MzM4LCJzdGFydCI6Ii9kZWZhdWx0L2t1YmVybmV0ZXNcdTAwMDAifQ+="
#define TOKEN_ESCAPED \
	"eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MzM4LCJzdGFydCI6Ii9kZWZhdWx0L2t1YmVybmV0ZXNcdTAwMDAifQ%2B%3D"

#define LIST(version, token, items)                                                                      \
	"{\"kind\":\"PartialObjectMetadataList\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":{"       \
	"\"resourceVersion\":\"" version "\",\"continue\":\"" token "\"},\"items\":[" items "]}"
#define OBJECT(name, version) "{\"metadata\":{\"name\":\"" name "\",\"resourceVersion\":\"" version "\"}}"
#define EVENT(type, name, version) "{\"type\":\"" type "\",\"object\":" OBJECT(name, version) "}\n"
#define BOOKMARK(version) \
	"{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"x\",\"metadata\":{\"resourceVersion\":\"" version "\"}}}\n"
#define ERROR(code, rest) \
	"{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"status\":\"Failure\",\"code\":" code rest "}}\n"
#define AHEAD                                                                                           \
	",\"message\":\"Timeout: Too large resource version: 9, current: 4\",\"reason\":\"Timeout\","   \
	"\"details\":{\"causes\":[{\"reason\":\"ResourceVersionTooLarge\",\"message\":\"x\"}],"         \
	"\"retryAfterSeconds\":1}"

struct world {
	struct watch watch;
	struct watch_request request;
	uint64_t now;
	uint32_t dice;
	int answer; /* of the store's put */
	char log[32 * 1024];
};

static void note(struct world *w, const char *word, struct span name, struct span version)
{
	size_t len = strlen(w->log);

	(void)snprintf(w->log + len, sizeof(w->log) - len, "%s%s%s%.*s%s%.*s", len ? " " : "", word,
		       name.len ? ":" : "", (int)name.len, name.len ? name.ptr : "", version.len ? "@" : "",
		       (int)version.len, version.len ? version.ptr : "");
}

static void note_begin(void *store)
{
	note(store, "begin", (struct span){ 0 }, (struct span){ 0 });
}

static void note_end(void *store)
{
	note(store, "end", (struct span){ 0 }, (struct span){ 0 });
}

static int note_put(void *store, enum watch_change change, struct span object, struct failure *ret_failure)
{
	static const char *const words[] = { [WATCH_LISTED] = "is", [WATCH_ADDED] = "add", [WATCH_MODIFIED] = "mod",
					     [WATCH_DELETED] = "del" };
	struct world *w = store;

	note(w, words[change], scan_string(SCAN_AT(object, "metadata", "name")),
	     scan_string(SCAN_AT(object, "metadata", "resourceVersion")));
	return w->answer < 0 ? failure_set(ret_failure, FAILURE_BAD_DATA, w->answer, "the store says no") : 0;
}

static void begin_of(struct world *w, enum path_resource resource, const char *namespace)
{
	struct watch_sink sink = { .store = w, .begin = note_begin, .put = note_put, .end = note_end };

	*w = (struct world){ .now = 1000 * SECONDS };
	assert_int_equal(watch_init(&w->watch, resource, namespace, &sink), 0);
}

static void begin(struct world *w)
{
	begin_of(w, PATH_COPIES, "cilium-secrets");
}

/* The request is due in that time, no sooner, and goes out. */
static void goes_out_after(struct world *w, uint64_t pause)
{
	uint64_t wake;

	if (pause) {
		assert_false(watch_due(&w->watch, w->now + pause - 1, w->dice, &w->request, &wake));
		assert_int_equal(wake, w->now + pause);
	}
	w->now += pause;
	assert_true(watch_due(&w->watch, w->now, w->dice, &w->request, &wake));
	assert_int_equal(wake, UINT64_MAX);
	assert_false(watch_due(&w->watch, w->now, w->dice, &w->request, &wake)); /* never two at once */
	assert_int_equal(wake, UINT64_MAX);
}

static void ends(struct world *w, uint16_t status, enum failure_class class, const char *body)
{
	struct http_end end = { .stage = status ? HTTP_ANSWERED : HTTP_CONNECTING, .status = status };

	end.body = span_of(body);
	end.failure.class = class;
	watch_ended(&w->watch, &end, w->now, w->dice);
}

static bool comes(struct world *w, const char *bytes)
{
	size_t taken, len = strlen(bytes);
	bool more = watch_feed(&w->watch, 200, (struct span){ bytes, len }, w->now, w->dice, &taken);

	assert_int_equal(taken, len);
	return more;
}

/* To an open stream from version 100. */
static void streams(struct world *w)
{
	begin(w);
	goes_out_after(w, 0);
	ends(w, 200, FAILURE_NONE, LIST("100", "", ""));
	goes_out_after(w, 0);
	assert_true(w->request.stream);
	assert_true(comes(w, ""));
	assert_true(w->watch.live);
	w->log[0] = '\0';
}

static void the_first_request_is_the_first_page(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	goes_out_after(&w, 0);
	assert_string_equal(w.request.path, COPIES "?limit=100");
	assert_string_equal(w.request.accept, "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1");
	assert_false(w.request.stream);
	assert_int_equal(w.request.limit, WATCH_BODY_MAX);
	assert_int_equal(w.request.bound_usec, 10 * SECONDS);
	assert_false(w.watch.synced);
	assert_int_equal(w.watch.behind_usec, w.now);
	watch_clear(&w.watch);
}

/* Nothing that came in part is believed: the store is told the end only with the last page. */
static void a_snapshot_is_complete_with_its_last_page(void **state)
{
	struct world w;
	uint64_t begun;

	(void)state;
	begin(&w);
	goes_out_after(&w, 0);
	begun = w.now;
	ends(&w, 200, FAILURE_NONE, LIST("338", TOKEN, OBJECT("a", "5") "," OBJECT("b", "7")));
	assert_string_equal(w.log, "begin is:a@5 is:b@7");
	assert_false(w.watch.synced);
	w.now += SECONDS;
	goes_out_after(&w, 0);
	assert_string_equal(w.request.path, COPIES "?limit=100&continue=" TOKEN_ESCAPED);
	w.now += SECONDS;
	ends(&w, 200, FAILURE_NONE, LIST("338", "", OBJECT("c", "6")));
	assert_string_equal(w.log, "begin is:a@5 is:b@7 is:c@6 end");
	assert_true(w.watch.synced);
	assert_false(w.watch.live);
	assert_int_equal(w.watch.snapshot_begun_usec, begun);
	assert_int_equal(w.watch.snapshot_ended_usec, w.now);
	goes_out_after(&w, 0);
	assert_string_equal(w.request.path, COPIES "?watch=1&resourceVersion=338&allowWatchBookmarks=true"
						   "&timeoutSeconds=300");
	assert_string_equal(w.request.accept, "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1");
	watch_clear(&w.watch);
}

static void the_page_that_fails_is_asked_for_again(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	goes_out_after(&w, 0);
	ends(&w, 200, FAILURE_NONE, LIST("338", "t", OBJECT("a", "5")));
	goes_out_after(&w, 0);
	ends(&w, 503, FAILURE_NONE, "apiserver not ready");
	goes_out_after(&w, 800 * MSEC);
	assert_string_equal(w.request.path, COPIES "?limit=100&continue=t");
	assert_false(w.request.fresh);
	ends(&w, 0, FAILURE_UNREACHABLE, "");
	goes_out_after(&w, 1600 * MSEC);
	assert_string_equal(w.request.path, COPIES "?limit=100&continue=t");
	assert_true(w.request.fresh);
	ends(&w, 200, FAILURE_NONE, LIST("338", "", ""));
	assert_string_equal(w.log, "begin is:a@5 end");
	watch_clear(&w.watch);
}

static void lists_that_are_none_are_refused_whole(void **state)
{
	static const struct {
		const char *why, *body;
	} rows[] = {
		{ "nothing", "" },
		{ "it ends early", "{\"kind\":\"PartialObjectMetadataList\",\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[" },
		{ "something follows", LIST("5", "", "") "{}" },
		{ "whole Secrets came, not their metadata",
		  "{\"kind\":\"SecretList\",\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[]}" },
		{ "one object is no list of them",
		  "{\"kind\":\"PartialObjectMetadata\",\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[]}" },
		{ "no version", "{\"kind\":\"PartialObjectMetadataList\",\"metadata\":{},\"items\":[]}" },
		{ "a version that would not stay in its place in a URL", LIST("5&watch=1", "", "") },
		{ "a version that means any", LIST("0", "", "") },
		{ "a version longer than any", LIST("12345678901234567890123456789012", "", "") },
		{ "no items", "{\"kind\":\"PartialObjectMetadataList\",\"metadata\":{\"resourceVersion\":\"5\"}}" },
		{ "items that are none",
		  "{\"kind\":\"PartialObjectMetadataList\",\"metadata\":{\"resourceVersion\":\"5\"},\"items\":{}}" },
	};
	struct world w;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(&w);
		goes_out_after(&w, 0);
		ends(&w, 200, FAILURE_NONE, rows[i].body);
		if (w.log[0])
			print_error("row: %s\n", rows[i].why);
		assert_string_equal(w.log, "");
		assert_int_equal(w.watch.failure.class, FAILURE_BAD_DATA);
		goes_out_after(&w, 800 * MSEC);
		assert_string_equal(w.request.path, COPIES "?limit=100");
		watch_clear(&w.watch);
	}
}

static void metadata_may_stand_before_or_after_the_items_and_items_may_be_null(void **state)
{
	static const char *const bodies[] = {
		"{\"kind\":\"PartialObjectMetadataList\",\"metadata\":{\"resourceVersion\":\"5\"},\"items\":null}",
		" { \"items\" : [ ] , \"kind\" : \"PartialObjectMetadataList\" , \"metadata\" : { \"resourceVersion\" : \"5\" } }\n",
	};
	struct world w;

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		begin(&w);
		goes_out_after(&w, 0);
		ends(&w, 200, FAILURE_NONE, bodies[i]);
		assert_string_equal(w.log, "begin end");
		assert_string_equal(w.watch.version, "5");
		watch_clear(&w.watch);
	}
}

static void the_real_lists_are_read(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	goes_out_after(&w, 0);
	ends(&w, 200, FAILURE_NONE, tape_load("copies.json").ptr);
	assert_string_equal(w.log, "begin is:default-alpha-tls@399 is:default-beta-tls@401 is:default-gamma-tls@403 end");
	assert_string_equal(w.watch.version, "497");
	watch_clear(&w.watch);

	begin_of(&w, PATH_GATEWAYS, NULL); /* a custom resource: items before metadata */
	goes_out_after(&w, 0);
	assert_string_equal(w.request.path, "/apis/gateway.networking.k8s.io/v1/gateways?limit=100");
	assert_string_equal(w.request.accept, "application/json");
	ends(&w, 200, FAILURE_NONE, tape_load("gateways.json").ptr);
	assert_string_equal(w.log, "begin is:web@414 end");
	assert_string_equal(w.watch.version, "497");
	watch_clear(&w.watch);
}

static void how_long_a_watch_lasts_is_luck_within_bounds(void **state)
{
	static const struct {
		uint32_t dice;
		unsigned seconds;
	} rows[] = { { 0, 300 }, { 1, 301 }, { 300, 600 }, { 301, 300 }, { UINT32_MAX, 401 } };
	char want[32];
	struct world w;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(&w);
		goes_out_after(&w, 0);
		ends(&w, 200, FAILURE_NONE, LIST("100", "", ""));
		w.dice = rows[i].dice;
		goes_out_after(&w, 0);
		(void)snprintf(want, sizeof(want), "&timeoutSeconds=%u", rows[i].seconds);
		assert_string_equal(strstr(w.request.path, "&timeoutSeconds="), want);
		assert_int_equal(w.request.bound_usec, (rows[i].seconds + 10) * SECONDS);
		assert_int_equal(w.request.limit, WATCH_LINE_MAX);
		watch_clear(&w.watch);
	}
}

static void each_event_moves_the_version_on_after_the_store_has_it(void **state)
{
	struct world w;

	(void)state;
	streams(&w);
	assert_true(comes(&w, EVENT("ADDED", "a", "101") EVENT("MODIFIED", "a", "104")));
	assert_string_equal(w.watch.version, "104");
	assert_true(comes(&w, EVENT("DELETED", "a", "107")));
	assert_string_equal(w.log, "add:a@101 mod:a@104 del:a@107");
	assert_true(comes(&w, BOOKMARK("120")));
	assert_string_equal(w.watch.version, "120");
	assert_true(comes(&w, "\n\n"));
	assert_true(comes(&w, EVENT("RENAMED", "b", "121"))); /* of a later API */
	assert_string_equal(w.watch.version, "121");
	assert_true(comes(&w, "{\"type\":\"HEARTBEAT\",\"object\":{}}\n"));
	assert_string_equal(w.watch.version, "121");
	assert_string_equal(w.log, "add:a@101 mod:a@104 del:a@107");
	w.now += 400 * SECONDS;
	ends(&w, 200, FAILURE_NONE, "");
	goes_out_after(&w, 0);
	assert_non_null(strstr(w.request.path, "resourceVersion=121&"));
	watch_clear(&w.watch);
}

#define AS_BEFORE "watch=1&resourceVersion=101&"
#define NOT_BEFORE "?resourceVersion=101&resourceVersionMatch=NotOlderThan"
#define AS_OF_NOW "?limit=100"

/* Each way in which a stream ends that brought one event, 101, and what is asked for next. */
static void the_end_of_a_stream_says_what_is_next(void **state)
{
	static const struct {
		const char *why;
		uint64_t lived;
		const char *line; /* the last one, NULL: none */
		uint16_t status;  /* of the end, where the stream was not ended by its line */
		enum failure_class class;
		const char *body, *next;
		uint64_t pause;
		bool fresh;
	} rows[] = {
		{ "its time was up", 400 * SECONDS, NULL, 200, FAILURE_NONE, "", AS_BEFORE, 0, false },
		{ "a proxy ends it every 20 s", 20 * SECONDS, NULL, 200, FAILURE_NONE, "", AS_BEFORE, 0, false },
		{ "it brought something, and was short", 1, NULL, 200, FAILURE_NONE, "", AS_BEFORE, 0, false },
		{ "it broke", 400 * SECONDS, NULL, 200, FAILURE_UNREACHABLE, "", AS_BEFORE, 0, true },
		{ "it stalled until its bound", 310 * SECONDS, NULL, 200, FAILURE_TIMEOUT, "", AS_BEFORE, 0, true },
		{ "no memory here", 5 * SECONDS, NULL, 200, FAILURE_LOCAL, "", AS_BEFORE, 800 * MSEC, true },
		{ "half an event is none", 5 * SECONDS, NULL, 200, FAILURE_NONE, "{\"type\":\"ADDED\",\"object\":{",
		  AS_BEFORE, 0, false },
		{ "an event longer than any", 5 * SECONDS, NULL, 200, FAILURE_TOO_BIG, "", NOT_BEFORE, 800 * MSEC, false },
		{ "410 Expired", 5 * SECONDS, ERROR("410", ",\"reason\":\"Expired\""), 0, 0, NULL, NOT_BEFORE, 0, false },
		{ "Expired by its reason alone", 5 * SECONDS, ERROR("0", ",\"reason\":\"Expired\""), 0, 0, NULL, NOT_BEFORE,
		  0, false },
		{ "Gone", 5 * SECONDS, ERROR("410", ",\"reason\":\"Gone\""), 0, 0, NULL, NOT_BEFORE, 0, false },
		{ "the version is not there yet", 5 * SECONDS, ERROR("504", AHEAD), 0, 0, NULL, AS_OF_NOW, 0, false },
		{ "any other 504", 5 * SECONDS, ERROR("504", ",\"reason\":\"Timeout\""), 0, 0, NULL, NOT_BEFORE, 800 * MSEC,
		  false },
		{ "the server's own fault", 5 * SECONDS, ERROR("500", ",\"reason\":\"InternalError\""), 0, 0, NULL, NOT_BEFORE,
		  800 * MSEC, false },
		{ "too busy, and says until when", 5 * SECONDS, ERROR("429", ",\"details\":{\"retryAfterSeconds\":7}"), 0, 0,
		  NULL, AS_BEFORE, 7 * SECONDS, false },
		{ "too busy for less than our pause", 5 * SECONDS, ERROR("503", ""), 0, 0, NULL, AS_BEFORE, 800 * MSEC, false },
		{ "an event that is no JSON", 5 * SECONDS, "{\"type\":\"ADDED\",\"object\"\n", 0, 0, NULL, NOT_BEFORE,
		  800 * MSEC, false },
		{ "an event without an object", 5 * SECONDS, "{\"type\":\"ADDED\"}\n", 0, 0, NULL, NOT_BEFORE, 800 * MSEC, false },
		{ "an event without a type", 5 * SECONDS, "{\"object\":" OBJECT("a", "102") "}\n", 0, 0, NULL, NOT_BEFORE,
		  800 * MSEC, false },
		{ "an event without a version", 5 * SECONDS, "{\"type\":\"ADDED\",\"object\":{\"metadata\":{}}}\n", 0, 0, NULL,
		  NOT_BEFORE, 800 * MSEC, false },
		{ "a bookmark without a version", 5 * SECONDS, "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{}}}\n", 0, 0,
		  NULL, NOT_BEFORE, 800 * MSEC, false },
		{ "a bookmark from before: the data was put back", 5 * SECONDS, BOOKMARK("99"), 0, 0, NULL, AS_OF_NOW, 0, false },
		{ "an event from before", 5 * SECONDS, EVENT("MODIFIED", "a", "40"), 0, 0, NULL, AS_OF_NOW, 0, false },
	};
	struct world w;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		streams(&w);
		print_message("row: %s\n", rows[i].why);
		assert_true(comes(&w, EVENT("ADDED", "a", "101")));
		w.now += rows[i].lived;
		if (rows[i].line)
			assert_false(comes(&w, rows[i].line));
		else
			ends(&w, rows[i].status, rows[i].class, rows[i].body);
		assert_string_equal(w.log, "add:a@101");
		assert_false(w.watch.live);
		assert_true(w.watch.synced);
		assert_int_equal(w.watch.behind_usec, w.now);
		goes_out_after(&w, rows[i].pause);
		assert_non_null(strstr(w.request.path, rows[i].next));
		assert_int_equal(w.request.fresh, rows[i].fresh);
		watch_clear(&w.watch);
	}
}

/* Each way in which a stream does not even begin. */
static void a_watch_that_is_refused_says_what_is_next(void **state)
{
	static const struct {
		const char *why;
		uint16_t status;
		enum failure_class class;
		unsigned retry_after;
		const char *body, *next;
		uint64_t pause;
		enum failure_class noted;
	} rows[] = {
		{ "connection refused", 0, FAILURE_UNREACHABLE, 0, "", "watch=1&resourceVersion=100&", 800 * MSEC,
		  FAILURE_UNREACHABLE },
		{ "nobody there", 0, FAILURE_TIMEOUT, 0, "", "watch=1&resourceVersion=100&", 800 * MSEC, FAILURE_TIMEOUT },
		{ "no handshake", 0, FAILURE_TLS, 0, "", "watch=1&resourceVersion=100&", 800 * MSEC, FAILURE_TLS },
		{ "not valid yet", 0, FAILURE_CLOCK, 0, "", "watch=1&resourceVersion=100&", 800 * MSEC, FAILURE_CLOCK },
		{ "not begun here", 0, FAILURE_LOCAL, 0, "", "watch=1&resourceVersion=100&", 800 * MSEC, FAILURE_LOCAL },
		{ "priority and fairness, in plain text", 429, FAILURE_NONE, 3, "Too many requests, please try again later.",
		  "watch=1&resourceVersion=100&", 3 * SECONDS, FAILURE_THROTTLED },
		{ "the header beats the body", 429, FAILURE_NONE, 3,
		  "{\"kind\":\"Status\",\"message\":\"storage is (re)initializing\",\"details\":{\"retryAfterSeconds\":9}}",
		  "watch=1&resourceVersion=100&", 3 * SECONDS, FAILURE_THROTTLED },
		{ "told by the body alone", 429, FAILURE_NONE, 0,
		  "{\"kind\":\"Status\",\"message\":\"x\",\"details\":{\"retryAfterSeconds\":9}}",
		  "watch=1&resourceVersion=100&", 9 * SECONDS, FAILURE_THROTTLED },
		{ "told an absurd time", 429, FAILURE_NONE, 0, "{\"kind\":\"Status\",\"details\":{\"retryAfterSeconds\":99999}}",
		  "watch=1&resourceVersion=100&", 800 * MSEC, FAILURE_THROTTLED },
		{ "503 at boot", 503, FAILURE_NONE, 5, "apiserver not ready", "watch=1&resourceVersion=100&", 5 * SECONDS,
		  FAILURE_SERVER },
		{ "503 that says nothing", 503, FAILURE_NONE, 0, "", "watch=1&resourceVersion=100&", 800 * MSEC, FAILURE_SERVER },
		{ "500: at once, the first time", 500, FAILURE_NONE, 0, "", "watch=1&resourceVersion=100&", 0, FAILURE_SERVER },
		{ "500 that says when", 500, FAILURE_NONE, 2, "", "watch=1&resourceVersion=100&", 2 * SECONDS, FAILURE_SERVER },
		{ "410 as a status", 410, FAILURE_NONE, 0, "{\"kind\":\"Status\",\"reason\":\"Expired\"}",
		  "?resourceVersion=100&resourceVersionMatch=NotOlderThan", 0, FAILURE_REFUSED },
		{ "the version is not there yet", 504, FAILURE_NONE, 1, "{\"kind\":\"Status\"" AHEAD "}", "?limit=100", 0,
		  FAILURE_SERVER },
		{ "and an old server says so in words", 504, FAILURE_NONE, 0,
		  "{\"kind\":\"Status\",\"message\":\"Timeout: Too large resource version: 9, current: 4\"}", "?limit=100", 0,
		  FAILURE_SERVER },
		{ "504 of a proxy", 504, FAILURE_NONE, 0, "<html>", "watch=1&resourceVersion=100&", 0, FAILURE_SERVER },
		{ "not allowed, maybe not yet", 403, FAILURE_NONE, 0, "{\"kind\":\"Status\",\"message\":\"forbidden\"}",
		  "watch=1&resourceVersion=100&", 800 * MSEC, FAILURE_AUTH },
		{ "not known, maybe not yet", 401, FAILURE_NONE, 0, "", "watch=1&resourceVersion=100&", 800 * MSEC, FAILURE_AUTH },
		{ "not there, maybe not yet", 404, FAILURE_NONE, 0, "404 page not found", "watch=1&resourceVersion=100&",
		  800 * MSEC, FAILURE_NOT_FOUND },
		{ "not understood", 400, FAILURE_NONE, 0, "", "?limit=100", 800 * MSEC, FAILURE_REFUSED },
	};
	struct world w;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_end end = { .stage = rows[i].status ? HTTP_ANSWERED : HTTP_CONNECTING,
					.status = rows[i].status,
					.body = span_of(rows[i].body) };
		uint64_t since;
		size_t taken;

		begin(&w);
		print_message("row: %s\n", rows[i].why);
		goes_out_after(&w, 0);
		ends(&w, 200, FAILURE_NONE, LIST("100", "", ""));
		goes_out_after(&w, 0);
		since = w.watch.behind_usec;
		w.now += 20 * MSEC;
		end.failure = (struct failure){ .class = rows[i].class, .retry_after_usec = rows[i].retry_after * SECONDS };
		assert_true(watch_feed(&w.watch, rows[i].status, end.body, w.now, 0, &taken));
		assert_int_equal(taken, 0);
		watch_ended(&w.watch, &end, w.now, 0);
		assert_string_equal(w.log, "begin end");
		assert_false(w.watch.live);
		assert_int_equal(w.watch.behind_usec, since);
		assert_int_equal(w.watch.failure.class, rows[i].noted);
		goes_out_after(&w, rows[i].pause);
		assert_non_null(strstr(w.request.path, rows[i].next));
		assert_int_equal(w.request.fresh, rows[i].class != FAILURE_NONE);
		watch_clear(&w.watch);
	}
}

/* Each way in which a LIST fails: the first, the second page, and one that asks for not older than 100. */
static void a_list_that_is_refused_says_what_is_next(void **state)
{
	static const struct {
		const char *why;
		enum { FIRST, SECOND, DATED } which;
		uint16_t status;
		enum failure_class class;
		const char *body, *next;
		uint64_t pause;
	} rows[] = {
		{ "no token any more: all in one answer", SECOND, 410, FAILURE_NONE,
		  "{\"kind\":\"Status\",\"reason\":\"Expired\",\"metadata\":{\"continue\":\"inconsistent\"}}", "secrets", 0 },
		{ "a token that the server does not know", SECOND, 400, FAILURE_NONE, "", "secrets", 0 },
		{ "not allowed keeps the place", SECOND, 403, FAILURE_NONE, "", "?limit=100&continue=t", 800 * MSEC },
		{ "silence keeps the place", SECOND, 0, FAILURE_TIMEOUT, "", "?limit=100&continue=t", 800 * MSEC },
		{ "an answer cut short is none", SECOND, 200, FAILURE_UNREACHABLE, LIST("100", "", OBJECT("b", "2")),
		  "?limit=100&continue=t", 800 * MSEC },
		{ "a page of another list", SECOND, 200, FAILURE_NONE, LIST("101", "", ""), "?limit=100", 800 * MSEC },
		{ "too big: in smaller pages", SECOND, 200, FAILURE_TOO_BIG, "", "?limit=10", 800 * MSEC },
		{ "too big from the start", FIRST, 200, FAILURE_TOO_BIG, "", "?limit=10", 800 * MSEC },
		{ "the old version is gone", DATED, 410, FAILURE_NONE, "", "?limit=100", 800 * MSEC },
		{ "the server is behind", DATED, 504, FAILURE_NONE, "{\"kind\":\"Status\"" AHEAD "}", "?limit=100", 800 * MSEC },
		{ "a server that does not know the question", DATED, 422, FAILURE_NONE, "", "?limit=100", 800 * MSEC },
		{ "a proxy's 504", DATED, 504, FAILURE_NONE, "", "?resourceVersion=100&resourceVersionMatch=NotOlderThan",
		  1600 * MSEC },
		{ "too big", DATED, 200, FAILURE_TOO_BIG, "", "?limit=10", 1600 * MSEC },
		{ "not understood", FIRST, 406, FAILURE_NONE, "", "?limit=100", 800 * MSEC },
		{ "Expired without a reason of ours", FIRST, 410, FAILURE_NONE, "", "?limit=100", 800 * MSEC },
	};
	struct world w;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *before;

		print_message("row: %s\n", rows[i].why);
		begin(&w);
		goes_out_after(&w, 0);
		if (rows[i].which == SECOND) {
			ends(&w, 200, FAILURE_NONE, LIST("100", "t", ""));
			goes_out_after(&w, 0);
		} else if (rows[i].which == DATED) {
			ends(&w, 200, FAILURE_NONE, LIST("100", "", ""));
			goes_out_after(&w, 0);
			assert_false(comes(&w, ERROR("410", "")));
			goes_out_after(&w, 0);
		}
		before = rows[i].which == FIRST ? "" : rows[i].which == SECOND ? "begin" : "begin end";
		assert_string_equal(w.log, before);
		ends(&w, rows[i].status, rows[i].class, rows[i].body);
		assert_string_equal(w.log, before);
		if (rows[i].which == DATED && rows[i].pause == 800 * MSEC) /* the second trouble in a row */
			goes_out_after(&w, 1600 * MSEC);
		else
			goes_out_after(&w, rows[i].pause);
		assert_string_equal(w.request.path + strlen(w.request.path) - strlen(rows[i].next), rows[i].next);
		watch_clear(&w.watch);
	}
}

static void the_real_refusals_are_understood(void **state)
{
	struct world w;

	(void)state;
	streams(&w);
	assert_false(comes(&w, tape_load("watch-expired.stream").ptr));
	assert_non_null(strstr(w.watch.failure.text, "410: too old resource version: 338 (388)"));
	goes_out_after(&w, 0);
	assert_string_equal(w.request.path, COPIES "?resourceVersion=100&resourceVersionMatch=NotOlderThan");
	ends(&w, 504, FAILURE_NONE, tape_load("list-ahead.json").ptr);
	goes_out_after(&w, 1600 * MSEC);
	assert_string_equal(w.request.path, COPIES "?limit=100");
	ends(&w, 200, FAILURE_NONE, LIST("40", "", ""));
	assert_string_equal(w.log, "begin end");
	goes_out_after(&w, 0);
	assert_non_null(strstr(w.request.path, "resourceVersion=40&"));
	watch_clear(&w.watch);
}

static void a_watch_that_ends_as_it_begins_is_not_repeated_at_once(void **state)
{
	struct world w;

	(void)state;
	streams(&w);
	w.now += 999 * MSEC;
	ends(&w, 200, FAILURE_NONE, "");
	goes_out_after(&w, 800 * MSEC);
	assert_non_null(strstr(w.request.path, "watch=1&"));
	ends(&w, 200, FAILURE_NONE, "");
	goes_out_after(&w, 1600 * MSEC);
	assert_non_null(strstr(w.request.path, "watch=1&"));
	ends(&w, 200, FAILURE_NONE, "");
	goes_out_after(&w, 3200 * MSEC); /* the third: maybe it is the version */
	assert_string_equal(w.request.path, COPIES "?resourceVersion=100&resourceVersionMatch=NotOlderThan");
	watch_clear(&w.watch);

	streams(&w);
	w.now += 1 * SECONDS;
	ends(&w, 200, FAILURE_NONE, "");
	goes_out_after(&w, 0);

	/* One that always brings something and ends at once does not make us spin either. */
	assert_true(comes(&w, BOOKMARK("101")));
	ends(&w, 200, FAILURE_NONE, "");
	goes_out_after(&w, 0);
	assert_true(comes(&w, BOOKMARK("102")));
	ends(&w, 200, FAILURE_NONE, "");
	goes_out_after(&w, 800 * MSEC);
	assert_non_null(strstr(w.request.path, "resourceVersion=102&"));
	watch_clear(&w.watch);
}

/* Seen with 1.34: a version from the future is taken, and then there is no event, no bookmark and no error. */
static void a_whole_watch_without_a_word_is_followed_by_a_list(void **state)
{
	static const struct {
		const char *why;
		uint64_t lived;
		enum failure_class class;
		const char *word, *next;
	} rows[] = {
		{ "nothing at all", 300 * SECONDS, FAILURE_NONE, "", AS_OF_NOW },
		{ "a bookmark: all is well", 300 * SECONDS, FAILURE_NONE, BOOKMARK("101"), AS_BEFORE },
		{ "the same bookmark again is a word too", 300 * SECONDS, FAILURE_NONE, BOOKMARK("100"), "watch=1" },
		{ "a proxy ended it before a bookmark could come", 299 * SECONDS, FAILURE_NONE, "", "watch=1" },
		{ "the connection may have been dead", 310 * SECONDS, FAILURE_TIMEOUT, "", "watch=1" },
	};
	struct world w;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("row: %s\n", rows[i].why);
		streams(&w);
		assert_true(comes(&w, rows[i].word));
		w.now += rows[i].lived;
		ends(&w, 200, rows[i].class, "");
		goes_out_after(&w, 0);
		assert_non_null(strstr(w.request.path, rows[i].next));
		watch_clear(&w.watch);
	}
}

static void pauses_grow_to_half_a_minute_and_start_again_after_two_good_minutes(void **state)
{
	static const unsigned msec[] = { 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000 };
	struct world w;

	(void)state;
	begin(&w);
	goes_out_after(&w, 0);
	for (size_t i = 0; i < sizeof(msec) / sizeof(msec[0]); i++) {
		ends(&w, 0, FAILURE_UNREACHABLE, "");
		goes_out_after(&w, msec[i] * MSEC);
	}
	ends(&w, 200, FAILURE_NONE, LIST("100", "", ""));
	goes_out_after(&w, 0);
	assert_true(comes(&w, ""));
	assert_int_equal(w.watch.failure.class, FAILURE_NONE);
	w.now += 30 * SECONDS;
	assert_false(comes(&w, ERROR("500", "")));
	goes_out_after(&w, 30000 * MSEC); /* not well for long enough */
	ends(&w, 200, FAILURE_NONE, LIST("100", "", ""));
	goes_out_after(&w, 0);
	w.now += 90 * SECONDS - 1;
	assert_false(comes(&w, ERROR("500", "")));
	goes_out_after(&w, 30000 * MSEC);
	ends(&w, 200, FAILURE_NONE, LIST("100", "", ""));
	goes_out_after(&w, 0);
	w.now += 90 * SECONDS;
	assert_false(comes(&w, ERROR("500", "")));
	goes_out_after(&w, 800 * MSEC);
	ends(&w, 0, FAILURE_UNREACHABLE, "");
	w.dice = UINT32_MAX; /* luck adds up to a quarter */
	ends(&w, 0, FAILURE_UNREACHABLE, "");
	watch_clear(&w.watch);

	begin(&w);
	w.dice = UINT32_MAX;
	goes_out_after(&w, 0);
	ends(&w, 0, FAILURE_UNREACHABLE, "");
	assert_in_range(w.watch.due_usec - w.now, 990 * MSEC, 1000 * MSEC);
	watch_clear(&w.watch);
}

/* Every way to fail, for ever: an hour of it never becomes a storm of requests. */
static void no_failure_makes_it_spin(void **state)
{
	static const struct {
		const char *why;
		uint16_t list_status, watch_status;
		enum failure_class class;
		const char *list, *line;
	} rows[] = {
		{ "refused", 0, 0, FAILURE_UNREACHABLE, "", NULL },
		{ "410 to everything", 410, 410, FAILURE_NONE, "", NULL },
		{ "500 to every watch", 200, 500, FAILURE_NONE, LIST("5", "", ""), NULL },
		{ "every watch expired", 200, 200, FAILURE_NONE, LIST("5", "", ""), ERROR("410", "") },
		{ "every watch ahead", 200, 200, FAILURE_NONE, LIST("5", "", ""), ERROR("504", AHEAD) },
		{ "every watch goes back", 200, 200, FAILURE_NONE, LIST("5", "", ""), BOOKMARK("4") },
		{ "every event broken", 200, 200, FAILURE_NONE, LIST("5", "", ""), "x\n" },
		{ "every watch ends at once", 200, 200, FAILURE_NONE, LIST("5", "", ""), "" },
		{ "and after a bookmark", 200, 200, FAILURE_NONE, LIST("5", "", ""), BOOKMARK("6") },
		{ "pages without end", 200, 200, FAILURE_NONE, LIST("5", "t", ""), "" },
		{ "404", 404, 404, FAILURE_NONE, "404 page not found", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world w;
		size_t requests = 0;
		uint64_t end;

		print_message("row: %s\n", rows[i].why);
		begin(&w);
		end = w.now + 3600 * SECONDS;
		while (w.now < end) {
			uint64_t wake;

			if (!watch_due(&w.watch, w.now, 0, &w.request, &wake)) {
				w.now = wake;
				continue;
			}
			requests++;
			w.log[0] = '\0';
			if (!w.request.stream)
				ends(&w, rows[i].list_status, rows[i].class, rows[i].list);
			else if (!rows[i].line || comes(&w, rows[i].line))
				ends(&w, rows[i].watch_status, rows[i].class, "");
		}
		if (requests > 300 && !strstr(rows[i].list, "\"t\""))
			print_error("%zu requests\n", requests);
		assert_in_range(requests, 60, strstr(rows[i].list, "\"t\"") ? 300 * WATCH_PAGES_MAX : 300);
		watch_clear(&w.watch);
	}
}

static void what_the_store_refuses_comes_again(void **state)
{
	struct world w;

	(void)state;
	streams(&w);
	assert_true(comes(&w, EVENT("ADDED", "a", "101")));
	w.answer = -EBADMSG;
	assert_false(comes(&w, EVENT("ADDED", "b", "102") EVENT("ADDED", "c", "103")));
	assert_string_equal(w.log, "add:a@101 add:b@102"); /* and nothing after it */
	assert_string_equal(w.watch.version, "101");
	assert_string_equal(w.watch.failure.text, "the store says no");
	goes_out_after(&w, 800 * MSEC);
	assert_non_null(strstr(w.request.path, NOT_BEFORE));
	w.log[0] = '\0';
	ends(&w, 200, FAILURE_NONE, LIST("104", "", OBJECT("a", "101") "," OBJECT("b", "102")));
	assert_string_equal(w.log, "begin is:a@101"); /* never ended: the store keeps what it had */
	assert_true(w.watch.synced);
	goes_out_after(&w, 1600 * MSEC);
	assert_non_null(strstr(w.request.path, AS_OF_NOW));
	w.answer = 0;
	ends(&w, 200, FAILURE_NONE, LIST("104", "", ""));
	assert_string_equal(w.log, "begin is:a@101 begin end");
	watch_clear(&w.watch);
}

/* The chunks of HTTP mean nothing. */
static void a_recorded_stream_cut_anywhere_gives_the_same_events(void **state)
{
	static const char *const tapes[] = { "watch-copies.stream", "watch-gateways.stream" };
	static const char *const want[] = {
		"add:default-alpha-tls@399 add:default-beta-tls@401 add:default-gamma-tls@403",
		"add:web@397 mod:web@411 mod:web@414",
	};
	struct world w;

	(void)state;
	for (size_t i = 0; i < sizeof(tapes) / sizeof(tapes[0]); i++) {
		struct span tape = tape_load(tapes[i]);

		for (size_t cut = 0; cut <= tape.len; cut++) {
			size_t taken;

			streams(&w);
			assert_true(watch_feed(&w.watch, 200, (struct span){ tape.ptr, cut }, w.now, 0, &taken));
			assert_int_equal(taken, cut);
			assert_true(watch_feed(&w.watch, 200, (struct span){ tape.ptr + cut, tape.len - cut }, w.now, 0,
					       &taken));
			assert_string_equal(w.log, want[i]);
			assert_string_equal(w.watch.version, "497");
			assert_int_equal(w.watch.line.len, 0);
			watch_clear(&w.watch);
		}
		streams(&w);
		for (size_t at = 0; at < tape.len; at++) { /* and byte by byte */
			size_t taken;

			assert_true(watch_feed(&w.watch, 200, (struct span){ tape.ptr + at, 1 }, w.now, 0, &taken));
		}
		assert_string_equal(w.log, want[i]);
		watch_clear(&w.watch);
	}
}

/* Ended at any byte, what came whole is applied, what did not is asked for again. */
static void a_recorded_stream_that_ends_anywhere_loses_nothing(void **state)
{
	static const char *const versions[] = { "100", "399", "401", "403", "497" };
	struct span tape = tape_load("watch-copies.stream");
	struct world w;

	(void)state;
	for (size_t cut = 0; cut <= tape.len; cut++) {
		struct http_end end = { .stage = HTTP_ANSWERED, .status = 200, .body = { tape.ptr, cut } };
		const char *seen = tape.ptr;
		size_t lines = 0;

		while ((seen = memchr(seen, '\n', cut - (size_t)(seen - tape.ptr)))) {
			lines++;
			seen++;
		}
		streams(&w);
		w.now += 5 * SECONDS;
		watch_ended(&w.watch, &end, w.now, 0);
		goes_out_after(&w, 0);
		assert_non_null(strstr(w.request.path, "watch=1&"));
		assert_string_equal(w.watch.version, versions[lines]);
		assert_non_null(strstr(w.request.path, w.watch.version));
		assert_null(strstr(w.log, "begin"));
		/* From its start again, as a server would from a version before it: nothing is missing. */
		memcpy(w.watch.version, "100", 4);
		w.log[0] = '\0';
		assert_true(comes(&w, tape.ptr));
		assert_string_equal(w.log, "add:default-alpha-tls@399 add:default-beta-tls@401 add:default-gamma-tls@403");
		watch_clear(&w.watch);
	}
}

static void a_line_longer_than_any_object_is_refused(void **state)
{
	enum { CHUNK = 1024 * 1024 };
	char *chunk = malloc(WATCH_LINE_MAX + 2);
	struct world w;
	size_t taken;

	(void)state;
	assert_non_null(chunk);
	memset(chunk, ' ', WATCH_LINE_MAX + 1);
	chunk[WATCH_LINE_MAX + 1] = '\n';
	streams(&w);
	for (size_t i = 0; i < WATCH_LINE_MAX / CHUNK; i++) /* to the last byte that may be */
		assert_true(watch_feed(&w.watch, 200, (struct span){ chunk, CHUNK }, w.now, 0, &taken));
	assert_false(watch_feed(&w.watch, 200, (struct span){ chunk, 1 }, w.now, 0, &taken));
	assert_int_equal(w.watch.failure.class, FAILURE_TOO_BIG);
	assert_null(w.watch.line.kept);
	goes_out_after(&w, 800 * MSEC);
	assert_non_null(strstr(w.request.path, "?resourceVersion=100&resourceVersionMatch=NotOlderThan"));
	watch_clear(&w.watch);

	streams(&w); /* and in one piece */
	assert_false(watch_feed(&w.watch, 200, (struct span){ chunk, WATCH_LINE_MAX + 2 }, w.now, 0, &taken));
	assert_int_equal(w.watch.failure.class, FAILURE_TOO_BIG);
	watch_clear(&w.watch);
	free(chunk);
}

static void a_token_that_cannot_be_kept_is_done_without(void **state)
{
	char token[PATH_TOKEN_SIZE + 1], body[2048];
	struct world w;

	(void)state;
	memset(token, '=', sizeof(token));
	for (size_t len = PATH_TOKEN_SIZE - 1; len <= PATH_TOKEN_SIZE; len++) {
		begin(&w);
		goes_out_after(&w, 0);
		(void)snprintf(body, sizeof(body), LIST("5", "%.*s", OBJECT("a", "4")), (int)len, token);
		ends(&w, 200, FAILURE_NONE, body);
		goes_out_after(&w, 0);
		if (len < PATH_TOKEN_SIZE)
			assert_int_equal(strlen(w.request.path), strlen(COPIES "?limit=100&continue=") + 3 * len);
		else
			assert_string_equal(w.request.path, COPIES);
		ends(&w, 200, FAILURE_NONE, LIST("5", "", OBJECT("b", "4")));
		assert_string_equal(w.log, len < PATH_TOKEN_SIZE ? "begin is:a@4 is:b@4 end"
								 : "begin is:a@4 begin is:b@4 end");
		watch_clear(&w.watch);
	}
}

static void a_list_without_end_is_given_up(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	for (size_t i = 0; i < WATCH_PAGES_MAX; i++) {
		goes_out_after(&w, 0);
		ends(&w, 200, FAILURE_NONE, LIST("5", "t", ""));
	}
	goes_out_after(&w, 0);
	ends(&w, 200, FAILURE_NONE, LIST("5", "", OBJECT("a", "4")));
	assert_string_equal(w.log, "begin");
	assert_int_equal(w.watch.failure.class, FAILURE_TOO_BIG);
	goes_out_after(&w, 800 * MSEC);
	assert_string_equal(w.request.path, COPIES "?limit=100");
	watch_clear(&w.watch);
}

/* The engine knows before us when the way is free again; the server's word stands. */
static void again_cuts_our_pause_short_but_not_the_servers(void **state)
{
	struct world w;
	uint64_t told;

	(void)state;
	begin(&w);
	goes_out_after(&w, 0);
	for (size_t i = 0; i < 8; i++) {
		ends(&w, 0, FAILURE_UNREACHABLE, "");
		w.now = w.watch.due_usec;
		goes_out_after(&w, 0);
	}
	ends(&w, 0, FAILURE_UNREACHABLE, "");
	watch_again(&w.watch, w.now);
	goes_out_after(&w, 0);
	assert_true(w.request.fresh);
	ends(&w, 0, FAILURE_UNREACHABLE, ""); /* the pauses begin anew */
	goes_out_after(&w, 800 * MSEC);
	ends(&w, 429, FAILURE_NONE, "{\"kind\":\"Status\",\"details\":{\"retryAfterSeconds\":9}}");
	told = w.now + 9 * SECONDS;
	watch_again(&w.watch, w.now + 1 * SECONDS);
	w.now += 1 * SECONDS;
	goes_out_after(&w, told - w.now);
	watch_clear(&w.watch);

	streams(&w); /* a stream that is out is forgotten: its end is nobody's any more */
	assert_true(comes(&w, "{\"type\":\"ADD"));
	w.now += 7 * SECONDS;
	watch_again(&w.watch, w.now);
	assert_false(w.watch.live);
	assert_int_equal(w.watch.behind_usec, w.now);
	ends(&w, 200, FAILURE_NONE, EVENT("ADDED", "a", "101"));
	assert_string_equal(w.log, "");
	goes_out_after(&w, 0);
	assert_true(w.request.fresh);
	assert_non_null(strstr(w.request.path, "watch=1&resourceVersion=100&"));
	watch_clear(&w.watch);
}

static void an_audit_lists_as_of_now_and_keeps_the_store_meanwhile(void **state)
{
	struct world w;

	(void)state;
	streams(&w);
	watch_relist(&w.watch, w.now);
	assert_true(w.watch.synced);
	goes_out_after(&w, 0);
	assert_string_equal(w.request.path, COPIES "?limit=100");
	ends(&w, 200, FAILURE_NONE, LIST("90", "", "")); /* lower than before: so be it */
	assert_string_equal(w.log, "begin end");
	goes_out_after(&w, 0);
	assert_non_null(strstr(w.request.path, "resourceVersion=90&"));
	watch_clear(&w.watch);
}

static void what_it_is_behind_of_counts_from_the_last_stream_that_told_something(void **state)
{
	struct world w;
	uint64_t since;

	(void)state;
	begin(&w);
	goes_out_after(&w, 0);
	since = w.watch.behind_usec;
	assert_int_equal(since, w.now);
	w.now += SECONDS;
	ends(&w, 200, FAILURE_NONE, LIST("100", "", ""));
	goes_out_after(&w, 0);
	assert_false(w.watch.live); /* not before it was accepted */
	assert_true(comes(&w, ""));
	assert_true(w.watch.live);
	assert_false(comes(&w, ERROR("429", ""))); /* accepted, and refused in the same breath */
	assert_false(w.watch.live);
	assert_int_equal(w.watch.behind_usec, since);
	goes_out_after(&w, 800 * MSEC);
	assert_true(comes(&w, ""));
	w.now += SECONDS; /* nothing to tell for a while is something told */
	ends(&w, 200, FAILURE_NONE, "");
	assert_int_equal(w.watch.behind_usec, w.now);
	since = w.now;
	goes_out_after(&w, 0);
	w.now += SECONDS;
	ends(&w, 0, FAILURE_UNREACHABLE, "");
	assert_int_equal(w.watch.behind_usec, since);
	watch_clear(&w.watch);
}

static void versions_are_numbers_of_any_length(void **state)
{
	static const struct {
		const char *a, *b;
		int order;
	} rows[] = {
		{ "1", "2", -1 },
		{ "9", "10", -1 },
		{ "100", "99", 1 },
		{ "7", "7", 0 },
		{ "9223372036854775807", "9223372036854775808", -1 }, /* beyond int64 */
		{ "18446744073709551616", "9", 1 },                   /* beyond uint64 */
		{ "", "1", 0 },
		{ "1", "", 0 },
		{ "1a", "2", 0 },
		{ "2", "01", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int order = answer_compare_versions(rows[i].a, rows[i].b);

		assert_int_equal((order > 0) - (order < 0), rows[i].order);
	}
}

static void paths_keep_to_their_place(void **state)
{
	static const struct {
		const char *why;
		enum path_resource resource;
		const char *namespace;
		struct path_page page;
		int r;
		const char *path;
	} rows[] = {
		{ "all of it",
		  PATH_CLASSES,
		  NULL,
		  { 0 },
		  0,
		  "/apis/gateway.networking.k8s.io/v1/gatewayclasses" },
		{ "classes have no namespace", PATH_CLASSES, "default", { 0 }, -EINVAL, NULL },
		{ "the older grants",
		  PATH_GRANTS_BETA,
		  NULL,
		  { .limit = 100 },
		  0,
		  "/apis/gateway.networking.k8s.io/v1beta1/referencegrants?limit=100" },
		{ "the newer ones",
		  PATH_GRANTS,
		  "default",
		  { .limit = 1, .token = "a b" },
		  0,
		  "/apis/gateway.networking.k8s.io/v1/namespaces/default/"
		  "referencegrants?limit=1&continue=a%20b" },
		{ "Cilium's",
		  PATH_ENVOYCONFIGS,
		  NULL,
		  { .version = "12" },
		  0,
		  "/apis/cilium.io/v2/"
		  "ciliumenvoyconfigs?resourceVersion=12&resourceVersionMatch=NotOlderThan" },
		{ "sets",
		  PATH_LISTENERSETS,
		  NULL,
		  { .version = "" },
		  0,
		  "/apis/gateway.networking.k8s.io/v1/listenersets" },
		{ "the operator's pods",
		  PATH_OPERATORS,
		  "kube-system",
		  { .limit = 100 },
		  0,
		  "/api/v1/namespaces/kube-system/"
		  "pods?labelSelector=io.cilium%2Fapp%3Doperator&limit=100" },
		{ "all of those",
		  PATH_OPERATORS,
		  "kube-system",
		  { 0 },
		  0,
		  "/api/v1/namespaces/kube-system/pods?labelSelector=io.cilium%2Fapp%3Doperator" },
		{ "never the pods of every namespace", PATH_OPERATORS, NULL, { 0 }, -EINVAL, NULL },
		{ "never the Secrets of every namespace", PATH_COPIES, NULL, { 0 }, -EINVAL, NULL },
		{ "a namespace that leaves its place", PATH_COPIES, "../x", { 0 }, -EINVAL, NULL },
		{ "a version with a limit would be that version exactly",
		  PATH_GATEWAYS,
		  NULL,
		  { .limit = 100, .version = "12" },
		  -EINVAL,
		  NULL },
		{ "a token without a limit", PATH_GATEWAYS, NULL, { .token = "t" }, -EINVAL, NULL },
		{ "a version that is two parameters",
		  PATH_GATEWAYS,
		  NULL,
		  { .version = "1&x=2" },
		  -EINVAL,
		  NULL },
	};
	char path[PATH_QUERY_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("row: %s\n", rows[i].why);
		assert_int_equal(path_list(path, sizeof(path), rows[i].resource, rows[i].namespace, &rows[i].page),
				 rows[i].r);
		if (rows[i].path)
			assert_string_equal(path, rows[i].path);
	}
	assert_int_equal(path_watch(path, sizeof(path), PATH_GATEWAYS, NULL, "0", 300), -EINVAL);
	assert_int_equal(path_watch(path, sizeof(path), PATH_GATEWAYS, NULL, "", 300), -EINVAL);
	assert_int_equal(path_watch(path, 20, PATH_GATEWAYS, NULL, "7", 300), -E2BIG);
	assert_int_equal(path_list(path, sizeof(path), PATH_GATEWAYS, NULL, &(struct path_page){ .limit = 1, .token = "\xff" }), 0);
	assert_non_null(strstr(path, "continue=%FF"));
}

static void scanning_ends_where_the_text_ends(void **state)
{
	static const struct {
		const char *json;
		int members; /* -1: malformed */
	} rows[] = {
		{ "{}", 0 },
		{ " { } ", 0 },
		{ "{\"a\":1}", 1 },
		{ "{\"a\":{\"b\":[1,{\"c\":\"}\"}]},\"d\":null}", 2 },
		{ "{\"a\":\"\\\"}\",\"b\":\"\\\\\"}", 2 },
		{ "{\"a\":1,}", -1 },
		{ "{\"a\" 1}", -1 },
		{ "{\"a\":}", -1 },
		{ "{a:1}", -1 },
		{ "{\"a\":1 \"b\":2}", -1 },
		{ "{\"a\":1}x", -1 },
		{ "{\"a\":\"", -1 },
		{ "{\"a\":\"\\", -1 },
		{ "{\"a\":[", -1 },
		{ "[]", -1 },
		{ "", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span key, value;
		struct scan scan;
		int count = 0, r = scan_object(&scan, span_of(rows[i].json));

		while (r >= 0 && (r = scan_member(&scan, &key, &value)) == 1)
			count++;
		assert_int_equal(r < 0 ? -1 : count, rows[i].members);
		if (r == 0)
			assert_int_equal(scan_member(&scan, &key, &value), 0);
	}
	assert_int_equal(scan_number(span_of("999999999"), 7), 999999999);
	assert_int_equal(scan_number(span_of("1000000000"), 7), 7);
	assert_int_equal(scan_number(span_of("1.5"), 7), 7);
	assert_int_equal(scan_number(span_of("-1"), 7), 7);
	assert_int_equal(scan_number(span_of(""), 7), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_request_is_the_first_page),
		cmocka_unit_test(a_snapshot_is_complete_with_its_last_page),
		cmocka_unit_test(the_page_that_fails_is_asked_for_again),
		cmocka_unit_test(lists_that_are_none_are_refused_whole),
		cmocka_unit_test(metadata_may_stand_before_or_after_the_items_and_items_may_be_null),
		cmocka_unit_test(the_real_lists_are_read),
		cmocka_unit_test(how_long_a_watch_lasts_is_luck_within_bounds),
		cmocka_unit_test(each_event_moves_the_version_on_after_the_store_has_it),
		cmocka_unit_test(the_end_of_a_stream_says_what_is_next),
		cmocka_unit_test(a_watch_that_is_refused_says_what_is_next),
		cmocka_unit_test(a_list_that_is_refused_says_what_is_next),
		cmocka_unit_test(the_real_refusals_are_understood),
		cmocka_unit_test(a_watch_that_ends_as_it_begins_is_not_repeated_at_once),
		cmocka_unit_test(a_whole_watch_without_a_word_is_followed_by_a_list),
		cmocka_unit_test(pauses_grow_to_half_a_minute_and_start_again_after_two_good_minutes),
		cmocka_unit_test(no_failure_makes_it_spin),
		cmocka_unit_test(what_the_store_refuses_comes_again),
		cmocka_unit_test(a_recorded_stream_cut_anywhere_gives_the_same_events),
		cmocka_unit_test(a_recorded_stream_that_ends_anywhere_loses_nothing),
		cmocka_unit_test(a_line_longer_than_any_object_is_refused),
		cmocka_unit_test(a_token_that_cannot_be_kept_is_done_without),
		cmocka_unit_test(a_list_without_end_is_given_up),
		cmocka_unit_test(again_cuts_our_pause_short_but_not_the_servers),
		cmocka_unit_test(an_audit_lists_as_of_now_and_keeps_the_store_meanwhile),
		cmocka_unit_test(what_it_is_behind_of_counts_from_the_last_stream_that_told_something),
		cmocka_unit_test(versions_are_numbers_of_any_length),
		cmocka_unit_test(paths_keep_to_their_place),
		cmocka_unit_test(scanning_ends_where_the_text_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
