/* SPDX-License-Identifier: Apache-2.0 */
/* fake - what all threads of the fake API server share: one world, one lock, and who is to be woken when it changes. */
#pragma once
#include "tests/fakeapi/api.h"

#include <pthread.h>

#define FAKE_LINKS 128
#define FAKE_RULES 16

/* An answer for requests of that method whose path and query hold a text. */
struct fake_rule {
	char method[8], text[128], message[256];
	unsigned status; /* 0: held, never carried out, until the rule goes */
};

struct fake_front {   /* a listener with its gate */
	int holder;   /* keeps the port while nobody listens */
	int listener; /* -1: refused */
	int wake;
	const char *ip;
	bool tells; /* of each connection */
	unsigned port;
	unsigned turn; /* counts up with each change: connections of before are reset */
	struct gate_fault fault;
};

struct fake {
	pthread_mutex_t lock;
	struct world world;
	uint64_t began_usec; /* of CLOCK_MONOTONIC */
	char token[64];
	SSL_CTX *context;
	struct fake_front front[GATE_COUNT];
	struct fake_rule rule[FAKE_RULES];
	size_t rule_count;
	unsigned rule_turn;
	unsigned watch_cuts, watch_resets, bookmarks; /* how often each was commanded */
	int wake[FAKE_LINKS];                         /* of the connections; 0: a free place */
	uint64_t woken_version;
};

uint64_t fake_now(const struct fake *fake); /* of the world */
void fake_lock(struct fake *fake);          /* and lets the world's time pass */
void fake_unlock(struct fake *fake);        /* and wakes whoever waits for what changed */
void fake_wake(struct fake *fake);          /* all connections; the caller has the lock */

/* A socket that is bound to that address, which need not be there (yet); port 0: any, which is then told. Ends the
 * program where it can't be had. */
int fake_bind(const char *ip, unsigned *port, bool reuse);

void front_start(struct fake *fake, enum gate gate);
void front_apply(struct fake *fake); /* the gates as the world says; the caller has the lock */

/* The Gateway's own listener: serves what the copies hold. */
void envoy_start(struct fake *fake, int listener);

/* Serves one connection until its end; owns fd. */
void connection_serve(struct fake *fake, enum gate gate, int fd, unsigned turn);

/* One line of the control protocol; the answer is one line. The caller has the lock. False: it ends here. */
bool control_line(struct fake *fake, const char *line, char *answer, size_t size);
