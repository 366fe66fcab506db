/* SPDX-License-Identifier: Apache-2.0 */
/* follow - tells when the agent's status.json may have changed: inotify on the runtime directory, which
 * need not be there yet, and may go and come again (systemd removes it with the service). That an
 * agent died is no event: whoever cares looks at the lock between two waits. */
#pragma once
#include <stdint.h>

struct follow {
	const char *folder;
	int fd, watch; /* watch < 0: the folder is not there */
};

/* folder must outlive it. -errno. */
int follow_open(struct follow *self, const char *folder);
void follow_close(struct follow *self);

/* Returns once there may be something new, or after so long, whichever is first. -EINTR, -errno. */
int follow_wait(struct follow *self, uint64_t usec);
