/* SPDX-License-Identifier: Apache-2.0 */
/* backoff - how long to wait before the next try: doubles from least to most, with up to a quarter
 * more by luck, since the nodes of a cluster boot together. Arithmetic only; luck is an argument. */
#pragma once
#include <stdint.h>

struct backoff_policy {
	uint64_t least_usec;
	uint64_t most_usec;
};

/* The pause after `misses` failures in a row (0 counts as 1); dice is uniform in 32 bits. */
uint64_t backoff_pause_usec(const struct backoff_policy *policy, unsigned misses, uint32_t dice);
