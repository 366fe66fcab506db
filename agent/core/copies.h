/* SPDX-License-Identifier: Apache-2.0 */
/* copies - which copies of certificates are needed and missing, and when one may be created. Pure; part
 * of the core, not a door. A copy is only ever created: never patched, never deleted.
 *
 * At once, unless the controller is known to be on: a healthy operator does it itself within seconds,
 * so then after 5 s. After a delete that was seen: 300 ms later, then 1 s, then 3 s, for the one who
 * deletes may not be done (its own delete event makes it look at the source again). */
#pragma once
#include "core/evidence.h"

enum result;
struct core;
struct decision;
struct policy;

#define CREATES_MAX 8 /* at once */

struct kept { /* of one source; source 0: a free place */
	uint32_t source;
	uint64_t missing_usec; /* since when its copy is missing, 0: it is not */
	uint64_t wrong_usec;   /* since when it is missing or stale though it could be right, 0: it is not */
	uint64_t retry_usec;   /* not before */
	uint64_t asked_usec;   /* end of the last look at the source */
	unsigned failed;       /* creates in a row that did not succeed */
	bool refused;          /* the last one, by the API */
	bool created;          /* by us, and not gone since */
	bool restarted;        /* the controller was restarted because this one stayed wrong */
	bool listed;           /* in the evidence of this step */
};

struct copies { /* zeroed: nothing known */
	struct kept kept[SOURCES_MAX];
	unsigned needed, present, missing, created, blocked, stale; /* as of the last step */
	uint64_t wrong_usec; /* the longest that one is wrong, 0: none is */
};

#define NEGLECTED_USEC (90 * SECONDS_USEC) /* a healthy operator mends a copy within seconds */

/* One stayed wrong for so long, and no restart was made for it yet: at most one a copy and fault. */
bool copies_want_restart(const struct copies *self, uint64_t now_usec);
void copies_note_restart(struct copies *self);

/* Takes in the evidence. */
void copies_latch(struct core *core, const struct evidence *evidence, uint64_t now_usec);

/* Orders what is due. */
void copies_plan(struct core *core, const struct policy *policy, const struct evidence *evidence, bool on,
                 uint64_t now_usec, struct decision *ret);

/* The outcome of ACT_CREATE_COPY (create) or ASK_SOURCE about that source. */
void copies_note(struct copies *self, uint32_t source, bool create, enum result result, uint64_t ended_usec);
