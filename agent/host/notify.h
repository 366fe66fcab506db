/* SPDX-License-Identifier: Apache-2.0 */
/* notify - tells systemd how the service is: READY=1, STATUS=, WATCHDOG=1, STOPPING=1. Without
 * $NOTIFY_SOCKET every call does nothing. */
#pragma once
#include <stdint.h>

void notify_ready(const char *status);
void notify_status(const char *status);
void notify_watchdog(void);
void notify_stopping(void);

/* The watchdog's period, 0 where none is set for this process. */
uint64_t notify_watchdog_usec(void);
