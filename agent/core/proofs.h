/* SPDX-License-Identifier: Apache-2.0 */
/* proofs - when a listener's certificate is to be looked at again, and what all looks together say.
 * Pure; part of the core, not a door. A look follows each change, and the audit. */
#pragma once
#include "core/evidence.h"

struct core;
struct decision;
struct order;
struct outcome;

#define PROOFS_MAX 4 /* handshakes at once */

struct proofs { /* zeroed: nothing looked at */
	struct proven {
		uint32_t listener; /* 0: a free place */
		uint64_t asked_usec;
		uint64_t looked_usec; /* begin of the look taken in last */
		unsigned far;         /* looks in a row that found no way there */
		unsigned misses; /* looks in a row that did not see the right certificate */
		uint32_t luck;   /* of the pause until the next look */
		bool reached;    /* a connection came about once: there is a way from here */
		bool listed;
	} kept[LISTENERS_MAX];
	unsigned provable, served, bad; /* as of the last step */
};

void proofs_latch(struct core *core, const struct evidence *evidence);
void proofs_plan(struct core *core, const struct evidence *evidence, uint64_t now_usec,
                 struct decision *ret);

/* Whether a listener is to be looked at still, of those whose certificate is known. */
bool proofs_pending(const struct core *core, const struct evidence *evidence);

/* How an ASK_PROOF ended. */
void proofs_note(struct core *core, const struct order *order, const struct outcome *outcome);
