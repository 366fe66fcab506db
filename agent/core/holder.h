/* SPDX-License-Identifier: Apache-2.0 */
/* holder - decides who holds the virtual address, and by which source that is known. Pure.
 *
 * The holder explains a wait, and its changes are worth a fresh probe; only an answer through the endpoint makes the
 * address usable. Silence of what was never heard says nothing: no advert where none ever came, no neighbour that
 * nobody has asked for. */
#pragma once
#include "core/evidence.h"

enum holder_state {
	HOLDER_UNKNOWN,
	HOLDER_HERE, /* this host */
	HOLDER_PEER, /* another one; a BACKUP node that sees this is well */
	HOLDER_NOBODY,
	HOLDER_DUAL, /* two at once: split brain */
};
#define HOLDER_STATE_COUNT 5

enum holder_source {
	SOURCE_NONE,
	SOURCE_ADDRESS,    /* this host's own table of addresses */
	SOURCE_ADVERT,     /* VRRP: the one that announces it */
	SOURCE_FAREWELL,   /* VRRP: it was given up, by priority 0 */
	SOURCE_SILENCE,    /* VRRP: the adverts ceased */
	SOURCE_NEIGHBOUR,  /* ARP or NDP: an answer, or three times none */
	SOURCE_CONNECTION, /* a host answered the probe, with whatever */
};
#define HOLDER_SOURCE_COUNT 7

struct holder_finding {
	enum holder_state state;
	enum holder_source source;
	uint32_t peer; /* the other host, where an advert names it; 0: not known by name */
};

/* Who held it, and who does: told once a new holder has held it for a second, so that the two that are seen for
 * some milliseconds while routers agree are not. */
struct holder_move {
	uint32_t count; /* of moves so far */
	struct holder_finding from, to;
	uint64_t gap_usec; /* for so long neither was known to hold it */
};

/* Whose adverts were heard last: two that speak by turns. */
struct holder_voices {
	uint32_t one, other; /* who spoke last, and who did before that one */
	uint64_t last_usec;
	bool at_once;       /* between the two there was no farewell, nor a silence */
	bool resigned;      /* the last word was a farewell */
	uint64_t both_usec; /* when it was last clear that they are two; 0: never */
};

struct holder { /* zeroed: nothing known */
	uint32_t wanted; /* the address that all this is about: of another one nothing is known */
	struct holder_finding now;
	uint64_t since_usec; /* of now */
	uint64_t left_usec;  /* when .settled was seen to hold it no more */
	uint64_t
		recheck_usec; /* when the passing of time alone may change the finding; UINT64_MAX: never */
	uint32_t stirs; /* of the evidence, as seen last */
	uint64_t farewell_usec; /* the one after which an answer was asked for */
	struct holder_voices voices;
	struct holder_finding settled;
	struct holder_move move;
};

/* Takes in what is known now. True: something happened after which an answer may be another one. */
bool holder_step(struct holder *self, const struct evidence *evidence, uint64_t now_usec);
