/* SPDX-License-Identifier: Apache-2.0 */
/* cleanup - the one way to clean up: CLEANUP(fn_p) on each local that owns something, TAKE_PTR to
 * hand it over. Cleanups keep errno and accept NULL, so they are safe on every path out. */
#pragma once
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CLEANUP(fn) __attribute__((cleanup(fn)))

#define TAKE_PTR(p)                                                                                \
	({                                                                                         \
		__typeof__(p) taken_ = (p);                                                        \
		(p) = NULL;                                                                        \
		taken_;                                                                            \
	})

#define TAKE_FD(fd)                                                                                \
	({                                                                                         \
		int taken_ = (fd);                                                                 \
		(fd) = -1;                                                                         \
		taken_;                                                                            \
	})

/* Defines fn_p(): frees what the variable owns, leaves errno as it was. */
#define DEFINE_CLEANUP(type, fn)                                                                   \
	static inline void fn##_p(type **owned)                                                    \
	{                                                                                          \
		int saved_errno = errno;                                                           \
		if (*owned)                                                                        \
			(void)fn(*owned);                                                          \
		errno = saved_errno;                                                               \
	}

static inline void free_p(void *owned)
{
	int saved_errno = errno;

	free(*(void **)owned);
	errno = saved_errno;
}

static inline void close_p(const int *fd)
{
	int saved_errno = errno;

	if (*fd >= 0)
		(void)close(*fd);
	errno = saved_errno;
}

DEFINE_CLEANUP(FILE, fclose)
