/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/proof.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#define ALERTS_BEGIN         SSL_AD_REASON_OFFSET /* OpenSSL's reason for alert n is this plus n */
#define ALERTS_END           (SSL_AD_REASON_OFFSET + 256)
#define CERTIFICATE_REQUIRED 116 /* RFC 8446: says itself that a client certificate is asked for */

static void decide(struct proof_seen *ret, enum proof verdict, enum proof_cause cause,
                   const char *format, ...) __attribute__((format(printf, 4, 5)));

static void decide(struct proof_seen *ret, enum proof verdict, enum proof_cause cause,
                   const char *format, ...)
{
	va_list args;

	ret->verdict = verdict;
	ret->cause = cause;
	va_start(args, format);
	(void)vsnprintf(ret->text, sizeof(ret->text), format, args);
	va_end(args);
}

static bool holds(const struct digest *digests, size_t count, const struct digest *served)
{
	for (size_t i = 0; i < count; i++)
		if (digest_equals(&digests[i], served))
			return true;
	return false;
}

static void judge_leaf(const struct proof_expected *expected, struct span pem,
                       struct proof_seen *ret)
{
	struct failure failure;
	char until[TLS_DATE_SIZE];
	char hex[DIGEST_HEX_SIZE];

	ret->has_leaf = tls_leaf_digest(pem, &ret->leaf, &failure) == 0;
	if (!ret->has_leaf) {
		decide(ret, PROOF_WRONG_CERT, PROOF_NO_CAUSE,
		       "serves what is not read as a certificate: %s", failure.text);
		return;
	}
	tls_date(ret->leaf.validity.not_after_sec, until);
	tls_digest_hex(&ret->leaf.digest, hex);
	if (expected->now_count == 0)
		decide(ret, PROOF_UNKNOWN, PROOF_NO_CAUSE,
		       "serves a certificate valid until %s; what its source holds is not known",
		       until);
	else if (holds(expected->now, expected->now_count, &ret->leaf.digest))
		decide(ret, PROOF_SERVED, PROOF_NO_CAUSE,
		       "serves the certificate of its source, valid until %s", until);
	else if (holds(expected->before, expected->before_count, &ret->leaf.digest))
		decide(ret, PROOF_STALE, PROOF_NO_CAUSE,
		       "serves an older certificate of its source, valid until %s", until);
	else
		decide(ret, PROOF_WRONG_CERT, PROOF_NO_CAUSE,
		       "serves another certificate (SHA-256 %.16s..., valid until %s)", hex, until);
}

/* OpenSSL's code in libcurl's words, as in "TLS connect error: error:0A000410:SSL routines::..."; 0: there
 * is none. */
static int reason_in(const char *text)
{
	static const char mark[] = "error:";
	unsigned long code = 0;
	char *end;

	while (code == 0 && (text = strstr(text, mark))) {
		text += sizeof(mark) - 1;
		code = strtoul(text, &end, 16);
		if (*text == ' ' || *end != ':') /* a word: " error" begins with a hex digit */
			code = 0;
	}
	return ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : 0;
}

/* Curl's words may be cut anywhere: only what is a code counts. */
static void judge_tls(const struct proof_expected *expected, const struct failure *failure,
                      struct proof_seen *ret)
{
	int reason = reason_in(failure->text);
	bool alerted = reason >= ALERTS_BEGIN && reason < ALERTS_END;

	if (alerted) {
		ret->alert = (uint8_t)(reason - ALERTS_BEGIN);
		if (expected->wants_client || ret->alert == CERTIFICATE_REQUIRED)
			decide(ret, PROOF_SKIPPED, PROOF_ALERT,
			       "asks for a client certificate (alert %s), so nothing is seen of "
			       "its own",
			       SSL_alert_desc_string_long(ret->alert));
		else
			decide(ret, PROOF_NO_CERT, PROOF_ALERT, "serves no certificate: alert %s",
			       SSL_alert_desc_string_long(ret->alert));
	} else if (failure->error == ECONNRESET || failure->error == EPIPE) {
		decide(ret, PROOF_NO_CERT, PROOF_RESET,
		       "serves no certificate: the connection is reset");
	} else if (failure->error == ETIMEDOUT) { /* the kernel gave up before our bound */
		decide(ret, PROOF_NO_CERT, PROOF_STALLED,
		       "serves no certificate: the handshake stalls");
	} else if (reason == SSL_R_UNEXPECTED_EOF_WHILE_READING || reason == 0) {
		decide(ret, PROOF_NO_CERT, PROOF_CLOSED,
		       "serves no certificate: the connection is closed");
	} else {
		decide(ret, PROOF_NO_CERT, PROOF_NO_TLS, "serves no certificate: %.150s",
		       failure->text);
	}
}

static void judge_connect(const struct failure *failure, struct proof_seen *ret)
{
	const char *name = failure->error ? strerrorname_np(failure->error) : NULL;

	/* A refused connection is another error: this one was accepted, and reset at once. */
	if (failure->error == ECONNRESET)
		decide(ret, PROOF_NO_CERT, PROOF_RESET,
		       "serves no certificate: the connection is reset");
	else if (failure->class == FAILURE_TIMEOUT)
		decide(ret, PROOF_UNREACHABLE, PROOF_NO_CAUSE,
		       "cannot be reached from here: no answer");
	else
		decide(ret, PROOF_UNREACHABLE, PROOF_NO_CAUSE, "cannot be reached from here: %s",
		       name ? name : failure->text);
}

void proof_judge(const struct proof_expected *expected, const struct http_end *end,
                 struct proof_seen *ret)
{
	*ret = (struct proof_seen){ 0 };
	if (end->body.len)
		judge_leaf(expected, end->body, ret);
	else if (end->failure.class == FAILURE_LOCAL)
		decide(ret, PROOF_UNKNOWN, PROOF_NO_CAUSE, "was not dialled: %s",
		       end->failure.text);
	else if (end->stage == HTTP_CONNECTING)
		judge_connect(&end->failure, ret);
	else if (end->failure.class == FAILURE_TIMEOUT)
		decide(ret, PROOF_NO_CERT, PROOF_STALLED,
		       "serves no certificate: the handshake stalls");
	else if (end->stage == HTTP_IN_TLS)
		judge_tls(expected, &end->failure, ret);
	else
		decide(ret, PROOF_NO_CERT, PROOF_NO_CAUSE,
		       "serves no certificate: a handshake without one");
}

void proof_skip(const char *reason, struct proof_seen *ret)
{
	*ret = (struct proof_seen){ 0 };
	decide(ret, PROOF_SKIPPED, PROOF_NO_CAUSE, "%s", reason);
}
