/* SPDX-License-Identifier: Apache-2.0 */
/* hardware - this host's board in the engine: when it is read again, its line in the journal, and
 * what `gatewake doctor` advises. It explains, and decides nothing: the core never sees it. */
#pragma once
#include "engine/engine.h"
#include "report/advice.h"

/* Each turn: looks again where it is time to. */
void hardware_look(struct engine *engine, uint64_t now_usec);

/* One line at the start, and one more for each kind of fault that shows later. *told, zeroed first,
 * holds what was told. */
void hardware_tell(const struct engine *engine, unsigned *told);

void hardware_advise(const struct engine *engine, struct advice *ret);
