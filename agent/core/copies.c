/* SPDX-License-Identifier: Apache-2.0 */
#include "core/copies.h"

#include "base/backoff.h"
#include "core/asks.h"
#include "core/core.h"

#define PATIENCE_ON_USEC (5 * SECONDS_USEC)   /* a healthy operator needs no more */
#define AUDIT_USEC       (600 * SECONDS_USEC) /* between looks at a source that nothing happened to */
#define MENDED_USEC      (30 * SECONDS_USEC)  /* between looks at one that was no good: it may be mended */

/* After the first, second and any later delete of the copy that was seen. */
static const uint64_t after_delete_usec[] = { 300 * MSEC_USEC, 1 * SECONDS_USEC, 3 * SECONDS_USEC };

static const struct backoff_policy retry[] = {
	[RESULT_OK] = { 1 * SECONDS_USEC, 1 * SECONDS_USEC }, /* the watch is to show it */
	[RESULT_CONFLICT] = { 250 * MSEC_USEC, 5 * SECONDS_USEC },
	[RESULT_REFUSED] = { 5 * SECONDS_USEC, 300 * SECONDS_USEC },
	[RESULT_UNREACHABLE] = { 250 * MSEC_USEC, 5 * SECONDS_USEC },
	[RESULT_LOST] = { 250 * MSEC_USEC, 5 * SECONDS_USEC },
};

static struct kept *find(struct copies *self, uint32_t source)
{
	for (size_t i = 0; i < SOURCES_MAX; i++)
		if (self->kept[i].source == source)
			return &self->kept[i];
	return NULL;
}

/* There are as many places as evidence can name, so that one which it does not name is free. */
static struct kept *take_place(struct copies *self, uint32_t source)
{
	struct kept *kept = find(self, source);

	for (size_t i = 0; !kept && i < SOURCES_MAX; i++)
		if (!self->kept[i].listed)
			kept = &self->kept[i];
	if (kept && kept->source != source)
		*kept = (struct kept){ .source = source };
	return kept;
}

/* It could be right: whatever is wrong with it is not the source's fault, nor a missing permission's. */
static bool could_be_right(const struct evidence_copy *copy)
{
	return copy->granted && copy->nameable && copy->state != SOURCE_MISSING &&
	       copy->state != SOURCE_UNREADABLE && copy->state != SOURCE_INVALID;
}

static void latch_since(uint64_t *since, bool is_so, uint64_t now_usec)
{
	if (!is_so)
		*since = 0;
	else if (!*since)
		*since = now_usec;
}

static void latch_one(struct copies *self, struct kept *kept, const struct evidence_copy *copy, uint64_t now_usec)
{
	bool missing = copy->granted && !copy->present;
	bool wrong = could_be_right(copy) && (!copy->present || copy->stale);

	latch_since(&kept->missing_usec, missing, now_usec);
	latch_since(&kept->wrong_usec, wrong, now_usec);
	kept->restarted = kept->restarted && wrong;
	if (copy->present) {
		kept->failed = 0;
		kept->refused = false;
	} else if (copy->gone_usec > kept->retry_usec) {
		kept->created = false;
	}
	self->needed += copy->granted;
	self->present += copy->granted && copy->present;
	self->missing += missing;
	self->created += kept->created;
	self->blocked += copy->blocked || kept->refused;
	self->stale += copy->present && copy->stale;
	if (kept->wrong_usec && (!self->wrong_usec || kept->wrong_usec < self->wrong_usec))
		self->wrong_usec = kept->wrong_usec;
}

/* Only what is complete and of this epoch says that something is not there. */
static bool is_known(const struct core *core, const struct evidence *evidence)
{
	return evidence->copies.synced && evidence->copies.at.epoch == core->epoch;
}

static void mark_listed(struct copies *self, const struct evidence *evidence)
{
	for (size_t i = 0; i < SOURCES_MAX; i++)
		self->kept[i].listed = false;
	for (size_t i = 0; i < evidence->copies.count; i++) {
		struct kept *kept = find(self, evidence->copies.item[i].source);

		if (kept)
			kept->listed = true;
	}
}

void copies_latch(struct core *core, const struct evidence *evidence, uint64_t now_usec)
{
	struct copies *self = &core->copies;

	if (!is_known(core, evidence))
		return;
	self->needed = self->present = self->missing = self->created = self->blocked = self->stale = 0;
	self->wrong_usec = 0;
	mark_listed(self, evidence);
	for (size_t i = 0; i < evidence->copies.count; i++) {
		struct kept *kept = take_place(self, evidence->copies.item[i].source);

		if (!kept)
			continue;
		kept->listed = true;
		latch_one(self, kept, &evidence->copies.item[i], now_usec);
	}
}

