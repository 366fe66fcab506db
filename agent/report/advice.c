/* SPDX-License-Identifier: Apache-2.0 */
#include "report/advice.h"

#include <stdio.h>
#include <string.h>

#include "report/writer.h"

/* What stands before and behind the detail. */
static const struct {
	const char *before, *behind;
} sentences[] = {
	[ADVICE_BOARD] = { "", "" },
	[ADVICE_NOT_READ] = { "cannot be read: ", "" },
	[ADVICE_LOG_UNREADABLE] = { "cannot be read (",
	                            "): without the operator's log gatewake can repair, but not "
	                            "prevent" },
	[ADVICE_TOO_MANY] = { "are all that gatewake looks at, and there are more",
	                      ": it creates no copy" },
	[ADVICE_NOT_GRANTED] = { "is referred to from another namespace, and no ReferenceGrant "
	                         "allows it",
	                         "" },
	[ADVICE_SOURCE] = { "", "" },
	[ADVICE_BLOCKED] = { "can have no copy: ", "" },
	[ADVICE_MISSING] = { "is missing: the copy of ", "" },
	[ADVICE_STALE] = { "holds another certificate than its source ", "" },
	[ADVICE_ORPHAN] = { "is asked for by no listener: a copy of ",
	                    ", left over or for an Ingress or a network policy" },
	[ADVICE_CLIENT_CA] = { "asks clients for a certificate: whether the copy of its CA is "
	                       "right is not looked at",
	                       "" },
};
_Static_assert(sizeof(sentences) / sizeof(sentences[0]) == ADVICE_KIND_COUNT,
               "words for each kind");

/* The row behind the last that is shown of a kind says how many more there are. */
static void count_more(struct advice *self, const struct advice_note *note)
{
	unsigned more = self->told[note->kind] - ADVICE_EACH;
	struct advice_row *row = &self->row[more == 1 ? self->count++ : self->count - 1];

	(void)snprintf(row->object, sizeof(row->object), "and %u more", more);
	(void)snprintf(row->text, sizeof(row->text), "of that kind");
	(void)snprintf(row->command, sizeof(row->command), "%s", note->all);
}

void advice_add(struct advice *self, const struct advice_note *note)
{
	struct advice_row *row;

	if (self->told[note->kind]++ >= ADVICE_EACH) {
		count_more(self, note);
		return;
	}
	row = &self->row[self->count++];
	(void)snprintf(row->object, sizeof(row->object), "%s", note->object);
	(void)snprintf(row->text, sizeof(row->text), "%s%s%s", sentences[note->kind].before,
	               note->detail, sentences[note->kind].behind);
	(void)snprintf(row->command, sizeof(row->command), "%s", note->command);
}

size_t advice_to_text(const struct advice *self, char *text, size_t size)
{
	struct writer writer = { .bytes = text, .size = size };

	text[0] = '\0';
	for (size_t i = 0; i < self->count; i++) {
		struct advice_row row = self->row[i];

		writer_tame(row.object);
		writer_tame(row.text);
		writer_tame(row.command);
		writer_print(&writer, "- %s ", row.object);
		writer_print(&writer, "%s\n", row.text);
		if (row.command[0])
			writer_print(&writer, "  try: %s\n", row.command);
	}
	return writer.len;
}

static void member(struct writer *writer, const char *before, const char *text)
{
	writer_print(writer, "%s", before);
	writer_string(writer, text);
}

size_t advice_to_json(const struct advice *self, char *json, size_t len, size_t size)
{
	struct writer writer = { .bytes = json, .size = size, .len = len };

	if (len < 2 || memcmp(json + len - 2, "}\n", 2) != 0)
		return 0;
	writer.len -= 2;
	writer_print(&writer, ",\"findings\":[");
	for (size_t i = 0; i < self->count; i++) {
		member(&writer, i ? ",{\"object\":" : "{\"object\":", self->row[i].object);
		member(&writer, ",\"text\":", self->row[i].text);
		member(&writer, ",\"command\":", self->row[i].command);
		writer_put(&writer, "}", 1);
	}
	writer_print(&writer, "]}\n");
	return writer.full ? 0 : writer.len;
}
