/* SPDX-License-Identifier: Apache-2.0 */
/* copies - which copies of certificates are needed and missing, and when one may be created. Pure;
 * part of the core, not a door. A copy is only ever created: never patched, never deleted.
 *
 * At once, unless the controller is known to be on: a healthy operator does it itself within
 * seconds, so then after 5 s. After a delete that was seen: 300 ms later, then 1 s, then 3 s, then
 * ever later, for the one who deletes may not be done (its own delete event makes it look at the
 * source again). */
#pragma once
#include "core/evidence.h"

struct core;
struct decision;
struct order;
struct outcome;
struct policy;

#define CREATES_MAX 8 /* at once */
#define LOOKS_MAX   4

#define NEGLECTED_USEC (90 * SECONDS_USEC) /* a healthy operator mends a copy within seconds */

struct kept { /* of one source; source 0: a free place */
	uint32_t source;
	uint64_t missing_usec; /* since when its copy is missing and could be right, 0: it is not */
	uint64_t owed_usec;    /* since when the operator owes it, see is_owed(); 0: it does not */
	uint64_t retry_usec;   /* no create before */
	uint64_t looked_usec;  /* end of the last look at the source */
	uint64_t created_usec; /* when our create was answered with yes, 0: not by us */
	uint64_t gone_usec;    /* the last delete of the copy */
	unsigned deletes;      /* of it in a row, each soon after our create */
	unsigned failed;       /* creates in a row that did not succeed */
	unsigned looks;        /* in a row that did not find a valid source */
	uint32_t luck;         /* of the pauses until the next create and look */
	bool refused;          /* the last create, by the API */
	bool restarted;        /* the controller was restarted because this one stayed wrong */
	bool listed;           /* in the evidence of this step */
};

struct copies { /* zeroed: nothing known */
	struct kept kept[SOURCES_MAX];
	bool known;     /* was complete once; what is counted below is as of then */
	bool current;   /* and is complete in this step: it may be acted on */
	uint32_t epoch; /* in which the times above were taken */
	unsigned needed, present, created, stale;
	unsigned wrong; /* missing or stale, and could be right */
	unsigned
		blocked; /* the API, a limit of its names or a foreign copy keeps it from being created */
	unsigned unfit;         /* missing, and its source is missing, unreadable or invalid */
	uint64_t owed_usec;     /* the longest that one is owed, 0: none is */
	uint64_t hopeful_usec;  /* the same, of those for which no restart was made */
	uint32_t restarted_for; /* the container whose pod is being deleted for their sake */
};

/* From when on the controller, on since on_usec, has neglected one that it owes since then. */
uint64_t copies_neglected_from(uint64_t owed_usec, uint64_t on_usec);

/* Takes in the evidence. */
void copies_latch(struct core *core, const struct evidence *evidence, uint64_t now_usec);

/* Orders what is due. on_usec: since when the controller is known to be on, 0: it is not. */
void copies_plan(struct core *core, const struct policy *policy, const struct evidence *evidence,
                 uint64_t on_usec, uint64_t now_usec, struct decision *ret);

/* How many are to be looked at or created still; a look that never brings an answer is given up. */
unsigned copies_pending(const struct core *core, const struct policy *policy,
                        const struct evidence *evidence);

/* How an ACT_CREATE_COPY or an ASK_SOURCE ended. */
void copies_note(struct core *core, const struct order *order, const struct outcome *outcome);

/* The pod of that container was deleted: at most one restart a copy and fault. */
void copies_note_restart(struct copies *self, uint32_t container);
