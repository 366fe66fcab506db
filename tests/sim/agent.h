/* SPDX-License-Identifier: Apache-2.0 */
/* agent - plays the engine around the core: turns its orders into requests to the model, fills the
 * evidence with what comes back, tells how each order ended, and keeps the ledger on a disk that
 * may fail. Everything runs on the host's own clock, which begins with each boot. */
#pragma once
#include "core/core.h"
#include "tests/model/model.h"
#include "tests/sim/certs.h"

#define FLIGHTS_MAX (3 * ORDERS_MAX)

struct habits {                         /* of the network and the host in one world */
	uint64_t least_usec, most_usec; /* there and back again */
	unsigned lost_percent;          /* answers that never come; of deletes half take effect */
	unsigned save_fails_percent;
	enum fault deletes;          /* what a delete is answered with ... */
	uint64_t deletes_until_usec; /* ... until then */
	uint64_t creates_until_usec; /* until then a policy refuses each create of a copy */
	enum order_kind forbids;     /* a kind that is answered 403 ... */
	uint64_t forbids_until_usec; /* ... until then */
	uint64_t withhold_usec;      /* the first order after that never gets an outcome, 0: none */
	bool sees_address;           /* its kernel tells of the virtual address; else only asking does */
	bool breaks_connections;     /* each second probe goes over a new connection */
};

struct shown_pod {
	uint32_t pod, version, container;
	int node;
	bool running, ready, terminating, held_back;
	uint64_t ended_usec, due_usec;
};

/* What the model answered at the time at which a request took effect. */
struct answer {
	enum fault fault;
	bool conflict;
	enum model_log log;
	size_t count;
	struct shown_pod pod[MODEL_PODS];
	uint32_t boot[MODEL_NODES];
	bool cordoned[MODEL_NODES], pressure[MODEL_NODES];
	bool paused;
	struct source source; /* of a look, of a create */
	uint32_t uid, holds;  /* of its copy */
	uint32_t serves;
	bool refused;
};

struct flight {
	bool used;
	bool orphan;   /* its agent died: nobody waits for the answer */
	bool reached;  /* took effect, or never will */
	bool withheld; /* the engine will never tell its end */
	bool lost;     /* the answer will not come */
	struct order order;
	uint32_t pod, version;          /* of a delete, a log */
	uint64_t effect_usec, end_usec; /* absolute */
	struct answer answer;
};

/* What an agent did, for the referee; absolute times. */
struct agent_sink {
	void (*ordered)(void *context, size_t node, const struct decision *decision,
	                const struct order *order);
	void (*deleting)(void *context, size_t node, uint32_t pod,
	                 uint32_t version); /* just before it takes effect */
	void (*creating)(void *context, size_t node, size_t source); /* the same */
	void (*stepped)(void *context, size_t node, bool changed);   /* agent->decision is new */
	void (*note)(void *context, size_t node, const char *text, uint32_t a, uint32_t b);
	void *context;
};

struct agent_counts {
	unsigned steps, asks, deletes, conflicts, lost, refused, saves, failed_saves, starts;
	unsigned creates, created, exist, creates_refused, creates_lost, proofs, proven;
};

/* Where in a round the agent is killed. */
enum kill_point { KILL_NEVER, KILL_BEFORE_SAVE, KILL_BEFORE_ORDERS, KILL_AFTER_ORDERS };

struct agent {
	size_t node;
	struct model *model;
	struct luck luck;
	struct habits habits;
	struct policy policy;
	struct agent_sink sink;
	struct agent_counts counts;
	bool alive;
	uint64_t started_usec; /* absolute */
	uint64_t wakes_usec;   /* absolute */
	struct ledger disk;    /* survives */
	struct core core;
	struct decision decision; /* of the last step */
	struct flight flight[FLIGHTS_MAX];
	struct evidence evidence;
	struct evidence_pod pod[OPERATORS_MAX];
	struct evidence_replicaset replicaset;
	struct evidence_log log[OPERATORS_MAX];
	struct certs certs;
	struct answer pods, nodes;   /* the last answers */
	bool alive_here[MODEL_PODS]; /* which of them the cgroups held, when that was looked at */
	uint64_t looked_usec;
	unsigned probes;
	enum kill_point kill_at_act; /* killed in the round of the next delete, at this point */
	bool died_at_act;
	uint64_t overdue_usec; /* since when something is overdue; absolute */
	unsigned spins;        /* steps in a row without progress of time */
};

void agent_start(struct agent *agent, uint64_t now_usec);
void agent_kill(struct agent *agent);
void agent_lose_flights(struct agent *agent); /* a power cut: nothing more takes effect */

/* Runs what is due; between two calls no time in agent_next() may be passed over. */
void agent_advance(struct agent *agent, uint64_t now_usec);
uint64_t agent_next(const struct agent *agent);

size_t agent_under_way(const struct agent *agent, enum order_kind kind, uint32_t about);

/* What a look at a source, or a create, found out about it. */
enum source_state flight_source(const struct flight *flight);
