/* SPDX-License-Identifier: Apache-2.0 */
/* When a listener is looked at, and what the looks together say. */
#include "tests/unit/test_core.h"

static void well(struct bench *b, size_t listeners)
{
	bench_new(b);
	bench_sources(b, listeners);
	b->policy.may = POLICY_RESTART | POLICY_CREATE;
	b->says[0] = LOG_ON;
}

static void run_to_proof(struct bench *b)
{
	unsigned before = b->asks[ASK_PROOF];

	for (unsigned i = 0; i < 100000 && b->asks[ASK_PROOF] == before; i++)
		bench_round(b, UINT64_MAX);
	assert_true(b->asks[ASK_PROOF] > before);
}

static void nothing(struct bench *b)
{
	(void)b;
}

static void none(struct bench *b)
{
	b->evidence.listeners.count = 0;
}

static void one_bad(struct bench *b)
{
	b->serves[1] = PROOF_NO_CERT;
}

static void one_stale(struct bench *b)
{
	b->serves[1] = PROOF_STALE;
}

static void one_wrong(struct bench *b)
{
	b->serves[1] = PROOF_WRONG_CERT;
}

static void one_far(struct bench *b)
{
	b->serves[1] = PROOF_UNREACHABLE;
}

static void one_skipped(struct bench *b)
{
	b->serves[1] = PROOF_SKIPPED;
}

static void one_unprovable(struct bench *b)
{
	b->listener[1].provable = false;
}

static void all_far(struct bench *b)
{
	b->serves[0] = b->serves[1] = b->serves[2] = PROOF_UNREACHABLE;
}

static void all_unprovable(struct bench *b)
{
	b->listener[0].provable = b->listener[1].provable = b->listener[2].provable = false;
}

static void one_unknown(struct bench *b)
{
	b->serves[1] = PROOF_UNKNOWN;
}

static void truncated(struct bench *b)
{
	b->evidence.listeners.truncated = true;
}

static void off(struct bench *b)
{
	b->says[0] = LOG_OFF;
	b->policy.may = 0;
}

static void copy_missing(struct bench *b)
{
	b->copy[1].present = false;
	b->policy.may = 0;
}

static void unprovable_and_bad(struct bench *b)
{
	b->listener[1].provable = false;
	b->listener[1].proof = PROOF_NO_CERT; /* of when it was */
}

