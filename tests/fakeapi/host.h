/* SPDX-License-Identifier: Apache-2.0 */
/* host - the tree that stands for the host's /proc and /sys: this boot's id, and the containers' cgroups. */
#pragma once
#include "tests/fakeapi/world.h"

void host_show_boot(const struct world *world, uint32_t boot);
void host_show_container(const struct world *world, uint32_t container, bool alive);
