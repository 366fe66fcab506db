/* SPDX-License-Identifier: Apache-2.0 */
/* notify - tells systemd how the service is: READY=1, STATUS=, WATCHDOG=1, STOPPING=1. Without
 * $NOTIFY_SOCKET every call does nothing. */
#pragma once
#include <stdint.h>

void notify_ready(const char *status);
void notify_status(const char *status);
void notify_watchdog(void);
void notify_stopping(void);

/* Gives systemd that file to hold, by that name, until the service is stopped. -errno; -ENOENT: no systemd is there. */
int notify_keep(int fd, const char *name);

/* The same file, in a later life of the service; the caller owns the fd. -ENOENT: none. To be asked once. */
int notify_kept(const char *name);

/* The watchdog's period, 0 where none is set for this process. */
uint64_t notify_watchdog_usec(void);
