/* SPDX-License-Identifier: Apache-2.0 */
/* cycle - the loop: look, think, do, tell, and round again, with one place that waits. Owns all that
 * runs; a command owns the cycle. */
#pragma once
#include "config.h"
#include "engine/engine.h"

/* Opens what is needed: HTTP, the ledger of the state directory, this boot's id. The kubeconfig may be missing
 * or bad: then engine->no_credentials says why, and cycle_reload() reads it again. Only a policy that
 * may restart keeps the ledger; the others read it. silent: nothing goes to the journal. -ENOMEM. */
int cycle_new(const struct config *config, const struct policy *policy, bool silent,
              struct engine **ret);

/* What the service may do in that mode. */
unsigned cycle_policy(enum config_mode mode);
struct engine *cycle_free(struct engine *engine); /* always NULL */
DEFINE_CLEANUP(struct engine, cycle_free)

/* Reads the kubeconfig anew; what was under way is finished as unreachable. */
void cycle_reload(struct engine *engine);

/* Waits for whatever may give the next turn something to do: at most so long, and no longer than until the
 * decision's wake_usec or an event at the caller's own fd (below 0: none). -errno. */
int cycle_wait(struct engine *engine, int fd, uint64_t most_usec);

/* One turn: a decision is made and carried out, ends are taken in until there are none. */
void cycle_turn(struct engine *engine, uint64_t now_usec);
