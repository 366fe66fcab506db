/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/sync.h"

#include "tests/unit/certs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/secret.h"

#define NOW  1700000000
#define FROM 1000000000
#define TO   2000000000

#define FORTY "abcdefghijabcdefghijabcdefghijabcdefghij"

static char *ec_cert, *ec_key, *other_key, *encrypted_key, *old_key, *rsa_cert, *rsa_key, *ed_cert,
	*ed_key, *expired_cert, *early_cert, *crlf_cert, *crlf_key, *chain;

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

static void make_kind(enum certs_kind kind, char **ret_cert, char **ret_key)
{
	EVP_PKEY *key = certs_new_key(kind);

	*ret_cert = certs_sign(key, kind, FROM, TO);
	*ret_key = certs_key_pem(key, NULL);
	EVP_PKEY_free(key);
}

static int make_all(void **state)
{
	EVP_PKEY *key = certs_new_key(CERTS_EC);
	EVP_PKEY *other = certs_new_key(CERTS_EC);

	(void)state;
	ec_cert = certs_sign(key, CERTS_EC, FROM, TO);
	expired_cert = certs_sign(key, CERTS_EC, FROM, NOW - 1);
	early_cert = certs_sign(key, CERTS_EC, NOW + 1, TO);
	ec_key = certs_key_pem(key, NULL);
	old_key = certs_key_pem_traditional(key, NULL);
	encrypted_key = certs_key_pem(key, "open sesame");
	other_key = certs_key_pem(other, NULL);
	make_kind(CERTS_RSA, &rsa_cert, &rsa_key);
	make_kind(CERTS_ED25519, &ed_cert, &ed_key);
	crlf_cert = with_carriage_returns(ec_cert);
	crlf_key = with_carriage_returns(ec_key);
	assert_true(asprintf(&chain, "%s%s", ec_cert, rsa_cert) > 0);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
	return 0;
}

static int free_all(void **state)
{
	char *const all[] = { ec_cert,    ec_key,    other_key, encrypted_key, old_key,
		              rsa_cert,   rsa_key,   ed_cert,   ed_key,        expired_cert,
		              early_cert, crlf_cert, crlf_key,  chain };

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		free(all[i]);
	return 0;
}

/* ---- sources as the API sends them ---- */

#define METADATA                                                                                   \
	"\"metadata\":{\"name\":\"alpha-tls\",\"namespace\":\"default\",\"uid\":\"0d1e-uid\","     \
	"\"resourceVersion\":\"321\",\"creationTimestamp\":\"2026-11-24T20:35:58Z\"}"

/* Filled in: base64 of the certificate for %c, of the key for %k. */
static const char plain[] =
	"{\"kind\":\"Secret\",\"apiVersion\":\"v1\"," METADATA
	",\"data\":{\"tls.crt\":\"%c\",\"tls.key\":\"%k\"},\"type\":\"kubernetes.io/tls\"}";

static char *fill(const char *format, const char *cert, const char *key)
{
	char *cert64 = certs_base64(cert), *key64 = certs_base64(key);
	char *json = calloc(1, strlen(format) + 4 * (strlen(cert64) + strlen(key64)) + 1);
	char *to = json;

	assert_non_null(json);
	for (; *format; format++) {
		if (format[0] == '%' && (format[1] == 'c' || format[1] == 'k'))
			to = stpcpy(to, *++format == 'c' ? cert64 : key64);
		else
			*to++ = *format;
	}
	free(cert64);
	free(key64);
	return json;
}

static struct copy_target target_of(uint32_t minor)
{
	return (struct copy_target){ .source = { "default", "alpha-tls" },
		                     .namespace = "cilium-secrets",
		                     .name = "default-alpha-tls",
		                     .shape = copy_shape_of(minor, COPY_RULE_NONE) };
}

/* Without a terminator behind it, so that reading on is seen by the sanitizer. */
static int build(const char *json, uint32_t minor, struct source_facts *ret, char **ret_body,
                 struct failure *failure)
{
	const struct copy_target target = target_of(minor);
	size_t len = strlen(json);
	char *bare = malloc(len ? len : 1);
	int r;

	assert_non_null(bare);
	memcpy(bare, json, len);
	*failure = (struct failure){ 0 };
	r = copy_body_build((struct span){ bare, len }, &target, ret, ret_body, failure);
	free(bare);
	return r;
}

static void becomes(const char *why, uint32_t minor, const char *source, const char *copy)
{
	char *json = fill(source, ec_cert, ec_key), *wanted = fill(copy, ec_cert, ec_key),
	     *body = NULL;
	struct source_facts facts;
	struct failure failure;

	if (build(json, minor, &facts, &body, &failure) != 0 || strcmp(body, wanted) != 0)
		fail_msg("%s: %s\n%s\n%s", why, failure.text, body ? body : "", wanted);
	secret_free(body);
	free(json);
	free(wanted);
}

#define COPY_HEAD                                                                                  \
	"{\"kind\":\"Secret\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"default-alpha-tls\"," \
	"\"namespace\":\"cilium-secrets\","
#define OWNER                                                                                      \
	"\"secretsync.cilium.io/owning-secret-namespace\":\"default\","                            \
	"\"secretsync.cilium.io/owning-secret-name\":\"alpha-tls\""
#define SOURCE                                                                                     \
	"\"secretsync.cilium.io/source-kind\":\"Secret\","                                         \
	"\"secretsync.cilium.io/source-namespace\":\"default\","                                   \
	"\"secretsync.cilium.io/source-name\":\"alpha-tls\""
#define COPY_TAIL "\"data\":{\"tls.crt\":\"%c\",\"tls.key\":\"%k\"},\"type\":\"kubernetes.io/tls\"}"
#define HEAD                                                                                       \
	"{\"kind\":\"Secret\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"alpha-tls\","         \
	"\"namespace\":\"default\",\"uid\":\"u\",\"resourceVersion\":\"9\""
