/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/server.h"

#include "tls/proof.h"

#include <errno.h>

#define BOUND_USEC UINT64_C(10000000)
#define SHORT_USEC UINT64_C(200000)

struct world {
	struct server server;
	struct http *http;
	struct digest now[2], before[2];
	struct proof_expected expected;
	struct proof_seen seen;
	struct http_end end;
};

static struct digest leaf_of(const char *pem)
{
	struct tls_leaf leaf;
	struct failure failure;

	assert_int_equal(tls_leaf_digest(span_of(pem), &leaf, &failure), 0);
	return leaf.digest;
}

/* A source that holds what the server serves. */
static void open_world(struct world *w, const struct server *server)
{
	*w = (struct world){ .server = *server };
	w->server.answer = "";
	server_start(&w->server);
	assert_int_equal(http_new(&w->http), 0);
	w->now[0] = leaf_of(w->server.cert);
	w->expected = (struct proof_expected){ .now = w->now, .now_count = 1, .before = w->before };
}

static void close_world(struct world *w)
{
	w->http = http_free(w->http);
	server_stop(&w->server);
}

static void dial(struct world *w, uint16_t port, uint64_t bound_usec)
{
	const struct http_handshake handshake = {
		.address = "127.0.0.1",
		.port = port,
		.server_name = "alpha.gatewake.test",
		.bound_usec = bound_usec,
	};
	uint32_t id = 0;

	assert_int_equal(http_start_handshake(w->http, &handshake, &id), 0);
	for (unsigned turns = 0; !http_next(w->http, &w->end); turns++) {
		assert_true(turns < 10000);
		assert_int_equal(http_wait(w->http, NULL, 0, 1000000), 0);
	}
	proof_judge(&w->expected, &w->end, &w->seen);
}

static void is(const struct world *w, enum proof verdict, enum proof_cause cause, const char *words)
{
	if (w->seen.verdict != verdict || w->seen.cause != cause || !strstr(w->seen.text, words))
		fail_msg("%d %d \"%s\" (stage %d, errno %d, \"%s\")", w->seen.verdict,
		         w->seen.cause, w->seen.text, w->end.stage, w->end.failure.error,
		         w->end.failure.text);
	assert_null(strchr(w->seen.text, '\n'));
}

static struct digest other_leaf(void)
{
	EVP_PKEY *key = certs_new_key(CERTS_EC);
	char *cert = certs_sign(key, CERTS_EC, 0, 1);
	struct digest digest = leaf_of(cert);

	free(cert);
	EVP_PKEY_free(key);
	return digest;
}

static void the_leaf_of_the_source_is_served(void **state)
{
	struct world w;
	char until[TLS_DATE_SIZE];

	(void)state;
	open_world(&w, &(struct server){ .way = SERVER_ANSWERS });
	dial(&w, w.server.port, BOUND_USEC);
	is(&w, PROOF_SERVED, PROOF_NO_CAUSE, "serves the certificate of its source, valid until ");
	assert_string_equal(w.server.asked_for, "alpha.gatewake.test");
	assert_true(w.seen.has_leaf);
	assert_true(digest_equals(&w.seen.leaf.digest, &w.now[0]));
	tls_date(w.seen.leaf.validity.not_after_sec, until);
	assert_non_null(strstr(w.seen.text, until));
	/* Of two sources (RSA and EC) either one is right. */
	w.now[1] = w.now[0];
	w.now[0] = other_leaf();
	w.expected.now_count = 2;
	w.http = http_free(w.http);
	assert_int_equal(http_new(&w.http), 0);
	dial(&w, w.server.port, BOUND_USEC);
	is(&w, PROOF_SERVED, PROOF_NO_CAUSE, "serves the certificate of its source");
	close_world(&w);
}

