/* SPDX-License-Identifier: Apache-2.0 */
#include "host/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "host/state.h"

#define BUILT_SEC      INT64_C(1793491200) /* 2026-11-01: nobody ran this program before */
#define RTC_APART_SEC  60 /* what a real-time clock may differ and be the wall clock's source */
#define FAR_FUTURE_SEC (INT64_C(1) << 33)

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

/* --- steps --- */

/* A timer that never ends, on a clock that may be set: that it was is the only thing it ever tells. */
static void arm(const struct clock_watch *self)
{
	const struct itimerspec never = { .it_value = { .tv_sec = FAR_FUTURE_SEC } };

	(void)timerfd_settime(self->fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL);
}

void clock_watch_open(struct clock_watch *self, const char *root)
{
	*self = (struct clock_watch){
		.root = root, .fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC)
	};
	if (self->fd >= 0)
		arm(self);
}

void clock_watch_close(struct clock_watch *self)
{
	if (self->fd >= 0)
		(void)close(self->fd);
	self->fd = -1;
}

bool clock_watch_read(struct clock_watch *self)
{
	uint64_t count;

	if (self->fd < 0 || read(self->fd, &count, sizeof(count)) >= 0 || errno != ECANCELED)
		return false;
	arm(self);
	self->stepped = true;
	return true;
}

/* --- is it right? --- */

/* Of the machine that this is; another root is that of another one. */
static bool is_disciplined(const char *root)
{
	struct timex state = { .modes = 0 };

	return !root[0] && adjtimex(&state) >= 0 && !(state.status & STA_UNSYNC);
}

static bool exists(const char *root, const char *path)
{
	char whole[PATH_MAX];

	(void)snprintf(whole, sizeof(whole), "%s%s", root, path);
	return access(whole, F_OK) == 0;
}

/* The seconds of the first real-time clock; 0: there is none, or it does not tell. */
static int64_t rtc_sec(const char *root)
{
	char folder[PATH_MAX], text[32];

	(void)snprintf(folder, sizeof(folder), "%s/sys/class/rtc/rtc0", root);
	state_read_line(folder, "since_epoch", text, sizeof(text));
	return strtoll(text, NULL, 10);
}

bool clock_is_right(const struct clock_watch *self)
{
	int64_t now = clock_wall_sec();

	if (now < BUILT_SEC)
		return false;
	return self->stepped || is_disciplined(self->root) ||
	       exists(self->root, "/run/systemd/timesync/synchronized") ||
	       llabs(rtc_sec(self->root) - now) <= RTC_APART_SEC;
}

/* --- dates --- */

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