#define TAIL "},\"data\":{\"tls.crt\":\"%c\",\"tls.key\":\"%k\"},\"type\":\"kubernetes.io/tls\"}"

static void a_copy_is_what_the_operator_would_write(void **state)
{
	(void)state;
	becomes("1.18, as on the bed: two labels and nothing else", 118, plain,
	        COPY_HEAD "\"labels\":{" OWNER "}}," COPY_TAIL);
	becomes("1.20 adds where it is from", 120, plain,
	        COPY_HEAD "\"labels\":{" OWNER "},\"annotations\":{" SOURCE "}}," COPY_TAIL);
	becomes("what the source is labelled and annotated with goes along", 118,
	        HEAD ",\"labels\":{\"app\":\"shop\"},\"annotations\":{\"a\":\"\\\"1\\\"\\n\"}" TAIL,
	        COPY_HEAD "\"labels\":{\"app\":\"shop\"," OWNER
	                  "},\"annotations\":{\"a\":\"\\\"1\\\"\\n\"}}," COPY_TAIL);
	becomes("and stays before what 1.20 adds", 120, HEAD ",\"annotations\":{\"a\":\"1\"}" TAIL,
	        COPY_HEAD "\"annotations\":{\"a\":\"1\"," SOURCE "},\"labels\":{" OWNER
	                  "}}," COPY_TAIL);
	becomes("what only the source has stays there", 118,
	        HEAD
	        ",\"generation\":3,\"finalizers\":[\"x/"
	        "y\"],\"ownerReferences\":[{\"kind\":\"Certificate\"}],"
	        "\"managedFields\":[{\"manager\":\"m\"}],\"labels\":null,\"annotations\":null" TAIL,
	        COPY_HEAD "\"labels\":{" OWNER "}}," COPY_TAIL);
	becomes("owner labels of a source are replaced, not doubled", 120,
	        HEAD ",\"labels\":{\"secretsync.cilium.io/owning-secret-name\":\"x\",\"z\":\"1\","
	             "\"secretsync.cilium.io/owning-secret-name\":\"y\"},"
	             "\"annotations\":{\"secretsync.cilium.io/source-kind\":\"ConfigMap\"}" TAIL,
	        COPY_HEAD "\"labels\":{\"z\":\"1\"," OWNER "},\"annotations\":{" SOURCE
	                  "}}," COPY_TAIL);
	becomes("every key of the data, also those without a value", 118,
	        HEAD "},\"data\":{\"ca.crt\":\"\",\"tls.key\":\"%k\",\"x\":\"AAEC\",\"tls.crt\":\"%"
	             "c\",\"n\":null},"
	             "\"type\":\"kubernetes.io/tls\"}",
	        COPY_HEAD "\"labels\":{" OWNER
	                  "}},\"data\":{\"ca.crt\":\"\",\"tls.key\":\"%k\",\"x\":\"AAEC\","
	                  "\"tls.crt\":\"%c\",\"n\":null},\"type\":\"kubernetes.io/tls\"}");
	becomes("immutable stays immutable", 118,
	        "{\"immutable\":true," METADATA ",\"kind\":\"Secret\"," COPY_TAIL,
	        COPY_HEAD "\"labels\":{" OWNER "}},\"immutable\":true," COPY_TAIL);
	becomes("and false stays false", 118,
	        "{\"immutable\":false," METADATA ",\"kind\":\"Secret\"," COPY_TAIL,
	        COPY_HEAD "\"labels\":{" OWNER "}},\"immutable\":false," COPY_TAIL);
}

static void accepts(const char *why, const char *cert, const char *key, int64_t to)
{
	char *json = fill(plain, cert, key), *body = NULL;
	struct source_facts facts, looked;
	struct failure failure;
	struct tls_leaf leaf;

	if (build(json, 118, &facts, &body, &failure) != 0)
		fail_msg("%s: %s", why, failure.text);
	assert_int_equal(tls_leaf_digest(span_of(cert), &leaf, &failure), 0);
	assert_true(digest_equals(&facts.leaf.digest, &leaf.digest));
	assert_int_equal(facts.leaf.validity.not_after_sec, to);
	assert_string_equal(facts.uid, "0d1e-uid");
	assert_string_equal(facts.version, "321");
	assert_int_equal(copy_body_check(span_of(json),
	                                 &(struct copy_source){ "default", "alpha-tls" }, &looked,
	                                 &failure),
	                 0);
	assert_memory_equal(&looked, &facts, sizeof(facts));
	secret_free(body);
	free(json);
}

static void each_pair_that_envoy_can_serve_is_copied(void **state)
{
	(void)state;
	accepts("EC", ec_cert, ec_key, TO);
	accepts("EC in the older form", ec_cert, old_key, TO);
	accepts("RSA", rsa_cert, rsa_key, TO);
	accepts("Ed25519", ed_cert, ed_key, TO);
	accepts("a chain, leaf first", chain, ec_key, TO);
	accepts("CRLF", crlf_cert, crlf_key, TO);
	accepts("expired: the operator copies it too", expired_cert, ec_key, NOW - 1);
}

/* No message may hold as much as 12 characters in a row of a key, as it is or as base64. */
static void tells_no_secret(const char *text, const char *key)
{
	char *key64 = certs_base64(key);

	for (size_t i = 0; strlen(text) >= 12 && i + 12 <= strlen(text); i++) {
		char window[13] = { 0 };

		memcpy(window, text + i, 12);
		if (strstr(key64, window) ||
		    (strstr(key, window) && !strstr("private key", window)))
			fail_msg("\"%s\" holds \"%s\"", text, window);
	}
	free(key64);
}

