/* SPDX-License-Identifier: Apache-2.0 */
#include "core/holder.h"

#define NEVER UINT64_MAX

/* A router that is outranked stops at the other's first advert; one that was cut off from the others, or is of
 * another password or VRID, goes on. So two that both are there for so long are two. */
#define DUAL_AFTER_USEC (500 * MSEC_USEC)
/* RFC 5798, 6.1: three intervals and the skew of less than one; facts of 2.2.7 agree. */
#define DOWN_INTERVALS 4
#define SETTLE_USEC    (1 * SECONDS_USEC)

static uint64_t latest(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void recheck_at(struct holder *self, uint64_t usec, uint64_t now_usec)
{
	if (usec > now_usec && usec < self->recheck_usec)
		self->recheck_usec = usec;
}

static uint64_t down_usec(const struct evidence_advert *advert)
{
	return advert->last_usec + DOWN_INTERVALS * advert->interval_usec;
}

static bool is_alive(const struct evidence_advert *advert, uint64_t now_usec)
{
	return !advert->resigned_usec && now_usec < down_usec(advert);
}

/* Of those that announce it now, the one heard last; NULL: nobody does. */
static const struct evidence_advert *
announcer(struct holder *self, const struct evidence_holder *seen, uint64_t now_usec)
{
	const struct evidence_advert *last = NULL;

	for (size_t i = 0; i < seen->advert_count; i++) {
		const struct evidence_advert *advert = &seen->advert[i];

		if (!is_alive(advert, now_usec))
			continue;
		recheck_at(self, down_usec(advert), now_usec);
		if (!last || advert->last_usec > last->last_usec)
			last = advert;
	}
	return last;
}

/* Of all that ever announced it, the one heard last. */
static const struct evidence_advert *last_word(const struct evidence_holder *seen)
{
	const struct evidence_advert *last = NULL;

	for (size_t i = 0; i < seen->advert_count; i++)
		if (!last || seen->advert[i].last_usec > last->last_usec)
			last = &seen->advert[i];
	return last;
}

/* Another host that goes on to announce it although this one, or `other`, has had it for a while. */
static const struct evidence_advert *rival(const struct evidence_holder *seen,
                                           const struct evidence_advert *other, uint64_t now_usec)
{
	for (size_t i = 0; i < seen->advert_count; i++) {
		const struct evidence_advert *advert = &seen->advert[i];
		uint64_t both_usec =
			latest(advert->first_usec, other ? other->first_usec : seen->here_usec);

		if (advert != other && is_alive(advert, now_usec) &&
		    advert->last_usec >= both_usec + DUAL_AFTER_USEC &&
		    (!other || other->last_usec >= both_usec + DUAL_AFTER_USEC))
			return advert;
	}
	return NULL;
}

static bool has_answered(const struct evidence_endpoint *vip, uint64_t after_usec)
{
	return vip->at.begun_usec > after_usec && vip->layer >= LAYER_TCP;
}

/* No router announces it now: what else tells of a holder, and is younger than its last word? */
static struct holder_finding find_quiet(const struct evidence *evidence)
{
	const struct evidence_holder *seen = &evidence->holder;
	const struct evidence_advert *last = last_word(seen);
	uint64_t after_usec = latest(last ? last->last_usec : 0, seen->here_usec);

	if (has_answered(&evidence->endpoint[ENDPOINT_VIP], after_usec))
		return (struct holder_finding){ HOLDER_PEER, SOURCE_CONNECTION, 0 };
	if (seen->neighbour == NEIGHBOUR_ANSWERS && seen->neighbour_usec > after_usec)
		return (struct holder_finding){ HOLDER_PEER, SOURCE_NEIGHBOUR, 0 };
	if (last && last->resigned_usec)
		return (struct holder_finding){ HOLDER_NOBODY, SOURCE_FAREWELL, last->from };
	if (last)
		return (struct holder_finding){ HOLDER_NOBODY, SOURCE_SILENCE, last->from };
	if (seen->neighbour == NEIGHBOUR_SILENT)
		return (struct holder_finding){ HOLDER_NOBODY, SOURCE_NEIGHBOUR, 0 };
	return (struct holder_finding){ HOLDER_UNKNOWN, SOURCE_NONE, 0 };
}

static struct holder_finding find(struct holder *self, const struct evidence *evidence,
                                  uint64_t now_usec)
{
	const struct evidence_holder *seen = &evidence->holder;
	const struct evidence_advert *one, *two;

	if (!seen->wanted || !seen->known)
		return (struct holder_finding){ HOLDER_UNKNOWN, SOURCE_NONE, 0 };
	one = announcer(self, seen, now_usec);
	if (seen->here) {
		two = rival(seen, NULL, now_usec);
		return two ? (struct holder_finding){ HOLDER_DUAL, SOURCE_ADVERT, two->from }
		           : (struct holder_finding){ HOLDER_HERE, SOURCE_ADDRESS, 0 };
	}
	if (!one)
		return find_quiet(evidence);
	two = rival(seen, one, now_usec);
	return (struct holder_finding){ two ? HOLDER_DUAL : HOLDER_PEER, SOURCE_ADVERT,
		                        two ? two->from : one->from };
}

static bool same(const struct holder_finding *a, const struct holder_finding *b)
{
	return a->state == b->state && a->source == b->source && a->peer == b->peer;
}

/* A peer that is known by an answer alone may be any: the one that is known by name as well. */
static bool same_host(const struct holder_finding *a, const struct holder_finding *b)
{
	return a->state == b->state && (a->peer == b->peer || !a->peer || !b->peer);
}

static bool holds(const struct holder_finding *finding)
{
	return finding->state == HOLDER_HERE || finding->state == HOLDER_PEER;
}

static void settle(struct holder *self, uint64_t now_usec)
{
	if (!holds(&self->now))
		return;
	if (same_host(&self->now, &self->settled)) {
		if (self->now.peer)
			self->settled = self->now;
		return;
	}
	if (now_usec < self->since_usec + SETTLE_USEC) {
		recheck_at(self, self->since_usec + SETTLE_USEC, now_usec);
		return;
	}
	if (self->settled.state != HOLDER_UNKNOWN)
		self->move = (struct holder_move){ self->move.count + 1, self->settled, self->now,
			                           self->since_usec - self->left_usec };
	self->settled = self->now;
}

bool holder_step(struct holder *self, const struct evidence *evidence, uint64_t now_usec)
{
	struct holder_finding found;
	bool stirred = evidence->holder.stirs != self->stirs;

	self->stirs = evidence->holder.stirs;
	self->recheck_usec = NEVER;
	found = find(self, evidence, now_usec);
	if (!same(&found, &self->now)) {
		/* The same host, known by another source, has held it since it did. */
		if (!self->since_usec || !same_host(&found, &self->now)) {
			if (holds(&self->now) && same_host(&self->now, &self->settled))
				self->left_usec = now_usec;
			self->since_usec = now_usec;
		}
		self->now = found;
	}
	settle(self, now_usec);
	return stirred;
}
