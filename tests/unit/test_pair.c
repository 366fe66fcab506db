/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/pair.h"
#include "tls/base64.h"

#include <errno.h>
#include <stdio.h>

#include <openssl/err.h>

#include "base/secret.h"
#include "certs.h"

#define FROM 1000000000
#define TO   2000000000

struct set {
	char *cert;
	char *key;
};

static struct set sets[3];           /* one of each kind */
static char *long_cert, *early_cert; /* EC, the same key as sets[CERTS_EC] */
static char *encrypted, *encrypted_old, *traditional;

static int make_all(void **state)
{
	EVP_PKEY *ec = certs_new_key(CERTS_EC);

	(void)state;
	for (int kind = CERTS_EC; kind <= CERTS_ED25519; kind++) {
		EVP_PKEY *key = kind == CERTS_EC ? ec : certs_new_key((enum certs_kind)kind);

		sets[kind].cert = certs_sign(key, (enum certs_kind)kind, FROM, TO);
		sets[kind].key = certs_key_pem(key, NULL);
		if (key != ec)
			EVP_PKEY_free(key);
	}
	long_cert = certs_sign(ec, CERTS_EC, FROM, 253402300799); /* the end of 9999 */
	early_cert = certs_sign(ec, CERTS_EC, 0, 1);
	encrypted = certs_key_pem(ec, "open sesame");
	encrypted_old = certs_key_pem_traditional(ec, "open sesame");
	traditional = certs_key_pem_traditional(ec, NULL);
	EVP_PKEY_free(ec);
	return 0;
}

static int free_all(void **state)
{
	char *const all[] = { sets[0].cert, sets[0].key, sets[1].cert, sets[1].key,   sets[2].cert,
			      sets[2].key,  long_cert,	 early_cert,   encrypted, encrypted_old, traditional };

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		free(all[i]);
	return 0;
}

/* Without a terminator behind it, so that reading on is seen by the sanitizer. */
static struct span bare(const char *text)
{
	size_t len = strlen(text);
	char *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, text, len);
	return (struct span){ copy, len };
}

static void free_bare(struct span span)
{
	free((char *)(uintptr_t)span.ptr);
}

static int check(const char *cert, const char *key, struct tls_validity *ret, struct failure *failure)
{
	struct span cert_span = bare(cert);
	struct span key_span = bare(key);
	int rc;

	*failure = (struct failure){ 0 };
	/* An error that somebody left in the queue must not be taken for ours. */
	ERR_raise(ERR_LIB_PEM, ERR_R_MALLOC_FAILURE);
	rc = tls_pair_check(cert_span, key_span, ret, failure);
	assert_int_equal(ERR_peek_error(), 0);
	free_bare(cert_span);
	free_bare(key_span);
	return rc;
}

static void accepts(const char *cert, const char *key, int64_t from, int64_t to)
{
	struct tls_validity validity = { -1, -1 };
	struct failure failure;

	assert_int_equal(check(cert, key, &validity, &failure), 0);
	assert_int_equal(failure.class, FAILURE_NONE);
	assert_int_equal(validity.not_before_sec, from);
	assert_int_equal(validity.not_after_sec, to);
}

static void refuses(const char *why, const char *cert, const char *key, int error, const char *words)
{
	struct tls_validity validity = { -1, -1 };
	struct failure failure;
	int rc = check(cert, key, &validity, &failure);

	if (rc != error || !strstr(failure.text, words))
		fail_msg("%s: %d \"%s\"", why, rc, failure.text);
	assert_int_equal(failure.error, -error);
	assert_int_equal(validity.not_before_sec, -1);
	assert_int_equal(validity.not_after_sec, -1);
}

static void each_kind_of_key_fits_its_certificate(void **state)
{
	(void)state;
	for (int kind = CERTS_EC; kind <= CERTS_ED25519; kind++)
		accepts(sets[kind].cert, sets[kind].key, FROM, TO);
	accepts(sets[CERTS_EC].cert, traditional, FROM, TO);
	accepts(long_cert, sets[CERTS_EC].key, FROM, 253402300799);
	accepts(early_cert, sets[CERTS_EC].key, 0, 1);
}

static char *join(const char *a, const char *b)
{
	char *text;

	assert_true(asprintf(&text, "%s%s", a, b) >= 0);
	return text;
}

static void the_leaf_is_the_first_of_a_chain(void **state)
{
	char *chain = join(early_cert, sets[CERTS_RSA].cert);
	char *reversed = join(sets[CERTS_RSA].cert, early_cert);

	(void)state;
	accepts(chain, sets[CERTS_EC].key, 0, 1);
	refuses("leaf last", reversed, sets[CERTS_EC].key, -EKEYREJECTED, "do not belong together");
	free(chain);
	free(reversed);
}

