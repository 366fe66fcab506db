/* SPDX-License-Identifier: Apache-2.0 */
#include "core/proofs.h"

#include "base/backoff.h"
#include "core/asks.h"
#include "core/core.h"

#define AUDIT_USEC  (600 * SECONDS_USEC)
#define SETTLE_USEC (300 * MSEC_USEC) /* a change needs a moment to reach Envoy */
#define PROOFS_MAX  4                 /* handshakes at once */

static const struct backoff_policy unproven = { .least_usec = 1 * SECONDS_USEC,
	                                        .most_usec = 30 * SECONDS_USEC };

static size_t find(const struct proofs *self, uint32_t listener)
{
	size_t place = 0;

	while (place < LISTENERS_MAX && self->kept[place].listener != listener)
		place++;
	return place;
}

static void mark_listed(struct proofs *self, const struct evidence *evidence)
{
	for (size_t i = 0; i < LISTENERS_MAX; i++)
		self->kept[i].listed = false;
	for (size_t i = 0; i < evidence->listeners.count; i++) {
		size_t place = find(self, evidence->listeners.item[i].id);

		if (place < LISTENERS_MAX)
			self->kept[place].listed = true;
	}
}

/* As many places as evidence can name: one that it does not name is free. */
static size_t take_place(struct proofs *self, uint32_t listener)
{
	size_t place = find(self, listener);

	if (place < LISTENERS_MAX)
		return place;
	for (place = 0; place < LISTENERS_MAX && self->kept[place].listed; place++)
		;
	if (place < LISTENERS_MAX) {
		self->kept[place].listener = listener;
		self->kept[place].asked_usec = 0;
		self->kept[place].misses = 0;
		self->kept[place].listed = true;
	}
	return place;
}

static bool is_bad(enum proof proof)
{
	return proof == PROOF_STALE || proof == PROOF_WRONG_CERT || proof == PROOF_NO_CERT;
}

void proofs_latch(struct core *core, const struct evidence *evidence)
{
	struct proofs *self = &core->proofs;

	self->provable = self->served = self->bad = 0;
	mark_listed(self, evidence);
	for (size_t i = 0; i < evidence->listeners.count; i++) {
		const struct evidence_listener *listener = &evidence->listeners.item[i];
		size_t place = take_place(self, listener->id);

		/* What can't be reached from here, or shows nothing, is not provable. */
		self->provable += listener->provable && listener->proof != PROOF_UNREACHABLE &&
		                  listener->proof != PROOF_SKIPPED;
		self->served += listener->provable && listener->proof == PROOF_SERVED;
		self->bad += listener->provable && is_bad(listener->proof);
		if (place < LISTENERS_MAX && listener->proof == PROOF_SERVED)
			self->kept[place].misses = 0;
	}
}

static uint64_t due_usec(const struct evidence_listener *listener, uint64_t asked_usec, unsigned misses,
                         uint32_t dice)
{
	uint64_t due = 0;

	if (asked_usec && listener->proof == PROOF_SERVED)
		due = asked_usec + AUDIT_USEC;
	else if (asked_usec)
		due = asked_usec + backoff_pause_usec(&unproven, misses, dice);
	if (asked_usec && listener->changed_usec > listener->at.begun_usec && due > asked_usec + SECONDS_USEC)
		due = asked_usec + SECONDS_USEC;
	return listener->changed_usec + SETTLE_USEC > due ? listener->changed_usec + SETTLE_USEC : due;
}

static void plan_one(struct core *core, const struct evidence_listener *listener, size_t place,
                     uint64_t now_usec, uint32_t dice, struct decision *ret)
{
	struct order order = { .kind = ASK_PROOF,
		               .subject = (uint16_t)place,
		               .about = listener->id,
		               .via = asks_nearest(core) };
	uint64_t due = due_usec(listener, core->proofs.kept[place].asked_usec, core->proofs.kept[place].misses, dice);

	if (asks_under_way(core, ASK_PROOF, order.subject))
		return;
	if (now_usec < due)
		asks_wake_at(ret, due);
	else if (asks_count(core, ASK_PROOF) < PROOFS_MAX)
		(void)asks_order(core, order, now_usec, ret);
}

/* Without knowing what it should serve there is nothing to compare with. */
static bool source_known(const struct evidence *evidence, uint32_t source)
{
	for (size_t i = 0; i < evidence->copies.count; i++)
		if (evidence->copies.item[i].source == source)
			return evidence->copies.item[i].state == SOURCE_VALID;
	return false;
}

void proofs_plan(struct core *core, const struct evidence *evidence, uint64_t now_usec, uint32_t dice,
                 struct decision *ret)
{
	if (!evidence->listeners.synced)
		return;
	for (size_t i = 0; i < evidence->listeners.count; i++) {
		const struct evidence_listener *listener = &evidence->listeners.item[i];
		size_t place = find(&core->proofs, listener->id);

		if (place < LISTENERS_MAX && listener->provable && source_known(evidence, listener->source))
			plan_one(core, listener, place, now_usec, dice, ret);
	}
}

void proofs_note(struct proofs *self, uint32_t listener, uint64_t ended_usec)
{
	size_t place = find(self, listener);

	if (place == LISTENERS_MAX)
		return;
	self->kept[place].asked_usec = ended_usec;
	self->kept[place].misses++;
}
