/* SPDX-License-Identifier: Apache-2.0 */
/* certs - keys and self-signed certificates made at run time, as PEM, for tests. Every failure ends
 * the test; every result is the caller's to free. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

enum certs_kind { CERTS_EC, CERTS_RSA, CERTS_ED25519 };

static inline EVP_PKEY *certs_new_key(enum certs_kind kind)
{
	EVP_PKEY *key = kind == CERTS_EC  ? EVP_EC_gen("P-256") :
			kind == CERTS_RSA ? EVP_RSA_gen(2048) :
					    EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

	assert_non_null(key);
	return key;
}

static inline char *certs_take_bio(BIO *bio)
{
	char *bytes, *copy;
	long len = BIO_get_mem_data(bio, &bytes);

	assert_true(len > 0);
	copy = strndup(bytes, (size_t)len);
	assert_non_null(copy);
	BIO_free(bio);
	return copy;
}

/* A self-signed certificate that is valid from and to those seconds since 1970. */
static inline char *certs_sign(EVP_PKEY *key, enum certs_kind kind, time_t from, time_t to)
{
	X509 *certificate = X509_new();
	X509_NAME *name = X509_get_subject_name(certificate);
	BIO *bio = BIO_new(BIO_s_mem());

	assert_int_equal(X509_set_version(certificate, X509_VERSION_3), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 7), 1);
	assert_non_null(ASN1_TIME_set(X509_getm_notBefore(certificate), from));
	assert_non_null(ASN1_TIME_set(X509_getm_notAfter(certificate), to));
	assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
						    (const unsigned char *)"gatewake", -1, -1, 0), 1);
	assert_int_equal(X509_set_issuer_name(certificate, name), 1);
	assert_int_equal(X509_set_pubkey(certificate, key), 1);
	assert_true(X509_sign(certificate, key, kind == CERTS_ED25519 ? NULL : EVP_sha256()) > 0);
	assert_int_equal(PEM_write_bio_X509(bio, certificate), 1);
	X509_free(certificate);
	return certs_take_bio(bio);
}

/* PKCS#8; encrypted where there is a passphrase. */
static inline char *certs_key_pem(EVP_PKEY *key, const char *passphrase)
{
	BIO *bio = BIO_new(BIO_s_mem());

	assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, key, passphrase ? EVP_aes_128_cbc() : NULL,
						       passphrase, passphrase ? (int)strlen(passphrase) : 0,
						       NULL, NULL), 1);
	return certs_take_bio(bio);
}

/* The older form ("BEGIN EC PRIVATE KEY"), as k3s writes it. */
static inline char *certs_key_pem_traditional(EVP_PKEY *key, const char *passphrase)
{
	BIO *bio = BIO_new(BIO_s_mem());

	assert_int_equal(PEM_write_bio_PrivateKey_traditional(
				 bio, key, passphrase ? EVP_aes_128_cbc() : NULL,
				 (const unsigned char *)passphrase,
				 passphrase ? (int)strlen(passphrase) : 0, NULL, NULL), 1);
	return certs_take_bio(bio);
}

static inline char *certs_base64(const char *text)
{
	size_t len = strlen(text);
	char *out = malloc(len * 2 + 8);

	assert_non_null(out);
	EVP_EncodeBlock((unsigned char *)out, (const unsigned char *)text, (int)len);
	return out;
}
