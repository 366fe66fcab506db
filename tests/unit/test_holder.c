/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/holder.h"

#define PEER  11
#define OTHER 12

struct bench {
	struct holder holder;
	struct evidence evidence;
	struct evidence_advert advert[2];
	uint64_t now;
};

static struct bench bench_new(void)
{
	struct bench b = { .now = 100 * SECONDS_USEC };

	b.evidence.holder.wanted = 9;
	b.evidence.holder.known = true;
	return b;
}

static void step(struct bench *b)
{
	b->evidence.holder.advert = b->advert;
	(void)holder_step(&b->holder, &b->evidence, b->now);
}

/* Time goes on in steps of 10 ms, as long as there is no news. */
static void run(struct bench *b, uint64_t usec)
{
	for (uint64_t end = b->now + usec; b->now < end; b->now += 10 * MSEC_USEC)
		step(b);
	step(b);
}

static void come(struct bench *b, bool here)
{
	b->evidence.holder.here = here;
	b->evidence.holder.here_usec = b->now;
	step(b);
}

/* One advert of that host, by 1 s; priority 0 says farewell. */
static void announce(struct bench *b, size_t place, uint32_t from, bool farewell)
{
	struct evidence_advert *advert = &b->advert[place];
	bool goes_on = advert->last_usec && !advert->resigned_usec &&
	               b->now - advert->last_usec <= 3 * SECONDS_USEC;

	if (!goes_on)
		advert->first_usec = b->now;
	advert->from = from;
	advert->interval_usec = SECONDS_USEC;
	advert->last_usec = b->now;
	advert->resigned_usec = farewell ? b->now : 0;
	if (b->evidence.holder.advert_count <= place)
		b->evidence.holder.advert_count = place + 1;
	step(b);
}

static void announce_for(struct bench *b, size_t place, uint32_t from, unsigned seconds)
{
	for (unsigned i = 0; i < seconds; i++) {
		announce(b, place, from, false);
		run(b, SECONDS_USEC);
	}
}

static void answer(struct bench *b, enum layer layer)
{
	b->evidence.endpoint[ENDPOINT_VIP].at.begun_usec = b->now;
	b->evidence.endpoint[ENDPOINT_VIP].layer = layer;
	step(b);
}

#define assert_holder(b, expected_state, expected_source)                                          \
	do {                                                                                       \
		assert_int_equal((b)->holder.now.state, expected_state);                           \
		assert_int_equal((b)->holder.now.source, expected_source);                         \
	} while (0)

static void nothing_is_known_of_what_nobody_tried(void **state)
{
	struct bench b = bench_new();

	(void)state;
	run(&b, 60 * SECONDS_USEC);
	assert_holder(&b, HOLDER_UNKNOWN, SOURCE_NONE);
	assert_int_equal(b.holder.recheck_usec, UINT64_MAX);
}

static void a_table_that_is_not_whole_says_nothing(void **state)
{
	struct bench b = bench_new();

	(void)state;
	b.evidence.holder.known = false;
	come(&b, true);
	assert_holder(&b, HOLDER_UNKNOWN, SOURCE_NONE);
}

static void this_host_holds_what_it_carries(void **state)
{
	struct bench b = bench_new();

	(void)state;
	come(&b, true);
	assert_holder(&b, HOLDER_HERE, SOURCE_ADDRESS);
	run(&b, 10 * SECONDS_USEC);
	assert_int_equal(b.holder.move.count, 0); /* the first one has come from nowhere */
}

static void a_peer_is_known_by_its_adverts_and_missed_after_four_intervals(void **state)
{
	struct bench b = bench_new();

	(void)state;
	announce_for(&b, 0, PEER, 5);
	assert_holder(&b, HOLDER_PEER, SOURCE_ADVERT);
	assert_int_equal(b.holder.now.peer, PEER);
	run(&b, 2900 * MSEC_USEC); /* a second has gone by already */
	assert_holder(&b, HOLDER_PEER, SOURCE_ADVERT);
	assert_in_range(b.holder.recheck_usec, b.now, b.now + 200 * MSEC_USEC);
	run(&b, 200 * MSEC_USEC);
	assert_holder(&b, HOLDER_NOBODY, SOURCE_SILENCE);
	assert_int_equal(b.holder.now.peer, PEER);
}

