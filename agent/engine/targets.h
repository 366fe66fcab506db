/* SPDX-License-Identifier: Apache-2.0 */
/* targets - where the two endpoints are: local is the kubeconfig's server, vip is what the operator
 * uses. Called before each step: the operator's Deployment may name another one at any time. */
#pragma once
#include "engine/engine.h"

/* What was remembered serves until the API server says otherwise; what it says is remembered. */
void targets_find(struct engine *engine, uint64_t now_usec);
