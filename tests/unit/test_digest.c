/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/digest.h"

#include "tests/unit/certs.h"

#include <errno.h>
#include <stdio.h>

#include <openssl/err.h>

#define FROM 1000000000 /* 2001-09-09 */
#define TO   2000000000 /* 2033-05-18 */

static char *ec, *rsa, *key;

static int make_all(void **state)
{
	EVP_PKEY *ec_key = certs_new_key(CERTS_EC);
	EVP_PKEY *rsa_key = certs_new_key(CERTS_RSA);

	(void)state;
	ec = certs_sign(ec_key, CERTS_EC, FROM, TO);
	rsa = certs_sign(rsa_key, CERTS_RSA, FROM, TO);
	key = certs_key_pem(ec_key, NULL);
	EVP_PKEY_free(ec_key);
	EVP_PKEY_free(rsa_key);
	return 0;
}

static int free_all(void **state)
{
	(void)state;
	free(ec);
	free(rsa);
	free(key);
	return 0;
}

/* What OpenSSL itself says of the one certificate in pem. */
static struct digest truth(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	unsigned char *der = NULL;
	int len = i2d_X509(certificate, &der);
	struct digest digest;

	assert_true(len > 0);
	assert_int_equal(EVP_Digest(der, (size_t)len, digest.bytes, NULL, EVP_sha256(), NULL), 1);
	OPENSSL_free(der);
	X509_free(certificate);
	BIO_free(bio);
	return digest;
}

static const struct {
	const char *why;
	struct span bytes;
	const char *hex;
} sha_rows[] = {
	{ "of nothing (FIPS 180)",
	  { "", 0 },
	  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "of no pointer",
	  { NULL, 0 },
	  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "of abc (FIPS 180)",
	  { "abc", 3 },
	  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "a NUL counts",
	  { "a\0b-c", 5 },
	  "02654a5c0c95227cd7c1e05e6a7fe0ebc864e0a98b51215619d99718818fd0eb" },
};

static void a_digest_is_sha_256_in_lower_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sha_rows) / sizeof(sha_rows[0]); i++) {
		struct digest digest;
		char hex[DIGEST_HEX_SIZE];

		assert_int_equal(tls_digest(sha_rows[i].bytes, &digest), 0);
		tls_digest_hex(&digest, hex);
		if (strcmp(hex, sha_rows[i].hex) != 0)
			fail_msg("%s: %s", sha_rows[i].why, hex);
	}
}

static void digests_are_equal_in_every_byte_or_not_at_all(void **state)
{
	struct digest a, b;

	(void)state;
	assert_int_equal(tls_digest(span_of("abc"), &a), 0);
	b = a;
	assert_true(digest_equals(&a, &b));
	for (size_t i = 0; i < DIGEST_BYTES; i++) {
		b = a;
		b.bytes[i] ^= 1;
		assert_false(digest_equals(&a, &b));
	}
}

static char *join(const char *a, const char *b)
{
	char *text;

	assert_true(asprintf(&text, "%s%s", a, b) >= 0);
	return text;
}

static char *with_carriage_returns(const char *pem)
{
	char *text = malloc(strlen(pem) * 2 + 1);
	char *to = text;

	assert_non_null(text);
	for (; *pem; pem++) {
		if (*pem == '\n')
			*to++ = '\r';
		*to++ = *pem;
	}
	*to = '\0';
	return text;
}

/* Without a terminator behind it, so that reading on is seen by the sanitizer. */
static int read_leaf(const char *text, struct tls_leaf *ret, struct failure *failure)
{
	size_t len = strlen(text);
	char *bare = malloc(len ? len : 1);
	int rc;

	assert_non_null(bare);
	memcpy(bare, text, len);
	*failure = (struct failure){ 0 };
	/* An error that somebody left in the queue must not be taken for ours. */
	ERR_raise(ERR_LIB_PEM, ERR_R_MALLOC_FAILURE);
	rc = tls_leaf_digest((struct span){ bare, len }, ret, failure);
	assert_int_equal(ERR_peek_error(), 0);
	free(bare);
	return rc;
}

