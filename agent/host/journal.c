/* SPDX-License-Identifier: Apache-2.0 */
/* The caller's file and line would name this file for every entry. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include "host/journal.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <systemd/sd-journal.h>

#define LINE_MAX_BYTES  1024
#define FIELD_MAX_BYTES 300

/* $JOURNAL_STREAM is "device:inode" of the socket that systemd made of stderr; a child whose stderr
 * was redirected inherits the variable and not the socket. */
void journal_open(struct journal *journal)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat status;

	journal->native = stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	                  fstat(STDERR_FILENO, &status) == 0 && status.st_dev == device &&
	                  status.st_ino == inode;
}

static void write_native(int level, const char *message_id, const struct journal_field *fields,
                         const char *line)
{
	char texts[JOURNAL_FIELDS_MAX + 3][FIELD_MAX_BYTES];
	char message[LINE_MAX_BYTES + 16];
	struct iovec parts[JOURNAL_FIELDS_MAX + 3];
	int count = 0;

	parts[count++] = (struct iovec){ message, (size_t)snprintf(message, sizeof(message),
		                                                   "MESSAGE=%s", line) };
	parts[count] = (struct iovec){ texts[count], (size_t)snprintf(texts[count], FIELD_MAX_BYTES,
		                                                      "PRIORITY=%d", level) };
	count++;
	if (message_id) {
		int len = snprintf(texts[count], FIELD_MAX_BYTES, "MESSAGE_ID=%s", message_id);

		parts[count] = (struct iovec){ texts[count], (size_t)len };
		count++;
	}
	for (; fields && fields->name && count < JOURNAL_FIELDS_MAX + 3; fields++, count++) {
		int len = snprintf(texts[count], FIELD_MAX_BYTES, "GATEWAKE_%s=%s", fields->name,
		                   fields->value);

		parts[count] =
			(struct iovec){ texts[count],
			                len < FIELD_MAX_BYTES ? (size_t)len : FIELD_MAX_BYTES - 1 };
	}
	(void)sd_journal_sendv(parts, count);
}

void journal_write(const struct journal *journal, int level, const char *message_id,
                   const struct journal_field *fields, const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	va_list args;

	if (journal->silent)
		return;
	va_start(args, format);
	(void)vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (journal->native)
		write_native(level, message_id, fields, line);
	else
		(void)fprintf(stderr, "%s\n", line); /* by hand, on a terminal */
}
