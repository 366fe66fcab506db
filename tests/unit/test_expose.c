/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/expose.h"

#define WALL 1795000000 /* at the boot clock's 0 */

struct world {
	struct last_proof proof;
	enum verdict verdict;
	struct evidence_listener item[3];
	uint64_t now_usec;
	int64_t wall_sec; /* at the boot clock's 0 */
};

static struct world world_of(void)
{
	return (struct world){ .verdict = VERDICT_PROVEN, .wall_sec = WALL };
}

static void look(struct world *world, size_t listener, enum proof proof, uint64_t at_sec)
{
	world->item[listener].proof = proof;
	world->item[listener].at = (struct stamp){ .begun_usec = at_sec * SECONDS_USEC };
}

/* What the metric says at that time, in seconds after the boot; -1: nothing. */
static int64_t said(struct world *world, uint64_t now_sec)
{
	struct evidence_listeners listeners = { .count = 3, .item = world->item };
	uint64_t now_usec = now_sec * SECONDS_USEC;

	expose_note_proof(&world->proof, world->verdict, &listeners, now_usec,
	                  world->wall_sec + (int64_t)now_sec);
	return world->proof.wall_sec ? world->proof.wall_sec - WALL : -1;
}

static void it_moves_once_each_listener_was_looked_at_again(void **state)
{
	struct world world = world_of();

	(void)state;
	look(&world, 0, PROOF_SERVED, 40);
	look(&world, 1, PROOF_SERVED, 42);
	look(&world, 2, PROOF_SERVED, 41);
	assert_int_equal(said(&world, 50), 42);
	look(&world, 0, PROOF_SERVED, 640);
	look(&world, 1, PROOF_SERVED, 641);
	assert_int_equal(said(&world, 650), 42);
	look(&world, 0, PROOF_SERVED, 700); /* one again and again is not all of them */
	assert_int_equal(said(&world, 710), 42);
	look(&world, 2, PROOF_SERVED, 690);
	assert_int_equal(said(&world, 710), 700);
	assert_int_equal(said(&world, 720), 700);
}

static void only_while_all_is_proven(void **state)
{
	struct world world = world_of();

	(void)state;
	world.verdict = VERDICT_NOT_SERVED;
	look(&world, 0, PROOF_SERVED, 40);
	assert_int_equal(said(&world, 50), -1);
	world.verdict = VERDICT_PROVEN;
	look(&world, 1, PROOF_UNREACHABLE, 41); /* from here nobody can tell */
	look(&world, 2, PROOF_SKIPPED, 0);
	assert_int_equal(said(&world, 50), 40);
	world.verdict = VERDICT_NOT_SERVED;
	look(&world, 0, PROOF_SERVED, 100);
	assert_int_equal(said(&world, 110), 40); /* the last one stays what it was */
}

static void without_a_listener_there_is_none(void **state)
{
	struct world world = world_of();

	(void)state;
	world.verdict = VERDICT_HEALTHY;
	assert_int_equal(said(&world, 50), -1);
	world.verdict = VERDICT_PROVEN;
	assert_int_equal(said(&world, 50), -1);
}

/* The two clocks are read one after the other: what is worked out of them may differ by one. */
static void time_alone_changes_nothing(void **state)
{
	struct world world = world_of();
	struct evidence_listeners listeners = { .count = 3, .item = world.item };
	int64_t first;

	(void)state;
	look(&world, 0, PROOF_SERVED, 40);
	first = said(&world, 50);
	for (uint64_t now_msec = 50000; now_msec < 650000; now_msec += 77) {
		int64_t wall_sec = WALL + (int64_t)((now_msec + 500) / 1000);

		expose_note_proof(&world.proof, world.verdict, &listeners, now_msec * MSEC_USEC,
		                  wall_sec);
		assert_int_equal(world.proof.wall_sec - WALL, first);
	}
}

static void it_follows_a_step_of_the_wall_clock(void **state)
{
	struct world world = world_of();

	(void)state;
	world.wall_sec -= 86400 * 365;
	look(&world, 0, PROOF_SERVED, 40);
	assert_int_equal(said(&world, 50), 40 - 86400 * 365);
	world.wall_sec = WALL;
	assert_int_equal(said(&world, 60), 40);
	world.wall_sec = WALL - 2;
	assert_int_equal(said(&world, 60), 38);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_moves_once_each_listener_was_looked_at_again),
		cmocka_unit_test(only_while_all_is_proven),
		cmocka_unit_test(without_a_listener_there_is_none),
		cmocka_unit_test(time_alone_changes_nothing),
		cmocka_unit_test(it_follows_a_step_of_the_wall_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
