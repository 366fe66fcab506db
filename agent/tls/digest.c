/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/digest.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/cleanup.h"
#include "tls/openssl.h"

#define PEM_MAX_BYTES (1024 * 1024)

DEFINE_CLEANUP(BIO, BIO_free)
DEFINE_CLEANUP(X509, X509_free)

int tls_digest(struct span bytes, struct digest *ret)
{
	struct digest digest;

	if (EVP_Digest(bytes.len ? bytes.ptr : "", bytes.len, digest.bytes, NULL, EVP_sha256(),
	               NULL) != 1) {
		ERR_clear_error();
		return -ENOMEM;
	}
	*ret = digest;
	return 0;
}

void tls_digest_hex(const struct digest *digest, char ret_hex[DIGEST_HEX_SIZE])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < DIGEST_BYTES; i++) {
		ret_hex[2 * i] = digits[digest->bytes[i] >> 4];
		ret_hex[2 * i + 1] = digits[digest->bytes[i] & 15];
	}
	ret_hex[2 * DIGEST_BYTES] = '\0';
}

static int seconds_of(const ASN1_TIME *time, int64_t *ret)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(time, &tm) != 1)
		return -EBADMSG;
	*ret = timegm(&tm);
	return 0;
}

static int describe(X509 *certificate, struct tls_leaf *ret, struct failure *failure)
{
	struct tls_leaf leaf;

	if (seconds_of(X509_get0_notBefore(certificate), &leaf.validity.not_before_sec) < 0 ||
	    seconds_of(X509_get0_notAfter(certificate), &leaf.validity.not_after_sec) < 0)
		return tls_reject(failure, -EBADMSG, "a certificate without a readable validity");
	if (X509_digest(certificate, EVP_sha256(), leaf.digest.bytes, NULL) != 1)
		return tls_reject(failure, -EBADMSG, "a certificate that cannot be written as DER");
	*ret = leaf;
	return 0;
}

int tls_leaf_digest(struct span pem, struct tls_leaf *ret, struct failure *ret_failure)
{
	ERR_clear_error(); /* what others left would be taken for ours */
	if (pem.len > PEM_MAX_BYTES)
		return tls_reject(ret_failure, -E2BIG, "certificate longer than 1 MiB");
	CLEANUP(BIO_free_p) BIO *bio = BIO_new_mem_buf(pem.len ? pem.ptr : "", (int)pem.len);
	if (!bio)
		return tls_reject(ret_failure, -ENOMEM, "");
	CLEANUP(X509_free_p) X509 *certificate = PEM_read_bio_X509(bio, NULL, tls_no_passphrase, NULL);
	if (!certificate && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE)
		return tls_reject(ret_failure, -EBADMSG, "no PEM certificate in it");
	if (!certificate)
		return tls_reject(ret_failure, -EBADMSG,
		              "the first certificate in it is broken or cut short");
	return describe(certificate, ret, ret_failure);
}

void tls_date(int64_t sec, char ret_date[TLS_DATE_SIZE])
{
	time_t time = sec;
	struct tm tm;

	if (!gmtime_r(&time, &tm) || strftime(ret_date, TLS_DATE_SIZE, "%Y-%m-%d", &tm) == 0)
		(void)snprintf(ret_date, TLS_DATE_SIZE, "?");
}
