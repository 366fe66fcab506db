/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fakeapi/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define RECORD 1400 /* bytes in each: a server in Go begins so */

static void must(bool done, const char *what)
{
	if (done)
		return;
	(void)fprintf(stderr, "fakeapi: %s failed\n", what);
	abort();
}

static char *take_bio(BIO *bio)
{
	char *bytes, *copy;
	long len = BIO_get_mem_data(bio, &bytes);

	copy = strndup(bytes, (size_t)len);
	must(copy != NULL && len > 0, "PEM");
	BIO_free(bio);
	return copy;
}

static X509 *read_cert(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);

	BIO_free(bio);
	return cert;
}

static EVP_PKEY *read_key(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

	BIO_free(bio);
	return key;
}

static void add_extension(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	must(extension && X509_add_ext(cert, extension, -1) == 1, "a certificate's extension");
	X509_EXTENSION_free(extension);
}

static time_t issue_date;

void tls_issue_at(time_t date)
{
	issue_date = date;
}

static void fill(X509 *cert, const char *name, const char *names, EVP_PKEY *key)
{
	static long serial;
	time_t date = issue_date ? issue_date : time(NULL);
	X509_NAME *subject = X509_get_subject_name(cert);
	char all[160];

	must(X509_set_version(cert, X509_VERSION_3) == 1 &&
	             ASN1_INTEGER_set(X509_get_serialNumber(cert), date + ++serial) == 1 &&
	             ASN1_TIME_set(X509_getm_notBefore(cert), date - 3600) &&
	             ASN1_TIME_set(X509_getm_notAfter(cert), date + 86400) &&
	             X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
	                                        (const unsigned char *)name, -1, -1, 0) == 1 &&
	             X509_set_pubkey(cert, key) == 1,
	     "a certificate");
	(void)snprintf(all, sizeof(all), "DNS:%s%s%s", name, names ? "," : "", names ? names : "");
	add_extension(cert, NID_subject_alt_name, all);
}

/* Takes the key. */
static void issue(struct tls_identity *ret, const char *name, const char *names,
                  const struct tls_identity *ca, EVP_PKEY *key)
{
	EVP_PKEY *signer = ca ? read_key(ca->key) : key;
	X509 *cert = X509_new(), *issuer = ca ? read_cert(ca->cert) : cert;
	BIO *bio = BIO_new(BIO_s_mem());

	must(key && signer && cert && issuer && bio, "a key");
	fill(cert, name, names, key);
	if (!ca)
		add_extension(cert, NID_basic_constraints, "critical,CA:TRUE");
	must(X509_set_issuer_name(cert, X509_get_subject_name(issuer)) == 1 &&
	             X509_sign(cert, signer, EVP_sha256()) > 0,
	     "signing");
	must(PEM_write_bio_X509(bio, cert) == 1, "PEM");
	ret->cert = take_bio(bio);
	bio = BIO_new(BIO_s_mem());
	must(bio && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1, "PEM");
	ret->key = take_bio(bio);
	if (ca) {
		EVP_PKEY_free(signer);
		X509_free(issuer);
	}
	X509_free(cert);
	EVP_PKEY_free(key);
}

void tls_make(struct tls_identity *ret, const char *name, const char *names,
              const struct tls_identity *ca)
{
	issue(ret, name, names, ca, EVP_EC_gen("P-256"));
}

void tls_make_rsa(struct tls_identity *ret, const char *name)
{
	issue(ret, name, NULL, NULL, EVP_RSA_gen(2048));
}

void tls_make_token(char token[TLS_TOKEN_SIZE])
{
	unsigned char bytes[(TLS_TOKEN_SIZE - 1) / 2];

	must(RAND_bytes(bytes, sizeof(bytes)) == 1, "no random bytes");
	for (size_t i = 0; i < sizeof(bytes); i++)
		(void)snprintf(token + 2 * i, 3, "%02x", bytes[i]);
}

void tls_identity_clear(struct tls_identity *self)
{
	free(self->cert);
	free(self->key);
	*self = (struct tls_identity){ 0 };
}

SSL_CTX *tls_context(const char *cert_pem, const char *key_pem)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	X509 *cert = read_cert(cert_pem);
	EVP_PKEY *key = read_key(key_pem);

	must(context && cert && key && SSL_CTX_use_certificate(context, cert) == 1 &&
	             SSL_CTX_use_PrivateKey(context, key) == 1,
	     "a TLS context");
	X509_free(cert);
	EVP_PKEY_free(key);
	return context;
}

enum link_event link_wait(const struct link *link, short events, int msec)
{
	struct pollfd fds[] = { { .fd = link->fd, .events = events },
		                { .fd = link->wake, .events = POLLIN } };
	uint64_t count;

	if (poll(fds, 2, msec) <= 0)
		return LINK_TIMED_OUT;
	if (fds[1].revents) {
		(void)!read(link->wake, &count, sizeof(count));
		return LINK_WOKEN;
	}
	return LINK_READABLE;
}

/* True: try again. */
static bool go_on(struct link *link, int rc, link_give_up *give_up, void *argument)
{
	int error = SSL_get_error(link->tls, rc);

	ERR_clear_error();
	if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
		return false;
	while (link_wait(link, error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, -1) == LINK_WOKEN)
		if (give_up(argument))
			return false;
	return !give_up(argument);
}

bool link_shake(struct link *link, SSL_CTX *context, link_give_up *give_up, void *argument)
{
	int rc;

	link->tls = SSL_new(context);
	must(link->tls && SSL_set_fd(link->tls, link->fd) == 1, "a TLS connection");
	while ((rc = SSL_accept(link->tls)) != 1)
		if (!go_on(link, rc, give_up, argument))
			return false;
	return true;
}

ssize_t link_read(struct link *link, void *buffer, size_t size, link_give_up *give_up,
                  void *argument)
{
	int rc;

	while ((rc = SSL_read(link->tls, buffer, (int)size)) <= 0)
		if (!go_on(link, rc, give_up, argument))
			return -1;
	return rc;
}

bool link_write(struct link *link, const void *bytes, size_t len, link_give_up *give_up,
                void *argument)
{
	size_t done = 0;
	int rc;

	while (done < len) {
		size_t part = len - done < RECORD ? len - done : RECORD;

		rc = SSL_write(link->tls, (const char *)bytes + done, (int)part);
		if (rc > 0)
			done += (size_t)rc;
		else if (!go_on(link, rc, give_up, argument))
			return false;
	}
	return true;
}

void link_close(struct link *link, bool reset)
{
	struct linger linger = { .l_onoff = reset };

	if (reset)
		(void)setsockopt(link->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	else if (link->tls)
		(void)SSL_shutdown(link->tls);
	ERR_clear_error();
	SSL_free(link->tls);
	(void)close(link->fd);
	(void)close(link->wake);
}
