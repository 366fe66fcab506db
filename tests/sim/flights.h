/* SPDX-License-Identifier: Apache-2.0 */
/* flights - the requests of a played agent: when each takes effect on the model, what that answers,
 * and how it ends. Part of agent. */
#pragma once
#include "tests/sim/agent.h"

void flight_send(struct agent *agent, const struct order *order, uint64_t now_usec);
void flight_reach(struct agent *agent, struct flight *flight, uint64_t now_usec);
enum result flight_result(const struct flight *flight);
