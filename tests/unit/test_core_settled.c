/* SPDX-License-Identifier: Apache-2.0 */
/* When an answer is one that a person need not wait on for, and how many copies are still to be done. */
#include "tests/unit/test_core.h"

#define PATIENCE_USEC (15 * SECONDS_USEC)

static void looks_once(struct bench *b)
{
	bench_new(b);
	bench_sources(b, 3);
	b->policy = (struct policy){ .may = 0, .once = true };
	b->says[0] = LOG_ON;
}

static bool is_settled(const struct bench *b)
{
	return b->decision.settled;
}

static bool are_copies_done(const struct bench *b)
{
	return b->decision.copies.known && b->decision.verdict != VERDICT_UNKNOWN &&
	       b->decision.copies.pending == 0;
}

/* How long until it is so; 0: not in time. */
static uint64_t run_until(struct bench *b, bool (*so)(const struct bench *b))
{
	uint64_t begun = b->now, until = b->now + PATIENCE_USEC, stepped;

	while (b->now < until) {
		stepped = b->now;
		bench_round(b, until);
		if (so(b))
			return stepped - begun;
	}
	return 0;
}

static bool settles(struct bench *b)
{
	return run_until(b, is_settled) > 0;
}

/* --- what it settles on --- */

static void nothing(struct bench *b)
{
	(void)b;
}

static void off(struct bench *b)
{
	b->says[0] = LOG_OFF;
}

static void off_in_mode_observe(struct bench *b)
{
	off(b);
	b->policy.once = false;
}

static void off_and_vip_away(struct bench *b)
{
	off(b);
	b->layer[ENDPOINT_VIP] = LAYER_VIP;
}

static void off_and_copies_refused(struct bench *b)
{
	off(b);
	b->unsynced = b->evidence.copies.refused = true;
}

static void off_and_copies_gone(struct bench *b)
{
	off(b);
	b->copy[0].present = b->copy[1].present = false;
}

static void crd_missing(struct bench *b)
{
	b->crds = CRDS_MISSING;
}

static void held_back(struct bench *b)
{
	b->pod[0].running = b->pod[0].ready = false;
	b->pod[0].held_back = true;
	b->pod[0].life = LIFE_GONE;
	b->pod[0].ended_usec = b->now;
	b->pod[0].crash = CRASH_API_AWAY;
}

static void crashing(struct bench *b)
{
	held_back(b);
	b->pod[0].crash = CRASH_STANDING;
}

static void gateway_off(struct bench *b)
{
	b->evidence.config = (struct evidence_config){ .at = { 1, 1, 0 }, .gateway_off = true };
	b->unsynced = true;
}

static void no_operator(struct bench *b)
{
	b->evidence.deployments.count = 0;
}

static void two_operators(struct bench *b)
{
	b->evidence.deployments.count = 2;
}

static void too_many_pods(struct bench *b)
{
	b->evidence.pods.truncated = true;
}

static void pods_refused(struct bench *b)
{
	b->result[ASK_PODS] = RESULT_REFUSED;
}

static void wrong_certificate(struct bench *b)
{
	b->serves[1] = PROOF_WRONG_CERT;
}

static void no_way_to_listeners(struct bench *b)
{
	b->serves[0] = b->serves[1] = b->serves[2] = PROOF_UNREACHABLE;
}

static void source_unanswered(struct bench *b)
{
	b->source[0] = SOURCE_UNKNOWN;
}

static void source_missing(struct bench *b)
{
	b->source[0] = SOURCE_MISSING;
}

static void copy_blocked(struct bench *b)
{
	b->copy[0].blocked = true;
}

