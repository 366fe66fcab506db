/* SPDX-License-Identifier: Apache-2.0 */
/* examine - reads out of what is known, for a command that answers once, how it stands with each copy,
 * and what a person should know of beside the verdict. Asks nobody, changes nothing. */
#pragma once
#include "engine/engine.h"
#include "kube/sync.h"
#include "report/advice.h"

enum fate {
	FATE_PRESENT,
	FATE_CREATED, /* by us, in this life */
	FATE_STALE,   /* there, and it holds something else than its source */
	FATE_MISSING, /* and could be created; why: what came of the last try, "" where there was none */
	FATE_CANNOT, /* be created; why says it, to follow the source's name */
};

struct examined {
	char source[COPY_NAMESPACE_MAX + COPY_NAME_MAX + 2];
	char copy[COPY_NAMESPACE_MAX + COPY_NAME_MAX + 2]; /* "": it has no name */
	enum fate fate;
	enum advice_kind kind; /* of STALE, MISSING and CANNOT */
	char why[SYNC_TEXT_SIZE];
};

/* The next source from *place on that a listener refers to; *place is then behind it. False: no more. */
bool examine_next(const struct engine *engine, size_t *place, struct examined *ret);

/* All that is to be said beyond the status. */
void examine(const struct engine *engine, struct advice *ret);