static void refuses(const char *why, const char *format, const char *cert, const char *key,
                    int error, const char *words)
{
	char *json = fill(format, cert, key), *body = NULL;
	struct source_facts facts;
	struct failure failure;
	int r;

	memset(&facts, 7, sizeof(facts));
	r = build(json, 118, &facts, &body, &failure);
	if (r != error || !strstr(failure.text, words) ||
	    strncmp(failure.text, "default/alpha-tls ", 18) != 0 || strchr(failure.text, '\n') ||
	    !strpbrk(failure.text, ";,"))
		fail_msg("%s: %d \"%s\"", why, r, failure.text);
	assert_int_equal(failure.error, -error);
	assert_null(body);
	assert_int_equal(facts.uid[0], 7);
	tells_no_secret(failure.text, key);
	free(json);
}

#define OPEN "{\"kind\":\"Secret\"," METADATA ","
static const struct {
	const char *why, *format;
	int error;
	const char *words;
} refusal_rows[] = {
	{ "no JSON", "what?", -EBADMSG, "no whole JSON object (5 bytes); gatewake looks again" },
	{ "nothing", "", -EBADMSG, "no whole JSON object (0 bytes)" },
	{ "a list", "[]", -EBADMSG, "no whole JSON object" },
	{ "cut short behind a key, in any order", "{\"data\":{\"tls.key\":\"%k\"", -EBADMSG,
	  "no whole JSON" },
	{ "the key comes first and the rest is no JSON", "{\"tls.key\":\"%k\",,", -EBADMSG,
	  "no whole JSON" },
	{ "another kind", "{\"kind\":\"Status\"," METADATA "}", -EBADMSG,
	  "the answer is no Secret" },
	{ "another name",
	  "{\"kind\":\"Secret\",\"metadata\":{\"name\":\"beta-tls\",\"namespace\":\"default\"}}",
	  -EBADMSG, "is another Secret" },
	{ "another namespace",
	  "{\"kind\":\"Secret\",\"metadata\":{\"name\":\"alpha-tls\",\"namespace\":\"shop\"}}",
	  -EBADMSG, "is another Secret" },
	{ "being deleted", HEAD ",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\"" TAIL, -ENOENT,
	  "is being deleted and is not copied any more; create it anew" },
	{ "no uid",
	  "{\"kind\":\"Secret\",\"metadata\":{\"name\":\"alpha-tls\",\"namespace\":\"default\","
	  "\"resourceVersion\":\"9\"}}",
	  -EBADMSG, "usable uid and resourceVersion" },
	{ "no resourceVersion",
	  "{\"kind\":\"Secret\",\"metadata\":{\"name\":\"alpha-tls\",\"namespace\":\"default\","
	  "\"uid\":\"9\"}}",
	  -EBADMSG, "usable uid and resourceVersion" },
	{ "a uid that does not fit",
	  "{\"kind\":\"Secret\",\"metadata\":{\"name\":\"alpha-tls\",\"namespace\":\"default\","
	  "\"resourceVersion\":\"9\",\"uid\":\"" FORTY FORTY "\"}}",
	  -EBADMSG, "usable uid" },
	{ "Opaque", OPEN "\"data\":{\"tls.crt\":\"%c\",\"tls.key\":\"%k\"},\"type\":\"Opaque\"}",
	  -EBADMSG,
	  "is of type \"Opaque\", gatewake copies kubernetes.io/tls only; create it anew with "
	  "kubectl create secret tls" },
	{ "no type", OPEN "\"data\":{\"tls.crt\":\"%c\",\"tls.key\":\"%k\"}}", -EBADMSG,
	  "is of type \"\"" },
	{ "a type with foreign bytes", OPEN "\"type\":\"a\\u001b[31m\\\"" FORTY FORTY "\"}",
	  -EBADMSG, "is of type \"a?[31m?" },
	{ "no data", OPEN "\"type\":\"kubernetes.io/tls\"}", -EBADMSG,
	  "has no tls.crt; create it anew" },
	{ "no certificate", OPEN "\"data\":{\"tls.key\":\"%k\"},\"type\":\"kubernetes.io/tls\"}",
	  -EBADMSG, "has no tls.crt; create it anew with kubectl create secret tls" },
	{ "no key", OPEN "\"data\":{\"tls.crt\":\"%c\"},\"type\":\"kubernetes.io/tls\"}", -EBADMSG,
	  "has no tls.key" },
	{ "an empty key",
	  OPEN "\"data\":{\"tls.crt\":\"%c\",\"tls.key\":\"\"},\"type\":\"kubernetes.io/tls\"}",
	  -EBADMSG, "has no tls.key" },
	{ "null for a key",
	  OPEN "\"data\":{\"tls.crt\":\"%c\",\"tls.key\":null},\"type\":\"kubernetes.io/tls\"}",
	  -EBADMSG, "has no tls.key" },
	{ "PEM without base64",
	  OPEN "\"data\":{\"tls.crt\":\"%c\",\"tls.key\":\"-----BEGIN\"},"
	       "\"type\":\"kubernetes.io/tls\"}",
	  -EBADMSG, "data under \"tls.key\" that is not base64" },
	{ "base64 cut short under any key",
	  OPEN "\"data\":{\"tls.crt\":\"%c\",\"tls.key\":\"%k\",\"x\":\"YQ\"},"
	       "\"type\":\"kubernetes.io/tls\"}",
	  -EBADMSG, "data under \"x\" that is not base64" },
	{ "the halves are swapped",
	  OPEN "\"data\":{\"tls.crt\":\"%k\",\"tls.key\":\"%c\"},"
	       "\"type\":\"kubernetes.io/tls\"}",
	  -EBADMSG, "not fit to be served: no PEM certificate in it; put both in as PEM" },
	{ "no key in the key",
	  OPEN "\"data\":{\"tls.crt\":\"%c\",\"tls.key\":\"YWJj\"},\"type\":\"kubernetes.io/tls\"}",
	  -EBADMSG, "no PEM private key in it, or cut short; put both in as PEM" },
	{ "a key twice: which one counts?",
	  OPEN "\"data\":{\"tls.key\":\"%k\",\"tls.crt\":\"%c\",\"tls.key\":\"%k\"},"
	       "\"type\":\"kubernetes.io/tls\"}",
	  -EBADMSG, "a key of its data twice" },
	{ "data that is no map", OPEN "\"data\":[\"%k\"],\"type\":\"kubernetes.io/tls\"}", -EBADMSG,
	  "that are no texts" },
	{ "data that is no text", OPEN "\"data\":{\"tls.crt\":7},\"type\":\"kubernetes.io/tls\"}",
	  -EBADMSG, "that are no texts" },
	{ "labels that are no texts", HEAD ",\"labels\":{\"a\":true}" TAIL, -EBADMSG,
	  "that are no texts" },
	{ "annotations that are no map", HEAD ",\"annotations\":\"a\"" TAIL, -EBADMSG,
	  "that are no texts" },
	{ "a NUL would end the text in the copy",
	  HEAD ",\"annotations\":{\"a\":\"b\\u0000c\"}" TAIL, -EBADMSG,
	  "a NUL character, which is not copied" },
	{ "behind an escaped backslash too", HEAD ",\"annotations\":{\"a\":\"\\\\\\u0000\"}" TAIL,
	  -EBADMSG, "NUL" },
};

