/* SPDX-License-Identifier: Apache-2.0 */
/* envoy - the Gateway's listener: TLS with what the copy holds that belongs to the name asked for; without a copy, a
 * reset. It keeps no certificate in memory, like an Envoy that is fed by xDS. */
#include "tests/fakeapi/fake.h"

#include <openssl/pem.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

static struct {
	struct fake *fake;
	int listener;
	SSL_CTX *context;
} house;

static char *data_of(const struct stored *copy, const char *key)
{
	const cJSON *data = cJSON_GetObjectItemCaseSensitive(copy->json, "data");
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(data, key));
	size_t len = text ? strlen(text) : 0;
	char *out = calloc(1, len + 4);

	if (text && out &&
	    EVP_DecodeBlock((unsigned char *)out, (const unsigned char *)text, (int)len) < 0)
		out[0] = '\0';
	return out;
}

static bool use(SSL *tls, const char *cert_pem, const char *key_pem)
{
	BIO *cert_bio = BIO_new_mem_buf(cert_pem, -1), *key_bio = BIO_new_mem_buf(key_pem, -1);
	X509 *cert = PEM_read_bio_X509(cert_bio, NULL, NULL, NULL);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(key_bio, NULL, NULL, NULL);
	bool done = cert && key && SSL_use_certificate(tls, cert) == 1 &&
	            SSL_use_PrivateKey(tls, key) == 1;

	X509_free(cert);
	EVP_PKEY_free(key);
	BIO_free(cert_bio);
	BIO_free(key_bio);
	return done;
}

static bool use_copy(SSL *tls, struct fake *fake, const char *hostname)
{
	size_t i = world_source_of(&fake->world, hostname);
	const struct world_source *source = &fake->world.source[i < MODEL_COPIES ? i : 0];
	const struct stored *copy =
		store_find(&fake->world.store, "secrets", "cilium-secrets", source->copy);
	char *cert, *key;
	bool done;

	if (i == MODEL_COPIES || !copy)
		return false;
	if (source->serves_wrong)
		return use(tls, source->wrong.cert, source->wrong.key);
	cert = data_of(copy, "tls.crt");
	key = data_of(copy, "tls.key");
	done = use(tls, cert, key);
	free(cert);
	free(key);
	return done;
}

/* RFC 6066: a list's length, a type, a name's length, the name. */
static int hello(SSL *tls, int *alert, void *argument)
{
	struct fake *fake = argument;
	const unsigned char *bytes;
	char hostname[256] = "";
	size_t len;
	bool done;

	(void)alert;
	if (SSL_client_hello_get0_ext(tls, TLSEXT_TYPE_server_name, &bytes, &len) == 1 && len > 5)
		(void)snprintf(hostname, sizeof(hostname), "%.*s", (int)(len - 5),
		               (const char *)bytes + 5);
	fake_lock(fake);
	done = use_copy(tls, fake, hostname);
	fake_unlock(fake);
	return done ? SSL_CLIENT_HELLO_SUCCESS
	            : SSL_CLIENT_HELLO_RETRY; /* RETRY: nothing is said */
}

static bool never(void *argument)
{
	(void)argument;
	return false;
}

static void *serve(void *argument)
{
	struct link link = { .fd = *(int *)argument,
		             .wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
	char byte;
	bool shaken;

	free(argument);
	shaken = link_shake(&link, house.context, never, NULL);
	if (shaken)
		(void)link_read(&link, &byte, 1, never, NULL);
	link_close(&link, !shaken);
	return NULL;
}

static void *listen_on(void *argument)
{
	struct pollfd fd = { .fd = house.listener, .events = POLLIN };
	pthread_t thread;

	for (;;) {
		int *guest = malloc(sizeof(*guest));

		(void)poll(&fd, 1, -1);
		if (!guest)
			abort();
		*guest = accept4(house.listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (*guest < 0)
			free(guest);
		else if (pthread_create(&thread, NULL, serve, guest) == 0)
			(void)pthread_detach(thread);
	}
	return argument;
}

void envoy_start(struct fake *fake, int listener)
{
	pthread_t thread;

	house.fake = fake;
	house.listener = listener;
	house.context = SSL_CTX_new(TLS_server_method());
	SSL_CTX_set_client_hello_cb(house.context, hello, fake);
	if (listen(listener, 64) != 0 || pthread_create(&thread, NULL, listen_on, NULL) != 0)
		abort();
	(void)pthread_detach(thread);
}
