/* SPDX-License-Identifier: Apache-2.0 */
/* address - `gatewake wait address`: the only thing to wait for that no agent is asked about. */
#pragma once
#include "config.h"

/* The exit code. */
int address_wait(const struct config *config);
