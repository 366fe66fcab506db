/* SPDX-License-Identifier: Apache-2.0 */
/* When a missing copy is created and when not, when a source is looked at, and what a controller that
 * is on and leaves copies wrong leads to. */
#include "tests/unit/test_core.h"

#include <stdio.h>
#include <time.h>

#define ALL (POLICY_RESTART | POLICY_CREATE)

/* One copy, missing; the controller is off, and its pod's delete hangs. */
static void missing(struct bench *b)
{
	bench_new(b);
	bench_sources(b, 1);
	b->policy.may = ALL;
	b->copy[0].present = false;
	b->mute[ACT_DELETE_POD] = true;
}

static void missing_and_on(struct bench *b)
{
	missing(b);
	b->says[0] = LOG_ON;
}

/* All is there, and the controller is on. */
static void well(struct bench *b, size_t sources)
{
	bench_new(b);
	bench_sources(b, sources);
	b->policy.may = ALL;
	b->says[0] = LOG_ON;
}

static void run_to(struct bench *b, enum order_kind kind)
{
	unsigned before = b->asks[kind];

	for (unsigned i = 0; i < 100000 && b->asks[kind] == before; i++)
		bench_round(b, UINT64_MAX);
	assert_true(b->asks[kind] > before);
}

static void lose_copy(struct bench *b, size_t which)
{
	b->copy[which].present = false;
	b->copy[which].gone_usec = b->copy[which].changed_usec = b->now;
}

/* --- when not --- */

static void nothing(struct bench *b)
{
	(void)b;
}

static void no_endpoint(struct bench *b)
{
	b->layer[ENDPOINT_LOCAL] = b->layer[ENDPOINT_VIP] = LAYER_VIP;
}

static void two_operators(struct bench *b)
{
	b->evidence.deployments.count = 2;
}

static void unsynced(struct bench *b)
{
	b->unsynced = true;
}

static void old_epoch(struct bench *b)
{
	b->old_epoch = true;
	b->evidence.copies.at = (struct stamp){ 1, 2, 0 };
	b->core.epoch = 1;
}

static void truncated(struct bench *b)
{
	b->evidence.copies.truncated = true;
}

static void not_granted(struct bench *b)
{
	b->copy[0].granted = false;
}

static void not_nameable(struct bench *b)
{
	b->copy[0].nameable = false;
}

static void source_missing(struct bench *b)
{
	b->source[0] = b->copy[0].state = SOURCE_MISSING;
}

static void source_invalid(struct bench *b)
{
	b->source[0] = b->copy[0].state = SOURCE_INVALID;
}

static void source_unreadable(struct bench *b)
{
	b->source[0] = b->copy[0].state = SOURCE_UNREADABLE;
}

static void observe(struct bench *b)
{
	b->policy.may = 0;
}

static void gateway_off(struct bench *b)
{
	b->evidence.config = (struct evidence_config){ .at = { 1, 1, 0 }, .gateway_off = true };
}

static void sync_off(struct bench *b)
{
	b->evidence.config = (struct evidence_config){ .at = { 1, 1, 0 }, .sync_off = true };
}

static void present(struct bench *b)
{
	b->copy[0].present = true;
}

static void blocked(struct bench *b)
{
	b->copy[0].present = b->copy[0].blocked = true;
}

static void stale(struct bench *b)
{
	b->copy[0].present = b->copy[0].stale = true;
}

static void paused(struct bench *b)
{
	b->evidence.deployments.first.paused = true;
}

static void cordoned(struct bench *b)
{
	b->pod[0].obstacle = OBSTACLE_CORDON;
}

static void vip_away(struct bench *b)
{
	b->layer[ENDPOINT_VIP] = LAYER_VIP;
}

static void out_of_budget(struct bench *b)
{
	b->core.ledger = (struct ledger){
		.boot = BOOT, .about = 1, .failed = 3, .spent = 3, .last_usec = b->now
	};
}

static void crd_missing(struct bench *b)
{
	b->crds = CRDS_MISSING;
}

static void mode_sync(struct bench *b)
{
	b->policy.may = POLICY_CREATE;
}

