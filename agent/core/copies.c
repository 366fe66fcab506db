/* SPDX-License-Identifier: Apache-2.0 */
#include "core/copies.h"

#include "base/backoff.h"
#include "core/asks.h"
#include "core/core.h"

#define PATIENCE_ON_USEC (5 * SECONDS_USEC) /* a healthy operator needs no more */
#define STOOD_USEC       (10 * SECONDS_USEC)
#define CHANGED_USEC     (1 * SECONDS_USEC) /* between looks while something near a source changes */
#define LOOKS_IN_VAIN    3                  /* then the next one brings no answer either */

/* After the first, the second and the third delete of the copy that was seen. */
static const uint64_t after_delete_usec[] = { 300 * MSEC_USEC, 1 * SECONDS_USEC, 3 * SECONDS_USEC };
#define DELETES_QUICK (sizeof(after_delete_usec) / sizeof(after_delete_usec[0]))

/* After more than those, each soon after our create: whoever deletes it each time is not to be fought with. */
static const struct backoff_policy tug = { 3 * SECONDS_USEC, 60 * SECONDS_USEC };

static const struct backoff_policy retry[] = {
	[RESULT_OK] = { 1 * SECONDS_USEC, 1 * SECONDS_USEC }, /* the watch is to show it */
	[RESULT_CONFLICT] = { 250 * MSEC_USEC, 5 * SECONDS_USEC },
	[RESULT_REFUSED] = { 5 * SECONDS_USEC, 60 * SECONDS_USEC },
	[RESULT_UNREACHABLE] = { 250 * MSEC_USEC, 5 * SECONDS_USEC },
	[RESULT_LOST] = { 250 * MSEC_USEC, 5 * SECONDS_USEC },
};

/* Between looks: no answer; no good, it may be mended; good, and nothing happened to it. */
static const struct backoff_policy unknown = { 1 * SECONDS_USEC, 30 * SECONDS_USEC };
static const struct backoff_policy unfit = { 30 * SECONDS_USEC, 30 * SECONDS_USEC };
static const struct backoff_policy audit = { 600 * SECONDS_USEC, 600 * SECONDS_USEC };

/* hint: where it most often is, so that a step is not quadratic. */
static size_t place_of(const struct copies *self, uint32_t source, size_t hint)
{
	size_t place = 0;

	if (hint < SOURCES_MAX && self->kept[hint].source == source)
		return hint;
	while (place < SOURCES_MAX && self->kept[place].source != source)
		place++;
	return place;
}

static struct kept *find(struct copies *self, uint32_t source, size_t hint)
{
	size_t place = place_of(self, source, hint);

	return place < SOURCES_MAX ? &self->kept[place] : NULL;
}

/* As many places as evidence can name: once those that it names are marked, another one is free. */
static struct kept *take_place(struct copies *self, uint32_t source, size_t hint)
{
	struct kept *kept = find(self, source, hint);

	if (!kept && hint < SOURCES_MAX && !self->kept[hint].listed)
		kept = &self->kept[hint];
	for (size_t i = 0; !kept && i < SOURCES_MAX; i++)
		if (!self->kept[i].listed)
			kept = &self->kept[i];
	if (kept && kept->source != source)
		*kept = (struct kept){ .source = source };
	if (kept)
		kept->listed = true;
	return kept;
}

/* --- what is known --- */

/* A look said so; not knowing is neither good nor bad. */
static bool source_is_bad(const struct evidence_copy *copy)
{
	return copy->state == SOURCE_MISSING || copy->state == SOURCE_UNREADABLE ||
	       copy->state == SOURCE_INVALID;
}

/* Whatever is wrong with it is not its source's fault, nor a missing permission's. */
static bool could_be_right(const struct evidence_copy *copy)
{
	return copy->granted && copy->nameable && !source_is_bad(copy);
}

static bool is_wrong(const struct evidence_copy *copy)
{
	return could_be_right(copy) && (!copy->present || copy->stale);
}

/* Nothing keeps the operator from mending it. */
static bool is_owed(const struct kept *kept, const struct evidence_copy *copy)
{
	return is_wrong(copy) && copy->state == SOURCE_VALID && !copy->blocked && !kept->refused;
}

static bool is_blocked(const struct kept *kept, const struct evidence_copy *copy)
{
	return copy->granted &&
	       (copy->blocked || (!copy->present && (!copy->nameable || kept->refused)));
}

static void latch_since(uint64_t *since, bool is_so, uint64_t now_usec)
{
	if (!is_so)
		*since = 0;
	else if (!*since)
		*since = now_usec;
}

static uint64_t earlier(uint64_t since, uint64_t other)
{
	return !since || (other && other < since) ? other : since;
}

/* One of ours that stood for a while was let be: the delete is a first one. */
static void latch_delete(struct kept *kept, const struct evidence_copy *copy)
{
	bool again = kept->created_usec && copy->gone_usec < kept->created_usec + STOOD_USEC;

	if (copy->gone_usec <= kept->gone_usec)
		return;
	kept->deletes = again ? kept->deletes + 1 : 1;
	kept->gone_usec = copy->gone_usec;
}

