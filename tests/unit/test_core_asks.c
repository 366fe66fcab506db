/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked when and through which endpoint, what is withdrawn, and what is overdue. */
#include "tests/unit/test_core.h"

static const struct order *out(const struct bench *b, enum order_kind kind)
{
	for (size_t i = 0; i < b->out_count; i++)
		if (b->out[i].kind == kind)
			return &b->out[i];
	return NULL;
}

static void asks_go_the_nearest_way_and_crds_the_operators(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	bench_run(&b, 200 * MSEC_USEC);
	b.mute[ASK_PODS] = b.mute[ASK_CRDS] = b.mute[ASK_LOG] = true;
	bench_run(&b, 6 * SECONDS_USEC);
	assert_int_equal(out(&b, ASK_PODS)->via, ENDPOINT_LOCAL);
	assert_int_equal(out(&b, ASK_CRDS)->via, ENDPOINT_VIP);
}

static void an_ask_through_a_lost_endpoint_is_withdrawn(void **state)
{
	struct bench b;
	uint32_t ticket;

	(void)state;
	bench_new(&b);
	bench_run(&b, 200 * MSEC_USEC);
	b.mute[ASK_PODS] = true;
	bench_run(&b, 1 * SECONDS_USEC);
	ticket = out(&b, ASK_PODS)->ticket;
	b.layer[ENDPOINT_LOCAL] = LAYER_TCP;
	bench_run(&b, 9 * SECONDS_USEC);
	assert_true(b.withdrawn > 0);
	assert_non_null(out(&b, ASK_PODS));
	assert_int_not_equal(out(&b, ASK_PODS)->ticket, ticket);
	assert_int_equal(out(&b, ASK_PODS)->via, ENDPOINT_VIP);
}

static void a_delete_through_a_lost_endpoint_is_not_withdrawn(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	bench_run_to_act(&b);
	b.layer[ENDPOINT_LOCAL] = b.layer[ENDPOINT_VIP] = LAYER_TCP;
	bench_run(&b, 9 * SECONDS_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_UNKNOWN);
	assert_non_null(out(&b, ACT_DELETE_POD));
	assert_int_equal(b.acts, 1);
}

static void an_outcome_that_stays_away_is_overdue_and_nothing_else_is(void **state)
{
	struct bench b;
	uint64_t deadline;

	(void)state;
	bench_new(&b);
	bench_run(&b, 200 * MSEC_USEC);
	b.mute[ASK_NODES] = true;
	while (!out(&b, ASK_NODES))
		bench_run(&b, 100 * MSEC_USEC);
	deadline = out(&b, ASK_NODES)->deadline_usec;
	bench_run(&b, deadline - b.now);
	assert_int_equal(b.decision.overdue, ORDER_NONE);
	bench_run(&b, 900 * MSEC_USEC);
	assert_int_equal(b.decision.overdue, ORDER_NONE);
	bench_run(&b, 200 * MSEC_USEC);
	assert_int_equal(b.decision.overdue, ASK_NODES);
	b.mute[ASK_NODES] = false;
	bench_run(&b, 100 * MSEC_USEC);
	assert_int_equal(b.decision.overdue, ORDER_NONE);
}

static void the_core_never_wakes_in_the_past(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	bench_run(&b, 1 * SECONDS_USEC);
	for (size_t kind = 0; kind < ORDER_KIND_COUNT; kind++)
		b.mute[kind] = true;
	for (unsigned i = 0; i < 200; i++) {
		bench_step(&b);
		assert_true(b.decision.wake_usec > b.now);
		b.now = b.decision.wake_usec;
	}
}

static void the_core_wakes_to_notice_what_is_overdue(void **state)
{
	struct bench b;
	uint64_t first = UINT64_MAX;

	(void)state;
	bench_new(&b);
	bench_run(&b, 200 * MSEC_USEC);
	for (size_t kind = 0; kind < ORDER_KIND_COUNT; kind++)
		b.mute[kind] = true;
	for (unsigned i = 0; i < 60 && b.decision.overdue == ORDER_NONE; i++) {
		b.now = b.decision.wake_usec;
		bench_step(&b);
		for (size_t j = 0; j < b.out_count; j++)
			if (b.out[j].deadline_usec < first)
				first = b.out[j].deadline_usec;
	}
	assert_int_not_equal(b.decision.overdue, ORDER_NONE);
	assert_int_equal(b.now, first + 1 * SECONDS_USEC + 1);
}