static void a_copy_is_created_only_if_it_is_surely_needed(void **state)
{
	static const struct {
		const char *why;
		void (*change)(struct bench *bench);
		bool created;
	} rows[] = {
		{ "off: created", nothing, true },
		{ "no endpoint is usable", no_endpoint, false },
		{ "which operator counts is not known", two_operators, false },
		{ "a watch is not complete", unsynced, false },
		{ "complete, but of before the loss", old_epoch, false },
		{ "there are more than are looked at", truncated, false },
		{ "no grant", not_granted, false },
		{ "it can't have that name", not_nameable, false },
		{ "the source is missing", source_missing, false },
		{ "the source is no pair", source_invalid, false },
		{ "the source can't be read", source_unreadable, false },
		{ "mode observe", observe, false },
		{ "Gateway API is switched off", gateway_off, false },
		{ "copying is switched off: they are made by hand", sync_off, false },
		{ "it is there", present, false },
		{ "it is there, without labels", blocked, false },
		{ "it is there, and stale", stale, false },
		{ "mode sync: copies, no restart", mode_sync, true },
		{ "the restart is paused, copies are not", paused, true },
		{ "nor are they held back by a cordon", cordoned, true },
		{ "nor by the virtual address", vip_away, true },
		{ "nor by the budget", out_of_budget, true },
		{ "nor by a CRD that keeps the controller off", crd_missing, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench b;

		missing(&b);
		rows[i].change(&b);
		bench_run(&b, 3 * SECONDS_USEC);
		if ((b.asks[ACT_CREATE_COPY] > 0) != rows[i].created)
			fail_msg("%s: %u creates", rows[i].why, b.asks[ACT_CREATE_COPY]);
		b.says[0] = LOG_ON;
		bench_replace(&b, 0);
		bench_run(&b, 40 * SECONDS_USEC);
		if ((b.asks[ACT_CREATE_COPY] > 0) != rows[i].created)
			fail_msg("%s, on: %u creates", rows[i].why, b.asks[ACT_CREATE_COPY]);
	}
}

/* --- when --- */

static void at_once_unless_on(void **state)
{
	struct bench b;
	uint64_t begun;

	(void)state;
	missing(&b);
	begun = b.now;
	run_to(&b, ACT_CREATE_COPY);
	assert_true(b.created.begun_usec - begun < 200 * MSEC_USEC);
	assert_int_equal(b.created.about, 1000);
	assert_int_equal(b.created.via, ENDPOINT_LOCAL);
	missing(&b);
	b.says[0] = LOG_NOTHING; /* not known is not on */
	begun = b.now;
	run_to(&b, ACT_CREATE_COPY);
	assert_true(b.created.begun_usec - begun < 200 * MSEC_USEC);
	missing(&b);
	b.layer[ENDPOINT_LOCAL] = LAYER_TCP;
	run_to(&b, ACT_CREATE_COPY);
	assert_int_equal(b.created.via, ENDPOINT_VIP);
}

static void a_controller_that_is_on_has_5_s_from_when_it_is(void **state)
{
	struct bench b;
	uint64_t begun;

	(void)state;
	well(&b, 1);
	bench_run(&b, 60 * SECONDS_USEC);
	b.copy[0].present = false;
	bench_step(&b);
	begun = b.now;
	assert_int_equal(b.decision.cause, CAUSE_COPIES_COMING);
	run_to(&b, ACT_CREATE_COPY);
	assert_int_equal(b.created.begun_usec, begun + 5 * SECONDS_USEC); /* woken for it */
	missing(&b);
	b.policy.may = 0;
	b.says[0] = LOG_NOTHING;
	bench_run(&b, 30 * SECONDS_USEC); /* missing for long, and on only now */
	b.says[0] = LOG_ON;
	while (b.decision.verdict != VERDICT_STARTING || b.decision.cause != CAUSE_COPIES_COMING)
		bench_round(&b, UINT64_MAX);
	begun = b.decision.since_usec;
	b.policy.may = ALL;
	run_to(&b, ACT_CREATE_COPY);
	assert_in_range(b.created.begun_usec - begun, 4900 * MSEC_USEC, 5100 * MSEC_USEC);
}

/* A second one that is not known yet does not make the first one less on; an off one may lead. */
static void of_two_the_one_that_is_on_counts(void **state)
{
	struct bench b;

	(void)state;
	for (size_t on = 0; on < 2; on++) {
		missing(&b);
		b.evidence.pods.count = 2;
		b.says[on] = LOG_ON;
		b.says[1 - on] = LOG_NOTHING;
		b.unsynced = true; /* until their logs are read */
		bench_run(&b, 3 * SECONDS_USEC);
		b.unsynced = false;
		bench_run(&b, SECONDS_USEC);
		assert_int_equal(b.decision.cause, CAUSE_COPIES_COMING);
		assert_int_equal(b.decision.about, b.pod[on].container);
	}
	missing(&b);
	b.policy.may = POLICY_CREATE;
	b.evidence.pods.count = 2;
	b.says[0] = LOG_ON;
	b.mute[ACT_CREATE_COPY] = b.unsynced = true;
	bench_run(&b, 2 * SECONDS_USEC);
	b.unsynced = false;
	bench_step(&b);
	assert_int_equal(b.decision.verdict, VERDICT_CONTROLLER_OFF);
	assert_int_equal(b.asks[ACT_CREATE_COPY], 1);
}

static void after_each_delete_seen_it_waits_longer(void **state)
{
	static const uint64_t pause_ms[] = { 300,   1000,  3000,  6000, 12000,
		                             24000, 48000, 60000, 60000 };
	struct bench b;

	(void)state;
	missing(&b);
	b.policy.may = POLICY_CREATE;
	run_to(&b, ACT_CREATE_COPY);
	for (size_t i = 0; i < sizeof(pause_ms) / sizeof(pause_ms[0]); i++) {
		uint64_t gone, waited;

		bench_run(&b, 100 * MSEC_USEC);
		assert_true(b.copy[0].present);
		lose_copy(&b, 0);
		gone = b.now;
		run_to(&b, ACT_CREATE_COPY);
		waited = b.created.begun_usec - gone;
		if (i < 3)
			assert_int_equal(waited, pause_ms[i] * MSEC_USEC);
		assert_in_range(waited, pause_ms[i] * MSEC_USEC, pause_ms[i] * 1250);
	}
	for (size_t i = 0; i < 2; i++) { /* one that stood for a while starts a new count */
		uint64_t gone;

		bench_run(&b, 11 * SECONDS_USEC);
		lose_copy(&b, 0);
		gone = b.now;
		run_to(&b, ACT_CREATE_COPY);
		assert_int_equal(b.created.begun_usec, gone + 300 * MSEC_USEC);
	}
}

static void a_refusal_blocks_and_is_left_alone_for_longer(void **state)
{
	static const uint64_t pause[] = { 5, 10, 20, 40, 60, 60 };
	struct bench b;

	(void)state;
	missing_and_on(&b);
	b.result[ACT_CREATE_COPY] = RESULT_REFUSED;
	b.result[ASK_SOURCE] = RESULT_OK;
	run_to(&b, ACT_CREATE_COPY);
	for (size_t i = 0; i < sizeof(pause) / sizeof(pause[0]); i++) {
		uint64_t begun = b.created.begun_usec;

		bench_run(&b, SECONDS_USEC);
		assert_int_equal(b.decision.verdict, VERDICT_COPY_BLOCKED);
		assert_int_equal(b.decision.cause, CAUSE_COPY_REFUSED);
		assert_int_equal(b.decision.copies.blocked, 1);
		run_to(&b, ACT_CREATE_COPY);
		assert_in_range(b.created.begun_usec - begun, pause[i] * SECONDS_USEC,
		                pause[i] * 1260 * MSEC_USEC);
	}
	bench_run(&b, 3600 * SECONDS_USEC);
	assert_int_equal(b.acts, 0);
	b.result[ACT_CREATE_COPY] = RESULT_OK; /* the policy is lifted */
	bench_run(&b, 80 * SECONDS_USEC);
	assert_int_equal(b.decision.copies.present, 1);
	assert_int_equal(b.decision.copies.blocked, 0);
	assert_int_equal(b.decision.verdict, VERDICT_PROVEN);
}

static void what_may_work_now_is_tried_again_soon(void **state)
{
	static const enum result result[] = { RESULT_CONFLICT, RESULT_LOST, RESULT_UNREACHABLE };

	(void)state;
	for (size_t i = 0; i < sizeof(result) / sizeof(result[0]); i++) {
		uint64_t pause = 250 * MSEC_USEC;
		struct bench b;

		missing(&b);
		b.result[ACT_CREATE_COPY] = result[i];
		run_to(&b, ACT_CREATE_COPY);
		for (unsigned n = 0; n < 8; n++) {
			uint64_t begun = b.created.begun_usec;

			run_to(&b, ACT_CREATE_COPY);
			assert_in_range(b.created.begun_usec - begun, pause,
			                pause + pause / 4 + 20 * MSEC_USEC);
			pause = pause * 2 < 5 * SECONDS_USEC ? pause * 2 : 5 * SECONDS_USEC;
		}
		assert_int_equal(b.decision.copies.blocked, 0);
	}
}

static void what_was_created_and_is_not_shown_is_looked_at_again(void **state)
{
	struct bench b;

	(void)state;
	missing(&b);
	b.shows_late = true;
	run_to(&b, ACT_CREATE_COPY);
	bench_run(&b, 950 * MSEC_USEC);
	assert_int_equal(b.asks[ACT_CREATE_COPY], 1);
	assert_int_equal(b.decision.copies.created, 1);
	bench_run(&b, 500 * MSEC_USEC);
	assert_int_equal(b.asks[ACT_CREATE_COPY], 2);
	b.copy[0].present = true;
	bench_run(&b, 60 * SECONDS_USEC);
	assert_int_equal(b.asks[ACT_CREATE_COPY], 2);
	assert_int_equal(b.decision.copies.created, 1);
	lose_copy(&b, 0);
	bench_step(&b);
	assert_int_equal(b.decision.copies.created, 0);
}

static size_t under_way(const struct bench *b, enum order_kind kind)
{
	size_t count = 0;

	for (size_t i = 0; i < b->out_count; i++)
		count += b->out[i].kind == kind;
	return count;
}

static void so_many_at_once_and_all_in_the_end(void **state)
{
	static struct bench b;

	(void)state;
	missing(&b);
	bench_sources(&b, SOURCES_MAX);
	for (size_t i = 0; i < SOURCES_MAX; i++)
		b.copy[i].present = false;
	b.mute[ACT_CREATE_COPY] = true;
	bench_run(&b, 5 * SECONDS_USEC);
	assert_int_equal(under_way(&b, ACT_CREATE_COPY), CREATES_MAX);
	b.mute[ACT_CREATE_COPY] = false;
	bench_run(&b, 2 * SECONDS_USEC);
	assert_int_equal(b.asks[ACT_CREATE_COPY], SOURCES_MAX);
	assert_int_equal(b.decision.copies.present, SOURCES_MAX);
	assert_int_equal(b.decision.copies.created, SOURCES_MAX);
}

/* The source is not referred to for a moment, another one takes its place, and it comes back. */
static void a_create_under_way_is_not_ordered_again(void **state)
{
	struct bench b;

	(void)state;
	missing(&b);
	b.mute[ACT_CREATE_COPY] = true;
	run_to(&b, ACT_CREATE_COPY);
	b.copy[0].source = 2000;
	bench_step(&b);
	bench_sources(&b, 2);
	b.copy[1].source = 2000;
	b.copy[0].present = b.copy[1].present = false;
	bench_run(&b, 2 * SECONDS_USEC);
	assert_int_equal(under_way(&b, ACT_CREATE_COPY), 2); /* and see bench_take() */
	assert_int_equal(b.asks[ACT_CREATE_COPY], 2);
}

/* --- copies and the restart --- */

static uint64_t time_to_delete(struct bench *b)
{
	uint64_t begun = b->now;

	bench_run_to_act(b);
	return b->act.begun_usec - begun;
}

static void copies_do_not_delay_the_restart(void **state)
{
	static struct bench b;
	uint64_t alone;

	(void)state;
	bench_new(&b);
	b.evidence.pods.count = 2; /* with all the asks that two of them need */
	b.says[1] = LOG_NOTHING;
	alone = time_to_delete(&b);
	missing(&b);
	bench_sources(&b, SOURCES_MAX);
	b.evidence.pods.count = 2;
	b.says[1] = LOG_NOTHING;
	for (size_t i = 0; i < SOURCES_MAX / 2; i++) {
		b.copy[i].present = false;
		b.copy[SOURCES_MAX - 1 - i].state = SOURCE_VALID;
	}
	b.mute[ACT_CREATE_COPY] = b.mute[ASK_SOURCE] = b.mute[ASK_PROOF] = true;
	assert_int_equal(time_to_delete(&b), alone);
	assert_int_equal(under_way(&b, ACT_CREATE_COPY), CREATES_MAX);
	assert_int_equal(under_way(&b, ASK_SOURCE), LOOKS_MAX);
	assert_int_equal(under_way(&b, ASK_PROOF), PROOFS_MAX);
}

/* --- looks at a source --- */

static void a_bad_source_is_looked_at_again_and_copied_once_mended(void **state)
{
	static void (*const change[])(struct bench *) = { source_missing, source_invalid,
		                                          source_unreadable };

	(void)state;
	for (size_t i = 0; i < sizeof(change) / sizeof(change[0]); i++) {
		struct bench b;
		uint64_t looked;

		missing(&b);
		change[i](&b);
		b.mute[ACT_DELETE_POD] = false;
		b.says[0] = LOG_ON;
		run_to(&b, ASK_SOURCE);
		looked = b.now;
		bench_run(&b, 25 * SECONDS_USEC);
		assert_int_equal(b.asks[ASK_SOURCE], 1);
		assert_int_equal(b.decision.verdict, VERDICT_COPY_BLOCKED);
		assert_int_equal(b.decision.copies.unfit, 1);
		assert_int_equal(b.decision.copies.blocked, 0);
		b.source[0] = SOURCE_VALID;
		run_to(&b, ASK_SOURCE);
		assert_in_range(b.now - looked, 30 * SECONDS_USEC, 38 * SECONDS_USEC);
		looked = b.now;
		run_to(&b, ACT_CREATE_COPY); /* only now the operator could do it: it has its 5 s */
		assert_in_range(b.created.begun_usec - looked, 4900 * MSEC_USEC, 5100 * MSEC_USEC);
		bench_run(&b, 5 * SECONDS_USEC);
		assert_int_equal(b.decision.verdict, VERDICT_PROVEN);
	}
}

static void a_good_source_is_audited_with_luck_of_its_own(void **state)
{
	static struct bench b;
	uint64_t least = UINT64_MAX, most = 0, begun;

	(void)state;
	well(&b, 64);
	bench_run(&b, 10 * SECONDS_USEC);
	assert_int_equal(b.asks[ASK_SOURCE], 64);
	assert_int_equal(b.asks[ASK_PROOF], 64);
	begun = b.now;
	for (unsigned looks = 64; looks < 128; looks = b.asks[ASK_SOURCE]) {
		run_to(&b, ASK_SOURCE);
		least = b.now < least ? b.now : least;
		most = b.now;
	}
	assert_in_range(least - begun, 585 * SECONDS_USEC, 640 * SECONDS_USEC);
	assert_in_range(most - begun, 680 * SECONDS_USEC, 755 * SECONDS_USEC);
	bench_run(&b, 3600 * SECONDS_USEC);
	assert_in_range(b.asks[ASK_SOURCE], 64 * 6, 64 * 8);
	assert_in_range(b.asks[ASK_PROOF], 64 * 6, 64 * 8);
}

static void a_change_is_followed_by_a_look(void **state)
{
	struct bench b;
	unsigned looks;

	(void)state;
	well(&b, 1);
	bench_run(&b, 100 * SECONDS_USEC);
	looks = b.asks[ASK_SOURCE];
	b.copy[0].changed_usec = b.now;
	bench_run(&b, 100 * MSEC_USEC);
	assert_int_equal(b.asks[ASK_SOURCE], looks + 1);
	for (unsigned i = 0; i < 100; i++) { /* and one that never stops is no loop */
		b.copy[0].changed_usec = b.now;
		bench_run(&b, 100 * MSEC_USEC);
	}
	assert_in_range(b.asks[ASK_SOURCE], looks + 9, looks + 12);
}

static void a_look_without_an_answer_is_repeated_ever_later(void **state)
{
	struct bench b;

	(void)state;
	well(&b, 1);
	b.result[ASK_SOURCE] = RESULT_UNREACHABLE; /* and the state stays unknown */
	bench_run(&b, 4 * SECONDS_USEC);
	assert_in_range(b.asks[ASK_SOURCE], 2, 3);
	bench_run(&b, 300 * SECONDS_USEC);
	assert_in_range(b.asks[ASK_SOURCE], 11, 16);
	assert_int_equal(b.asks[ASK_PROOF], 0); /* with what would it be compared */
	assert_int_equal(b.decision.verdict, VERDICT_HEALTHY);
	b.result[ASK_SOURCE] = RESULT_OK;
	bench_run(&b, 60 * SECONDS_USEC);
	assert_int_equal(b.copy[0].state, SOURCE_VALID);
	b.result[ASK_SOURCE] = RESULT_UNREACHABLE; /* and the count begins anew */
	b.copy[0].state = SOURCE_UNKNOWN;
	assert_in_range(bench_asks(&b, ASK_SOURCE, 5 * SECONDS_USEC), 2, 3);
}

static uint64_t second_look(uint32_t dice)
{
	struct bench b;

	well(&b, 1);
	b.dice = dice;
	run_to(&b, ASK_SOURCE);
	run_to(&b, ASK_SOURCE);
	return b.now;
}

static void no_two_hosts_audit_together(void **state)
{
	(void)state;
	assert_true(second_look(0x10000000) != second_look(0x30000000));
}

/* --- a controller that is on, and copies that stay wrong --- */

static void neglected(struct bench *b)
{
	well(b, 1);
	b->mute[ACT_DELETE_POD] = true;
	stale(b);
}

static void one_restart_a_fault_after_90_s(void **state)
{
	struct bench b;
	uint64_t begun;

	(void)state;
	neglected(&b);
	begun = b.now;
	bench_run(&b, 90 * SECONDS_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_STARTING);
	assert_int_equal(b.decision.cause, CAUSE_COPIES_COMING);
	assert_int_equal(b.decision.copies.stale, 1);
	while (b.decision.verdict != VERDICT_COPIES_NEGLECTED)
		bench_round(&b, UINT64_MAX);
	assert_int_equal(b.decision.since_usec,
	                 b.core.judged[0].on_usec + NEGLECTED_USEC + 1); /* woken for it */
	bench_run_to_act(&b);
	assert_in_range(b.now - begun, 90 * SECONDS_USEC, 91 * SECONDS_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_COPIES_NEGLECTED);
	assert_int_equal(b.act.about, CONTAINER);
	assert_true(b.asks[ASK_CRDS] >= 2);
	bench_end_act(&b, RESULT_OK);
	bench_replace(&b, 0);
	bench_run(&b, 80 * SECONDS_USEC); /* the new one has its time */
	assert_int_equal(b.decision.cause, CAUSE_COPIES_COMING);
	bench_run(&b, 20 * SECONDS_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_COPIES_NEGLECTED);
	assert_int_equal(b.decision.cause, CAUSE_NEGLECTED);
	bench_run(&b, 3 * 3600 * SECONDS_USEC);
	assert_int_equal(b.acts, 1);
	b.copy[0].stale = false;
	bench_run(&b, 10 * SECONDS_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_PROVEN);
	b.copy[0].stale = true; /* another fault */
	begun = b.now;
	bench_run_to_act(&b);
	assert_in_range(b.now - begun, 90 * SECONDS_USEC, 96 * SECONDS_USEC);
}

static void no_second_restart_within_an_hour(void **state)
{
	struct bench b;
	uint64_t last;

	(void)state;
	neglected(&b);
	b.core.ledger = (struct ledger){ .boot = BOOT, .about = 1, .last_usec = b.now };
	last = b.now;
	bench_run(&b, 100 * SECONDS_USEC);
	assert_int_equal(b.decision.cause, CAUSE_BUDGET);
	assert_int_equal(b.decision.until_usec, last + 3600 * SECONDS_USEC);
	bench_run_to_act(&b);
	assert_in_range(b.now, last + 3600 * SECONDS_USEC, last + 3610 * SECONDS_USEC);
	neglected(&b);
	b.core.ledger = (struct ledger){ .boot = BOOT - 1, .about = 1, .last_usec = b.now };
	bench_run(&b, 95 * SECONDS_USEC);
	assert_int_equal(b.acts, 1); /* of another boot: its clock says nothing */
}

static void a_delete_that_did_not_succeed_is_no_restart(void **state)
{
	static const enum result result[] = { RESULT_CONFLICT, RESULT_LOST, RESULT_REFUSED };

	(void)state;
	for (size_t i = 0; i < sizeof(result) / sizeof(result[0]); i++) {
		struct bench b;

		neglected(&b);
		bench_run_to_act(&b);
		bench_end_act(&b, result[i]);
		bench_run_to_act(&b);
		assert_int_equal(b.act.about, CONTAINER);
		assert_int_equal(b.saved.spent, 1);
	}
}

/* The clock of what is owed stands still while it is refused. */
static void what_was_refused_is_not_neglected_a_moment_later(void **state)
{
	struct bench b;

	(void)state;
	missing_and_on(&b);
	b.unsynced = true;
	bench_run(&b, 2 * SECONDS_USEC);
	b.unsynced = false;
	b.copy[0].state = SOURCE_VALID;
	b.result[ACT_CREATE_COPY] = RESULT_REFUSED;
	bench_run(&b, 300 * SECONDS_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_COPY_BLOCKED);
	b.result[ACT_CREATE_COPY] = RESULT_UNREACHABLE;
	run_to(&b, ACT_CREATE_COPY);
	bench_run(&b, 60 * SECONDS_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_STARTING);
	assert_int_equal(b.acts, 0);
}

static void a_refusal_is_forgotten_once_the_source_is_bad(void **state)
{
	struct bench b;

	(void)state;
	missing_and_on(&b);
	b.result[ACT_CREATE_COPY] = RESULT_REFUSED;
	bench_run(&b, 20 * SECONDS_USEC);
	assert_int_equal(b.decision.copies.blocked, 1);
	source_invalid(&b);
	bench_run(&b, SECONDS_USEC);
	assert_int_equal(b.decision.copies.blocked, 0);
	assert_int_equal(b.decision.copies.unfit, 1);
	b.source[0] = b.copy[0].state = SOURCE_VALID;
	bench_run(&b, SECONDS_USEC);
	assert_int_equal(b.decision.copies.blocked, 0);
}

static void others_at_fault(struct bench *b)
{
	b->copy[0].blocked = true;
}

static void source_unknown(struct bench *b)
{
	b->source[0] = SOURCE_UNKNOWN;
}

static void too_many(struct bench *b)
{
	b->evidence.copies.truncated = true;
}

static void elsewhere(struct bench *b)
{
	b->pod[0].place = PLACE_ELSEWHERE;
}

static void flapping(struct bench *b)
{
	b->copy[0].stale = b->now / SECONDS_USEC % 40 != 0;
}

static void epochs(struct bench *b)
{
	if (b->now / SECONDS_USEC % 40 == 0)
		b->core.epoch++;
}

static void unreferred(struct bench *b)
{
	b->evidence.copies.count = b->now / SECONDS_USEC % 40 < 20;
}

static void new_containers(struct bench *b)
{
	if (b->now / SECONDS_USEC % 40 == 0) {
		bench_replace(b, 0);
		b->evidence.log_count = 0;
	}
}

static void what_is_no_fault_of_the_operator_restarts_nothing(void **state)
{
	static const struct {
		const char *why;
		void (*change)(struct bench *bench);
		enum verdict verdict;
	} rows[] = {
		{ "its source is no pair", source_invalid, VERDICT_PROVEN },
		{ "its source is missing", source_missing, VERDICT_PROVEN },
		{ "its source is not known to be valid", source_unknown, VERDICT_STARTING },
		{ "it is not granted", not_granted, VERDICT_PROVEN },
		{ "a copy without labels is in its place", others_at_fault, VERDICT_COPY_BLOCKED },
		{ "there are more than are looked at", too_many, VERDICT_STARTING },
		{ "nobody asks to", observe, VERDICT_COPIES_NEGLECTED },
		{ "it runs on another node", elsewhere, VERDICT_COPIES_NEGLECTED },
		{ "it is mended each time", flapping, VERDICT_STARTING },
		{ "the API went away in between", epochs, VERDICT_STARTING },
		{ "nothing referred to it in between", unreferred, VERDICT_STARTING },
		{ "each controller was on for less than 90 s", new_containers, VERDICT_STARTING },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench b;

		neglected(&b);
		bench_run(&b, 5 * SECONDS_USEC);
		b.listener[0].proof = PROOF_SERVED;
		b.now = 65 * SECONDS_USEC;
		for (unsigned second = 0; second < 300; second++) {
			if (rows[i].change != source_unknown || second == 0)
				rows[i].change(&b);
			if (rows[i].change == source_unknown)
				b.copy[0].state = SOURCE_UNKNOWN;
			bench_run(&b, SECONDS_USEC);
		}
		if (b.acts || b.decision.verdict != rows[i].verdict)
			fail_msg("%s: %u deletes, verdict %d, cause %d", rows[i].why, b.acts,
			         b.decision.verdict, b.decision.cause);
		assert_in_range(b.asks[ASK_LOG], 0, 12);
	}
}

static void stale_while_off_is_the_new_ones_to_mend(void **state)
{
	struct bench b;
	uint64_t begun;

	(void)state;
	neglected(&b);
	b.says[0] = LOG_OFF;
	b.policy.may = 0;
	bench_run(&b, 600 * SECONDS_USEC);
	b.policy.may = ALL;
	bench_run_to_act(&b);
	bench_end_act(&b, RESULT_OK);
	bench_replace(&b, 0);
	b.says[0] = LOG_ON;
	begun = b.now;
	bench_run(&b, 85 * SECONDS_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_STARTING);
	bench_run(&b, 20 * SECONDS_USEC);
	assert_int_equal(b.decision.cause, CAUSE_BUDGET); /* just restarted: it waits an hour */
	bench_run_to_act(&b);
	assert_true(b.now - begun > 3590 * SECONDS_USEC);
}

/* A stream between two connections neither hides what was told nor lets it be acted on. */
static void no_restart_on_what_is_not_complete(void **state)
{
	struct bench b;
	uint64_t since;

	(void)state;
	neglected(&b);
	b.policy.may = 0;
	bench_run(&b, 100 * SECONDS_USEC);
	assert_int_equal(b.decision.cause, CAUSE_MODE);
	since = b.decision.since_usec;
	b.policy.may = ALL;
	b.unsynced = true;
	bench_run(&b, 30 * SECONDS_USEC);
	assert_int_equal(b.acts, 0);
	assert_int_equal(b.decision.since_usec, since);
	b.unsynced = false;
	bench_run_to_act(&b);
	neglected(&b);
	bench_run(&b, 60 * SECONDS_USEC);
	b.unsynced = true; /* before its time is up */
	bench_run(&b, 60 * SECONDS_USEC);
	assert_int_equal(b.acts, 0);
	b.unsynced = false;
	bench_run_to_act(&b);
}

static void two_that_are_on_are_never_both_restarted(void **state)
{
	struct bench b;

	(void)state;
	for (size_t here = 0; here < 2; here++) {
		neglected(&b);
		b.says[1] = LOG_ON;
		b.evidence.pods.count = 2;
		b.pod[1 - here].place = PLACE_ELSEWHERE;
		bench_run(&b, 300 * SECONDS_USEC);
		assert_int_equal(b.acts, here == 0); /* by the agent of the first one's node */
		assert_int_equal(b.decision.about, CONTAINER);
	}
}

static void a_bad_source_does_not_hide_a_neglected_copy(void **state)
{
	struct bench b;

	(void)state;
	well(&b, 2);
	b.copy[0].stale = true;
	b.copy[1].present = false;
	b.source[1] = SOURCE_MISSING;
	b.mute[ACT_DELETE_POD] = true;
	bench_run(&b, 100 * SECONDS_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_COPIES_NEGLECTED);
	assert_int_equal(b.acts, 1);
}

/* 1.18 checks twice: on by its metrics, and a list of registrations without the Gateway. */
static void a_split_state_is_restarted_within_the_budget(void **state)
{
	static const uint64_t pause[] = { 0, 0, 300, 600 };
	struct bench b;

	(void)state;
	well(&b, 1);
	b.says[0] = LOG_SPLIT;
	b.metrics_say = METRICS_ON;
	bench_run_to_act(&b);
	assert_int_equal(b.decision.verdict, VERDICT_COPIES_NEGLECTED);
	for (size_t i = 0; i < sizeof(pause) / sizeof(pause[0]); i++) {
		uint64_t ordered = b.now;

		bench_end_act(&b, RESULT_OK);
		bench_replace(&b, 0);
		bench_run_to_act(&b);
		assert_in_range(b.now - ordered, pause[i] * SECONDS_USEC,
		                (pause[i] + 70) * SECONDS_USEC);
	}
	b.says[0] = LOG_ON;
	bench_end_act(&b, RESULT_OK);
	bench_replace(&b, 0);
	bench_run(&b, 10 * SECONDS_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_PROVEN);
	assert_int_equal(b.saved.failed, 0);
}

/* --- what is told --- */

static void silence_of_the_watches_is_not_health(void **state)
{
	struct bench b;

	(void)state;
	well(&b, 1);
	b.unsynced = true;
	bench_run(&b, 100 * SECONDS_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_STARTING);
	assert_int_equal(b.decision.cause, CAUSE_LOOKING);
	b.unsynced = false;
	bench_run(&b, 2 * SECONDS_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_PROVEN);
	b.unsynced = true; /* between two connections what was known is still told */
	bench_run(&b, 10 * SECONDS_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_PROVEN);
	b.unsynced = false;
	b.evidence.copies.count = b.evidence.listeners.count = 0;
	bench_run(&b, 10 * SECONDS_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_HEALTHY);
}

static void what_blocks_a_copy_is_told(void **state)
{
	static void (*const change[])(struct bench *) = { blocked, not_nameable };
	struct bench b;

	(void)state;
	for (size_t i = 0; i < sizeof(change) / sizeof(change[0]); i++) {
		missing_and_on(&b);
		change[i](&b);
		bench_run(&b, 200 * SECONDS_USEC);
		assert_int_equal(b.decision.verdict, VERDICT_COPY_BLOCKED);
		assert_int_equal(b.decision.copies.blocked, 1);
		assert_int_equal(b.acts + b.asks[ACT_CREATE_COPY], 0);
		b.copy[0].granted = false; /* not needed, so nothing is blocked */
		bench_run(&b, SECONDS_USEC);
		assert_int_equal(b.decision.copies.blocked, 0);
	}
}

/* The operator re-creates a copy within a second: two changes of what is told, no more. */
static void one_copy_gone_and_back_is_two_lines(void **state)
{
	struct bench b;
	enum verdict last = VERDICT_PROVEN;
	unsigned changes = 0;

	(void)state;
	well(&b, 3);
	bench_run(&b, 100 * SECONDS_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_PROVEN);
	lose_copy(&b, 1);
	for (unsigned i = 0; i < 200; i++) {
		if (i == 8) {
			b.copy[1].present = true;
			b.copy[1].changed_usec = b.listener[1].changed_usec = b.now;
		}
		bench_run(&b, 100 * MSEC_USEC);
		changes += b.decision.verdict != last;
		last = b.decision.verdict;
	}
	assert_int_equal(last, VERDICT_PROVEN);
	assert_int_equal(changes, 2);
	assert_int_equal(b.asks[ACT_CREATE_COPY], 0);
}

/* --- cost --- */

static void the_largest_world_is_no_busy_loop(void **state)
{
	static struct bench b;
	unsigned steps = 0;
	clock_t begun;

	(void)state;
	well(&b, SOURCES_MAX);
	bench_run(&b, 60 * SECONDS_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_PROVEN);
	begun = clock();
	for (uint64_t until = b.now + 600 * SECONDS_USEC; b.now < until; steps++)
		bench_round(&b, until);
	printf("# 256 sources and listeners: %u steps in 600 s, %.0f us each\n", steps,
	       (double)(clock() - begun) * 1e6 / CLOCKS_PER_SEC / steps);
	assert_in_range(steps, 100, 3000);
	begun = clock();
	for (unsigned i = 0; i < 1000; i++)
		bench_step(&b);
	printf("# one step of it: %.0f us\n",
	       (double)(clock() - begun) * 1e6 / CLOCKS_PER_SEC / 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_is_created_only_if_it_is_surely_needed),
		cmocka_unit_test(at_once_unless_on),
		cmocka_unit_test(a_controller_that_is_on_has_5_s_from_when_it_is),
		cmocka_unit_test(of_two_the_one_that_is_on_counts),
		cmocka_unit_test(after_each_delete_seen_it_waits_longer),
		cmocka_unit_test(a_refusal_blocks_and_is_left_alone_for_longer),
		cmocka_unit_test(what_may_work_now_is_tried_again_soon),
		cmocka_unit_test(what_was_created_and_is_not_shown_is_looked_at_again),
		cmocka_unit_test(so_many_at_once_and_all_in_the_end),
		cmocka_unit_test(a_create_under_way_is_not_ordered_again),
		cmocka_unit_test(copies_do_not_delay_the_restart),
		cmocka_unit_test(a_bad_source_is_looked_at_again_and_copied_once_mended),
		cmocka_unit_test(a_good_source_is_audited_with_luck_of_its_own),
		cmocka_unit_test(a_change_is_followed_by_a_look),
		cmocka_unit_test(a_look_without_an_answer_is_repeated_ever_later),
		cmocka_unit_test(no_two_hosts_audit_together),
		cmocka_unit_test(what_was_refused_is_not_neglected_a_moment_later),
		cmocka_unit_test(a_refusal_is_forgotten_once_the_source_is_bad),
		cmocka_unit_test(one_restart_a_fault_after_90_s),
		cmocka_unit_test(no_second_restart_within_an_hour),
		cmocka_unit_test(a_delete_that_did_not_succeed_is_no_restart),
		cmocka_unit_test(what_is_no_fault_of_the_operator_restarts_nothing),
		cmocka_unit_test(stale_while_off_is_the_new_ones_to_mend),
		cmocka_unit_test(no_restart_on_what_is_not_complete),
		cmocka_unit_test(two_that_are_on_are_never_both_restarted),
		cmocka_unit_test(a_bad_source_does_not_hide_a_neglected_copy),
		cmocka_unit_test(a_split_state_is_restarted_within_the_budget),
		cmocka_unit_test(silence_of_the_watches_is_not_health),
		cmocka_unit_test(what_blocks_a_copy_is_told),
		cmocka_unit_test(one_copy_gone_and_back_is_two_lines),
		cmocka_unit_test(the_largest_world_is_no_busy_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
