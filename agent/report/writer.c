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

/* RFC 8259: quote, backslash and control bytes are escaped; the rest is passed on as it is. */
void writer_string(struct writer *writer, const char *text)
{
	writer_put(writer, "\"", 1);
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte == '"' || byte == '\\')
			writer_print(writer, "\\%c", byte);
		else if (byte < 0x20 || byte == 0x7f)
			writer_print(writer, "\\u%04x", byte);
		else
			writer_put(writer, text, 1);
	}
	writer_put(writer, "\"", 1);
}

/* C0, DEL, and C1 as UTF-8 encodes it (a CSI may be one byte there): each is a '?'. */
void writer_tame(char *text)
{
	for (char *byte = text; *byte; byte++) {
		if ((unsigned char)*byte < 0x20 || *byte == 0x7f)
			*byte = '?';
		else if ((unsigned char)byte[0] == 0xc2 && (unsigned char)byte[1] >= 0x80 &&
		         (unsigned char)byte[1] <= 0x9f)
			byte[0] = byte[1] = '?';
	}
}
