/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/pair.h"

#include <errno.h>
#include <stdbool.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/cleanup.h"
#include "tls/openssl.h"

#define PEM_MAX_BYTES (1024 * 1024)

DEFINE_CLEANUP(BIO, BIO_free)
DEFINE_CLEANUP(X509, X509_free)
DEFINE_CLEANUP(EVP_PKEY, EVP_PKEY_free)

/* OpenSSL takes NULL for a mistake, even where nothing is to be read from it. */
static BIO *open_pem(struct span pem)
{
	return BIO_new_mem_buf(pem.len > 0 ? pem.ptr : "", (int)pem.len);
}

static X509 *next_certificate(BIO *bio)
{
	return PEM_read_bio_X509(bio, NULL, tls_no_passphrase, NULL);
}

/* Reads to the end, or to the first certificate that does not parse. */
static void skip_certificates(BIO *bio)
{
	X509 *certificate;

	while ((certificate = next_certificate(bio)))
		X509_free(certificate);
}

/* The end of the file is an error to OpenSSL, told from others by its reason. */
static bool at_end(void)
{
	return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
}

/* Each certificate up to the end must parse; the first is handed over. */
static int read_chain(struct span pem, X509 **ret_leaf, struct failure *failure)
{
	ERR_clear_error(); /* what others left would be taken for ours */
	if (pem.len > PEM_MAX_BYTES)
		return tls_reject(failure, -E2BIG, "certificate longer than 1 MiB");
	CLEANUP(BIO_free_p) BIO *bio = open_pem(pem);
	if (!bio)
		return tls_reject(failure, -ENOMEM, "");
	CLEANUP(X509_free_p) X509 *leaf = next_certificate(bio);
	if (leaf)
		skip_certificates(bio);
	if (!at_end())
		return tls_reject(failure, -EBADMSG, "a certificate in it is broken or cut short");
	if (!leaf)
		return tls_reject(failure, -EBADMSG, "no PEM certificate in it");
	ERR_clear_error();
	*ret_leaf = TAKE_PTR(leaf);
	return 0;
}

static int read_key(struct span pem, EVP_PKEY **ret, struct failure *failure)
{
	bool asked = false;

	if (pem.len > PEM_MAX_BYTES)
		return tls_reject(failure, -E2BIG, "key longer than 1 MiB");
	CLEANUP(BIO_free_p) BIO *bio = open_pem(pem);
	if (!bio)
		return tls_reject(failure, -ENOMEM, "");
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, tls_no_passphrase, &asked);
	if (!key && asked)
		return tls_reject(failure, -ENOKEY,
		              "the key is encrypted; store it without a passphrase");
	if (!key)
		return tls_reject(failure, -EBADMSG, "no PEM private key in it, or cut short");
	*ret = key;
	return 0;
}

static int seconds_of(const ASN1_TIME *time, int64_t *ret)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(time, &tm) != 1)
		return -EBADMSG;
	*ret = timegm(&tm);
	return 0;
}

static int read_validity(const X509 *leaf, struct tls_validity *ret)
{
	struct tls_validity validity;

	if (seconds_of(X509_get0_notBefore(leaf), &validity.not_before_sec) < 0 ||
	    seconds_of(X509_get0_notAfter(leaf), &validity.not_after_sec) < 0)
		return -EBADMSG;
	*ret = validity;
	return 0;
}

int tls_pair_check(struct span cert_pem, struct span key_pem, struct tls_validity *ret_validity,
                   struct failure *ret_failure)
{
	CLEANUP(X509_free_p) X509 *leaf = NULL;
	CLEANUP(EVP_PKEY_free_p) EVP_PKEY *key = NULL;
	struct tls_validity validity;
	int rc;

	rc = read_chain(cert_pem, &leaf, ret_failure);
	if (rc < 0)
		return rc;
	rc = read_key(key_pem, &key, ret_failure);
	if (rc < 0)
		return rc;
	if (!X509_get0_pubkey(leaf))
		return tls_reject(ret_failure, -EBADMSG,
		              "a certificate with a public key of unknown kind");
	if (X509_check_private_key(leaf, key) != 1)
		return tls_reject(ret_failure, -EKEYREJECTED,
		              "certificate and key do not belong together");
	if (read_validity(leaf, &validity) < 0)
		return tls_reject(ret_failure, -EBADMSG,
		              "a certificate without a readable end of validity");
	ERR_clear_error();
	*ret_validity = validity;
	return 0;
}

int tls_bundle_check(struct span pem, struct failure *ret_failure)
{
	CLEANUP(X509_free_p) X509 *first = NULL;

	return read_chain(pem, &first, ret_failure);
}
