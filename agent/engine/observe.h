/* SPDX-License-Identifier: Apache-2.0 */
/* observe - turns asks into requests, and their ends into evidence. */
#pragma once
#include "engine/engine.h"

/* Sends the first request of an ask; finishes the errand at once where that can't be done. */
void observe_start(struct engine *engine, struct errand *errand, uint64_t now_usec);

/* Takes in one end of an ask: the next request goes out, or the errand is finished. */
void observe_end(struct engine *engine, struct errand *errand, const struct http_end *end,
                 uint64_t now_usec);

/* Looks which of the pods' containers are alive on this host, at most every 100 ms. */
void observe_life(struct engine *engine, uint64_t now_usec);