static void all_looks_together_are_one_verdict(void **state)
{
	static const struct {
		const char *why;
		void (*change)(struct bench *bench);
		enum verdict verdict;
		unsigned provable, served, bad;
	} rows[] = {
		{ "each serves the right certificate", nothing, VERDICT_PROVEN, 3, 3, 0 },
		{ "no listener, nothing to prove", none, VERDICT_HEALTHY, 0, 0, 0 },
		{ "one without a certificate", one_bad, VERDICT_NOT_SERVED, 3, 2, 1 },
		{ "one with an older leaf", one_stale, VERDICT_NOT_SERVED, 3, 2, 1 },
		{ "one with a stranger's", one_wrong, VERDICT_NOT_SERVED, 3, 2, 1 },
		{ "no way there is not bad", one_far, VERDICT_PROVEN, 2, 2, 0 },
		{ "nor is what shows nothing", one_skipped, VERDICT_PROVEN, 2, 2, 0 },
		{ "nor what can't be asked", one_unprovable, VERDICT_PROVEN, 2, 2, 0 },
		{ "of which an old look says nothing", unprovable_and_bad, VERDICT_PROVEN, 2, 2,
		  0 },
		{ "no way to any: not proven", all_far, VERDICT_HEALTHY, 0, 0, 0 },
		{ "none that can be asked: not proven", all_unprovable, VERDICT_HEALTHY, 0, 0, 0 },
		{ "one not known yet: not proven", one_unknown, VERDICT_HEALTHY, 3, 2, 0 },
		{ "there are more than are looked at: not proven", truncated, VERDICT_HEALTHY, 4, 3,
		  0 },
		{ "off, and still served", off, VERDICT_CONTROLLER_OFF, 3, 3, 0 },
		{ "served out of Envoy's memory, the copy is gone", copy_missing, VERDICT_STARTING,
		  3, 3, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench b;

		well(&b, 3);
		rows[i].change(&b);
		bench_run(&b, 10 * SECONDS_USEC);
		if (b.decision.verdict != rows[i].verdict ||
		    b.decision.listeners.provable != rows[i].provable ||
		    b.decision.listeners.served != rows[i].served ||
		    b.decision.listeners.bad != rows[i].bad)
			fail_msg("%s: verdict %d, %u provable, %u served, %u bad", rows[i].why,
			         b.decision.verdict, b.decision.listeners.provable,
			         b.decision.listeners.served, b.decision.listeners.bad);
	}
}

static void what_is_not_served_restarts_nothing(void **state)
{
	struct bench b;

	(void)state;
	well(&b, 1);
	b.serves[0] = PROOF_NO_CERT;
	bench_run(&b, 3600 * SECONDS_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_NOT_SERVED);
	assert_int_equal(b.acts + b.saves + b.asks[ACT_CREATE_COPY], 0);
	assert_in_range(b.asks[ASK_PROOF], 3600 / 38, 3600 / 30 + 10);
	b.serves[0] = PROOF_SERVED;
	bench_run(&b, 40 * SECONDS_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_PROVEN);
}

static void it_is_looked_at_ever_later_while_not_served(void **state)
{
	static const uint64_t pause[] = { 1, 2, 4, 8, 16, 30, 30 };
	struct bench b;
	uint64_t last;

	(void)state;
	well(&b, 1);
	b.serves[0] = PROOF_NO_CERT;
	run_to_proof(&b);
	for (size_t i = 0; i < sizeof(pause) / sizeof(pause[0]); i++) {
		last = b.listener[0].at.begun_usec;
		run_to_proof(&b);
		assert_in_range(b.listener[0].at.begun_usec - last, pause[i] * SECONDS_USEC,
		                pause[i] * 1250 * MSEC_USEC + 50 * MSEC_USEC);
	}
	b.listener[0].changed_usec = b.now; /* a change does not wait for that */
	last = b.now;
	run_to_proof(&b);
	assert_in_range(b.listener[0].at.begun_usec - last, 300 * MSEC_USEC, 1100 * MSEC_USEC);
	b.serves[0] = PROOF_SERVED;
	bench_run(&b, 40 * SECONDS_USEC);
	assert_in_range(bench_asks(&b, ASK_PROOF, 590 * SECONDS_USEC), 0, 1);
	b.serves[0] = PROOF_NO_CERT; /* and the count began anew */
	b.listener[0].changed_usec = b.now;
	run_to_proof(&b);
	last = b.now;
	run_to_proof(&b);
	assert_in_range(b.now - last, SECONDS_USEC, 1300 * MSEC_USEC);
}

static void a_change_settles_first(void **state)
{
	struct bench b;
	uint64_t changed;

	(void)state;
	well(&b, 1);
	bench_run(&b, 100 * SECONDS_USEC);
	assert_int_equal(b.asks[ASK_PROOF], 1);
	b.listener[0].changed_usec = changed = b.now;
	bench_step(&b);
	assert_int_equal(b.asks[ASK_PROOF], 1);
	assert_int_equal(b.decision.verdict, VERDICT_PROVEN); /* until the look says otherwise */
	run_to_proof(&b);
	assert_int_equal(b.listener[0].at.begun_usec, changed + 300 * MSEC_USEC); /* woken for it */
	bench_run(&b, 100 * SECONDS_USEC);
	b.asks[ASK_PROOF] = 0;
	for (unsigned i = 0; i < 50; i++) { /* what never settles is looked at once it does */
		b.listener[0].changed_usec = b.now;
		bench_run(&b, 200 * MSEC_USEC);
	}
	assert_int_equal(b.asks[ASK_PROOF], 0);
	for (unsigned i = 0; i < 50;
	     i++) { /* and what changes now and then, once a second at most */
		b.listener[0].changed_usec = b.now;
		bench_run(&b, 400 * MSEC_USEC);
	}
	assert_in_range(b.asks[ASK_PROOF], 10, 20);
}

/* Much may be new after it that nobody told. */
static void a_loss_of_readiness_is_followed_by_a_look(void **state)
{
	struct bench b;

	(void)state;
	well(&b, 1);
	bench_run(&b, 100 * SECONDS_USEC);
	assert_int_equal(b.asks[ASK_PROOF], 1);
	b.core.epoch++;
	bench_run(&b, 100 * SECONDS_USEC);
	assert_int_equal(b.asks[ASK_PROOF], 2);
}

static void source_unknown(struct bench *b)
{
	b->source[0] = SOURCE_INVALID;
}

static void unprovable(struct bench *b)
{
	b->listener[0].provable = false;
}

static void unsynced(struct bench *b)
{
	b->evidence.listeners.synced = false;
}

static void foreign(struct bench *b)
{
	b->listener[0].source = 4;
}

static void disabled(struct bench *b)
{
	b->evidence.config = (struct evidence_config){ .at = { 1, 1, 0 }, .gateway_off = true };
}

static void what_can_not_be_compared_is_not_looked_at(void **state)
{
	static void (*const change[])(struct bench *) = { source_unknown, unprovable, unsynced,
		                                          foreign, disabled };

	(void)state;
	for (size_t i = 0; i < sizeof(change) / sizeof(change[0]); i++) {
		struct bench b;

		well(&b, 1);
		change[i](&b);
		bench_run(&b, 100 * SECONDS_USEC);
		if (b.asks[ASK_PROOF] > 0)
			fail_msg("row %zu: %u looks", i, b.asks[ASK_PROOF]);
	}
}

static void what_shows_nothing_is_audited_what_is_far_is_tried_again(void **state)
{
	struct bench b;

	(void)state;
	well(&b, 2);
	b.serves[0] = PROOF_SKIPPED;
	bench_run(&b, 500 * SECONDS_USEC);
	assert_int_equal(b.asks[ASK_PROOF], 2);
	b.serves[0] = PROOF_UNREACHABLE;
	b.listener[0].changed_usec = b.now;
	bench_run(&b, 200 * SECONDS_USEC);
	assert_in_range(b.asks[ASK_PROOF], 8, 16);
}

/* An Envoy that starts refuses every connection for a moment: that is no proof, and no excuse. */
static void no_way_there_is_believed_after_three_looks(void **state)
{
	struct bench b;

	(void)state;
	well(&b, 2);
	b.serves[1] = PROOF_UNREACHABLE;
	run_to_proof(&b);
	bench_run(&b, 900 * MSEC_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_HEALTHY);
	assert_int_equal(b.decision.listeners.provable, 2);
	b.serves[1] = PROOF_SERVED;
	bench_run(&b, 2 * SECONDS_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_PROVEN);
	assert_int_equal(b.decision.listeners.served, 2);
}

static void where_a_way_was_none_is_bad(void **state)
{
	struct bench b;

	(void)state;
	well(&b, 2);
	bench_run(&b, 2 * SECONDS_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_PROVEN);
	b.serves[1] = PROOF_UNREACHABLE;
	b.listener[1].changed_usec = b.now;
	bench_run(&b, 60 * SECONDS_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_NOT_SERVED);
	assert_int_equal(b.decision.listeners.bad, 1);
	b.serves[1] = PROOF_SERVED;
	bench_run(&b, 40 * SECONDS_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_PROVEN);
}

static void so_many_at_once_and_all_in_the_end(void **state)
{
	static struct bench b;
	size_t under_way = 0;

	(void)state;
	well(&b, LISTENERS_MAX);
	b.mute[ASK_PROOF] = true;
	bench_run(&b, 5 * SECONDS_USEC);
	for (size_t i = 0; i < b.out_count; i++)
		under_way += b.out[i].kind == ASK_PROOF;
	assert_int_equal(under_way, PROOFS_MAX);
	b.mute[ASK_PROOF] = false;
	bench_run(&b, 2 * SECONDS_USEC);
	assert_int_equal(b.asks[ASK_PROOF], LISTENERS_MAX);
	assert_int_equal(b.decision.verdict, VERDICT_PROVEN);
	/* Others take the places of those that went. */
	for (size_t i = 0; i < LISTENERS_MAX; i++)
		b.listener[i].id += 10000;
	bench_run(&b, 2 * SECONDS_USEC);
	assert_int_equal(b.asks[ASK_PROOF], 2 * LISTENERS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_looks_together_are_one_verdict),
		cmocka_unit_test(what_is_not_served_restarts_nothing),
		cmocka_unit_test(it_is_looked_at_ever_later_while_not_served),
		cmocka_unit_test(a_change_settles_first),
		cmocka_unit_test(a_loss_of_readiness_is_followed_by_a_look),
		cmocka_unit_test(what_can_not_be_compared_is_not_looked_at),
		cmocka_unit_test(what_shows_nothing_is_audited_what_is_far_is_tried_again),
		cmocka_unit_test(no_way_there_is_believed_after_three_looks),
		cmocka_unit_test(where_a_way_was_none_is_bad),
		cmocka_unit_test(so_many_at_once_and_all_in_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
