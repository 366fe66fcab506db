/* SPDX-License-Identifier: Apache-2.0 */
/* diagnosis - turns evidence into one verdict with a cause. Pure; part of the core, not a door.
 *
 * Only positive evidence counts: the absence of a line or an answer is "not known". A container
 * is judged by its own log, and the judgement is latched for it: the identity comes before the
 * time. A judgement counts once a look at the pods that began after the log was read still shows
 * that container, alive. Order of the rows: shared design, "Diagnosis"; first match wins. */
#pragma once
#include "core/core.h"

struct finding {
	enum verdict verdict;
	enum cause cause;
	uint32_t about;
	bool on; /* .about is a controller that is known to be on */
};

/* Takes in what is new of pods and logs; tells the ledger what was seen. */
void diagnosis_latch(struct core *core, const struct evidence *evidence, uint64_t now_usec);

struct finding diagnosis_find(const struct core *core, const struct evidence *evidence,
                              uint64_t now_usec);

/* Since when each container that counts and is judged has been known to be on; 0: none is, or one is
 * off, for that one may lead. */
uint64_t diagnosis_on_usec(const struct core *core, const struct evidence *evidence);

/* The pod runs a container that can be judged: running, not going away, and of this boot where it
 * is on this node. */
bool diagnosis_counts(const struct evidence_pod *pod);

/* The pod's container ended, in this boot where it is on this node, and the next one waits out a
 * back-off. */
bool diagnosis_held_back(const struct evidence_pod *pod);

/* Where core->judged holds that container; OPERATORS_MAX: never seen. */
size_t diagnosis_place(const struct core *core, uint32_t container);
