/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/expose.h"

#include <stdlib.h>
#include <string.h>

#include "host/clock.h"

#define JITTER_SEC 1 /* of a date that is worked out anew each time */

/* Begins of the last looks at those that are served; 0, 0: there are none. */
static void find_looks(const struct evidence_listeners *listeners, uint64_t *ret_oldest,
                       uint64_t *ret_newest)
{
	*ret_oldest = *ret_newest = 0;
	for (size_t i = 0; i < listeners->count; i++) {
		uint64_t looked = listeners->item[i].at.begun_usec;

		if (listeners->item[i].proof != PROOF_SERVED)
			continue;
		if (!*ret_oldest || looked < *ret_oldest)
			*ret_oldest = looked;
		if (looked > *ret_newest)
			*ret_newest = looked;
	}
}

void expose_note_proof(struct last_proof *self, enum verdict verdict,
                       const struct evidence_listeners *listeners, uint64_t now_usec,
                       int64_t wall_sec)
{
	uint64_t oldest, newest;
	int64_t date;

	find_looks(listeners, &oldest, &newest);
	if (verdict == VERDICT_PROVEN && oldest > self->usec)
		self->usec = newest;
	if (!self->usec)
		return;
	date = wall_sec - (int64_t)((now_usec - self->usec) / SECONDS_USEC);
	if (llabs(date - self->wall_sec) > JITTER_SEC)
		self->wall_sec = date;
}

void expose_status(struct engine *engine, struct status *status, uint64_t now_usec)
{
	int r;

	expose_note_proof(&engine->last_proof, engine->decision.verdict,
	                  &engine->evidence.listeners, now_usec, clock_wall_sec());
	status->proofs.last_sec = engine->last_proof.wall_sec;
	r = metricsfile_write(&engine->metricsfile, status);
	if (r < 0 && !engine->metricsfile_trouble)
		journal_write(&engine->journal, LOG_WARNING, NULL, NULL,
		              "%s/" METRICS_FILE " cannot be written (%s): no metrics",
		              engine->metricsfile.folder, strerror(-r));
	engine->metricsfile_trouble = r < 0;
}
