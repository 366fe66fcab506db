/* SPDX-License-Identifier: Apache-2.0 */
/* crash - why an operator ended, by the last words that the kubelet kept of it (terminationMessagePolicy
 * FallbackToLogsOnError: the end of its log). Pure; a bounded search. Source: operator/pkg/gateway-api/cell.go
 * (#44662), controller-runtime's field indexers, and real exits of 1.18.4 and 1.20.2. */
#pragma once
#include "base/span.h"
#include "core/evidence.h"

enum crash crash_judge(struct span message);
