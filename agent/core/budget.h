/* SPDX-License-Identifier: Apache-2.0 */
/* budget - how often the controller may be restarted. Pure arithmetic on the ledger, which is the
 * only thing of the core's that is kept on disk.
 *
 * What is counted is restarts whose replacement was SEEN off: three may follow at once (a virtual
 * address that flaps turns the second process off too), then 300 s, doubled each time up to an
 * hour. Repeating the same act on the same container is free: its first answer may have been lost.
 * A new boot may always restart once at once. The cure clears the count. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct ledger {             /* zeroed: nothing spent */
	uint32_t boot;      /* in which the last restart was made */
	uint32_t about;     /* the container that it was about */
	uint8_t failed;     /* restarts in a row whose replacement was seen off */
	uint8_t spent;      /* restarts in a row since the last cure */
	bool open;          /* the replacement of the last one has not been seen on or off yet */
	uint64_t last_usec; /* of the last one, on the clock of that boot */
};

/* The earliest time at which a restart of container may be made: 0 is at once. */
uint64_t budget_due_usec(const struct ledger *ledger, uint32_t boot, uint32_t container);

/* The same for one that is on, and yet does not do its work: nothing is lost by waiting, so it keeps
 * an hour's distance from any other restart, also where an agent forgets why it made the last. */
uint64_t budget_due_gently_usec(const struct ledger *ledger, uint32_t boot, uint32_t container);

/* The same for one that waits out a back-off: where the last restart was a cure, it keeps that distance from
 * it which the kubelet keeps at most. One that comes up and ends again and again is not driven round faster
 * than without us. */
uint64_t budget_due_held_back_usec(const struct ledger *ledger, uint32_t boot, uint32_t container);

/* Each returns true where the ledger changed and must be saved. */
bool budget_spend(struct ledger *ledger, uint32_t boot, uint32_t container, uint64_t now_usec);
bool budget_seen_off(struct ledger *ledger, uint32_t boot, uint32_t container);
bool budget_cured(struct ledger *ledger);
