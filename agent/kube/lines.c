/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/lines.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_ROOM 4096

void lines_clear(struct lines *self)
{
	if (self->kept)
		explicit_bzero(self->kept, self->room);
	free(self->kept);
	*self = (struct lines){ 0 };
}

static bool grow(struct lines *self, size_t need)
{
	struct lines wider = { .len = self->len, .room = self->room ? self->room : FIRST_ROOM };

	while (wider.room < need)
		wider.room *= 2;
	wider.kept = malloc(wider.room);
	if (!wider.kept)
		return false;
	if (self->len) /* not realloc: it would leave the old bytes behind */
		memcpy(wider.kept, self->kept, self->len);
	lines_clear(self);
	*self = wider;
	return true;
}

int lines_next(struct lines *self, size_t max, struct span *bytes, struct span *ret_line)
{
	const char *newline = bytes->len ? memchr(bytes->ptr, '\n', bytes->len) : NULL;
	size_t len = newline ? (size_t)(newline - bytes->ptr) : bytes->len;
	size_t used = newline ? len + 1 : len;

	if (self->whole) /* handed out by the call before */
		lines_clear(self);
	if (len > max - self->len)
		return -EMSGSIZE;
	*ret_line = (struct span){ bytes->ptr, len };
	if (len && (!newline || self->len)) {
		if (self->len + len > self->room && !grow(self, self->len + len))
			return -ENOMEM;
		memcpy(self->kept + self->len, bytes->ptr, len);
		self->len += len;
	}
	if (self->len)
		*ret_line = (struct span){ self->kept, self->len };
	self->whole = newline && self->len;
	*bytes = (struct span){ bytes->ptr + used, bytes->len - used };
	return newline ? 1 : 0;
}