static void what_is_not_fit_is_refused_by_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refusal_rows) / sizeof(refusal_rows[0]); i++)
		refuses(refusal_rows[i].why, refusal_rows[i].format, ec_cert, ec_key,
		        refusal_rows[i].error, refusal_rows[i].words);
	refuses("a key that is not the certificate's", plain, ec_cert, other_key, -EBADMSG,
	        "certificate and key do not belong together; put the key that tls.crt was issued "
	        "for into tls.key");
	refuses("a key of another kind", plain, ec_cert, rsa_key, -EBADMSG,
	        "do not belong together");
	refuses("an encrypted key", plain, ec_cert, encrypted_key, -EBADMSG,
	        "the key is encrypted; store it without a passphrase");
	refuses("a key that stands in an annotation too",
	        HEAD ",\"annotations\":{\"kubectl.kubernetes.io/"
	             "last-applied-configuration\":\"%k\"}" TAIL,
	        ec_cert, other_key, -EBADMSG, "do not belong together");
}

static void an_escaped_backslash_before_u0000_is_no_nul(void **state)
{
	(void)state;
	becomes("six characters", 118, HEAD ",\"annotations\":{\"a\":\"\\\\u0000\"}" TAIL,
	        COPY_HEAD "\"annotations\":{\"a\":\"\\\\u0000\"},\"labels\":{" OWNER
	                  "}}," COPY_TAIL);
}

/* A Secret whose values make up exactly total bytes. */
static char *sized(size_t total)
{
	size_t rest = total - strlen(ec_cert) - strlen(ec_key);
	char *filler = malloc(rest + 1), *filler64, *format, *json;

	assert_non_null(filler);
	memset(filler, 'x', rest);
	filler[rest] = '\0';
	filler64 = certs_base64(filler);
	assert_true(asprintf(&format,
	                     OPEN "\"data\":{\"tls.crt\":\"%%c\",\"tls.key\":\"%%k\",\"x\":\"%s\"},"
	                          "\"type\":\"kubernetes.io/tls\"}",
	                     filler64) > 0);
	json = fill(format, ec_cert, ec_key);
	free(filler);
	free(filler64);
	free(format);
	return json;
}

static void the_largest_secret_of_the_api_passes(void **state)
{
	char *json = sized(1024 * 1024), *body = NULL;
	struct source_facts facts;
	struct failure failure;

	(void)state;
	assert_int_equal(build(json, 120, &facts, &body, &failure), 0);
	assert_true(strlen(body) > 1024 * 1024 * 4 / 3 && strlen(body) < SYNC_LIMIT);
	body = secret_free(body);
	free(json);
	json = sized(1024 * 1024 + 1);
	assert_int_equal(build(json, 120, &facts, &body, &failure), -E2BIG);
	assert_int_equal(failure.class, FAILURE_TOO_BIG);
	assert_string_equal(failure.text,
	                    "default/alpha-tls holds 1048577 bytes of data, the API allows 1 MiB; "
	                    "take out what is no certificate");
	free(json);
}

/* ---- what is left in memory ---- */

/* "a marker of eighty characters that stands for a key and must not stay in the heap" */
#define MARKER64                                                                                   \
	"YSBtYXJrZXIgb2YgZWlnaHR5IGNoYXJhY3RlcnMgdGhhdCBzdGFuZHMgZm9yIGEga2V5IGFuZCBt"             \
	"dXN0IG5vdCBzdGF5IGluIHRoZSBoZWFw"
#define MARKERS                                                                                    \
	MARKER64 MARKER64 MARKER64 MARKER64 MARKER64 MARKER64 MARKER64                             \
		MARKER64 /* more than is used anew */

#ifndef __SANITIZE_ADDRESS__ /* its heap is elsewhere */
extern char _end[];          /* the linker's: of the program's own data */

/* In the mapping that malloc takes from. An emulator's maps do not name it, and may join it to the program's data. */
static bool in_heap(const char *text)
{
	char line[512], *any = malloc(1);
	uintptr_t heap = (uintptr_t)any, data = (uintptr_t)_end, from, to;
	FILE *maps = fopen("/proc/self/maps", "re");
	bool found = false;

	assert_true(maps && any);
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &from, &to) != 2 || heap < from ||
		    heap >= to)
			continue;
		from = from < data && data < heap ? data : from;
		found = memmem((const void *)from, to - from, text, strlen(text)) != NULL;
	}
	(void)fclose(maps);
	free(any);
	return found;
}

/* Within it: a freed block has the allocator's own words at its beginning. */
static bool is_left(void)
{
	return in_heap("characters that stands for") || in_heap("RlcnMgdGhhdCBzdGFuZHMgZm9y");
}

