/* SPDX-License-Identifier: Apache-2.0 */
/* remedy - whether the pod of a container that was found off, neglectful or held back may be deleted now, and
 * if not, what that waits for. Pure; part of the core, not a door. First, do no harm: an off operator is better
 * than none, so its replacement must be able to run, and everything is read again just before. */
#pragma once
#include "core/core.h"

struct permit {
	enum cause cause;    /* CAUSE_NONE: go; else what it waits for */
	uint64_t until_usec; /* when that may be over, 0: not known */
};

/* Marks in core->ask which asks are needed fresh. */
struct permit remedy_may_restart(struct core *core, const struct policy *policy,
                                 const struct evidence *evidence, uint32_t container,
                                 uint64_t now_usec);
