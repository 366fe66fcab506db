/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/server.h"

#include "kube/objects.h"
#include "kube/probe.h"
#include "wire/http.h"

#include <errno.h>

#define OK_ANSWER  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define BOUND_USEC UINT64_C(5000000)

struct world {
	struct server server;
	struct http *http;
	struct http_endpoint endpoint;
	struct http_request request;
	struct http_end end;
	char body[4096];
};

static void open_world(struct world *w, enum server_way way, const char *answer)
{
	*w = (struct world){ .server = { .way = way, .answer = answer } };
	server_start(&w->server);
	assert_int_equal(http_new(&w->http), 0);
	/* The certificate is for this name: so the way over CONNECT_TO is used as well. */
	w->endpoint = (struct http_endpoint){ .server = w->server.url,
		                              .tls_server_name = "gatewake",
		                              .ca_pem = w->server.cert };
	w->request = (struct http_request){
		.path = "/readyz", .body = { "", 0 }, .limit = 1000, .bound_usec = BOUND_USEC
	};
}

static void close_world(struct world *w)
{
	w->http = http_free(w->http);
	server_stop(&w->server);
}

static void run(struct world *w)
{
	uint32_t id = 0;

	assert_int_equal(http_start(w->http, &w->endpoint, &w->request, &id), 0);
	assert_int_not_equal(id, 0);
	for (unsigned turns = 0; !http_next(w->http, &w->end); turns++) {
		assert_true(turns < 10000);
		assert_int_equal(http_wait(w->http, NULL, 0, 1000000), 0);
	}
	assert_int_equal(w->end.id, id);
	assert_true(w->end.body.len < sizeof(w->body));
	memcpy(w->body, w->end.body.ptr, w->end.body.len);
	w->body[w->end.body.len] = '\0';
}

static enum layer layer(struct world *w)
{
	char detail[200];

	return probe_layer(&w->end, 10000, detail, sizeof(detail));
}

static void an_answer_comes_whole_and_the_connection_serves_again(void **state)
{
	struct world w;

	(void)state;
	open_world(&w, SERVER_ANSWERS, OK_ANSWER);
	run(&w);
	assert_int_equal(w.end.status, 200);
	assert_int_equal(w.end.failure.class, FAILURE_NONE);
	assert_string_equal(w.body, "ok");
	assert_false(w.end.reused);
	assert_int_equal(layer(&w), LAYER_USABLE);
	run(&w);
	assert_true(w.end.reused);
	assert_int_equal(w.server.connections, 1);
	w.request.fresh = true;
	/* The server serves one connection at a time: the old one must go first. */
	w.http = http_free(w.http);
	assert_int_equal(http_new(&w.http), 0);
	run(&w);
	assert_false(w.end.reused);
	assert_int_equal(w.server.connections, 2);
	close_world(&w);
}

static void a_request_says_who_asks_and_carries_its_body(void **state)
{
	struct world w;

	(void)state;
	open_world(&w, SERVER_ANSWERS, OK_ANSWER);
	w.endpoint.token = "the-token";
	w.request.method = HTTP_DELETE;
	w.request.body = span_of("{\"kind\":\"DeleteOptions\"}");
	run(&w);
	assert_non_null(strstr(w.server.request, "DELETE /readyz HTTP/1.1\r\n"));
	assert_non_null(strstr(w.server.request, "Authorization: Bearer the-token\r\n"));
	assert_non_null(strstr(w.server.request, "User-Agent: gatewake/"));
	assert_non_null(strstr(w.server.request, "Host: gatewake"));
	assert_non_null(strstr(w.server.request, "Content-Type: application/json\r\n"));
	assert_non_null(strstr(w.server.request, "\r\n\r\n{\"kind\":\"DeleteOptions\"}"));
	assert_null(strstr(w.server.request, "Accept-Encoding"));
	w.request.method = HTTP_PATCH;
	w.request.content = "application/apply-patch+yaml";
	run(&w);
	assert_non_null(strstr(w.server.request, "PATCH /readyz HTTP/1.1\r\n"));
	assert_non_null(strstr(w.server.request, "Content-Type: application/apply-patch+yaml\r\n"));
	close_world(&w);
}

