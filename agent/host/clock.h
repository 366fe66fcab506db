/* SPDX-License-Identifier: Apache-2.0 */
/* clock - the time, read in one place. Everything is timed on CLOCK_BOOTTIME, which goes on through a
 * suspend and never steps; the wall clock only judges certificates and is shown to people. */
#pragma once
#include <stddef.h>
#include <stdint.h>

uint64_t clock_boottime_usec(void); /* never 0 */
int64_t clock_wall_sec(void);

int64_t clock_date_sec(const char *date); /* of RFC 3339 in UTC; 0: it is none */

/* "12 s ago" of an RFC 3339 date in UTC; "" where it is none, or still to come. */
void clock_ago(const char *date, char *text, size_t size);
