/* SPDX-License-Identifier: Apache-2.0 */
/* ledger - keeps the core's budget on disk, in one line of the state directory. What that does not take (it is full, or
 * read-only) is kept in memory, also for the next start of the service: else an agent that ends again and again would
 * restart the controller again and again. */
#pragma once
#include "engine/engine.h"

/* A missing ledger is an empty one; one that cannot be used is told and taken as empty. */
void ledger_load(struct engine *engine);

/* Durable when it returns. A ledger that cannot be saved is told once and does not stop the restart. */
void ledger_save(struct engine *engine, const struct ledger *ledger);
