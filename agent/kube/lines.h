/* SPDX-License-Identifier: Apache-2.0 */
/* lines - cuts a stream of bytes into lines, however the bytes come: a chunk may hold many lines, and a line
 * may come in many chunks. A line that came whole is handed out where it stands; only the rest of a chunk is
 * kept, in memory that is wiped before it is freed (an object's annotations can hold a whole Secret:
 * last-applied-configuration). */
#pragma once
#include "base/span.h"

struct lines { /* zeroed: nothing kept */
	char *kept;
	size_t len, room;
	bool whole; /* what is kept was handed out as a line */
};

/* Takes the next line off the bytes. 1: *ret_line is it, without its newline, valid until the next call; 0: there
 * is none yet, and what there was is kept.
 *   -EMSGSIZE  it is longer than max
 *   -ENOMEM */
int lines_next(struct lines *self, size_t max, struct span *bytes, struct span *ret_line);

/* Forgets what was kept. */
void lines_clear(struct lines *self);
