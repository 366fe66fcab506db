/* SPDX-License-Identifier: Apache-2.0 */
/* journal - one line a fact: a native journal entry with fields where stderr is the journal's (what
 * systemd says in $JOURNAL_STREAM), else the bare line on stderr, for a person. Levels are syslog's:
 * ERR gives up, WARNING survives, NOTICE is a change of state, INFO and DEBUG the rest. */
#pragma once
#include <stdbool.h>
#include <syslog.h>

#define JOURNAL_FIELDS_MAX 8

struct journal_field {
	const char *name; /* without the GATEWAKE_ in front */
	const char *value;
};

struct journal {
	bool native; /* set by journal_open() */
	bool silent; /* a command that answers in its own words */
};

void journal_open(struct journal *journal);

/* message_id: 32 hex digits, or NULL. fields ends with a name of NULL; NULL is none. */
void journal_write(const struct journal *journal, int level, const char *message_id,
                   const struct journal_field *fields, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
