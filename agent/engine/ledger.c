/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/ledger.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/state.h"

#define LEDGER_FORMAT "gatewake-ledger 1 %" PRIu32 " %" PRIu32 " %u %u %u %" PRIu64 "\n"
#define LEDGER_SCAN   "gatewake-ledger 1 %" SCNu32 " %" SCNu32 " %u %u %u %" SCNu64

void ledger_load(struct engine *engine)
{
	struct ledger *ledger = &engine->core.ledger;
	unsigned failed, spent, open;
	struct ledger read = { 0 };
	char text[128];
	int len = state_read(engine->config->state_dir, LEDGER_FILE, text, sizeof(text) - 1);

	if (len == -ENOENT)
		return;
	text[len < 0 ? 0 : len] = '\0';
	if (len < 0 ||
	    sscanf(text, LEDGER_SCAN, &read.boot, &read.about, &failed, &spent, &open,
	           &read.last_usec) != 6 ||
	    failed > UINT8_MAX || spent > UINT8_MAX) {
		journal_write(
			&engine->journal, LOG_WARNING, NULL, NULL,
			"%s/" LEDGER_FILE " cannot be used (%s): restarts are counted from zero",
			engine->config->state_dir, len < 0 ? strerror(-len) : "not in its format");
		return;
	}
	read.failed = (uint8_t)failed;
	read.spent = (uint8_t)spent;
	read.open = open != 0;
	*ledger = read;
}

void ledger_save(struct engine *engine, const struct ledger *ledger)
{
	char text[128];
	int len = snprintf(text, sizeof(text), LEDGER_FORMAT, ledger->boot, ledger->about,
	                   ledger->failed, ledger->spent, ledger->open, ledger->last_usec);
	int r = state_write(engine->config->state_dir, LEDGER_FILE, text, (size_t)len,
	                    STATE_DURABLE);

	if (r < 0 && !engine->ledger_trouble)
		journal_write(&engine->journal, LOG_WARNING, NULL, NULL,
		              "%s/" LEDGER_FILE
		              " cannot be written (%s): restarts are counted in memory only",
		              engine->config->state_dir, strerror(-r));
	engine->ledger_trouble = r < 0;
}
