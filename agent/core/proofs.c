/* SPDX-License-Identifier: Apache-2.0 */
#include "core/proofs.h"

#include "base/backoff.h"
#include "core/asks.h"
#include "core/core.h"

#define SETTLE_USEC  (300 * MSEC_USEC)  /* a change needs a moment to reach Envoy */
#define CHANGED_USEC (1 * SECONDS_USEC) /* between looks while something changes */
#define LOOKS                                                                                      \
	3 /* in vain, before "no way from here" is believed: an Envoy that starts refuses as well */

static const struct backoff_policy unproven = { 1 * SECONDS_USEC, 30 * SECONDS_USEC };
static const struct backoff_policy audit = { 600 * SECONDS_USEC, 600 * SECONDS_USEC };

/* hint: where it most often is, so that a step is not quadratic. */
static size_t place_of(const struct proofs *self, uint32_t listener, size_t hint)
{
	size_t place = 0;

	if (hint < LISTENERS_MAX && self->kept[hint].listener == listener)
		return hint;
	while (place < LISTENERS_MAX && self->kept[place].listener != listener)
		place++;
	return place;
}

static struct proven *find(struct proofs *self, uint32_t listener, size_t hint)
{
	size_t place = place_of(self, listener, hint);

	return place < LISTENERS_MAX ? &self->kept[place] : NULL;
}

static void mark_listed(struct proofs *self, const struct evidence *evidence)
{
	for (size_t i = 0; i < LISTENERS_MAX; i++)
		self->kept[i].listed = false;
	for (size_t i = 0; i < evidence->listeners.count; i++) {
		struct proven *kept = find(self, evidence->listeners.item[i].id, i);

		if (kept)
			kept->listed = true;
	}
}

/* As many places as evidence can name: once those that it names are marked, another one is free. */
static struct proven *take_place(struct proofs *self, uint32_t listener, size_t hint)
{
	struct proven *kept = find(self, listener, hint);

	if (!kept && hint < LISTENERS_MAX && !self->kept[hint].listed)
		kept = &self->kept[hint];
	for (size_t i = 0; !kept && i < LISTENERS_MAX; i++)
		if (!self->kept[i].listed)
			kept = &self->kept[i];
	if (kept && kept->listener != listener)
		*kept = (struct proven){ .listener = listener };
	if (kept)
		kept->listed = true;
	return kept;
}

/* Where there was a way once, that there is none now says something of the listener. */
static bool is_bad(const struct evidence_listener *listener, const struct proven *kept)
{
	switch (listener->proof) {
	case PROOF_STALE:
	case PROOF_WRONG_CERT:
	case PROOF_NO_CERT:
		return true;
	case PROOF_UNREACHABLE:
		return kept->reached && kept->far >= LOOKS;
	case PROOF_UNKNOWN:
	case PROOF_SERVED:
	case PROOF_SKIPPED:
		break;
	}
	return false;
}

/* What can't be reached from here, or shows nothing, is not provable. */
static bool is_provable(const struct evidence_listener *listener, const struct proven *kept)
{
	if (listener->proof == PROOF_UNREACHABLE)
		return kept->reached || kept->far < LOOKS;
	return listener->proof != PROOF_SKIPPED;
}

static bool shows_a_way(enum proof proof)
{
	return proof == PROOF_SERVED || proof == PROOF_STALE || proof == PROOF_WRONG_CERT ||
	       proof == PROOF_NO_CERT;
}

/* Counted by the looks themselves: an errand that came to nothing saw nothing. */
static void latch_far(struct proven *kept, const struct evidence_listener *listener)
{
	if (listener->at.begun_usec <= kept->looked_usec)
		return;
	kept->looked_usec = listener->at.begun_usec;
	kept->far = listener->proof == PROOF_UNREACHABLE ? kept->far + 1 : 0;
}

