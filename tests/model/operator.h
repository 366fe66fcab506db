/* SPDX-License-Identifier: Apache-2.0 */
/* operator - one process of cilium-operator 1.18.4: asks for its CRDs once, waits for the Lease,
 * and as leader keeps or deletes the copies. Part of the model. */
#pragma once
#include "tests/model/model.h"

void operator_start(struct model *model, struct process *process, uint64_t now_usec);
void operator_run(struct model *model, struct pod *pod, uint64_t now_usec);
uint64_t operator_next(const struct process *process);

/* gracefully: by SIGTERM; if the API answers then, the Lease is left empty. */
void operator_end(struct model *model, struct process *process, bool gracefully, uint64_t now_usec);