static void latch_one(struct kept *kept, const struct evidence_copy *copy, uint64_t now_usec)
{
	/* Once it is there, or its source is to be mended first, the next create is a new story. */
	if (copy->present || source_is_bad(copy)) {
		kept->failed = 0;
		kept->refused = false;
		kept->retry_usec = 0;
	}
	latch_delete(kept, copy);
	if (copy->state == SOURCE_VALID)
		kept->looks = 0;
	if (!copy->present && kept->gone_usec > kept->created_usec)
		kept->created_usec = 0;
	latch_since(&kept->missing_usec, could_be_right(copy) && !copy->present, now_usec);
	latch_since(&kept->owed_usec, is_owed(kept, copy), now_usec);
	kept->restarted = kept->restarted && kept->owed_usec;
}

static void count_one(struct copies *self, const struct kept *kept,
                      const struct evidence_copy *copy)
{
	self->needed += copy->granted;
	self->present += copy->granted && copy->present;
	self->created += kept->created_usec != 0;
	self->stale += copy->granted && copy->present && copy->stale;
	self->wrong += is_wrong(copy);
	self->blocked += is_blocked(kept, copy);
	self->unfit += copy->granted && !copy->present && source_is_bad(copy);
	self->owed_usec = earlier(self->owed_usec, kept->owed_usec);
	if (!kept->restarted)
		self->hopeful_usec = earlier(self->hopeful_usec, kept->owed_usec);
}

/* Only what is complete and of this epoch says that something is not there. */
static bool is_known(const struct core *core, const struct evidence *evidence)
{
	return evidence->copies.synced && evidence->copies.at.epoch == core->epoch;
}

/* While the API was away nobody could mend anything: all have their time anew. */
static void follow_epoch(struct copies *self, uint32_t epoch, uint64_t now_usec)
{
	if (self->epoch == epoch)
		return;
	self->epoch = epoch;
	for (size_t i = 0; i < SOURCES_MAX; i++) {
		struct kept *kept = &self->kept[i];

		kept->missing_usec = kept->missing_usec ? now_usec : 0;
		kept->owed_usec = kept->owed_usec ? now_usec : 0;
	}
	self->owed_usec = self->owed_usec ? now_usec : 0;
	self->hopeful_usec = self->hopeful_usec ? now_usec : 0;
}

static void mark_listed(struct copies *self, const struct evidence *evidence)
{
	for (size_t i = 0; i < SOURCES_MAX; i++)
		self->kept[i].listed = false;
	for (size_t i = 0; i < evidence->copies.count; i++) {
		struct kept *kept = find(self, evidence->copies.item[i].source, i);

		if (kept)
			kept->listed = true;
	}
	/* What nothing refers to is missed by nobody, and is not when it comes back. */
	for (size_t i = 0; i < SOURCES_MAX; i++)
		if (!self->kept[i].listed)
			self->kept[i].missing_usec = self->kept[i].owed_usec = 0;
}

static void forget_counts(struct copies *self)
{
	self->needed = self->present = self->created = self->stale = 0;
	self->wrong = self->blocked = self->unfit = 0;
	self->owed_usec = self->hopeful_usec = 0;
}

void copies_latch(struct core *core, const struct evidence *evidence, uint64_t now_usec)
{
	struct copies *self = &core->copies;

	follow_epoch(self, core->epoch, now_usec);
	self->current = is_known(core, evidence);
	if (!self->current)
		return;
	self->known = true;
	forget_counts(self);
	mark_listed(self, evidence);
	for (size_t i = 0; i < evidence->copies.count; i++) {
		const struct evidence_copy *copy = &evidence->copies.item[i];
		struct kept *kept = take_place(self, copy->source, i);

		if (!kept)
			continue;
		latch_one(kept, copy, now_usec);
		count_one(self, kept, copy);
	}
	if (evidence->copies.truncated) /* more than are looked at: named, and nothing is done */
		self->owed_usec = self->hopeful_usec = 0;
}

uint64_t copies_neglected_from(uint64_t owed_usec, uint64_t on_usec)
{
	return (owed_usec > on_usec ? owed_usec : on_usec) + NEGLECTED_USEC;
}

/* --- what is due --- */

