/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/budget.h"
#include "core/evidence.h"

#define NOW (1000 * SECONDS_USEC)

static void a_restart_is_due(void **state)
{
	static const struct {
		const char *why;
		struct ledger ledger;
		uint32_t container;
		uint64_t after_sec; /* the last one; 0: at once */
	} rows[] = {
		{ "nothing was ever spent", { 0 }, 9, 0 },
		{ "none failed",
		  { .boot = 1, .about = 5, .failed = 0, .spent = 1, .last_usec = NOW },
		  9,
		  0 },
		{ "two failed",
		  { .boot = 1, .about = 5, .failed = 2, .spent = 2, .last_usec = NOW },
		  9,
		  0 },
		{ "three failed",
		  { .boot = 1, .about = 5, .failed = 3, .spent = 3, .last_usec = NOW },
		  9,
		  300 },
		{ "four",
		  { .boot = 1, .about = 5, .failed = 4, .spent = 4, .last_usec = NOW },
		  9,
		  600 },
		{ "five",
		  { .boot = 1, .about = 5, .failed = 5, .spent = 5, .last_usec = NOW },
		  9,
		  1200 },
		{ "six",
		  { .boot = 1, .about = 5, .failed = 6, .spent = 6, .last_usec = NOW },
		  9,
		  2400 },
		{ "seven: an hour",
		  { .boot = 1, .about = 5, .failed = 7, .spent = 7, .last_usec = NOW },
		  9,
		  3600 },
		{ "and never more",
		  { .boot = 1, .about = 5, .failed = 255, .spent = 255, .last_usec = NOW },
		  9,
		  3600 },
		{ "a new boot may once at once",
		  { .boot = 2, .about = 5, .failed = 7, .last_usec = NOW },
		  9,
		  0 },
		{ "the same container again is free",
		  { .boot = 1, .about = 9, .failed = 7, .last_usec = NOW },
		  9,
		  0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t want = rows[i].after_sec ? NOW + rows[i].after_sec * SECONDS_USEC : 0;

		if (budget_due_usec(&rows[i].ledger, 1, rows[i].container) != want)
			fail_msg("%s", rows[i].why);
	}
}

static void the_same_restart_is_spent_once(void **state)
{
	struct ledger ledger = { 0 };

	(void)state;
	assert_true(budget_spend(&ledger, 1, 9, NOW));
	assert_false(budget_spend(&ledger, 1, 9, NOW + 1));
	assert_int_equal(ledger.spent, 1);
	assert_int_equal(ledger.last_usec, NOW);
	assert_true(budget_spend(&ledger, 2, 9, NOW)); /* in another boot it is another one */
	assert_int_equal(ledger.spent, 2);
	assert_int_equal(ledger.boot, 2);
}

static void a_replacement_is_counted_once_and_only_if_it_is_one(void **state)
{
	struct ledger ledger = { 0 };

	(void)state;
	assert_false(budget_seen_off(&ledger, 1, 9)); /* nothing was restarted */
	(void)budget_spend(&ledger, 1, 9, NOW);
	assert_false(budget_seen_off(&ledger, 1, 9));  /* that is the one that was restarted */
	assert_false(budget_seen_off(&ledger, 2, 10)); /* lost a race of its own, in its own boot */
	assert_true(budget_seen_off(&ledger, 1, 10));
	assert_false(budget_seen_off(&ledger, 1, 10));
	assert_int_equal(ledger.failed, 1);
}

static void the_cure_clears_the_count_and_writes_only_if_there_was_one(void **state)
{
	struct ledger ledger = { 0 };

	(void)state;
	assert_false(budget_cured(&ledger));
	(void)budget_spend(&ledger, 1, 9, NOW);
	(void)budget_seen_off(&ledger, 1, 10);
	assert_true(budget_cured(&ledger));
	assert_int_equal(ledger.failed, 0);
	assert_int_equal(ledger.spent, 0);
	assert_false(ledger.open);
	assert_false(budget_cured(&ledger));
}

static void counters_stop_at_their_end(void **state)
{
	struct ledger ledger = { 0 };

	(void)state;
	for (uint32_t i = 1; i < 600; i++) {
		assert_true(budget_spend(&ledger, 1, i, NOW));
		assert_true(budget_seen_off(&ledger, 1, i + 1));
	}
	assert_int_equal(ledger.spent, UINT8_MAX);
	assert_int_equal(ledger.failed, UINT8_MAX);
}

/* Failures of earlier boots count on once this boot has had its one at once. */
static void a_new_boot_has_one_at_once_not_three(void **state)
{
	struct ledger ledger = { .boot = 1, .about = 5, .failed = 3, .spent = 3, .last_usec = NOW };

	(void)state;
	assert_int_equal(budget_due_usec(&ledger, 2, 9), 0);
	(void)budget_spend(&ledger, 2, 9, 50 * SECONDS_USEC);
	(void)budget_seen_off(&ledger, 2, 10);
	assert_int_equal(budget_due_usec(&ledger, 2, 10), 650 * SECONDS_USEC);
}

/* One that is on loses nothing by waiting: an hour from any other restart of this boot. */
static void what_is_on_is_restarted_gently(void **state)
{
	struct ledger ledger = { 0 };

	(void)state;
	assert_int_equal(budget_due_gently_usec(&ledger, 1, 9), 0);
	(void)budget_spend(&ledger, 1, 9, NOW);
	assert_int_equal(budget_due_gently_usec(&ledger, 1, 9), 0); /* the same act is free */
	assert_int_equal(budget_due_gently_usec(&ledger, 1, 10), NOW + 3600 * SECONDS_USEC);
	(void)budget_cured(&ledger); /* being on is not its cure */
	assert_int_equal(budget_due_gently_usec(&ledger, 1, 10), NOW + 3600 * SECONDS_USEC);
	assert_int_equal(budget_due_gently_usec(&ledger, 2, 10), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_restart_is_due),
		cmocka_unit_test(the_same_restart_is_spent_once),
		cmocka_unit_test(a_replacement_is_counted_once_and_only_if_it_is_one),
		cmocka_unit_test(the_cure_clears_the_count_and_writes_only_if_there_was_one),
		cmocka_unit_test(counters_stop_at_their_end),
		cmocka_unit_test(a_new_boot_has_one_at_once_not_three),
		cmocka_unit_test(what_is_on_is_restarted_gently),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
