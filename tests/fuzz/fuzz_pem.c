/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_pem - PEM texts: the bytes are taken for a certificate and for a key alike, and, if there is a NUL in
 * them, the key is what stands behind it. A pair that fits has a leaf, and OpenSSL's queue stays empty. */
#include "tls/base64.h"
#include "tls/digest.h"
#include "tls/pair.h"

#include <stdint.h>
#include <stdlib.h>

#include <openssl/err.h>

#include "base/secret.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void demand(bool so)
{
	if (!so || ERR_peek_error() != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct span cert = { (const char *)bytes, size }, key = cert;
	const char *nul = size ? memchr(bytes, '\0', size) : NULL;
	struct tls_leaf leaf;
	struct tls_validity validity;
	struct failure failure;
	char *decoded;
	size_t len;
	int leaf_read;

	if (tls_base64_decode(cert, &decoded, &len) == 0) {
		demand(len <= size);
		secret_free(decoded);
	}
	if (nul) {
		cert.len = (size_t)(nul - cert.ptr);
		key = (struct span){ nul + 1, size - cert.len - 1 };
	}
	leaf_read = tls_leaf_digest(cert, &leaf, &failure);
	demand(leaf_read == 0 || failure.text[0]);
	demand(tls_bundle_check(cert, &failure) == 0 || failure.text[0]);
	if (tls_pair_check(cert, key, &validity, &failure) == 0)
		demand(leaf_read == 0 && leaf.validity.not_before_sec == validity.not_before_sec &&
		       leaf.validity.not_after_sec == validity.not_after_sec);
	return 0;
}
