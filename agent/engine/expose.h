/* SPDX-License-Identifier: Apache-2.0 */
/* expose - what only gatewake.prom says: when every listener had been proven anew. And that file, where a
 * directory for it is given; written only when something changed, a trouble told once. */
#pragma once
#include "engine/engine.h"

/* Once a round, not once a listener: as soon as each that is served has been looked at again since the time
 * before. The date is what the wall clock says now, so it follows its steps, and nothing less than those. */
void expose_note_proof(struct last_proof *self, enum verdict verdict,
                       const struct evidence_listeners *listeners, uint64_t now_usec,
                       int64_t wall_sec);

/* status: as tell has filled it. */
void expose_status(struct engine *engine, struct status *status, uint64_t now_usec);