static void carriage_returns_and_remarks_are_fine(void **state)
{
	char *text = malloc(strlen(sets[CERTS_EC].cert) * 2);
	char *to = text;
	char *remarked = join("# the k3s admin\nsubject=O=x\n", sets[CERTS_EC].cert);

	(void)state;
	for (const char *c = sets[CERTS_EC].cert; *c; c++) {
		if (*c == '\n')
			*to++ = '\r';
		*to++ = *c;
	}
	*to = '\0';
	accepts(text, sets[CERTS_EC].key, FROM, TO);
	accepts(remarked, sets[CERTS_EC].key, FROM, TO);
	free(text);
	free(remarked);
}

static void what_is_no_pair_is_refused_by_its_half(void **state)
{
	const char *cert = sets[CERTS_EC].cert;
	const char *key = sets[CERTS_EC].key;

	(void)state;
	refuses("no certificate", "", key, -EBADMSG, "no PEM certificate");
	refuses("no key", cert, "", -EBADMSG, "no PEM private key");
	refuses("noise", "hello\n", key, -EBADMSG, "no PEM certificate");
	refuses("swapped", key, cert, -EBADMSG, "no PEM certificate");
	refuses("certificate for a key", cert, cert, -EBADMSG, "no PEM private key");
	refuses("a key of another kind", cert, sets[CERTS_RSA].key, -EKEYREJECTED, "belong together");
	refuses("the passphrase can't be asked for", cert, encrypted, -ENOKEY, "encrypted");
	refuses("the same in the old form", cert, encrypted_old, -ENOKEY, "encrypted");
}

static void a_foreign_key_of_the_same_kind_is_refused(void **state)
{
	EVP_PKEY *other = certs_new_key(CERTS_EC);
	char *pem = certs_key_pem(other, NULL);

	(void)state;
	refuses("foreign", sets[CERTS_EC].cert, pem, -EKEYREJECTED, "do not belong together");
	EVP_PKEY_free(other);
	free(pem);
}

/* Each cut but the one before the last newline loses something. */
static void a_cut_half_is_refused_wherever_it_is_cut(void **state)
{
	const struct set *set = &sets[CERTS_EC];

	(void)state;
	for (size_t len = 0; len < strlen(set->cert) - 1; len++) {
		char *cut = strndup(set->cert, len);

		refuses("cut certificate", cut, set->key, -EBADMSG, "certificate");
		free(cut);
	}
	for (size_t len = 0; len < strlen(set->key) - 1; len++) {
		char *cut = strndup(set->key, len);

		refuses("cut key", set->cert, cut, -EBADMSG, "key");
		free(cut);
	}
}

static void a_broken_certificate_behind_the_leaf_is_refused(void **state)
{
	char *half = strndup(sets[CERTS_RSA].cert, strlen(sets[CERTS_RSA].cert) / 2);
	char *chain = join(sets[CERTS_EC].cert, half);
	struct failure failure;

	(void)state;
	refuses("cut chain", chain, sets[CERTS_EC].key, -EBADMSG, "broken or cut short");
	assert_int_equal(tls_bundle_check(span_of(chain), &failure), -EBADMSG);
	assert_int_equal(ERR_peek_error(), 0);
	free(half);
	free(chain);
}

static void a_bundle_needs_one_certificate_at_least(void **state)
{
	char *two = join(sets[CERTS_EC].cert, sets[CERTS_ED25519].cert);
	struct failure failure;

	(void)state;
	assert_int_equal(tls_bundle_check(span_of(sets[CERTS_RSA].cert), &failure), 0);
	assert_int_equal(tls_bundle_check(span_of(two), &failure), 0);
	assert_int_equal(ERR_peek_error(), 0);
	assert_int_equal(tls_bundle_check(span_of(sets[CERTS_RSA].key), &failure), -EBADMSG);
	assert_non_null(strstr(failure.text, "no PEM certificate"));
	assert_int_equal(tls_bundle_check((struct span){ NULL, 0 }, &failure), -EBADMSG);
	assert_int_equal(ERR_peek_error(), 0);
	free(two);
}

/* The bound is 1 MiB: remarks before the PEM fill it up. */
static void a_half_beyond_the_bound_is_refused_by_name(void **state)
{
	enum { MEBIBYTE = 1024 * 1024 };
	size_t len = strlen(sets[CERTS_EC].cert);
	char *big = malloc(MEBIBYTE + 1);
	struct tls_validity validity;
	struct failure failure;

	(void)state;
	memset(big, '\n', MEBIBYTE + 1);
	memcpy(big + MEBIBYTE - len, sets[CERTS_EC].cert, len);
	struct span key = span_of(sets[CERTS_EC].key);
	assert_int_equal(tls_pair_check((struct span){ big, MEBIBYTE }, key, &validity, &failure), 0);
	assert_int_equal(tls_pair_check((struct span){ big, MEBIBYTE + 1 }, key, &validity, &failure), -E2BIG);
	assert_int_equal(failure.class, FAILURE_TOO_BIG);
	assert_non_null(strstr(failure.text, "certificate"));
	assert_int_equal(tls_pair_check(span_of(sets[CERTS_EC].cert), (struct span){ big, MEBIBYTE + 1 },
					&validity, &failure), -E2BIG);
	assert_non_null(strstr(failure.text, "key"));
	assert_int_equal(tls_bundle_check((struct span){ big, MEBIBYTE + 1 }, &failure), -E2BIG);
	free(big);
}

