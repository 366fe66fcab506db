/* SPDX-License-Identifier: Apache-2.0 */
/* world - one seed: a kind of trouble, the model in it, an agent on each node, and a referee who
 * knows the truth of the model and holds the agents to their promises. */
#pragma once
#include "tests/sim/agent.h"

#define EVENTS_MAX 96

enum event_kind {
	EVENT_CUT,
	EVENT_CLEAN_CUT,
	EVENT_BOOT,
	EVENT_START,
	EVENT_KILL,
	EVENT_CRASH,
	EVENT_ROTATE, /* .node is the source, of this and all that follow */
	EVENT_TOUCH,
	EVENT_LOSE_COPY,
	EVENT_GRANT,
	EVENT_MEND_SOURCE,
};

struct event {
	uint64_t usec;
	enum event_kind kind;
	size_t node;
	struct boot_plan plan;
};

enum promise {
	PROMISE_HEALS = 1 << 0, /* ends HEALTHY, the controller truly on, every copy there */
	PROMISE_NO_DELETE = 1 << 1,
	PROMISE_NO_SAVE = 1 << 2,
	PROMISE_OVERDUE = 1 << 3, /* an outcome is withheld, and that is said */
	PROMISE_LADDER =
		1 << 4, /* gives up more and more slowly: between 6 and 12 restarts in 6 hours */
	PROMISE_OFF = 1 << 5, /* ends CONTROLLER_OFF with .cause */
	PROMISE_NO_CREATE = 1 << 6,
	PROMISE_COPIES = 1 << 7, /* ends with every copy there, whoever made it */
};

struct world;

struct kind {
	const char *name, *says;
	unsigned promises;    /* PROMISE_* */
	enum cause cause;     /* of PROMISE_OFF */
	uint64_t heals_usec;  /* at the latest, after the last trouble */
	uint64_t window_usec; /* so long before the deletion of the copies is enough to prevent it;
	                         0: no promise */
	unsigned nodes, replicas;
	void (*make)(struct world *world);
};

extern const struct kind kinds[];
extern const size_t kind_count;

/* What one agent did to the budget, by the truth of the model. */
struct book {
	uint32_t boot, container;
	unsigned failed;
	uint64_t last_usec;
};

struct tally { /* summed up over worlds, to show that they reach what they are about */
	uint64_t virtual_usec, healing_usec;
	unsigned lost_races, losses, saved, deletes, repeats, conflicts, lost, refused, saves,
		failed_saves, kills, cuts, crashes, overdue, yesterdays, waits, elsewhere;
	unsigned creates, created, exist, creates_refused, creates_lost, touched, mended, adopted;
	unsigned lists, stale, proofs, proven, patient, returned, gave_up, held_back;
};

struct world {
	const struct kind *kind;
	uint64_t seed;
	bool verbose;
	struct luck luck;
	struct model model;
	struct agent agent[MODEL_NODES];
	struct event event[EVENTS_MAX];
	size_t event_count;
	uint64_t now_usec;
	uint64_t calm_usec; /* the last trouble is over */
	uint64_t end_usec;
	uint64_t status_usec[MODEL_NODES]; /* the pod's status is of this boot from then on */
	bool with_api[MODEL_NODES];        /* the node carries the API server and its store */
	/* the referee's */
	const char *broken; /* the invariant that was broken first, or NULL */
	char detail[160];
	struct book book[MODEL_NODES];
	uint64_t last_on_usec; /* an operator process that is on was alive */
	uint64_t cordoned_from_usec[MODEL_NODES];
	unsigned losses_judged;
	uint64_t missing_usec[MODEL_COPIES]; /* since when, 0: it is there or not needed */
	uint64_t mended_usec[MODEL_COPIES];  /* when its source will have been looked at again */
	uint64_t known_on_usec[MODEL_NODES]; /* since when that agent says that it is on, 0: not */
	uint64_t minute[MODEL_NODES][MODEL_COPIES]; /* of creates */
	unsigned creates_then[MODEL_NODES][MODEL_COPIES];
	uint64_t proven_usec[MODEL_NODES]; /* since when that agent says PROVEN, 0: it does not */
	uint64_t unserved_usec
		[MODEL_COPIES];       /* since when its listener serves another one, 0: the right */
	uint64_t second[MODEL_NODES]; /* asks before the running second */
	unsigned asks_then[MODEL_NODES];
	unsigned changes;     /* of what is told, after all had come to rest */
	uint64_t healed_usec; /* since when all has been well, 0: it is not */
	struct tally tally;
};

/* Runs the world of that seed to its end, or to the first broken invariant. */
void world_run(struct world *world, uint64_t seed, bool verbose);

void world_event(struct world *world, uint64_t usec, enum event_kind kind, size_t node);
void world_say(const struct world *world, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