/* The same handshake against what each source holds. */
static void a_leaf_is_judged_by_what_the_source_holds_and_held(void **state)
{
	struct digest served, other = other_leaf(), third = other_leaf();
	struct http_end end;
	struct world w;
	char hex[DIGEST_HEX_SIZE], *pem;

	(void)state;
	open_world(&w, &(struct server){ .way = SERVER_ANSWERS });
	dial(&w, w.server.port, BOUND_USEC);
	served = w.now[0];
	pem = strndup(w.end.body.ptr, w.end.body.len);
	end = w.end;
	end.body = span_of(pem);

	w.now[0] = other;
	proof_judge(&w.expected, &end, &w.seen);
	is(&w, PROOF_WRONG_CERT, PROOF_NO_CAUSE, "serves another certificate (SHA-256 ");
	tls_digest_hex(&served, hex);
	hex[16] = '\0';
	assert_non_null(strstr(w.seen.text, hex));

	w.before[0] = third;
	w.before[1] = served;
	w.expected.before_count = 1;
	proof_judge(&w.expected, &end, &w.seen);
	is(&w, PROOF_WRONG_CERT, PROOF_NO_CAUSE, "another");
	w.expected.before_count = 2;
	proof_judge(&w.expected, &end, &w.seen);
	is(&w, PROOF_STALE, PROOF_NO_CAUSE, "an older certificate of its source");

	w.now[0] = served; /* a renewal that was taken back */
	proof_judge(&w.expected, &end, &w.seen);
	is(&w, PROOF_SERVED, PROOF_NO_CAUSE, "of its source");

	w.expected.now_count = 0;
	proof_judge(&w.expected, &end, &w.seen);
	is(&w, PROOF_UNKNOWN, PROOF_NO_CAUSE, "what its source holds is not known");
	close_world(&w);
	free(pem);
}

static const struct {
	const char *why;
	struct server server;
	uint64_t bound_usec;
	enum proof verdict;
	enum proof_cause cause;
	uint8_t alert;
	bool wants_client; /* said by the Gateway */
	const char *words;
} rows[] = {
	{ "what Envoy does without its secret",
	  { .way = SERVER_RESETS },
	  BOUND_USEC,
	  PROOF_NO_CERT,
	  PROOF_RESET,
	  0,
	  false,
	  "no certificate: the connection is reset" },
	{ "closed without a word",
	  { .way = SERVER_HANGS_UP },
	  BOUND_USEC,
	  PROOF_NO_CERT,
	  PROOF_CLOSED,
	  0,
	  false,
	  "no certificate: the connection is closed" },
	{ "accepted, and never a byte",
	  { .way = SERVER_STALLS },
	  SHORT_USEC,
	  PROOF_NO_CERT,
	  PROOF_STALLED,
	  0,
	  false,
	  "the handshake stalls" },
	{ "an alert has a name",
	  { .way = SERVER_ALERTS },
	  BOUND_USEC,
	  PROOF_NO_CERT,
	  PROOF_ALERT,
	  112,
	  false,
	  "alert unrecognized name" },
	{ "plain HTTP is no TLS",
	  { .way = SERVER_BABBLES },
	  BOUND_USEC,
	  PROOF_NO_CERT,
	  PROOF_NO_TLS,
	  0,
	  false,
	  "wrong version number" },
	{ "TLS 1.2 alone is fine",
	  { .newest_tls = TLS1_2_VERSION },
	  BOUND_USEC,
	  PROOF_SERVED,
	  PROOF_NO_CAUSE,
	  0,
	  false,
	  "of its source" },
	{ "TLS 1.3 with a client certificate: the leaf comes first",
	  { .wants_client = true },
	  BOUND_USEC,
	  PROOF_SERVED,
	  PROOF_NO_CAUSE,
	  0,
	  false,
	  "of its source" },
	{ "the same, and we knew",
	  { .wants_client = true },
	  BOUND_USEC,
	  PROOF_SERVED,
	  PROOF_NO_CAUSE,
	  0,
	  true,
	  "of its source" },
	{ "TLS 1.2 with a client certificate shows nothing",
	  { .wants_client = true, .newest_tls = TLS1_2_VERSION },
	  BOUND_USEC,
	  PROOF_SKIPPED,
	  PROOF_ALERT,
	  40,
	  true,
	  "asks for a client certificate (alert handshake failure)" },
	{ "the same, if the Gateway does not say so, is an alert like others",
	  { .wants_client = true, .newest_tls = TLS1_2_VERSION },
	  BOUND_USEC,
	  PROOF_NO_CERT,
	  PROOF_ALERT,
	  40,
	  false,
	  "no certificate: alert handshake failure" },
	{ "a reset is one, whatever the Gateway says",
	  { .way = SERVER_RESETS },
	  BOUND_USEC,
	  PROOF_NO_CERT,
	  PROOF_RESET,
	  0,
	  true,
	  "reset" },
	{ "and so is silence",
	  { .way = SERVER_STALLS },
	  SHORT_USEC,
	  PROOF_NO_CERT,
	  PROOF_STALLED,
	  0,
	  true,
	  "stalls" },
};