static void nothing_of_a_key_stays_in_memory(void **state)
{
	static char json[16384]; /* not in the heap */
	static const char format[] =
		OPEN "\"data\":{\"tls.crt\":\"%c\",\"tls.key\":\"%k\",\"x\":\"" MARKERS "\"},"
		     "\"type\":\"kubernetes.io/tls\"}";
	struct copy_target target = target_of(118);
	struct source_facts facts;
	struct copy_facts copy;
	struct failure failure;
	struct sync sync = { 0 };
	struct sync_next next;
	char *body = NULL, *filled = fill(format, ec_cert, ec_key);

	(void)state;
	memcpy(json, filled, strlen(filled) + 1);
	assert_true(is_left()); /* or else this test would see nothing */
	secret_free(filled);
	assert_false(is_left());

	assert_int_equal(copy_body_check(span_of(json), &target.source, &facts, &failure), 0);
	assert_false(is_left());
	assert_int_equal(copy_body_read(span_of(json), &target.source, &copy, &failure), 0);
	assert_false(is_left());
	assert_int_equal(copy_body_build(span_of(json), &target, &facts, &body, &failure), 0);
	assert_true(is_left());
	body = secret_free(body);
	assert_false(is_left());

	sync_start(&sync,
	           &(struct sync_task){ SYNC_CREATE_COPY, target.source, target.namespace,
	                                target.name, target.shape, NOW },
	           &next);
	sync_step(
		&sync,
		&(struct http_end){ .stage = HTTP_ANSWERED, .status = 200, .body = span_of(json) },
		&next);
	assert_false(next.ended);
	assert_true(is_left());
	sync_clear(&sync);
	assert_false(is_left());
	json[strlen(json) - 20] = '\0'; /* cut short */
	assert_int_equal(copy_body_build(span_of(json), &target, &facts, &body, &failure),
	                 -EBADMSG);
	assert_false(is_left());
}
#endif

/* ---- errands ---- */

struct world {
	struct sync sync;
	struct sync_next next;
	char *json;
};

static const struct sync_task create = { SYNC_CREATE_COPY,
	                                 { "default", "alpha-tls" },
	                                 "cilium-secrets",
	                                 "default-alpha-tls",
	                                 NULL,
	                                 NOW };

static void start(struct world *w, enum sync_errand errand)
{
	struct sync_task task = create;

	task.errand = errand;
	task.shape = copy_shape_of(118, COPY_RULE_LEGACY);
	*w = (struct world){ .json = fill(plain, ec_cert, ec_key) };
	sync_start(&w->sync, &task, &w->next);
}

static void finish(struct world *w)
{
	sync_clear(&w->sync);
	free(w->json);
}

static void answer(struct world *w, uint16_t status, const char *body)
{
	const struct http_end end = { .stage = HTTP_ANSWERED,
		                      .status = status,
		                      .body = span_of(body) };

	assert_false(w->next.ended);
	sync_step(&w->sync, &end, &w->next);
}

static void ends(const struct world *w, const char *why, enum result result,
                 enum source_state state, const char *words)
{
	if (!w->next.ended || w->next.end.result != result || w->next.end.state != state ||
	    !strstr(w->next.end.text, words) || strchr(w->next.end.text, '\n'))
		fail_msg("%s: %d %d \"%s\"", why, w->next.end.result, w->next.end.state,
		         w->next.end.text);
	assert_null(w->sync.body);
	assert_int_equal(w->sync.stage, SYNC_ENDED);
}

#define STATUS(words)                                                                              \
	"{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"message\":\"" words "\"}"
#define CREATED                                                                                    \
	"{\"kind\":\"Secret\",\"metadata\":{\"name\":\"default-alpha-tls\",\"namespace\":"         \
	"\"cilium-secrets\","                                                                      \
	"\"uid\":\"new-uid\",\"resourceVersion\":\"7\"},\"type\":\"kubernetes.io/tls\"}"

static void a_copy_is_created_with_a_look_and_one_post(void **state)
{
	struct source_facts facts;
	struct failure failure;
	struct world w;
	char *body;

	(void)state;
	start(&w, SYNC_CREATE_COPY);
	assert_false(w.next.ended);
	assert_int_equal(w.next.request.method, HTTP_GET);
	assert_string_equal(w.next.request.path, "/api/v1/namespaces/default/secrets/alpha-tls");
	assert_int_equal(w.next.request.body.len, 0);
	assert_int_equal(w.next.request.limit, SYNC_LIMIT);
	answer(&w, 200, w.json);
	assert_false(w.next.ended);
	assert_int_equal(w.next.request.method, HTTP_POST);
	assert_string_equal(w.next.request.path, "/api/v1/namespaces/cilium-secrets/secrets");
	assert_int_equal(build(w.json, 118, &facts, &body, &failure), 0);
	assert_int_equal(w.next.request.body.len, strlen(body));
	assert_memory_equal(w.next.request.body.ptr, body, strlen(body));
	secret_free(body);
	answer(&w, 201, CREATED);
	ends(&w, "created", RESULT_OK, SOURCE_VALID, "");
	assert_string_equal(w.next.end.text,
	                    "cilium-secrets/default-alpha-tls created from default/alpha-tls");
	assert_string_equal(w.next.end.uid, "new-uid");
	assert_memory_equal(&w.next.end.source, &facts, sizeof(facts));
	sync_step(&w.sync, &(struct http_end){ .stage = HTTP_ANSWERED, .status = 201 }, &w.next);
	ends(&w, "a second end", RESULT_REFUSED, SOURCE_UNKNOWN, "the errand has ended");
	finish(&w);
}

