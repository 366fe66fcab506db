/* SPDX-License-Identifier: Apache-2.0 */
/* hoard - gatewake with an allocator that never hands out anything twice: whatever is freed without being wiped stays as
 * it was, for good, and is found there (secrecy.py). In the program itself, so every library below uses it too. */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

void free(void *memory)
{
	(void)memory;
}

void *realloc(void *memory, size_t size)
{
	size_t usable = memory ? malloc_usable_size(memory) : 0;
	void *other = malloc(size);

	if (other && usable)
		memcpy(other, memory, usable < size ? usable : size);
	return other;
}
