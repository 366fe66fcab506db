/* SPDX-License-Identifier: Apache-2.0 */
/* memory - what the process keeps of the host's: little of what it needs only now and then. */
#pragma once
#include <stdint.h>

/* Zeroed: nothing given back yet. */
struct memory {
	uint64_t rested_usec; /* since_usec of the last time; 0: none yet */
};

/* Before the first thread, and before much is allocated: what is large goes back to the host when it is freed. */
void memory_be_frugal(void);

/* When all has been as it is for a minute, once for each such time: gives back the code and the constants of the program
 * and of its libraries. Most were needed only to come so far, in pieces of 64 KiB; what still is needed comes back from
 * the page cache as it is used. A debugger's breakpoints of before are lost with it. since_usec: since when it is so. */
void memory_rest(struct memory *self, uint64_t since_usec, uint64_t now_usec);
