/* SPDX-License-Identifier: Apache-2.0 */
/* writer - text into memory of a fixed size: what does not fit is left out whole, and said. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct writer { /* zeroed with .bytes and .size set */
	char *bytes; /* always ends with a NUL once something was put */
	size_t size, len;
	bool full; /* something did not fit; nothing is put after it */
};

void writer_put(struct writer *writer, const char *bytes, size_t len);
void writer_print(struct writer *writer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* As a string of JSON, with its quotes. */
void writer_string(struct writer *writer, const char *text);

/* Words of others, on their way to a terminal: control bytes become '?'. */
void writer_tame(char *text);
