/* SPDX-License-Identifier: Apache-2.0 */
/* certs - the watches of a played agent: what they show of copies and grants lags behind, and is not
 * complete for a while after each loss of readiness; that the pods changed, where those are watched;
 * and what looks and proofs brought. Part of agent. */
#pragma once
#include "core/core.h"
#include "tests/model/model.h"

struct agent;
struct flight;

struct certs {
	bool begun, synced;
	uint32_t epoch;      /* of the snapshots */
	uint64_t lists_usec; /* they are complete then; absolute, as all here */
	uint64_t begun_usec;
	uint64_t shows_usec; /* what changed is shown then */
	uint32_t revision;   /* shown last */
	bool watches_pods;
	uint64_t tells_usec; /* that the operator's pods changed */
	uint64_t pods;       /* what they were then */
	struct {
		uint32_t uid, rotation; /* as shown last */
		uint32_t source;        /* version that the last look found */
		uint32_t copy;          /* version that the copy held then, 0: not known */
	} seen[MODEL_COPIES];
	struct evidence_copy copy[MODEL_COPIES];
	struct evidence_listener listener[MODEL_COPIES];
	unsigned lists, shows, stale; /* counts */
};

#define CERTS_SOURCE   1000u /* identities */
#define CERTS_LISTENER 5000u

void certs_start(struct agent *agent, uint64_t now_usec);
bool certs_advance(struct agent *agent, uint64_t now_usec); /* true: there is something new */
uint64_t certs_next(const struct agent *agent);
void certs_fill(struct agent *agent, const struct flight *flight, struct stamp at);