static void a_farewell_counts_at_once(void **state)
{
	struct bench b = bench_new();

	(void)state;
	announce_for(&b, 0, PEER, 3);
	announce(&b, 0, PEER, true);
	assert_holder(&b, HOLDER_NOBODY, SOURCE_FAREWELL);
	run(&b, 60 * SECONDS_USEC);
	assert_holder(&b, HOLDER_NOBODY, SOURCE_FAREWELL);
	announce(&b, 0, PEER, false);
	assert_holder(&b, HOLDER_PEER, SOURCE_ADVERT);
}

/* A firewall ate the adverts: whoever answers holds it. But what was asked before they ceased is no answer. */
static void an_answer_outlives_the_adverts(void **state)
{
	struct bench b = bench_new();

	(void)state;
	answer(&b, LAYER_TCP);
	assert_holder(&b, HOLDER_PEER, SOURCE_CONNECTION);
	run(&b, SECONDS_USEC);
	announce_for(&b, 0, PEER, 3);
	run(&b, 4 * SECONDS_USEC);
	assert_holder(&b, HOLDER_NOBODY, SOURCE_SILENCE);
	answer(&b, LAYER_USABLE);
	assert_holder(&b, HOLDER_PEER, SOURCE_CONNECTION);
	answer(&b, LAYER_VIP);
	assert_holder(&b, HOLDER_NOBODY, SOURCE_SILENCE);
}

/* Behind a balancer each server has the address on lo, where it answers what it asks itself. */
static void an_answer_of_its_own_tells_of_no_other_host(void **state)
{
	struct bench b = bench_new();

	(void)state;
	b.evidence.holder.shadow = true;
	answer(&b, LAYER_USABLE);
	assert_holder(&b, HOLDER_UNKNOWN, SOURCE_NONE);
	announce(&b, 0, PEER, false);
	assert_holder(&b, HOLDER_PEER, SOURCE_ADVERT);
}

static void arp_tells_of_a_holder_and_of_none(void **state)
{
	struct bench b = bench_new();

	(void)state;
	b.evidence.holder.neighbour = NEIGHBOUR_ASKED;
	step(&b);
	assert_holder(&b, HOLDER_UNKNOWN, SOURCE_NONE);
	b.evidence.holder.neighbour = NEIGHBOUR_SILENT;
	b.evidence.holder.neighbour_usec = b.now;
	step(&b);
	assert_holder(&b, HOLDER_NOBODY, SOURCE_NEIGHBOUR);
	b.evidence.holder.neighbour = NEIGHBOUR_ANSWERS;
	step(&b);
	assert_holder(&b, HOLDER_PEER, SOURCE_NEIGHBOUR);
	b.evidence.holder.neighbour = NEIGHBOUR_ANSWERED; /* once: it may be gone since */
	step(&b);
	assert_holder(&b, HOLDER_UNKNOWN, SOURCE_NONE);
}

static void a_rival_that_goes_on_makes_two_within_two_intervals(void **state)
{
	struct bench b = bench_new();
	uint64_t begun;

	(void)state;
	come(&b, true);
	run(&b, 5 * SECONDS_USEC);
	begun = b.now;
	announce(&b, 0, PEER, false);
	assert_holder(&b, HOLDER_HERE, SOURCE_ADDRESS);
	run(&b, SECONDS_USEC);
	announce(&b, 0, PEER, false);
	assert_holder(&b, HOLDER_DUAL, SOURCE_ADVERT);
	assert_true(b.now - begun <= 2 * SECONDS_USEC);
	announce(&b, 0, PEER, true);
	assert_holder(&b, HOLDER_HERE, SOURCE_ADDRESS);
}

/* Its adverts went out before this host took over: 50 ms of two are what routers need to agree. */
static void a_rival_that_stops_makes_no_two(void **state)
{
	struct bench b = bench_new();

	(void)state;
	announce_for(&b, 0, PEER, 3);
	come(&b, true);
	run(&b, 50 * MSEC_USEC);
	announce(&b, 0, PEER, false);
	run(&b, 20 * SECONDS_USEC);
	assert_holder(&b, HOLDER_HERE, SOURCE_ADDRESS);
}

static void two_that_announce_it_are_two_for_a_third(void **state)
{
	struct bench b = bench_new();

	(void)state;
	announce_for(&b, 0, PEER, 3);
	announce(&b, 1, OTHER, false);
	assert_holder(&b, HOLDER_PEER, SOURCE_ADVERT);
	run(&b, 500 * MSEC_USEC);
	announce(&b, 0, PEER, false);
	assert_holder(&b, HOLDER_DUAL, SOURCE_ADVERT);
	run(&b, 500 * MSEC_USEC);
	announce_for(&b, 1, OTHER, 9);
	assert_holder(&b, HOLDER_DUAL, SOURCE_ADVERT);
	assert_int_equal(b.holder.now.peer, PEER); /* the same name, whoever spoke last */
	announce_for(&b, 1, OTHER, 2);
	assert_holder(&b, HOLDER_PEER, SOURCE_ADVERT); /* the first one is silent by now */
	assert_int_equal(b.holder.now.peer, OTHER);
}

