/* SPDX-License-Identifier: Apache-2.0 */
#include "host/clock.h"

#include <inttypes.h>
#include <stdio.h>
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

int64_t clock_date_sec(const char *date)
{
	struct tm broken = { 0 };
	const char *rest = strptime(date, "%Y-%m-%dT%H:%M:%SZ", &broken);

	return rest && !*rest ? (int64_t)timegm(&broken) : 0;
}

void clock_ago(const char *date, char *text, size_t size)
{
	int64_t since = clock_date_sec(date), ago = clock_wall_sec() - since;

	text[0] = '\0';
	if (since == 0 || ago < 0)
		return;
	if (ago < 120)
		(void)snprintf(text, size, "%" PRId64 " s ago", ago);
	else if (ago < 7200)
		(void)snprintf(text, size, "%" PRId64 " min ago", ago / 60);
	else if (ago < 172800)
		(void)snprintf(text, size, "%" PRId64 " h ago", ago / 3600);
	else
		(void)snprintf(text, size, "%" PRId64 " days ago", ago / 86400);
}
