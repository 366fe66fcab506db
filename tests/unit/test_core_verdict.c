/* SPDX-License-Identifier: Apache-2.0 */
/* One verdict and cause for each state of the world, through the core's door. */
#include "tests/unit/test_core.h"

static void none(struct bench *b)
{
	(void)b;
}

static void no_endpoint(struct bench *b)
{
	b->layer[ENDPOINT_LOCAL] = LAYER_TCP;
	b->layer[ENDPOINT_VIP] = LAYER_VIP;
}

static void no_answers(struct bench *b)
{
	b->mute[ASK_PODS] = true;
}

static void no_operator(struct bench *b)
{
	b->evidence.deployments.count = 0;
}

static void two_operators(struct bench *b)
{
	b->evidence.deployments.count = 2;
}

static void many_pods(struct bench *b)
{
	b->evidence.pods.truncated = true;
}

static void many_sets(struct bench *b)
{
	b->evidence.replicasets.truncated = true;
}

static void foreign_boot(struct bench *b)
{
	b->evidence.nodes.ours_known = false;
}

static void pods_refused(struct bench *b)
{
	b->result[ASK_PODS] = RESULT_REFUSED;
}

static void deployments_refused(struct bench *b)
{
	b->result[ASK_DEPLOYMENTS] = RESULT_REFUSED;
}

static void crd_missing(struct bench *b)
{
	b->crds = CRDS_MISSING;
}

static void no_pod(struct bench *b)
{
	b->evidence.pods.count = 0;
}

static void going_away(struct bench *b)
{
	b->pod[0].terminating = true;
}

static void not_running(struct bench *b)
{
	b->pod[0].running = false;
}

static void pending(struct bench *b)
{
	b->pod[0].container = 0;
}

static void yesterdays(struct bench *b)
{
	b->pod[0].life = LIFE_GONE;
}

static void life_unknown(struct bench *b)
{
	b->pod[0].life = LIFE_UNKNOWN;
}

static void place_unknown(struct bench *b)
{
	b->pod[0].place = PLACE_UNKNOWN;
}

static void unreadable(struct bench *b)
{
	b->says[0] = LOG_UNREADABLE;
}

static void silent(struct bench *b)
{
	b->says[0] = LOG_NOTHING;
}

static void split(struct bench *b)
{
	b->says[0] = LOG_SPLIT;
}

static void opaque(struct bench *b)
{
	b->says[0] = LOG_OPAQUE;
}

static void on(struct bench *b)
{
	b->says[0] = LOG_ON;
}

static void standby_off(struct bench *b)
{
	b->says[0] = LOG_ON;
	b->evidence.pods.count = 2;
	b->policy.may = 0;
}

static void standby_unknown(struct bench *b)
{
	b->says[0] = LOG_ON;
	b->says[1] = LOG_NOTHING;
	b->evidence.pods.count = 2;
}

static void on_vip_alone(struct bench *b)
{
	b->says[0] = LOG_ON;
	b->layer[ENDPOINT_LOCAL] = LAYER_TCP;
}

/* It ended 5 s after the host booted, and waits out its back-off. */
static void ended(struct bench *b, size_t place, enum crash crash)
{
	b->pod[place].running = b->pod[place].ready = false;
	b->pod[place].life = LIFE_GONE;
	b->pod[place].held_back = true;
	b->pod[place].crash = crash;
	b->pod[place].ended_usec = 5 * SECONDS_USEC;
	b->pod[place].due_usec = 305 * SECONDS_USEC;
}

static void api_was_away(struct bench *b)
{
	ended(b, 0, CRASH_API_AWAY);
}

static void api_is_away(struct bench *b)
{
	ended(b, 0, CRASH_API_AWAY);
	b->layer[ENDPOINT_VIP] = LAYER_VIP;
}

static void api_was_away_elsewhere(struct bench *b)
{
	ended(b, 0, CRASH_API_AWAY);
	b->pod[0].place = PLACE_ELSEWHERE;
	b->pod[0].life = LIFE_UNKNOWN;
	b->pod[0].ended_usec = 0;
}

