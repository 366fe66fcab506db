/* SPDX-License-Identifier: Apache-2.0 */
/* oplog - what the operator's log says about its Gateway controller. Pure, a bounded search over
 * bytes read from the log's head in one unbroken read; no JSON parser, for the lines come as text or
 * as JSON and only their words count. Source: operator/pkg/gateway-api/cell.go and
 * operator/pkg/secretsync/secretsync.go of Cilium 1.15 to 1.20, and the real operators' logs. */
#pragma once
#include "base/span.h"
#include "core/evidence.h"

#define OPLOG_MAX_BYTES (256 * 1024) /* the lines stand within the first second of a process */

/* LOG_OFF, LOG_ON, LOG_SPLIT, LOG_OPAQUE or LOG_NOTHING; never LOG_UNREADABLE. A last line without
 * its newline is not looked at: it may be half a line. */
enum log_says oplog_judge(struct span log);