/* Lost without a farewell, outranked again: there only after a silence, and back at once. */
static void a_holder_that_is_lost_and_comes_back_makes_no_two(void **state)
{
	struct bench b = bench_new();

	(void)state;
	announce_for(&b, 0, PEER, 3);
	run(&b, 2500 * MSEC_USEC);
	announce_for(&b, 1, OTHER, 2);
	announce_for(&b, 0, PEER, 5);
	assert_holder(&b, HOLDER_PEER, SOURCE_ADVERT);
	assert_int_equal(b.holder.voices.both_usec, 0);
	announce(&b, 0, PEER, true);
	run(&b, 600 * MSEC_USEC);
	announce_for(&b, 1, OTHER, 2);
	announce_for(&b, 0, PEER, 5);
	assert_int_equal(b.holder.voices.both_usec, 0);
}

/* Bursts, each of which ends long before the other's: what keepalived 2.2.7 does with another password. */
static void two_that_speak_by_turns_are_two(void **state)
{
	struct bench b = bench_new();

	(void)state;
	announce_for(&b, 0, PEER, 4);
	announce_for(&b, 1, OTHER, 5);
	announce_for(&b, 0, PEER, 5);
	assert_holder(&b, HOLDER_DUAL, SOURCE_ADVERT);
	announce_for(&b, 1, OTHER, 5);
	assert_holder(&b, HOLDER_DUAL, SOURCE_ADVERT);
	assert_int_equal(b.holder.move.count, 1);
}

/* With another password each refused advert starts the other's second anew: seconds of silence. */
static void two_stay_two_through_some_seconds_of_silence(void **state)
{
	struct bench b = bench_new();

	(void)state;
	come(&b, true);
	announce_for(&b, 0, PEER, 2);
	for (unsigned i = 0; i < 5; i++) {
		assert_holder(&b, HOLDER_DUAL, SOURCE_ADVERT);
		run(&b, 8 * SECONDS_USEC);
		assert_holder(&b, HOLDER_DUAL, SOURCE_ADVERT);
		announce(&b, 0, PEER, false);
	}
	run(&b, 10 * SECONDS_USEC);
	assert_holder(&b, HOLDER_HERE, SOURCE_ADDRESS);
}

/* Who asks at the farewell itself may be answered by a host that has not let go yet. */
static void after_a_farewell_an_answer_is_asked_for_once(void **state)
{
	struct bench b = bench_new();
	unsigned stirs = 0;
	uint64_t end;

	(void)state;
	announce_for(&b, 0, PEER, 3);
	b.evidence.holder.stirs++; /* as with each farewell */
	announce(&b, 0, PEER, true);
	end = b.now + 20 * SECONDS_USEC;
	assert_in_range(b.holder.recheck_usec - b.now, 500 * MSEC_USEC, 600 * MSEC_USEC);
	answer(&b, LAYER_USABLE);
	assert_holder(&b, HOLDER_NOBODY, SOURCE_FAREWELL);
	while (b.now < end) {
		b.now = b.holder.recheck_usec < end ? b.holder.recheck_usec : end;
		stirs += holder_step(&b.holder, &b.evidence, b.now);
		if (stirs == 1 && b.now < end)
			answer(&b, LAYER_USABLE);
	}
	assert_int_equal(stirs, 1);
	assert_holder(&b, HOLDER_PEER, SOURCE_CONNECTION); /* by the answer that was asked for */
}

/* The kernel says reachable 2.7 s after the address had gone: by an answer of before. */
static void an_answer_of_before_the_farewell_is_none(void **state)
{
	struct bench b = bench_new();
	uint64_t answered = b.now;

	(void)state;
	announce_for(&b, 0, PEER, 3);
	announce(&b, 0, PEER, true);
	run(&b, 3 * SECONDS_USEC);
	b.evidence.holder.neighbour = NEIGHBOUR_ANSWERS;
	b.evidence.holder.neighbour_usec = answered;
	step(&b);
	assert_holder(&b, HOLDER_NOBODY, SOURCE_FAREWELL);
	answer(&b, LAYER_READYZ); /* that is, none, on the connection of before */
	assert_holder(&b, HOLDER_PEER, SOURCE_CONNECTION);
	b.evidence.endpoint[ENDPOINT_VIP].reused = true;
	step(&b);
	assert_holder(&b, HOLDER_NOBODY, SOURCE_FAREWELL);
	b.evidence.holder.neighbour_usec = b.now;
	step(&b);
	assert_holder(&b, HOLDER_PEER, SOURCE_NEIGHBOUR);
}

