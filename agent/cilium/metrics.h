/* SPDX-License-Identifier: Apache-2.0 */
/* metrics - what the operator's own metrics say about its Gateway controller. Pure; a bounded search in
 * the Prometheus text format. Source: controller-runtime's active_workers gauge, set up when a controller starts,
 * in the leader alone; names as seen on 1.18.4 and 1.20.2. */
#pragma once
#include "base/span.h"
#include "core/evidence.h"

#define METRICS_MAX_BYTES (2 * 1024 * 1024)

enum metrics_say metrics_judge(struct span text);
