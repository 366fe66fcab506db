/* SPDX-License-Identifier: Apache-2.0 */
/* referee - holds what agents do against the truth of the model. Each invariant has a name; the
 * first one that breaks ends the world. */
#pragma once
#include "tests/sim/world.h"

void referee_attach(struct world *world, size_t node);
void referee_watch(struct world *world); /* after each moment */
void referee_end(struct world *world);   /* at the end */
