/* SPDX-License-Identifier: Apache-2.0 */
#include "base/failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int failure_set(struct failure *failure, enum failure_class class, int error, const char *format,
                ...)
{
	va_list args;

	*failure = (struct failure){ .class = class, .error = error < 0 ? -error : error };
	va_start(args, format);
	(void)vsnprintf(failure->text, sizeof(failure->text), format, args);
	va_end(args);
	return error;
}

void failure_quote(char *buffer, size_t size, const char *text, size_t len)
{
	size_t room = size - 1;
	size_t kept = len > room ? room : len;

	for (size_t i = 0; i < kept; i++) {
		unsigned char byte = (unsigned char)text[i];

		buffer[i] = byte < 0x20 || byte >= 0x7f || byte == '"' ? '?' : (char)byte;
	}
	buffer[kept] = '\0';
	if (len > room)
		memcpy(buffer + room - 3, "...", 3);
}
