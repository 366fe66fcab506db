/* SPDX-License-Identifier: Apache-2.0 */
/* readiness - decides when one endpoint of the API server may be relied on. Pure.
 *
 * Usable after two good /readyz answers, the second on the connection of the first: a virtual
 * address that moves between two hosts would give the two from different servers. Lost after
 * three bad ones and as many seconds: a move of the address that keepalived announces takes
 * 0.6 s, and one that is shorter than that is kept quiet. Nothing is risked by it: whatever is asked
 * meanwhile fails by itself, and a restart wants two good rounds of the last 700 ms. */
#pragma once
#include "core/evidence.h"

/* Between two probes while all is well. They fall on whole such periods of the clock, and so does whatever else can
 * wait: then one wake-up serves them all. */
#define READINESS_PERIOD_USEC (5 * SECONDS_USEC)

enum readiness_state { READINESS_DOWN, READINESS_SETTLING, READINESS_USABLE, READINESS_SUSPECT };

struct readiness { /* zeroed: down, with a probe due at once */
	enum readiness_state state;
	enum layer layer;         /* what the last probe said */
	unsigned misses;          /* bad probes in a row */
	unsigned settles;         /* good answers in a row, each over a connection of its own */
	unsigned tardy;           /* bad probes since the eager first minutes ended */
	uint64_t judged_usec;     /* begin of the probe judged last */
	uint64_t since_usec;      /* of the layer, or of being usable */
	uint64_t down_since_usec; /* 0 while usable */
	uint64_t missed_usec;     /* the first bad probe of those in a row */
	uint64_t due_usec;        /* next probe */
	uint64_t stir_usec;       /* when a stir is to be followed; 0: none waits */
	uint64_t stirred_usec;    /* when one was followed last */
	unsigned stirred;         /* how many were, since a probe was judged */
};

enum readiness_change { READINESS_SAME, READINESS_GAINED, READINESS_LOST };

/* Judges the probe in *seen if it is newer than the last one judged. Cannot fail. */
enum readiness_change readiness_step(struct readiness *self, const struct evidence_endpoint *seen,
                                     uint64_t now_usec, uint32_t dice);

/* Something happened after which the answer may be another one: a probe is due at once, or a moment after
 * the last time, for whatever happens again and again. Where that never lets a probe come to its end, one has the
 * time that it needs. */
void readiness_stir(struct readiness *self, uint64_t now_usec);

/* True once, when that probe is due: one that is under way was sent into the time before. */
bool readiness_follow_stir(struct readiness *self, uint64_t now_usec);

/* True from the second good answer until the third bad one. */
bool readiness_usable(const struct readiness *self);