static void is_leaf(const char *why, char *text, const char *leaf_pem)
{
	struct digest wanted = truth(leaf_pem);
	struct tls_leaf leaf;
	struct failure failure;

	if (read_leaf(text, &leaf, &failure) != 0 || !digest_equals(&leaf.digest, &wanted))
		fail_msg("%s: %s", why, failure.text);
	assert_int_equal(leaf.validity.not_before_sec, FROM);
	assert_int_equal(leaf.validity.not_after_sec, TO);
	free(text);
}

static void the_first_certificate_is_the_leaf_however_it_is_written(void **state)
{
	(void)state;
	is_leaf("alone", strdup(ec), ec);
	is_leaf("of a chain, leaf first", join(ec, rsa), ec);
	is_leaf("of a chain the other way round", join(rsa, ec), rsa);
	is_leaf("with CRLF", with_carriage_returns(ec), ec);
	is_leaf("behind a remark", join("subject=CN=x\r\n# the leaf\n", ec), ec);
	is_leaf("behind its key", join(key, ec), ec);
	is_leaf("what is behind it is not looked at",
	        join(ec, "-----BEGIN CERTIFICATE-----\nAAAA\n"), ec);
}

static void refuses(const char *why, char *text, const char *words)
{
	struct tls_leaf leaf = { .validity = { -1, -1 } };
	struct failure failure;

	if (read_leaf(text, &leaf, &failure) != -EBADMSG || !strstr(failure.text, words))
		fail_msg("%s: %s", why, failure.text);
	assert_int_equal(failure.class, FAILURE_BAD_DATA);
	assert_int_equal(leaf.validity.not_after_sec, -1);
	free(text);
}

static void what_has_no_certificate_to_begin_with_is_refused(void **state)
{
	char *half = strndup(ec, strlen(ec) / 2);

	(void)state;
	refuses("nothing", strdup(""), "no PEM certificate");
	refuses("a key", strdup(key), "no PEM certificate");
	refuses("noise", strdup("hello\n"), "no PEM certificate");
	refuses("cut short", strdup(half), "broken or cut short");
	refuses("the first is broken, the second is not",
	        join("-----BEGIN CERTIFICATE-----\nAAAA\n"
	             "-----END CERTIFICATE-----\n",
	             ec),
	        "broken or cut short");
	refuses("encrypted: nobody is asked for a passphrase",
	        strdup("-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n"
	               "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n"
	               "AAAAAAAAAAAAAAAAAAAAAA==\n-----END CERTIFICATE-----\n"),
	        "broken or cut short");
	free(half);
}

/* The bound is 1 MiB: a remark fills it up. */
static void a_text_beyond_the_bound_is_refused_by_name(void **state)
{
	enum { MEBIBYTE = 1024 * 1024 };
	char *big = malloc(MEBIBYTE + 1);
	struct tls_leaf leaf;
	struct failure failure;

	(void)state;
	memset(big, '\n', MEBIBYTE + 1);
	memcpy(big + MEBIBYTE - strlen(ec), ec, strlen(ec));
	assert_int_equal(tls_leaf_digest((struct span){ big, MEBIBYTE }, &leaf, &failure), 0);
	assert_int_equal(tls_leaf_digest((struct span){ big, MEBIBYTE + 1 }, &leaf, &failure),
	                 -E2BIG);
	assert_int_equal(failure.class, FAILURE_TOO_BIG);
	assert_non_null(strstr(failure.text, "1 MiB"));
	free(big);
}

static void a_date_is_a_day(void **state)
{
	char date[TLS_DATE_SIZE];

	(void)state;
	tls_date(0, date);
	assert_string_equal(date, "1970-01-01");
	tls_date(TO, date);
	assert_string_equal(date, "2033-05-18");
	tls_date(253402300799, date); /* the end of 9999, which stands for "never" */
	assert_string_equal(date, "9999-12-31");
	tls_date(INT64_MAX, date);
	assert_string_equal(date, "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_digest_is_sha_256_in_lower_case),
		cmocka_unit_test(digests_are_equal_in_every_byte_or_not_at_all),
		cmocka_unit_test(the_first_certificate_is_the_leaf_however_it_is_written),
		cmocka_unit_test(what_has_no_certificate_to_begin_with_is_refused),
		cmocka_unit_test(a_text_beyond_the_bound_is_refused_by_name),
		cmocka_unit_test(a_date_is_a_day),
	};

	return cmocka_run_group_tests(tests, make_all, free_all);
}