void proofs_latch(struct core *core, const struct evidence *evidence)
{
	struct proofs *self = &core->proofs;

	self->served = self->bad = 0;
	self->provable = evidence->listeners.truncated; /* one at least is never looked at */
	mark_listed(self, evidence);
	for (size_t i = 0; i < evidence->listeners.count; i++) {
		const struct evidence_listener *listener = &evidence->listeners.item[i];
		struct proven *kept = take_place(self, listener->id, i);

		if (!kept || !listener->provable)
			continue;
		latch_far(kept, listener);
		kept->reached |= shows_a_way(listener->proof);
		self->provable += is_provable(listener, kept);
		self->served += listener->proof == PROOF_SERVED;
		self->bad += is_bad(listener, kept);
		/* What can't be seen now will hardly be seen in a second. */
		if (listener->proof == PROOF_SERVED || listener->proof == PROOF_SKIPPED)
			kept->misses = 0;
	}
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* A change, or a loss of readiness, after which much may be new that nobody told. */
static uint64_t due_usec(const struct evidence_listener *listener, const struct proven *kept,
                         uint32_t epoch)
{
	uint64_t settled = listener->changed_usec + SETTLE_USEC;
	const struct backoff_policy *pause = kept->misses ? &unproven : &audit;
	uint64_t pause_usec = backoff_pause_usec(pause, kept->misses, kept->luck);

	if (!kept->asked_usec)
		return settled;
	if (listener->changed_usec > listener->at.begun_usec || listener->at.epoch != epoch)
		return later(settled, kept->asked_usec + CHANGED_USEC);
	return later(settled, kept->misses ? kept->asked_usec + pause_usec
	                                   : asks_due(kept->asked_usec, pause_usec));
}

/* Without knowing what it should serve there is nothing to compare with. */
static bool source_known(const struct evidence *evidence, uint32_t source)
{
	for (size_t i = 0; i < evidence->copies.count; i++)
		if (evidence->copies.item[i].source == source)
			return evidence->copies.item[i].state == SOURCE_VALID;
	return false;
}

static bool is_due(const struct core *core, const struct evidence *evidence,
                   const struct evidence_listener *listener, const struct proven *kept,
                   uint64_t now_usec, struct decision *ret)
{
	uint64_t due = due_usec(listener, kept, core->epoch);

	if (now_usec < due) {
		asks_wake_at(ret, due);
		return false;
	}
	return !asks_about(core, ASK_PROOF, listener->id) &&
	       source_known(evidence, listener->source);
}

/* The one that was looked at least lately: those that no way leads to take 3 s each, and are not to keep
 * the others from their turn. */
static const struct proven *next_one(struct core *core, const struct evidence *evidence,
                                     uint64_t now_usec, struct decision *ret)
{
	const struct proven *next = NULL;

	for (size_t i = 0; i < evidence->listeners.count; i++) {
		const struct evidence_listener *listener = &evidence->listeners.item[i];
		const struct proven *kept = find(&core->proofs, listener->id, i);

		if (kept && listener->provable && (!next || kept->asked_usec < next->asked_usec) &&
		    is_due(core, evidence, listener, kept, now_usec, ret))
			next = kept;
	}
	return next;
}

void proofs_plan(struct core *core, const struct evidence *evidence, uint64_t now_usec,
                 struct decision *ret)
{
	const struct proven *next;

	if (!evidence->listeners.synced || core->verdict == VERDICT_DISABLED)
		return;
	while (asks_count(core, ASK_PROOF) < PROOFS_MAX &&
	       (next = next_one(core, evidence, now_usec, ret))) {
		struct order order = { .kind = ASK_PROOF,
			               .subject = (uint16_t)(next - core->proofs.kept),
			               .about = next->listener,
			               .via = asks_nearest(core) };

		if (!asks_order(core, order, now_usec, ret))
			return;
	}
}

static bool is_looked_at(const struct evidence_listener *listener, const struct proofs *self,
                         size_t hint)
{
	size_t place = place_of(self, listener->id, hint);

	if (!stamp_known(listener->at) || place == LISTENERS_MAX)
		return false;
	return listener->proof != PROOF_UNREACHABLE || self->kept[place].far >= LOOKS;
}

bool proofs_pending(const struct core *core, const struct evidence *evidence)
{
	bool pending = false;

	for (size_t i = 0; i < evidence->listeners.count; i++) {
		const struct evidence_listener *listener = &evidence->listeners.item[i];

		pending |= listener->provable && !is_looked_at(listener, &core->proofs, i) &&
		           source_known(evidence, listener->source);
	}
	return pending;
}

void proofs_note(struct core *core, const struct order *order, const struct outcome *outcome)
{
	struct proven *kept = find(&core->proofs, order->about, order->subject);

	if (!kept)
		return;
	kept->asked_usec = outcome->ended_usec;
	kept->misses++;
	kept->luck = asks_luck(core, order->about);
}
