/* SPDX-License-Identifier: Apache-2.0 */
#include "host/memory.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/evidence.h"

#define LARGE_BYTES (64 << 10)
#define REST_USEC   (60 * SECONDS_USEC)

/* What is large is needed for a moment: a list, a body, a status. It is given back whole, where glibc's own limit goes up
 * with each of them, and the heap keeps the most that it ever held. And the resolver's thread needs no arena. */
void memory_be_frugal(void)
{
	(void)mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
	(void)mallopt(M_TRIM_THRESHOLD, LARGE_BYTES);
	(void)mallopt(M_ARENA_MAX, 1);
}

/* Only whole pages: those at the ends may be another segment's as well, one that was written to. */
static void let_go_of(uintptr_t begin, uintptr_t end)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	begin = (begin + page - 1) & ~(page - 1);
	end &= ~(page - 1);
	if (begin < end)
		(void)madvise((void *)begin, end - begin, MADV_DONTNEED);
}

static int let_go_of_object(struct dl_phdr_info *object, size_t size, void *unused)
{
	(void)size;
	(void)unused;
	for (size_t i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
		uintptr_t begin = object->dlpi_addr + segment->p_vaddr;

		/* What the linker relocates, and then protects, stands in a segment that may be written to. */
		if (segment->p_type == PT_LOAD && !(segment->p_flags & PF_W))
			let_go_of(begin, begin + segment->p_memsz);
	}
	return 0;
}

void memory_rest(struct memory *self, uint64_t since_usec, uint64_t now_usec)
{
	if (self->rested_usec == since_usec || now_usec < since_usec + REST_USEC)
		return;
	self->rested_usec = since_usec;
	(void)dl_iterate_phdr(let_go_of_object, NULL);
}