static void each_way_to_serve_has_its_verdict(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world w;

		open_world(&w, &rows[i].server);
		w.expected.wants_client = rows[i].wants_client;
		dial(&w, w.server.port, rows[i].bound_usec);
		if (w.seen.verdict != rows[i].verdict || w.seen.alert != rows[i].alert)
			print_error("row: %s: alert %u\n", rows[i].why, w.seen.alert);
		is(&w, rows[i].verdict, rows[i].cause, rows[i].words);
		assert_int_equal(w.seen.alert, rows[i].alert);
		assert_int_equal(w.seen.has_leaf, rows[i].verdict == PROOF_SERVED);
		close_world(&w);
	}
}

static void a_closed_port_is_out_of_reach(void **state)
{
	struct world w;
	uint16_t port;

	(void)state;
	open_world(&w, &(struct server){ .way = SERVER_ANSWERS });
	port = w.server.port;
	server_stop(&w.server);
	dial(&w, port, BOUND_USEC);
	is(&w, PROOF_UNREACHABLE, PROOF_NO_CAUSE, "cannot be reached from here: ECONNREFUSED");
	w.http = http_free(w.http);
}

/* What a socket on one machine can't be made to do: ends as libcurl 7.88 and 8 word them. */
static const struct {
	const char *why;
	struct http_end end;
	enum proof verdict;
	enum proof_cause cause;
	const char *words;
} ends[] = {
	{ "nobody holds the address",
	  { .failure = { .class = FAILURE_UNREACHABLE, .error = EHOSTUNREACH, .text = "x" } },
	  PROOF_UNREACHABLE,
	  PROOF_NO_CAUSE,
	  "from here: EHOSTUNREACH" },
	{ "no answer to SYN",
	  { .failure = { .class = FAILURE_TIMEOUT, .text = "x" } },
	  PROOF_UNREACHABLE,
	  PROOF_NO_CAUSE,
	  "from here: no answer" },
	{ "no such name",
	  { .failure = { .class = FAILURE_UNREACHABLE, .text = "Could not resolve host: x" } },
	  PROOF_UNREACHABLE,
	  PROOF_NO_CAUSE,
	  "from here: Could not resolve host: x" },
	{ "accepted and reset before curl looked",
	  { .failure = { .class = FAILURE_UNREACHABLE, .error = ECONNRESET } },
	  PROOF_NO_CERT,
	  PROOF_RESET,
	  "reset" },
	{ "reset while we were writing",
	  { .stage = HTTP_IN_TLS, .failure = { .class = FAILURE_TLS, .error = EPIPE } },
	  PROOF_NO_CERT,
	  PROOF_RESET,
	  "reset" },
	{ "the peer's host went away within the handshake",
	  { .stage = HTTP_IN_TLS, .failure = { .class = FAILURE_TLS, .error = ETIMEDOUT } },
	  PROOF_NO_CERT,
	  PROOF_STALLED,
	  "stalls" },
	{ "an EOF that OpenSSL names",
	  { .stage = HTTP_IN_TLS,
	    .failure = { .class = FAILURE_TLS,
	                 .text = "TLS connect error: error:0A000126:SSL routines::unexpected eof "
	                         "while reading" } },
	  PROOF_NO_CERT,
	  PROOF_CLOSED,
	  "closed" },
	{ "libcurl 8 puts words before the code",
	  { .stage = HTTP_IN_TLS,
	    .failure = { .class = FAILURE_TLS,
	                 .text = "TLS connect error: error:0A000438:SSL "
	                         "routines::tlsv1 alert internal error" } },
	  PROOF_NO_CERT,
	  PROOF_ALERT,
	  "alert internal error" },
	{ "an alert counts even where an errno is left over",
	  { .stage = HTTP_IN_TLS,
	    .failure = { .class = FAILURE_TLS,
	                 .error = ECONNRESET,
	                 .text = "error:0A000438:SSL routines::x" } },
	  PROOF_NO_CERT,
	  PROOF_ALERT,
	  "alert internal error" },
	{ "an alert that asks for a certificate says so itself",
	  { .stage = HTTP_IN_TLS,
	    .failure = { .class = FAILURE_TLS,
	                 .text = "error:0A00045C:SSL routines::tlsv13 alert certificate "
	                         "required" } },
	  PROOF_SKIPPED,
	  PROOF_ALERT,
	  "client certificate" },
	{ "an alert that nobody knows",
	  { .stage = HTTP_IN_TLS,
	    .failure = { .class = FAILURE_TLS,
	                 .text = "error:0A0004E7:SSL routines::reason(1255)" } },
	  PROOF_NO_CERT,
	  PROOF_ALERT,
	  "alert unknown" },
	{ "a code of another library is no alert",
	  { .stage = HTTP_IN_TLS,
	    .failure = { .class = FAILURE_TLS, .text = "error:09000438:PEM routines::x" } },
	  PROOF_NO_CERT,
	  PROOF_CLOSED,
	  "closed" },
	{ "a handshake without a certificate",
	  { .stage = HTTP_SENT },
	  PROOF_NO_CERT,
	  PROOF_NO_CAUSE,
	  "a handshake without one" },
	{ "a certificate that is none",
	  { .stage = HTTP_SENT, .body = { "-----BEGIN", 10 } },
	  PROOF_WRONG_CERT,
	  PROOF_NO_CAUSE,
	  "not read as a certificate" },
	{ "out of memory proves nothing",
	  { .failure = { .class = FAILURE_LOCAL, .text = "Out of memory" } },
	  PROOF_UNKNOWN,
	  PROOF_NO_CAUSE,
	  "was not dialled: Out of memory" },
};

static void ends_that_no_loopback_brings_have_theirs(void **state)
{
	struct digest now = { { 0 } };
	const struct proof_expected expected = { .now = &now, .now_count = 1 };

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct world w = { .end = ends[i].end };

		proof_judge(&expected, &w.end, &w.seen);
		if (w.seen.verdict != ends[i].verdict || w.seen.cause != ends[i].cause)
			print_error("row: %s\n", ends[i].why);
		is(&w, ends[i].verdict, ends[i].cause, ends[i].words);
	}
}

static void what_is_not_dialled_says_why(void **state)
{
	struct world w = { .seen = { .has_leaf = true } };

	(void)state;
	proof_skip("passthrough", &w.seen);
	is(&w, PROOF_SKIPPED, PROOF_NO_CAUSE, "passthrough");
	assert_false(w.seen.has_leaf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_leaf_of_the_source_is_served),
		cmocka_unit_test(a_leaf_is_judged_by_what_the_source_holds_and_held),
		cmocka_unit_test(each_way_to_serve_has_its_verdict),
		cmocka_unit_test(a_closed_port_is_out_of_reach),
		cmocka_unit_test(ends_that_no_loopback_brings_have_theirs),
		cmocka_unit_test(what_is_not_dialled_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