/* The address comes when all else is known: a pace at which nobody looks at what is known must not leave it out. */
static void crds_are_looked_at_until_they_are_served(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	b.says[0] = LOG_ON;
	b.layer[ENDPOINT_VIP] = LAYER_VIP;
	bench_run(&b, 5 * SECONDS_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_HEALTHY);
	assert_int_equal(b.asks[ASK_CRDS], 0);
	b.layer[ENDPOINT_VIP] = LAYER_USABLE;
	b.crds = CRDS_UNANSWERED;
	bench_run(&b, 9 * SECONDS_USEC);
	assert_int_equal(b.asks[ASK_CRDS], 1);
	assert_int_equal(b.decision.endpoint[ENDPOINT_VIP].layer, LAYER_CRDS);
	bench_run(&b, 600 * SECONDS_USEC);
	assert_int_equal(b.asks[ASK_CRDS], 1 + 600 / 20);
	b.crds = CRDS_MISSING;
	bench_run(&b, 21 * SECONDS_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_CRDS_MISSING);
	b.crds = CRDS_SERVED;
	bench_run(&b, 6 * SECONDS_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_HEALTHY);
	assert_int_equal(b.decision.endpoint[ENDPOINT_VIP].layer, LAYER_USABLE);
	assert_int_equal(bench_asks(&b, ASK_CRDS, 600 * SECONDS_USEC), 0);
}

static void crds_that_nobody_wants_may_be_missing(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	b.evidence.config.gateway_off = true;
	b.crds = CRDS_MISSING;
	bench_run(&b, 60 * SECONDS_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_DISABLED);
	assert_true(b.asks[ASK_CRDS] >= 1);
	assert_int_equal(bench_asks(&b, ASK_CRDS, 600 * SECONDS_USEC), 0);
}

static void a_healthy_hour_is_quiet(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	b.says[0] = LOG_ON;
	bench_run(&b, 3600 * SECONDS_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_HEALTHY);
	assert_int_equal(b.acts, 0);
	assert_int_equal(b.saves, 0);
	assert_int_equal(b.asks[ASK_LOG], 1);
	assert_true(b.asks[ASK_PODS] <= 3600 / 2 + 10);
	assert_true(b.asks[ASK_CRDS] <= 2);
	assert_true(b.asks[ASK_REPLICASETS] <= 1);
	assert_true(b.asks[ASK_PROBE] <= 2 * 3600 / 5 + 10);
}

/* The wake-ups of ten minutes, beside those for one answer of each batch that was asked together. */
static unsigned wake_ups(struct bench *b)
{
	uint64_t until = b->now + 600 * SECONDS_USEC;
	unsigned count = 0;

	for (; b->now < until; count++)
		bench_round(b, until);
	return count;
}

static void what_is_still_and_watched_is_looked_at_rarely(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	b.says[0] = LOG_ON;
	b.evidence.pods.watched = true;
	bench_run(&b, 120 * SECONDS_USEC);
	memset(b.asks, 0, sizeof(b.asks));
	assert_in_range(wake_ups(&b), 0, 2 * 600 / 5 + 4); /* all of them fall together */
	assert_in_range(b.asks[ASK_PROBE], 2 * 119, 2 * 121);
	assert_in_range(b.asks[ASK_PODS], 28, 32);
	assert_in_range(b.asks[ASK_NODES], 28, 32);
	assert_in_range(b.asks[ASK_DEPLOYMENTS], 28, 32);
	assert_int_equal(b.decision.verdict, VERDICT_HEALTHY);
	b.evidence.pods.watched = false; /* from here on nobody would tell */
	assert_in_range(bench_asks(&b, ASK_PODS, 60 * SECONDS_USEC), 28, 32);
}

