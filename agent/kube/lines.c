/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/lines.h"

#include <errno.h>

#include "base/secret.h"

void lines_clear(struct lines *self)
{
	secret_free(self->kept);
	*self = (struct lines){ 0 };
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
		if (self->len + len > self->room &&
		    !secret_grow(&self->kept, &self->room, self->len + len))
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
