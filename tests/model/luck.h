/* SPDX-License-Identifier: Apache-2.0 */
/* luck - the only source of chance in model and simulation: SplitMix64. One seed, one world. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct luck {
	uint64_t state;
};

static inline uint64_t luck_next(struct luck *luck)
{
	uint64_t z = luck->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* Uniform in least..most, both included. */
static inline uint64_t luck_between(struct luck *luck, uint64_t least, uint64_t most)
{
	return least + luck_next(luck) % (most - least + 1);
}

static inline bool luck_percent(struct luck *luck, unsigned percent)
{
	return luck_next(luck) % 100 < percent;
}