static uint64_t due_usec(const struct kept *kept, const struct evidence_copy *copy, bool on)
{
	size_t deletes = sizeof(after_delete_usec) / sizeof(after_delete_usec[0]);
	uint64_t due = kept->missing_usec + (on ? PATIENCE_ON_USEC : 0);

	if (copy->gone_count) {
		size_t nth = copy->gone_count < deletes ? copy->gone_count : deletes;
		uint64_t quiet = copy->gone_usec + after_delete_usec[nth - 1];

		due = quiet > due ? quiet : due;
	}
	return kept->retry_usec > due ? kept->retry_usec : due;
}

static void plan_create(struct core *core, const struct kept *kept, const struct evidence_copy *copy, bool on,
                        uint64_t now_usec, struct decision *ret)
{
	uint16_t subject = (uint16_t)(kept - core->copies.kept);
	struct order order = { .kind = ACT_CREATE_COPY,
		               .subject = subject,
		               .about = kept->source,
		               .via = asks_nearest(core) };
	uint64_t due = due_usec(kept, copy, on);

	if (asks_under_way(core, ACT_CREATE_COPY, subject))
		return;
	if (now_usec < due)
		asks_wake_at(ret, due);
	else if (asks_count(core, ACT_CREATE_COPY) < CREATES_MAX)
		(void)asks_order(core, order, now_usec, ret);
}

/* A source is looked at when something near it changed, and now and then. */
static void plan_look(struct core *core, const struct kept *kept, const struct evidence_copy *copy,
                      uint64_t now_usec, struct decision *ret)
{
	uint16_t subject = (uint16_t)(kept - core->copies.kept);
	struct order order = { .kind = ASK_SOURCE,
		               .subject = subject,
		               .about = kept->source,
		               .via = asks_nearest(core) };
	uint64_t pause = copy->state == SOURCE_VALID ? AUDIT_USEC : MENDED_USEC;
	uint64_t due = kept->asked_usec ? kept->asked_usec + pause : 0;

	if (copy->changed_usec > copy->source_at.begun_usec && kept->asked_usec)
		due = kept->asked_usec + SECONDS_USEC;
	if (asks_under_way(core, ASK_SOURCE, subject))
		return;
	if (now_usec < due)
		asks_wake_at(ret, due);
	else if (asks_count(core, ASK_SOURCE) < CREATES_MAX)
		(void)asks_order(core, order, now_usec, ret);
}

static bool may_create(const struct core *core, const struct policy *policy, const struct evidence_copy *copy)
{
	/* A source that is missing or bad is looked at again by itself; until then nothing is tried. */
	return (policy->may & POLICY_CREATE) && could_be_right(copy) && !copy->present &&
	       core->verdict != VERDICT_UNKNOWN;
}

void copies_plan(struct core *core, const struct policy *policy, const struct evidence *evidence, bool on,
                 uint64_t now_usec, struct decision *ret)
{
	if (!is_known(core, evidence) || evidence->copies.truncated)
		return;
	for (size_t i = 0; i < evidence->copies.count; i++) {
		const struct evidence_copy *copy = &evidence->copies.item[i];
		struct kept *kept = find(&core->copies, copy->source);

		if (!kept)
			continue;
		if (may_create(core, policy, copy))
			plan_create(core, kept, copy, on, now_usec, ret);
		else if (copy->granted)
			plan_look(core, kept, copy, now_usec, ret);
	}
}

void copies_note(struct copies *self, uint32_t source, bool create, enum result result, uint64_t ended_usec)
{
	struct kept *kept = find(self, source);

	if (!kept)
		return;
	if (!create) {
		kept->asked_usec = ended_usec;
		return;
	}
	kept->created = result == RESULT_OK;
	kept->refused = result == RESULT_REFUSED;
	kept->failed = result == RESULT_OK ? 0 : kept->failed + 1;
	kept->retry_usec = ended_usec + backoff_pause_usec(&retry[result], kept->failed, 0);
}

bool copies_want_restart(const struct copies *self, uint64_t now_usec)
{
	for (size_t i = 0; i < SOURCES_MAX; i++)
		if (self->kept[i].wrong_usec && !self->kept[i].restarted &&
		    now_usec - self->kept[i].wrong_usec > NEGLECTED_USEC)
			return true;
	return false;
}

void copies_note_restart(struct copies *self)
{
	for (size_t i = 0; i < SOURCES_MAX; i++)
		self->kept[i].restarted = self->kept[i].wrong_usec != 0;
}
