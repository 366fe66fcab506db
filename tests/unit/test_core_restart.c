/* SPDX-License-Identifier: Apache-2.0 */
/* The one act: when the pod of an operator that is off is deleted, and when not. */
#include "tests/unit/test_core.h"

static void vip_away(struct bench *b)
{
	b->layer[ENDPOINT_VIP] = LAYER_VIP;
}

static void crds_unanswered(struct bench *b)
{
	b->crds = CRDS_UNANSWERED;
}

static void crds_silent(struct bench *b)
{
	b->mute[ASK_CRDS] = true;
}

static void observe(struct bench *b)
{
	b->policy.may = 0;
}

static void paused(struct bench *b)
{
	b->evidence.deployments.first.paused = true;
}

static void sets_silent(struct bench *b)
{
	b->mute[ASK_REPLICASETS] = true;
}

static void no_owner(struct bench *b)
{
	b->evidence.replicasets.count = 0;
}

static void bare_pod(struct bench *b)
{
	b->pod[0].replicaset = 0;
}

static void owner_goes(struct bench *b)
{
	b->replicaset[0].terminating = true;
}

static void owner_empty(struct bench *b)
{
	b->replicaset[0].replicas = 0;
}

static void owner_foreign(struct bench *b)
{
	b->replicaset[0].deployment = 99;
}

static void scaled_down(struct bench *b)
{
	b->evidence.deployments.first.replicas = 0;
}

static void unobserved(struct bench *b)
{
	b->evidence.deployments.first.observed = false;
}

static void rollout(struct bench *b)
{
	b->evidence.pods.count = 2;
	b->evidence.replicasets.count = 2;
	b->pod[1].replicaset = 7;
	b->pod[1].ready = b->pod[1].running = false;
}

static void cordoned(struct bench *b)
{
	b->pod[0].obstacle = OBSTACLE_CORDON;
}

static void pressed(struct bench *b)
{
	b->pod[0].obstacle = OBSTACLE_PRESSURE;
}

static void tainted(struct bench *b)
{
	b->pod[0].obstacle = OBSTACLE_TAINT;
}

static void obstacle_unknown(struct bench *b)
{
	b->pod[0].obstacle = OBSTACLE_UNKNOWN;
}

static void pulls(struct bench *b)
{
	b->pod[0].always_pulls = true;
}

static void elsewhere(struct bench *b)
{
	b->pod[0].place = PLACE_ELSEWHERE;
}

static void out_of_budget(struct bench *b)
{
	b->core.ledger = (struct ledger){
		.boot = BOOT, .about = 1, .failed = 3, .spent = 3, .last_usec = b->now
	};
}

static void life_stale(struct bench *b)
{
	b->life_frozen = true;
	b->pod[0].life_usec = b->now - SECONDS_USEC;
}