static void an_expired_certificate_is_copied_and_named(void **state)
{
	struct sync_task task = create;
	struct world w;

	(void)state;
	start(&w, SYNC_CREATE_COPY);
	free(w.json);
	w.json = fill(plain, expired_cert, ec_key);
	answer(&w, 200, w.json);
	answer(&w, 201, CREATED);
	ends(&w, "expired", RESULT_OK, SOURCE_VALID,
	     "alpha-tls, whose certificate expired on 2023-11-14: renew it");
	finish(&w);
	start(&w, SYNC_LOOK_AT_SOURCE);
	free(w.json);
	w.json = fill(plain, early_cert, ec_key);
	answer(&w, 200, w.json);
	ends(&w, "early", RESULT_OK, SOURCE_VALID,
	     "is valid, whose certificate is not valid before 2023-11-14");
	task.errand = SYNC_LOOK_AT_SOURCE;
	task.now_sec = 0;
	sync_start(&w.sync, &task, &w.next);
	answer(&w, 200, w.json);
	ends(&w, "no clock, no claim", RESULT_OK, SOURCE_VALID, "is valid");
	assert_null(strstr(w.next.end.text, "before"));
	finish(&w);
}

static const struct {
	const char *why;
	struct http_end end;
	const char *body;
	enum result result;
	const char *uid, *words;
} post_rows[] = {
	{ "somebody was faster",
	  { .stage = HTTP_ANSWERED, .status = 409 },
	  STATUS("secrets \\\"default-alpha-tls\\\" already exists"),
	  RESULT_CONFLICT,
	  "",
	  "not created, it is there already or the API was busy with it: HTTP 409: secrets "
	  "?default-alpha-tls? already" },
	{ "RBAC or quota",
	  { .stage = HTTP_ANSWERED, .status = 403 },
	  STATUS("exceeded quota: few"),
	  RESULT_REFUSED,
	  "",
	  "cilium-secrets/default-alpha-tls not created: HTTP 403: exceeded quota: few" },
	{ "a policy",
	  { .stage = HTTP_ANSWERED, .status = 422 },
	  STATUS("ValidatingAdmissionPolicy x denied"),
	  RESULT_REFUSED,
	  "",
	  "HTTP 422: ValidatingAdmissionPolicy x denied" },
	{ "what could not be decoded may be quoted, and is not told",
	  { .stage = HTTP_ANSWERED, .status = 400 },
	  STATUS("illegal base64 in ...S0tLS1CRUdJTg..."),
	  RESULT_REFUSED,
	  "",
	  "not created: HTTP 400" },
	{ "the namespace is not there",
	  { .stage = HTTP_ANSWERED, .status = 404 },
	  STATUS("namespaces \\\"cilium-secrets\\\" not found"),
	  RESULT_REFUSED,
	  "",
	  "not created: there is no namespace cilium-secrets; create it" },
	{ "404 without the API's words",
	  { .stage = HTTP_ANSWERED, .status = 404 },
	  "404 page not found",
	  RESULT_REFUSED,
	  "",
	  "not created: HTTP 404" },
	{ "too many requests",
	  { .stage = HTTP_ANSWERED, .status = 429 },
	  STATUS("slow down"),
	  RESULT_REFUSED,
	  "",
	  "HTTP 429: slow down" },
	{ "500: it may be stored",
	  { .stage = HTTP_ANSWERED, .status = 500 },
	  STATUS("etcd"),
	  RESULT_LOST,
	  "",
	  "perhaps created, the answer was lost: HTTP 500: etcd" },
	{ "no answer",
	  { .stage = HTTP_SENT, .failure = { .class = FAILURE_TIMEOUT, .text = "timed out" } },
	  "",
	  RESULT_LOST,
	  "",
	  "perhaps created, the answer was lost: timed out" },
	{ "never sent",
	  { .stage = HTTP_CONNECTING,
	    .failure = { .class = FAILURE_UNREACHABLE, .text = "refused" } },
	  "",
	  RESULT_UNREACHABLE,
	  "",
	  "not created: refused" },
	{ "never sent, TLS",
	  { .stage = HTTP_IN_TLS, .failure = { .class = FAILURE_TLS, .text = "bad CA" } },
	  "",
	  RESULT_UNREACHABLE,
	  "",
	  "not created: bad CA" },
	{ "201 with an answer that is cut: done all the same",
	  { .stage = HTTP_ANSWERED,
	    .status = 201,
	    .failure = { .class = FAILURE_UNREACHABLE, .text = "cut" } },
	  "{\"kind\":\"Sec",
	  RESULT_OK,
	  "",
	  "created from" },
	{ "201 with another object tells no UID",
	  { .stage = HTTP_ANSWERED, .status = 201 },
	  STATUS("x"),
	  RESULT_OK,
	  "",
	  "created from" },
};

static void each_answer_to_the_post_has_its_meaning(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(post_rows) / sizeof(post_rows[0]); i++) {
		struct http_end end = post_rows[i].end;
		struct world w;

		start(&w, SYNC_CREATE_COPY);
		answer(&w, 200, w.json);
		assert_false(w.next.ended);
		end.body = span_of(post_rows[i].body);
		sync_step(&w.sync, &end, &w.next);
		ends(&w, post_rows[i].why, post_rows[i].result, SOURCE_VALID, post_rows[i].words);
		assert_string_equal(w.next.end.uid, post_rows[i].uid);
		assert_null(strstr(w.next.end.text, "S0tLS1CRUdJTg"));
		finish(&w);
	}
}

