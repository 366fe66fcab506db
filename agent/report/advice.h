/* SPDX-License-Identifier: Apache-2.0 */
/* advice - what `gatewake doctor` says beyond the table: each thing that a person should know of or see
 * to, by name, with the command that shows or mends it. Pure; owns its rows. Bounded: of one kind the
 * first ones are kept, of the others only how many there are. */
#pragma once
#include <stddef.h>

/* In the order in which they are to be added. */
enum advice_kind {
	ADVICE_BOARD,          /* detail: what is wrong with it */
	ADVICE_NOT_READ,       /* detail: the API's words */
	ADVICE_LOG_UNREADABLE, /* detail: how it was answered */
	ADVICE_TOO_MANY,
	ADVICE_NOT_GRANTED, /* object: a source */
	ADVICE_SOURCE,      /* object: a source; detail: what is wrong with it */
	ADVICE_BLOCKED,     /* object: a source; detail: why it can have no copy */
	ADVICE_MISSING,     /* object: a copy; detail: its source, as in the next two */
	ADVICE_STALE,
	ADVICE_ORPHAN,
	ADVICE_CLIENT_CA, /* object: a listener */
};
#define ADVICE_KIND_COUNT 11

#define ADVICE_EACH     10 /* of one kind; one row more counts the rest */
#define ADVICE_MAX      (ADVICE_KIND_COUNT * (ADVICE_EACH + 1))
#define ADVICE_TEXT_MAX (256 * 1024) /* all rows at their longest fit */
#define ADVICE_JSON_MAX (512 * 1024)

struct advice_row { /* object and text are a sentence */
	char object[600], text[700], command[400];
};

struct advice { /* zeroed: nothing to say */
	size_t count;
	unsigned told[ADVICE_KIND_COUNT];
	struct advice_row row[ADVICE_MAX];
};

struct advice_note { /* no string is NULL */
	enum advice_kind kind;
	const char *object, *detail, *command;
	const char *all; /* the command that shows all of this kind */
};

void advice_add(struct advice *self, const struct advice_note *note);

/* Lines, two for each row; returns their length, cut to size. */
size_t advice_to_text(const struct advice *self, char *text, size_t size);

/* Adds the member "findings" to the JSON object of len bytes that ends there, in a buffer of size bytes.
 * Returns the new length, or 0 where it is no such object or a row does not fit. */
size_t advice_to_json(const struct advice *self, char *json, size_t len, size_t size);
