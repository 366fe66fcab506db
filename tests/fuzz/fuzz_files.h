/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_files - a file of the given bytes, in memory, by a path: for readers that open one. */
#pragma once
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

/* Returns the fd to close; path must hold 64 bytes. Below 0: there is none. */
static inline int fuzz_file(const uint8_t *bytes, size_t size, char *path)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd >= 0 && write(fd, bytes, size) != (ssize_t)size) {
		(void)close(fd);
		return -1;
	}
	(void)snprintf(path, 64, "/proc/self/fd/%d", fd);
	return fd;
}
