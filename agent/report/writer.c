/* SPDX-License-Identifier: Apache-2.0 */
#include "report/writer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void writer_put(struct writer *writer, const char *bytes, size_t len)
{
	if (writer->full || len >= writer->size - writer->len) {
		writer->full = true;
		return;
	}
	memcpy(writer->bytes + writer->len, bytes, len);
	writer->len += len;
	writer->bytes[writer->len] = '\0';
}

void writer_print(struct writer *writer, const char *format, ...)
{
	char piece[1024];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(piece, sizeof(piece), format, args);
	va_end(args);
	if (len < 0 || (size_t)len >= sizeof(piece))
		writer->full = true;
	else
		writer_put(writer, piece, (size_t)len);
}
