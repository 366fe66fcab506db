/* SPDX-License-Identifier: Apache-2.0 */
/* act - carries out what the core decided to write. */
#pragma once
#include "engine/engine.h"

void act_start(struct engine *engine, struct errand *errand, uint64_t now_usec);
void act_end(struct engine *engine, struct errand *errand, const struct http_end *end,
             uint64_t now_usec);
