/* SPDX-License-Identifier: Apache-2.0 */
#include "core/readiness.h"

#include "base/backoff.h"

#define MISSES_LOST       3
#define MISSED_LOST_USEC  (3 * SECONDS_USEC)
#define STIR_USEC         (25 * MSEC_USEC)   /* between two probes for the sake of events */
#define STIRS_MAX         8 /* without a probe that ended: more than a move of the address makes */
#define STIR_LATER_USEC                                                                            \
	(2 * SECONDS_USEC) /* then: more than a probe takes, whatever becomes of it */
#define PROBE_TARDY_USEC  (5 * SECONDS_USEC) /* at the most, when it stays down */
#define PROBE_DOWN_USEC   (250 * MSEC_USEC)
#define PROBE_EAGER_USEC  (300 * SECONDS_USEC) /* probes stay that close for the first 5 minutes */

static const struct backoff_policy patient = { PROBE_DOWN_USEC, PROBE_TARDY_USEC };

bool readiness_usable(const struct readiness *self)
{
	return self->state == READINESS_USABLE || self->state == READINESS_SUSPECT;
}

static void see_layer(struct readiness *self, enum layer layer, uint64_t now_usec)
{
	if (self->layer == layer)
		return;
	self->layer = layer;
	self->since_usec = now_usec;
}

static enum readiness_change enter(struct readiness *self, enum readiness_state state,
                                   uint64_t now_usec)
{
	bool was = readiness_usable(self);

	self->state = state;
	if (was == readiness_usable(self))
		return READINESS_SAME;
	self->since_usec = now_usec;
	self->down_since_usec = was ? now_usec : 0;
	return was ? READINESS_LOST : READINESS_GAINED;
}

static enum readiness_change judge_good(struct readiness *self, bool reused, uint64_t now_usec)
{
	self->misses = 0;
	self->settles = reused ? 0 : self->settles + 1;
	switch (self->state) {
	case READINESS_DOWN:
		return enter(self, READINESS_SETTLING, now_usec);
	case READINESS_SETTLING:
		/* A second answer over another connection is another first one. */
		return enter(self, reused ? READINESS_USABLE : READINESS_SETTLING, now_usec);
	case READINESS_USABLE:
	case READINESS_SUSPECT:
		return enter(self, READINESS_USABLE, now_usec);
	}
	return READINESS_SAME;
}

/* Many probes fail in a moment where a closed port answers each at once. */
static bool is_lost(const struct readiness *self, uint64_t now_usec)
{
	return self->misses >= MISSES_LOST && now_usec - self->missed_usec >= MISSED_LOST_USEC;
}

static enum readiness_change judge_bad(struct readiness *self, uint64_t now_usec)
{
	if (self->misses++ == 0)
		self->missed_usec = now_usec;
	self->settles = 0;
	switch (self->state) {
	case READINESS_DOWN:
	case READINESS_SETTLING:
		return enter(self, READINESS_DOWN, now_usec);
	case READINESS_USABLE:
	case READINESS_SUSPECT:
		return enter(self, is_lost(self, now_usec) ? READINESS_DOWN : READINESS_SUSPECT,
		             now_usec);
	}
	return READINESS_SAME;
}

static uint64_t pause_usec(struct readiness *self, uint64_t now_usec, uint32_t dice)
{
	switch (self->state) {
	case READINESS_SETTLING:
		/* At once, but a server that keeps no connection is not stormed with handshakes. */
		return self->settles > 1 ? PROBE_DOWN_USEC : 0;
	case READINESS_USABLE:
		return READINESS_PERIOD_USEC - now_usec % READINESS_PERIOD_USEC;
	case READINESS_SUSPECT:
		return PROBE_DOWN_USEC;
	case READINESS_DOWN:
		break;
	}
	if (now_usec - self->down_since_usec < PROBE_EAGER_USEC)
		self->tardy = 0;
	else
		self->tardy++;
	return backoff_pause_usec(&patient, self->tardy, dice);
}

void readiness_stir(struct readiness *self, uint64_t now_usec)
{
	uint64_t soonest =
		self->stirred_usec + (self->stirred < STIRS_MAX ? STIR_USEC : STIR_LATER_USEC);

	if (!self->stir_usec)
		self->stir_usec = self->stirred_usec && soonest > now_usec ? soonest : now_usec;
}

bool readiness_follow_stir(struct readiness *self, uint64_t now_usec)
{
	if (!self->stir_usec || now_usec < self->stir_usec)
		return false;
	self->stir_usec = 0;
	self->stirred_usec = now_usec;
	self->stirred++;
	self->due_usec = now_usec;
	return true;
}

enum readiness_change readiness_step(struct readiness *self, const struct evidence_endpoint *seen,
                                     uint64_t now_usec, uint32_t dice)
{
	enum readiness_change change;
	bool good = seen->layer == LAYER_USABLE;

	if (!self->down_since_usec && !readiness_usable(self))
		self->down_since_usec = now_usec;
	if (!stamp_known(seen->at) || seen->at.begun_usec <= self->judged_usec)
		return READINESS_SAME;
	self->judged_usec = seen->at.begun_usec;
	self->stirred = 0;
	/* While a move of the address is kept quiet, so is the layer that it fails at. */
	change = good ? judge_good(self, seen->reused, now_usec) : judge_bad(self, now_usec);
	if (self->state != READINESS_SUSPECT)
		see_layer(self, seen->layer, now_usec);
	self->due_usec = now_usec + pause_usec(self, now_usec, dice);
	return change;
}