static const struct {
	const char *why;
	struct http_end end;
	const char *body;
	enum result create, look;
	enum source_state state;
	const char *words;
} get_rows[] = {
	{ "not there, says the API",
	  { .stage = HTTP_ANSWERED, .status = 404 },
	  STATUS("secrets x not found"),
	  RESULT_CONFLICT,
	  RESULT_OK,
	  SOURCE_MISSING,
	  "default/alpha-tls is missing; create it" },
	{ "404 of a path that is not served yet says nothing",
	  { .stage = HTTP_ANSWERED, .status = 404 },
	  "404 page not found",
	  RESULT_REFUSED,
	  RESULT_REFUSED,
	  SOURCE_UNKNOWN,
	  "was not read: HTTP 404" },
	{ "not ours to read",
	  { .stage = HTTP_ANSWERED, .status = 403 },
	  STATUS("forbidden"),
	  RESULT_REFUSED,
	  RESULT_OK,
	  SOURCE_UNREADABLE,
	  "may not be read; run sudo gatewake setup again (HTTP 403: forbidden)" },
	{ "no such token",
	  { .stage = HTTP_ANSWERED, .status = 401 },
	  STATUS("Unauthorized"),
	  RESULT_REFUSED,
	  RESULT_OK,
	  SOURCE_UNREADABLE,
	  "sudo gatewake setup" },
	{ "not now",
	  { .stage = HTTP_ANSWERED, .status = 503 },
	  STATUS("starting"),
	  RESULT_REFUSED,
	  RESULT_REFUSED,
	  SOURCE_UNKNOWN,
	  "was not read: HTTP 503: starting" },
	{ "no answer to a question is none",
	  { .stage = HTTP_SENT, .failure = { .class = FAILURE_TIMEOUT, .text = "timed out" } },
	  "",
	  RESULT_UNREACHABLE,
	  RESULT_UNREACHABLE,
	  SOURCE_UNKNOWN,
	  "was not read: timed out" },
	{ "beyond the bound",
	  { .stage = HTTP_ANSWERED,
	    .status = 200,
	    .failure = { .class = FAILURE_TOO_BIG,
	                 .text = "the answer is longer than 4194304 bytes" } },
	  "",
	  RESULT_REFUSED,
	  RESULT_REFUSED,
	  SOURCE_UNKNOWN,
	  "was not read: HTTP 200, the answer is longer than 4194304 bytes" },
	{ "not fit",
	  { .stage = HTTP_ANSWERED, .status = 200 },
	  OPEN "\"type\":\"Opaque\"}",
	  RESULT_REFUSED,
	  RESULT_OK,
	  SOURCE_INVALID,
	  "default/alpha-tls is of type \"Opaque\"" },
	{ "going away",
	  { .stage = HTTP_ANSWERED, .status = 200 },
	  HEAD ",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\"}}",
	  RESULT_REFUSED,
	  RESULT_OK,
	  SOURCE_INVALID,
	  "default/alpha-tls is being deleted" },
};

static void each_answer_about_a_source_has_its_meaning(void **state)
{
	static const struct source_facts none;

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(get_rows) / sizeof(get_rows[0]); i++) {
		struct http_end end = get_rows[i / 2].end;
		bool look = i % 2;
		struct world w;

		start(&w, look ? SYNC_LOOK_AT_SOURCE : SYNC_CREATE_COPY);
		end.body = span_of(get_rows[i / 2].body);
		sync_step(&w.sync, &end, &w.next);
		ends(&w, get_rows[i / 2].why, look ? get_rows[i / 2].look : get_rows[i / 2].create,
		     get_rows[i / 2].state, get_rows[i / 2].words);
		assert_memory_equal(&w.next.end.source, &none, sizeof(none));
		finish(&w);
	}
}

static void a_look_at_a_source_writes_nothing(void **state)
{
	struct failure failure;
	struct tls_leaf leaf;
	struct world w;

	(void)state;
	start(&w, SYNC_LOOK_AT_SOURCE);
	answer(&w, 200, w.json);
	ends(&w, "valid", RESULT_OK, SOURCE_VALID, "default/alpha-tls is valid");
	assert_int_equal(tls_leaf_digest(span_of(ec_cert), &leaf, &failure), 0);
	assert_true(digest_equals(&w.next.end.source.leaf.digest, &leaf.digest));
	assert_string_equal(w.next.end.source.version, "321");
	finish(&w);
}

static const struct {
	const char *why, *name, *namespace, *copy, *words;
} name_rows[] = {
	{ "64 characters make no label",
	  "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcd", "cilium-secrets", "x",
	  "can never be copied, its name is longer than 63 characters; use a Secret with a shorter "
	  "name" },
	{ "a way out of the path", "../../pods", "cilium-secrets", "x", "is no name of a Secret" },
	{ "a way out of the copy's path", "alpha-tls", "cilium-secrets/x", "x",
	  "by a name that is none" },
	{ "no name for the copy", "alpha-tls", "cilium-secrets", NULL, "by a name that is none" },
};

static void a_name_that_is_none_is_never_asked_for(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(name_rows) / sizeof(name_rows[0]); i++) {
		const struct sync_task task = { SYNC_CREATE_COPY,
			                        { "default", name_rows[i].name },
			                        name_rows[i].namespace,
			                        name_rows[i].copy,
			                        copy_shape_of(118, COPY_RULE_LEGACY),
			                        NOW };
		struct world w = { 0 };

		sync_start(&w.sync, &task, &w.next);
		ends(&w, name_rows[i].why, RESULT_REFUSED, SOURCE_UNKNOWN, name_rows[i].words);
	}
}

static struct copy_facts look_at_copy(const char *format, const char *cert, const char *key)
{
	struct copy_facts facts;
	struct world w;
	char *json = fill(format, cert, key);

	start(&w, SYNC_LOOK_AT_COPY);
	assert_int_equal(w.next.request.method, HTTP_GET);
	assert_string_equal(w.next.request.path,
	                    "/api/v1/namespaces/cilium-secrets/secrets/default-alpha-tls");
	answer(&w, 200, json);
	ends(&w, format, RESULT_OK, SOURCE_VALID, "cilium-secrets/default-alpha-tls is ");
	facts = w.next.end.copy;
	finish(&w);
	free(json);
	return facts;
}

#define COPY_META COPY_HEAD "\"uid\":\"313b\",\"resourceVersion\":\"520\",\"labels\":{" OWNER "}},"