static void yesterdays_back_off(struct bench *b)
{
	ended(b, 0, CRASH_API_AWAY);
	b->pod[0].ended_usec = 0;
}

static void end_of_one_that_lives(struct bench *b)
{
	ended(b, 0, CRASH_API_AWAY);
	b->pod[0].life = LIFE_ALIVE;
}

static void end_not_to_be_seen(struct bench *b)
{
	ended(b, 0, CRASH_API_AWAY);
	b->pod[0].life = LIFE_UNKNOWN;
}

static void ends_for_ever(struct bench *b)
{
	ended(b, 0, CRASH_STANDING);
}

static void ends_somehow(struct bench *b)
{
	ended(b, 0, CRASH_OTHER);
}

static void ends_without_a_word(struct bench *b)
{
	ended(b, 0, CRASH_UNKNOWN);
}

static void standby_held_back(struct bench *b)
{
	b->says[1] = LOG_ON;
	ended(b, 0, CRASH_API_AWAY);
	b->evidence.pods.count = 2;
}

static void other_coming_up(struct bench *b)
{
	b->says[1] = LOG_NOTHING;
	ended(b, 0, CRASH_API_AWAY);
	b->evidence.pods.count = 2;
}

static void other_off(struct bench *b)
{
	ended(b, 0, CRASH_API_AWAY);
	b->evidence.pods.count = 2;
	b->policy.may = 0;
}

