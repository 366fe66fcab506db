/* SPDX-License-Identifier: Apache-2.0 */
/* settled - whether an answer is one that waiting on would not change: what `gatewake doctor` stops at.
 * Pure; part of the core, not a door. Where it never comes, the command's own time decides. */
#pragma once
#include "core/core.h"

bool settled(const struct core *core, const struct policy *policy, const struct evidence *evidence);
