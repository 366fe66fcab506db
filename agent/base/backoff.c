/* SPDX-License-Identifier: Apache-2.0 */
#include "base/backoff.h"

uint64_t backoff_pause_usec(const struct backoff_policy *policy, unsigned misses, uint32_t dice)
{
	uint64_t pause = policy->least_usec;

	while (misses-- > 1 && pause < policy->most_usec)
		pause *= 2;
	if (pause > policy->most_usec)
		pause = policy->most_usec;
	return pause + (uint64_t)(((pause / 4) * (uint64_t)(dice >> 16)) >> 16);
}
