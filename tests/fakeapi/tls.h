/* SPDX-License-Identifier: Apache-2.0 */
/* tls - certificates made at start, and a TLS connection that can be woken. Out of luck ends the program. */
#pragma once
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

struct tls_identity { /* PEM; owned */
	char *cert, *key;
};

/* The date of issue of all that are made from now on; 0, as at first: the time when each is made. */
void tls_issue_at(time_t date);

/* Signed by ca, or by itself where there is none (then it is a CA). names: what else it is good for, in OpenSSL's words
 * ("IP:127.0.0.1"), or NULL. */
void tls_make(struct tls_identity *ret, const char *name, const char *names,
              const struct tls_identity *ca);
void tls_make_rsa(struct tls_identity *ret, const char *name); /* as without a ca */
void tls_identity_clear(struct tls_identity *self);

/* What a client shows that it is known by: random. */
#define TLS_TOKEN_SIZE 33
void tls_make_token(char token[TLS_TOKEN_SIZE]);

SSL_CTX *tls_context(const char *cert_pem, const char *key_pem);

/* A connection that was accepted, non-blocking; wake is an eventfd that ends a wait. */
struct link {
	int fd, wake;
	SSL *tls; /* NULL: not shaken hands yet */
};

enum link_event { LINK_READABLE, LINK_WOKEN, LINK_TIMED_OUT };

/* Waits; msec -1: for ever. */
enum link_event link_wait(const struct link *link, short events, int msec);

/* Each goes on through wakes unless give_up says so. False: it is over. */
typedef bool link_give_up(void *argument);
bool link_shake(struct link *link, SSL_CTX *context, link_give_up *give_up, void *argument);
ssize_t link_read(struct link *link, void *buffer, size_t size, link_give_up *give_up,
                  void *argument);
bool link_write(struct link *link, const void *bytes, size_t len, link_give_up *give_up,
                void *argument);

/* With a goodbye, or with a reset. */
void link_close(struct link *link, bool reset);
