/* SPDX-License-Identifier: Apache-2.0 */
/* secrets - carries out the errands around one source Secret: look at it and at its copy (ASK_SOURCE),
 * create its copy (ACT_CREATE_COPY), and see what a listener serves (ASK_PROOF). */
#pragma once
#include "engine/engine.h"

void secrets_start(struct engine *engine, struct errand *errand, uint64_t now_usec);
void secrets_end(struct engine *engine, struct errand *errand, const struct http_end *end,
                 uint64_t now_usec);
