/* SPDX-License-Identifier: Apache-2.0 */
/* clock - the time, read in one place. Everything is timed on CLOCK_BOOTTIME, which goes on through a
 * suspend and never steps; the wall clock only judges certificates and is shown to people. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

uint64_t clock_boottime_usec(void); /* never 0 */
int64_t clock_wall_sec(void);

/* Notices that the wall clock was set, or that the host slept: both wake who waits for the descriptor. */
struct clock_watch {
	const char *root; /* prefix of /sys and /run, "" for the real ones; owned by the caller */
	int fd;           /* below 0: the kernel gives no such timer */
	bool stepped;     /* at least once since it was opened: somebody has set the clock */
};

void clock_watch_open(struct clock_watch *self, const char *root);
void clock_watch_close(struct clock_watch *self);

/* True once after each step, or sleep. */
bool clock_watch_read(struct clock_watch *self);

/* Whether the wall clock is known to be right: the kernel's is disciplined (adjtimex; refused in a sandbox), systemd-
 * timesyncd has synchronised it, it was set while we looked, or it goes with a real-time clock that was not
 * reset: a Pi 5 has one, and without a battery it begins in 1970 like any other. False: not known. */
bool clock_is_right(const struct clock_watch *self);

int64_t clock_date_sec(const char *date); /* of RFC 3339 in UTC; 0: it is none */

/* "12 s ago" of an RFC 3339 date in UTC; "" where it is none, or still to come. */
void clock_ago(const char *date, char *text, size_t size);