static uint64_t quiet_from(const struct kept *kept)
{
	if (!kept->deletes)
		return 0;
	if (kept->deletes <= DELETES_QUICK)
		return kept->gone_usec + after_delete_usec[kept->deletes - 1];
	return kept->gone_usec +
	       backoff_pause_usec(&tug, kept->deletes - (unsigned)DELETES_QUICK + 1, kept->luck);
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t create_due_usec(const struct kept *kept, uint64_t on_usec)
{
	uint64_t due = kept->missing_usec;

	if (on_usec)
		due = later(due, on_usec) + PATIENCE_ON_USEC;
	return later(due, later(quiet_from(kept), kept->retry_usec));
}

static uint64_t look_due_usec(const struct kept *kept, const struct evidence_copy *copy)
{
	const struct backoff_policy *pause = source_is_bad(copy) ? &unfit : &unknown;

	if (!kept->looked_usec)
		return 0;
	if (copy->changed_usec > copy->source_at.begun_usec)
		return kept->looked_usec + CHANGED_USEC;
	if (copy->state == SOURCE_VALID)
		return asks_due(kept->looked_usec,
		                backoff_pause_usec(&audit, kept->looks, kept->luck));
	return kept->looked_usec + backoff_pause_usec(pause, kept->looks, kept->luck);
}

static void plan_one(struct core *core, enum order_kind kind, const struct kept *kept,
                     uint64_t due_usec, uint64_t now_usec, struct decision *ret)
{
	struct order order = { .kind = kind,
		               .subject = (uint16_t)(kept - core->copies.kept),
		               .about = kept->source };
	size_t most = kind == ACT_CREATE_COPY ? CREATES_MAX : LOOKS_MAX;

	if (now_usec < due_usec)
		asks_wake_at(ret, due_usec);
	else if (asks_choose_via(core, kind, &order.via) && asks_count(core, kind) < most &&
	         !asks_about(core, kind, kept->source))
		(void)asks_order(core, order, now_usec, ret);
}

static bool may_create(const struct core *core, const struct policy *policy,
                       const struct evidence *evidence, const struct evidence_copy *copy)
{
	/* A source that is missing or bad is looked at again by itself; until then nothing is tried. */
	return (policy->may & POLICY_CREATE) && core->verdict != VERDICT_UNKNOWN &&
	       !evidence->copies.truncated && could_be_right(copy) && !copy->present;
}

void copies_plan(struct core *core, const struct policy *policy, const struct evidence *evidence,
                 uint64_t on_usec, uint64_t now_usec, struct decision *ret)
{
	struct copies *self = &core->copies;
	uint64_t neglected = copies_neglected_from(self->owed_usec, on_usec) + 1;

	if (!self->current || core->verdict == VERDICT_DISABLED)
		return;
	if (on_usec && self->owed_usec && now_usec < neglected)
		asks_wake_at(ret, neglected);
	for (size_t i = 0; i < evidence->copies.count; i++) {
		const struct evidence_copy *copy = &evidence->copies.item[i];
		const struct kept *kept = find(self, copy->source, i);

		if (!kept)
			continue;
		if (may_create(core, policy, evidence, copy))
			plan_one(core, ACT_CREATE_COPY, kept, create_due_usec(kept, on_usec),
			         now_usec, ret);
		else if (copy->granted)
			plan_one(core, ASK_SOURCE, kept, look_due_usec(kept, copy), now_usec, ret);
	}
}

static bool is_pending(const struct core *core, const struct policy *policy,
                       const struct evidence *evidence, size_t which)
{
	const struct evidence_copy *copy = &evidence->copies.item[which];
	size_t place = place_of(&core->copies, copy->source, which);

	if (place == SOURCES_MAX || !copy->granted)
		return false;
	if (may_create(core, policy, evidence, copy))
		return !core->copies.kept[place].refused;
	return copy->state == SOURCE_UNKNOWN && core->copies.kept[place].looks < LOOKS_IN_VAIN;
}

unsigned copies_pending(const struct core *core, const struct policy *policy,
                        const struct evidence *evidence)
{
	size_t under_way = asks_count(core, ASK_SOURCE) + asks_count(core, ACT_CREATE_COPY);
	unsigned pending = 0;

	for (size_t i = 0; i < evidence->copies.count; i++)
		pending += is_pending(core, policy, evidence, i);
	return pending + (unsigned)under_way;
}

/* --- what came of it --- */

static void note_create(struct kept *kept, const struct outcome *outcome)
{
	if (outcome->result == RESULT_OK)
		kept->created_usec = outcome->ended_usec;
	kept->refused = outcome->result == RESULT_REFUSED;
	kept->failed = outcome->result == RESULT_OK ? 0 : kept->failed + 1;
	kept->retry_usec = outcome->ended_usec +
	                   backoff_pause_usec(&retry[outcome->result], kept->failed, kept->luck);
}

void copies_note(struct core *core, const struct order *order, const struct outcome *outcome)
{
	struct kept *kept = find(&core->copies, order->about, order->subject);

	if (!kept)
		return;
	kept->luck = asks_luck(core, order->about);
	/* A create reads the source as well. */
	kept->looked_usec = outcome->ended_usec;
	kept->looks++;
	if (order->kind == ACT_CREATE_COPY)
		note_create(kept, outcome);
}

void copies_note_restart(struct copies *self, uint32_t container)
{
	if (!self->restarted_for || self->restarted_for != container)
		return;
	self->restarted_for = 0;
	for (size_t i = 0; i < SOURCES_MAX; i++)
		self->kept[i].restarted |= self->kept[i].owed_usec != 0;
}
