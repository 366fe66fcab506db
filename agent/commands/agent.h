/* SPDX-License-Identifier: Apache-2.0 */
/* agent - what the running agent of this runtime directory says, for the commands that ask it. */
#pragma once
#include "config.h"
#include "host/runfile.h"

/* Reads status.json of an agent that lives; status_clear() frees what it holds. What an agent left that
 * died is nobody's word.
 *   -ESRCH   no agent lives
 *   -EACCES  the directory may not be entered
 *   -errno   its file cannot be read; one line in ret_failure each time */
int agent_read(const struct config *config, struct status *ret, struct failure *ret_failure);