static void a_stale_copy_is_known_without_its_bytes(void **state)
{
	struct copy_facts copy = look_at_copy(COPY_META COPY_TAIL, ec_cert, ec_key), other;
	struct world w;

	(void)state;
	assert_string_equal(copy.uid, "313b");
	assert_string_equal(copy.version, "520");
	assert_string_equal(copy.type, "kubernetes.io/tls");
	assert_string_equal(copy.owner_namespace, "default");
	assert_string_equal(copy.owner_name, "alpha-tls");
	assert_true(copy.has_leaf);
	assert_false(copy.terminating);

	start(&w, SYNC_LOOK_AT_SOURCE);
	answer(&w, 200, w.json);
	assert_true(digest_equals(&w.next.end.source.data, &copy.data));
	assert_true(digest_equals(&w.next.end.source.leaf.digest, &copy.leaf.digest));
	finish(&w);

	other = look_at_copy(
		COPY_META
		"\"data\":{\"tls.key\":\"%k\",\"tls.crt\":\"%c\"},\"type\":\"kubernetes.io/tls\"}",
		ec_cert, ec_key);
	assert_true(digest_equals(&other.data, &copy.data)); /* in another order */
	other = look_at_copy(COPY_META COPY_TAIL, expired_cert, ec_key);
	assert_false(digest_equals(&other.data, &copy.data));
	assert_false(digest_equals(&other.leaf.digest, &copy.leaf.digest));
	other = look_at_copy(COPY_META COPY_TAIL, ec_cert, other_key);
	assert_false(digest_equals(&other.data, &copy.data));
	assert_true(digest_equals(&other.leaf.digest, &copy.leaf.digest));
	other = look_at_copy(COPY_META
	                     "\"data\":{\"tls.crt\":\"%c\",\"tls.key\":\"%k\",\"ca.crt\":\"\"}}",
	                     ec_cert, ec_key);
	assert_false(digest_equals(&other.data, &copy.data)); /* one key more, though empty */
	copy = look_at_copy(COPY_META
	                    "\"data\":{\"tls.crt\":\"%c\",\"tls.key\":\"%k\",\"x1\":\"\"}}",
	                    ec_cert, ec_key);
	other = look_at_copy(COPY_META
	                     "\"data\":{\"tls.crt\":\"%c\",\"tls.key\":\"%k\",\"x2\":\"\"}}",
	                     ec_cert, ec_key);
	assert_false(digest_equals(&other.data, &copy.data)); /* the same value under another key */
	other = look_at_copy(COPY_META "\"data\":{\"tls.crt\":\"%k\",\"tls.key\":\"%c\"}}", ec_cert,
	                     ec_key);
	assert_false(digest_equals(&other.data,
	                           &copy.data)); /* the same values under the other's keys */
	assert_false(other.has_leaf);
}

static void what_is_there_in_a_copys_place_may_be_anything(void **state)
{
	struct copy_facts facts = look_at_copy(
		COPY_HEAD
		"\"uid\":\"1\",\"resourceVersion\":\"2\",\"labels\":null},\"type\":\"Opaque\"}",
		"c", "k");
	struct world w;

	(void)state;
	assert_string_equal(facts.owner_namespace, "");
	assert_string_equal(facts.owner_name, "");
	assert_string_equal(facts.type, "Opaque");
	assert_false(facts.has_leaf);
	facts = look_at_copy(COPY_HEAD
	                     "\"uid\":\"1\",\"resourceVersion\":\"2\",\"deletionTimestamp\":\"x\"},"
	                     "\"data\":{\"tls.crt\":\"%c\"}}",
	                     "no PEM", "k");
	assert_true(facts.terminating);
	assert_false(facts.has_leaf);

	start(&w, SYNC_LOOK_AT_COPY);
	answer(&w, 404, STATUS("secrets x not found"));
	ends(&w, "missing", RESULT_OK, SOURCE_MISSING,
	     "cilium-secrets/default-alpha-tls is missing");
	assert_null(strstr(w.next.end.text, "create"));
	finish(&w);
	start(&w, SYNC_LOOK_AT_COPY);
	answer(&w, 200, w.json); /* the source's own JSON: another Secret */
	ends(&w, "another", RESULT_OK, SOURCE_INVALID,
	     "cilium-secrets/default-alpha-tls was asked for, the answer is another");
	finish(&w);
}

static void an_errand_can_be_dropped_at_any_time(void **state)
{
	struct world w;

	(void)state;
	start(&w, SYNC_CREATE_COPY);
	answer(&w, 200, w.json);
	assert_non_null(w.sync.body);
	free(w.json);
	w.json = NULL;
	finish(&w); /* the sanitizer sees a body that is left */
	finish(&w);
	assert_int_equal(w.sync.stage, SYNC_ENDED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_is_what_the_operator_would_write),
		cmocka_unit_test(each_pair_that_envoy_can_serve_is_copied),
		cmocka_unit_test(what_is_not_fit_is_refused_by_name),
		cmocka_unit_test(an_escaped_backslash_before_u0000_is_no_nul),
		cmocka_unit_test(the_largest_secret_of_the_api_passes),
#ifndef __SANITIZE_ADDRESS__
		cmocka_unit_test(nothing_of_a_key_stays_in_memory),
#endif
		cmocka_unit_test(a_copy_is_created_with_a_look_and_one_post),
		cmocka_unit_test(an_expired_certificate_is_copied_and_named),
		cmocka_unit_test(each_answer_to_the_post_has_its_meaning),
		cmocka_unit_test(each_answer_about_a_source_has_its_meaning),
		cmocka_unit_test(a_look_at_a_source_writes_nothing),
		cmocka_unit_test(a_name_that_is_none_is_never_asked_for),
		cmocka_unit_test(a_stale_copy_is_known_without_its_bytes),
		cmocka_unit_test(what_is_there_in_a_copys_place_may_be_anything),
		cmocka_unit_test(an_errand_can_be_dropped_at_any_time),
	};

	objects_init();
	return cmocka_run_group_tests(tests, make_all, free_all);
}