static void each_condition_alone_holds_the_restart_back(void **state)
{
	static const struct {
		const char *why;
		void (*change)(struct bench *bench);
		enum cause cause;
	} rows[] = {
		{ "the virtual address is away", vip_away, CAUSE_VIP_NOT_USABLE },
		{ "the CRDs give no answer", crds_unanswered, CAUSE_CRDS_UNPROVEN },
		{ "the rounds are not in", crds_silent, CAUSE_CRDS_UNPROVEN },
		{ "mode observe", observe, CAUSE_MODE },
		{ "paused by annotation", paused, CAUSE_PAUSED },
		{ "the ReplicaSets are not known", sets_silent, CAUSE_STALE },
		{ "no ReplicaSet owns the pod", no_owner, CAUSE_NO_REPLACEMENT },
		{ "the pod has no owner at all", bare_pod, CAUSE_NO_REPLACEMENT },
		{ "its owner goes away", owner_goes, CAUSE_NO_REPLACEMENT },
		{ "its owner wants no pod: an old ReplicaSet", owner_empty, CAUSE_NO_REPLACEMENT },
		{ "its owner is another Deployment's", owner_foreign, CAUSE_NO_REPLACEMENT },
		{ "scaled to nothing", scaled_down, CAUSE_NO_REPLACEMENT },
		{ "the newest generation is not observed", unobserved, CAUSE_ROLLOUT },
		{ "a pod of a new ReplicaSet comes up", rollout, CAUSE_ROLLOUT },
		{ "cordoned", cordoned, CAUSE_CORDONED },
		{ "under pressure", pressed, CAUSE_PRESSURE },
		{ "tainted", tainted, CAUSE_TAINTED },
		{ "not knowing the node is not knowing that it has room", obstacle_unknown,
		  CAUSE_STALE },
		{ "the replacement needs the registry", pulls, CAUSE_ALWAYS_PULLS },
		{ "on another node, whose agent goes first", elsewhere, CAUSE_OTHER_NODE },
		{ "the budget is used up", out_of_budget, CAUSE_BUDGET },
		{ "whether it lives was looked at too long ago", life_stale, CAUSE_NOT_ALIVE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench b;

		bench_new(&b);
		rows[i].change(&b);
		bench_run(&b, 5 * SECONDS_USEC);
		if (b.decision.verdict != VERDICT_CONTROLLER_OFF ||
		    b.decision.cause != rows[i].cause || b.acts)
			fail_msg("%s: verdict %d, cause %d, %u deletes", rows[i].why,
			         b.decision.verdict, b.decision.cause, b.acts);
		assert_int_equal(b.saves, 0);
	}
}

static void a_pending_second_replica_is_no_rollout(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	b.evidence.pods.count = 2;
	b.pod[1].replicaset = 7;
	b.pod[1].container = 0;
	b.pod[1].running = b.pod[1].ready = false;
	bench_run_to_act(&b);
	assert_int_equal(b.act.about, CONTAINER);
}

static void the_delete_names_what_was_judged(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	bench_run_to_act(&b);
	assert_true(b.now < 21 * SECONDS_USEC);
	assert_int_equal(b.act.about, CONTAINER);
	assert_int_equal(b.act.via, ENDPOINT_LOCAL);
	assert_int_equal(b.act.epoch, 0); /* an endpoint gained begins no epoch, one lost does */
	assert_int_equal(b.act.deadline_usec - b.act.begun_usec, 3 * SECONDS_USEC);
	assert_int_equal(b.decision.cause, CAUSE_RESTARTING);
	assert_true(b.asks[ASK_CRDS] >= 2);
}

static void the_ledger_is_saved_in_the_round_of_the_order(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	bench_run_to_act(&b);
	assert_true(b.decision.save);
	assert_int_equal(b.saved.about, CONTAINER);
	assert_int_equal(b.saved.boot, BOOT);
	assert_int_equal(b.saved.last_usec, b.act.begun_usec);
	assert_int_equal(b.saves, 1);
}

static void one_delete_at_a_time(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	b.evidence.pods.count = 2; /* both off */
	bench_run_to_act(&b);
	bench_run(&b, 2 * SECONDS_USEC);
	assert_int_equal(b.acts, 1);
	assert_int_equal(b.decision.cause, CAUSE_RESTARTING);
}

static void a_done_delete_is_followed_by_nothing_but_looking(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	bench_run_to_act(&b);
	bench_end_act(&b, RESULT_OK); /* and the API goes on showing the pod as it was */
	bench_run(&b, 10 * SECONDS_USEC);
	assert_int_equal(b.acts, 1);
	assert_int_equal(b.decision.verdict, VERDICT_STARTING);
	bench_replace(&b, 0);
	b.says[0] = LOG_ON;
	bench_run(&b, 2 * SECONDS_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_HEALTHY);
	assert_int_equal(b.saved.spent, 0);
	assert_int_equal(b.saves, 2);
}

/* LOST is neither yes nor no: it is read again, and the same act on the same container is free. */
static void a_lost_delete_is_repeated_after_another_look_and_free(void **state)
{
	struct bench b;
	uint64_t ended;

	(void)state;
	bench_new(&b);
	for (unsigned i = 0; i < 10; i++) {
		bench_run_to_act(&b);
		bench_end_act(&b, RESULT_LOST);
		ended = b.now;
		b.mute[ASK_PODS] = true;
		bench_run(&b, 100 * MSEC_USEC);
		assert_int_equal(b.acts, i + 1); /* not on what was known before */
		b.mute[ASK_PODS] = false;
	}
	bench_run_to_act(&b);
	assert_true(b.evidence.pods.at.begun_usec > ended);
	assert_int_equal(b.saved.spent, 1);
	assert_int_equal(b.saves, 1);
}

static void a_lost_delete_that_took_effect_is_not_repeated(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	bench_run_to_act(&b);
	b.pod[0].terminating = true;
	bench_end_act(&b, RESULT_LOST);
	bench_run(&b, 5 * SECONDS_USEC);
	assert_int_equal(b.acts, 1);
	assert_int_equal(b.decision.cause, CAUSE_NO_POD);
}

static void a_delete_that_may_work_now_is_tried_again_at_once(void **state)
{
	static const enum result result[] = { RESULT_CONFLICT, RESULT_LOST, RESULT_UNREACHABLE };

	(void)state;
	for (size_t i = 0; i < sizeof(result) / sizeof(result[0]); i++) {
		struct bench b;
		uint64_t ended;
		unsigned looks;

		bench_new(&b);
		bench_run_to_act(&b);
		bench_end_act(&b, result[i]);
		ended = b.now;
		looks = b.asks[ASK_PODS];
		bench_run_to_act(&b);
		assert_true(b.asks[ASK_PODS] > looks);
		assert_true(b.now - ended < 800 * MSEC_USEC);
	}
}

static void a_refusal_is_left_alone_for_longer_each_time(void **state)
{
	static const uint64_t pause[] = { 5, 10, 20, 40, 80, 160, 300, 300 };
	struct bench b;

	(void)state;
	bench_new(&b);
	bench_run_to_act(&b);
	for (size_t i = 0; i < sizeof(pause) / sizeof(pause[0]); i++) {
		uint64_t ended;

		bench_end_act(&b, RESULT_REFUSED);
		ended = b.now;
		bench_step(&b);
		assert_int_equal(b.decision.cause, CAUSE_NOT_DELETED);
		assert_int_equal(b.decision.until_usec, ended + pause[i] * SECONDS_USEC);
		bench_run_to_act(&b);
		assert_true(b.now - ended >= pause[i] * SECONDS_USEC);
		assert_true(b.now - ended < (pause[i] + 3) * SECONDS_USEC);
	}
}

static void the_budget_is_three_at_once_then_slower(void **state)
{
	static const uint64_t pause[] = { 0, 0, 300, 600, 1200, 2400, 3600, 3600 };
	struct bench b;

	(void)state;
	bench_new(&b);
	bench_run_to_act(&b);
	for (size_t i = 0; i < sizeof(pause) / sizeof(pause[0]); i++) {
		uint64_t ordered = b.now;

		bench_end_act(&b, RESULT_OK);
		bench_replace(&b, 0);
		bench_run_to_act(&b);
		assert_true(b.now - ordered >= pause[i] * SECONDS_USEC);
		assert_true(b.now - ordered < (pause[i] + 70) * SECONDS_USEC);
	}
	b.says[0] = LOG_ON; /* the cure clears the count */
	bench_end_act(&b, RESULT_OK);
	bench_replace(&b, 0);
	bench_run(&b, 5 * SECONDS_USEC);
	assert_int_equal(b.saved.failed, 0);
}

/* The replacement may be seen before the answer to the delete is in. */
static void a_replacement_seen_before_the_answer_is_counted(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	bench_run_to_act(&b);
	bench_replace(&b, 0);
	b.mute[ASK_LOG] = true;
	bench_run(&b, 2 * SECONDS_USEC);
	bench_end_act(&b, RESULT_LOST);
	b.mute[ASK_LOG] = false;
	bench_run_to_act(&b);
	assert_int_equal(b.saved.failed, 1);
}

static void the_budget_outlives_the_agent(void **state)
{
	struct bench b, next;

	(void)state;
	bench_new(&b);
	for (unsigned i = 0; i < 3; i++) {
		bench_run_to_act(&b);
		bench_end_act(&b, RESULT_OK);
		bench_replace(&b, 0);
	}
	bench_new(&next);
	next.core.ledger = b.saved; /* killed here; the last replacement is yet to be judged */
	next.now = b.now;
	next.pod[0] = b.pod[0];
	bench_run(&next, 60 * SECONDS_USEC);
	assert_int_equal(next.decision.cause, CAUSE_BUDGET);
	assert_int_equal(next.acts, 0);
	assert_int_equal(next.saved.failed, 3);
}

static void the_agent_of_another_node_waits_and_looks_again(void **state)
{
	struct bench b;
	uint64_t begun;

	(void)state;
	bench_new(&b);
	b.pod[0].place = PLACE_ELSEWHERE;
	b.pod[0].life = LIFE_UNKNOWN;
	begun = b.now;
	bench_run_to_act(&b);
	assert_true(b.now - begun >= 30 * SECONDS_USEC);
	assert_true(b.now - begun < 33 * SECONDS_USEC);
	assert_true(b.now - b.log[0].at.begun_usec <= AGE_LOG_USEC);
	bench_end_act(&b, RESULT_REFUSED);
	/* nothing waits for the log now */
	assert_in_range(bench_asks(&b, ASK_LOG, 4 * SECONDS_USEC), 0, 1);
}

static void the_agent_of_another_node_has_its_time_from_when_it_can_act(void **state)
{
	struct bench b;
	uint64_t back;

	(void)state;
	bench_new(&b);
	b.pod[0].place = PLACE_ELSEWHERE;
	b.layer[ENDPOINT_VIP] = LAYER_VIP;
	bench_run(&b, 200 * SECONDS_USEC);
	b.layer[ENDPOINT_VIP] = LAYER_USABLE;
	back = b.now;
	bench_run_to_act(&b);
	assert_in_range(b.now - back, 30 * SECONDS_USEC, 33 * SECONDS_USEC);
}

/* Its node has booted again: the API still shows the container that was off, and the log is that of
 * the one that runs there now. */
static void a_container_elsewhere_whose_log_changed_is_left_alone(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	b.pod[0].place = PLACE_ELSEWHERE;
	bench_run(&b, 20 * SECONDS_USEC);
	b.says[0] = LOG_ON;
	bench_run(&b, 60 * SECONDS_USEC);
	assert_int_equal(b.acts, 0);
	b.says[0] = LOG_UNREADABLE;
	bench_run(&b, 60 * SECONDS_USEC);
	assert_int_equal(b.acts, 0);
	b.says[0] = LOG_OFF;
	bench_run_to_act(&b);
}

static void of_two_that_are_off_ours_goes_first(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	b.evidence.pods.count = 2;
	b.pod[0].place = PLACE_ELSEWHERE;
	bench_run_to_act(&b);
	assert_int_equal(b.act.about, b.pod[1].container);
	bench_new(&b);
	b.evidence.pods.count = 2;
	b.pod[1].place = PLACE_ELSEWHERE;
	bench_run_to_act(&b);
	assert_int_equal(b.act.about, b.pod[0].container);
}

/* Off since its own start, and there before the restart: it replaced nothing. */
static void a_stand_by_that_was_there_before_is_no_replacement(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	b.evidence.pods.count = 2;
	b.says[1] = LOG_UNREADABLE;
	bench_run_to_act(&b);
	bench_end_act(&b, RESULT_OK);
	b.says[1] = LOG_OFF;
	bench_run_to_act(&b);
	assert_int_equal(b.act.about, b.pod[1].container);
	assert_int_equal(b.saved.failed, 0);
	assert_int_equal(b.saved.spent, 2);
}

static void a_round_without_an_answer_starts_the_count_over(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	for (unsigned i = 0; i < 400; i++) {
		b.crds = b.asks[ASK_CRDS] % 2 ? CRDS_SERVED : CRDS_UNANSWERED;
		bench_round(&b, UINT64_MAX);
	}
	assert_true(b.asks[ASK_CRDS] > 20);
	assert_int_equal(b.acts, 0);
}

/* The two rounds are the operator's own first request: they must be young, and follow each other.
 */
static void a_round_of_long_ago_does_not_count(void **state)
{
	struct bench b;
	unsigned rounds;

	(void)state;
	bench_new(&b);
	b.policy.may = 0;
	bench_run(&b, 20 * SECONDS_USEC); /* a round each 5 s, for the record */
	rounds = b.asks[ASK_CRDS];
	assert_true(rounds >= 2);
	b.policy.may = POLICY_RESTART;
	bench_run_to_act(&b);
	assert_true(b.asks[ASK_CRDS] >= rounds + 2);
	assert_true(b.now - b.evidence.crds.at.ended_usec <= AGE_CRDS_USEC);
}

static void rounds_of_another_epoch_do_not_count(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	b.mute[ASK_REPLICASETS] = true; /* all is there but for these */
	bench_run(&b, 5 * SECONDS_USEC);
	b.mute[ASK_CRDS] = true;
	b.layer[ENDPOINT_LOCAL] = LAYER_TCP; /* lost: a new epoch begins */
	bench_run(&b, 10 * SECONDS_USEC);
	b.mute[ASK_REPLICASETS] = false;
	bench_run(&b, 5 * SECONDS_USEC);
	assert_int_equal(b.acts, 0);
	b.mute[ASK_CRDS] = false;
	bench_run_to_act(&b);
	assert_int_equal(b.act.via, ENDPOINT_VIP);
}

/* Facts are read again every few seconds, and what is told stays the same. */
static void a_standing_obstacle_is_told_once(void **state)
{
	struct bench b;
	uint64_t since;

	(void)state;
	bench_new(&b);
	b.pod[0].obstacle = OBSTACLE_CORDON;
	bench_run(&b, 5 * SECONDS_USEC);
	since = b.decision.since_usec;
	bench_run(&b, 100 * SECONDS_USEC);
	b.asks[ASK_PODS] = 0;
	bench_run(&b, 200 * SECONDS_USEC);
	assert_int_equal(b.decision.since_usec, since);
	assert_in_range(b.asks[ASK_PODS], 30, 42);
	b.pod[0].obstacle = OBSTACLE_NONE;
	since = b.now;
	bench_run_to_act(&b);
	assert_true(b.now - since < 7 * SECONDS_USEC);
	bench_new(&b);
	b.crds = CRDS_UNANSWERED;
	bench_run(&b, 5 * SECONDS_USEC);
	since = b.decision.since_usec;
	bench_run(&b, 300 * SECONDS_USEC);
	assert_int_equal(b.decision.since_usec, since);
}

/* Four facts that age 3 s are never young together if each is asked for every 5 s. */
static void what_an_act_waits_for_is_asked_for_closely(void **state)
{
	struct bench b;
	uint64_t since;

	(void)state;
	bench_new(&b);
	b.result[ASK_REPLICASETS] = RESULT_UNREACHABLE;
	bench_run(&b, 30 * SECONDS_USEC);
	assert_int_equal(b.acts, 0);
	b.result[ASK_REPLICASETS] = RESULT_OK;
	since = b.now;
	bench_run_to_act(&b);
	assert_true(b.now - since < 1500 * MSEC_USEC);
}

/* Its container ended while the API was away, and the next one waits out a back-off. */
static void hold_back(struct bench *b)
{
	b->pod[0].running = b->pod[0].ready = false;
	b->pod[0].life = LIFE_GONE;
	b->pod[0].held_back = true;
	b->pod[0].crash = CRASH_API_AWAY;
	b->pod[0].ended_usec = b->now;
	b->pod[0].due_usec = b->now + 300 * SECONDS_USEC;
}

/* The API may show a back-off that is over: what the kubelet could not tell it tells 10 s later. */
static void a_back_off_that_may_be_over_is_left_alone(void **state)
{
	static const uint64_t due[] = { 0, 1, 60 };

	(void)state;
	for (size_t i = 0; i < sizeof(due) / sizeof(due[0]); i++) {
		struct bench b;

		bench_new(&b);
		hold_back(&b);
		b.pod[0].due_usec = due[i] ? b.now + due[i] * SECONDS_USEC : 0;
		b.layer[ENDPOINT_LOCAL] = b.layer[ENDPOINT_VIP] = LAYER_TCP;
		bench_run(&b, 59 * SECONDS_USEC);
		b.layer[ENDPOINT_LOCAL] = b.layer[ENDPOINT_VIP] = LAYER_USABLE;
		bench_run(&b, 60 * SECONDS_USEC);
		assert_int_equal(b.acts, 0);
	}
}

static void a_back_off_is_cut_short_once_the_address_is_back(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	hold_back(&b);
	b.layer[ENDPOINT_VIP] = LAYER_VIP;
	bench_run(&b, 60 * SECONDS_USEC);
	assert_int_equal(b.acts, 0);
	b.layer[ENDPOINT_VIP] = LAYER_USABLE;
	bench_run(&b, 2 * SECONDS_USEC);
	assert_int_equal(b.acts, 1);
	assert_int_equal(b.act.about, CONTAINER);
	assert_int_equal(b.core.crds_good >= 2, true);
}

/* A round that the host before has answered, and one of the new host, are not two through the address as it is. */
static void a_round_across_a_move_of_the_address_is_none(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	b.evidence.holder = (struct evidence_holder){ .wanted = true, .known = true, .here = true };
	b.mute[ASK_CRDS] = true;
	bench_run(&b, 200 * MSEC_USEC);
	b.evidence.holder.here = false;
	b.evidence.holder.here_usec = b.now;
	bench_step(&b);
	b.mute[ASK_CRDS] = false;
	assert_true(bench_answer(&b));
	bench_step(&b);
	assert_true(b.evidence.crds.at.begun_usec);
	assert_int_equal(b.core.crds_good, 0);
	bench_run_to_act(&b);
}

static void a_back_off_is_left_alone(void **state)
{
	static const struct {
		const char *why;
		enum place place;
		enum life life;
		bool frozen, yesterday, unserved;
		enum crash crash;
	} rows[] = {
		{ "another node's", PLACE_ELSEWHERE, LIFE_UNKNOWN, .crash = CRASH_API_AWAY },
		{ "not known to be gone", PLACE_HERE, LIFE_UNKNOWN, .crash = CRASH_API_AWAY },
		{ "gone when it was last looked at, long ago", PLACE_HERE, LIFE_GONE,
		  .frozen = true, .crash = CRASH_API_AWAY },
		{ "yesterday's", PLACE_HERE, LIFE_GONE, .yesterday = true,
		  .crash = CRASH_API_AWAY },
		{ "a CRD is missing: the next would be off", PLACE_HERE, LIFE_GONE,
		  .unserved = true, .crash = CRASH_API_AWAY },
		{ "it would end again", PLACE_HERE, LIFE_GONE, .crash = CRASH_STANDING },
		{ "why is not known", PLACE_HERE, LIFE_GONE, .crash = CRASH_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench b;

		bench_new(&b);
		hold_back(&b);
		b.pod[0].place = rows[i].place;
		b.pod[0].life = rows[i].life;
		b.pod[0].crash = rows[i].crash;
		b.pod[0].life_usec = b.now;
		b.life_frozen = rows[i].frozen;
		if (rows[i].frozen)
			b.now += 1 * SECONDS_USEC;
		if (rows[i].yesterday)
			b.pod[0].ended_usec = 0;
		if (rows[i].unserved)
			b.crds = CRDS_UNANSWERED;
		bench_run(&b, 300 * SECONDS_USEC);
		if (b.acts)
			fail_msg("a back-off was cut short: %s", rows[i].why);
	}
}

/* Nor by a look at the pods that is older than the next container. */
static void a_back_off_that_is_over_is_no_reason(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	hold_back(&b);
	b.says[0] = LOG_ON;
	b.mute[ASK_REPLICASETS] = true;
	bench_run(&b, 3 * SECONDS_USEC);
	b.pod[0].running = true;
	b.pod[0].held_back = false;
	b.pod[0].container += 100;
	b.pod[0].life = LIFE_ALIVE;
	b.mute[ASK_REPLICASETS] = false;
	bench_run(&b, 300 * SECONDS_USEC);
	assert_int_equal(b.acts, 0);
	assert_int_equal(b.decision.verdict, VERDICT_HEALTHY);
}

static void a_replacement_that_ends_is_counted(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	hold_back(&b);
	for (unsigned i = 0; i < 4; i++) {
		bench_run_to_act(&b);
		assert_int_equal(b.saved.failed, i);
		bench_end_act(&b, RESULT_OK);
		bench_replace(&b, 0);
		hold_back(&b);
		if (i == 2)
			break;
	}
	bench_run(&b, 60 * SECONDS_USEC);
	assert_int_equal(b.decision.verdict, VERDICT_HELD_BACK);
	assert_int_equal(b.decision.cause, CAUSE_BUDGET);
	assert_int_equal(b.saved.failed, 3);
	assert_int_equal(b.acts, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_condition_alone_holds_the_restart_back),
		cmocka_unit_test(a_pending_second_replica_is_no_rollout),
		cmocka_unit_test(the_delete_names_what_was_judged),
		cmocka_unit_test(the_ledger_is_saved_in_the_round_of_the_order),
		cmocka_unit_test(one_delete_at_a_time),
		cmocka_unit_test(a_done_delete_is_followed_by_nothing_but_looking),
		cmocka_unit_test(a_lost_delete_is_repeated_after_another_look_and_free),
		cmocka_unit_test(a_lost_delete_that_took_effect_is_not_repeated),
		cmocka_unit_test(a_delete_that_may_work_now_is_tried_again_at_once),
		cmocka_unit_test(a_refusal_is_left_alone_for_longer_each_time),
		cmocka_unit_test(the_budget_is_three_at_once_then_slower),
		cmocka_unit_test(a_replacement_seen_before_the_answer_is_counted),
		cmocka_unit_test(the_budget_outlives_the_agent),
		cmocka_unit_test(the_agent_of_another_node_waits_and_looks_again),
		cmocka_unit_test(the_agent_of_another_node_has_its_time_from_when_it_can_act),
		cmocka_unit_test(a_container_elsewhere_whose_log_changed_is_left_alone),
		cmocka_unit_test(of_two_that_are_off_ours_goes_first),
		cmocka_unit_test(a_stand_by_that_was_there_before_is_no_replacement),
		cmocka_unit_test(a_round_without_an_answer_starts_the_count_over),
		cmocka_unit_test(a_round_of_long_ago_does_not_count),
		cmocka_unit_test(rounds_of_another_epoch_do_not_count),
		cmocka_unit_test(what_an_act_waits_for_is_asked_for_closely),
		cmocka_unit_test(a_standing_obstacle_is_told_once),
		cmocka_unit_test(a_back_off_is_cut_short_once_the_address_is_back),
		cmocka_unit_test(a_round_across_a_move_of_the_address_is_none),
		cmocka_unit_test(a_back_off_is_left_alone),
		cmocka_unit_test(a_back_off_that_may_be_over_is_left_alone),
		cmocka_unit_test(a_back_off_that_is_over_is_no_reason),
		cmocka_unit_test(a_replacement_that_ends_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
