/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/readiness.h"

struct bench {
	struct readiness readiness;
	uint64_t now;
	enum readiness_change change; /* of the last probe */
};

/* Jumps to the next due probe, and answers it 1 ms later. */
static void probe(struct bench *b, enum layer layer, bool reused)
{
	struct evidence_endpoint seen = { .configured = true, .layer = layer, .reused = reused };

	if (b->now < b->readiness.due_usec)
		b->now = b->readiness.due_usec;
	seen.at.begun_usec = ++b->now;
	b->now += MSEC_USEC;
	seen.at.ended_usec = b->now;
	b->change = readiness_step(&b->readiness, &seen, b->now, 0);
	assert_int_equal(readiness_step(&b->readiness, &seen, b->now, 0),
	                 READINESS_SAME); /* judged once */
}

static void good(struct bench *b)
{
	probe(b, LAYER_USABLE, true);
}

static void bad(struct bench *b)
{
	probe(b, LAYER_TCP, false);
}

static struct bench usable(void)
{
	struct bench b = { .now = 10 * SECONDS_USEC };

	good(&b);
	good(&b);
	assert_int_equal(b.change, READINESS_GAINED);
	return b;
}

static void two_answers_on_one_connection_make_it_usable(void **state)
{
	struct bench b = { .now = 10 * SECONDS_USEC };

	(void)state;
	probe(&b, LAYER_USABLE, false);
	assert_false(readiness_usable(&b.readiness));
	assert_int_equal(b.readiness.due_usec, b.now); /* the second one at once */
	probe(&b, LAYER_USABLE, true);
	assert_true(readiness_usable(&b.readiness));
	assert_int_equal(b.change, READINESS_GAINED);
	assert_int_equal(b.readiness.since_usec, b.now);
}

static void a_second_answer_on_another_connection_is_a_first_one(void **state)
{
	struct bench b = { .now = 10 * SECONDS_USEC };

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		probe(&b, LAYER_USABLE, false);
		assert_int_equal(b.change, READINESS_SAME);
		assert_false(readiness_usable(&b.readiness));
	}
	probe(&b, LAYER_USABLE, true);
	assert_true(readiness_usable(&b.readiness));
}

static void a_bad_answer_between_two_good_ones_starts_over(void **state)
{
	struct bench b = { .now = 10 * SECONDS_USEC };

	(void)state;
	good(&b);
	bad(&b);
	good(&b);
	assert_false(readiness_usable(&b.readiness));
	good(&b);
	assert_true(readiness_usable(&b.readiness));
}

static void a_move_of_the_address_shorter_than_three_misses_is_kept_quiet(void **state)
{
	struct bench b = usable();
	uint64_t since = b.readiness.since_usec;

	(void)state;
	bad(&b);
	bad(&b);
	assert_int_equal(b.change, READINESS_SAME);
	assert_int_equal(b.readiness.layer, LAYER_USABLE);
	good(&b);
	assert_int_equal(b.readiness.state, READINESS_USABLE);
	assert_int_equal(b.readiness.since_usec, since);
	bad(&b); /* the count began anew */
	bad(&b);
	assert_true(readiness_usable(&b.readiness));
}

/* As often as a suspect is probed, which is closely: a move of the address takes less, and says nothing. */
static void misses_for_three_seconds_lose_it(void **state)
{
	struct bench b = usable();
	uint64_t begun;
	unsigned misses = 1;

	(void)state;
	bad(&b);
	begun = b.now;
	for (; b.change != READINESS_LOST; misses++) {
		assert_true(readiness_usable(&b.readiness));
		assert_int_equal(b.readiness.layer, LAYER_USABLE);
		bad(&b);
	}
	assert_in_range(b.now - begun, 3 * SECONDS_USEC, 3500 * MSEC_USEC);
	assert_true(misses > 10);
	assert_false(readiness_usable(&b.readiness));
	assert_int_equal(b.readiness.layer, LAYER_TCP);
	good(&b);                                     /* one answer does not bring it back */
	assert_false(readiness_usable(&b.readiness));
}

/* Probes that take long: a second of trouble may be one of them. */
static void three_misses_at_least_lose_it(void **state)
{
	struct bench b = usable();

	(void)state;
	bad(&b);
	b.now += 5 * SECONDS_USEC;
	bad(&b);
	assert_true(readiness_usable(&b.readiness));
	bad(&b);
	assert_int_equal(b.change, READINESS_LOST);
}

static void a_stir_is_followed_at_once_and_a_storm_of_them_slowly(void **state)
{
	struct bench b = usable();
	uint64_t begun = b.now += SECONDS_USEC;

	(void)state;
	assert_false(readiness_follow_stir(&b.readiness, b.now));
	readiness_stir(&b.readiness, b.now);
	assert_true(readiness_follow_stir(&b.readiness, b.now));
	assert_int_equal(b.readiness.due_usec, b.now);
	assert_false(readiness_follow_stir(&b.readiness, b.now));
	for (unsigned i = 0; i < 24; i++) {
		readiness_stir(&b.readiness, ++b.now);
		assert_false(readiness_follow_stir(&b.readiness, b.now));
		b.now += 999;
	}
	b.now = begun + 25 * MSEC_USEC;
	assert_true(readiness_follow_stir(&b.readiness, b.now)); /* none is forgotten */
}

