/* SPDX-License-Identifier: Apache-2.0 */
/* server - a tiny TLS server on an ephemeral loopback port, in a thread, that answers each request with
 * one fixed text or misbehaves in one way. It ends with the test. */
#pragma once
#include "tests/unit/certs.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum server_way {
	SERVER_ANSWERS,
	SERVER_CLOSES,
	SERVER_STALLS,
	SERVER_SILENT,
	SERVER_HANGS_UP, /* reads the client's hello, and closes without a word */
	SERVER_RESETS,   /* the same with a reset */
	SERVER_BABBLES,  /* the same with an answer that is no TLS */
	SERVER_ALERTS,   /* knows no such name */
};

struct server {
	enum server_way way;
	const char *answer; /* whole, with its header; kept alive after it */
	int newest_tls;     /* 0: the newest there is */
	bool wants_client;  /* no handshake without a client certificate */
	int listener;
	uint16_t port;
	char url[64];
	char *cert, *key;
	SSL_CTX *context;
	pthread_t thread;
	_Atomic int connections;
	char request[4096]; /* the last one */
	char asked_for[64]; /* the last name in SNI */
};

static inline int server_see_name(SSL *tls, int *alert, void *argument)
{
	struct server *server = argument;
	const char *name = SSL_get_servername(tls, TLSEXT_NAMETYPE_host_name);

	(void)snprintf(server->asked_for, sizeof(server->asked_for), "%s", name ? name : "");
	*alert = SSL_AD_UNRECOGNIZED_NAME;
	return server->way == SERVER_ALERTS ? SSL_TLSEXT_ERR_ALERT_FATAL : SSL_TLSEXT_ERR_OK;
}

/* All of the hello is read first: closing with something unread would be a reset. */
static inline void server_break(const struct server *server, int fd)
{
	static const char babble[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
	struct linger reset = { .l_onoff = 1 };
	char hello[16384];

	if (read(fd, hello, sizeof(hello)) <= 0)
		return;
	if (server->way == SERVER_RESETS)
		(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	if (server->way == SERVER_BABBLES)
		(void)!write(fd, babble, sizeof(babble) - 1);
}

static inline void server_talk(struct server *server, SSL *tls)
{
	while (SSL_read(tls, server->request, sizeof(server->request) - 1) > 0) {
		if (server->way == SERVER_SILENT)
			continue;
		if (SSL_write(tls, server->answer, (int)strlen(server->answer)) <= 0)
			break;
	}
}

static inline void *server_run(void *argument)
{
	struct server *server = argument;
	int fd;

	while ((fd = accept(server->listener, NULL, NULL)) >= 0) {
		SSL *tls = SSL_new(server->context);
		char byte;

		server->connections++;
		if (server->way == SERVER_STALLS) {
			while (read(fd, &byte, 1) > 0)
				;
		} else if (server->way == SERVER_HANGS_UP || server->way == SERVER_RESETS ||
			   server->way == SERVER_BABBLES) {
			server_break(server, fd);
		} else if (server->way != SERVER_CLOSES && SSL_set_fd(tls, fd) == 1 &&
		           SSL_accept(tls) == 1) {
			server_talk(server, tls);
		}
		SSL_free(tls);
		(void)close(fd);
	}
	return NULL;
}

static inline void server_start(struct server *server)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	EVP_PKEY *key = certs_new_key(CERTS_EC);

	(void)signal(SIGPIPE, SIG_IGN);
	server->cert = certs_sign(key, CERTS_EC, time(NULL) - 3600, time(NULL) + 3600);
	server->key = certs_key_pem(key, NULL);
	server->context = SSL_CTX_new(TLS_server_method());
	assert_int_equal(SSL_CTX_set_max_proto_version(server->context, server->newest_tls), 1);
	if (server->wants_client)
		SSL_CTX_set_verify(server->context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	(void)SSL_CTX_set_tlsext_servername_callback(server->context, server_see_name);
	(void)SSL_CTX_set_tlsext_servername_arg(server->context, server);
	BIO *bio = BIO_new_mem_buf(server->cert, -1);
	X509 *leaf = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	assert_int_equal(SSL_CTX_use_certificate(server->context, leaf), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(server->context, key), 1);
	X509_free(leaf);
	BIO_free(bio);
	EVP_PKEY_free(key);
	server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server->listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(server->listener, 8), 0);
	assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &len), 0);
	server->port = ntohs(address.sin_port);
	(void)snprintf(server->url, sizeof(server->url), "https://127.0.0.1:%u", server->port);
	assert_int_equal(pthread_create(&server->thread, NULL, server_run, server), 0);
}

/* The client's connections must be closed before: the thread serves one at a time until its end. */
static inline void server_stop(struct server *server)
{
	(void)shutdown(server->listener, SHUT_RDWR);
	(void)pthread_join(server->thread, NULL);
	(void)close(server->listener);
	SSL_CTX_free(server->context);
	free(server->cert);
	free(server->key);
}
