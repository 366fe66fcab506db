/* SPDX-License-Identifier: Apache-2.0 */
#include "report/holder.h"

#include <stdio.h>
#include <string.h>

/* On a host that runs it, nothing; on the one where it was killed, it takes away what that one left. */
#define MEND "systemctl is-active keepalived || sudo systemctl restart keepalived"

static const struct words_verdict states[] = {
	[HOLDER_UNKNOWN] = { "UNKNOWN", "who holds the address is not known", NULL, MOOD_WAITING },
	[HOLDER_HERE] = { "HERE", "this host holds the address", NULL, MOOD_GOOD },
	[HOLDER_PEER] = { "PEER", "another host holds the address", NULL, MOOD_GOOD },
	[HOLDER_NOBODY] = { "NOBODY", "no host holds the address", "systemctl status keepalived",
	                    MOOD_BAD },
	[HOLDER_DUAL] = { "DUAL", "two hosts hold the address at once", MEND, MOOD_BAD },
};
_Static_assert(sizeof(states) / sizeof(states[0]) == HOLDER_STATE_COUNT, "words for each state");

static const char *const sources[] = {
	[SOURCE_NONE] = "",
	[SOURCE_ADDRESS] = "address",
	[SOURCE_ADVERT] = "advert",
	[SOURCE_FAREWELL] = "farewell",
	[SOURCE_SILENCE] = "silence",
	[SOURCE_NEIGHBOUR] = "neighbour",
	[SOURCE_CONNECTION] = "connection",
};
_Static_assert(sizeof(sources) / sizeof(sources[0]) == HOLDER_SOURCE_COUNT, "each has a name");

static const char *const holders[] = {
	[HOLDER_UNKNOWN] = "",
	[HOLDER_HERE] = "this host",
	[HOLDER_PEER] = "another host",
	[HOLDER_NOBODY] = "nobody",
	[HOLDER_DUAL] = "two hosts at once",
};
_Static_assert(sizeof(holders) / sizeof(holders[0]) == HOLDER_STATE_COUNT, "each has a name");

const struct words_verdict *holder_words(enum holder_state state)
{
	return &states[state];
}

const char *holder_source_name(enum holder_source source)
{
	return sources[source];
}

static void announced(const struct words_holder *holder, char *text)
{
	bool dual = holder->state == HOLDER_DUAL, here = dual && holder->link[0];

	(void)snprintf(text, HOLDER_TEXT_MAX, "%s%s%s%s, priority %u%s", here ? "this one (" : "",
	               here ? holder->link : "", here ? ") and " : "", holder->peer,
	               holder->priority, dual && !here ? ", and another" : "");
}

void holder_detail(const struct words_holder *holder, char text[HOLDER_TEXT_MAX])
{
	text[0] = '\0';
	switch (holder->source) {
	case SOURCE_NONE:
		return;
	case SOURCE_ADDRESS:
		(void)snprintf(text, HOLDER_TEXT_MAX, "%s", holder->link);
		return;
	case SOURCE_ADVERT:
		announced(holder, text);
		return;
	case SOURCE_FAREWELL:
		(void)snprintf(text, HOLDER_TEXT_MAX, "%s gave it up", holder->peer);
		return;
	case SOURCE_SILENCE:
		(void)snprintf(text, HOLDER_TEXT_MAX, "%s is not heard any more", holder->peer);
		return;
	case SOURCE_NEIGHBOUR:
		(void)snprintf(text, HOLDER_TEXT_MAX, "%s",
		               holder->state == HOLDER_NOBODY ? "no answer to ARP"
		                                              : "it answers ARP");
		return;
	case SOURCE_CONNECTION:
		(void)snprintf(text, HOLDER_TEXT_MAX, "it answers");
		return;
	}
}

/* "another host (10.0.0.3, priority 90)" */
static void who(const struct words_holder *holder, char text[2 * HOLDER_TEXT_MAX])
{
	char detail[HOLDER_TEXT_MAX];

	holder_detail(holder, detail);
	(void)snprintf(text, 2 * HOLDER_TEXT_MAX, "%s%s%s%s", holders[holder->state],
	               detail[0] ? " (" : "", detail, detail[0] ? ")" : "");
}

void holder_sentence(const struct words_holder *holder, char *text, size_t size)
{
	char one[2 * HOLDER_TEXT_MAX];

	who(holder, one);
	(void)snprintf(text, size, "%s%s", one[0] ? "held by " : "", one);
}

void holder_move_line(const char *address, const struct words_holder *from,
                      const struct words_holder *to, uint64_t gap_usec, char *line, size_t size)
{
	char before[2 * HOLDER_TEXT_MAX], after[2 * HOLDER_TEXT_MAX];

	who(from, before);
	who(to, after);
	(void)snprintf(line, size, "vip: %s moved from %s to %s, %.1f s without a holder", address,
	               before, after, (double)gap_usec / 1e6);
}

void holder_dual_line(const char *address, const struct words_holder *holder, char *line,
                      size_t size)
{
	char two[2 * HOLDER_TEXT_MAX];

	who(holder, two);
	if (holder->state == HOLDER_DUAL)
		(void)snprintf(line, size, "vip: %s is held by %s; try on both: " MEND, address,
		               two);
	else
		(void)snprintf(line, size, "vip: %s is not held by two hosts any more", address);
}
