/* SPDX-License-Identifier: Apache-2.0 */
#include "host/clock.h"

#include <time.h>

uint64_t clock_boottime_usec(void)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000 + 1;
}

int64_t clock_wall_sec(void)
{
	return (int64_t)time(NULL);
}
