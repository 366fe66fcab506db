/* SPDX-License-Identifier: Apache-2.0 */
#include "host/follow.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#define ABSENT_USEC UINT64_C(250000) /* between looks for a folder that is not there */

/* The file is renamed into its place; the folder may go. */
#define EVENTS (IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

/* True: it has just come, and may hold something already. */
static bool look_for_folder(struct follow *self)
{
	if (self->watch >= 0)
		return false;
	self->watch = inotify_add_watch(self->fd, self->folder, EVENTS);
	return self->watch >= 0;
}

int follow_open(struct follow *self, const char *folder)
{
	*self = (struct follow){ .folder = folder, .watch = -1 };
	self->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (self->fd < 0)
		return -errno;
	(void)look_for_folder(self);
	return 0;
}

void follow_close(struct follow *self)
{
	if (self->fd >= 0)
		(void)close(self->fd);
	self->fd = -1;
}

static void take_events(struct follow *self)
{
	_Alignas(struct inotify_event) char bytes[4096];
	ssize_t len;

	while ((len = read(self->fd, bytes, sizeof(bytes))) > 0) {
		for (ssize_t at = 0; at < len;) {
			const struct inotify_event *event = (const void *)(bytes + at);

			if (event->mask & IN_MOVE_SELF)
				(void)inotify_rm_watch(self->fd, self->watch);
			if (event->mask & (IN_DELETE_SELF | IN_MOVE_SELF))
				self->watch = -1;
			at += (ssize_t)(sizeof(*event) + event->len);
		}
	}
}

int follow_wait(struct follow *self, uint64_t usec)
{
	struct pollfd fd = { .fd = self->fd, .events = POLLIN };
	struct timespec pause;

	if (look_for_folder(self))
		return 0;
	if (self->watch < 0 && usec > ABSENT_USEC)
		usec = ABSENT_USEC;
	pause = (struct timespec){ .tv_sec = (time_t)(usec / 1000000),
		                   .tv_nsec = (long)(usec % 1000000) * 1000 };
	if (ppoll(&fd, 1, &pause, NULL) < 0)
		return -errno;
	take_events(self);
	return 0;
}
