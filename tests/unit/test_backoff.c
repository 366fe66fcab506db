/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/backoff.h"

static const struct backoff_policy policy = { .least_usec = 1000, .most_usec = 8000 };

static void a_pause_follows_the_misses(void **state)
{
	static const struct {
		const char *why;
		unsigned misses;
		uint32_t dice;
		uint64_t pause;
	} rows[] = {
		{ "none counts as one", 0, 0, 1000 },
		{ "the first", 1, 0, 1000 },
		{ "doubled", 2, 0, 2000 },
		{ "and again", 3, 0, 4000 },
		{ "up to the most", 4, 0, 8000 },
		{ "and no further", 5, 0, 8000 },
		{ "ever", UINT32_MAX, 0, 8000 },
		{ "half of a quarter more by luck", 1, 0x80000000, 1125 },
		{ "less than a quarter at the most", 1, UINT32_MAX, 1249 },
		{ "also of the most", 9, UINT32_MAX, 9999 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (backoff_pause_usec(&policy, rows[i].misses, rows[i].dice) != rows[i].pause)
			fail_msg("%s", rows[i].why);
}

static void a_policy_whose_least_is_above_its_most_gives_the_most(void **state)
{
	static const struct backoff_policy odd = { .least_usec = 9000, .most_usec = 8000 };

	(void)state;
	assert_int_equal(backoff_pause_usec(&odd, 1, 0), 8000);
	assert_int_equal(backoff_pause_usec(&odd, 7, 0), 8000);
}

static void hours_do_not_overflow(void **state)
{
	static const struct backoff_policy hours = { .least_usec = UINT64_C(3600000000),
		                                     .most_usec = UINT64_C(86400000000) };

	(void)state;
	assert_in_range(backoff_pause_usec(&hours, 40, UINT32_MAX), UINT64_C(107990000000),
	                UINT64_C(108000000000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pause_follows_the_misses),
		cmocka_unit_test(a_policy_whose_least_is_above_its_most_gives_the_most),
		cmocka_unit_test(hours_do_not_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