static void each_way_to_fail_stops_at_its_own_layer(void **state)
{
	static const struct {
		const char *why;
		enum server_way way;
		const char *answer;
		enum http_stage stage;
		enum layer layer;
		enum result ask, write;
	} rows[] = {
		{ "accepted and closed: no TLS", SERVER_CLOSES, "", HTTP_IN_TLS, LAYER_TLS,
		  RESULT_UNREACHABLE, RESULT_UNREACHABLE },
		{ "accepted, never a byte: no TLS", SERVER_STALLS, "", HTTP_IN_TLS, LAYER_TLS,
		  RESULT_UNREACHABLE, RESULT_UNREACHABLE },
		{ "TLS, and then no answer: a write may have happened", SERVER_SILENT, "",
		  HTTP_SENT, LAYER_READYZ, RESULT_UNREACHABLE, RESULT_LOST },
		{ "500 is not ready; a write may have happened", SERVER_ANSWERS,
		  "HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n", HTTP_ANSWERED, LAYER_READYZ,
		  RESULT_REFUSED, RESULT_LOST },
		{ "401", SERVER_ANSWERS, "HTTP/1.1 401 x\r\nContent-Length: 0\r\n\r\n",
		  HTTP_ANSWERED, LAYER_AUTH, RESULT_REFUSED, RESULT_REFUSED },
		{ "403", SERVER_ANSWERS, "HTTP/1.1 403 x\r\nContent-Length: 0\r\n\r\n",
		  HTTP_ANSWERED, LAYER_AUTH, RESULT_REFUSED, RESULT_REFUSED },
		{ "404 and 409: not what was judged", SERVER_ANSWERS,
		  "HTTP/1.1 409 x\r\nContent-Length: 0\r\n\r\n", HTTP_ANSWERED, LAYER_READYZ,
		  RESULT_REFUSED, RESULT_CONFLICT },
		{ "429 asks to come later", SERVER_ANSWERS,
		  "HTTP/1.1 429 x\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n", HTTP_ANSWERED,
		  LAYER_READYZ, RESULT_REFUSED, RESULT_REFUSED },
		{ "no HTTP at all", SERVER_ANSWERS, "SSH-2.0-x\r\n", HTTP_SENT, LAYER_READYZ,
		  RESULT_UNREACHABLE, RESULT_LOST },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world w;

		open_world(&w, rows[i].way, rows[i].answer);
		w.request.bound_usec = rows[i].way == SERVER_ANSWERS || rows[i].way == SERVER_CLOSES
		                               ? BOUND_USEC
		                               : 200000;
		run(&w);
		if (w.end.stage != rows[i].stage || layer(&w) != rows[i].layer)
			print_error("row: %s: %s\n", rows[i].why, w.end.failure.text);
		assert_int_equal(w.end.stage, rows[i].stage);
		assert_int_equal(layer(&w), rows[i].layer);
		assert_int_equal(probe_result_of_ask(&w.end), rows[i].ask);
		assert_int_equal(probe_result_of_write(&w.end), rows[i].write);
		close_world(&w);
	}
}

static void a_closed_port_is_told_from_a_silent_address(void **state)
{
	struct world w;
	char detail[200];

	(void)state;
	open_world(&w, SERVER_ANSWERS, OK_ANSWER);
	server_stop(&w.server);
	w.server.cert = NULL;
	EVP_PKEY *key = certs_new_key(CERTS_EC);
	char *cert = certs_sign(key, CERTS_EC, 0, time(NULL) + 3600);
	w.endpoint.ca_pem = cert;
	run(&w);
	assert_int_equal(w.end.stage, HTTP_CONNECTING);
	assert_int_equal(w.end.failure.error, ECONNREFUSED);
	assert_int_equal(probe_layer(&w.end, 250000, detail, sizeof(detail)), LAYER_TCP);
	assert_string_equal(detail, "ECONNREFUSED after 0.25 s");
	w.http = http_free(w.http);
	EVP_PKEY_free(key);
	free(cert);
}

static void a_stranger_is_not_trusted(void **state)
{
	EVP_PKEY *key = certs_new_key(CERTS_EC);
	char *other = certs_sign(key, CERTS_EC, 0, time(NULL) + 3600);
	struct world w;

	(void)state;
	open_world(&w, SERVER_ANSWERS, OK_ANSWER);
	w.endpoint.ca_pem = other;
	run(&w);
	assert_int_equal(w.end.failure.class, FAILURE_TLS);
	assert_int_equal(layer(&w), LAYER_TLS);
	assert_int_equal(w.end.status, 0);
	w.endpoint.ca_pem = w.server.cert;
	w.endpoint.tls_server_name = NULL; /* the address is not in the certificate */
	run(&w);
	assert_int_equal(w.end.failure.class, FAILURE_TLS);
	close_world(&w);
	EVP_PKEY_free(key);
	free(other);
}

static void an_answer_beyond_its_bound_is_refused_by_name(void **state)
{
	static const char answer[] =
		"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n01234567890123456789";
	struct world w;

	(void)state;
	open_world(&w, SERVER_ANSWERS, answer);
	w.request.limit = 20;
	run(&w);
	assert_string_equal(w.body, "01234567890123456789");
	w.request.limit = 19;
	run(&w);
	assert_int_equal(w.end.failure.class, FAILURE_TOO_BIG);
	assert_non_null(strstr(w.end.failure.text, "19 bytes"));
	assert_int_equal(probe_result_of_ask(&w.end), RESULT_REFUSED);
	close_world(&w);
}

