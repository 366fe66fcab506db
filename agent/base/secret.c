/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

#include <malloc.h>
#include <string.h>

#define FIRST_ROOM 4096

/* Neither inline nor looked into, by the linker's optimizer either: seen beside its malloc(), the
 * compiler would know the size that was asked for and take wiping up to the usable size for an overflow.
 * The usable size is what is wiped, since a string that was cut short by a NUL byte still has its rest
 * behind it. */
__attribute__((noipa)) void secret_release(void *memory)
{
	if (memory)
		explicit_bzero(memory, malloc_usable_size(memory));
	free(memory);
}

char *secret_free(char *secret)
{
	secret_release(secret);
	return NULL;
}

__attribute__((noipa)) void *secret_resize(void *memory, size_t size)
{
	size_t usable = memory ? malloc_usable_size(memory) : 0;
	void *wider;

	if (memory && size == 0) {
		secret_release(memory);
		return NULL;
	}
	if (memory && size <= usable)
		return memory;
	wider = malloc(size);
	if (wider && memory) {
		memcpy(wider, memory, usable);
		secret_release(memory);
	}
	return wider;
}

bool secret_grow(char **bytes, size_t *room, size_t need)
{
	size_t more = *room ? *room : FIRST_ROOM;
	char *wider;

	while (more < need)
		more *= 2;
	wider = secret_resize(*bytes, more);
	if (!wider)
		return false;
	*bytes = wider;
	*room = more;
	return true;
}

void secret_wipe_string(char *secret)
{
	if (secret)
		explicit_bzero(secret, strlen(secret));
}
