/* SPDX-License-Identifier: Apache-2.0 */
/* pair - whether a certificate and a key belong together and may be used now. Used for the client
 * certificate of a kubeconfig and, later, for the source of each copy. Owns nothing: the caller's
 * bytes are read, never kept; OpenSSL's error queue is left empty. */
#pragma once
#include <stdint.h>

#include "base/failure.h"
#include "base/span.h"

struct tls_validity { /* seconds since 1970, of the leaf */
	int64_t not_before_sec;
	int64_t not_after_sec;
};

/* Accepts a PEM chain (leaf first, CRLF or LF) together with the leaf's own PEM key (EC, RSA,
 * Ed25519). Both spans may lack a terminator. On success fills *ret_validity. The
 * certificates behind the leaf must parse; whether they sign each other is not looked at.
 *   -EBADMSG       one half is no PEM certificate or key, or cut short; ret_failure says
 *                  which
 *   -ENOKEY        the key is encrypted (nobody can be asked for a passphrase)
 *   -EKEYREJECTED  the halves differ
 *   -E2BIG         one half is beyond 1 MiB
 *   -ENOMEM */
int tls_pair_check(struct span cert_pem, struct span key_pem, struct tls_validity *ret_validity,
                   struct failure *ret_failure);

/* Accepts one or more PEM certificates: a CA bundle.
 *   -EBADMSG  there is none, or one is broken
 *   -E2BIG, -ENOMEM */
int tls_bundle_check(struct span pem, struct failure *ret_failure);