static void a_body_cut_short_is_no_answer(void **state)
{
	struct world w;

	(void)state;
	open_world(&w, SERVER_ANSWERS, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort");
	w.request.bound_usec = 200000;
	run(&w);
	assert_int_not_equal(w.end.failure.class, FAILURE_NONE);
	assert_int_equal(probe_result_of_ask(&w.end), RESULT_UNREACHABLE);
	assert_int_equal(layer(&w), LAYER_READYZ);
	close_world(&w);
}

static void what_is_cancelled_has_no_end(void **state)
{
	struct world w;
	uint32_t id, next;

	(void)state;
	open_world(&w, SERVER_STALLS, "");
	assert_int_equal(http_start(w.http, &w.endpoint, &w.request, &id), 0);
	assert_false(http_next(w.http, &w.end));
	http_cancel(w.http, id);
	http_cancel(w.http, id);
	assert_false(http_next(w.http, &w.end));
	assert_int_equal(http_start(w.http, &w.endpoint, &w.request, &next), 0);
	assert_int_not_equal(next, id);
	http_cancel(w.http, id); /* the slot is the same, its request is not */
	w.server.way = SERVER_CLOSES;
	http_cancel(w.http, next);
	close_world(&w);
}

static void slots_are_bounded(void **state)
{
	struct world w;
	uint32_t id;

	(void)state;
	open_world(&w, SERVER_STALLS, "");
	for (size_t i = 0; i < HTTP_SLOTS; i++)
		assert_int_equal(http_start(w.http, &w.endpoint, &w.request, &id), 0);
	assert_int_equal(http_start(w.http, &w.endpoint, &w.request, &id), -EBUSY);
	close_world(&w);
}

static void a_stream_is_taken_as_it_comes(void **state)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\none\ntwo\nthr";
	struct span bytes = { "", 0 };
	struct world w;
	uint16_t status = 0;
	uint64_t before;
	uint32_t id;

	(void)state;
	open_world(&w, SERVER_ANSWERS, answer);
	w.request.stream = true;
	w.request.limit = 12; /* of what is not taken yet */
	before = http_streamed(w.http);
	assert_int_equal(http_start(w.http, &w.endpoint, &w.request, &id), 0);
	for (unsigned turns = 0; bytes.len < 11; turns++) {
		assert_true(turns < 10000);
		assert_false(http_next(w.http, &w.end));
		assert_int_equal(http_wait(w.http, NULL, 0, 1000000), 0);
		assert_true(http_peek(w.http, id, &status, &bytes));
	}
	assert_int_equal(status, 200);
	assert_memory_equal(bytes.ptr, "one\ntwo\nthr", 11);
	assert_true(http_streamed(w.http) > before);
	http_take(w.http, id, 8);
	assert_true(http_peek(w.http, id, &status, &bytes));
	assert_int_equal(bytes.len, 3);
	assert_memory_equal(bytes.ptr, "thr", 3);
	http_take(w.http, id, 4); /* more than there is: nothing is taken */
	assert_true(http_peek(w.http, id, &status, &bytes));
	assert_int_equal(bytes.len, 3);
	http_cancel(w.http, id);
	assert_false(http_peek(w.http, id, &status, &bytes));
	close_world(&w);
}

static void the_apis_own_words_are_told(void **state)
{
	static const char answer[] = "HTTP/1.1 403 Forbidden\r\nContent-Length: 45\r\n\r\n"
				     "{\"kind\":\"Status\",\"message\":\"pods are secret\"}";
	struct world w;
	char text[100];

	(void)state;
	open_world(&w, SERVER_ANSWERS, answer);
	run(&w);
	probe_explain(&w.end, text, sizeof(text));
	assert_string_equal(text, "HTTP 403: pods are secret");
	close_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_comes_whole_and_the_connection_serves_again),
		cmocka_unit_test(a_request_says_who_asks_and_carries_its_body),
		cmocka_unit_test(each_way_to_fail_stops_at_its_own_layer),
		cmocka_unit_test(a_closed_port_is_told_from_a_silent_address),
		cmocka_unit_test(a_stranger_is_not_trusted),
		cmocka_unit_test(an_answer_beyond_its_bound_is_refused_by_name),
		cmocka_unit_test(a_body_cut_short_is_no_answer),
		cmocka_unit_test(what_is_cancelled_has_no_end),
		cmocka_unit_test(slots_are_bounded),
		cmocka_unit_test(a_stream_is_taken_as_it_comes),
		cmocka_unit_test(the_apis_own_words_are_told),
	};

	objects_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