static void a_state_of_the_world_has_one_verdict(void **state)
{
	static const struct {
		const char *why;
		void (*change)(struct bench *bench);
		enum verdict verdict;
		enum cause cause;
	} rows[] = {
		{ "no endpoint, no word", no_endpoint, VERDICT_UNKNOWN, CAUSE_NO_ENDPOINT },
		{ "the first answers are not in", no_answers, VERDICT_UNKNOWN, CAUSE_LOOKING },
		{ "no Deployment with the label", no_operator, VERDICT_UNKNOWN, CAUSE_NO_OPERATOR },
		{ "which of two counts is not known", two_operators, VERDICT_UNKNOWN,
		  CAUSE_TWO_OPERATORS },
		{ "more pods than are looked at", many_pods, VERDICT_UNKNOWN, CAUSE_TOO_MANY },
		{ "more ReplicaSets than are looked at", many_sets, VERDICT_UNKNOWN,
		  CAUSE_TOO_MANY },
		{ "no Node has our bootID yet", foreign_boot, VERDICT_UNKNOWN, CAUSE_NODE_UNKNOWN },
		{ "the API refuses to show the pods", pods_refused, VERDICT_UNKNOWN,
		  CAUSE_READ_REFUSED },
		{ "or the Deployments", deployments_refused, VERDICT_UNKNOWN, CAUSE_READ_REFUSED },
		{ "a restart is useless without the CRDs", crd_missing, VERDICT_CRDS_MISSING,
		  CAUSE_CRD_MISSING },
		{ "no pod", no_pod, VERDICT_STARTING, CAUSE_NO_POD },
		{ "a pod that goes away is none", going_away, VERDICT_STARTING, CAUSE_NO_POD },
		{ "nor is one that does not run", not_running, VERDICT_STARTING, CAUSE_NO_POD },
		{ "nor one without a container", pending, VERDICT_STARTING, CAUSE_NO_POD },
		{ "yesterday's container lives in no cgroup", yesterdays, VERDICT_STARTING,
		  CAUSE_NOT_CURRENT },
		{ "not knowing whether it lives is not yes", life_unknown, VERDICT_STARTING,
		  CAUSE_NOT_CURRENT },
		{ "a pod on an unknown node is not judged", place_unknown, VERDICT_STARTING,
		  CAUSE_NOT_CURRENT },
		{ "an unreadable log is not off", unreadable, VERDICT_STARTING,
		  CAUSE_LOG_UNREADABLE },
		{ "nor is silence", silent, VERDICT_STARTING, CAUSE_LOG_SILENT },
		{ "nor a list without the Gateway", split, VERDICT_STARTING, CAUSE_LOG_SPLIT },
		{ "nor one that does not parse", opaque, VERDICT_STARTING, CAUSE_LOG_OPAQUE },
		{ "on", on, VERDICT_HEALTHY, CAUSE_NONE },
		{ "on, known through the virtual address", on_vip_alone, VERDICT_HEALTHY,
		  CAUSE_NONE },
		{ "an off stand-by counts: it leads tomorrow", standby_off, VERDICT_CONTROLLER_OFF,
		  CAUSE_MODE },
		{ "a stand-by that is not known changes nothing", standby_unknown, VERDICT_HEALTHY,
		  CAUSE_NONE },
		{ "off", none, VERDICT_CONTROLLER_OFF, CAUSE_RESTARTING },
		{ "ended while the API was away, and it is back", api_was_away, VERDICT_HELD_BACK,
		  CAUSE_RESTARTING },
		{ "and it is not", api_is_away, VERDICT_HELD_BACK, CAUSE_VIP_NOT_USABLE },
		{ "the same on another node", api_was_away_elsewhere, VERDICT_HELD_BACK,
		  CAUSE_OTHER_NODE },
		{ "yesterday's back-off is none", yesterdays_back_off, VERDICT_STARTING,
		  CAUSE_NO_POD },
		{ "nor is that of a container that lives", end_of_one_that_lives, VERDICT_STARTING,
		  CAUSE_NO_POD },
		{ "not knowing whether it is gone is not yes", end_not_to_be_seen,
		  VERDICT_HELD_BACK, CAUSE_STALE },
		{ "it will end again", ends_for_ever, VERDICT_CRASHING, CAUSE_CRASH_CRD },
		{ "or for a reason of its own", ends_somehow, VERDICT_CRASHING, CAUSE_CRASH },
		{ "or without a word", ends_without_a_word, VERDICT_CRASHING, CAUSE_CRASH },
		{ "another one is on", standby_held_back, VERDICT_HEALTHY, CAUSE_NONE },
		{ "another one comes up", other_coming_up, VERDICT_STARTING, CAUSE_LOG_SILENT },
		{ "another one is off", other_off, VERDICT_CONTROLLER_OFF, CAUSE_MODE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench b;

		bench_new(&b);
		b.mute[ACT_DELETE_POD] = true;
		rows[i].change(&b);
		bench_run(&b, 2 * SECONDS_USEC);
		if (b.decision.verdict != rows[i].verdict || b.decision.cause != rows[i].cause)
			fail_msg("%s: verdict %d, cause %d", rows[i].why, b.decision.verdict,
			         b.decision.cause);
		assert_int_equal(b.acts, rows[i].cause == CAUSE_RESTARTING);
	}
}

static void a_log_counts_once_a_newer_look_shows_the_container(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	b.mute[ASK_LOG] = b.mute[ACT_DELETE_POD] = true;
	bench_run(&b, 1 * SECONDS_USEC);
	b.mute[ASK_PODS] = true; /* the log comes in, the look after it does not */
	b.mute[ASK_LOG] = false;
	bench_run(&b, 500 * MSEC_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_STARTING);
	assert_int_equal(b.acts, 0);
	b.mute[ASK_PODS] = false;
	bench_run(&b, 500 * MSEC_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_CONTROLLER_OFF);
}

static void another_container_after_the_log_is_judged_anew(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	b.mute[ASK_LOG] = true;
	bench_run(&b, 1 * SECONDS_USEC);
	b.mute[ASK_LOG] = false;
	b.now += TRAVEL_USEC;
	(void)bench_answer(&b); /* the old one's log says off ... */
	bench_replace(&b, 0);   /* ... and the newer look shows another one */
	b.says[0] = LOG_ON;
	bench_run(&b, 2 * SECONDS_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_HEALTHY);
	assert_int_equal(b.acts, 0);
}

static void a_container_that_dies_before_the_newer_look_is_not_judged(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	b.mute[ASK_LOG] = true;
	bench_run(&b, 1 * SECONDS_USEC);
	b.mute[ASK_LOG] = false;
	b.pod[0].life = LIFE_GONE;
	bench_run(&b, 2 * SECONDS_USEC);
	assert_int_equal(b.decision.cause, CAUSE_NOT_CURRENT);
	assert_int_equal(b.acts, 0);
}

static void a_verdict_is_final_for_its_container(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	b.says[0] = LOG_ON;
	bench_run(&b, 2 * SECONDS_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_HEALTHY);
	b.says[0] = LOG_UNREADABLE; /* rotated away: the process stays what it is */
	bench_run(&b, 60 * SECONDS_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_HEALTHY);
	assert_int_equal(b.asks[ASK_LOG], 1);
}

static void what_is_known_grows_too_old(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	b.says[0] = LOG_ON;
	bench_run(&b, 2 * SECONDS_USEC);
	b.mute[ASK_PODS] = true;
	bench_run(&b, 27 * SECONDS_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_HEALTHY);
	bench_run(&b, 6 * SECONDS_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_UNKNOWN);
}

/* A 404 of before the address was lost may be another server's. */
static void a_negative_counts_in_its_own_epoch_only(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	b.crds = CRDS_MISSING;
	bench_run(&b, 2 * SECONDS_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_CRDS_MISSING);
	b.layer[ENDPOINT_VIP] = LAYER_VIP;
	bench_run(&b, 10 * SECONDS_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_CONTROLLER_OFF);
	assert_int_equal(b.decision.cause, CAUSE_VIP_NOT_USABLE);
}

static void no_operator_counts_in_its_own_epoch_only(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	b.evidence.deployments.count = 0;
	bench_run(&b, 2 * SECONDS_USEC);
	assert_int_equal(b.decision.cause, CAUSE_NO_OPERATOR);
	b.mute[ASK_DEPLOYMENTS] = true;
	b.layer[ENDPOINT_VIP] = LAYER_VIP;
	bench_run(&b, 10 * SECONDS_USEC);
	assert_int_equal(b.decision.cause, CAUSE_LOOKING);
}

static void unanswered_crds_are_a_layer_of_the_address(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	b.crds = CRDS_UNANSWERED;
	bench_run(&b, 2 * SECONDS_USEC);
	assert_int_equal(b.decision.endpoint[ENDPOINT_VIP].layer, LAYER_CRDS);
	assert_int_equal(b.decision.endpoint[ENDPOINT_LOCAL].layer, LAYER_USABLE);
	b.crds = CRDS_SERVED;
	bench_run(&b, 6 * SECONDS_USEC);
	assert_int_equal(b.decision.endpoint[ENDPOINT_VIP].layer, LAYER_USABLE);
}

static void more_containers_than_places_are_judged_one_after_the_other(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	b.says[0] = LOG_ON;
	for (unsigned i = 0; i < 3 * OPERATORS_MAX; i++) {
		bench_replace(&b, 0);
		b.evidence.log_count = 0;
		bench_run(&b, 10 * SECONDS_USEC);
		assert_int_equal(b.decision.verdict, VERDICT_HEALTHY);
		assert_int_equal(b.decision.about, b.pod[0].container);
	}
}

/* A pod that goes away is not judged, and what its log would say changes no count. */
static void the_log_of_what_does_not_count_is_not_read(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	b.pod[0].terminating = true;
	bench_run(&b, 5 * SECONDS_USEC);
	assert_int_equal(b.asks[ASK_LOG], 0);
	bench_new(&b);
	b.pod[0].life = LIFE_GONE;
	bench_run(&b, 5 * SECONDS_USEC);
	assert_int_equal(b.asks[ASK_LOG], 0);
}

static void what_the_log_said_is_confirmed_at_once(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	b.mute[ACT_DELETE_POD] = true;
	b.says[0] = LOG_NOTHING;
	bench_run(&b, 90 * SECONDS_USEC); /* by now each look is 5 s from the next */
	b.says[0] = LOG_OFF;
	for (unsigned i = 0; i < 2000 && b.log[0].says != LOG_OFF; i++)
		bench_round(&b, UINT64_MAX);
	bench_run(&b, 200 * MSEC_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_CONTROLLER_OFF);
}

static void gateway_off(struct bench *b)
{
	b->evidence.config = (struct evidence_config){ .at = { 1, 1, 0 }, .gateway_off = true };
}

static void sync_off(struct bench *b)
{
	b->evidence.config = (struct evidence_config){ .at = { 1, 1, 0 }, .sync_off = true };
}

static void proxy_off(struct bench *b)
{
	b->evidence.config = (struct evidence_config){ .at = { 1, 1, 0 }, .proxy_off = true };
}

static void what_is_switched_off_is_no_fault(void **state)
{
	static const struct {
		void (*change)(struct bench *bench);
		enum cause cause;
	} rows[] = {
		{ gateway_off, CAUSE_GATEWAY_OFF },
		{ sync_off, CAUSE_SYNC_OFF },
		{ proxy_off, CAUSE_PROXY_OFF },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench b;

		bench_new(&b);
		rows[i].change(&b);
		bench_run(&b, 100 * SECONDS_USEC);
		assert_int_equal(b.decision.verdict, VERDICT_DISABLED);
		assert_int_equal(b.decision.cause, rows[i].cause);
		assert_int_equal(b.acts, 0);
		b.evidence.config = (struct evidence_config){ .at = { 1, 1, 0 } };
		bench_run_to_act(&b);
	}
}

/* What the metrics say in each scrape: one letter each, the last one for ever. */
static void scrape(struct bench *b, const char *says, uint64_t usec)
{
	uint64_t until = b->now + usec;

	while (b->now + TRAVEL_USEC <= until) {
		size_t last = strlen(says) - 1;
		char letter = says[b->asks[ASK_METRICS] < last ? b->asks[ASK_METRICS] : last];

		b->metrics_say = letter == '+'   ? METRICS_ON
		                 : letter == '-' ? METRICS_OFF
		                                 : METRICS_NOTHING;
		bench_round(b, until);
	}
}

static void where_the_log_leaves_it_open_the_metrics_decide(void **state)
{
	static const struct {
		const char *why;
		enum log_says says;
		const char *scrapes;
		enum verdict verdict;
		enum cause cause;
	} rows[] = {
		{ "no series of any controller: not known", LOG_OPAQUE, " ", VERDICT_STARTING,
		  CAUSE_LOG_OPAQUE },
		{ "one of gateway: on", LOG_OPAQUE, "+", VERDICT_HEALTHY, CAUSE_NONE },
		{ "on, with a silent log", LOG_NOTHING, " +", VERDICT_HEALTHY, CAUSE_NONE },
		{ "others, twice: off", LOG_OPAQUE, " --", VERDICT_CONTROLLER_OFF, CAUSE_MODE },
		{ "the second may bring it: on", LOG_OPAQUE, "-+", VERDICT_HEALTHY, CAUSE_NONE },
		{ "twice, but not in a row: not known", LOG_OPAQUE, "- - - - - - - - - - - - - - ",
		  VERDICT_STARTING, CAUSE_LOG_OPAQUE },
		{ "on, and the list lacks the Gateway: split", LOG_SPLIT, "+",
		  VERDICT_COPIES_NEGLECTED, CAUSE_MODE },
		{ "off, and the list lacks the Gateway", LOG_SPLIT, "--", VERDICT_CONTROLLER_OFF,
		  CAUSE_MODE },
		{ "an unreadable log", LOG_UNREADABLE, "+", VERDICT_HEALTHY, CAUSE_NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench b;

		bench_new(&b);
		b.policy.may = 0;
		b.says[0] = rows[i].says;
		scrape(&b, rows[i].scrapes, 30 * SECONDS_USEC);
		if (b.decision.verdict != rows[i].verdict || b.decision.cause != rows[i].cause)
			fail_msg("%s: verdict %d, cause %d", rows[i].why, b.decision.verdict,
			         b.decision.cause);
	}
}

static void off_takes_two_scrapes_2_s_apart(void **state)
{
	struct bench b;
	uint64_t first;

	(void)state;
	bench_new(&b);
	b.policy.may = 0;
	b.says[0] = LOG_OPAQUE;
	b.metrics_say = METRICS_OFF;
	while (!b.asks[ASK_METRICS])
		bench_round(&b, UINT64_MAX);
	first = b.metrics.at.begun_usec;
	bench_run(&b, 1900 * MSEC_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_STARTING);
	bench_run(&b, 500 * MSEC_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_CONTROLLER_OFF);
	assert_true(b.metrics.at.begun_usec - first >= 2 * SECONDS_USEC);
	bench_new(&b); /* whoever scrapes more often gains nothing */
	b.policy.may = 0;
	b.says[0] = LOG_OPAQUE;
	b.mute[ASK_METRICS] = true;
	b.evidence.metrics_count = 1;
	for (unsigned i = 0; i < 19; i++) {
		b.metrics =
			(struct evidence_metrics){ { b.now, b.now, 0 }, CONTAINER, METRICS_OFF };
		bench_run(&b, 100 * MSEC_USEC);
	}
	assert_int_equal(b.decision.verdict, VERDICT_STARTING);
}

static void metrics_are_read_on_their_own_node_and_where_the_log_is_open(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	b.policy.may = 0;
	bench_run(&b, 60 * SECONDS_USEC);
	assert_int_equal(b.asks[ASK_METRICS], 0); /* the log has said it */
	bench_new(&b);
	b.says[0] = LOG_OPAQUE;
	b.pod[0].place = PLACE_ELSEWHERE;
	bench_run(&b, 60 * SECONDS_USEC);
	assert_int_equal(b.asks[ASK_METRICS], 0); /* the port is this host's */
	bench_new(&b);
	b.says[0] = LOG_OPAQUE;
	bench_run(&b, 60 * SECONDS_USEC);
	assert_in_range(b.asks[ASK_METRICS], 25, 29);
	b.asks[ASK_METRICS] = 0;
	bench_run(&b, 600 * SECONDS_USEC); /* since 1.19 there never are any */
	assert_in_range(b.asks[ASK_METRICS], 55, 62);
}

/* The log's word, once said, waits for a newer look only: a scrape does not turn it round. */
static void what_the_log_said_is_not_unsaid_by_the_metrics(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	b.policy.may = 0;
	b.says[0] = LOG_NOTHING;
	b.metrics_say = METRICS_OFF;
	while (b.asks[ASK_METRICS] < 1)
		bench_round(&b, UINT64_MAX);
	b.mute[ASK_METRICS] = true;
	bench_run(&b, 2500 * MSEC_USEC); /* the second is under way ... */
	assert_int_equal(b.asks[ASK_METRICS], 2);
	b.mute[ASK_PODS] = true;
	b.says[0] = LOG_ON; /* ... as the log says it */
	bench_run(&b, 500 * MSEC_USEC);
	b.mute[ASK_METRICS] = false;
	bench_run(&b, 3 * SECONDS_USEC);
	b.mute[ASK_PODS] = false;
	bench_run(&b, 3 * SECONDS_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_HEALTHY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_state_of_the_world_has_one_verdict),
		cmocka_unit_test(a_log_counts_once_a_newer_look_shows_the_container),
		cmocka_unit_test(another_container_after_the_log_is_judged_anew),
		cmocka_unit_test(a_container_that_dies_before_the_newer_look_is_not_judged),
		cmocka_unit_test(a_verdict_is_final_for_its_container),
		cmocka_unit_test(what_is_known_grows_too_old),
		cmocka_unit_test(a_negative_counts_in_its_own_epoch_only),
		cmocka_unit_test(no_operator_counts_in_its_own_epoch_only),
		cmocka_unit_test(unanswered_crds_are_a_layer_of_the_address),
		cmocka_unit_test(the_log_of_what_does_not_count_is_not_read),
		cmocka_unit_test(what_the_log_said_is_confirmed_at_once),
		cmocka_unit_test(more_containers_than_places_are_judged_one_after_the_other),
		cmocka_unit_test(what_is_switched_off_is_no_fault),
		cmocka_unit_test(where_the_log_leaves_it_open_the_metrics_decide),
		cmocka_unit_test(off_takes_two_scrapes_2_s_apart),
		cmocka_unit_test(metrics_are_read_on_their_own_node_and_where_the_log_is_open),
		cmocka_unit_test(what_the_log_said_is_not_unsaid_by_the_metrics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