static void it_settles_on_what_stands(void **state)
{
	static const struct {
		void (*make)(struct bench *b);
		enum verdict verdict;
		enum cause cause;
	} rows[] = {
		{ nothing, VERDICT_PROVEN, CAUSE_PROVEN },
		{ off, VERDICT_CONTROLLER_OFF, CAUSE_ONCE },
		{ off_in_mode_observe, VERDICT_CONTROLLER_OFF, CAUSE_MODE },
		{ off_and_vip_away, VERDICT_CONTROLLER_OFF, CAUSE_ONCE },
		{ off_and_copies_refused, VERDICT_CONTROLLER_OFF, CAUSE_ONCE },
		{ off_and_copies_gone, VERDICT_CONTROLLER_OFF, CAUSE_ONCE },
		{ crd_missing, VERDICT_CRDS_MISSING, CAUSE_CRD_MISSING },
		{ held_back, VERDICT_HELD_BACK, CAUSE_ONCE },
		{ crashing, VERDICT_CRASHING, CAUSE_CRASH_CRD },
		{ gateway_off, VERDICT_DISABLED, CAUSE_GATEWAY_OFF },
		{ no_operator, VERDICT_UNKNOWN, CAUSE_NO_OPERATOR },
		{ two_operators, VERDICT_UNKNOWN, CAUSE_TWO_OPERATORS },
		{ too_many_pods, VERDICT_UNKNOWN, CAUSE_TOO_MANY },
		{ pods_refused, VERDICT_UNKNOWN, CAUSE_READ_REFUSED },
		{ wrong_certificate, VERDICT_NOT_SERVED, CAUSE_NOT_SERVED },
		{ no_way_to_listeners, VERDICT_HEALTHY, CAUSE_NONE },
		{ source_unanswered, VERDICT_HEALTHY, CAUSE_NONE },
		{ source_missing, VERDICT_HEALTHY, CAUSE_NONE },
		{ copy_blocked, VERDICT_COPY_BLOCKED, CAUSE_COPY_REFUSED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench b;

		looks_once(&b);
		rows[i].make(&b);
		if (!settles(&b) || b.decision.verdict != rows[i].verdict ||
		    b.decision.cause != rows[i].cause)
			fail_msg("row %zu: settled %d, verdict %d, cause %d", i, b.decision.settled,
			         b.decision.verdict, b.decision.cause);
		assert_int_equal(b.acts + b.asks[ACT_CREATE_COPY], 0);
	}
}

/* --- what it waits on for --- */

static void no_endpoint(struct bench *b)
{
	b->layer[ENDPOINT_LOCAL] = b->layer[ENDPOINT_VIP] = LAYER_VIP;
}

static void node_unknown(struct bench *b)
{
	b->evidence.nodes.ours_known = false;
}

static void no_pod(struct bench *b)
{
	b->evidence.pods.count = 0;
}

static void log_unreadable(struct bench *b)
{
	b->says[0] = LOG_UNREADABLE;
}

static void copies_unseen(struct bench *b)
{
	b->unsynced = true;
}

static void off_and_copies_unseen(struct bench *b)
{
	off(b);
	copies_unseen(b);
}

static void copy_missing(struct bench *b)
{
	b->copy[0].present = false;
}

static void vip_unprobed(struct bench *b)
{
	off(b);
	b->mute[ASK_PROBE] = true;
	b->evidence.endpoint[ENDPOINT_LOCAL].layer = LAYER_USABLE;
	b->core.readiness[ENDPOINT_LOCAL] =
		(struct readiness){ .state = READINESS_USABLE, .layer = LAYER_USABLE };
}

static void endpoints_keep_no_connection(struct bench *b)
{
	off(b);
	vip_unprobed(b);
	b->mute[ASK_PROBE] = false;
	b->reconnects = true;
}

static void crds_unanswered_yet(struct bench *b)
{
	b->mute[ASK_CRDS] = true;
}

static void source_under_way(struct bench *b)
{
	b->mute[ASK_SOURCE] = true;
}

static void proof_under_way(struct bench *b)
{
	b->mute[ASK_PROOF] = true;
}

/* The look at its source is done, that at the copy is not. */
static void copy_under_way(struct bench *b)
{
	source_under_way(b);
	for (size_t i = 0; i < 3; i++)
		b->copy[i].state = SOURCE_VALID;
}

static void restart_under_way(struct bench *b)
{
	off(b);
	b->policy.may = POLICY_RESTART;
	b->mute[ACT_DELETE_POD] = true;
}

static void it_waits_on_for_what_may_come(void **state)
{
	static void (*const rows[])(struct bench * b) = {
		no_endpoint,         node_unknown,      no_pod,
		log_unreadable,      copies_unseen,     off_and_copies_unseen,
		copy_missing,        vip_unprobed,      endpoints_keep_no_connection,
		crds_unanswered_yet, source_under_way,  proof_under_way,
		copy_under_way,      restart_under_way,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench b;

		looks_once(&b);
		rows[i](&b);
		if (settles(&b))
			fail_msg("row %zu: verdict %d, cause %d", i, b.decision.verdict,
			         b.decision.cause);
	}
}

/* --- what it has seen by then --- */

static void all_was_looked_at_when_it_settles(void **state)
{
	struct bench b;

	(void)state;
	looks_once(&b);
	assert_in_range(run_until(&b, is_settled), 1, 200 * MSEC_USEC);
	assert_int_equal(b.asks[ASK_SOURCE], 3);
	assert_int_equal(b.asks[ASK_PROOF], 3);
	assert_true(b.asks[ASK_CRDS] >= 1);
	assert_int_equal(b.decision.listeners.served, 3);
}

static void what_does_not_answer_is_given_three_looks(void **state)
{
	struct bench b;

	(void)state;
	looks_once(&b);
	no_way_to_listeners(&b);
	assert_true(settles(&b));
	assert_int_equal(b.asks[ASK_PROOF], 9);
	looks_once(&b);
	source_unanswered(&b);
	assert_true(settles(&b));
	assert_int_equal(b.asks[ASK_SOURCE], 2 + 3);
	looks_once(&b);
	pods_refused(&b);
	assert_true(settles(&b));
	assert_int_equal(b.asks[ASK_PODS], 5);
}

/* --- how many copies are still to be done --- */

/* All but the first copy are there. */
static void creates(struct bench *b)
{
	looks_once(b);
	off_and_copies_gone(b);
	b->policy.may = POLICY_CREATE;
	b->copy[1].present = true;
}

static bool all_done(struct bench *b)
{
	return run_until(b, are_copies_done) > 0;
}

static void a_copy_is_pending_until_it_is_created_or_cannot_be(void **state)
{
	struct bench b;

	(void)state;
	creates(&b);
	assert_true(all_done(&b));
	assert_int_equal(b.asks[ACT_CREATE_COPY], 1);
	assert_int_equal(b.decision.copies.present, 3);

	creates(&b);
	b.result[ACT_CREATE_COPY] = RESULT_REFUSED;
	assert_true(all_done(&b));
	assert_int_equal(b.asks[ACT_CREATE_COPY], 1);
	assert_int_equal(b.decision.copies.present, 2);

	creates(&b);
	b.result[ACT_CREATE_COPY] = RESULT_LOST; /* asked again */
	assert_false(all_done(&b));
	assert_true(b.asks[ACT_CREATE_COPY] > 2);

	creates(&b);
	b.source[0] = SOURCE_INVALID;
	assert_true(all_done(&b));
	assert_int_equal(b.decision.copies.present, 2);

	creates(&b);
	b.copy[0].granted = false;
	assert_true(all_done(&b));
	assert_int_equal(b.asks[ACT_CREATE_COPY], 0);

	creates(&b);
	b.policy.may = 0; /* only looked at */
	assert_true(all_done(&b));
	assert_int_equal(b.asks[ACT_CREATE_COPY], 0);
	assert_int_equal(b.asks[ASK_SOURCE], 3);
}

static void beside_a_controller_that_is_on_it_is_pending_for_5_s(void **state)
{
	struct bench b;

	(void)state;
	creates(&b);
	b.says[0] = LOG_ON;
	b.unsynced = true;
	bench_run(&b, 1 * SECONDS_USEC); /* by then it is known to be on */
	b.unsynced = false;
	assert_in_range(run_until(&b, are_copies_done), 5 * SECONDS_USEC, 6 * SECONDS_USEC);
	assert_int_equal(b.asks[ACT_CREATE_COPY], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_settles_on_what_stands),
		cmocka_unit_test(it_waits_on_for_what_may_come),
		cmocka_unit_test(all_was_looked_at_when_it_settles),
		cmocka_unit_test(what_does_not_answer_is_given_three_looks),
		cmocka_unit_test(a_copy_is_pending_until_it_is_created_or_cannot_be),
		cmocka_unit_test(beside_a_controller_that_is_on_it_is_pending_for_5_s),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
