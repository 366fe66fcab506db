/* SPDX-License-Identifier: Apache-2.0 */
#include "core/holder.h"

#define NEVER UINT64_MAX

/* A router that is outranked stops at the other's first advert; one that was cut off from the others, or is of
 * another password or VRID, goes on. So two that both are there for so long are two. */
#define DUAL_AFTER_USEC (500 * MSEC_USEC)
/* RFC 5798, 6.1: three intervals and the skew of less than one; facts of 2.2.7 agree. */
#define DOWN_INTERVALS    4
#define AT_ONCE_INTERVALS 2
#define SETTLE_USEC       (1 * SECONDS_USEC)
#define DUAL_FOR_USEC     (10 * SECONDS_USEC)
#define FAREWELL_USEC                                                                              \
	(500 *                                                                                     \
	 MSEC_USEC) /* it is said before the address goes; the next one takes it after 600 ms */

static uint64_t latest(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void recheck_at(struct holder *self, uint64_t usec, uint64_t now_usec)
{
	if (usec > now_usec && usec < self->recheck_usec)
		self->recheck_usec = usec;
}

/* For how long an advert speaks for its sender: until that one counts as down. Of two that do not take each other's
 * adverts keepalived 2.2.7 lets now the one and now the other be silent for several intervals: what is once known
 * to be two stays it for longer. */
static uint64_t down_usec(const struct holder *self, const struct evidence_advert *advert)
{
	uint64_t down = advert->last_usec + DOWN_INTERVALS * advert->interval_usec;

	return self->now.state == HOLDER_DUAL ? latest(down, advert->last_usec + DUAL_FOR_USEC)
	                                      : down;
}

static bool is_alive(struct holder *self, const struct evidence_advert *advert, uint64_t now_usec)
{
	if (advert->resigned_usec || now_usec >= down_usec(self, advert))
		return false;
	recheck_at(self, down_usec(self, advert), now_usec);
	return true;
}

/* Of those that announce it now, the one heard last; NULL: nobody does. */
static const struct evidence_advert *
announcer(struct holder *self, const struct evidence_holder *seen, uint64_t now_usec)
{
	const struct evidence_advert *last = NULL;

	for (size_t i = 0; i < seen->advert_count; i++)
		if (is_alive(self, &seen->advert[i], now_usec) &&
		    (!last || seen->advert[i].last_usec > last->last_usec))
			last = &seen->advert[i];
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

/* Another host that goes on to announce what this one has had for a while. */
static const struct evidence_advert *rival(struct holder *self, const struct evidence_holder *seen,
                                           uint64_t now_usec)
{
	bool dual = self->now.state == HOLDER_DUAL;

	for (size_t i = 0; i < seen->advert_count; i++) {
		const struct evidence_advert *advert = &seen->advert[i];
		uint64_t both_usec = latest(advert->first_usec, seen->here_usec);

		if (is_alive(self, advert, now_usec) &&
		    (dual || advert->last_usec >= both_usec + DUAL_AFTER_USEC))
			return advert;
	}
	return NULL;
}

/* A router takes over at once from one that it outranks, or that has said farewell, and else only after a silence of
 * three intervals. So there and back at once, without a farewell, are two that do not take each other's adverts. */
static void hear(struct holder *self, const struct evidence_holder *seen)
{
	const struct evidence_advert *last = last_word(seen);
	struct holder_voices *voices = &self->voices;
	bool at_once;

	if (!last || last->last_usec == voices->last_usec)
		return;
	if (last->from != voices->one) {
		at_once = voices->last_usec && !voices->resigned &&
		          last->last_usec - voices->last_usec <
		                  AT_ONCE_INTERVALS * last->interval_usec;
		if (at_once && voices->at_once && last->from == voices->other)
			voices->both_usec = last->last_usec;
		voices->at_once = at_once;
		voices->other = voices->one;
		voices->one = last->from;
	}
	voices->last_usec = last->last_usec;
	voices->resigned = last->resigned_usec != 0;
}

/* Of two that both go on to announce it the one that stands first, always the same; NULL: there are no two. */
static const struct evidence_advert *
first_of_two(struct holder *self, const struct evidence_holder *seen, uint64_t now_usec)
{
	const struct holder_voices *voices = &self->voices;
	const struct evidence_advert *first = NULL;
	size_t alive = 0;

	if (!voices->both_usec || now_usec - voices->both_usec >= DUAL_FOR_USEC)
		return NULL;
	recheck_at(self, voices->both_usec + DUAL_FOR_USEC, now_usec);
	for (size_t i = 0; i < seen->advert_count; i++) {
		const struct evidence_advert *advert = &seen->advert[i];

		if ((advert->from != voices->one && advert->from != voices->other) ||
		    advert->resigned_usec || now_usec - advert->last_usec >= DUAL_FOR_USEC)
			continue;
		alive++;
		first = first ? first : advert;
	}
	return alive == 2 ? first : NULL;
}

/* A closed port, or anything further, is somebody's answer; but silence on a connection of before is nobody's. */
static bool has_answered(const struct evidence_endpoint *vip, uint64_t after_usec)
{
	return vip->at.begun_usec > after_usec && vip->layer >= LAYER_TCP &&
	       (vip->http_status || !vip->reused);
}

/* Until an attempt of ours that began later came to nothing: the kernel believes in a neighbour for half a minute. */
static bool has_answered_arp(const struct evidence *evidence, uint64_t after_usec)
{
	const struct evidence_holder *seen = &evidence->holder;
	const struct evidence_endpoint *vip = &evidence->endpoint[ENDPOINT_VIP];
	bool disproved = vip->layer == LAYER_VIP && vip->at.begun_usec > seen->neighbour_usec;

	return seen->neighbour == NEIGHBOUR_ANSWERS && seen->neighbour_usec > after_usec &&
	       !disproved;
}

/* Since when only what is younger speaks for a holder: the address left this host, a router gave it up, or counts as
 * down. */
static uint64_t gone_usec(const struct holder *self, const struct evidence_holder *seen,
                          const struct evidence_advert *last)
{
	if (!last)
		return seen->here_usec;
	return latest(seen->here_usec, last->resigned_usec ? last->resigned_usec + FAREWELL_USEC
	                                                   : down_usec(self, last));
}

/* No router announces it now: what else tells of a holder, or of none? */
static struct holder_finding find_quiet(const struct holder *self, const struct evidence *evidence)
{
	const struct evidence_holder *seen = &evidence->holder;
	const struct evidence_advert *last = last_word(seen);
	uint64_t after_usec = gone_usec(self, seen, last);

	if (!seen->shadow && has_answered(&evidence->endpoint[ENDPOINT_VIP], after_usec))
		return (struct holder_finding){ HOLDER_PEER, SOURCE_CONNECTION, 0 };
	if (has_answered_arp(evidence, after_usec))
		return (struct holder_finding){ HOLDER_PEER, SOURCE_NEIGHBOUR, 0 };
	if (last && last->resigned_usec)
		return (struct holder_finding){ HOLDER_NOBODY, SOURCE_FAREWELL, last->from };
	if (last)
		return (struct holder_finding){ HOLDER_NOBODY, SOURCE_SILENCE, last->from };
	if (seen->neighbour == NEIGHBOUR_SILENT && seen->neighbour_usec > after_usec)
		return (struct holder_finding){ HOLDER_NOBODY, SOURCE_NEIGHBOUR, 0 };
	return (struct holder_finding){ HOLDER_UNKNOWN, SOURCE_NONE, 0 };
}

/* As this host carries it. */
static struct holder_finding find_here(struct holder *self, const struct evidence_holder *seen,
                                       uint64_t now_usec)
{
	const struct evidence_advert *two = rival(self, seen, now_usec);

	if (two)
		return (struct holder_finding){ HOLDER_DUAL, SOURCE_ADVERT, two->from };
	return (struct holder_finding){ HOLDER_HERE, SOURCE_ADDRESS, 0 };
}

static struct holder_finding find(struct holder *self, const struct evidence *evidence,
                                  uint64_t now_usec)
{
	const struct evidence_holder *seen = &evidence->holder;
	const struct evidence_advert *one, *two;

	if (seen->wanted && seen->known && seen->here)
		return find_here(self, seen, now_usec);
	/* Without a carrier nothing is heard, which says nothing of the others. */
	if (!seen->wanted || !seen->known || seen->cut_off)
		return (struct holder_finding){ HOLDER_UNKNOWN, SOURCE_NONE, 0 };
	two = first_of_two(self, seen, now_usec);
	if (two)
		return (struct holder_finding){ HOLDER_DUAL, SOURCE_ADVERT, two->from };
	one = announcer(self, seen, now_usec);
	if (one)
		return (struct holder_finding){ HOLDER_PEER, SOURCE_ADVERT, one->from };
	return find_quiet(self, evidence);
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

/* A peer that fell silent was last known to hold it when it was heard last. */
static uint64_t left_usec(const struct holder *self, const struct evidence_holder *seen,
                          uint64_t now_usec)
{
	for (size_t i = 0; self->now.source == SOURCE_ADVERT && i < seen->advert_count; i++) {
		const struct evidence_advert *advert = &seen->advert[i];

		if (self->now.state == HOLDER_PEER && advert->from == self->now.peer &&
		    now_usec - advert->last_usec > 2 * advert->interval_usec)
			return advert->last_usec;
	}
	return now_usec;
}

/* True once for each farewell, when the address must have gone by it: asked any sooner, the old holder may have
 * answered once more. */
static bool farewell_is_over(struct holder *self, const struct evidence_holder *seen,
                             uint64_t now_usec)
{
	const struct evidence_advert *last = last_word(seen);
	uint64_t over_usec;

	if (self->now.source != SOURCE_FAREWELL || last->resigned_usec == self->farewell_usec)
		return false;
	over_usec = gone_usec(self, seen, last) + 1; /* from then on an answer counts */
	recheck_at(self, over_usec, now_usec);
	if (now_usec < over_usec)
		return false;
	self->farewell_usec = last->resigned_usec;
	return true;
}

bool holder_step(struct holder *self, const struct evidence *evidence, uint64_t now_usec)
{
	struct holder_finding found;
	bool stirred = evidence->holder.stirs != self->stirs;

	if (evidence->holder.wanted != self->wanted)
		*self = (struct holder){ .wanted = evidence->holder.wanted,
			                 .move.count = self->move.count };
	self->stirs = evidence->holder.stirs;
	self->recheck_usec = NEVER;
	hear(self, &evidence->holder);
	found = find(self, evidence, now_usec);
	if (!same(&found, &self->now)) {
		/* The same host, known by another source, has held it since it did. */
		if (!self->since_usec || !same_host(&found, &self->now)) {
			if (self->now.state == HOLDER_DUAL ||
			    (holds(&self->now) && same_host(&self->now, &self->settled)))
				self->left_usec = left_usec(self, &evidence->holder, now_usec);
			self->since_usec = now_usec;
		}
		/* Silence asks for an answer: a firewall may eat the adverts alone. */
		stirred = stirred || found.source == SOURCE_SILENCE;
		self->now = found;
	}
	settle(self, now_usec);
	return farewell_is_over(self, &evidence->holder, now_usec) || stirred;
}
