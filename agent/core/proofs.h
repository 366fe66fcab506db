/* SPDX-License-Identifier: Apache-2.0 */
/* proofs - when a listener's certificate is to be looked at again, and what all looks together say. Pure;
 * part of the core, not a door. A look follows each change, and the audit. */
#pragma once
#include "core/evidence.h"

struct core;
struct decision;

struct proofs { /* zeroed: nothing looked at */
	struct {
		uint32_t listener; /* 0: a free place */
		uint64_t asked_usec;
		unsigned misses; /* looks in a row that did not see the right certificate */
		bool listed;
	} kept[LISTENERS_MAX];
	unsigned provable, served, bad; /* as of the last step */
};

void proofs_latch(struct core *core, const struct evidence *evidence);
void proofs_plan(struct core *core, const struct evidence *evidence, uint64_t now_usec, uint32_t dice,
                 struct decision *ret);
void proofs_note(struct proofs *self, uint32_t listener, uint64_t ended_usec);
