/* SPDX-License-Identifier: Apache-2.0 */
/* state - bytes on disk that must survive a power cut or a crash: written whole under another name,
 * synced, then renamed; or not at all. Also the lock that tells whether an agent lives. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

enum state_sync {
	STATE_VOLATILE,
	STATE_DURABLE
}; /* DURABLE: fsync of file and folder, for the SD card */

/* Writes folder/name, mode 0644. -errno of the step that failed; the old file is then untouched. */
int state_write(const char *folder, const char *name, const char *bytes, size_t len,
                enum state_sync sync);

/* The same for what only its owner may read, durable; mode 0600 from its first byte on. One process at a time. */
int state_write_private(const char *folder, const char *name, const char *bytes, size_t len);

/* Removes it, and what a write that was cut short left beside it. -ENOENT, -errno of the file itself. */
int state_remove(const char *folder, const char *name);

/* Reads at most size bytes. Returns how many, or -ENOENT, -EFBIG, -errno. */
int state_read(const char *folder, const char *name, char *bytes, size_t size);

/* The first line, without its end; "" where there is none, it is longer than line, or it cannot be read. */
void state_read_line(const char *folder, const char *name, char *line, size_t size);

/* Takes the lock file folder/name; the fd holds it until it is closed or the process ends.
 * -EWOULDBLOCK: another process holds it. */
int state_lock(const char *folder, const char *name, int *ret_fd);

/* Whether another process holds that lock; false also where there is no such file. */
bool state_locked(const char *folder, const char *name);
