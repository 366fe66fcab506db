/* SPDX-License-Identifier: Apache-2.0 */
/* clock - the time, read in one place. Everything is timed on CLOCK_BOOTTIME, which goes on through a
 * suspend and never steps; the wall clock only judges certificates and is shown to people. */
#pragma once
#include <stdint.h>

uint64_t clock_boottime_usec(void); /* never 0 */
int64_t clock_wall_sec(void);
