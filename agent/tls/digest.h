/* SPDX-License-Identifier: Apache-2.0 */
/* digest - SHA-256, and what a certificate is known by: the digest of its DER, which is the same for
 * what a Secret holds and for what a listener serves. Owns nothing; OpenSSL's error queue is left
 * empty. */
#pragma once
#include "base/failure.h"
#include "base/span.h"
#include "tls/pair.h"

#define DIGEST_BYTES    32
#define DIGEST_HEX_SIZE (2 * DIGEST_BYTES + 1)
#define TLS_DATE_SIZE   16

struct digest {
	unsigned char bytes[DIGEST_BYTES];
};

struct tls_leaf {
	struct digest digest; /* of its DER */
	struct tls_validity validity;
};

static inline bool digest_equals(const struct digest *a, const struct digest *b)
{
	return memcmp(a->bytes, b->bytes, DIGEST_BYTES) == 0;
}

/* -ENOMEM, nothing else. */
int tls_digest(struct span bytes, struct digest *ret);

/* Lower case, terminated. */
void tls_digest_hex(const struct digest *digest, char ret_hex[DIGEST_HEX_SIZE]);

/* The first certificate of a PEM text: with CRLF or LF, text or other blocks before it, whatever
 * behind it.
 *   -EBADMSG  there is none, or it is broken
 *   -E2BIG    the text is beyond 1 MiB
 *   -ENOMEM */
int tls_leaf_digest(struct span pem, struct tls_leaf *ret, struct failure *ret_failure);

/* The day of a validity as YYYY-MM-DD (UTC). */
void tls_date(int64_t sec, char ret_date[TLS_DATE_SIZE]);