static const struct {
	const char *why;
	const char *text;
	int rc;
	const char *bytes;
} base64_rows[] = {
	{ "nothing decodes to nothing", "", 0, "" },
	{ "three bytes", "YWJj", 0, "abc" },
	{ "two bytes and padding", "YWI=", 0, "ab" },
	{ "one byte and padding", "YQ==", 0, "a" },
	{ "every foreign sign of the alphabet", "fn5+Pz8/", 0, "~~~???" },
	{ "folded by a person", "YW\r\n  Jj\n\tYQ==\n", 0, "abca" },
	{ "blanks alone", " \n", 0, "" },
	{ "padding is left out", "YQ", -EBADMSG, NULL },
	{ "one sign of padding too few", "YQ=", -EBADMSG, NULL },
	{ "padding alone", "====", -EBADMSG, NULL },
	{ "three signs of padding", "Y===", -EBADMSG, NULL },
	{ "two texts put together", "YQ==YQ==", -EBADMSG, NULL },
	{ "padding in the middle", "Y=Jj", -EBADMSG, NULL },
	{ "OpenSSL's end mark", "YWJj-YQ==", -EBADMSG, NULL },
	{ "the alphabet of URLs", "fn5-Pz8_", -EBADMSG, NULL },
	{ "PEM itself", "-----BEGIN CERTIFICATE-----", -EBADMSG, NULL },
	{ "a byte beyond ASCII", "YWJ\xc3", -EBADMSG, NULL },
};

static void base64_is_read_strictly(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(base64_rows) / sizeof(base64_rows[0]); i++) {
		char *bytes = NULL;
		size_t len = 99;
		struct span text = bare(base64_rows[i].text);
		int rc = tls_base64_decode(text, &bytes, &len);

		free_bare(text);
		if (rc != base64_rows[i].rc)
			fail_msg("%s: %d", base64_rows[i].why, rc);
		if (rc == 0) {
			assert_string_equal(bytes, base64_rows[i].bytes);
			assert_int_equal(len, strlen(base64_rows[i].bytes));
		} else {
			assert_null(bytes);
			assert_int_equal(len, 99);
		}
		secret_free(bytes);
	}
}

static void a_nul_byte_under_base64_is_counted(void **state)
{
	char *bytes = NULL;
	size_t len = 0;

	(void)state;
	assert_int_equal(tls_base64_decode(span_of("YQBi"), &bytes, &len), 0);
	assert_int_equal(len, 3);
	assert_memory_equal(bytes, "a\0b", 4);
	secret_free(bytes);
}

static void what_is_encoded_decodes_to_itself(void **state)
{
	static const char text[] = "-----BEGIN CERTIFICATE-----\n";

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		char *encoded, *bytes;
		size_t back;

		assert_int_equal(tls_base64_encode((struct span){ text, len }, &encoded), 0);
		assert_null(strpbrk(encoded, "\n "));
		assert_int_equal(tls_base64_decode(span_of(encoded), &bytes, &back), 0);
		assert_int_equal(back, len);
		assert_memory_equal(bytes, text, len);
		secret_free(bytes);
		secret_free(encoded);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_of_key_fits_its_certificate),
		cmocka_unit_test(the_leaf_is_the_first_of_a_chain),
		cmocka_unit_test(carriage_returns_and_remarks_are_fine),
		cmocka_unit_test(what_is_no_pair_is_refused_by_its_half),
		cmocka_unit_test(a_foreign_key_of_the_same_kind_is_refused),
		cmocka_unit_test(a_cut_half_is_refused_wherever_it_is_cut),
		cmocka_unit_test(a_broken_certificate_behind_the_leaf_is_refused),
		cmocka_unit_test(a_bundle_needs_one_certificate_at_least),
		cmocka_unit_test(a_half_beyond_the_bound_is_refused_by_name),
		cmocka_unit_test(base64_is_read_strictly),
		cmocka_unit_test(a_nul_byte_under_base64_is_counted),
		cmocka_unit_test(what_is_encoded_decodes_to_itself),
	};

	return cmocka_run_group_tests(tests, make_all, free_all);
}