/* Power lost: the kernel goes on to believe for half a minute. */
static void an_attempt_in_vain_outweighs_an_older_answer_to_arp(void **state)
{
	struct bench b = bench_new();

	(void)state;
	b.evidence.holder.neighbour = NEIGHBOUR_ANSWERS;
	b.evidence.holder.neighbour_usec = b.now;
	step(&b);
	assert_holder(&b, HOLDER_PEER, SOURCE_NEIGHBOUR);
	b.now += SECONDS_USEC;
	answer(&b, LAYER_VIP);
	assert_holder(&b, HOLDER_UNKNOWN, SOURCE_NONE);
}

/* That ARP was in vain before this host had the address says nothing of the time after it lost it. */
static void an_old_silence_is_none(void **state)
{
	struct bench b = bench_new();

	(void)state;
	b.evidence.holder.neighbour = NEIGHBOUR_SILENT;
	b.evidence.holder.neighbour_usec = b.now;
	run(&b, SECONDS_USEC);
	come(&b, true);
	run(&b, SECONDS_USEC);
	come(&b, false);
	assert_holder(&b, HOLDER_UNKNOWN, SOURCE_NONE);
	b.now += 3 * SECONDS_USEC;
	b.evidence.holder.neighbour_usec = b.now;
	step(&b);
	assert_holder(&b, HOLDER_NOBODY, SOURCE_NEIGHBOUR);
}

static void with_its_cable_out_it_knows_nothing(void **state)
{
	struct bench b = bench_new();

	(void)state;
	announce_for(&b, 0, PEER, 3);
	b.evidence.holder.cut_off = true;
	step(&b);
	assert_holder(&b, HOLDER_UNKNOWN, SOURCE_NONE);
	run(&b, 10 * SECONDS_USEC);
	assert_holder(&b, HOLDER_UNKNOWN, SOURCE_NONE);
}

static void silence_asks_for_an_answer_once(void **state)
{
	struct bench b = bench_new();
	unsigned stirs = 0;

	(void)state;
	announce_for(&b, 0, PEER, 3);
	for (unsigned i = 0; i < 1000; i++) {
		b.now += 10 * MSEC_USEC;
		stirs += holder_step(&b.holder, &b.evidence, b.now);
	}
	assert_holder(&b, HOLDER_NOBODY, SOURCE_SILENCE);
	assert_int_equal(stirs, 1);
}

/* A silent host has not held it since its last advert, as far as anybody knows. */
static void the_gap_of_a_silent_end_begins_with_the_last_advert(void **state)
{
	struct bench b = bench_new();

	(void)state;
	announce_for(&b, 0, PEER, 3);
	run(&b, 2600 * MSEC_USEC); /* a second has gone by already */
	come(&b, true);
	run(&b, 2 * SECONDS_USEC);
	assert_int_equal(b.holder.move.count, 1);
	assert_in_range(b.holder.move.gap_usec, 3550 * MSEC_USEC, 3650 * MSEC_USEC);
}

static void a_move_is_told_once_with_its_gap(void **state)
{
	struct bench b = bench_new();

	(void)state;
	come(&b, true);
	run(&b, 10 * SECONDS_USEC);
	come(&b, false);
	run(&b, 600 * MSEC_USEC);
	announce_for(&b, 0, PEER, 3);
	assert_int_equal(b.holder.move.count, 1);
	assert_int_equal(b.holder.move.from.state, HOLDER_HERE);
	assert_int_equal(b.holder.move.to.state, HOLDER_PEER);
	assert_int_equal(b.holder.move.to.peer, PEER);
	assert_in_range(b.holder.move.gap_usec, 590 * MSEC_USEC, 620 * MSEC_USEC);
	announce_for(&b, 0, PEER, 30);
	assert_int_equal(b.holder.move.count, 1);
}

