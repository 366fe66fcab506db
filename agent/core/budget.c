/* SPDX-License-Identifier: Apache-2.0 */
#include "core/budget.h"

#include "core/evidence.h"

#define AT_ONCE        3
#define PAUSE_USEC     (300 * SECONDS_USEC)
#define PAUSE_MAX_USEC (3600 * SECONDS_USEC)

uint64_t budget_due_usec(const struct ledger *ledger, uint32_t boot, uint32_t container)
{
	uint64_t pause = PAUSE_USEC;

	if (ledger->boot != boot || ledger->about == container || ledger->failed < AT_ONCE)
		return 0;
	for (unsigned doubled = AT_ONCE; doubled < ledger->failed && pause < PAUSE_MAX_USEC;
	     doubled++)
		pause *= 2;
	return ledger->last_usec + (pause < PAUSE_MAX_USEC ? pause : PAUSE_MAX_USEC);
}

uint64_t budget_due_held_back_usec(const struct ledger *ledger, uint32_t boot, uint32_t container)
{
	uint64_t due = budget_due_usec(ledger, boot, container);

	if (ledger->boot != boot || ledger->about == container || ledger->spent ||
	    !ledger->last_usec)
		return due;
	return ledger->last_usec + PAUSE_USEC;
}

uint64_t budget_due_gently_usec(const struct ledger *ledger, uint32_t boot, uint32_t container)
{
	if (ledger->boot != boot || ledger->about == container || !ledger->last_usec)
		return 0;
	return ledger->last_usec + PAUSE_MAX_USEC;
}

bool budget_spend(struct ledger *ledger, uint32_t boot, uint32_t container, uint64_t now_usec)
{
	if (ledger->boot == boot && ledger->about == container)
		return false;
	ledger->boot = boot;
	ledger->about = container;
	ledger->last_usec = now_usec;
	ledger->open = true;
	if (ledger->spent < UINT8_MAX)
		ledger->spent++;
	return true;
}

bool budget_seen_off(struct ledger *ledger, uint32_t boot, uint32_t container)
{
	/* An off process of another boot lost a race of its own: it replaced nothing. */
	if (!ledger->open || ledger->boot != boot || ledger->about == container)
		return false;
	ledger->open = false;
	if (ledger->failed < UINT8_MAX)
		ledger->failed++;
	return true;
}

bool budget_cured(struct ledger *ledger)
{
	if (!ledger->spent && !ledger->failed)
		return false;
	ledger->spent = 0;
	ledger->failed = 0;
	ledger->open = false;
	return true;
}
