/* SPDX-License-Identifier: Apache-2.0 */
/* tell - puts the last decision before people: journal lines on a change of state, status.json, and the
 * line for STATUS=. Says nothing twice. */
#pragma once
#include "engine/engine.h"

struct tell {             /* zeroed: nothing told yet */
	char state[1024]; /* verdict, cause and what they speak of, as told last */
	enum layer layer[ENDPOINT_COUNT];
	enum holder_state holder; /* as told with the vip's layer */
	uint32_t moves;
	bool dual, deaf;
	char credentials[240];
	char line[STATUS_LINE_MAX];
	enum order_kind overdue;
	unsigned board; /* hardware_tell()'s */
};

/* The one line that says how it stands now. */
void tell_line(const struct engine *engine, uint64_t now_usec, char *line, size_t size);

void tell_journal(struct tell *self, const struct engine *engine, uint64_t now_usec);

/* Writes status.json, and gatewake.prom if that is wanted, where it changed; a trouble is told once. */
void tell_runfile(struct engine *engine, uint64_t now_usec);

/* How it stands, for a command that prints it; status_clear() frees what it holds. */
void tell_status(const struct engine *engine, uint64_t now_usec, struct status *ret);
