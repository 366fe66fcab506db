/* SPDX-License-Identifier: Apache-2.0 */
/* survey - sees the cluster as doctor does, for those who need to know what rights the agent needs in it. */
#pragma once
#include "engine/cycle.h"
#include "kube/manifest.h"

/* Looks, and builds the manifest of what is there now. Returns 0, or the exit code of what was said on stderr. */
int survey(struct engine *engine, const char *command, struct manifest **ret);
