/* SPDX-License-Identifier: Apache-2.0 */
/* words - every sentence that a person reads about a verdict, in one table: what it means, the command
 * that helps, the MESSAGE_ID of its journal entries. Pure. README's lists are compared with it. */
#pragma once
#include "core/core.h"

struct words {
	const char *name; /* as in status.json: "vip-not-usable" */
	const char *sentence;
	const char *command;    /* what a person may run, or NULL */
	const char *message_id; /* 32 hex digits */
};

enum words_mood { MOOD_GOOD, MOOD_WAITING, MOOD_BAD };

struct words_verdict {       /* of the cluster, or of a listener */
	const char *name;    /* "CONTROLLER_OFF", "NO_CERT" */
	const char *meaning; /* for people, without a full stop */
	const char *command; /* of a listener: what a person may run, or NULL */
	enum words_mood mood;
};

/* What the journal tells beside verdicts and the ways to the API server. */
enum news { NEWS_BOARD, NEWS_MOVED, NEWS_DUAL };
#define NEWS_COUNT 3

const char *words_of_news(enum news news); /* its MESSAGE_ID */

struct words_endpoint {
	const char *address; /* host:port, "" where it is not known */
	const char *detail;  /* "ECONNREFUSED after 0.00 s", "" where there is none */
	enum layer layer;
	uint64_t since_usec;
};

struct words_holder { /* of the virtual address; strings are never NULL */
	enum holder_state state;
	enum holder_source source;
	const char *link; /* the interface that carries it here, or "" */
	const char *peer; /* the other host's address, or "" */
	unsigned priority;
};

/* All that a line may speak of; pointers are never NULL. */
struct words_facts {
	enum verdict verdict;
	enum cause cause;
	uint64_t since_usec, until_usec;
	struct words_endpoint endpoint[ENDPOINT_COUNT];
	struct words_holder holder;
	const char *pod;           /* namespace/name of the pod spoken of, or "" */
	const char *object;        /* the CRD that is missing, the node, the API's refusal; or "" */
	const char *cilium;        /* "1.18" or "" */
	unsigned needed, present;  /* copies */
	unsigned provable, served; /* listeners */
	double tls_proven_s;       /* after the host booted; below 0: not yet */
	bool under_voltage;        /* seen since boot: it explains a wait */
};

const struct words *words_of_cause(enum cause cause);
const char *words_of_verdict(enum verdict verdict); /* "CONTROLLER_OFF" */
const struct words_verdict *words_of_proof(enum proof proof);

/* By its name, as status.json holds it; NULL: there is none of that name. */
const struct words_verdict *words_find_verdict(const char *name);
const struct words_verdict *words_find_proof(const char *name);
const char *words_of_restart(enum verdict verdict);    /* why a pod is deleted under it */
const char *words_of_layer(enum layer layer);          /* "vip" */
const char *words_of_layer_command(enum layer layer);  /* what helps there, or NULL */
const char *words_of_endpoint(enum endpoint endpoint); /* "local" */

/* "waiting for vip: 10.0.0.9:6443 nobody answers (EHOSTUNREACH after 3.07 s), 14 s". */
void words_of_wait(const struct words_facts *facts, enum endpoint endpoint, uint64_t now_usec,
                   char *line, size_t size);

/* The one line that says how it stands: STATUS=, the journal, `gatewake status`. */
void words_line(const struct words_facts *facts, uint64_t now_usec, char *line, size_t size);
