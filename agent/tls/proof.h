/* SPDX-License-Identifier: Apache-2.0 */
/* proof - what a listener really serves: judges the end of a handshake against what the listener's
 * source holds. Nothing is verified but the identity of the leaf: an expired leaf of its source is
 * served, and .leaf tells its validity. Owns nothing. The verdicts are those of core/evidence.h. */
#pragma once
#include "core/evidence.h"
#include "tls/digest.h"
#include "wire/http.h"

/* Why no certificate came. */
enum proof_cause {
	PROOF_NO_CAUSE,
	PROOF_RESET,   /* what Envoy does without its secret */
	PROOF_CLOSED,  /* without a word */
	PROOF_ALERT,   /* a TLS alert: .alert */
	PROOF_STALLED, /* nothing until the bound */
	PROOF_NO_TLS,  /* an answer that is no handshake; .text has the words */
};

struct proof_expected {           /* all owned by the caller */
	const struct digest *now; /* leaves that the listener's sources hold now: one each */
	size_t now_count;         /* 0: not known, and so is the verdict */
	const struct digest *before;
	size_t before_count;
	bool wants_client; /* the Gateway has this listener ask for a client certificate */
};

struct proof_seen {
	enum proof verdict;
	enum proof_cause cause;
	uint8_t alert; /* of PROOF_ALERT: RFC 8446 section 6 */
	bool has_leaf;
	struct tls_leaf leaf; /* that was served */
	char text[200];       /* one line, to follow the listener's name */
};

/* The end must be that of http_start_handshake(). Cannot fail. */
void proof_judge(const struct proof_expected *expected, const struct http_end *end,
                 struct proof_seen *ret);

/* A listener that is not dialled at all: passthrough, no hostname to ask for. */
void proof_skip(const char *reason, struct proof_seen *ret);
