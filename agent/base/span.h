/* SPDX-License-Identifier: Apache-2.0 */
/* span - a piece of memory that somebody else owns: pointer and length, no terminator needed. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct span {
	const char *ptr;
	size_t len;
};

static inline struct span span_of(const char *string)
{
	return (struct span){ string, string ? strlen(string) : 0 };
}

static inline bool span_equals(struct span span, const char *string)
{
	size_t len = strlen(string);

	return span.len == len && memcmp(span.ptr, string, len) == 0;
}