/* Pods come and go, a cable is loose: each event withdraws the probe under way, and a Pi's TLS handshake takes 100 ms. */
static void a_storm_of_stirs_lets_a_slow_probe_end(void **state)
{
	struct bench b = usable();
	uint64_t sent = b.now, end = b.now + 60 * SECONDS_USEC;
	unsigned ended = 0;

	(void)state;
	for (; b.now < end; b.now += 10 * MSEC_USEC) {
		readiness_stir(&b.readiness, b.now);
		if (readiness_follow_stir(&b.readiness, b.now))
			sent = b.now;
		if (b.now < sent + 1500 * MSEC_USEC)
			continue;
		probe(&b, LAYER_VIP, false);
		sent = UINT64_MAX - 10 * SECONDS_USEC;
		ended++;
	}
	assert_in_range(ended, 20, 40);
	assert_false(readiness_usable(&b.readiness));
}

static void probes_are_as_close_as_the_state_needs(void **state)
{
	struct bench b = usable();

	(void)state;
	good(&b);
	assert_in_range(b.readiness.due_usec - b.now, 1, 5 * SECONDS_USEC);
	assert_int_equal(b.readiness.due_usec % (5 * SECONDS_USEC),
	                 0); /* all of this host's together */
	bad(&b);
	assert_int_equal(b.readiness.due_usec - b.now, 250 * MSEC_USEC);
	bad(&b);
	bad(&b);
	assert_int_equal(b.readiness.due_usec - b.now, 250 * MSEC_USEC);
}

static void probes_stay_close_for_five_minutes_and_then_back_off(void **state)
{
	struct bench b = { .now = 10 * SECONDS_USEC };
	unsigned probes = 0;

	(void)state;
	for (; b.now < 305 * SECONDS_USEC; probes++) {
		bad(&b);
		assert_int_equal(b.readiness.due_usec - b.now, 250 * MSEC_USEC);
	}
	assert_in_range(probes, 1100, 1200);
	for (unsigned i = 0; i < 30; i++)
		bad(&b);
	assert_int_equal(b.readiness.due_usec - b.now, 5 * SECONDS_USEC);
	probes = 0;
	for (; b.now < 86400 * SECONDS_USEC; probes++)
		bad(&b);
	assert_in_range(probes, 17000, 17300); /* a day without an address */
}

static void the_eager_minutes_begin_anew_with_each_loss(void **state)
{
	struct bench b = { .now = 10 * SECONDS_USEC };

	(void)state;
	while (b.now < 1000 * SECONDS_USEC)
		bad(&b);
	good(&b);
	good(&b);
	assert_true(readiness_usable(&b.readiness));
	bad(&b);
	bad(&b);
	bad(&b);
	bad(&b);
	assert_int_equal(b.readiness.due_usec - b.now, 250 * MSEC_USEC);
}

static void a_layer_has_its_own_since(void **state)
{
	struct bench b = { .now = 10 * SECONDS_USEC };
	uint64_t since;

	(void)state;
	probe(&b, LAYER_VIP, false);
	since = b.now;
	probe(&b, LAYER_VIP, false);
	assert_int_equal(b.readiness.since_usec, since);
	probe(&b, LAYER_TCP, false);
	assert_int_equal(b.readiness.since_usec, b.now);
}

static void what_was_never_probed_is_no_answer(void **state)
{
	struct readiness readiness = { 0 };
	struct evidence_endpoint seen = { .configured = true, .layer = LAYER_USABLE };

	(void)state;
	assert_int_equal(readiness_step(&readiness, &seen, 5 * SECONDS_USEC, 0), READINESS_SAME);
	assert_int_equal(readiness.state, READINESS_DOWN);
	assert_int_equal(readiness.due_usec, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_answers_on_one_connection_make_it_usable),
		cmocka_unit_test(a_second_answer_on_another_connection_is_a_first_one),
		cmocka_unit_test(a_bad_answer_between_two_good_ones_starts_over),
		cmocka_unit_test(a_move_of_the_address_shorter_than_three_misses_is_kept_quiet),
		cmocka_unit_test(misses_for_three_seconds_lose_it),
		cmocka_unit_test(three_misses_at_least_lose_it),
		cmocka_unit_test(a_stir_is_followed_at_once_and_a_storm_of_them_slowly),
		cmocka_unit_test(a_storm_of_stirs_lets_a_slow_probe_end),
		cmocka_unit_test(probes_are_as_close_as_the_state_needs),
		cmocka_unit_test(probes_stay_close_for_five_minutes_and_then_back_off),
		cmocka_unit_test(the_eager_minutes_begin_anew_with_each_loss),
		cmocka_unit_test(a_layer_has_its_own_since),
		cmocka_unit_test(what_was_never_probed_is_no_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