static void a_change_of_the_pods_is_followed_by_a_look(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	b.says[0] = LOG_ON;
	b.evidence.pods.watched = true;
	bench_run(&b, 127 * SECONDS_USEC);
	b.asks[ASK_PODS] = 0;
	b.evidence.pods.changed_usec = b.now;
	bench_run(&b, 60 * MSEC_USEC);
	assert_int_equal(b.asks[ASK_PODS], 1);
	bench_run(&b, 10 * SECONDS_USEC);
	assert_in_range(b.asks[ASK_PODS], 1, 2); /* that answer was of after the change */
	b.mute[ASK_PODS] = true;
	b.evidence.pods.changed_usec = b.now;
	bench_run(&b, 1 * SECONDS_USEC);
	b.evidence.pods.changed_usec = b.now; /* once more, while one is under way */
	b.asks[ASK_PODS] = 0;
	b.mute[ASK_PODS] = false;
	bench_run(&b, 200 * MSEC_USEC);
	assert_int_equal(b.asks[ASK_PODS], 1);
}

static void an_answer_that_does_not_help_is_no_loop(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	b.crds = CRDS_UNANSWERED; /* and yet answered: 403 */
	bench_run(&b, 10 * SECONDS_USEC);
	assert_true(b.asks[ASK_CRDS] <= 10 * 20);
	bench_new(&b);
	b.mute[ASK_PODS] = true;
	for (unsigned i = 0; i < 200 && !b.core.judged[0].pending_usec; i++) {
		b.mute[ASK_PODS] = b.core.judged[0].container != 0; /* no newer look confirms it */
		bench_round(&b, b.now + SECONDS_USEC);
	}
	assert_int_not_equal(b.core.judged[0].pending_usec, 0);
	b.evidence.pods.truncated = true;
	b.mute[ASK_PODS] = false;
	assert_true(bench_asks(&b, ASK_PODS, 10 * SECONDS_USEC) <= 60);
}

static void a_silent_log_is_read_less_closely_after_a_minute(void **state)
{
	struct bench b;
	unsigned reads;

	(void)state;
	bench_new(&b);
	b.says[0] = LOG_NOTHING;
	bench_run(&b, 60 * SECONDS_USEC);
	assert_in_range(b.asks[ASK_LOG], 150, 210);
	reads = b.asks[ASK_LOG];
	bench_run(&b, 60 * SECONDS_USEC);
	assert_in_range(b.asks[ASK_LOG] - reads, 10, 16);
}

/* Pods are looked for in the Deployment's namespace: without one there is no question. */
static void nothing_is_asked_that_has_no_address(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	b.evidence.deployments.count = 0;
	bench_run(&b, 10 * SECONDS_USEC);
	assert_int_equal(b.asks[ASK_PODS] + b.asks[ASK_REPLICASETS] + b.asks[ASK_CRDS], 0);
	bench_new(&b);
	b.says[0] = LOG_ON;
	b.evidence.endpoint[ENDPOINT_VIP].configured = false;
	bench_run(&b, 2 * SECONDS_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_HEALTHY);
	assert_int_equal(b.decision.endpoint[ENDPOINT_VIP].layer, LAYER_UNKNOWN);
}

static void a_ticket_is_told_once(void **state)
{
	struct bench b;
	struct order order;

	(void)state;
	bench_new(&b);
	bench_run_to_act(&b);
	order = b.act;
	bench_end_act(&b, RESULT_OK);
	bench_end(&b, &order, RESULT_LOST); /* a second end changes nothing */
	bench_run(&b, 5 * SECONDS_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_STARTING);
	assert_int_equal(b.acts, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_go_the_nearest_way_and_crds_the_operators),
		cmocka_unit_test(an_ask_through_a_lost_endpoint_is_withdrawn),
		cmocka_unit_test(a_delete_through_a_lost_endpoint_is_not_withdrawn),
		cmocka_unit_test(an_outcome_that_stays_away_is_overdue_and_nothing_else_is),
		cmocka_unit_test(the_core_never_wakes_in_the_past),
		cmocka_unit_test(the_core_wakes_to_notice_what_is_overdue),
		cmocka_unit_test(crds_are_looked_at_until_they_are_served),
		cmocka_unit_test(crds_that_nobody_wants_may_be_missing),
		cmocka_unit_test(a_healthy_hour_is_quiet),
		cmocka_unit_test(what_is_still_and_watched_is_looked_at_rarely),
		cmocka_unit_test(a_change_of_the_pods_is_followed_by_a_look),
		cmocka_unit_test(an_answer_that_does_not_help_is_no_loop),
		cmocka_unit_test(a_silent_log_is_read_less_closely_after_a_minute),
		cmocka_unit_test(nothing_is_asked_that_has_no_address),
		cmocka_unit_test(a_ticket_is_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