static void while_two_hold_it_somebody_does(void **state)
{
	struct bench b = bench_new();

	(void)state;
	come(&b, true);
	run(&b, 5 * SECONDS_USEC);
	announce_for(&b, 0, PEER, 10);
	assert_holder(&b, HOLDER_DUAL, SOURCE_ADVERT);
	come(&b, false);
	announce_for(&b, 0, PEER, 2);
	assert_int_equal(b.holder.move.count, 1);
	assert_in_range(b.holder.move.gap_usec, 0, 10 * MSEC_USEC);
}

static void there_and_back_within_a_second_is_no_move(void **state)
{
	struct bench b = bench_new();

	(void)state;
	come(&b, true);
	run(&b, 10 * SECONDS_USEC);
	come(&b, false);
	announce(&b, 0, PEER, false);
	run(&b, 900 * MSEC_USEC);
	announce(&b, 0, PEER, true);
	come(&b, true);
	run(&b, 10 * SECONDS_USEC);
	assert_int_equal(b.holder.move.count, 0);
}

/* The peer was known by an answer alone; its name is no other host. */
static void a_name_is_no_move(void **state)
{
	struct bench b = bench_new();
	uint64_t since;

	(void)state;
	answer(&b, LAYER_USABLE);
	since = b.holder.since_usec;
	run(&b, 5 * SECONDS_USEC);
	announce_for(&b, 0, PEER, 5);
	assert_int_equal(b.holder.move.count, 0);
	assert_int_equal(b.holder.since_usec, since);
	announce(&b, 0, PEER, true);
	announce_for(&b, 1, OTHER, 5);
	assert_int_equal(b.holder.move.count, 1);
}

/* The one remembered from before the boot, and then the one that the operator's Deployment names. */
static void another_address_did_not_move(void **state)
{
	struct bench b = bench_new();

	(void)state;
	announce_for(&b, 0, PEER, 3);
	b.evidence.holder.wanted = 10;
	b.evidence.holder.advert_count = 0;
	come(&b, true);
	run(&b, 10 * SECONDS_USEC);
	assert_holder(&b, HOLDER_HERE, SOURCE_ADDRESS);
	assert_int_equal(b.holder.move.count, 0);
}

static void a_stir_is_seen_once(void **state)
{
	struct bench b = bench_new();

	(void)state;
	assert_false(holder_step(&b.holder, &b.evidence, b.now));
	b.evidence.holder.stirs++;
	assert_true(holder_step(&b.holder, &b.evidence, b.now));
	assert_false(holder_step(&b.holder, &b.evidence, b.now));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_known_of_what_nobody_tried),
		cmocka_unit_test(a_table_that_is_not_whole_says_nothing),
		cmocka_unit_test(this_host_holds_what_it_carries),
		cmocka_unit_test(a_peer_is_known_by_its_adverts_and_missed_after_four_intervals),
		cmocka_unit_test(a_farewell_counts_at_once),
		cmocka_unit_test(an_answer_outlives_the_adverts),
		cmocka_unit_test(an_answer_of_its_own_tells_of_no_other_host),
		cmocka_unit_test(arp_tells_of_a_holder_and_of_none),
		cmocka_unit_test(a_rival_that_goes_on_makes_two_within_two_intervals),
		cmocka_unit_test(a_rival_that_stops_makes_no_two),
		cmocka_unit_test(two_that_announce_it_are_two_for_a_third),
		cmocka_unit_test(a_holder_that_is_lost_and_comes_back_makes_no_two),
		cmocka_unit_test(two_that_speak_by_turns_are_two),
		cmocka_unit_test(two_stay_two_through_some_seconds_of_silence),
		cmocka_unit_test(after_a_farewell_an_answer_is_asked_for_once),
		cmocka_unit_test(an_answer_of_before_the_farewell_is_none),
		cmocka_unit_test(an_attempt_in_vain_outweighs_an_older_answer_to_arp),
		cmocka_unit_test(an_old_silence_is_none),
		cmocka_unit_test(with_its_cable_out_it_knows_nothing),
		cmocka_unit_test(silence_asks_for_an_answer_once),
		cmocka_unit_test(the_gap_of_a_silent_end_begins_with_the_last_advert),
		cmocka_unit_test(a_move_is_told_once_with_its_gap),
		cmocka_unit_test(while_two_hold_it_somebody_does),
		cmocka_unit_test(there_and_back_within_a_second_is_no_move),
		cmocka_unit_test(a_name_is_no_move),
		cmocka_unit_test(another_address_did_not_move),
		cmocka_unit_test(a_stir_is_seen_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
